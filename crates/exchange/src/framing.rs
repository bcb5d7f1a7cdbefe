//! Messages on a stream: a length of four bytes, little-endian, then so many bytes.

use std::io;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use ply_sync::MESSAGE_BYTES_MAX;

/// Reads one message; `None` at an orderly end. `max` bounds it before memory is taken.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    max: usize,
) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    let mut filled = 0;
    while let Some(rest) = length.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match stream.read(rest).await? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if max.min(MESSAGE_BYTES_MAX) < length {
        let what = format!("a message of {length} bytes exceeds {max}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    let mut message = Vec::with_capacity(length);
    stream.take(length as u64).read_to_end(&mut message).await?;
    if message.len() == length {
        Ok(Some(message))
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
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
