//! Content on its way in: cut, hashed, compressed and sealed, before it has a place.
//!
//! This is where the processor's time goes, so it needs no lock and may run on many threads.

use std::io::{self, Read};

use ply_chunk::{Cutter, End, Kind, Piece};
use ply_engine::Engine;

use crate::entry::INLINE_BYTES_MAX;
use crate::error::DriveError;
use crate::replica::Replica;
use crate::transaction::Told;

/// A piece that is ready to be stored.
#[derive(Clone, Debug)]
pub struct PreparedPiece {
    pub(crate) piece: Piece,
    /// Under which an equal piece is found.
    pub(crate) dedup: [u8; 32],
    /// `None` when an equal piece was held already at the time.
    pub(crate) frame: Option<Vec<u8>>,
}

/// Content that is ready to be stored.
#[derive(Clone, Debug)]
pub enum Prepared {
    /// So small that it stays in the entry.
    Inline(Vec<u8>),
    /// Pieces in order.
    Pieces(Vec<PreparedPiece>),
}

impl Prepared {
    /// Prepares content that is in memory.
    pub fn of<E: Engine>(replica: &Replica<E>, content: &[u8]) -> Result<Self, DriveError> {
        if content.len() <= INLINE_BYTES_MAX {
            return Ok(Self::Inline(content.to_vec()));
        }
        let chunks = replica.cutter()?.pieces(content);
        Ok(Self::Pieces(chunks.map(|chunk| replica.prepare(chunk)).collect::<Result<_, _>>()?))
    }

    /// Lets go of frames that were stored: their pieces are found by hash from now on.
    pub(crate) fn forget_frames(&mut self) {
        if let Self::Pieces(pieces) = self {
            for piece in pieces {
                piece.frame = None;
            }
        }
    }

    /// Bytes of frames in it.
    pub fn frame_bytes(&self) -> usize {
        match self {
            Self::Inline(_) => 0,
            Self::Pieces(pieces) => {
                pieces.iter().filter_map(|piece| piece.frame.as_ref()).map(Vec::len).sum()
            }
        }
    }
}

/// Prepares content from a reader piece by piece, so that a file of any size takes little memory.
#[derive(Debug)]
pub struct Preparer<'replica, E: Engine, R> {
    replica: &'replica Replica<E>,
    source: R,
    what: String,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are taken.
    start: usize,
    ended: bool,
    first: bool,
    /// Bytes that were prepared so far.
    pub bytes: u64,
}

impl<'replica, E: Engine, R: Read> Preparer<'replica, E, R> {
    /// Starts to read `source`; `what` names it in errors.
    pub fn new(replica: &'replica Replica<E>, source: R, what: String) -> Self {
        Self {
            replica,
            source,
            what,
            buffer: Vec::new(),
            start: 0,
            ended: false,
            first: true,
            bytes: 0,
        }
    }

    /// The next pieces, together about `frame_bytes` of plaintext; `None` at the end. Small content
    /// comes inline, alone, and first.
    pub fn next(&mut self, plain_bytes: usize) -> Result<Option<Prepared>, DriveError> {
        if self.first {
            self.first = false;
            self.fill(INLINE_BYTES_MAX + 1)?;
            if self.ended && self.buffer.len() <= INLINE_BYTES_MAX {
                self.bytes = self.buffer.len() as u64;
                return Ok(Some(Prepared::Inline(std::mem::take(&mut self.buffer))));
            }
        }
        let mut pieces = Vec::new();
        let mut taken = 0;
        while taken < plain_bytes {
            let Some(piece) = self.piece()? else { break };
            taken += piece.piece.raw_bytes as usize;
            pieces.push(piece);
        }
        Ok((!pieces.is_empty()).then_some(Prepared::Pieces(pieces)))
    }

    fn piece(&mut self) -> Result<Option<PreparedPiece>, DriveError> {
        let replica = self.replica;
        let cutter = replica.cutter()?;
        let max = cutter.params().max() as usize;
        let at_start = self.bytes == 0;
        // One byte more than the largest chunk tells whether the file ends with it.
        self.fill(max + 1)?;
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let end = if self.ended { End::Last } else { End::More };
        let length = if at_start { cutter.first(rest, end) } else { cutter.cut(rest, end) };
        let Some(chunk) = length.and_then(|length| rest.get(..length)) else { return Ok(None) };
        let prepared = replica.prepare(chunk)?;
        self.start += chunk.len();
        self.bytes += u64::from(prepared.piece.raw_bytes);
        Ok(Some(prepared))
    }

    /// Reads until the buffer holds `bytes` not taken yet, or the source ends.
    fn fill(&mut self, bytes: usize) -> Result<(), DriveError> {
        let held = self.buffer.len() - self.start;
        if self.ended || bytes <= held {
            return Ok(());
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        // Read well ahead, so that large files are read in large portions.
        let wanted = bytes.max(1 << 16).saturating_sub(held);
        let what = &self.what;
        let taken = (&mut self.source)
            .take(wanted as u64)
            .read_to_end(&mut self.buffer)
            .map_err(|source: io::Error| DriveError::Source { what: what.clone(), source })?;
        self.ended = taken < wanted;
        Ok(())
    }
}

impl<E: Engine> Replica<E> {
    /// What cuts content here.
    fn cutter(&self) -> Result<&Cutter, DriveError> {
        self.cipher.cutter().ok_or_else(|| DriveError::Blind { drive: self.name() })
    }

    /// Prepares one chunk.
    pub(crate) fn prepare(&self, chunk: &[u8]) -> Result<PreparedPiece, DriveError> {
        let hash = ply_chunk::hash(chunk);
        let raw_bytes = u32::try_from(chunk.len())
            .map_err(|_| self.inconsistent("a chunk is longer than any chunk may be"))?;
        let dedup = self.cipher.dedup_key(hash);
        let held = self.held_equal(&dedup, raw_bytes, Told::Unsure)?.is_some();
        let frame = if held { None } else { Some(self.seal_content(chunk)?) };
        Ok(PreparedPiece { piece: Piece { hash, raw_bytes }, dedup, frame })
    }

    pub(crate) fn seal_content(&self, chunk: &[u8]) -> Result<Vec<u8>, DriveError> {
        self.cipher
            .seal(Kind::Content, chunk)
            .map_err(|fault| self.inconsistent(&fault.to_string()))
    }
}
