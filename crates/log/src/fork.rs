//! Proof that a writer signed two histories.
//!
//! A log only grows, so of any two heads that its writer signed, the longer tree contains the
//! shorter. Where one block position holds different leaves under two signed heads, the writer
//! broke that promise, and two inclusion proofs of the position show it to everybody for ever.
//!
//! # What is claimed
//!
//! - The writer signed both heads, and the block at `position` differs. Both are certain.
//! - So what the branches have **in common ends at `position` or earlier**. Proofs about different
//!   positions may exist for one fork; the one with the smallest says most ([`shortest`]).
//! - Both proofs also bring the same subtrees left of the position. Where these agree, all earlier
//!   blocks agree, and this is the first difference ([`Fork::is_first`]). Where they do not, an
//!   earlier difference exists, and this proof does not say where.

mod codec;

use ply_merkle::{ProofError, RangeProof, Within, verify};
use ply_types::{Fault, LeafHash, LogKey, NodeHash};
use thiserror::Error;

pub use codec::{FORK_BYTES_MAX, ForkCodecError};

use crate::head::{HeadError, SignedHead};

/// One of the two histories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its head.
    pub head: SignedHead,
    /// Leaf hash of the block at the position.
    pub leaf: LeafHash,
    /// Bytes of that block.
    pub leaf_bytes: u64,
    /// The uncles of that one block within the whole tree of the head, as in
    /// [`RangeProof::uncles`].
    pub uncles: Vec<(NodeHash, u64)>,
}

/// Two signed heads of one log that differ at one block. Worth nothing until [`ForkProof::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkProof {
    /// The block at which they differ.
    pub position: u64,
    /// One history.
    pub a: Branch,
    /// The other.
    pub b: Branch,
}

/// What a [`ForkProof`] shows. Made by [`ForkProof::check`] alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Fork {
    /// The log whose writer signed both.
    pub log: LogKey,
    /// The branches have at most this many blocks in common.
    pub common: u64,
    /// Whether they have exactly `common` blocks in common.
    pub is_first: bool,
}

/// Why a fork proof shows nothing. It then says nothing against the writer either.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForkError {
    /// The heads are of two logs.
    #[error("the heads are of two logs, {a} and {b}")]
    OtherLog {
        /// Log of the one head.
        a: LogKey,
        /// Log of the other.
        b: LogKey,
    },
    /// The writer did not sign one of the heads.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// A block does not belong to its head.
    #[error("block {position} of log {log} at length {length}")]
    Proof {
        /// The log.
        log: LogKey,
        /// Length of the head that was to contain the block.
        length: u64,
        /// The block.
        position: u64,
        /// What is wrong with the proof.
        source: ProofError,
    },
    /// Both branches have the same block there.
    #[error("both heads of log {log} have the same block {position}")]
    Same {
        /// The log.
        log: LogKey,
        /// The block.
        position: u64,
    },
}

impl ForkError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}

impl Branch {
    fn check(&self, position: u64) -> Result<(), ForkError> {
        let head = self.head.verify()?;
        let (log, length) = (head.head().log, head.head().length);
        let proof = RangeProof {
            range: position..position.saturating_add(1),
            within: Within::Tree { length },
            uncles: self.uncles.clone(),
        };
        let leaves = [(self.leaf, self.leaf_bytes)];
        verify(&proof, &leaves, head.trusted()).map(drop).map_err(|source| ForkError::Proof {
            log,
            length,
            position,
            source,
        })
    }
}

impl ForkProof {
    /// Checks both signatures, both inclusion proofs and that the blocks differ.
    pub fn check(&self) -> Result<Fork, ForkError> {
        let Self { position, a, b } = self;
        let (log, other, position) = (a.head.head.log, b.head.head.log, *position);
        if log != other {
            return Err(ForkError::OtherLog { a: log, b: other });
        }
        if (a.leaf, a.leaf_bytes) == (b.leaf, b.leaf_bytes) {
            return Err(ForkError::Same { log, position });
        }
        a.check(position)?;
        b.check(position)?;
        // One subtree left of a position for each one bit of it, the same in every tree that holds
        // it.
        let left = position.count_ones() as usize;
        let is_first = a.uncles.iter().take(left).eq(b.uncles.iter().take(left));
        Ok(Fork { log, common: position, is_first })
    }
}

/// Of several forks of one log, the one that counts: which leaves least in common.
pub fn shortest(forks: impl IntoIterator<Item = Fork>) -> Option<Fork> {
    forks.into_iter().min_by_key(|fork| (fork.common, fork.is_first))
}
