//! Writing: everything that changes the draft, and the commit that makes it permanent.
//!
//! A transaction collects content and changed paths, and makes them durable together. Content goes
//! straight to its final place, the end of this node's open layer; what is dropped with a transaction
//! is found again by its hash, or is garbage.

mod commit;
mod layers;
mod paths;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, MutexGuard, PoisonError};

use ply_chunk::{Kind, ListBuilder, Place};
use ply_engine::{Durability, Engine, Table};
use ply_log::Staging;
use ply_proto as proto;
use ply_types::{LogKey, Path};

use crate::clock::Clock;
use crate::commit::LayerRow;
use crate::entry::{Entry, Stored};
use crate::error::DriveError;
use crate::prepare::{Prepared, PreparedPiece};
use crate::replica::Replica;
use crate::view::View;

pub use commit::Committed;

/// Content is made durable each time about this much of it was stored: what a crash can cost.
const FLUSH_BYTES: usize = 32 << 20;

/// The one that writes. Others wait until it is dropped.
pub struct Transaction<'replica, E: Engine> {
    replica: &'replica Arc<Replica<E>>,
    _writing: MutexGuard<'replica, ()>,
    /// The drive as the transaction found it.
    view: View<E>,
    staging: Option<Staging<'replica, E>>,
    /// Changed paths by index key, with the number of the clock that each goes by.
    rows: BTreeMap<Vec<u8>, Change>,
    /// Directories that are known to be in this writer's own tree.
    rooted: HashSet<Path>,
    /// What is in view now, numbered once a path needs it.
    clock: Option<u32>,
    /// This writer's layers by key.
    layers: HashMap<LogKey, u32>,
    /// Layers that are new or grew, as they are to stand in the table.
    grown: BTreeMap<u32, LayerRow>,
    /// The layer that takes new content.
    open: Option<u32>,
    /// Pieces stored and not yet durable.
    fresh: HashMap<[u8; 32], Place>,
}

/// What becomes of a path.
#[derive(Clone, Debug)]
enum Change {
    /// It gets an entry.
    Set(Box<Entry>, u32),
    /// Its draft is forgotten: nothing else knows it.
    Forget,
}

impl<E: Engine> std::fmt::Debug for Transaction<'_, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

impl<'replica, E: Engine> Transaction<'replica, E> {
    /// Begins to write; waits for another that writes. Makes this node a writer if it may be one.
    pub fn begin(replica: &'replica Arc<Replica<E>>) -> Result<Self, DriveError> {
        let writing = replica.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if !replica.is_readable() {
            return Err(DriveError::Blind { drive: replica.name() });
        }
        replica.admit_self()?;
        let mut transaction = Self {
            view: replica.view(),
            staging: None,
            rows: BTreeMap::new(),
            rooted: HashSet::new(),
            clock: None,
            layers: HashMap::new(),
            grown: BTreeMap::new(),
            open: None,
            fresh: HashMap::new(),
            replica,
            _writing: writing,
        };
        transaction.load_layers()?;
        Ok(transaction)
    }

    /// The drive as the transaction found it.
    pub fn view(&self) -> &View<E> {
        &self.view
    }

