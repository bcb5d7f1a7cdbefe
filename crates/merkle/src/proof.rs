//! Proofs that blocks belong to a tree.
//!
//! A proof for the blocks `a..b` brings the **uncles**: the largest complete subtrees beside the
//! range. With the leaves of the range they rebuild everything up to what the asker trusts already,
//! be it the hash of all roots or one node. Which uncles these are, and in which order, follows
//! from the question alone ([`uncle_indices`]), so a proof holds hashes and byte counts, and no
//! index.
//!
//! ```text
//! blocks 2..3 within the tree of 5 blocks:       uncles 1, 6, 8
//!
//!              3                                 uncle 6 and leaf 4 give 5,
//!          ┌───┴───┐                             uncle 1 and 5 give 3,
//!         [1]      5                             3 and uncle 8 are all roots
//!        ┌─┴─┐   ┌─┴─┐
//!        0   2  (4) [6] [8]
//! ```
//!
//! An empty range `p..p` is a question too: its uncles left of `p` are the roots of the tree of `p`
//! blocks, so such a proof shows that one tree grew out of the other.

mod prove;
mod shape;
mod verify;

use std::ops::Range;

use ply_types::NodeHash;

pub use prove::{ProveError, prove};
pub use shape::{ShapeError, UNCLES_MAX, Within, uncle_indices};
pub use verify::{ProofError, Trusted, Verified, verify};

/// Shows that a range of blocks belongs to a tree or to a subtree. Worth nothing until [`verify`]
/// took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeProof {
    /// The blocks.
    pub range: Range<u64>,
    /// What they belong to.
    pub within: Within,
    /// Hash and bytes of each uncle, in the order of [`uncle_indices`]; at most [`UNCLES_MAX`].
    pub uncles: Vec<(NodeHash, u64)>,
}
