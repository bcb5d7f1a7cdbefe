//! Why a session ends.

use ply_drive::DriveError;
use ply_types::{Fault, LogKey};
use thiserror::Error;

/// Why a session ends. [`SessionError::fault`] says who is at fault: the peer, which is dropped, but for
/// another version and for what went wrong on this side.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Not a message, or too long.
    #[error("the peer sent what is no message: {what}")]
    Malformed {
        /// What was wrong.
        what: String,
    },
    /// The peer does not know this drive, or no drive that is here. From outside both look the same.
    #[error("the peer does not prove that it knows a drive of ours")]
    Stranger,
    /// The peer speaks another version.
    #[error("the peer speaks version {found} of the protocol, and this program {known}")]
    Version {
        /// What it speaks.
        found: u32,
        /// What this program speaks.
        known: u32,
    },
    /// A message that makes no sense at this moment.
    #[error("the peer sent {what} out of turn")]
    OutOfTurn {
        /// Which message.
        what: &'static str,
    },
    /// A head, proof, block or record that does not hold.
    #[error("the peer sent wrong data for log {log}: {what}")]
    Wrong {
        /// The log.
        log: LogKey,
        /// What does not hold.
        what: String,
    },
    /// A membership record that does not hold.
    #[error("the peer sent a wrong membership record: {what}")]
    WrongRecord {
        /// What does not hold.
        what: String,
    },
    /// More than any honest peer asks for.
    #[error("the peer asks for too much: {what}")]
    TooMuch {
        /// Of what.
        what: &'static str,
    },
    /// This node cannot store or read.
    #[error(transparent)]
    Local(#[from] DriveError),
}

impl SessionError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Local(error) => error.fault(),
            Self::Version { .. } => Fault::Invalid,
            _ => Fault::Peer,
        }
    }
}
