//! One frame on the control socket.
//!
//! ```text
//! kind (1) · length (4, little endian) · body
//! ```

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use thiserror::Error;
use tokio_util::codec::{Decoder, Encoder};

/// Longest body. What is longer goes in several frames.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;
/// Bytes before the body.
const HEADER_BYTES: usize = 5;

/// What a body means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A part of the request.
    Request = 1,
    /// The request is complete.
    Start = 2,
    /// The command wants input.
    Want = 3,
    /// Input; empty at its end.
    Input = 4,
    /// Bytes for the standard output.
    Output = 5,
    /// Bytes for the standard error.
    Error = 6,
    /// How far the command is.
    Progress = 7,
    /// The exit code: the end.
    Exit = 8,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Request,
        Self::Start,
        Self::Want,
        Self::Input,
        Self::Output,
        Self::Error,
        Self::Progress,
        Self::Exit,
    ];

    fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// See the module's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// What the body means.
    pub(crate) kind: Kind,
    /// At most [`BODY_BYTES_MAX`] bytes.
    pub(crate) body: Bytes,
}

/// Why bytes on the socket are no frame.
#[derive(Debug, Error)]
pub(crate) enum FrameError {
    /// A kind that this version does not know.
    #[error("frame of unknown kind {kind}")]
    Unknown {
        /// Its number.
        kind: u8,
    },
    /// More than any frame may have.
    #[error("frame of {bytes} bytes exceeds {BODY_BYTES_MAX}")]
    TooLong {
        /// What the header says.
        bytes: usize,
    },
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Frame {
    /// A frame without a body.
    pub(crate) fn bare(kind: Kind) -> Self {
        Self { kind, body: Bytes::new() }
    }

    /// As much of `bytes` as fits into one frame.
    pub(crate) fn fill(kind: Kind, bytes: &[u8]) -> Self {
        let part = bytes.get(..BODY_BYTES_MAX).unwrap_or(bytes);
        Self { kind, body: Bytes::copy_from_slice(part) }
    }
}

/// Cuts a stream of bytes into frames, and back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frames;

impl Decoder for Frames {
    type Item = Frame;
    type Error = FrameError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        let Some(&[kind, a, b, c, d]) = buffer.first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        let kind = Kind::of(kind).ok_or(FrameError::Unknown { kind })?;
        let bytes = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if BODY_BYTES_MAX < bytes {
            return Err(FrameError::TooLong { bytes });
        }
        if buffer.len() < HEADER_BYTES + bytes {
            buffer.reserve(HEADER_BYTES + bytes - buffer.len());
            return Ok(None);
        }
        buffer.advance(HEADER_BYTES);
        Ok(Some(Frame { kind, body: buffer.split_to(bytes).freeze() }))
    }
}

impl Encoder<Frame> for Frames {
    type Error = FrameError;

    fn encode(&mut self, frame: Frame, buffer: &mut BytesMut) -> Result<(), FrameError> {
        let bytes = frame.body.len();
        let length = match u32::try_from(bytes) {
            Ok(length) if bytes <= BODY_BYTES_MAX => length,
            _ => return Err(FrameError::TooLong { bytes }),
        };
        buffer.reserve(HEADER_BYTES + bytes);
        buffer.put_u8(frame.kind as u8);
        buffer.put_u32_le(length);
        buffer.put_slice(&frame.body);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_however_it_is_cut() {
        let frames = Kind::ALL.map(|kind| Frame::fill(kind, b"some bytes"));
        let mut stream = BytesMut::new();
        for frame in frames.clone() {
            Frames.encode(frame, &mut stream).expect("short enough");
        }
        let (mut buffer, mut read) = (BytesMut::new(), Vec::new());
        for byte in stream {
            buffer.put_u8(byte);
            read.extend(Frames.decode(&mut buffer).expect("well formed"));
        }
        assert_eq!(read, frames);
        assert!(buffer.is_empty());
    }

    #[test]
    fn a_bad_header_is_refused_before_anything_is_allocated() {
        let decode = |bytes: &[u8]| Frames.decode(&mut BytesMut::from(bytes));
        assert!(matches!(decode(&[9, 0, 0, 0, 0]), Err(FrameError::Unknown { kind: 9 })));
        assert!(matches!(decode(&[4, 1, 0, 1, 0]), Err(FrameError::TooLong { bytes: 65537 })));
        assert!(matches!(decode(&[4, 1, 0, 0, 0]), Ok(None)));
    }
}
