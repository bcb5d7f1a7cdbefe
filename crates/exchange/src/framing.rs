//! Messages on a stream: a length of four bytes, little-endian, then so many bytes.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use ply_sync::MESSAGE_BYTES_MAX;
use tokio::time::timeout;

use crate::buffers::Buffers;

/// How one message came.
#[derive(Debug)]
pub(crate) enum Read {
    /// Whole.
    Message(Bytes),
    /// Not at all: the stream is at its end, between two messages.
    End,
    /// Not in time.
    Slow,
}

/// Reads one message; `None` at an orderly end. `max` bounds it before memory is taken.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    buffers: &Buffers,
    max: usize,
) -> io::Result<Option<Bytes>> {
    match first(stream).await? {
        Some(first) => rest(stream, buffers, first, max).await.map(Some),
        None => Ok(None),
    }
}

/// As [`read`], but a message that has begun must be whole within `pace`. Between two messages the peer
/// may be silent for as long as it likes.
pub(crate) async fn read_in_time(
    stream: &mut (impl AsyncRead + Unpin),
    buffers: &Buffers,
    max: usize,
    pace: Duration,
) -> io::Result<Read> {
    let Some(first) = first(stream).await? else { return Ok(Read::End) };
    match timeout(pace, rest(stream, buffers, first, max)).await {
        Ok(message) => Ok(Read::Message(message?)),
        Err(_) => Ok(Read::Slow),
    }
}

/// The first byte of a message.
async fn first(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<u8>> {
    let mut first = [0];
    let count = stream.read(&mut first).await?;
    Ok(first.first().copied().filter(|_| count != 0))
}

/// What follows the first byte.
async fn rest(
    stream: &mut (impl AsyncRead + Unpin),
    buffers: &Buffers,
    first: u8,
    max: usize,
) -> io::Result<Bytes> {
    let mut others = [0; 3];
    stream.read_exact(&mut others).await?;
    let [second, third, fourth] = others;
    let length = u32::from_le_bytes([first, second, third, fourth]);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if max.min(MESSAGE_BYTES_MAX) < length {
        let what = format!("a message of {length} bytes exceeds {max}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    let mut message = buffers.take(length);
    stream.read_exact(message.as_mut()).await?;
    Ok(message.freeze())
}

/// Writes one message. It is not flushed.
pub(crate) async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    message: &[u8],
) -> io::Result<()> {
    let length = u32::try_from(message.len())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a message is too long"))?;
    stream.write_all(&length.to_le_bytes()).await?;
    stream.write_all(message).await
}

#[cfg(test)]
mod fuzz;
