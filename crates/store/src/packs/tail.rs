//! The end of the newest pack, where records are added.
//!
//! Records are staged in memory and written in a few large calls. `end` moves only when a write is
//! whole, so a write that failed half-way is written over by the next one.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use ply_engine::{EngineError, FRAME_BYTES_MAX, Frame, Location};
use ply_types::LogKey;

use crate::home::{create_file, sync_folder};
use crate::packs::files::{self, Pack};
use crate::packs::position::Position;
use crate::packs::record::{
    Header, INTRODUCES, LOG_RECORD_BYTES, PACK_HEADER_BYTES, RECORD_HEADER_BYTES, pack_header,
};
use crate::trouble;

/// Bytes staged before they are written: enough that the call costs little, few enough for the cache.
const STAGED_BYTES_MAX: usize = 1 << 20;

/// Frames from this length on are written from where they are: a call of their own costs less than to
/// copy them.
const DIRECT_BYTES_MIN: usize = 32 << 10;

/// Logs of which is known where the pack introduces them. Beyond these all are forgotten, and each is
/// introduced again when it comes next; the table stays below 1 MiB.
const LOGS_MAX: usize = 1 << 14;

/// The pack that grows.
#[derive(Debug)]
pub(crate) struct Tail {
    pack: Arc<Pack>,
    /// One past the last byte that was written whole.
    end: Position,
    /// Records to be written at `end`.
    staged: Vec<u8>,
    /// Log → where this pack introduces it.
    logs: HashMap<LogKey, u32>,
}

impl Tail {
    /// Goes on at `end` of a pack that is open for writing.
    pub(crate) fn new(pack: Pack, end: Position) -> Self {
        Self { pack: Arc::new(pack), end, staged: Vec::new(), logs: HashMap::new() }
    }

    /// Begins a pack. A file of that name is emptied: it is left from a beginning that failed.
    pub(crate) fn create(folder: &Path, pack: u32) -> Result<Self, EngineError> {
        let path = files::path(folder, pack);
        let file = create_file(&path).map_err(|error| trouble::io("creating", &path, error))?;
        let begun = file
            .write_all_at(&pack_header(pack), 0)
            .and_then(|()| file.sync_all())
            .map_err(|error| trouble::io("writing", &path, error))
            .and_then(|()| sync_folder(folder));
        if let Err(error) = begun {
            // The pack before goes on, and must stay the newest: only that one's end is repaired.
            let _gone = fs::remove_file(&path);
            return Err(error);
        }
        Ok(Self::new(Pack { file, path }, Position { pack, offset: PACK_HEADER_BYTES }))
    }

    /// One past the last byte written.
    pub(crate) fn end(&self) -> Position {
        self.end
    }

    /// The pack, to be synced without holding the tail.
    pub(crate) fn pack(&self) -> Arc<Pack> {
        Arc::clone(&self.pack)
    }

    /// Whether a pack of `pack_bytes_max` has room for the frame, its log introduced before it.
    pub(crate) fn fits(&self, frame: &Frame<'_>, pack_bytes_max: u32) -> bool {
        let record_bytes = (LOG_RECORD_BYTES + RECORD_HEADER_BYTES) as usize + frame.bytes.len();
        let used_bytes = self.end.offset as usize + self.staged.len();
        used_bytes + record_bytes <= pack_bytes_max as usize
    }

    /// Adds a frame whose bytes have the CRC-32 `body_sum`. It is written by [`Tail::flush`] at latest.
    pub(crate) fn push(
        &mut self,
        frame: &Frame<'_>,
        body_sum: u32,
    ) -> Result<Location, EngineError> {
        debug_assert!(frame.bytes.len() <= FRAME_BYTES_MAX, "checked by the caller");
        if STAGED_BYTES_MAX < self.staged.len() + frame.bytes.len() {
            self.flush()?;
        }
        let log = self.introduced(frame.log);
        let at = self.stage(log, frame.block, frame.bytes, body_sum);
        let bytes = length(frame.bytes);
        if frame.bytes.len() < DIRECT_BYTES_MIN {
            self.staged.extend_from_slice(frame.bytes);
        } else {
            self.write(frame.bytes)?;
        }
        Ok(Location { pack: at.pack, offset: at.offset, bytes })
    }

    /// Writes what is staged. After an error nothing is staged.
    pub(crate) fn flush(&mut self) -> Result<(), EngineError> {
        if self.staged.is_empty() { Ok(()) } else { self.write(&[]) }
    }

    /// Writes what is staged and `after` behind it. After an error nothing is staged.
    fn write(&mut self, after: &[u8]) -> Result<(), EngineError> {
        let (file, offset) = (&self.pack.file, u64::from(self.end.offset));
        let written = file
            .write_all_at(&self.staged, offset)
            .and_then(|()| file.write_all_at(after, offset + self.staged.len() as u64));
        let bytes = length(&self.staged) + length(after);
        self.staged.clear();
        match written {
            Ok(()) => {
                self.end.offset += bytes;
                Ok(())
            }
            Err(error) => {
                self.logs.clear();
                // Gives the room back. If even that is refused, the next record goes over the rest.
                let _kept = self.pack.file.set_len(self.end.offset.into());
                Err(trouble::io("writing", &self.pack.path, error))
            }
        }
    }

    fn introduced(&mut self, log: LogKey) -> u32 {
        if let Some(&offset) = self.logs.get(&log) {
            return offset;
        }
        if LOGS_MAX <= self.logs.len() {
            self.logs.clear();
        }
        let at = self.stage(INTRODUCES, 0, &log.0, crc32fast::hash(&log.0));
        self.staged.extend_from_slice(&log.0);
        self.logs.insert(log, at.offset);
        at.offset
    }

    /// Stages the header of a record whose bytes come next.
    fn stage(&mut self, log: u32, block: u64, bytes: &[u8], body_sum: u32) -> Position {
        let at = Position { pack: self.end.pack, offset: self.end.offset + length(&self.staged) };
        let header = Header { length: length(bytes), log, block };
        self.staged.extend_from_slice(&header.to_bytes(at, body_sum));
        at
    }
}

/// A length that fits by [`FRAME_BYTES_MAX`] and [`STAGED_BYTES_MAX`].
#[allow(
    clippy::cast_possible_truncation,
    reason = "at most STAGED_BYTES_MAX + FRAME_BYTES_MAX + 72"
)]
fn length(bytes: &[u8]) -> u32 {
    bytes.len() as u32
}

#[cfg(test)]
impl Tail {
    /// Puts another file in place, so that a test can make the disk refuse; gives back the old one.
    pub(crate) fn swap(&mut self, pack: Arc<Pack>) -> Arc<Pack> {
        std::mem::replace(&mut self.pack, pack)
    }
}
