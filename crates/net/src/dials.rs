//! Dials under way, and what became of them.

use std::collections::HashMap;
use std::error::Error;

use libp2p::core::transport::TransportError;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionDenied, ConnectionId, DialError};
use libp2p::{Multiaddr, PeerId, allow_block_list, connection_limits};
use tokio::sync::oneshot;

use crate::error::NetError;

/// Where the result of a dial goes.
pub(crate) type DialReply = oneshot::Sender<Result<PeerId, NetError>>;

/// Something to dial: a peer at some addresses, or whoever is at one.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Peer { peer: PeerId, addresses: Vec<Multiaddr> },
    Address(Multiaddr),
}

/// Who wanted a connection.
pub(crate) enum Origin {
    Caller(DialReply),
    Bootstrap { index: usize },
}

/// The dials that have no result yet.
#[derive(Default)]
pub(crate) struct Dials {
    pending: HashMap<ConnectionId, (Target, Vec<Origin>)>,
}

impl Dials {
    pub(crate) fn start(&mut self, id: ConnectionId, target: Target, origin: Origin) {
        self.pending.insert(id, (target, vec![origin]));
    }

    /// Lets somebody wait for a dial that tries all they would try. Gives them back if there is none.
    pub(crate) fn join(&mut self, target: &Target, origin: Origin) -> Option<Origin> {
        match self.pending.values_mut().find(|(pending, _)| pending.covers(target)) {
            Some((_, origins)) => {
                origins.push(origin);
                None
            }
            None => Some(origin),
        }
    }

    /// Takes what a dial was for, and who wants to know how it went.
    pub(crate) fn end(&mut self, id: ConnectionId) -> Option<(Target, Vec<Origin>)> {
        self.pending.remove(&id)
    }
}

impl Target {
    /// Takes the peer out of an address that names one.
    pub(crate) fn at(address: Multiaddr) -> Self {
        match address.iter().last() {
            Some(Protocol::P2p(peer)) => Self::Peer { peer, addresses: vec![address] },
            _ => Self::Address(address),
        }
    }

    pub(crate) fn peer(&self) -> Option<PeerId> {
        match self {
            Self::Peer { peer, .. } => Some(*peer),
            Self::Address(_) => None,
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Address(own), Self::Address(other)) => own == other,
            (
                Self::Peer { peer: own, addresses },
                Self::Peer { peer: other, addresses: others },
            ) => own == other && others.iter().all(|address| addresses.contains(address)),
            _ => false,
        }
    }

    /// A dial that does not take place when the peer is connected already. It does while another
    /// dial is under way, which may have worse addresses: the second connection is then closed.
    pub(crate) fn opts(&self) -> DialOpts {
        match self {
            Self::Peer { peer, addresses } => DialOpts::peer_id(*peer)
                .condition(PeerCondition::Disconnected)
                .addresses(addresses.clone())
                .build(),
            Self::Address(address) => DialOpts::unknown_peer_id().address(address.clone()).build(),
        }
    }

    /// What a failed dial means to whoever wanted it.
    pub(crate) fn failure(&self, error: &DialError) -> NetError {
        let target = self.to_string();
        match (error, self) {
            (DialError::LocalPeerId { .. }, _) => NetError::Own { target },
            (DialError::NoAddresses, _) => NetError::NoAddress { target },
            (DialError::WrongPeerId { obtained, address }, Self::Peer { peer, .. }) => {
                let (address, expected, found) =
                    (address.clone(), Box::new(*peer), Box::new(*obtained));
                NetError::WrongPeer { address, expected, found }
            }
            (DialError::Denied { cause }, _) => denial(target, cause),
            (DialError::Transport(attempts), _) => {
                NetError::Unreachable { target, reason: report(attempts) }
            }
            (error, _) => NetError::Unreachable { target, reason: error.to_string() },
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Peer { peer, .. } => write!(f, "{peer}"),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}

fn denial(target: String, cause: &ConnectionDenied) -> NetError {
    if let Some(exceeded) = cause.downcast_ref::<connection_limits::Exceeded>() {
        return NetError::Limit { target, limit: exceeded.to_string() };
    }
    let banned = cause.downcast_ref::<allow_block_list::Blocked>().is_some();
    let reason = if banned { "it is banned".to_owned() } else { cause.to_string() };
    NetError::Unreachable { target, reason }
}

/// All attempts on one line, each with the innermost cause: the outer layers only repeat it.
fn report(attempts: &[(Multiaddr, TransportError<std::io::Error>)]) -> String {
    let lines = attempts.iter().map(|(address, error)| format!("{address}: {}", refusal(error)));
    lines.collect::<Vec<String>>().join("; ")
}

/// Why a transport did not take an address.
pub(crate) fn refusal(error: &TransportError<std::io::Error>) -> String {
    match error {
        TransportError::MultiaddrNotSupported(_) => "unsupported".to_owned(),
        TransportError::Other(error) => innermost(error),
    }
}

/// The cause of all other causes, which mostly say nothing.
pub(crate) fn innermost(error: &std::io::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    // Some causes are written as a list over several lines.
    cause.to_string().split_whitespace().collect::<Vec<&str>>().join(" ")
}
