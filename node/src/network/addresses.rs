//! Addresses as people write them, and peers as sessions name them.

use ply_net::{Multiaddr, PeerId};
use ply_sync::Peer;

use super::NetworkError;

/// Reads a multiaddr.
pub(super) fn parse_address(text: &str) -> Result<Multiaddr, NetworkError> {
    text.parse().map_err(|_| NetworkError::Malformed {
        text: text.to_owned(),
        what: "an address: write it like /ip4/192.0.2.7/tcp/4001",
    })
}

/// Reads addresses, all or none.
pub(super) fn parse_addresses(texts: &[String]) -> Result<Vec<Multiaddr>, NetworkError> {
    texts.iter().map(|text| parse_address(text)).collect()
}

/// Reads a peer id.
pub(super) fn parse_peer(text: &str) -> Result<PeerId, NetworkError> {
    text.parse().map_err(|_| NetworkError::Malformed { text: text.to_owned(), what: "a peer id" })
}

/// The name by which sessions know a peer: both ends of a connection compute the same.
pub(super) fn session_peer(peer: PeerId) -> Peer {
    Peer(ply_chunk::hash(&peer.to_bytes()).0)
}

#[cfg(test)]
mod fuzz;
