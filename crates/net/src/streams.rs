//! The behaviour that opens and accepts streams of the one protocol of this project.
//!
//! Each open request goes to one named connection and is answered exactly once: with a stream, an
//! error, or a dropped sender when the connection is gone. Each inbound stream either gets a place
//! under the limits and is handed on, or is reset at once.

mod handler;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NotifyHandler, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, StreamProtocol};
use tokio::sync::Semaphore;

pub(crate) use handler::{Handler, OpenReply};

use crate::stream::Stream;

/// What is spoken on every stream.
pub(crate) const PROTOCOL: StreamProtocol = StreamProtocol::new("/plywood/drive/1");

/// See the module docs.
pub(crate) struct Streams {
    per_peer_max: usize,
    node: Arc<Semaphore>,
    /// One share for each peer, alive as long as a connection or a stream holds it.
    peers: HashMap<PeerId, Weak<Semaphore>>,
    /// One token for each connection, held by its handler and by each of its streams.
    uses: HashMap<ConnectionId, Weak<()>>,
    opens: VecDeque<(PeerId, ConnectionId, OpenReply)>,
    arrived: VecDeque<Stream>,
    waker: Option<Waker>,
}

impl Streams {
    pub(crate) fn new(per_peer_max: usize, streams_max: usize) -> Self {
        Self {
            per_peer_max,
            node: Arc::new(Semaphore::new(streams_max)),
            peers: HashMap::new(),
            uses: HashMap::new(),
            opens: VecDeque::new(),
            arrived: VecDeque::new(),
            waker: None,
        }
    }

    /// Asks for a stream on one connection.
    pub(crate) fn open(&mut self, peer: PeerId, connection: ConnectionId, reply: OpenReply) {
        self.opens.push_back((peer, connection, reply));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Whether a connection carries streams.
    pub(crate) fn is_used(&self, connection: ConnectionId) -> bool {
        self.uses.get(&connection).is_some_and(|token| 1 < token.strong_count())
    }

    fn handler(&mut self, peer: PeerId, connection: ConnectionId) -> Handler {
        let token = Arc::new(());
        self.uses.insert(connection, Arc::downgrade(&token));
        let known = self.peers.get(&peer).and_then(Weak::upgrade);
        let share = known.unwrap_or_else(|| {
            let share = Arc::new(Semaphore::new(self.per_peer_max));
            self.peers.insert(peer, Arc::downgrade(&share));
            share
        });
        Handler::new(peer, token, share, Arc::clone(&self.node))
    }
}

impl NetworkBehaviour for Streams {
    type ConnectionHandler = Handler;
    type ToSwarm = Stream;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        _local: &Multiaddr,
        _remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(peer, connection))
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        _address: &Multiaddr,
        _role: Endpoint,
        _port_use: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(peer, connection))
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::ConnectionClosed(_) = event {
            self.peers.retain(|_, share| share.strong_count() != 0);
            self.uses.retain(|_, token| token.strong_count() != 0);
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _peer: PeerId,
        _connection: ConnectionId,
        stream: THandlerOutEvent<Self>,
    ) {
        self.arrived.push_back(stream);
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        if let Some(stream) = self.arrived.pop_front() {
            return Poll::Ready(ToSwarm::GenerateEvent(stream));
        }
        if let Some((peer_id, connection, reply)) = self.opens.pop_front() {
            let handler = NotifyHandler::One(connection);
            return Poll::Ready(ToSwarm::NotifyHandler { peer_id, handler, event: reply });
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}
