//! From a byte of the log to the block that holds it.

use ply_types::Fault;
use thiserror::Error;

use crate::flat::{LENGTH_MAX, NodeIndex, full_roots};
use crate::node::Node;
use crate::proof::{ProofError, Verified};

/// A byte of a log, as block and offset inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The block.
    pub block: u64,
    /// Bytes of the block before the one sought.
    pub offset: u64,
}

/// Why a byte cannot be found. `E` is what the caller's own store of nodes says.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SeekError<E> {
    /// The log is longer than any may be.
    #[error("a log of {length} blocks exceeds {LENGTH_MAX}")]
    TooLong {
        /// Its length.
        length: u64,
    },
    /// The log has no such byte.
    #[error("byte {byte_offset} lies beyond a log of {bytes} bytes")]
    Beyond {
        /// The byte sought.
        byte_offset: u64,
        /// Bytes of the log.
        bytes: u64,
    },
    /// A node on the way is not held.
    #[error("node {index} of the tree is not held")]
    Missing {
        /// Which one.
        index: NodeIndex,
    },
    /// A node claims more bytes than its parent, or the roots more than can be counted.
    #[error("node {index} of the tree has a wrong count of bytes")]
    Inconsistent {
        /// Which one.
        index: NodeIndex,
    },
    /// The store of nodes refused.
    #[error("node {index} of the tree cannot be read")]
    Store {
        /// Which one.
        index: NodeIndex,
        /// What the store said.
        source: E,
    },
}

impl<E> SeekError<E> {
    /// What the caller can do about it; `of_store` says it for errors of the store.
    pub fn fault(&self, of_store: impl FnOnce(&E) -> Fault) -> Fault {
        match self {
            Self::TooLong { .. } | Self::Beyond { .. } => Fault::Invalid,
            Self::Missing { .. } => Fault::Absent,
            Self::Inconsistent { .. } => Fault::Corrupt,
            Self::Store { source, .. } => of_store(source),
        }
    }
}

/// Finds the block that holds a byte. Reads the roots up to it and one node for each level below;
/// blocks without bytes are passed over.
pub fn seek<E>(
    byte_offset: u64,
    length: u64,
    nodes: &impl Fn(NodeIndex) -> Result<Option<Node>, E>,
) -> Result<Place, SeekError<E>> {
    let bytes_under = |index| match nodes(index) {
        Ok(Some(node)) => Ok(node.bytes),
        Ok(None) => Err(SeekError::Missing { index }),
        Err(source) => Err(SeekError::Store { index, source }),
    };
    let mut end = 0_u64;
    for root in full_roots(length).ok_or(SeekError::TooLong { length })? {
        let (start, bytes) = (end, bytes_under(root)?);
        end = start.checked_add(bytes).ok_or(SeekError::Inconsistent { index: root })?;
        if byte_offset < end {
            return descend(root, bytes, byte_offset - start, bytes_under);
        }
    }
    Err(SeekError::Beyond { byte_offset, bytes: end })
}

/// Goes down from a node that holds the byte. Invariant: `offset < bytes`, the bytes under `index`.
fn descend<E>(
    mut index: NodeIndex,
    mut bytes: u64,
    mut offset: u64,
    bytes_under: impl Fn(NodeIndex) -> Result<u64, SeekError<E>>,
) -> Result<Place, SeekError<E>> {
    while let Some((left, right)) = index.children() {
        let left_bytes = bytes_under(left)?;
        if bytes < left_bytes {
            return Err(SeekError::Inconsistent { index: left });
        }
        (index, bytes, offset) = match offset.checked_sub(left_bytes) {
            None => (left, left_bytes, offset),
            Some(offset) => (right, bytes - left_bytes, offset),
        };
    }
    Ok(Place { block: index.span().start, offset })
}

/// Checks the answer to a seek: finds the byte in blocks that were proved within a whole tree. One
/// block is enough, as left of it the proof accounts for every byte.
pub fn verify_seek(byte_offset: u64, verified: &Verified) -> Result<Place, ProofError> {
    let outside = ProofError::ByteOutside { byte_offset };
    let Some(mut start) = verified.byte_start() else { return Err(outside) };
    let range = verified.range();
    for node in verified.nodes() {
        let Some(block) = node.index.block().filter(|block| range.contains(block)) else {
            continue;
        };
        match byte_offset.checked_sub(start) {
            None => return Err(outside),
            Some(offset) if offset < node.bytes => return Ok(Place { block, offset }),
            // Verified bytes of one tree: their sum was counted before.
            Some(_) => start = start.saturating_add(node.bytes),
        }
    }
    Err(outside)
}
