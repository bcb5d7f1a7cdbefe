//! The parts of the swarm, put together.
//!
//! Order matters: the first two refuse connections, and what comes after them is not asked then.

use libp2p::allow_block_list::{self, BlockedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{identify, mdns, ping};

use crate::config::{Config, Limits, Mdns};
use crate::error::NetError;
use crate::streams::Streams;
use crate::{dht, gossip};

/// What identify calls this family of protocols. Peers of any version get along or say so per stream.
const IDENTIFY: &str = "/plywood/id/1";

/// See the module docs.
#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
pub(crate) struct Behaviour {
    pub(crate) limits: connection_limits::Behaviour,
    pub(crate) banned: allow_block_list::Behaviour<BlockedPeers>,
    pub(crate) streams: Streams,
    pub(crate) identify: identify::Behaviour,
    pub(crate) ping: ping::Behaviour,
    pub(crate) gossip: gossip::Behaviour,
    pub(crate) mdns: Toggle<mdns::tokio::Behaviour>,
    pub(crate) dht: dht::Behaviour,
}

pub(crate) fn behaviour(config: &Config) -> Result<Behaviour, NetError> {
    let limits = &config.limits;
    let local = config.identity.peer();
    let mdns = match config.mdns {
        Mdns::Off => None,
        Mdns::On => {
            let mdns = mdns::tokio::Behaviour::new(mdns::Config::default(), local);
            let refused = |error: std::io::Error| NetError::Setup {
                part: "search on the local network",
                reason: error.to_string(),
            };
            Some(mdns.map_err(refused)?)
        }
    };
    // Listen addresses tell where a node is inside its network: only announced ones are told.
    let identify = identify::Config::new(IDENTIFY.to_owned(), config.identity.keypair().public())
        .with_agent_version(concat!("plywood/", env!("CARGO_PKG_VERSION")).to_owned())
        .with_hide_listen_addrs(true);
    Ok(Behaviour {
        limits: connection_limits::Behaviour::new(connection_limits(limits)),
        banned: allow_block_list::Behaviour::default(),
        streams: Streams::new(limits.streams_per_peer_max, limits.streams_max),
        identify: identify::Behaviour::new(identify),
        ping: ping::Behaviour::new(ping::Config::new()),
        gossip: gossip::behaviour(limits.topics_max)?,
        mdns: Toggle::from(mdns),
        dht: dht::behaviour(local, config.dht, limits.dht_keys_max),
    })
}

fn connection_limits(limits: &Limits) -> ConnectionLimits {
    ConnectionLimits::default()
        .with_max_pending_incoming(Some(limits.pending_in_max))
        .with_max_pending_outgoing(Some(limits.pending_out_max))
        .with_max_established_incoming(Some(limits.established_in_max))
        .with_max_established_outgoing(Some(limits.established_out_max))
        .with_max_established_per_peer(Some(limits.per_peer_max))
}
