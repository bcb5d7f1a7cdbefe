//! The standard streams of a command that runs in the node, made of frames.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::{StreamExt, stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_util::io::StreamReader;
use tokio_util::sync::{CancellationToken, PollSender};

use super::frame::{Frame, Kind};

/// Input that is asked for when the command reads, and not before. It breaks off when the command is
/// to stop, so that one that waits for its user does not keep the node.
pub(super) fn input(
    frames: mpsc::Sender<Frame>,
    parts: mpsc::Receiver<Bytes>,
    stop: CancellationToken,
) -> impl AsyncRead + Send + Unpin {
    let parts = stream::unfold(Some((frames, parts, stop)), |state| async {
        let (frames, mut parts, stop) = state?;
        let asked = async {
            frames.send(Frame::bare(Kind::Want)).await.ok()?;
            parts.recv().await
        };
        match stop.run_until_cancelled(asked).await.flatten() {
            None => Some((Err(io::Error::from(io::ErrorKind::UnexpectedEof)), None)),
            Some(part) if part.is_empty() => None,
            Some(part) => Some((Ok(part), Some((frames, parts, stop)))),
        }
    });
    StreamReader::new(Box::pin(parts.fuse()))
}

/// Output that leaves in frames of one kind.
#[derive(Debug)]
pub(super) struct FrameWriter {
    kind: Kind,
    frames: PollSender<Frame>,
}

impl FrameWriter {
    pub(super) fn new(kind: Kind, frames: mpsc::Sender<Frame>) -> Self {
        Self { kind, frames: PollSender::new(frames) }
    }
}

impl AsyncWrite for FrameWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        ready!(self.frames.poll_reserve(context)).map_err(|_| gone())?;
        let frame = Frame::fill(self.kind, bytes);
        let taken = frame.body.len();
        self.frames.send_item(frame).map_err(|_| gone())?;
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn input_is_asked_for_only_when_it_is_read() {
        let (frames, mut sent) = mpsc::channel(4);
        let (parts, received) = mpsc::channel(1);
        let mut input = input(frames, received, CancellationToken::new());
        assert!(sent.try_recv().is_err(), "nothing was read yet");
        parts.send(Bytes::from_static(b"some")).await.expect("room");
        let mut buffer = [0; 4];
        input.read_exact(&mut buffer).await.expect("input");
        assert_eq!(sent.try_recv().expect("asked"), Frame::bare(Kind::Want));
        assert!(sent.try_recv().is_err(), "asked once");
        drop(parts);
        assert!(input.read(&mut buffer).await.is_err(), "the client went without an end");
    }

    #[tokio::test]
    async fn output_waits_for_a_slow_reader() {
        let (frames, mut sent) = mpsc::channel(1);
        let mut output = FrameWriter::new(Kind::Output, frames);
        output.write_all(b"one").await.expect("room");
        let second = output.write_all(b"two");
        tokio::pin!(second);
        assert!(futures::poll!(second.as_mut()).is_pending());
        assert_eq!(sent.recv().await.expect("a frame").body, "one");
        second.await.expect("room");
        drop(sent);
        assert!(output.write_all(b"three").await.is_err());
    }
}
