//! The asker's side: what goes in may be anything, what comes out is true.

use std::ops::Range;

use ply_types::{Fault, LeafHash, TreeHash};
use thiserror::Error;

use super::RangeProof;
use super::shape::{Part, ShapeError, UNCLES_MAX, Within, part, tops, uncle_indices};
use crate::flat::NodeIndex;
use crate::node::{Node, ParentError, parent, roots_hash};

/// What the asker knew before, for instance from a signed head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trusted {
    /// A whole tree.
    Tree {
        /// Number of blocks.
        length: u64,
        /// Bytes of all blocks.
        bytes: u64,
        /// Hash over all roots.
        root: TreeHash,
    },
    /// One node, itself verified earlier.
    Node(Node),
}

/// Nodes that follow from what was trusted. Made by [`verify`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    range: Range<u64>,
    nodes: Vec<Node>,
    byte_start: Option<u64>,
}

/// Why a proof is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// The proof is about a range that does not exist.
    #[error("the proof is about a range that does not exist: {0}")]
    Shape(#[from] ShapeError),
    /// The proof leads up to something other than what is trusted.
    #[error("the proof leads to {found:?}, and {trusted:?} is trusted")]
    OtherTop {
        /// Where it leads.
        found: Within,
        /// What is trusted.
        trusted: Within,
    },
    /// There are not as many leaves as blocks in the range.
    #[error("a proof for {expected} blocks came with {found} leaves")]
    LeafCount {
        /// Blocks in the range.
        expected: u64,
        /// Leaves given.
        found: usize,
    },
    /// There are not as many uncles as the range needs.
    #[error("the proof has {found} uncles and must have {expected}")]
    UncleCount {
        /// How many belong to the range.
        expected: usize,
        /// How many came.
        found: usize,
    },
    /// The claimed bytes cannot be counted.
    #[error("the proof claims too many bytes: {0}")]
    Bytes(#[from] ParentError),
    /// The bytes of all roots are not those of the trusted tree.
    #[error("the roots hold {found:?} bytes, and the tree {trusted}")]
    OtherBytes {
        /// Sum of the roots; `None` where it does not fit in 64 bits.
        found: Option<u64>,
        /// What is trusted.
        trusted: u64,
    },
    /// The roots do not hash to the trusted tree.
    #[error("the blocks do not belong to the tree: it is {trusted}, and the proof gives {found}")]
    OtherTree {
        /// What leaves and proof give.
        found: TreeHash,
        /// What is trusted.
        trusted: TreeHash,
    },
    /// The top node is not the trusted one.
    #[error("the blocks do not belong under node {index}")]
    OtherNode {
        /// The trusted node.
        index: NodeIndex,
    },
    /// The byte sought does not lie in the proved blocks.
    #[error("byte {byte_offset} does not lie in the blocks that were proved")]
    ByteOutside {
        /// The byte sought.
        byte_offset: u64,
    },
}

impl ProofError {
    /// What the caller can do about it: whoever sent the proof is wrong.
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}

impl Trusted {
    /// Where a proof for this must lead.
    pub fn within(&self) -> Within {
        match *self {
            Self::Tree { length, .. } => Within::Tree { length },
            Self::Node(node) => Within::Node(node.index),
        }
    }

    /// Compares the rebuilt tops with what is trusted. This is the one door through which nodes
    /// become true.
    fn check(&self, tops: &[Node]) -> Result<(), ProofError> {
        match *self {
            Self::Tree { length, bytes, root } => {
                let sum = tops.iter().try_fold(0_u64, |sum, top| sum.checked_add(top.bytes));
                if sum != Some(bytes) {
                    return Err(ProofError::OtherBytes { found: sum, trusted: bytes });
                }
                let found = roots_hash(length, tops);
                if found != root {
                    return Err(ProofError::OtherTree { found, trusted: root });
                }
                Ok(())
            }
            Self::Node(node) if tops == [node] => Ok(()),
            Self::Node(node) => Err(ProofError::OtherNode { index: node.index }),
        }
    }
}

impl Verified {
    /// The blocks that were proved.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// Every node that is now known: uncles, leaves, all between them, and the tops. From left to
    /// right, children before parents.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Gives the nodes away.
    pub fn into_nodes(self) -> Vec<Node> {
        self.nodes
    }

    /// The byte at which the range starts in the log; `None` where the proof ended at a node.
    pub fn byte_start(&self) -> Option<u64> {
        self.byte_start
    }
}

/// Rebuilds tops from left to right out of leaves and uncles. Nothing it holds is known to be true.
struct Rebuild<'proof, U, L> {
    range: &'proof Range<u64>,
    uncles: U,
    leaves: L,
    nodes: Vec<Node>,
}

