//! What each event of the swarm means.

use std::collections::BTreeMap;

use libp2p::core::ConnectedPoint;
use libp2p::core::transport::ListenerId;
use libp2p::gossipsub::MessageAcceptance;
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, gossipsub, identify, kad, mdns, ping};
use tokio::time::Instant;

use super::Task;
use crate::behaviour::BehaviourEvent;
use crate::dht::{self, ADDRESSES_MAX};
use crate::dials::{Origin, Target, innermost};
use crate::error::NetError;
use crate::event::Event;
use crate::gossip::{self, GOSSIP_BYTES_MAX, Gossip, Judged, Verdict};
use crate::listeners::is_announced;
use crate::peers::{Arrival, Departure, Direction, Pulse};

impl Task {
    pub(super) fn swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.behaviour_event(event),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.connected(peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, cause, .. } => {
                tracing::debug!(peer = %peer_id, ?cause, "connection closed");
                if self.peers.closed(peer_id, connection_id) == Departure::Gone {
                    self.bootstrap.lost(peer_id, Instant::now());
                    self.outbox.tell(Event::PeerDisconnected { peer: peer_id });
                }
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                if let Some((target, origins)) = self.dials.end(connection_id) {
                    self.not_connected(&target, &error, origins);
                }
            }
            SwarmEvent::IncomingConnectionError { send_back_addr, error, .. } => {
                tracing::debug!(from = %send_back_addr, %error, "an inbound connection failed");
            }
            SwarmEvent::NewListenAddr { listener_id, address } => {
                self.listening(listener_id, address);
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => self.not_listening(&address),
            SwarmEvent::ListenerClosed { listener_id, addresses, reason } => {
                for address in &addresses {
                    self.not_listening(address);
                }
                let reason = reason.err().map_or("closed".to_owned(), |error| innermost(&error));
                let address = addresses.into_iter().next().unwrap_or_else(Multiaddr::empty);
                self.listeners.closed(listener_id, NetError::Listen { address, reason });
            }
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(%error, "listener"),
            _ => {}
        }
    }

    fn connected(&mut self, peer: PeerId, id: ConnectionId, endpoint: &ConnectedPoint) {
        match self.peers.opened(peer, id, endpoint, Instant::now()) {
            Arrival::First => {
                let direction = match endpoint {
                    ConnectedPoint::Dialer { .. } => Direction::Outbound,
                    ConnectedPoint::Listener { .. } => Direction::Inbound,
                };
                let address = endpoint.get_remote_address().clone();
                self.outbox.tell(Event::PeerConnected { peer, address, direction });
            }
            Arrival::Another => {}
            Arrival::Duplicate => drop(self.swarm.close_connection(id)),
        }
        let origins = self.dials.end(id).map(|(_, origins)| origins);
        for origin in origins.into_iter().flatten() {
            self.dialed(peer, origin);
        }
    }

    /// A dial has failed. When the peer has connected by other ways meanwhile, that is success.
    fn not_connected(&mut self, target: &Target, error: &DialError, origins: Vec<Origin>) {
        let connected = target.peer().filter(|peer| self.peers.is_connected(*peer));
        for origin in origins {
            match connected {
                Some(peer) => self.dialed(peer, origin),
                None => self.dial_failed(origin, target.failure(error)),
            }
        }
    }

    fn listening(&mut self, listener: ListenerId, address: Multiaddr) {
        if is_announced(self.announce, &address) {
            self.swarm.add_external_address(address.clone());
        }
        if let Ok(named) = address.with_p2p(self.local) {
            self.outbox.tell(Event::Listening(named));
        }
        self.listeners.spoke(listener);
    }

    fn not_listening(&mut self, address: &Multiaddr) {
        self.swarm.remove_external_address(address);
        if let Ok(named) = address.clone().with_p2p(self.local) {
            self.outbox.tell(Event::NotListening(named));
        }
    }

    fn behaviour_event(&mut self, event: BehaviourEvent) {
        match event {
            BehaviourEvent::Streams(stream) => self.outbox.offer(Event::Stream(stream)),
            BehaviourEvent::Gossip(event) => self.gossiped(event),
            BehaviourEvent::Ping(event) => self.pinged(event),
            BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. }) => {
                dht::learn(&mut self.swarm.behaviour_mut().dht, peer_id, &info.listen_addrs);
            }
            BehaviourEvent::Mdns(mdns::Event::Discovered(found)) => self.discovered(found),
            BehaviourEvent::Dht(event) => self.dht_event(event),
            BehaviourEvent::Identify(_) | BehaviourEvent::Mdns(mdns::Event::Expired(_)) => {}
            BehaviourEvent::Limits(never) | BehaviourEvent::Banned(never) => match never {},
        }
    }

    fn pinged(&mut self, event: ping::Event) {
        let ping::Event { peer, connection, result } = event;
        match result {
            Ok(rtt) => self.peers.ponged(peer, connection, rtt),
            Err(ping::Failure::Timeout) => {
                if self.peers.missed(peer, connection) == Pulse::Dead {
                    tracing::info!(%peer, "no answer to pings: closing the connection");
                    self.swarm.close_connection(connection);
                }
            }
            Err(error) => tracing::debug!(%peer, %error, "ping"),
        }
    }

    fn gossiped(&mut self, event: gossipsub::Event) {
        let gossipsub::Event::Message { propagation_source: from, message_id, message } = event
        else {
            return;
        };
        match gossip::topic(&message.topic) {
            Some(topic) if message.data.len() <= GOSSIP_BYTES_MAX => {
                let verdict = Verdict::new(message_id, from, self.judge.clone());
                let bytes = message.data.into();
                self.outbox.offer(Event::Gossip(Gossip { topic, from, bytes, verdict }));
            }
            _ => {
                let acceptance = MessageAcceptance::Reject;
                self.verdict(&Judged { message: message_id, from, acceptance });
            }
        }
    }

    fn discovered(&mut self, found: Vec<(PeerId, Multiaddr)>) {
        let mut peers: BTreeMap<PeerId, Vec<Multiaddr>> = BTreeMap::new();
        for (peer, address) in found {
            let addresses = peers.entry(peer).or_default();
            if addresses.len() < ADDRESSES_MAX {
                addresses.push(address);
            }
        }
        for (peer, addresses) in peers {
            dht::learn(&mut self.swarm.behaviour_mut().dht, peer, &addresses);
            self.outbox.offer(Event::Discovered { peer, addresses });
        }
    }

    fn dht_event(&mut self, event: kad::Event) {
        match event {
            kad::Event::OutboundQueryProgressed { id, result, .. } => {
                self.finds.progress(&mut self.swarm.behaviour_mut().dht, self.local, id, result);
            }
            kad::Event::RoutingUpdated { is_new_peer: true, .. } => {
                self.providing.table_grew(Instant::now());
            }
            _ => {}
        }
    }
}
