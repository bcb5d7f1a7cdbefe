//! What each command does.

use libp2p::gossipsub::PublishError;
use libp2p::{Multiaddr, PeerId};
use ply_types::Topic;
use tokio::time::Instant;

use super::{Next, Task};
use crate::command::Command;
use crate::dials::{Origin, Target};
use crate::error::NetError;
use crate::gossip;

impl Task {
    /// Replies fail only when the caller no longer waits, which is all the same here.
    pub(super) fn command(&mut self, command: Command) -> Next {
        match command {
            Command::Dial { target, reply } => self.dial(target, Origin::Caller(reply)),
            Command::Disconnect { peer } => {
                let _ = self.swarm.disconnect_peer_id(peer);
            }
            Command::Ban { peer, duration } => {
                self.bans.add(peer, duration, Instant::now());
                self.swarm.behaviour_mut().banned.block_peer(peer);
            }
            Command::Open { peer, reply } => match self.peers.best(peer) {
                Some(connection) => {
                    self.swarm.behaviour_mut().streams.open(peer, connection, reply);
                }
                None => drop(reply.send(Err(NetError::NotConnected { peer }))),
            },
            Command::Peers { reply } => drop(reply.send(self.peers.infos())),
            Command::Addresses { reply } => drop(reply.send(self.addresses())),
            Command::Subscribe { topic, reply } => drop(reply.send(self.subscribe(topic))),
            Command::Unsubscribe { topic } => {
                self.swarm.behaviour_mut().gossip.unsubscribe(&gossip::ident(topic));
            }
            Command::Publish { topic, bytes, reply } => {
                drop(reply.send(self.publish(topic, bytes.into())));
            }
            Command::Provide { key, reply } => {
                let table = &mut self.swarm.behaviour_mut().dht;
                drop(reply.send(self.providing.start(table, key)));
            }
            Command::StopProviding { key } => {
                self.providing.stop(&mut self.swarm.behaviour_mut().dht, key);
            }
            Command::Find { key, reply } => {
                drop(reply.send(self.finds.start(&mut self.swarm.behaviour_mut().dht, key)));
            }
            Command::Shutdown { reply } => return Next::Stop(reply),
        }
        Next::Continue
    }

    /// Starts a dial, or settles it at once when there is nothing to start.
    pub(super) fn dial(&mut self, target: Target, origin: Origin) {
        if let Some(peer) = target.peer() {
            if self.peers.is_connected(peer) {
                return self.dialed(peer, origin);
            }
            if peer == self.local {
                let target = target.to_string();
                return self.dial_failed(origin, NetError::Own { target });
            }
            if self.bans.is_banned(peer) {
                return self.dial_failed(origin, NetError::Banned { peer });
            }
        }
        let Some(origin) = self.dials.join(&target, origin) else { return };
        let opts = target.opts();
        let id = opts.connection_id();
        match self.swarm.dial(opts) {
            Ok(()) => self.dials.start(id, target, origin),
            Err(error) => self.dial_failed(origin, target.failure(&error)),
        }
    }

    pub(super) fn dialed(&mut self, peer: PeerId, origin: Origin) {
        match origin {
            Origin::Caller(reply) => drop(reply.send(Ok(peer))),
            Origin::Bootstrap { index } => self.bootstrap.connected(index, peer),
        }
    }

    pub(super) fn dial_failed(&mut self, origin: Origin, error: NetError) {
        match origin {
            Origin::Caller(reply) => drop(reply.send(Err(error))),
            Origin::Bootstrap { index } => {
                tracing::info!(%error, "a bootstrap node is out of reach");
                self.bootstrap.failed(index, Instant::now());
            }
        }
    }

    fn addresses(&self) -> Vec<Multiaddr> {
        let named = |address: &Multiaddr| address.clone().with_p2p(self.local).ok();
        let mut addresses: Vec<Multiaddr> = self.swarm.listeners().filter_map(named).collect();
        addresses.sort();
        addresses
    }

    fn subscribe(&mut self, topic: Topic) -> Result<(), NetError> {
        let topics_max = self.topics_max;
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        let topic = gossip::ident(topic);
        let is_new = gossip.topics().all(|known| *known != topic.hash());
        if is_new && topics_max <= gossip.topics().count() {
            return Err(NetError::TooManyTopics { topics_max });
        }
        let refused = |error: &dyn ToString| NetError::Gossip { reason: error.to_string() };
        gossip.subscribe(&topic).map(drop).map_err(|error| refused(&error))
    }

    fn publish(&mut self, topic: Topic, bytes: Vec<u8>) -> Result<(), NetError> {
        match self.swarm.behaviour_mut().gossip.publish(gossip::ident(topic), bytes) {
            Ok(_) | Err(PublishError::Duplicate | PublishError::NoPeersSubscribedToTopic) => Ok(()),
            Err(error) => Err(NetError::Gossip { reason: error.to_string() }),
        }
    }
}
