//! The handle.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use libp2p::{Multiaddr, PeerId};
use ply_types::{DhtKey, Topic};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::command::Command;
use crate::config::Config;
use crate::dht::Providers;
use crate::dials::{Target, innermost, refusal};
use crate::error::NetError;
use crate::event::Events;
use crate::gossip::GOSSIP_BYTES_MAX;
use crate::listeners::Listeners;
use crate::outbox::Outbox;
use crate::peers::{PeerInfo, is_quic};
use crate::ports;
use crate::stream::Stream;
use crate::task::Task;
use crate::transport;

/// Commands that may wait for the task. A caller that comes after them waits for room.
const COMMANDS_MAX: usize = 64;

/// How long [`Network::start`] waits for the addresses of its listeners. Interfaces are enumerated
/// within milliseconds; a machine that has none yet starts all the same.
const LISTEN_PATIENCE: Duration = Duration::from_secs(3);

/// How far QUIC lets TCP go ahead: a round trip around the world for its three flights.
const TCP_HEAD_START: Duration = Duration::from_millis(600);

/// A running node. Clones are handles to the same one; it shuts down when the last is dropped.
#[derive(Clone, Debug)]
pub struct Network {
    peer: PeerId,
    commands: mpsc::Sender<Command>,
}

impl Network {
    /// Starts a node inside the current tokio runtime. When this returns, it listens.
    pub async fn start(config: Config) -> Result<(Self, Events), NetError> {
        let peer = config.identity.peer();
        let mut swarm = transport::swarm(&config)?;
        let mut silent = HashSet::new();
        for address in &config.listen {
            if let Some(error) = ports::taken(address) {
                return Err(NetError::Listen {
                    address: address.clone(),
                    reason: innermost(&error),
                });
            }
        }
        for address in &config.listen {
            let listening = swarm.listen_on(address.clone());
            silent.insert(listening.map_err(|error| NetError::Listen {
                address: address.clone(),
                reason: refusal(&error),
            })?);
        }
        let (ready, readied) = oneshot::channel();
        let listeners = Listeners::new(silent, ready);
        let (commands, queue) = mpsc::channel(COMMANDS_MAX);
        let (outbox, events) = Outbox::new(config.limits.events_max);
        tokio::spawn(Task::new(&config, swarm, listeners, queue, outbox).run());
        if let Ok(Ok(result)) = timeout(LISTEN_PATIENCE, readied).await {
            result?;
        }
        Ok((Self { peer, commands }, Events::new(events)))
    }

    /// The name of this node.
    pub fn local_peer(&self) -> PeerId {
        self.peer
    }

    /// Where this node listens, each address with its `/p2p/…`. Empty once it has shut down.
    pub async fn addresses(&self) -> Vec<Multiaddr> {
        self.ask(|reply| Command::Addresses { reply }).await.unwrap_or_default()
    }

    /// Who is connected, in order of their names. Empty once the node has shut down.
    pub async fn peers(&self) -> Vec<PeerInfo> {
        self.ask(|reply| Command::Peers { reply }).await.unwrap_or_default()
    }

    /// Connects to whoever is at an address, and says who it is. When the address ends in `/p2p/…`
    /// it must be that peer, and an existing connection to them will do.
    pub async fn dial(&self, address: Multiaddr) -> Result<PeerId, NetError> {
        self.dial_target(Target::at(address)).await
    }

