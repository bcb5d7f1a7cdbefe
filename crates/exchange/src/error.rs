//! Why a session ends, where a stream carries it.

use std::io;

use ply_sync::SessionError;
use ply_types::{DriveId, Fault};
use thiserror::Error;

/// Why a session ended.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The drive is not one of this node's.
    #[error("drive {0} is not here")]
    NoDrive(DriveId),
    /// The stream broke.
    #[error("the stream to the peer broke")]
    Stream(#[from] io::Error),
    /// The peer said nothing for too long.
    #[error("the peer did not greet in time")]
    Silent,
    /// The peer read nothing for too long.
    #[error("the peer does not read what it is sent")]
    Stalled,
    /// A message began to come and was not whole in time.
    #[error("the peer takes too long over one message")]
    Slow,
    /// The session itself.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// No random bytes could be had.
    #[error("no random bytes: {0}")]
    Random(String),
}

impl RunError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NoDrive(_) => Fault::Absent,
            Self::Stream(error) if error.kind() == io::ErrorKind::InvalidData => Fault::Peer,
            Self::Stream(_) | Self::Silent | Self::Stalled | Self::Slow => Fault::Offline,
            Self::Session(error) => error.fault(),
            Self::Random(_) => Fault::Machine,
        }
    }
}
