//! Storing content: pieces and list nodes, each stored once.

use std::sync::Arc;

use ply_chunk::{Kind, ListBuilder, Piece, Place};
use ply_engine::{Engine, Table};
use ply_proto as proto;
use ply_types::{ChunkHash, LogKey};

use super::Transaction;
use crate::entry::Stored;
use crate::error::DriveError;
use crate::prepare::{Prepared, PreparedPiece};
use crate::replica::Replica;

/// Content is made durable each time about this much of it was stored: what a crash can cost.
const FLUSH_BYTES: usize = 32 << 20;

/// Names the use of BLAKE3 for finding an equal list node. Local: only rows of this store depend on
/// it.
const NODE_CONTEXT: &str = "plywood 2026-11 list node with places";

/// Longest row of a chunk, with room to spare.
const DEDUP_ROW_BYTES_MAX: usize = 256;

/// What a writer says of where its chunks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Has to be looked at.
    Unsure,
    /// Was looked at.
    Sure,
}

impl<E: Engine> Transaction<'_, E> {
    /// Stores prepared content of one file, which comes in one or more parts.
    pub fn store(
        &mut self,
        parts: impl IntoIterator<Item = Result<Prepared, DriveError>>,
    ) -> Result<Stored, DriveError> {
        let mut list = ListBuilder::new();
        for part in parts {
            match part? {
                Prepared::Inline(bytes) if bytes.is_empty() => {}
                Prepared::Inline(bytes) => return Ok(Stored::Inline(bytes)),
                Prepared::Pieces(pieces) => {
                    for piece in pieces {
                        let raw = piece.piece;
                        let place = self.store_piece(piece)?;
                        self.list_push(&mut list, raw, place)?;
                    }
                }
            }
        }
        self.list_finish(list)
    }

    /// Adds a piece to a list, and stores the nodes that this completes.
    pub(crate) fn list_push(
        &mut self,
        list: &mut ListBuilder,
        piece: Piece,
        place: Place,
    ) -> Result<(), DriveError> {
        list.push(piece, place, |node| self.store_node(node))
            .map_err(|error| self.list_error(error))
    }

    /// Ends a list.
    pub(crate) fn list_finish(&mut self, list: ListBuilder) -> Result<Stored, DriveError> {
        let content =
            list.finish(|node| self.store_node(node)).map_err(|error| self.list_error(error))?;
        Ok(Stored::Frames(content))
    }

    /// Stores bytes that are in memory.
    pub fn store_bytes(&mut self, bytes: &[u8]) -> Result<Stored, DriveError> {
        self.store([Prepared::of(self.replica, bytes)])
    }

    fn list_error(&self, error: ply_chunk::BuildError<DriveError>) -> DriveError {
        match error {
            ply_chunk::BuildError::Store(error) => error,
            error @ ply_chunk::BuildError::Piece { .. } => {
                self.replica.inconsistent(&error.to_string())
            }
        }
    }

    /// Stores a list node. A node of the same pieces at the same places is stored once, so a list that
    /// changed in one place costs one path of nodes.
    fn store_node(&mut self, node: &[u8]) -> Result<Place, DriveError> {
        let replica = Arc::clone(self.replica);
        let hash = ChunkHash(blake3::derive_key(NODE_CONTEXT, node));
        let dedup = replica.cipher.dedup_key(hash);
        let raw_bytes = u32::try_from(node.len())
            .map_err(|_| replica.inconsistent("a list node is longer than any may be"))?;
        if let Some(place) = self.known_place(&dedup, raw_bytes, Told::Unsure)? {
            return Ok(place);
        }
        let frame = replica
            .cipher
            .seal(Kind::List, node)
            .map_err(|fault| replica.inconsistent(&fault.to_string()))?;
        self.store_frame(dedup, raw_bytes, &frame)
    }

    pub(crate) fn store_piece(&mut self, prepared: PreparedPiece) -> Result<Place, DriveError> {
        let PreparedPiece { piece, dedup, frame } = prepared;
        // What another writer says was looked at when the piece was prepared without a frame.
        let told = if frame.is_none() { Told::Sure } else { Told::Unsure };
        if let Some(place) = self.known_place(&dedup, piece.raw_bytes, told)? {
            return Ok(place);
        }
        let frame = if let Some(frame) = frame {
            frame
        } else {
            // It was held when it was prepared, in a layer that no commit names any more.
            let held = self.replica.held_equal(&dedup, piece.raw_bytes, told)?;
            let (log, block) = held.ok_or_else(|| {
                self.replica.inconsistent("a chunk vanished while it was being stored")
            })?;
            self.replica.block(log, block)?.to_vec()
        };
        self.store_frame(dedup, piece.raw_bytes, &frame)
    }

    /// Where an equal frame is, in a layer of this writer's table; another writer's layer comes into it
    /// if need be.
    fn known_place(
        &mut self,
        dedup: &[u8; 32],
        raw_bytes: u32,
        told: Told,
    ) -> Result<Option<Place>, DriveError> {
        if let Some(place) = self.fresh.get(dedup) {
            return Ok(Some(*place));
        }
        let Some((log, block)) = self.replica.held_equal(dedup, raw_bytes, told)? else {
            return Ok(None);
        };
        if let Some(&layer) = self.layers.get(&log) {
            // Another writer's layer may have grown beyond what this writer's table vouches for.
            let row = self.layer_row(layer)?;
            if row.is_some_and(|row| row.fresh.is_some() || block < row.length) {
                return Ok(Some(Place { layer, block }));
            }
        }
        let Some(layer) = self.others_layer(&log)?.filter(|layer| block < layer.length) else {
            return Ok(None);
        };
        let layer = self.add_layer(layer)?;
        Ok(Some(Place { layer, block }))
    }

    /// Appends a frame and notes under which key it is found again.
    fn store_frame(
        &mut self,
        dedup: [u8; 32],
        raw_bytes: u32,
        frame: &[u8],
    ) -> Result<Place, DriveError> {
        let place = self.append(frame)?;
        let log = self.layer_log(place.layer)?;
        let row =
            proto::DedupRow { log: log.0.to_vec(), block: place.block, raw_bytes, told: false };
        let (key, row) = (dedup_row_key(self.replica, &dedup), proto::encode(&row));
        self.staging().batch().put(Table::Dedup, key, row);
        self.fresh.insert(dedup, place);
        Ok(place)
    }

    /// Appends a frame to the open layer.
    pub(super) fn append(&mut self, frame: &[u8]) -> Result<Place, DriveError> {
        if FLUSH_BYTES < self.staging().staged_bytes() {
            self.flush()?;
        }
        let layer = self.open_layer()?;
        let log = self.layer_log(layer)?;
        let block = self.staging().append(&log, frame)?;
        Ok(Place { layer, block })
    }
}

