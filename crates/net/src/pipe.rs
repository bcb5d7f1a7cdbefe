//! The security of a connection over any two-way stream of bytes: `ssh`, a pair of pipes, a socket.
//!
//! Pipes have no dialing and no listening side, so both ends greet first, and what they say decides
//! who starts the Noise handshake:
//!
//! ```text
//! offset  bytes  greeting
//!      0      8  "plywood\n"
//!      8      1  version, 1
//!      9     16  random: the smaller number starts
//! ```
//!
//! Both greetings go into the handshake's prologue: whoever changes one of them on the way makes the
//! handshake fail.

mod greeting;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{AsyncRead, AsyncWrite};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade};
use libp2p::{PeerId, noise};
use ply_types::Fault;
use thiserror::Error;
use tokio::time::timeout;

use crate::identity::Identity;
use greeting::Greeting;

/// For the other side to come up. Long, because `ssh` may be asking somebody for a password.
const GREETING_PATIENCE: Duration = Duration::from_mins(2);
/// For three flights between two running programs.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(20);

/// Why a pipe was not secured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PipeError {
    /// The pipe ended before the other side had said anything.
    #[error("the other side closed the pipe without a word")]
    Silent,
    /// What came was no greeting.
    #[error("the other side does not speak plywood: it said '{said}'")]
    Stranger {
        /// The start of what came, bytes that cannot be printed escaped.
        said: String,
    },
    /// The other side speaks another version.
    #[error("the other side speaks version {theirs} on pipes, this one {ours}")]
    Version {
        /// Its version.
        theirs: u8,
        /// Ours.
        ours: u8,
    },
    /// The greeting came back unchanged.
    #[error("the other side repeats what it is told: the pipe leads back here")]
    Echo,
    /// Nothing came in time.
    #[error("the other side said nothing for {} seconds", .patience.as_secs())]
    Timeout {
        /// How long it had.
        patience: Duration,
    },
    /// The greetings went well and the handshake did not.
    #[error("the handshake failed")]
    Handshake {
        /// What Noise said.
        source: noise::Error,
    },
    /// The pipe broke.
    #[error("the pipe broke")]
    Io {
        /// What the system said.
        #[from]
        source: io::Error,
    },
    /// The system has no randomness to give.
    #[error("no randomness: {reason}")]
    Randomness {
        /// What it said.
        reason: String,
    },
}

impl PipeError {
    /// Who has to act.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Silent | Self::Timeout { .. } | Self::Io { .. } => Fault::Offline,
            Self::Stranger { .. } | Self::Version { .. } | Self::Handshake { .. } => Fault::Peer,
            Self::Echo => Fault::Invalid,
            Self::Randomness { .. } => Fault::Machine,
        }
    }
}

/// An encrypted stream over a pipe. Close it, or flush it, before dropping it.
pub struct Pipe<T> {
    inner: noise::Output<T>,
}

impl<T> std::fmt::Debug for Pipe<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pipe")
    }
}

/// Greets the other side of a pipe, learns who it is, and encrypts everything from there on.
///
/// Both sides call this; neither has to know who was first.
pub async fn secure<T>(io: T, identity: &Identity) -> Result<(PeerId, Pipe<T>), PipeError>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let ours = Greeting::random()?;
    let greeted = timeout(GREETING_PATIENCE, greeting::exchange(io, &ours)).await;
    let (io, theirs) =
        greeted.map_err(|_| PipeError::Timeout { patience: GREETING_PATIENCE })??;

    let (first, second) = if ours < theirs { (&ours, &theirs) } else { (&theirs, &ours) };
    let prologue = [first.to_bytes(), second.to_bytes()].concat();
    let config = noise::Config::new(identity.keypair())
        .map_err(|source| PipeError::Handshake { source })?
        .with_prologue(prologue);
    let handshake = if ours < theirs {
        config.upgrade_outbound(io, "")
    } else {
        config.upgrade_inbound(io, "")
    };
    let secured = timeout(HANDSHAKE_PATIENCE, handshake).await;
    let (peer, inner) = secured
        .map_err(|_| PipeError::Timeout { patience: HANDSHAKE_PATIENCE })?
        .map_err(|source| PipeError::Handshake { source })?;
    Ok((peer, Pipe { inner }))
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Pipe<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Pipe<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}
