//! Decoding with a limit.

use prost::Message;
use thiserror::Error;

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
    /// Not protobuf, or not of this message.
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
/// Memory stays within a small multiple of `bytes.len()`: protobuf has no counts that reserve ahead.
pub fn decode<M: Message + Default>(
    what: &'static str,
    max: usize,
    bytes: &[u8],
) -> Result<M, DecodeError> {
    if max < bytes.len() {
        return Err(DecodeError::TooLong { what, bytes: bytes.len(), max });
    }
    M::decode(bytes).map_err(|source| DecodeError::Malformed { what, source })
}

/// Encodes a message: the same message always gives the same bytes.
pub fn encode(message: &impl Message) -> Vec<u8> {
    message.encode_to_vec()
}
