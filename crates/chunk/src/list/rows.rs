//! The bytes of a list: one row for each child.
//!
//! ```text
//! row       hash     │ raw length │ layer  │ block - (block of the row before + 1), folded
//!           32 bytes   varint       varint   varint
//!
//! node      level  │ count  │ count rows                      frame of its own, kind List
//!           1 byte   varint
//!
//! content   00                                                no bytes
//!           01 │ row                                          one piece
//!           02 │ count (varint) │ count rows                  up to 16 pieces
//!           03 │ level (1 byte) │ piece count (varint) │ row  the root of a tree
//! ```
//!
//! The block before the first row counts as -1. Frames written one after the other thus have a
//! block column of zeros. The difference is taken modulo 2^64 and folded: 0, -1, 1, -2, 2 … are 0,
//! 1, 2, 3, 4 ….
//!
//! Each list has one encoding; what decodes encodes back to the same bytes.

use ply_types::ChunkHash;

use super::error::ListError;
use super::piece::{Child, ListHash, NodeRef, Piece, Place};
use crate::frame::RAW_BYTES_MAX;
use crate::varint::{self, VARINT_BYTES_MAX, VARINT_U32_BYTES_MAX};

/// Bytes of the longest row of a node.
pub(super) const ROW_BYTES_MAX: usize =
    32 + VARINT_BYTES_MAX + VARINT_U32_BYTES_MAX + VARINT_BYTES_MAX;

/// Highest level. Nodes have at least two children but for the last of a level, so 2^64 bytes fit
/// below.
pub(super) const LEVEL_MAX: u8 = 63;

/// Writes rows.
#[derive(Debug, Default)]
pub(super) struct RowWriter {
    next_block: u64,
}

impl RowWriter {
    pub(super) fn put(&mut self, out: &mut Vec<u8>, child: &Child) {
        let Place { layer, block } = child.place();
        out.extend_from_slice(child.hash());
        varint::put(out, child.raw_bytes());
        varint::put(out, layer.into());
        varint::put(out, varint::fold(block.wrapping_sub(self.next_block)));
        self.next_block = block.wrapping_add(1);
    }
}

/// Reads rows.
#[derive(Debug)]
pub(super) struct RowReader<'bytes> {
    rest: &'bytes [u8],
    next_block: u64,
}

impl<'bytes> RowReader<'bytes> {
    pub(super) fn new(rest: &'bytes [u8]) -> Self {
        Self { rest, next_block: 0 }
    }

    pub(super) fn byte(&mut self) -> Result<u8, ListError> {
        let (&byte, rest) = self.rest.split_first().ok_or(ListError::Malformed)?;
        self.rest = rest;
        Ok(byte)
    }

    pub(super) fn number(&mut self) -> Result<u64, ListError> {
        varint::take(&mut self.rest).ok_or(ListError::Malformed)
    }

    /// A row that is a piece.
    pub(super) fn piece(&mut self) -> Result<(Piece, Place), ListError> {
        let (hash, raw_bytes, place) = self.row()?;
        match u32::try_from(raw_bytes) {
            Ok(raw_bytes @ 1..=RAW_BYTES_MAX) => {
                Ok((Piece { hash: ChunkHash(hash), raw_bytes }, place))
            }
            _ => Err(ListError::Length { raw_bytes }),
        }
    }

    /// A row that is a node of this level.
    pub(super) fn node(&mut self, level: u8) -> Result<NodeRef, ListError> {
        let (hash, raw_bytes, place) = self.row()?;
        match raw_bytes {
            0 => Err(ListError::Length { raw_bytes }),
            _ => Ok(NodeRef { hash: ListHash(hash), level, raw_bytes, place }),
        }
    }

    /// Checks that nothing is left.
    pub(super) fn finish(self) -> Result<(), ListError> {
        match self.rest.len() {
            0 => Ok(()),
            extra_bytes => Err(ListError::Trailing { extra_bytes }),
        }
    }

    fn row(&mut self) -> Result<([u8; 32], u64, Place), ListError> {
        let (&hash, rest) = self.rest.split_first_chunk::<32>().ok_or(ListError::Malformed)?;
        self.rest = rest;
        let raw_bytes = self.number()?;
        let layer = u32::try_from(self.number()?).map_err(|_| ListError::Malformed)?;
        let block = self.next_block.wrapping_add(varint::unfold(self.number()?));
        self.next_block = block.wrapping_add(1);
        Ok((hash, raw_bytes, Place { layer, block }))
    }
}

/// Bytes of all children, if a `u64` holds them.
pub(super) fn total(children: &[Child]) -> Result<u64, ListError> {
    children.iter().try_fold(0_u64, |total, child| {
        let raw_bytes = child.raw_bytes();
        total.checked_add(raw_bytes).ok_or(ListError::Length { raw_bytes })
    })
}