pub(crate) fn dedup_row_key<E: Engine>(replica: &Replica<E>, dedup: &[u8; 32]) -> Vec<u8> {
    [replica.id().0, *dedup].concat()
}

/// Reads the row of a chunk: the log that holds it, and all that is said.
pub(crate) fn decode_dedup_row(row: &[u8]) -> Option<(LogKey, proto::DedupRow)> {
    let row: proto::DedupRow = proto::decode("dedup row", DEDUP_ROW_BYTES_MAX, row).ok()?;
    Some((LogKey::try_from(row.log.as_slice()).ok()?, row))
}

impl<E: Engine> Replica<E> {
    /// Where an equal chunk is held, in bytes that are here.
    pub(crate) fn held_equal(
        &self,
        dedup: &[u8; 32],
        raw_bytes: u32,
        told: Told,
    ) -> Result<Option<(LogKey, u64)>, DriveError> {
        let Some(row) = self.engine.get(Table::Dedup, &dedup_row_key(self, dedup))? else {
            return Ok(None);
        };
        let (log, row) = decode_dedup_row(&row)
            .ok_or_else(|| self.inconsistent("a row of the table of chunks is malformed"))?;
        let held = row.raw_bytes == raw_bytes && self.logs.holds(&log, row.block)?;
        let is_sure = !row.told || told == Told::Sure;
        Ok((held && (is_sure || self.is_equal(log, row.block, dedup))).then_some((log, row.block)))
    }

    /// Whether a row leads to bytes that are here, whoever wrote it.
    pub(crate) fn is_noted(&self, dedup: &[u8; 32]) -> Result<bool, DriveError> {
        let Some(row) = self.engine.get(Table::Dedup, &dedup_row_key(self, dedup))? else {
            return Ok(false);
        };
        let Some((log, row)) = decode_dedup_row(&row) else { return Ok(false) };
        Ok(self.logs.holds(&log, row.block)?)
    }

    /// Whether the chunk with this key is really there. Who says wrongly that it is must not make others
    /// lose what they write.
    fn is_equal(&self, log: LogKey, block: u64, dedup: &[u8; 32]) -> bool {
        let bytes = self.frame(log, Kind::Content, block);
        bytes.is_ok_and(|bytes| self.cipher.dedup_key(ply_chunk::hash(&bytes)) == *dedup)
    }
}
