//! Who is connected, over which connections.

use std::collections::HashMap;
use std::time::Duration;

use libp2p::core::ConnectedPoint;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId};
use tokio::time::Instant;

/// Pings in a row that may go unanswered. One is lost easily behind a queue of bulk data.
const MISSES_MAX: u8 = 2;

/// Who dialed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The peer did.
    Inbound,
    /// This node did.
    Outbound,
}

/// A peer and how it is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerInfo {
    /// Who.
    pub peer: PeerId,
    /// The far end of each connection, the one that new streams take first.
    pub addresses: Vec<Multiaddr>,
    /// Who dialed that first one.
    pub direction: Direction,
    /// How long a ping took there last.
    pub rtt: Option<Duration>,
}

/// All connections, by peer.
#[derive(Default)]
pub(crate) struct Peers {
    peers: HashMap<PeerId, Vec<Connection>>,
}

struct Connection {
    id: ConnectionId,
    address: Multiaddr,
    direction: Direction,
    rtt: Option<Duration>,
    misses: u8,
    /// When it was last seen to be wanted.
    wanted: Instant,
}

/// What a new connection is to the peer it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The only one.
    First,
    /// One more, dialed from the other side: both dialed at once.
    Another,
    /// One more of our own. It is not wanted, and not remembered.
    Duplicate,
}

/// What is left of a peer after a connection has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Departure {
    /// Other connections, or none was known.
    Remains,
    /// Nothing.
    Gone,
}

/// Whether a connection still answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pulse {
    /// It does, or may.
    Alive,
    /// Too many pings went unanswered.
    Dead,
}

impl Peers {
    pub(crate) fn opened(
        &mut self,
        peer: PeerId,
        id: ConnectionId,
        endpoint: &ConnectedPoint,
        now: Instant,
    ) -> Arrival {
        let direction = match endpoint {
            ConnectedPoint::Dialer { .. } => Direction::Outbound,
            ConnectedPoint::Listener { .. } => Direction::Inbound,
        };
        let connections = self.peers.entry(peer).or_default();
        let is_own = |known: &Connection| known.direction == Direction::Outbound;
        if direction == Direction::Outbound && connections.iter().any(is_own) {
            return Arrival::Duplicate;
        }
        let address = endpoint.get_remote_address().clone();
        connections.push(Connection { id, address, direction, rtt: None, misses: 0, wanted: now });
        // TCP costs about half the CPU of QUIC for each byte. Ties keep the older one first.
        connections.sort_by_key(|connection| is_quic(&connection.address));
        if connections.len() == 1 { Arrival::First } else { Arrival::Another }
    }

    pub(crate) fn closed(&mut self, peer: PeerId, id: ConnectionId) -> Departure {
        let Some(connections) = self.peers.get_mut(&peer) else { return Departure::Remains };
        connections.retain(|connection| connection.id != id);
        if !connections.is_empty() {
            return Departure::Remains;
        }
        self.peers.remove(&peer);
        Departure::Gone
    }

    pub(crate) fn ponged(&mut self, peer: PeerId, id: ConnectionId, rtt: Duration) {
        if let Some(connection) = self.connection(peer, id) {
            connection.rtt = Some(rtt);
            connection.misses = 0;
        }
    }

    pub(crate) fn missed(&mut self, peer: PeerId, id: ConnectionId) -> Pulse {
        let Some(connection) = self.connection(peer, id) else { return Pulse::Alive };
        connection.misses = connection.misses.saturating_add(1);
        if connection.misses < MISSES_MAX { Pulse::Alive } else { Pulse::Dead }
    }

    /// The connection that new streams take.
    pub(crate) fn best(&self, peer: PeerId) -> Option<ConnectionId> {
        self.peers.get(&peer)?.first().map(|connection| connection.id)
    }

    /// The connections that were neither used nor kept for `idle_max`.
    pub(crate) fn idle(
        &mut self,
        now: Instant,
        idle_max: Duration,
        is_used: impl Fn(ConnectionId) -> bool,
    ) -> Vec<(PeerId, ConnectionId)> {
        let mut idle = Vec::new();
        for (&peer, connections) in &mut self.peers {
            for connection in connections {
                if is_used(connection.id) {
                    connection.wanted = now;
                } else if connection.wanted + idle_max <= now {
                    idle.push((peer, connection.id));
                }
            }
        }
        idle
    }

    /// Counts a connection as used just now.
    pub(crate) fn keep(&mut self, peer: PeerId, id: ConnectionId, now: Instant) {
        if let Some(connection) = self.connection(peer, id) {
            connection.wanted = now;
        }
    }

