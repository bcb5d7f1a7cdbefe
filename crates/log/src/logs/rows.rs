//! Keys and values of a log's rows.
//!
//! ```text
//! Log    log: 32 │ 'h'            → signed head: 144
//!        log: 32 │ 'r'            → length: u64 │ for each root: hash: 32, bytes: u64
//! Block  log: 32 │ block: u64     → leaf hash: 32 │ location: 12      while it is held
//!                                 → leaf hash: 32 │ bytes: u64        when only its leaf is known
//! Node   log: 32 │ index: u64     → hash: 32 │ bytes: u64
//! Have   log: 32                  → contiguous: u64
//!        log: 32 │ page: u32      → page of a have-map
//! ```
//!
//! Numbers in keys are big-endian, so that rows are in the order of blocks; those in values are
//! little-endian.

use ply_engine::{LOCATION_BYTES, Location};
use ply_merkle::{Node, NodeIndex, Roots};
use ply_types::{LeafHash, LogKey, NodeHash};

use crate::cursor::Cursor;

/// Bytes of the row of a block that is held.
pub const BLOCK_ROW_BYTES: usize = 32 + LOCATION_BYTES;

/// What is known of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRow {
    /// Its leaf hash.
    pub leaf: LeafHash,
    /// Its length.
    pub bytes: u64,
    /// Where it is held; `None` when it was cleared, or only its leaf came with a proof.
    pub at: Option<Location>,
}

impl BlockRow {
    /// The row's value.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.leaf.0.to_vec();
        match self.at {
            Some(at) => bytes.extend(at.to_bytes()),
            None => bytes.extend(self.bytes.to_le_bytes()),
        }
        bytes
    }

    /// Reads a row's value; `None` when it is malformed.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let leaf = LeafHash(cursor.array()?);
        let (bytes, at) = if bytes.len() == BLOCK_ROW_BYTES {
            let at = Location::from_bytes(cursor.array()?);
            (u64::from(at.bytes), Some(at))
        } else {
            (cursor.u64()?, None)
        };
        cursor.is_empty().then_some(Self { leaf, bytes, at })
    }
}

fn numbered(log: &LogKey, number: u64) -> Vec<u8> {
    [log.0.as_slice(), &number.to_be_bytes()].concat()
}

/// The key of a block's row.
pub fn block_row_key(log: &LogKey, block: u64) -> Vec<u8> {
    numbered(log, block)
}

/// The block that a row's key names.
pub(super) fn block_of_key(key: &[u8]) -> Option<u64> {
    key.last_chunk().copied().map(u64::from_be_bytes)
}

pub(super) fn node_key(log: &LogKey, index: NodeIndex) -> Vec<u8> {
    numbered(log, index.value())
}

/// The key of the first node that stands over no block before `length`.
pub(super) fn node_key_from(log: &LogKey, length: u64) -> Vec<u8> {
    numbered(log, length.saturating_mul(2))
}

pub(super) fn head_key(log: &LogKey) -> Vec<u8> {
    [log.0.as_slice(), b"h"].concat()
}

pub(super) fn roots_key(log: &LogKey) -> Vec<u8> {
    [log.0.as_slice(), b"r"].concat()
}

pub(super) fn have_key(log: &LogKey) -> Vec<u8> {
    log.0.to_vec()
}

pub(super) fn have_page_key(log: &LogKey, page: u32) -> Vec<u8> {
    [log.0.as_slice(), &page.to_be_bytes()].concat()
}

/// The page that a row's key names; `None` for the row of the prefix.
pub(super) fn page_of_key(key: &[u8]) -> Option<u32> {
    key.get(32..)?.try_into().ok().map(u32::from_be_bytes)
}

fn hash_and_bytes(hash: NodeHash, bytes: u64) -> Vec<u8> {
    [hash.0.as_slice(), &bytes.to_le_bytes()].concat()
}

pub(super) fn node_to_bytes(node: &Node) -> Vec<u8> {
    hash_and_bytes(node.hash, node.bytes)
}

pub(super) fn node_from_bytes(index: NodeIndex, bytes: &[u8]) -> Option<Node> {
    let mut cursor = Cursor::new(bytes);
    let (hash, bytes) = (NodeHash(cursor.array()?), cursor.u64()?);
    cursor.is_empty().then_some(Node { index, hash, bytes })
}

pub(super) fn roots_to_bytes(roots: &Roots) -> Vec<u8> {
    let parts = roots.nodes().iter().flat_map(|root| hash_and_bytes(root.hash, root.bytes));
    roots.length().to_le_bytes().into_iter().chain(parts).collect()
}

pub(super) fn roots_from_bytes(bytes: &[u8]) -> Option<Roots> {
    let mut cursor = Cursor::new(bytes);
    let length = cursor.u64()?;
    let mut parts = Vec::new();
    while !cursor.is_empty() {
        parts.push((NodeHash(cursor.array()?), cursor.u64()?));
    }
    Roots::from_parts(length, parts).ok()
}

#[cfg(test)]
mod fuzz;
