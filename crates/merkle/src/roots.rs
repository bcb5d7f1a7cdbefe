//! The roots of a growing log: all that is needed to append to it and to name it.

use ply_types::{Fault, LeafHash, NodeHash, TreeHash};
use thiserror::Error;

use crate::flat::{LENGTH_MAX, full_roots};
use crate::node::{Node, parent, roots_hash};

/// The roots of a log of some length.
///
/// Invariant: the nodes stand exactly where [`full_roots`] of the length puts them, and their bytes
/// add up to `bytes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots {
    length: u64,
    bytes: u64,
    nodes: Vec<Node>,
}

/// Why roots cannot be had or cannot grow.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RootsError {
    /// The log has, or would get, more blocks than any may.
    #[error("a log of {length} blocks exceeds {LENGTH_MAX}")]
    TooLong {
        /// The length asked for.
        length: u64,
    },
    /// A log of that length has another number of roots.
    #[error("a log of {length} blocks has {expected} roots, not {found}")]
    RootCount {
        /// The length.
        length: u64,
        /// How many roots belong to it.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// The bytes of all blocks do not fit in 64 bits.
    #[error("the bytes of {length} blocks cannot be counted in 64 bits")]
    TooManyBytes {
        /// Length of the log.
        length: u64,
    },
}

impl RootsError {
    /// What the caller can do about it. Roots that came from a peer or a disk are for the caller to
    /// blame on them.
    pub fn fault(&self) -> Fault {
        Fault::Invalid
    }
}

impl Roots {
    /// The roots of an empty log: none.
    pub const fn new() -> Self {
        Self { length: 0, bytes: 0, nodes: Vec::new() }
    }

    /// Takes hash and bytes of each root, from left to right.
    ///
    /// The hashes are believed; compare [`Roots::hash`] with a signed one before relying on them.
    pub fn from_parts(length: u64, parts: Vec<(NodeHash, u64)>) -> Result<Self, RootsError> {
        let indices = full_roots(length).ok_or(RootsError::TooLong { length })?;
        let expected = length.count_ones() as usize;
        if parts.len() != expected {
            return Err(RootsError::RootCount { length, expected, found: parts.len() });
        }
        let nodes: Vec<Node> =
            indices.zip(parts).map(|(index, (hash, bytes))| Node { index, hash, bytes }).collect();
        let bytes = nodes
            .iter()
            .try_fold(0_u64, |sum, root| sum.checked_add(root.bytes))
            .ok_or(RootsError::TooManyBytes { length })?;
        Ok(Self { length, bytes, nodes })
    }

    /// Number of blocks.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Bytes of all blocks.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The roots from left to right.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Names the whole tree: what a head signs.
    pub fn hash(&self) -> TreeHash {
        roots_hash(self.length, &self.nodes)
    }

    /// Appends a block. Calls `created` for its leaf and then for each parent that is now complete,
    /// from the lowest up. On an error nothing has changed and nothing was called.
    pub fn push(
        &mut self,
        hash: LeafHash,
        block_bytes: u64,
        mut created: impl FnMut(Node),
    ) -> Result<(), RootsError> {
        let length = self.length + 1;
        let leaf = Node::leaf(self.length, hash, block_bytes);
        let mut node = leaf.ok_or(RootsError::TooLong { length })?;
        let error = RootsError::TooManyBytes { length };
        // No parent holds more than all blocks together, so below this line no sum can overflow.
        let bytes = self.bytes.checked_add(block_bytes).ok_or(error)?;
        created(node);
        while let Some(left) = self.nodes.last() {
            // The new node completes a parent just where the last root is its sibling.
            let Ok(complete) = parent(left, &node) else { break };
            self.nodes.pop();
            created(complete);
            node = complete;
        }
        self.nodes.push(node);
        (self.length, self.bytes) = (length, bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::leaf_hash;

    #[test]
    fn parts_that_do_not_fit_the_length_are_refused() {
        let part = (NodeHash([1; 32]), u64::MAX);
        let error = RootsError::RootCount { length: 3, expected: 2, found: 1 };
        assert_eq!(Roots::from_parts(3, vec![part]), Err(error));
        let error = RootsError::TooManyBytes { length: 3 };
        assert_eq!(Roots::from_parts(3, vec![part, part]), Err(error));
        let error = RootsError::TooLong { length: u64::MAX };
        assert_eq!(Roots::from_parts(u64::MAX, Vec::new()), Err(error));
        assert_eq!(Roots::from_parts(0, Vec::new()), Ok(Roots::new()));
    }

    #[test]
    fn a_refused_block_changes_nothing() {
        let mut roots = Roots::new();
        roots.push(leaf_hash(b"a"), u64::MAX, drop).expect("the first block fits");
        let before = roots.clone();
        let refused = roots.push(leaf_hash(b"b"), 1, |_| panic!("nothing is created"));
        assert_eq!(refused, Err(RootsError::TooManyBytes { length: 2 }));
        assert_eq!(roots, before);

        let mut full = Roots::from_parts(LENGTH_MAX, vec![(NodeHash([1; 32]), 0)]).expect("full");
        let refused = full.push(leaf_hash(b"b"), 1, |_| panic!("nothing is created"));
        assert_eq!(refused, Err(RootsError::TooLong { length: LENGTH_MAX + 1 }));
    }
}
