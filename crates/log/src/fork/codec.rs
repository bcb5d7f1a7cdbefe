//! Fork proofs as bytes.
//!
//! ```text
//! proof   ┌──────────────┬─────────┬─────────┐
//!         │ position: u64│ branch a│ branch b│
//!         └──────────────┴─────────┴─────────┘
//! branch  ┌────────────┬───────────┬────────────────┬────────────────┬───────┐
//!         │ head: 144 B│ leaf: 32 B│ leaf bytes: u64│ uncle count: u8│ uncles│
//!         └────────────┴───────────┴────────────────┴────────────────┴───────┘
//! uncle   ┌───────────┬───────────┐
//!         │ hash: 32 B│ bytes: u64│
//!         └───────────┴───────────┘
//! ```
//!
//! Integers are little-endian.

use ply_merkle::UNCLES_MAX;
use ply_types::{Fault, LeafHash, NodeHash};
use thiserror::Error;

use super::{Branch, ForkProof};
use crate::cursor::Cursor;
use crate::head::{SIGNED_HEAD_BYTES, SignedHead};

const UNCLE_BYTES: usize = 32 + 8;

/// Longest encoded fork proof: about 10 KiB.
pub const FORK_BYTES_MAX: usize =
    8 + 2 * (SIGNED_HEAD_BYTES + 32 + 8 + 1 + UNCLES_MAX * UNCLE_BYTES);

const _: () = assert!(UNCLES_MAX <= u8::MAX as usize, "the count of uncles is one byte");

/// Why bytes are not a fork proof, or a fork proof cannot be written.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForkCodecError {
    /// The bytes end too early, or go on after the proof.
    #[error("a fork proof has the wrong length, {found} bytes")]
    Size {
        /// How many there are.
        found: usize,
    },
    /// More uncles than any proof has.
    #[error("a fork proof with {found} uncles exceeds {UNCLES_MAX}")]
    TooManyUncles {
        /// How many there are, or are promised.
        found: usize,
    },
}

impl ForkCodecError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}

impl Branch {
    fn put(&self, bytes: &mut Vec<u8>) -> Result<(), ForkCodecError> {
        let found = self.uncles.len();
        let count = u8::try_from(found).ok().filter(|_| found <= UNCLES_MAX);
        let count = count.ok_or(ForkCodecError::TooManyUncles { found })?;
        bytes.extend(self.head.to_bytes());
        bytes.extend(self.leaf.0);
        bytes.extend(self.leaf_bytes.to_le_bytes());
        bytes.push(count);
        for (hash, under) in &self.uncles {
            bytes.extend(hash.0);
            bytes.extend(under.to_le_bytes());
        }
        Ok(())
    }

    /// `None` where the bytes end too early.
    fn take(cursor: &mut Cursor<'_>) -> Option<Result<Self, ForkCodecError>> {
        let head = SignedHead::take(cursor)?;
        let (leaf, leaf_bytes) = (LeafHash(cursor.array()?), cursor.u64()?);
        let found = usize::from(cursor.u8()?);
        if UNCLES_MAX < found {
            return Some(Err(ForkCodecError::TooManyUncles { found }));
        }
        let uncles = (0..found).map(|_| Some((NodeHash(cursor.array()?), cursor.u64()?)));
        let uncles = uncles.collect::<Option<_>>()?;
        Some(Ok(Self { head, leaf, leaf_bytes, uncles }))
    }
}

impl ForkProof {
    /// The encoded form, at most [`FORK_BYTES_MAX`] long.
    pub fn encode(&self) -> Result<Vec<u8>, ForkCodecError> {
        let mut bytes = self.position.to_le_bytes().to_vec();
        self.a.put(&mut bytes)?;
        self.b.put(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads what [`ForkProof::encode`] wrote, and nothing else. Checks no signature.
    pub fn decode(bytes: &[u8]) -> Result<Self, ForkCodecError> {
        let size = ForkCodecError::Size { found: bytes.len() };
        let mut cursor = Cursor::new(bytes);
        let position = cursor.u64().ok_or(size)?;
        let a = Branch::take(&mut cursor).ok_or(size)??;
        let b = Branch::take(&mut cursor).ok_or(size)??;
        if cursor.is_empty() { Ok(Self { position, a, b }) } else { Err(size) }
    }
}
