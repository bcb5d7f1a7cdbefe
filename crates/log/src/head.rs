//! Heads: what the writer of a log says about all of it, in one signature.
//!
//! ```text
//! ┌──────────┬────────────┬───────────┬───────────┬────────────────┐
//! │ log: 32 B│ length: u64│ bytes: u64│ root: 32 B│ signature: 64 B│   144 bytes, little-endian
//! └──────────┴────────────┴───────────┴───────────┴────────────────┘
//! └────────────── signed: 80 bytes ───────────────┘
//! ```
//!
//! A head goes one way: a [`Head`] is signed, or a [`SignedHead`] is verified, and only then is
//! there a [`VerifiedHead`], which alone can be trusted in a proof.

use ply_merkle::{LENGTH_MAX, Roots, Trusted};
use ply_types::{Fault, LogKey, TreeHash};
use thiserror::Error;

use crate::cursor::Cursor;
use crate::sign::{SIGNATURE_BYTES, Signature, SignatureError, Signer, verify};

const HEAD_CONTEXT: &str = "plywood 2026-11 log head";

/// Bytes of a head without its signature: the message that is signed.
pub const HEAD_BYTES: usize = 32 + 8 + 8 + 32;

/// Bytes of a signed head.
pub const SIGNED_HEAD_BYTES: usize = HEAD_BYTES + SIGNATURE_BYTES;

const _: () = assert!(SIGNED_HEAD_BYTES == 144);

/// What a log looks like at some length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Head {
    /// Which log.
    pub log: LogKey,
    /// Number of blocks.
    pub length: u64,
    /// Bytes of all blocks.
    pub bytes: u64,
    /// Hash over all roots of the tree.
    pub root: TreeHash,
}

/// A head with a signature that nobody has checked yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignedHead {
    /// What is claimed.
    pub head: Head,
    /// By whom: to be checked against the log's key.
    pub signature: Signature,
}

/// A head that the writer of the log did sign. Made by [`Head::sign`] and [`SignedHead::verify`]
/// alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifiedHead {
    signed: SignedHead,
}

/// Why a head does not count.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadError {
    /// The bytes have the wrong length.
    #[error("a signed head has {SIGNED_HEAD_BYTES} bytes, not {found}")]
    Size {
        /// How many there are.
        found: usize,
    },
    /// The log has more blocks than any may.
    #[error("a head of log {log} claims {length} blocks, more than {LENGTH_MAX}")]
    TooLong {
        /// The log.
        log: LogKey,
        /// The claim.
        length: u64,
    },
    /// The writer of the log did not sign it.
    #[error("a head of log {log} at length {length} is not signed by its writer")]
    Signature {
        /// The log.
        log: LogKey,
        /// The length it claims.
        length: u64,
        /// What is wrong with the signature.
        source: SignatureError,
    },
    /// It was to be signed with the key of another log.
    #[error("log {log} cannot be signed with the key of {signer}")]
    OtherSigner {
        /// The log.
        log: LogKey,
        /// Whose key it was.
        signer: LogKey,
    },
}

impl HeadError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Size { .. } | Self::TooLong { .. } | Self::Signature { .. } => Fault::Peer,
            Self::OtherSigner { .. } => Fault::Invalid,
        }
    }
}

impl Head {
    /// Describes a log by the roots of its tree.
    pub fn new(log: LogKey, roots: &Roots) -> Self {
        Self { log, length: roots.length(), bytes: roots.bytes(), root: roots.hash() }
    }

    /// The bytes that are signed.
    pub fn to_bytes(&self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        let parts = [
            self.log.0.as_slice(),
            &self.length.to_le_bytes(),
            &self.bytes.to_le_bytes(),
            &self.root.0,
        ];
        for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }

    /// Signs, as the writer of the log.
    pub fn sign(self, signer: &Signer) -> Result<VerifiedHead, HeadError> {
        let Self { log, length, .. } = self;
        if signer.key() != log {
            return Err(HeadError::OtherSigner { log, signer: signer.key() });
        }
        if LENGTH_MAX < length {
            return Err(HeadError::TooLong { log, length });
        }
        let signature = signer.sign(HEAD_CONTEXT, &self.to_bytes());
        Ok(VerifiedHead { signed: SignedHead { head: self, signature } })
    }
}

