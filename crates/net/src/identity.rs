//! Who this node is to others.

use std::fmt;

use libp2p::PeerId;
use libp2p::identity::Keypair;
use ply_types::Seed;

use crate::error::NetError;

/// The key of a node, and the peer id that follows from it.
#[derive(Clone)]
pub struct Identity {
    keypair: Keypair,
    peer: PeerId,
}

impl Identity {
    /// Makes the ed25519 key of a node from its seed. The same seed gives the same peer id.
    pub fn new(seed: &Seed) -> Result<Self, NetError> {
        // The callee wipes what it is given: hand it a copy.
        let keypair = Keypair::ed25519_from_bytes(*seed.expose())
            .map_err(|source| NetError::Seed { source })?;
        let peer = keypair.public().to_peer_id();
        Ok(Self { keypair, peer })
    }

    /// The name other nodes know this one by.
    pub fn peer(&self) -> PeerId {
        self.peer
    }

    pub(crate) fn keypair(&self) -> &Keypair {
        &self.keypair
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.peer)
    }
}