impl<U: Iterator<Item = Node>, L: Iterator<Item = Node>> Rebuild<'_, U, L> {
    /// `None` where leaves or uncles run out, which the counts exclude. As deep as the tree is
    /// high.
    fn node(&mut self, index: NodeIndex) -> Option<Result<Node, ParentError>> {
        let node = match (part(index, self.range), index.children()) {
            (Part::Beside, _) => self.uncles.next()?,
            (Part::Inside | Part::Across, None) => self.leaves.next()?,
            (Part::Inside | Part::Across, Some((left, right))) => {
                let children = (self.node(left)?, self.node(right)?);
                let (Ok(left), Ok(right)) = children else {
                    return Some(children.0.and(children.1));
                };
                match parent(&left, &right) {
                    Ok(node) => node,
                    Err(error) => return Some(Err(error)),
                }
            }
        };
        self.nodes.push(node);
        Some(Ok(node))
    }
}

/// Checks a proof against what is trusted. `leaves` are hash and bytes of each block of the range,
/// in order, computed from the blocks themselves.
pub fn verify(
    proof: &RangeProof,
    leaves: &[(LeafHash, u64)],
    trusted: Trusted,
) -> Result<Verified, ProofError> {
    let (range, within) = (&proof.range, proof.within);
    if within != trusted.within() {
        return Err(ProofError::OtherTop { found: within, trusted: trusted.within() });
    }
    let tops = tops(range, within)?;
    let indices = uncle_indices(range, within)?;
    let (block_count, uncle_count) = (range.end - range.start, proof.uncles.len());
    if leaves.len() as u64 != block_count {
        return Err(ProofError::LeafCount { expected: block_count, found: leaves.len() });
    }
    if uncle_count != indices.len() {
        return Err(ProofError::UncleCount { expected: indices.len(), found: uncle_count });
    }
    let uncle = |(&index, &(hash, bytes)): (&NodeIndex, &_)| Node { index, hash, bytes };
    let leaf = |(block, &(hash, bytes)): (u64, &_)| Node::leaf(block, hash, bytes);
    let mut rebuild = Rebuild {
        range,
        uncles: indices.iter().zip(&proof.uncles).map(uncle),
        leaves: range.clone().zip(leaves).filter_map(leaf),
        nodes: Vec::with_capacity(2 * leaves.len() + 2 * UNCLES_MAX),
    };
    let mut found = Vec::with_capacity(tops.len());
    for top in tops {
        match rebuild.node(top) {
            Some(node) => found.push(node?),
            None => return Err(ProofError::OtherNode { index: top }),
        }
    }
    trusted.check(&found)?;
    let nodes = rebuild.nodes;
    // Bytes of nodes that do not overlap in a verified tree: no more than the tree's own sum.
    let before = indices.iter().zip(&proof.uncles).filter(|(i, _)| i.span().end <= range.start);
    let byte_start = match within {
        Within::Tree { .. } => Some(before.map(|(_, &(_, bytes))| bytes).sum()),
        Within::Node(_) => None,
    };
    Ok(Verified { range: range.clone(), nodes, byte_start })
}
