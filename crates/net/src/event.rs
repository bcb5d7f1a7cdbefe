//! What the network tells its owner.

use libp2p::{Multiaddr, PeerId};
use tokio::sync::mpsc;

use crate::gossip::Gossip;
use crate::peers::Direction;
use crate::stream::Stream;

/// Something happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The node can be reached at one more address, which ends in its `/p2p/…`.
    Listening(Multiaddr),
    /// An address is gone.
    NotListening(Multiaddr),
    /// The first connection to a peer is up.
    PeerConnected {
        /// Who it is: proved by its key.
        peer: PeerId,
        /// Where it was dialed, or where it came from.
        address: Multiaddr,
        /// Who dialed.
        direction: Direction,
    },
    /// The last connection to a peer is gone.
    PeerDisconnected {
        /// Who it was.
        peer: PeerId,
    },
    /// A peer opened a stream.
    Stream(Stream),
    /// A message on a topic this node subscribed to.
    Gossip(Gossip),
    /// A peer was seen on the local network. It is not dialed unless the caller does.
    Discovered {
        /// Who says it is there. Not proved before a connection is.
        peer: PeerId,
        /// Where it says it listens.
        addresses: Vec<Multiaddr>,
    },
}

/// The events of one network, in order.
///
/// Read it always: once [`crate::Limits::events_max`] events wait, streams are refused and gossip is
/// ignored until there is room. Connections come and go all the same, and are told about later.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::Receiver<Event>,
}

impl Events {
    pub(crate) fn new(receiver: mpsc::Receiver<Event>) -> Self {
        Self { receiver }
    }

    /// The next event. `None` once the network has shut down. Safe to cancel.
    pub async fn next(&mut self) -> Option<Event> {
        self.receiver.recv().await
    }
}
