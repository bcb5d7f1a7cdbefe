//! One connection's part in opening and accepting streams.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::PeerId;
use libp2p::StreamProtocol;
use libp2p::core::upgrade::ReadyUpgrade;
use libp2p::swarm::handler::{
    ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound,
};
use libp2p::swarm::{
    ConnectionHandler, ConnectionHandlerEvent, StreamUpgradeError, SubstreamProtocol,
};
use tokio::sync::{Semaphore, oneshot};

use super::PROTOCOL;
use crate::error::NetError;
use crate::stream::{Permits, Stream};

/// A connection has this long to take a stream. It is one that waits only when more than 256 streams
/// are unacknowledged, or when the peer answers nothing any more.
const OPEN_TIMEOUT: Duration = Duration::from_secs(15);

/// Where the result of an open goes.
pub(crate) type OpenReply = oneshot::Sender<Result<Stream, NetError>>;

/// See the module docs.
pub(crate) struct Handler {
    peer: PeerId,
    /// Shared with each stream: as long as one lives, the connection is in use.
    token: Arc<()>,
    share: Arc<Semaphore>,
    node: Arc<Semaphore>,
    opens: VecDeque<OpenReply>,
    arrived: VecDeque<Stream>,
}

impl Handler {
    pub(super) fn new(
        peer: PeerId,
        token: Arc<()>,
        share: Arc<Semaphore>,
        node: Arc<Semaphore>,
    ) -> Self {
        Self { peer, token, share, node, opens: VecDeque::new(), arrived: VecDeque::new() }
    }

    /// Takes a place under both limits for one stream.
    fn permits(&self) -> Option<Permits> {
        let peer = Arc::clone(&self.share).try_acquire_owned().ok()?;
        let node = Arc::clone(&self.node).try_acquire_owned().ok()?;
        Some(Permits { _peer: peer, _node: node })
    }

    fn accept(&mut self, stream: libp2p::Stream) {
        let Some(permits) = self.permits() else {
            // Dropped here, the stream is reset: its opener reads an end before the first byte.
            tracing::debug!(peer = %self.peer, "refused a stream: too many are open");
            return;
        };
        let token = Arc::clone(&self.token);
        self.arrived.push_back(Stream::inbound(self.peer, token, stream, permits));
    }

    fn refusal<E: std::fmt::Debug>(&self, error: StreamUpgradeError<E>) -> NetError {
        let peer = self.peer;
        match error {
            StreamUpgradeError::Timeout => NetError::Timeout { peer },
            StreamUpgradeError::NegotiationFailed => {
                NetError::Unsupported { peer, protocol: "/plywood/drive/1" }
            }
            StreamUpgradeError::Io(source) => NetError::Stream { peer, source },
            StreamUpgradeError::Apply(error) => {
                NetError::Stream { peer, source: std::io::Error::other(format!("{error:?}")) }
            }
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = OpenReply;
    type ToBehaviour = Stream;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = OpenReply;

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ())
    }

    fn poll(
        &mut self,
        _cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, OpenReply, Stream>> {
        // No waker is kept: the connection polls this handler after each call that fills a queue.
        if let Some(stream) = self.arrived.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(stream));
        }
        if let Some(reply) = self.opens.pop_front() {
            let protocol = SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), reply)
                .with_timeout(OPEN_TIMEOUT);
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol });
        }
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, reply: OpenReply) {
        self.opens.push_back(reply);
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, Self::InboundProtocol, Self::OutboundProtocol, (), OpenReply>,
    ) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol: stream,
                info: (),
            }) => self.accept(stream),
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol: stream,
                info: reply,
            }) => {
                let stream = Stream::outbound(self.peer, Arc::clone(&self.token), stream);
                drop(reply.send(Ok(stream)));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { info: reply, error }) => {
                drop(reply.send(Err(self.refusal(error))));
            }
            _ => {}
        }
    }
}
