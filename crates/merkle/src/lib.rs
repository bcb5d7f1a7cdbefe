//! The Merkle tree of a log: its shape, its roots, proofs for ranges of blocks, and byte seek.
//!
//! A log of blocks is hashed into a tree whose nodes never change once all blocks under them are
//! there. Nodes are numbered as one reads a drawing of the tree from left to right: block `i` is
//! node `2i`, and the nodes above stand on the odd numbers between.
//!
//! ```text
//! level 2          3
//!              ┌───┴───┐
//! level 1      1       5
//!            ┌─┴─┐   ┌─┴─┐
//! level 0    0   2   4   6   8      index of each node
//!           b0  b1  b2  b3  b4      its block
//! ```
//!
//! A log of five blocks has two **roots**, 3 and 8: the largest complete subtrees, from left to
//! right. One hash over all roots and the length names the whole tree ([`Roots::hash`]); a log's
//! head signs it. Each node also carries the number of bytes under it, hashed in, so that a byte
//! offset can be found with proof ([`seek()`]).
//!
//! # Where this sits
//!
//! Rank 1, pure: no I/O, no clock, no tasks. Nodes come from a function that the caller brings.
//!
//! # Invariants
//!
//! - A [`Verified`] comes from [`verify`] alone: each node in it follows from what was trusted.
//! - Leaf, parent and set of roots are hashed under contexts of their own, so none can pass for
//!   another.
//! - No [`NodeIndex`] lies outside the tree of [`LENGTH_MAX`] blocks, so index arithmetic cannot
//!   overflow.
//! - Nothing is allocated on the word of a proof: what it must hold follows from the question, and
//!   is compared before any of it is used.
//!
//! # Not here
//!
//! - Signatures, and where nodes are kept: `log`.
//! - Whether a block has as many bytes as its leaf says: whoever holds the block compares them.

mod flat;
mod node;
mod proof;
mod roots;
mod seek;

pub use flat::{LENGTH_MAX, LEVEL_MAX, NodeIndex, full_roots};
pub use node::{Node, ParentError, leaf_hash, parent};
pub use proof::{
    ProofError, ProveError, RangeProof, ShapeError, Trusted, UNCLES_MAX, Verified, Within, prove,
    uncle_indices, verify,
};
pub use roots::{Roots, RootsError};
pub use seek::{Place, SeekError, seek, verify_seek};