impl SignedHead {
    /// Checks the signature and that such a log can exist.
    pub fn verify(self) -> Result<VerifiedHead, HeadError> {
        let Head { log, length, .. } = self.head;
        if LENGTH_MAX < length {
            return Err(HeadError::TooLong { log, length });
        }
        verify(&log, HEAD_CONTEXT, &self.head.to_bytes(), &self.signature)
            .map_err(|source| HeadError::Signature { log, length, source })?;
        Ok(VerifiedHead { signed: self })
    }

    /// The encoded form, as drawn above.
    pub fn to_bytes(&self) -> [u8; SIGNED_HEAD_BYTES] {
        let mut bytes = [0; SIGNED_HEAD_BYTES];
        let parts = [self.head.to_bytes().as_slice(), &self.signature.0].concat();
        for (to, from) in bytes.iter_mut().zip(parts) {
            *to = from;
        }
        bytes
    }

    /// Reads what [`SignedHead::to_bytes`] wrote. Checks no signature.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HeadError> {
        let size = HeadError::Size { found: bytes.len() };
        let mut cursor = Cursor::new(bytes);
        let head = Self::take(&mut cursor).ok_or(size)?;
        if cursor.is_empty() { Ok(head) } else { Err(size) }
    }

    pub(crate) fn take(cursor: &mut Cursor<'_>) -> Option<Self> {
        let head = Head {
            log: LogKey(cursor.array()?),
            length: cursor.u64()?,
            bytes: cursor.u64()?,
            root: TreeHash(cursor.array()?),
        };
        Some(Self { head, signature: Signature(cursor.array()?) })
    }
}

impl VerifiedHead {
    /// What the writer said.
    pub const fn head(&self) -> &Head {
        &self.signed.head
    }

    /// The head with its signature, for others.
    pub const fn signed(&self) -> &SignedHead {
        &self.signed
    }

    /// What proofs within this log are checked against.
    pub const fn trusted(&self) -> Trusted {
        let Head { length, bytes, root, .. } = self.signed.head;
        Trusted::Tree { length, bytes, root }
    }
}

#[cfg(test)]
mod tests {
    use ply_types::Seed;

    use super::*;

    fn signer() -> Signer {
        Signer::new(&Seed::new([7; 32]))
    }

    fn head() -> Head {
        Head { log: signer().key(), length: 5, bytes: 77, root: TreeHash([9; 32]) }
    }

    #[test]
    fn a_signed_head_comes_back_and_verifies() {
        let verified = head().sign(&signer()).expect("its own log");
        let bytes = verified.signed().to_bytes();
        let again = SignedHead::from_bytes(&bytes).expect("the right size");
        assert_eq!(again.verify(), Ok(verified));
        assert_eq!(verified.head(), &head());
    }

    #[test]
    fn one_changed_byte_of_a_head_is_refused() {
        let bytes = head().sign(&signer()).expect("its own log").signed().to_bytes();
        for at in 0..SIGNED_HEAD_BYTES {
            let mut lie = bytes;
            lie[at] ^= 1;
            let lie = SignedHead::from_bytes(&lie).expect("the right size");
            assert!(lie.verify().is_err(), "byte {at}");
        }
    }

    #[test]
    fn heads_of_the_wrong_size_are_refused() {
        for found in [0, HEAD_BYTES, SIGNED_HEAD_BYTES - 1, SIGNED_HEAD_BYTES + 1] {
            let refused = SignedHead::from_bytes(&vec![0; found]);
            assert_eq!(refused, Err(HeadError::Size { found }));
        }
    }

    #[test]
    fn only_the_writer_signs_and_only_what_can_exist() {
        let other = Signer::new(&Seed::new([8; 32]));
        assert!(matches!(head().sign(&other), Err(HeadError::OtherSigner { .. })));
        let long = Head { length: LENGTH_MAX + 1, ..head() };
        assert!(matches!(long.sign(&signer()), Err(HeadError::TooLong { .. })));
        let signature = signer().sign(HEAD_CONTEXT, &long.to_bytes());
        let refused = SignedHead { head: long, signature }.verify();
        assert!(matches!(refused, Err(HeadError::TooLong { .. })));
    }
}
