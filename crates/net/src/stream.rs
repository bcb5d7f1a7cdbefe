//! One stream between two peers.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::{AsyncRead, AsyncWrite};
use libp2p::PeerId;
use tokio::sync::OwnedSemaphorePermit;

/// An ordered, reliable, encrypted stream of bytes to one peer. Dropping it unclosed resets it.
///
/// The side that opened it speaks first: nothing at all is sent before its first byte, and that byte
/// travels together with the name of the protocol. A peer that has too many streams already answers
/// with the end of the stream; [`AsyncRead`] reports that to the opener as
/// [`io::ErrorKind::ConnectionReset`], so an end before the first byte is always an error there.
#[derive(Debug)]
pub struct Stream {
    peer: PeerId,
    inner: libp2p::Stream,
    state: State,
    /// Marks the connection as in use.
    _token: Arc<()>,
}

/// What this end knows of the other.
#[derive(Debug)]
enum State {
    /// Opened here, and no byte has come back.
    Unanswered,
    /// Opened here, and the peer has answered.
    Answered,
    /// Opened by the peer. It counts against the limits as long as it lives.
    Inbound { _permits: Permits },
}

/// The room an inbound stream takes: in its peer's share, and in the node's.
#[derive(Debug)]
pub(crate) struct Permits {
    pub(crate) _peer: OwnedSemaphorePermit,
    pub(crate) _node: OwnedSemaphorePermit,
}

impl Stream {
    pub(crate) fn outbound(peer: PeerId, token: Arc<()>, inner: libp2p::Stream) -> Self {
        Self { peer, inner, state: State::Unanswered, _token: token }
    }

    pub(crate) fn inbound(
        peer: PeerId,
        token: Arc<()>,
        inner: libp2p::Stream,
        permits: Permits,
    ) -> Self {
        Self { peer, inner, state: State::Inbound { _permits: permits }, _token: token }
    }

    /// Who is at the other end.
    pub fn peer(&self) -> PeerId {
        self.peer
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read_bytes = ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        if let State::Unanswered = self.state {
            match read_bytes {
                0 if !buf.is_empty() => {
                    let message = "the peer ended the stream before its first byte";
                    return Poll::Ready(Err(io::Error::new(
                        io::ErrorKind::ConnectionReset,
                        message,
                    )));
                }
                0 => {}
                _ => self.state = State::Answered,
            }
        }
        Poll::Ready(Ok(read_bytes))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}
