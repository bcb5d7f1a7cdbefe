//! From what was written to pieces: keeps what did not change.
//!
//! Where a chunk ends depends on its own bytes only, and writing moves no byte. So a piece of the
//! old list stands in the new one if a cut falls on its start and no byte of it changed. After a
//! change, cutting goes on until it meets a start of an old piece again:
//!
//! ```text
//! old pieces  │ a  │ b     │ c   │ d    │ e  │
//! written             ~~
//! new pieces  │ a  │ b'  │ c'    │ d    │ e  │      b' begins where b did; c' ends where c did
//! ```
//!
//! The result is the list that cutting the whole file anew would give.

use std::ops::Range;
use std::sync::Arc;

use ply_chunk::{Cutter, End};
use ply_engine::Engine;

use super::File;
use crate::entry::INLINE_BYTES_MAX;
use crate::error::DriveError;
use crate::prepare::PreparedPiece;
use crate::replica::Replica;
use crate::transaction::Transaction;
use crate::view::Reader;

/// Frames that are held in memory before they are stored. Without a path they are found by hash.
const FRAMES_BYTES_MAX: usize = 32 << 20;

/// Bytes that are read at once where everything has to be cut.
const READ_BYTES: usize = 1 << 20;

/// A file as it is to be stored.
#[derive(Debug)]
pub(super) enum Recut {
    /// So small that it stays in the entry.
    Inline(Vec<u8>),
    /// Pieces.
    Runs(Vec<Run>),
}

/// Some pieces of the new list.
#[derive(Debug)]
pub(super) enum Run {
    /// Those of the old list within a range of the file.
    Kept(Range<u64>),
    /// A new one.
    New(PreparedPiece),
    /// The same piece of zeros, so many times: holes cost nothing to cut.
    Zeros(PreparedPiece, u64),
}

impl<E: Engine> File<E> {
    /// Cuts what changed. Fetches what it needs of the old content: list nodes, and the chunks around
    /// changes.
    pub(super) async fn recut(&self) -> Result<Recut, DriveError> {
        if self.bytes <= INLINE_BYTES_MAX as u64 {
            return Ok(Recut::Inline(self.content(0, INLINE_BYTES_MAX).await?));
        }
        let replica = Arc::clone(self.drive.replica());
        let blind = || DriveError::Blind { drive: replica.name() };
        let cutter = replica.cipher.cutter().ok_or_else(blind)?;
        let mut old = self.base.view().open(&self.path, self.base.version())?;
        let mut cutting =
            Cutting { file: self, replica: &replica, cutter, ahead: Ahead::default(), zeros: None };
        let (mut runs, mut at) = (Runs::default(), 0);
        while at < self.bytes {
            if let Some(end) = self.kept(cutter, &mut old, at).await? {
                runs.keep(at..end);
                at = end;
            } else if let Some((piece, count)) = cutting.zeros(at)? {
                at += u64::from(piece.piece.raw_bytes) * count;
                runs.list.push(Run::Zeros(piece, count));
            } else {
                let piece = cutting.piece(at).await?;
                at += u64::from(piece.piece.raw_bytes);
                runs.held += piece.frame.as_ref().map_or(0, Vec::len);
                runs.list.push(Run::New(piece));
                if FRAMES_BYTES_MAX < runs.held {
                    runs.store(&replica)?;
                }
            }
        }
        Ok(Recut::Runs(runs.list))
    }

    /// The end of the old piece that starts at an offset, if it stands unchanged.
    async fn kept(
        &self,
        cutter: &Cutter,
        old: &mut Reader<'_, E>,
        at: u64,
    ) -> Result<Option<u64>, DriveError> {
        // A small file is one chunk, which the pieces of a larger one are not.
        if self.base_bytes <= at || cutter.whole(self.bytes) {
            return Ok(None);
        }
        let located = self.drive.complete_blocks(&self.path, || old.locate(at)).await?;
        let Some(located) = located.filter(|located| located.start == at) else { return Ok(None) };
        let end = at.saturating_add(located.piece.raw_bytes.into());
        // The last piece of a file may have ended only because the file did.
        let was_last = end == old.bytes();
        let stands = end <= self.base_bytes.min(self.bytes)
            && (!was_last || end == self.bytes)
            && !self.dirty.touches(&(at..end));
        Ok(stands.then_some(end))
    }