    /// Connects to a peer at the first of some addresses that answers, unless it is connected.
    ///
    /// TCP is tried first. QUIC joins in when TCP has failed or has taken more than a moment.
    pub async fn connect(&self, peer: PeerId, addresses: Vec<Multiaddr>) -> Result<(), NetError> {
        let (quic, tcp): (Vec<_>, Vec<_>) = addresses.into_iter().partition(is_quic);
        if quic.is_empty() || tcp.is_empty() {
            let addresses = [tcp, quic].concat();
            return self.dial_target(Target::Peer { peer, addresses }).await.map(drop);
        }
        let mut first = Box::pin(self.dial_target(Target::Peer { peer, addresses: tcp }));
        let first_error = match timeout(TCP_HEAD_START, &mut first).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => Some(error),
            Err(_late) => None,
        };
        let second = self.dial_target(Target::Peer { peer, addresses: quic });
        if let Some(first_error) = first_error {
            return second.await.map(drop).map_err(|error| both(peer, &first_error, &error));
        }
        tokio::pin!(second);
        tokio::select! {
            result = &mut first => match result {
                Ok(_) => Ok(()),
                Err(error) => second.await.map(drop).map_err(|other| both(peer, &error, &other)),
            },
            result = &mut second => match result {
                Ok(_) => Ok(()),
                Err(error) => first.await.map(drop).map_err(|other| both(peer, &other, &error)),
            },
        }
    }

    /// Closes all connections to a peer. It may come back.
    pub async fn disconnect(&self, peer: PeerId) {
        self.tell(Command::Disconnect { peer }).await;
    }

    /// Closes all connections to a peer and takes none for some time.
    pub async fn ban(&self, peer: PeerId, duration: Duration) {
        self.tell(Command::Ban { peer, duration }).await;
    }

    /// Opens a stream to a connected peer, without a round trip: see [`Stream`].
    pub async fn open(&self, peer: PeerId) -> Result<Stream, NetError> {
        let (reply, result) = oneshot::channel();
        self.commands.send(Command::Open { peer, reply }).await.map_err(|_| NetError::Stopped)?;
        // The sender is dropped unused when the connection breaks while the stream is opened.
        result.await.map_err(|_| NetError::NotConnected { peer })?
    }

    /// Takes part in a topic.
    pub async fn subscribe(&self, topic: Topic) -> Result<(), NetError> {
        self.ask(|reply| Command::Subscribe { topic, reply }).await?
    }

    /// Leaves a topic.
    pub async fn unsubscribe(&self, topic: Topic) {
        self.tell(Command::Unsubscribe { topic }).await;
    }

    /// Tells everybody who follows a topic, as far as any of them is connected. That nobody is, or
    /// that the same was said a moment ago, is no error.
    pub async fn publish(&self, topic: Topic, bytes: Bytes) -> Result<(), NetError> {
        if GOSSIP_BYTES_MAX < bytes.len() {
            return Err(NetError::GossipTooLong { bytes: bytes.len() });
        }
        self.ask(|reply| Command::Publish { topic, bytes, reply }).await?
    }

    /// Says in the DHT that this node has what the key stands for, until told otherwise.
    pub async fn provide(&self, key: DhtKey) -> Result<(), NetError> {
        self.ask(|reply| Command::Provide { key, reply }).await?
    }

    /// Stops saying so. Others may believe it for some hours more.
    pub async fn stop_providing(&self, key: DhtKey) {
        self.tell(Command::StopProviding { key }).await;
    }

    /// Looks in the DHT for peers that have what the key stands for.
    pub async fn find(&self, key: DhtKey) -> Result<Providers, NetError> {
        self.ask(|reply| Command::Find { key, reply }).await?
    }

    /// Closes all connections and stops. Returns when that is done; streams end with an error.
    pub async fn shutdown(&self) {
        drop(self.ask(|reply| Command::Shutdown { reply }).await);
    }

    async fn dial_target(&self, target: Target) -> Result<PeerId, NetError> {
        self.ask(|reply| Command::Dial { target, reply }).await?
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, NetError> {
        let (reply, result) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| NetError::Stopped)?;
        result.await.map_err(|_| NetError::Stopped)
    }

    async fn tell(&self, command: Command) {
        // A network that has shut down has no peers, topics or keys to forget.
        drop(self.commands.send(command).await);
    }
}

/// The failure of a dial over both transports.
fn both(peer: PeerId, tcp: &NetError, quic: &NetError) -> NetError {
    NetError::Unreachable { target: peer.to_string(), reason: format!("{tcp}; {quic}") }
}
