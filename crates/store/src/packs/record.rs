//! The bytes of a pack: its header and its records.
//!
//! ```text
//! ┌────────────────┬──────────────┬───────────┬─────────────┐
//! │ "PLYPACK": 7 B │ version: u8  │ pack: u32 │ sum: u32    │  header of a pack, 16 bytes
//! └────────────────┴──────────────┴───────────┴─────────────┘
//! ┌──────────┬─────────────┬──────────┬────────────┬────────┐
//! │ sum: u32 │ length: u32 │ log: u32 │ block: u64 │ bytes… │  record, 20 bytes and the frame
//! └──────────┴─────────────┴──────────┴────────────┴────────┘
//! ```
//!
//! All numbers are little-endian. `log` is the offset of an earlier record of the same pack whose bytes
//! are the 32-byte key of the log; such a record introduces the log and has 0 for `log` and `block` (no
//! record begins at 0, where the pack's header is). A log may be introduced more than once, so a writer
//! that reopens a pack need not know what the pack holds.
//!
//! `sum` of a pack is the CRC-32 of the 12 bytes before it. `sum` of a record is the CRC-32 of its bytes,
//! then pack and offset as `u32` each, then length, log and block: bytes first, so that their part is
//! computed before the writer knows where the record goes; the place too, so that a record is not
//! taken for another one, nor found inside a frame that holds a copy of a pack.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;

use bytes::Bytes;
use crc32fast::Hasher;
use ply_engine::{EngineError, FRAME_BYTES_MAX, Location};
use rustix::buffer::spare_capacity;

use crate::packs::files::Pack;
use crate::packs::position::Position;
use crate::trouble;

/// Bytes of a pack before its first record.
pub(crate) const PACK_HEADER_BYTES: u32 = 16;
/// Bytes of a record before the frame.
pub(crate) const RECORD_HEADER_BYTES: u32 = 20;
/// Bytes of a record that introduces a log.
pub(crate) const LOG_RECORD_BYTES: u32 = RECORD_HEADER_BYTES + 32;
/// What `log` says in a record that introduces one.
pub(crate) const INTRODUCES: u32 = 0;

const MAGIC: [u8; 8] = *b"PLYPACK\x01";

/// The header of a record, without its sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Bytes of the frame.
    pub(crate) length: u32,
    /// Where the log is introduced, or [`INTRODUCES`].
    pub(crate) log: u32,
    /// Position in the log.
    pub(crate) block: u64,
}

impl Header {
    /// The encoded header of a record at `at` whose bytes have the CRC-32 `body_sum`.
    pub(crate) fn to_bytes(self, at: Position, body_sum: u32) -> [u8; 20] {
        let mut bytes = [0; 20];
        let (sum, rest) = bytes.split_at_mut(4);
        let (length, rest) = rest.split_at_mut(4);
        let (log, block) = rest.split_at_mut(4);
        sum.copy_from_slice(&self.sum(at, body_sum).to_le_bytes());
        length.copy_from_slice(&self.length.to_le_bytes());
        log.copy_from_slice(&self.log.to_le_bytes());
        block.copy_from_slice(&self.block.to_le_bytes());
        bytes
    }

