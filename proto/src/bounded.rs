//! Decoding with a limit.

use bytes::Bytes;
use prost::Message;
use thiserror::Error;

use crate::weight::{Shape, Shaped, Unweighed, weigh};

/// Memory that decoding may take for each byte of a message: what no encoder here comes near. The
/// densest are rows without content, of about ten bytes each.
pub const MEMORY_PER_BYTE: usize = 32;

/// Memory that decoding may take in any case, for short messages that are dense.
pub const MEMORY_BASE_BYTES: usize = 128 << 10;

/// Why bytes are not a message.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Longer than the caller takes.
    #[error("a {what} of {bytes} bytes exceeds {max}")]
    TooLong {
        /// What was expected.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// So many small parts that it would take more memory than any that was meant.
    #[error("a {what} of {bytes} bytes would take more than {max} bytes of memory")]
    TooDense {
        /// What was expected.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// No protobuf of any message.
    #[error("a {what} breaks off, or is none")]
    Unframed {
        /// What was expected.
        what: &'static str,
    },
    /// Not of this message.
    #[error("not a {what}")]
    Malformed {
        /// What was expected.
        what: &'static str,
        /// What the decoder said.
        source: prost::DecodeError,
    },
}

/// Decodes a message of at most `max` bytes; `what` names it in errors.
///
/// Takes at most [`MEMORY_BASE_BYTES`] and [`MEMORY_PER_BYTE`] for each byte, which is checked before
/// any is taken.
pub fn decode<M: Message + Shaped + Default>(
    what: &'static str,
    max: usize,
    bytes: &[u8],
) -> Result<M, DecodeError> {
    decode_within(what, max, usize::MAX, bytes)
}

/// As [`decode`], and takes no more than `memory_max` bytes of memory either.
pub fn decode_within<M: Message + Shaped + Default>(
    what: &'static str,
    max: usize,
    memory_max: usize,
    bytes: &[u8],
) -> Result<M, DecodeError> {
    check(what, M::shape(), max, memory_max, bytes)?;
    M::decode(bytes).map_err(|source| DecodeError::Malformed { what, source })
}

/// As [`decode_within`]; fields of type [`Bytes`] stay where they are, and keep all of `bytes` in memory.
pub fn decode_owned<M: Message + Shaped + Default>(
    what: &'static str,
    max: usize,
    memory_max: usize,
    bytes: Bytes,
) -> Result<M, DecodeError> {
    check(what, M::shape(), max, memory_max, &bytes)?;
    M::decode(bytes).map_err(|source| DecodeError::Malformed { what, source })
}

/// Whether a message may be decoded.
fn check(
    what: &'static str,
    shape: &Shape,
    max: usize,
    memory_max: usize,
    bytes: &[u8],
) -> Result<(), DecodeError> {
    if max < bytes.len() {
        return Err(DecodeError::TooLong { what, bytes: bytes.len(), max });
    }
    let in_proportion = bytes.len().saturating_mul(MEMORY_PER_BYTE);
    let max = in_proportion.saturating_add(MEMORY_BASE_BYTES).min(memory_max);
    weigh(bytes, shape, max).map_err(|unweighed| match unweighed {
        Unweighed::TooHeavy => DecodeError::TooDense { what, bytes: bytes.len(), max },
        Unweighed::Malformed => DecodeError::Unframed { what },
    })
}

/// Encodes a message: the same message always gives the same bytes.
pub fn encode(message: &impl Message) -> Vec<u8> {
    message.encode_to_vec()
}
