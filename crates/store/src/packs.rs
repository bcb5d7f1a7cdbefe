//! Frames in append-only files.
//!
//! A frame is written once, into the newest pack, and read where it lies. Two locks: `tail` is held
//! while records are written, `synced` while the disk is asked to keep them. They are taken in the order
//! `synced`, `tail`, so threads go on appending while another one waits for the disk.

mod files;
mod frames;
mod position;
mod record;
mod recover;
mod tail;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ply_engine::{EngineError, FRAME_BYTES_MAX, Frame, Location};

pub(crate) use crate::packs::files::list;
use crate::packs::files::{Files, Pack};
use crate::packs::tail::Tail;
use crate::trouble;

pub use crate::packs::frames::{Frames, KeptFrame};
pub(crate) use crate::packs::position::Position;

/// Bytes of a pack at most: large enough that there are few, small enough to copy when one is compacted.
pub const PACK_BYTES_MAX: u32 = 256 << 20;

/// The least that a pack may be bounded by: room for any frame, with what stands around it.
pub const PACK_BYTES_MIN: u32 = (1 << 20) + (8 << 10);

const _: () =
    assert!(FRAME_BYTES_MAX as u64 + 128 <= PACK_BYTES_MIN as u64, "a pack holds any frame");

/// All packs of a store.
#[derive(Debug)]
pub(crate) struct Packs {
    files: Files,
    pack_bytes_max: u32,
    /// Bytes of all packs but the newest.
    older_bytes: AtomicU64,
    tail: Mutex<Tail>,
    /// All before this survives a loss of power.
    synced: Mutex<Position>,
    /// The disk refused a sync: what is not synced now can never be said to be.
    refused: AtomicBool,
}

impl Packs {
    /// Opens the packs of a folder. `synced` is what [`Packs::sync`] said last, as far as that is known.
    pub(crate) fn open(
        folder: PathBuf,
        synced: Option<Position>,
        pack_bytes_max: u32,
    ) -> Result<Self, EngineError> {
        let tail = recover::recover(&folder, synced, pack_bytes_max)?;
        let end = tail.end();
        let older = list(&folder)?.into_iter().filter(|&(pack, _)| pack < end.pack);
        Ok(Self {
            files: Files::new(folder),
            pack_bytes_max,
            older_bytes: AtomicU64::new(older.map(|(_, bytes)| bytes).sum()),
            tail: Mutex::new(tail),
            synced: Mutex::new(end),
            refused: AtomicBool::new(false),
        })
    }

    /// Appends frames. After an error none of them has a location, though some may be in the pack.
    pub(crate) fn append(&self, frames: &[Frame<'_>]) -> Result<Vec<Location>, EngineError> {
        let sums = frames.iter().map(|frame| {
            let bytes = frame.bytes.len();
            let fits = bytes <= FRAME_BYTES_MAX;
            fits.then(|| crc32fast::hash(frame.bytes))
                .ok_or(EngineError::TooLong { bytes, max: FRAME_BYTES_MAX })
        });
        let sums: Vec<u32> = sums.collect::<Result<_, _>>()?;

        let mut tail = self.tail();
        let mut locations = Vec::with_capacity(frames.len());
        for (frame, sum) in frames.iter().zip(sums) {
            if !tail.fits(frame, self.pack_bytes_max) {
                self.roll(&mut tail)?;
            }
            locations.push(tail.push(frame, sum)?);
        }
        tail.flush()?;
        Ok(locations)
    }

    /// Reads one frame.
    pub(crate) fn read(&self, at: Location) -> Result<Bytes, EngineError> {
        let position = Position { pack: at.pack, offset: at.offset };
        let Some(pack) = self.files.pack(at.pack)? else {
            return Err(EngineError::Damaged { at, what: "there is no such pack" });
        };
        match record::read(&pack, position, at.bytes)? {
            (header, _) if header.log == record::INTRODUCES => {
                Err(EngineError::Damaged { at, what: "the name of a log is there" })
            }
            (_, bytes) => Ok(bytes),
        }
    }

    /// Makes all frames appended before this call durable, and says up to where they are.
    ///
    /// Calls that come while one is at the disk wait for it, and then find mostly that a single further
    /// sync is enough for all of them.
    pub(crate) fn sync(&self) -> Result<Position, EngineError> {
        let wanted = self.tail().end();
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        if *synced < wanted || self.refused.load(Ordering::SeqCst) {
            let (end, pack) = {
                let tail = self.tail();
                (tail.end(), tail.pack())
            };
            self.sync_pack(&pack)?;
            *synced = end;
        }
        Ok(*synced)
    }

    /// Every frame in every pack, oldest first.
    pub(crate) fn frames(&self) -> Result<Frames<'_>, EngineError> {
        let end = self.tail().end();
        Frames::new(&self.files, end)
    }

    /// Bytes of all packs.
    pub(crate) fn bytes(&self) -> u64 {
        let tail = self.tail();
        self.older_bytes.load(Ordering::SeqCst) + u64::from(tail.end().offset)
    }

    /// Begins the next pack once the one before is whole and synced.
    fn roll(&self, tail: &mut Tail) -> Result<(), EngineError> {
        tail.flush()?;
        self.sync_pack(&tail.pack())?;
        let end = tail.end();
        let Some(next) = end.pack.checked_add(1) else {
            return Err(EngineError::Full { place: self.files.folder().display().to_string() });
        };
        *tail = Tail::create(self.files.folder(), next)?;
        self.older_bytes.fetch_add(end.offset.into(), Ordering::SeqCst);
        Ok(())
    }

    fn sync_pack(&self, pack: &Pack) -> Result<(), EngineError> {
        if self.refused.load(Ordering::SeqCst) {
            let source = std::io::Error::other(
                "an earlier sync was refused and what it held may be lost: open the store again",
            );
            return Err(trouble::io("syncing", &pack.path, source));
        }
        pack.file.sync_data().map_err(|error| {
            self.refused.store(true, Ordering::SeqCst);
            trouble::io("syncing", &pack.path, error)
        })
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