    /// The sum as read, the header, and the bytes behind it; `None` when there are too few. Nothing is
    /// checked.
    pub(crate) fn parse(bytes: &[u8]) -> Option<(u32, Self, &[u8])> {
        let (sum, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (log, rest) = rest.split_first_chunk()?;
        let (block, rest) = rest.split_first_chunk()?;
        let header = Self {
            length: u32::from_le_bytes(*length),
            log: u32::from_le_bytes(*log),
            block: u64::from_le_bytes(*block),
        };
        Some((u32::from_le_bytes(*sum), header, rest))
    }

    /// The sum of a record at `at` whose bytes have the CRC-32 `body_sum`.
    pub(crate) fn sum(self, at: Position, body_sum: u32) -> u32 {
        let mut hasher = Hasher::new_with_initial(body_sum);
        hasher.update(&at.pack.to_le_bytes());
        hasher.update(&at.offset.to_le_bytes());
        hasher.update(&self.length.to_le_bytes());
        hasher.update(&self.log.to_le_bytes());
        hasher.update(&self.block.to_le_bytes());
        hasher.finalize()
    }
}

/// The encoded header of a pack.
pub(crate) fn pack_header(pack: u32) -> [u8; 16] {
    let mut bytes = [0; 16];
    let (named, sum) = bytes.split_at_mut(12);
    let (magic, number) = named.split_at_mut(8);
    magic.copy_from_slice(&MAGIC);
    number.copy_from_slice(&pack.to_le_bytes());
    sum.copy_from_slice(&crc32fast::hash(named).to_le_bytes());
    bytes
}

/// Reads the record at `at` in one call, its frame being `length` bytes long.
///
/// # Errors
///
/// [`EngineError::Damaged`] unless exactly that record was written there.
pub(crate) fn read(pack: &Pack, at: Position, length: u32) -> Result<(Header, Bytes), EngineError> {
    let damaged = |what| damaged(at, length, what);
    if at.offset < PACK_HEADER_BYTES {
        return Err(damaged("no record begins inside the header"));
    }
    let Some(length_bytes) = usize::try_from(length).ok().filter(|&it| it <= FRAME_BYTES_MAX)
    else {
        return Err(damaged("longer than any frame"));
    };
    let bytes = read_at(&pack.file, at.offset.into(), RECORD_HEADER_BYTES as usize + length_bytes)
        .map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => damaged("the pack ends inside the record"),
            _ => trouble::io("reading", &pack.path, error),
        })?;
    let bytes = Bytes::from(bytes);
    let Some((sum, header, body)) = Header::parse(&bytes) else {
        return Err(damaged("shorter than a header"));
    };
    if header.length != length {
        return Err(damaged("a frame of another length is there"));
    }
    if header.sum(at, crc32fast::hash(body)) != sum {
        return Err(damaged("the checksum does not fit"));
    }
    Ok((header, bytes.slice(RECORD_HEADER_BYTES as usize..)))
}

/// Reads so many bytes into memory that is not cleared before.
fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let offset = offset + bytes.len() as u64;
        match rustix::io::pread(file, spare_capacity(&mut bytes), offset) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // There may have been room for more than was asked for.
    bytes.truncate(length);
    Ok(bytes)
}

/// Reads the length that the record at `at` gives itself, if it lies before `end`.
pub(crate) fn length(pack: &Pack, at: Position, end: u32) -> Result<u32, EngineError> {
    let mut bytes = [0; RECORD_HEADER_BYTES as usize];
    pack.file.read_exact_at(&mut bytes, at.offset.into()).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => damaged(at, 0, "the pack ends inside a header"),
        _ => trouble::io("reading", &pack.path, error),
    })?;
    let Some((_, header, _)) = Header::parse(&bytes) else {
        return Err(damaged(at, 0, "shorter than a header"));
    };
    match at.offset.checked_add(RECORD_HEADER_BYTES).and_then(|it| it.checked_add(header.length)) {
        Some(record_end) if record_end <= end => Ok(header.length),
        _ => Err(damaged(at, header.length, "the record would end after the pack")),
    }
}

/// The error for a record that is not what was written.
pub(crate) fn damaged(at: Position, length: u32, what: &'static str) -> EngineError {
    let at = Location { pack: at.pack, offset: at.offset, bytes: length };
    EngineError::Damaged { at, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_as_drawn() {
        // The sums were computed by another program, Python's zlib.
        assert_eq!(pack_header(0x0102_0304), *b"PLYPACK\x01\x04\x03\x02\x01\x2d\xfe\x91\xac",);
        let header = Header { length: 3, log: 16, block: 7 };
        let at = Position { pack: 1, offset: 68 };
        let bytes = header.to_bytes(at, crc32fast::hash(b"abc"));
        assert_eq!(bytes[4..], *b"\x03\0\0\0\x10\0\0\0\x07\0\0\0\0\0\0\0");
        assert_eq!(bytes[..4], *b"\xb9\x35\x32\xdf");
        assert_eq!(Header::parse(&bytes).map(|(_, header, _)| header), Some(header));
    }
}
