//! What a node is told when it starts.

use std::time::Duration;

use libp2p::Multiaddr;

use crate::identity::Identity;

/// Everything [`crate::Network::start`] needs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The key of this node.
    pub identity: Identity,
    /// Where to listen. Port 0 lets the system choose; none at all makes a node that only dials.
    pub listen: Vec<Multiaddr>,
    /// Addresses at which others reach this node that it cannot see itself: a forwarded port, a
    /// DNS name. They are announced whatever `announce` says.
    pub external: Vec<Multiaddr>,
    /// Which of its own listen addresses the node tells to others.
    pub announce: Announce,
    /// Nodes to be connected to always: dialed at start, and again whenever they are lost.
    pub bootstrap: Vec<Multiaddr>,
    /// Finding peers on the local network.
    pub mdns: Mdns,
    /// Finding peers by what they have.
    pub dht: Dht,
    /// How much of everything.
    pub limits: Limits,
}

/// Which listen addresses are told to strangers, in provider records and by identify.
///
/// A provider record without any address leads nowhere, so a node that has nothing to announce is
/// found by mDNS and tickets only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announce {
    /// Those the whole Internet can route to.
    Global,
    /// All, private and loopback ones too: for networks that have a DHT of their own.
    All,
}

/// Whether peers on the local network are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mdns {
    /// Ask and answer on the local network.
    On,
    /// Neither ask nor answer.
    Off,
}

/// What part this node takes in the distributed hash table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dht {
    /// None.
    Off,
    /// It asks others and keeps nothing for them. Right behind a NAT.
    Client,
    /// It also keeps provider records for others. Needs an address others can reach.
    Server,
}

/// Bounds on what peers can make this node hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Inbound connections that have not finished their handshake.
    pub pending_in_max: u32,
    /// Outbound connections that have not finished their handshake.
    pub pending_out_max: u32,
    /// Inbound connections.
    pub established_in_max: u32,
    /// Outbound connections.
    pub established_out_max: u32,
    /// Connections to one peer: one from each side when both dial at once, and one to spare.
    pub per_peer_max: u32,
    /// Streams one peer may have open to this node.
    pub streams_per_peer_max: usize,
    /// Streams all peers together may have open to this node. Each can fill a receive window of
    /// 256 KiB before anybody reads: 1024 make 256 MiB.
    pub streams_max: usize,
    /// Topics this node may subscribe to, and that are remembered of one peer.
    pub topics_max: usize,
    /// Keys of the DHT under which providers are remembered, own ones included. Up to 20 providers
    /// of about 300 bytes each: 8192 keys make at most 50 MB.
    pub dht_keys_max: usize,
    /// Events that may wait for the caller before streams and gossip are turned away.
    pub events_max: usize,
    /// How long a connection without streams is kept.
    pub idle_max: Duration,
}

impl Limits {
    /// Where to start from.
    pub const STANDARD: Self = Self {
        pending_in_max: 32,
        pending_out_max: 16,
        established_in_max: 128,
        established_out_max: 64,
        per_peer_max: 3,
        streams_per_peer_max: 64,
        streams_max: 1024,
        topics_max: 1024,
        dht_keys_max: 8192,
        events_max: 1024,
        idle_max: Duration::from_mins(2),
    };
}