    /// The next offset from `at` on where there may be other bytes than zeros.
    fn hole_end(&self, at: u64) -> u64 {
        if at < self.base_bytes {
            return at;
        }
        self.dirty.next(at).unwrap_or(self.bytes).min(self.bytes)
    }
}

/// What is being put together.
#[derive(Debug, Default)]
struct Runs {
    list: Vec<Run>,
    held: usize,
}

impl Runs {
    fn keep(&mut self, range: Range<u64>) {
        match self.list.last_mut() {
            Some(Run::Kept(last)) if last.end == range.start => last.end = range.end,
            _ => self.list.push(Run::Kept(range)),
        }
    }

    /// Stores the frames so far and lets go of them.
    fn store<E: Engine>(&mut self, replica: &Arc<Replica<E>>) -> Result<(), DriveError> {
        let mut transaction = Transaction::begin(replica)?;
        for run in &mut self.list {
            if let Run::New(piece) = run
                && let Some(frame) = piece.frame.take()
            {
                transaction.store_piece(PreparedPiece { frame: Some(frame), ..piece.clone() })?;
            }
        }
        self.held = 0;
        transaction.flush()
    }
}

/// Cuts the file as it is with what was written.
struct Cutting<'file, E: Engine> {
    file: &'file File<E>,
    replica: &'file Replica<E>,
    cutter: &'file Cutter,
    ahead: Ahead,
    /// The piece that a long hole is cut into.
    zeros: Option<PreparedPiece>,
}

/// Bytes of the file that were read.
#[derive(Debug, Default)]
struct Ahead {
    start: u64,
    bytes: Vec<u8>,
}

impl Ahead {
    fn from(&self, at: u64) -> &[u8] {
        let skip = at.checked_sub(self.start).and_then(|skip| usize::try_from(skip).ok());
        skip.and_then(|skip| self.bytes.get(skip..)).unwrap_or_default()
    }
}

impl<E: Engine> Cutting<'_, E> {
    /// Bytes that decide where any chunk ends: the longest, and one more to see that the file goes on.
    fn window(&self) -> usize {
        self.cutter.params().max() as usize + 1
    }

    /// The chunk that starts at an offset.
    async fn piece(&mut self, at: u64) -> Result<PreparedPiece, DriveError> {
        let rest = self.file.bytes - at;
        let needed = usize::try_from(rest).unwrap_or(usize::MAX).min(self.window());
        if self.ahead.from(at).len() < needed {
            let mut bytes = self.ahead.from(at).to_vec();
            let start = at + bytes.len() as u64;
            // Around one change a window is enough; while all is new, more is read at once.
            let is_new = self.file.base_bytes <= start;
            let wanted = if is_new { READ_BYTES.max(needed) } else { needed };
            bytes.extend(self.file.content(start, wanted - bytes.len()).await?);
            self.ahead = Ahead { start: at, bytes };
        }
        let bytes = self.ahead.from(at);
        let end = if rest <= bytes.len() as u64 { End::Last } else { End::More };
        let length =
            if at == 0 { self.cutter.first(bytes, end) } else { self.cutter.cut(bytes, end) };
        let chunk = length.and_then(|length| bytes.get(..length));
        // A source that ends early would otherwise be asked for ever.
        let short = || self.replica.inconsistent("a file is shorter than its size says");
        self.replica.prepare(chunk.filter(|chunk| !chunk.is_empty()).ok_or_else(short)?)
    }

    /// A piece of zeros, and how often it comes from an offset on; `None` where no long hole is.
    fn zeros(&mut self, at: u64) -> Result<Option<(PreparedPiece, u64)>, DriveError> {
        let window = self.window() as u64;
        let hole = self.file.hole_end(at).saturating_sub(at);
        if hole < window {
            return Ok(None);
        }
        let piece = match &mut self.zeros {
            // Stored by the time it comes again, or found by its hash.
            Some(piece) => piece.clone(),
            none => {
                let zeros = vec![0; self.cutter.params().max() as usize + 1];
                let length = self.cutter.cut(&zeros, End::More).unwrap_or(zeros.len() - 1);
                let chunk = zeros.get(..length).unwrap_or_default();
                none.insert(self.replica.prepare(chunk)?).clone()
            }
        };
        let count = (hole - window) / u64::from(piece.piece.raw_bytes) + 1;
        Ok(Some((piece, count)))
    }
}
