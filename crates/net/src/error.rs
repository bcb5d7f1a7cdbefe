//! What can go wrong between nodes.

use std::io;

use libp2p::identity::DecodingError;
use libp2p::{Multiaddr, PeerId};
use ply_types::Fault;
use thiserror::Error;

use crate::gossip::GOSSIP_BYTES_MAX;

/// Why the network did not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NetError {
    /// The seed makes no key.
    #[error("the seed of this node makes no key")]
    Seed {
        /// What the key's library said.
        source: DecodingError,
    },
    /// The swarm could not be put together.
    #[error("the {part} cannot be set up: {reason}")]
    Setup {
        /// Which part refused.
        part: &'static str,
        /// What it said.
        reason: String,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address as configured.
        address: Multiaddr,
        /// What the system said.
        reason: String,
    },
    /// The task behind the handle has ended.
    #[error("the network has been shut down")]
    Stopped,
    /// No connection came about.
    #[error("no connection to {target}: {reason}")]
    Unreachable {
        /// The peer or address that was dialed.
        target: String,
        /// What was tried, and what became of it.
        reason: String,
    },
    /// There is nothing to dial.
    #[error("no address to dial {target} at")]
    NoAddress {
        /// The peer or address that was asked for.
        target: String,
    },
    /// Somebody else answers at that address.
    #[error("{address} belongs to {found}, not to {expected}")]
    WrongPeer {
        /// The address that was dialed.
        address: Multiaddr,
        /// Who was expected.
        expected: Box<PeerId>,
        /// Who answered.
        found: Box<PeerId>,
    },
    /// The address leads back to this node.
    #[error("{target} is this node itself")]
    Own {
        /// What was dialed.
        target: String,
    },
    /// The peer sent wrong data and its time is not over.
    #[error("{peer} is banned")]
    Banned {
        /// The peer.
        peer: PeerId,
    },
    /// This node has as many connections as it may.
    #[error("no connection to {target}: {limit}")]
    Limit {
        /// The peer or address that was dialed.
        target: String,
        /// Which limit.
        limit: String,
    },
    /// There is no connection to that peer, or it broke while it was waited for.
    #[error("{peer} is not connected")]
    NotConnected {
        /// The peer.
        peer: PeerId,
    },
    /// The peer knows libp2p and not this protocol.
    #[error("{peer} does not speak {protocol}")]
    Unsupported {
        /// The peer.
        peer: PeerId,
        /// What it was asked to speak.
        protocol: &'static str,
    },
    /// A stream could not be opened.
    #[error("no stream to {peer}")]
    Stream {
        /// The peer.
        peer: PeerId,
        /// What the connection said.
        source: io::Error,
    },
    /// The peer did not answer in time.
    #[error("{peer} did not open a stream in time")]
    Timeout {
        /// The peer.
        peer: PeerId,
    },
    /// The message does not fit in a gossip.
    #[error("a gossip of {bytes} bytes is longer than {GOSSIP_BYTES_MAX}")]
    GossipTooLong {
        /// Its length.
        bytes: usize,
    },
    /// Gossip refused the message or the topic.
    #[error("gossip refused: {reason}")]
    Gossip {
        /// What it said.
        reason: String,
    },
    /// More topics than others would accept in one greeting.
    #[error("more than {topics_max} topics")]
    TooManyTopics {
        /// The bound.
        topics_max: usize,
    },
    /// The DHT is switched off.
    #[error("this node takes no part in the DHT")]
    NoDht,
    /// No room for one more key.
    #[error("this node keeps as many DHT keys as it may")]
    DhtFull,
}

impl NetError {
    /// Who has to act.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Seed { .. }
            | Self::NoAddress { .. }
            | Self::Own { .. }
            | Self::GossipTooLong { .. }
            | Self::NoDht => Fault::Invalid,
            Self::Setup { .. } | Self::Listen { .. } => Fault::Machine,
            Self::Stopped
            | Self::Unreachable { .. }
            | Self::Limit { .. }
            | Self::NotConnected { .. }
            | Self::Stream { .. }
            | Self::Timeout { .. }
            | Self::Gossip { .. } => Fault::Offline,
            Self::WrongPeer { .. } | Self::Unsupported { .. } => Fault::Peer,
            Self::Banned { .. } => Fault::Denied,
            Self::TooManyTopics { .. } | Self::DhtFull => Fault::Full,
        }
    }
}
