//! A node among others: connections, streams, gossip, and finding peers, over libp2p.
//!
//! [`Network::start`] runs one task that owns the libp2p swarm. [`Network`] is a cheap handle to it,
//! [`Events`] is what it has to say. [`pipe::secure`] gives the same security to any pair of pipes,
//! and [`ports::taken`] says beforehand whether something else has a port.
//!
//! # Where this sits
//!
//! Rank 4, impure: sockets, clocks, tasks and randomness live here. It knows peers and bytes, and
//! nothing of drives.
//!
//! # Invariants
//!
//! - A stream is delivered or its opener sees an error: none is dropped in silence.
//! - Opening a stream costs no round trip of its own.
//! - Every queue has a bound, and no bound is set by a peer.
//! - A reader that stops reading [`Events`] stops nothing but streams and gossip to itself.
//! - Nothing received is relayed by gossip before the caller has accepted it.
//!
//! # Not here
//!
//! - What is said on a stream: `sync`.
//! - Which peers to dial, and why: the caller.
//! - Ways through NAT: no relay, hole punching or port mapping yet.

mod bans;
mod behaviour;
mod bootstrap;
mod command;
mod config;
mod dht;
mod dials;
mod error;
mod event;
mod gossip;
mod identity;
mod listeners;
mod network;
mod outbox;
mod peers;
mod stream;
mod streams;
mod task;
mod transport;

pub mod pipe;
pub mod ports;

pub use libp2p::{Multiaddr, PeerId};

pub use config::{Announce, Config, Dht, Limits, Mdns};
pub use dht::{Provider, Providers};
pub use error::NetError;
pub use event::{Event, Events};
pub use gossip::{GOSSIP_BYTES_MAX, Gossip, Verdict};
pub use identity::Identity;
pub use network::Network;
pub use peers::{Direction, PeerInfo};
pub use stream::Stream;
