//! The seam between the commands and everything that talks to other nodes.
//!
//! A node that runs has a [`Network`]; one that a command opened for itself has none, and all that is
//! local works without.

mod addresses;
mod pipe;
mod running;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use pipe::replicate;
pub(crate) use running::start;

use ply_drive::{BoxFuture, Remote, Replica};
use ply_store::Store;
use ply_types::{DriveId, Fault, LogKey, Path};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

/// What the user chose for the network of a node.
#[derive(Clone, Debug)]
pub(crate) struct NetworkOptions {
    /// Multiaddrs to listen on; port 0 is one of the system's choice.
    pub(crate) listen: Vec<String>,
    /// Nodes to be connected to always.
    pub(crate) bootstrap: Vec<String>,
    /// Whether nodes on the local network are looked for.
    pub(crate) mdns: bool,
    /// Whether nodes are looked for in the distributed hash table.
    pub(crate) dht: bool,
}

/// Another node that is connected.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// Its peer id.
    pub(crate) id: String,
    /// Where it is.
    pub(crate) address: String,
    /// Drives that both have.
    pub(crate) drives: Vec<DriveId>,
}

/// Something that is being fetched.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    /// Of which drive.
    pub(crate) drive: DriveId,
    /// What for, in words.
    pub(crate) what: String,
    /// Bytes that came.
    pub(crate) bytes: u64,
}

/// What a synchronisation is to bring.
#[derive(Clone, Debug)]
pub(crate) struct SyncRequest {
    /// Below which path.
    pub(crate) path: Path,
    /// Whether all content is wanted, or only what others know.
    pub(crate) full: bool,
    /// How long the user waits.
    pub(crate) timeout: Duration,
}

/// What a synchronisation brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct SyncSummary {
    /// Peers that were asked.
    pub(crate) peers: u64,
    /// Blocks that arrived.
    pub(crate) blocks: u64,
    /// Bytes that arrived.
    pub(crate) bytes: u64,
    /// Writers of whom not everything is here.
    pub(crate) unfetched: Vec<LogKey>,
}

/// Why others could not be reached.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum NetworkError {
    /// An address or a peer id that is none.
    #[error("'{text}' is not {what}")]
    Malformed {
        /// As it was written.
        text: String,
        /// What it should be.
        what: &'static str,
    },
    /// A peer that is not connected.
    #[error("no peer '{peer}' is connected")]
    NoPeer {
        /// As it was written.
        peer: String,
    },
    /// Nobody in reach has what is wanted.
    #[error("no peer has it: waited {} s", .waited.as_secs_f32())]
    Unreachable {
        /// How long.
        waited: Duration,
    },
    /// No connection came about.
    #[error("{what}")]
    Unconnected {
        /// To where, and what was tried.
        what: String,
    },
    /// The other side did not keep to the protocol.
    #[error("the other side: {what}")]
    Peer {
        /// What it did.
        what: String,
    },
    /// What came cannot be kept here.
    #[error("storing what others sent: {what}")]
    Storing {
        /// What the store said.
        what: String,
        /// What can be done about it.
        fault: Fault,
    },
    /// The machine refused.
    #[error("{doing}: {what}")]
    Machine {
        /// What was tried.
        doing: String,
        /// What the system said.
        what: String,
    },
}

impl NetworkError {
    /// What the caller can do about it.
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::Unreachable { .. } => Fault::Offline,
            Self::Malformed { .. } => Fault::Invalid,
            Self::NoPeer { .. } => Fault::Absent,
            Self::Peer { .. } | Self::Unconnected { .. } => Fault::Peer,
            Self::Storing { fault, .. } => *fault,
            Self::Machine { .. } => Fault::Machine,
        }
    }
}

/// Something that bytes come from and go to.
pub(crate) type Source = Box<dyn AsyncRead + Send + Unpin>;
/// See [`Source`].
pub(crate) type Sink = Box<dyn AsyncWrite + Send + Unpin>;

/// The other nodes, as the commands see them.
///
/// # Contract
///
/// Calls that are not futures return at once. Drives that were added are served and announced until
/// they are removed; adding one twice is no error.
pub(crate) trait Network: Send + Sync {
    /// Where this node listens, its peer id included.
    fn addresses(&self) -> Vec<String>;

    /// Connects to a node and stays connected. Says its peer id.
    fn connect<'a>(&'a self, address: &'a str) -> BoxFuture<'a, Result<String, NetworkError>>;

    /// Closes the connections to a peer.
    fn disconnect<'a>(&'a self, peer: &'a str) -> BoxFuture<'a, Result<(), NetworkError>>;

    /// Who is connected.
    fn peers(&self) -> BoxFuture<'_, Vec<Peer>>;

    /// What is on its way.
    fn transfers(&self) -> Vec<Transfer>;

    /// What brings the missing parts of a drive.
    fn remote(&self, replica: &Arc<Replica<Store>>) -> Arc<dyn Remote>;

    /// Tells others that there is a new commit.
    fn announce(&self, drive: DriveId);

    /// Begins to serve a drive.
    fn add(&self, replica: &Arc<Replica<Store>>);

    /// Ends serving a drive.
    fn remove(&self, drive: DriveId);

    /// Fetches now.
    fn sync<'a>(
        &'a self,
        replica: &'a Arc<Replica<Store>>,
        request: &'a SyncRequest,
    ) -> BoxFuture<'a, Result<SyncSummary, NetworkError>>;

    /// What kept this node from storing what others sent, for somebody who waited for it since then.
    fn trouble_since(&self, start: Instant) -> Option<NetworkError>;

    /// Says goodbye to everybody.
    fn close(&self) -> BoxFuture<'_, ()>;
}