    pub(crate) fn is_connected(&self, peer: PeerId) -> bool {
        self.peers.contains_key(&peer)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = PeerId> {
        self.peers.keys().copied()
    }

    pub(crate) fn infos(&self) -> Vec<PeerInfo> {
        let mut infos: Vec<PeerInfo> = self.peers.iter().filter_map(info).collect();
        infos.sort_by_key(|info| info.peer);
        infos
    }

    fn connection(&mut self, peer: PeerId, id: ConnectionId) -> Option<&mut Connection> {
        self.peers.get_mut(&peer)?.iter_mut().find(|connection| connection.id == id)
    }
}

fn info((&peer, connections): (&PeerId, &Vec<Connection>)) -> Option<PeerInfo> {
    let first = connections.first()?;
    let addresses = connections.iter().map(|connection| connection.address.clone()).collect();
    Some(PeerInfo { peer, addresses, direction: first.direction, rtt: first.rtt })
}

/// Whether an address is dialed with QUIC.
pub(crate) fn is_quic(address: &Multiaddr) -> bool {
    address.iter().any(|part| matches!(part, Protocol::QuicV1))
}

#[cfg(test)]
mod tests {
    use libp2p::core::Endpoint;
    use libp2p::core::transport::PortUse;

    use super::*;

    const TCP: &str = "/ip4/10.0.0.1/tcp/1";
    const QUIC: &str = "/ip4/10.0.0.1/udp/1/quic-v1";

    fn dialer(address: &str) -> ConnectedPoint {
        let address = address.parse().unwrap();
        let (role_override, port_use) = (Endpoint::Dialer, PortUse::Reuse);
        ConnectedPoint::Dialer { address, role_override, port_use }
    }

    fn listener(address: &str) -> ConnectedPoint {
        let local_addr = Multiaddr::empty();
        ConnectedPoint::Listener { local_addr, send_back_addr: address.parse().unwrap() }
    }

    fn id(number: usize) -> ConnectionId {
        ConnectionId::new_unchecked(number)
    }

    #[test]
    fn a_second_dial_to_a_connected_peer_is_a_duplicate() {
        let (mut peers, peer) = (Peers::default(), PeerId::random());
        assert_eq!(peers.opened(peer, id(1), &dialer(TCP), Instant::now()), Arrival::First);
        assert_eq!(peers.opened(peer, id(2), &dialer(QUIC), Instant::now()), Arrival::Duplicate);
        assert_eq!(peers.opened(peer, id(3), &listener(TCP), Instant::now()), Arrival::Another);
        assert_eq!(peers.closed(peer, id(2)), Departure::Remains);
        assert_eq!(peers.closed(peer, id(1)), Departure::Remains);
        assert_eq!(peers.closed(peer, id(3)), Departure::Gone);
        assert_eq!(peers.closed(peer, id(3)), Departure::Remains);
    }

    #[test]
    fn streams_take_tcp_first_then_the_older_connection() {
        let (mut peers, peer) = (Peers::default(), PeerId::random());
        peers.opened(peer, id(1), &dialer(QUIC), Instant::now());
        assert_eq!(peers.best(peer), Some(id(1)));
        peers.opened(peer, id(2), &listener(TCP), Instant::now());
        peers.opened(peer, id(3), &listener(TCP), Instant::now());
        assert_eq!(peers.best(peer), Some(id(2)));
        let infos = peers.infos();
        assert_eq!(infos[0].direction, Direction::Inbound);
        assert_eq!(infos[0].addresses.len(), 3);
    }

    #[test]
    fn a_connection_is_idle_once_nobody_has_wanted_it_for_long() {
        let (mut peers, peer, start) = (Peers::default(), PeerId::random(), Instant::now());
        peers.opened(peer, id(1), &dialer(TCP), start);
        let (idle_max, later) = (Duration::from_mins(1), |s| start + Duration::from_secs(s));
        assert_eq!(peers.idle(later(50), idle_max, |_| true), []);
        assert_eq!(peers.idle(later(100), idle_max, |_| false), []);
        assert_eq!(peers.idle(later(110), idle_max, |_| false), [(peer, id(1))]);
        peers.keep(peer, id(1), later(110));
        assert_eq!(peers.idle(later(169), idle_max, |_| false), []);
    }

    #[test]
    fn one_lost_ping_is_forgiven() {
        let (mut peers, peer) = (Peers::default(), PeerId::random());
        peers.opened(peer, id(1), &dialer(TCP), Instant::now());
        assert_eq!(peers.missed(peer, id(1)), Pulse::Alive);
        peers.ponged(peer, id(1), Duration::from_millis(7));
        assert_eq!(peers.missed(peer, id(1)), Pulse::Alive);
        assert_eq!(peers.missed(peer, id(1)), Pulse::Dead);
        assert_eq!(peers.infos()[0].rtt, Some(Duration::from_millis(7)));
    }
}
