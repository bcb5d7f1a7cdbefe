//! Proving to each other that both know a drive, without naming it.
//!
//! ```text
//! hello.proof   = keyed(capability, "hello"   ‖ nonce                 ‖ opener ‖ answerer)
//! hello.first   sealed under keyed(capability, "first" ‖ nonce)
//! welcome.proof = keyed(capability, "welcome" ‖ hello.nonce ‖ nonce   ‖ opener ‖ answerer)
//! ```
//!
//! The peers' names come from the handshake of the connection below, so a proof is worth nothing to
//! anybody else. Who knows none of our drives learns only that.

use ply_chunk::{Decoder, Encoder, Kind, Level, Opener, Sealer, no_dictionaries};
use ply_types::{DriveId, MirrorKey};

/// How the connection below names a peer: hash of its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer(pub [u8; 32]);

/// The two ends of a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) opener: Peer,
    pub(crate) answerer: Peer,
}

fn keyed(drive: &DriveId, label: [u8; 8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(&drive.capability());
    hasher.update(&label);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

pub(crate) fn hello(drive: &DriveId, nonce: &[u8], ends: Ends) -> [u8; 32] {
    keyed(drive, *b"hello   ", &[nonce, &ends.opener.0, &ends.answerer.0])
}

pub(crate) fn welcome(drive: &DriveId, hello: &[u8], nonce: &[u8], ends: Ends) -> [u8; 32] {
    keyed(drive, *b"welcome ", &[hello, nonce, &ends.opener.0, &ends.answerer.0])
}

/// Compares in a time that does not depend on where the first difference is.
pub(crate) fn equal(expected: &[u8; 32], found: &[u8]) -> bool {
    <[u8; 32]>::try_from(found)
        .is_ok_and(|found| blake3::Hash::from_bytes(found) == blake3::Hash::from_bytes(*expected))
}

fn first_key(drive: &DriveId, nonce: &[u8]) -> MirrorKey {
    MirrorKey::new(keyed(drive, *b"first   ", &[nonce]))
}

/// Seals the message that travels with a hello.
pub(crate) fn seal_first(drive: &DriveId, nonce: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let sealer = Sealer::mirror_key(&first_key(drive, nonce));
    Encoder::new(Level::DEFAULT).encode(Kind::Request, message, &sealer, None).ok()
}

/// Opens the message that came with a hello.
pub(crate) fn open_first(drive: &DriveId, nonce: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let opener = Opener::mirror_key(&first_key(drive, nonce));
    Decoder::default().decode(Kind::Request, sealed, &opener, no_dictionaries).ok()
}
