//! Messages as bytes, bounded.

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
    let message: proto::Message =
        proto::decode_within("message", MESSAGE_BYTES_MAX, MESSAGE_MEMORY_MAX, bytes)
            .map_err(|error| SessionError::Malformed { what: error.to_string() })?;
    message.what.ok_or_else(|| SessionError::Malformed { what: "an empty message".to_owned() })
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
