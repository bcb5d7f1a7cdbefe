//! Signatures, each under a context, so that none given for one purpose can serve another.
//!
//! What ed25519 signs is never the message itself but 32 bytes: BLAKE3 of the message in its
//! `derive_key` mode, under the context string. Two contexts share no hash, so a signature says
//! both what was signed and as what. Verification is strict: keys and signatures of small order,
//! and second encodings of the same signature, are refused.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use ply_types::{Fault, LogKey, Seed};
use thiserror::Error;

/// Bytes of a [`Signature`].
pub const SIGNATURE_BYTES: usize = 64;

/// An ed25519 signature over a message under a context.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(pub [u8; SIGNATURE_BYTES]);

/// The right to write one log. Whoever holds it is the writer; it does not print its secret, and
/// wipes it when dropped.
#[derive(Clone)]
pub struct Signer {
    signing: SigningKey,
}

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SignatureError {
    /// The key is no point of the curve, a second encoding of one, or one that would accept many
    /// messages.
    #[error("{key} is not a usable public key")]
    Key {
        /// The key.
        key: LogKey,
    },
    /// The holder of the key did not sign this message under this context.
    #[error("the signature is not one of {key}")]
    Forged {
        /// The key it was checked against.
        key: LogKey,
    },
}

impl SignatureError {
    /// What the caller can do about it: whoever sent the signature is wrong.
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// What is handed to ed25519 in place of the message.
fn digest(context: &str, message: &[u8]) -> [u8; 32] {
    blake3::derive_key(context, message)
}

impl Signer {
    /// Makes the key pair that belongs to a seed.
    pub fn new(seed: &Seed) -> Self {
        Self { signing: SigningKey::from_bytes(seed.expose()) }
    }

    /// The public half: it names the log and checks its heads.
    pub fn key(&self) -> LogKey {
        LogKey(self.signing.verifying_key().to_bytes())
    }

    /// Signs a message. The same message under the same context always gives the same signature.
    ///
    /// `context` must be a constant of the program that no other purpose uses.
    pub fn sign(&self, context: &str, message: &[u8]) -> Signature {
        Signature(self.signing.sign(&digest(context, message)).to_bytes())
    }
}

/// Checks a signature over a message under a context.
pub fn verify(
    key: &LogKey,
    context: &str,
    message: &[u8],
    signature: &Signature,
) -> Result<(), SignatureError> {
    // A point has one encoding here: else one key would name two logs.
    let usable = |point: &VerifyingKey| {
        !point.is_weak() && point.to_edwards().compress().to_bytes() == key.0
    };
    let point = VerifyingKey::from_bytes(&key.0).ok().filter(usable);
    let point = point.ok_or(SignatureError::Key { key: *key })?;
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    let checked = point.verify_strict(&digest(context, message), &signature);
    checked.map_err(|_| SignatureError::Forged { key: *key })
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key", &self.key()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signature #")?;
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: &str = "plywood test context";

    fn signer(byte: u8) -> Signer {
        Signer::new(&Seed::new([byte; 32]))
    }

    #[test]
    fn a_signature_holds_for_its_key_context_and_message_only() {
        let signature = signer(1).sign(CONTEXT, b"message");
        let key = signer(1).key();
        assert_eq!(verify(&key, CONTEXT, b"message", &signature), Ok(()));
        let forged = Err(SignatureError::Forged { key });
        assert_eq!(verify(&key, CONTEXT, b"massage", &signature), forged);
        assert_eq!(verify(&key, "plywood other context", b"message", &signature), forged);
        let other = signer(2).key();
        let forged = Err(SignatureError::Forged { key: other });
        assert_eq!(verify(&other, CONTEXT, b"message", &signature), forged);
    }

    #[test]
    fn one_changed_byte_is_refused() {
        let (key, signature) = (signer(1).key(), signer(1).sign(CONTEXT, b"message"));
        for at in 0..SIGNATURE_BYTES {
            for bit in 0..8 {
                let mut lie = signature;
                lie.0[at] ^= 1 << bit;
                assert!(verify(&key, CONTEXT, b"message", &lie).is_err());
            }
        }
    }

    #[test]
    fn a_second_encoding_of_a_signature_is_refused() {
        // Adding the group order to the scalar half keeps the equation true.
        let order: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9,
            0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let (key, mut signature) = (signer(1).key(), signer(1).sign(CONTEXT, b"message"));
        let mut carry = 0_u16;
        for (byte, add) in signature.0.iter_mut().skip(32).zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
        }
        assert!(verify(&key, CONTEXT, b"message", &signature).is_err());
    }

    #[test]
    fn weak_keys_are_refused_whatever_is_signed() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        for key in [LogKey(neutral), LogKey([0; 32]), LogKey([0xff; 32])] {
            let checked = verify(&key, CONTEXT, b"message", &Signature([0; 64]));
            assert_eq!(checked, Err(SignatureError::Key { key }));
        }
    }

    #[test]
    fn signers_do_not_print_their_secret() {
        let text = format!("{:?}", Signer::new(&Seed::new([0xab; 32])));
        assert!(!text.contains("abab") && !text.contains("171"), "{text}");
    }
}
