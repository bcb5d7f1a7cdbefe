//! A file that is open for reading and writing at any offset.
//!
//! ```text
//! write_at ─► Dirty, in memory ─ flush ─► recut ─► pieces kept and pieces new ─► draft
//! read_at  ─► Dirty over the version that was opened
//! ```
//!
//! What was written is in memory until it is flushed, at most [`DIRTY_BYTES_MAX`]; more than that
//! flushes by itself. A flush cuts only what changed: see `recut.rs`. A handle that is dropped
//! without [`File::close`] loses what was not flushed.
//!
//! A handle goes by path. When it flushes, others may have been there:
//!
//! - A change made on this node meanwhile: what was written lies over it, byte by byte, as when two
//!   programs write to one file of a disk.
//! - A change that came from another writer: both stand, in conflict. Ours goes by what was in view
//!   when the file was opened.
//! - The file was removed here, or renamed: the flush fails with [`DriveError::Absent`]. Removed by
//!   another writer: it is there again, as an edit survives a removal that did not see it.

mod dirty;
mod flush;
mod opened;
mod options;
mod recut;

use ply_engine::Engine;
use ply_types::Path;

pub use options::OpenOptions;

use super::Drive;
use super::metadata::Metadata;
use super::read::ReadHandle;
use crate::error::DriveError;
use crate::versions::Versions;
use crate::view::Begun;
use crate::view::PathState;
use dirty::Dirty;

/// Changed bytes that are held in memory before they are flushed.
pub const DIRTY_BYTES_MAX: usize = 8 << 20;

/// Longest file: what offsets of other systems can express.
const FILE_BYTES_MAX: u64 = i64::MAX as u64;

/// A file that is open. See the module for how it stands to other changes of the file.
#[derive(Debug)]
pub struct File<E: Engine> {
    drive: Drive<E>,
    path: Path,
    options: OpenOptions,
    /// The version that what was written lies over.
    base: ReadHandle<E>,
    /// Bytes of it that still count: the file was shorter for a moment, and what came after is zeros.
    base_bytes: u64,
    /// Length of the file.
    bytes: u64,
    dirty: Dirty,
    /// Whether there is anything to flush.
    changed: bool,
    /// Whether its length was set, rather than followed from what was written.
    resized: bool,
    begun: Begun,
}

impl<E: Engine> File<E> {
    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its length, with what was written through this handle.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Up to `max` bytes from `offset` on, fewer only where the file ends.
    pub async fn read_at(&self, offset: u64, max: usize) -> Result<Vec<u8>, DriveError> {
        if !self.options.read {
            return Err(self.invalid("not opened to read"));
        }
        self.content(offset, max).await
    }

    /// Writes bytes at an offset. Beyond the end, the file is zeros up to there.
    pub async fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), DriveError> {
        if !self.options.write {
            return Err(self.invalid("not opened to write"));
        }
        self.put(offset, bytes).await
    }

    /// Writes bytes at the end, and says where that was.
    pub async fn append(&mut self, bytes: &[u8]) -> Result<u64, DriveError> {
        if !self.options.writes() {
            return Err(self.invalid("not opened to write"));
        }
        let offset = self.bytes;
        self.put(offset, bytes).await?;
        Ok(offset)
    }

    /// Cuts the file off, or makes it longer by zeros.
    #[expect(
        clippy::unused_async,
        reason = "as all that changes a file, for the day it has to wait"
    )]
    pub async fn set_len(&mut self, bytes: u64) -> Result<(), DriveError> {
        if !self.options.write {
            return Err(self.invalid("not opened to write"));
        }
        if FILE_BYTES_MAX < bytes {
            return Err(self.invalid("longer than a file can be"));
        }
        if bytes != self.bytes {
            self.dirty.truncate(bytes);
            self.base_bytes = self.base_bytes.min(bytes);
            self.bytes = bytes;
            (self.changed, self.resized) = (true, true);
        }
        Ok(())
    }

    /// What the file is, its length with what was written through this handle.
    pub async fn metadata(&self) -> Result<Metadata, DriveError> {
        let state = self.drive.state(&self.path).await?;
        let metadata = Metadata::of(self.path.clone(), &state).or_else(|| {
            let versions = Versions::only(self.base.version().clone());
            let opened = PathState { versions, ..PathState::default() };
            Metadata::of(self.path.clone(), &opened)
        });
        let mut metadata = metadata.ok_or_else(|| self.drive.absent(&self.path, &state))?;
        if self.changed {
            metadata.size = self.bytes;
            metadata.identity = None;
        }
        Ok(metadata)
    }

    /// Flushes. When it returns, all that was written is durable in the draft.
    pub async fn sync_all(&mut self) -> Result<(), DriveError> {
        self.flush().await
    }

    /// Flushes and lets go of the file.
    pub async fn close(mut self) -> Result<(), DriveError> {
        self.flush().await
    }

    async fn put(&mut self, offset: u64, bytes: &[u8]) -> Result<(), DriveError> {
        let end = offset.checked_add(bytes.len() as u64).filter(|&end| end <= FILE_BYTES_MAX);
        let end = end.ok_or_else(|| self.invalid("longer than a file can be"))?;
        let mut at = offset;
        for part in bytes.chunks(DIRTY_BYTES_MAX) {
            // Room first: what cannot be flushed now is not taken in either.
            if DIRTY_BYTES_MAX < self.dirty.weight().saturating_add(part.len()) {
                self.flush().await?;
            }
            self.dirty.write(at, part);
            at = at.saturating_add(part.len() as u64);
            self.bytes = self.bytes.max(at.min(end));
            self.changed = true;
        }
        Ok(())
    }

    /// Bytes as they are with what was written.
    async fn content(&self, offset: u64, max: usize) -> Result<Vec<u8>, DriveError> {
        let rest = self.bytes.saturating_sub(offset);
        let length = usize::try_from(rest).unwrap_or(usize::MAX).min(max);
        let end = offset.saturating_add(length as u64);
        let from_base = offset..end.min(self.base_bytes);
        let mut bytes = if from_base.is_empty() || self.dirty.covers(&(offset..end)) {
            Vec::with_capacity(length)
        } else {
            self.base.read(from_base).await?
        };
        bytes.resize(length, 0);
        self.dirty.overlay(offset, &mut bytes);
        Ok(bytes)
    }

    fn invalid(&self, what: &'static str) -> DriveError {
        DriveError::Invalid { path: self.path.clone(), what }
    }
}

impl<E: Engine> Drive<E> {
    /// Opens a file as [`OpenOptions`] say.
    pub async fn open_with(
        &self,
        path: &Path,
        options: &OpenOptions,
    ) -> Result<File<E>, DriveError> {
        options.open(self, path).await
    }

    /// Opens a file to write, empty, made if it is not there.
    pub async fn create(&self, path: &Path) -> Result<File<E>, DriveError> {
        OpenOptions::new().write(true).create(true).truncate(true).open(self, path).await
    }
}
