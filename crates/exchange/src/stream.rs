//! Both directions of a stream, each a task of its own, with a few messages in between.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::io::{BufWriter, ReadHalf, WriteHalf};
use futures::{AsyncRead, AsyncWrite, AsyncWriteExt};
use ply_sync::{MESSAGE_BYTES_MAX, SESSION_MEMORY_MAX};
use tokio::sync::mpsc;

use crate::buffers::Buffers;
use crate::error::RunError;
use crate::framing::{self, Read};

/// Messages that wait between a stream and its session, each way: with 256 KiB each, enough to keep
/// both busy, and a bound on what a peer that does not read costs.
pub(crate) const QUEUE: usize = 4;

/// Memory that one peer costs at most, whatever it sends and however it reads: what waits each way, one
/// message more at either end of a queue, and what its session holds. Memory kept for messages to come is
/// one for all peers, and apart.
pub const PEER_MEMORY_MAX: usize = 2 * (QUEUE + 2) * MESSAGE_BYTES_MAX + SESSION_MEMORY_MAX;

/// Hands on what comes, until the stream ends or breaks, or a message takes longer than `pace`.
pub(crate) async fn read_all<S: AsyncRead>(
    mut reader: ReadHalf<S>,
    incoming: mpsc::Sender<Result<Bytes, RunError>>,
    buffers: Buffers,
    pace: Duration,
) {
    loop {
        let message =
            match framing::read_in_time(&mut reader, &buffers, MESSAGE_BYTES_MAX, pace).await {
                Ok(Read::Message(message)) => Ok(message),
                Ok(Read::Slow) => Err(RunError::Slow),
                Ok(Read::End) => return,
                Err(error) => Err(error.into()),
            };
        let is_last = message.is_err();
        if incoming.send(message).await.is_err() || is_last {
            return;
        }
    }
}

/// Writes what is handed to it, until there is nobody left to do so.
pub(crate) async fn write_all<S: AsyncWrite>(
    writer: WriteHalf<S>,
    mut outgoing: mpsc::Receiver<Vec<u8>>,
) -> io::Result<()> {
    let mut writer = BufWriter::with_capacity(64 << 10, writer);
    while let Some(message) = outgoing.recv().await {
        framing::write(&mut writer, &message).await?;
        if outgoing.is_empty() {
            writer.flush().await?;
        }
    }
    writer.close().await
}