    /// The drive that is written.
    pub fn replica(&self) -> &'replica Arc<Replica<E>> {
        self.replica
    }

    /// The paths that this transaction changed so far, each with what it became; `None` where nothing
    /// is left.
    pub fn changes(&self) -> impl Iterator<Item = (Path, Option<&Entry>)> {
        self.rows.iter().filter_map(|(key, change)| {
            let entry = match change {
                Change::Set(entry, _) if entry.kind().is_some() => Some(entry.as_ref()),
                Change::Set(..) | Change::Forget => None,
            };
            Some((crate::key::key_path(key)?, entry))
        })
    }

    fn staging(&mut self) -> &mut Staging<'replica, E> {
        let logs = &self.replica.logs;
        self.staging.get_or_insert_with(|| logs.stage())
    }

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
                        list.push(raw, place, |node| self.store_node(node))
                            .map_err(|error| self.list_error(error))?;
                    }
                }
            }
        }
        let content =
            list.finish(|node| self.store_node(node)).map_err(|error| self.list_error(error))?;
        Ok(Stored::Frames(content))
    }

    /// Stores bytes that are in memory.
    pub fn store_bytes(&mut self, bytes: &[u8]) -> Result<Stored, DriveError> {
        let replica = Arc::clone(self.replica);
        let mut preparer = crate::prepare::Preparer::new(&replica, bytes, String::new());
        self.store(std::iter::from_fn(|| preparer.next(1 << 20).transpose()))
    }

    fn list_error(&self, error: ply_chunk::BuildError<DriveError>) -> DriveError {
        match error {
            ply_chunk::BuildError::Store(error) => error,
            error @ ply_chunk::BuildError::Piece { .. } => {
                self.replica.inconsistent(&error.to_string())
            }
        }
    }

    /// Stores a list node, under the same rule of storing equal things once.
    fn store_node(&mut self, node: &[u8]) -> Result<Place, DriveError> {
        let replica = Arc::clone(self.replica);
        let frame = replica
            .cipher
            .seal(Kind::List, node)
            .map_err(|fault| replica.inconsistent(&fault.to_string()))?;
        self.append(&frame)
    }

    fn store_piece(&mut self, prepared: PreparedPiece) -> Result<Place, DriveError> {
        if let Some(place) = self.fresh.get(&prepared.dedup) {
            return Ok(*place);
        }
        let held = self.replica.held_equal(&prepared.dedup, prepared.piece.raw_bytes)?;
        if let Some((log, block)) = held
            && let Some(&layer) = self.layers.get(&log)
        {
            return Ok(Place { layer, block });
        }
        let frame = if let Some(frame) = prepared.frame {
            frame
        } else {
            // It was held when it was prepared, in a layer that this writer's table does not have.
            let (log, block) = held.ok_or_else(|| {
                self.replica.inconsistent("a chunk vanished while it was being stored")
            })?;
            self.replica.block(log, block)?.to_vec()
        };
        let place = self.append(&frame)?;
        let log = self.layer_log(place.layer)?;
        let row = proto::encode(&proto::DedupRow {
            log: log.0.to_vec(),
            block: place.block,
            raw_bytes: prepared.piece.raw_bytes,
        });
        let key = dedup_row_key(self.replica, &prepared.dedup);
        self.staging().batch().put(Table::Dedup, key, row);
        self.fresh.insert(prepared.dedup, place);
        Ok(place)
    }

    /// Appends a frame to the open layer.
    fn append(&mut self, frame: &[u8]) -> Result<Place, DriveError> {
        if FLUSH_BYTES < self.staging().staged_bytes() {
            self.flush()?;
        }
        let layer = self.open_layer()?;
        let log = self.layer_log(layer)?;
        let block = self.staging().append(&log, frame)?;
        Ok(Place { layer, block })
    }

    /// Makes the content so far durable, though no path leads to it yet.
    pub fn flush(&mut self) -> Result<(), DriveError> {
        self.stage_layers()?;
        if let Some(staging) = self.staging.take() {
            staging.commit(Durability::Synced)?;
        }
        self.fresh.clear();
        Ok(())
    }

    /// Makes everything so far durable: content and changed paths, as one.
    pub fn save(mut self) -> Result<(), DriveError> {
        self.stage_rows();
        self.flush()
    }

    /// The clock by which a path goes that enters the draft now.
    fn clock_now(&mut self) -> Result<u32, DriveError> {
        if let Some(number) = self.clock {
            return Ok(number);
        }
        let now = self.seen_others();
        let newest = self.replica.newest_draft_clock()?;
        let number = match newest {
            Some((number, clock)) if clock == now => number,
            newest => {
                let number = newest.map_or(0, |(number, _)| number + 1);
                let key = crate::draft::clock_row_key(&self.replica.id(), number);
                let row = crate::draft::encode_clock(&now);
                self.staging().batch().put(Table::Draft, key, row);
                number
            }
        };
        self.clock = Some(number);
        Ok(number)
    }

    /// All that is in view, this writer's own log left out: it always has that in view.
    fn seen_others(&self) -> Clock {
        let mut clock = Clock::new();
        for (writer, mark) in self.view.commits() {
            if writer != self.replica.writer_key() {
                clock.see(writer, mark);
            }
        }
        clock
    }
}

fn dedup_row_key<E: Engine>(replica: &Replica<E>, dedup: &[u8; 32]) -> Vec<u8> {
    [replica.id().0, *dedup].concat()
}

impl<E: Engine> Replica<E> {
    /// Where an equal chunk is held, in bytes that are here.
    pub(crate) fn held_equal(
        &self,
        dedup: &[u8; 32],
        raw_bytes: u32,
    ) -> Result<Option<(LogKey, u64)>, DriveError> {
        let Some(row) = self.engine.get(Table::Dedup, &dedup_row_key(self, dedup))? else {
            return Ok(None);
        };
        let broken = || self.inconsistent("a row of the table of chunks is malformed");
        let row: proto::DedupRow = proto::decode("dedup row", 256, &row).map_err(|_| broken())?;
        let log = LogKey::try_from(row.log.as_slice()).map_err(|_| broken())?;
        let held = row.raw_bytes == raw_bytes && self.logs.holds(&log, row.block)?;
        Ok(held.then_some((log, row.block)))
    }
}
