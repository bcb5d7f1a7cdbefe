//! What happens to the drives of a node.

use ply_sync::{Peer, Traffic};
use ply_types::{DriveId, Fault};

use crate::link::SessionId;

/// Something that happened to a drive.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A session opened: the peer knows the drive.
    Opened {
        /// The drive.
        drive: DriveId,
        /// Who.
        peer: Peer,
        /// Which session.
        session: SessionId,
    },
    /// A session ended.
    Closed {
        /// The drive.
        drive: DriveId,
        /// Who.
        peer: Peer,
        /// Which session.
        session: SessionId,
        /// What went through it.
        traffic: Traffic,
        /// Whose fault it was, if it was not an orderly end.
        fault: Option<Fault>,
    },
    /// Heads or members changed, here or by what a peer told.
    Changed {
        /// The drive.
        drive: DriveId,
    },
    /// Blocks came in.
    Fetched {
        /// The drive.
        drive: DriveId,
        /// Their bytes.
        bytes: u64,
    },
}
