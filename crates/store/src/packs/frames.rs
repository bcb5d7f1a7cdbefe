//! Reading every frame from the packs alone: to check them, or to make the rows anew.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use ply_engine::{EngineError, Location};
use ply_types::LogKey;

use crate::packs::files::{self, Files, Pack};
use crate::packs::position::Position;
use crate::packs::record::{self, Header, INTRODUCES, PACK_HEADER_BYTES, RECORD_HEADER_BYTES};
use crate::packs::recover::has_header;

/// Logs of which the key is remembered while a pack is read; others are read again.
const LOGS_MAX: usize = 1 << 14;

/// A frame as a pack keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFrame {
    /// Where it is.
    pub at: Location,
    /// The log it was appended for.
    pub log: LogKey,
    /// Its position there.
    pub block: u64,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Every frame of a store in the order of writing, as far as it was written when this was made.
///
/// Damage is an item of its own. Behind a damaged record reading goes on where the next should begin;
/// when that one is damaged too, lengths cannot be trusted, and the rest of the pack is left out.
#[derive(Debug)]
pub struct Frames<'store> {
    files: &'store Files,
    /// Packs to come, newest first, with the offset where each ends.
    packs: Vec<(u32, u32)>,
    now: Option<Reading>,
}

/// A pack being read.
#[derive(Debug)]
struct Reading {
    open: Arc<Pack>,
    at: Position,
    end: u32,
    logs: HashMap<u32, LogKey>,
    /// The record before was damaged.
    stumbled: bool,
}

/// What comes next in a pack.
enum Step {
    Frame(KeptFrame),
    Introduced,
    Damage(EngineError),
    End,
}

impl<'store> Frames<'store> {
    pub(crate) fn new(files: &'store Files, end: Position) -> Result<Self, EngineError> {
        let mut packs = files::list(files.folder())?;
        packs.retain(|&(pack, _)| pack <= end.pack);
        let packs = packs.into_iter().rev().map(|(pack, file_bytes)| {
            let file_end = u32::try_from(file_bytes).unwrap_or(u32::MAX);
            (pack, if pack == end.pack { end.offset } else { file_end })
        });
        Ok(Self { files, packs: packs.collect(), now: None })
    }

    fn open(&mut self, pack: u32, end: u32) -> Result<(), EngineError> {
        let at = Position { pack, offset: PACK_HEADER_BYTES };
        // A pack that went since the listing was compacted: its frames are in a later one.
        let Some(open) = self.files.pack(pack)? else { return Ok(()) };
        let start = Position { pack, offset: 0 };
        if end < PACK_HEADER_BYTES {
            return Err(record::damaged(start, 0, "shorter than the header of a pack"));
        }
        let header = has_header(&open, pack);
        let logs = HashMap::new();
        self.now = Some(Reading { open, at, end, logs, stumbled: false });
        if !header? {
            return Err(record::damaged(start, 0, "not the header of this pack"));
        }
        Ok(())
    }
}

impl Iterator for Frames<'_> {
    type Item = Result<KeptFrame, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(reading) = &mut self.now else {
                let (pack, end) = self.packs.pop()?;
                match self.open(pack, end) {
                    Ok(()) => continue,
                    Err(error) => return Some(Err(error)),
                }
            };
            match reading.step() {
                Ok(Step::Frame(frame)) => return Some(Ok(frame)),
                Ok(Step::Introduced) => {}
                Ok(Step::Damage(error)) => return Some(Err(error)),
                Ok(Step::End) => self.now = None,
                Err(error) => {
                    self.now = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl Reading {
    /// # Errors
    ///
    /// When the rest of the pack cannot be read.
    fn step(&mut self) -> Result<Step, EngineError> {
        if self.at.offset == self.end {
            return Ok(Step::End);
        }
        let at = self.at;
        let length = record::length(&self.open, at, self.end)?;
        self.at.offset += RECORD_HEADER_BYTES + length;
        let frame = record::read(&self.open, at, length)
            .and_then(|(header, bytes)| self.frame(at, header, bytes));
        match frame {
            Ok(step) => {
                self.stumbled = false;
                Ok(step)
            }
            Err(error @ EngineError::Damaged { .. }) if !self.stumbled => {
                self.stumbled = true;
                Ok(Step::Damage(error))
            }
            Err(error) => Err(error),
        }
    }

    fn frame(&mut self, at: Position, header: Header, bytes: Bytes) -> Result<Step, EngineError> {
        if header.log == INTRODUCES {
            self.introduced(at, &bytes)?;
            return Ok(Step::Introduced);
        }
        let log = match self.logs.get(&header.log) {
            Some(&log) => log,
            None => self.look_up(at, header)?,
        };
        let place = Location { pack: at.pack, offset: at.offset, bytes: header.length };
        Ok(Step::Frame(KeptFrame { at: place, log, block: header.block, bytes }))
    }

    /// Reads the key of a log that was introduced long ago.
    fn look_up(&mut self, at: Position, header: Header) -> Result<LogKey, EngineError> {
        let introduced = Position { pack: at.pack, offset: header.log };
        let key_bytes = 32;
        match record::read(&self.open, introduced, key_bytes) {
            Ok((found, bytes)) if found.log == INTRODUCES => self.introduced(introduced, &bytes),
            Ok(_) | Err(EngineError::Damaged { .. }) => {
                Err(record::damaged(at, header.length, "the name of its log cannot be read"))
            }
            Err(error) => Err(error),
        }
    }

    fn introduced(&mut self, at: Position, bytes: &[u8]) -> Result<LogKey, EngineError> {
        let Ok(log) = LogKey::try_from(bytes) else {
            return Err(record::damaged(at, 0, "not the name of a log"));
        };
        if LOGS_MAX <= self.logs.len() {
            self.logs.clear();
        }
        self.logs.insert(at.offset, log);
        Ok(log)
    }
}
