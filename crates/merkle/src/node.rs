//! Nodes and how they are hashed.
//!
//! ```text
//! leaf    BLAKE3[leaf]   ( block bytes: u64 │ block )
//! parent  BLAKE3[parent] ( left hash: 32 │ left bytes: u64 │ right hash: 32 │ right bytes: u64 )
//! roots   BLAKE3[roots]  ( length: u64 │ for each root: index: u64 │ hash: 32 │ bytes: u64 )
//! ```
//!
//! All integers are little-endian; `[…]` is the `derive_key` mode of BLAKE3 with the context below.

use ply_types::{Fault, LeafHash, NodeHash, TreeHash};
use thiserror::Error;

use crate::flat::NodeIndex;

const LEAF_CONTEXT: &str = "plywood 2026-11 merkle leaf";
const PARENT_CONTEXT: &str = "plywood 2026-11 merkle parent";
const ROOTS_CONTEXT: &str = "plywood 2026-11 merkle roots";

/// One node of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// Where it stands.
    pub index: NodeIndex,
    /// What is under it. For a leaf, the bytes of its [`LeafHash`].
    pub hash: NodeHash,
    /// Bytes of all blocks under it.
    pub bytes: u64,
}

/// Why two nodes have no parent.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ParentError {
    /// They are not the left and the right child of one node.
    #[error("nodes {left} and {right} are not the two children of one node")]
    NotSiblings {
        /// The node given as left.
        left: NodeIndex,
        /// The node given as right.
        right: NodeIndex,
    },
    /// Together they claim more bytes than can be counted.
    #[error("the bytes under nodes {left} and {right} cannot be counted in 64 bits")]
    TooManyBytes {
        /// The left node.
        left: NodeIndex,
        /// The right node.
        right: NodeIndex,
    },
}

impl ParentError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        Fault::Invalid
    }
}

impl Node {
    /// The node of a block; `None` at or beyond [`crate::LENGTH_MAX`].
    pub fn leaf(block: u64, hash: LeafHash, bytes: u64) -> Option<Self> {
        Some(Self { index: NodeIndex::leaf(block)?, hash: NodeHash(hash.0), bytes })
    }
}

/// Hashes one block, as it is stored and sent: whoever cannot read it can still check it.
///
/// The length goes in first, so that it is fixed before the content.
pub fn leaf_hash(block: &[u8]) -> LeafHash {
    let mut hasher = blake3::Hasher::new_derive_key(LEAF_CONTEXT);
    let block_bytes = block.len() as u64;
    hasher.update(&block_bytes.to_le_bytes()).update(block);
    LeafHash(*hasher.finalize().as_bytes())
}

/// The node above two siblings.
pub fn parent(left: &Node, right: &Node) -> Result<Node, ParentError> {
    let index = match left.index.parent() {
        Some(index) if index.children() == Some((left.index, right.index)) => index,
        _ => return Err(ParentError::NotSiblings { left: left.index, right: right.index }),
    };
    let bytes = left
        .bytes
        .checked_add(right.bytes)
        .ok_or(ParentError::TooManyBytes { left: left.index, right: right.index })?;
    let mut hasher = blake3::Hasher::new_derive_key(PARENT_CONTEXT);
    for child in [left, right] {
        hasher.update(&child.hash.0).update(&child.bytes.to_le_bytes());
    }
    Ok(Node { index, hash: NodeHash(*hasher.finalize().as_bytes()), bytes })
}

/// Hashes the roots of a tree, given from left to right.
pub(crate) fn roots_hash(length: u64, roots: &[Node]) -> TreeHash {
    let mut hasher = blake3::Hasher::new_derive_key(ROOTS_CONTEXT);
    hasher.update(&length.to_le_bytes());
    for root in roots {
        hasher
            .update(&root.index.value().to_le_bytes())
            .update(&root.hash.0)
            .update(&root.bytes.to_le_bytes());
    }
    TreeHash(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_siblings_in_their_order_have_a_parent() {
        let leaf = |block| Node::leaf(block, leaf_hash(b"x"), 1).expect("a leaf");
        assert!(parent(&leaf(0), &leaf(1)).is_ok());
        for (left, right) in [(1, 0), (1, 2), (0, 0), (0, 2)] {
            let (left, right) = (leaf(left), leaf(right));
            let error = ParentError::NotSiblings { left: left.index, right: right.index };
            assert_eq!(parent(&left, &right), Err(error));
        }
    }

    #[test]
    fn bytes_that_cannot_be_counted_are_refused() {
        let leaf = |block, bytes| Node::leaf(block, leaf_hash(b"x"), bytes).expect("a leaf");
        let sum = parent(&leaf(0, u64::MAX - 1), &leaf(1, 1));
        assert_eq!(sum.map(|node| node.bytes), Ok(u64::MAX));
        let error = parent(&leaf(0, u64::MAX), &leaf(1, 1));
        assert!(matches!(error, Err(ParentError::TooManyBytes { .. })));
    }
}
