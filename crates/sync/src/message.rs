//! Messages as bytes, bounded.

use bytes::Bytes;
use ply_proto::{self as proto, message::What};

use crate::error::SessionError;
use crate::limits::{MESSAGE_BYTES_MAX, MESSAGE_MEMORY_MAX};

/// Longest first message: a summary of all heads and a question fit.
pub const HELLO_BYTES_MAX: usize = 512 << 10;

/// The version of the protocol that this program speaks.
pub(crate) const VERSION: u32 = 1;

/// Encodes a message.
pub(crate) fn encode(what: What) -> Vec<u8> {
    proto::encode(&proto::Message { what: Some(what) })
}

/// Decodes a message.
pub(crate) fn decode(bytes: &[u8]) -> Result<What, SessionError> {
    decode_owned(Bytes::copy_from_slice(bytes))
}

/// Decodes a message. Blocks that are most of it stay where they are.
pub(crate) fn decode_owned(bytes: Bytes) -> Result<What, SessionError> {
    let length = bytes.len();
    let message: proto::Message =
        proto::decode_owned("message", MESSAGE_BYTES_MAX, MESSAGE_MEMORY_MAX, bytes)
            .map_err(|error| SessionError::Malformed { what: error.to_string() })?;
    let malformed = || SessionError::Malformed { what: "an empty message".to_owned() };
    let mut what = message.what.ok_or_else(malformed)?;
    if let What::Blocks(blocks) = &mut what {
        let_go(&mut blocks.blocks, length);
    }
    Ok(what)
}

/// Moves parts out of a message that would keep far more than themselves in memory.
fn let_go(parts: &mut [Bytes], message_bytes: usize) {
    let used: usize = parts.iter().map(Bytes::len).sum();
    if used < message_bytes / 2 {
        for part in parts {
            *part = Bytes::copy_from_slice(part);
        }
    }
}

/// The name of a message, for errors.
pub(crate) fn name(what: &What) -> &'static str {
    match what {
        What::Hello(_) => "a hello",
        What::Welcome(_) => "a welcome",
        What::Summary(_) => "a summary",
        What::News(_) => "news",
        What::Resolve(_) => "a question",
        What::Get(_) => "a request for blocks",
        What::Blocks(_) => "blocks",
        What::Done(_) => "the end of an answer",
        What::Cancel(_) => "a withdrawal",
    }
}

/// Decodes the first message of a stream.
pub fn peek_hello(bytes: &[u8]) -> Result<proto::Hello, SessionError> {
    if HELLO_BYTES_MAX < bytes.len() {
        return Err(SessionError::Malformed { what: "a hello that is too long".to_owned() });
    }
    match decode(bytes)? {
        What::Hello(hello) if hello.version == VERSION => Ok(hello),
        What::Hello(hello) => Err(SessionError::Version { found: hello.version, known: VERSION }),
        other => Err(SessionError::OutOfTurn { what: name(&other) }),
    }
}
