//! Heads on the gossip topic of a drive: short news for those who have no session with us.
//!
//! Sealed with the mirror key, so that whoever only relays the topic learns nothing.

use std::sync::Arc;

use ply_chunk::{Decoder, Encoder, Kind, Level, Opener, Sealer, no_dictionaries};
use ply_drive::Replica;
use ply_engine::Engine;
use ply_log::SignedHead;
use ply_proto as proto;

use crate::error::SessionError;

/// Heads in one announcement: with 144 bytes each they fit the kilobyte that gossip carries.
const HEADS_MAX: usize = 6;

/// Longest announcement once it is opened. It may have been compressed, so what gossip carries is no
/// bound.
const OPENED_BYTES_MAX: usize = 1024;

/// What an announcement is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Somebody has something that this node lacks.
    News,
    /// Nothing that this node does not know.
    Nothing,
}

/// An announcement of this node's own head; `None` while it has none.
pub fn announcement<E: Engine>(replica: &Replica<E>) -> Result<Option<Vec<u8>>, SessionError> {
    let Some(signed) = replica.signed_head(&replica.writer_key())? else { return Ok(None) };
    let gossip = proto::Gossip { heads: vec![signed.to_bytes().to_vec()] };
    let sealer = Sealer::mirror_key(&replica.id().mirror_key());
    let sealed =
        Encoder::new(Level::DEFAULT).encode(Kind::Gossip, &proto::encode(&gossip), &sealer, None);
    Ok(sealed.ok())
}

/// Judges an announcement: an error means that whoever relayed it should have seen that it is wrong.
pub fn heed<E: Engine>(replica: &Arc<Replica<E>>, bytes: &[u8]) -> Result<Heard, SessionError> {
    let opener = Opener::mirror_key(&replica.id().mirror_key());
    let gossip = Decoder::new()
        .decode(Kind::Gossip, bytes, &opener, no_dictionaries)
        .map_err(|error| SessionError::Malformed { what: error.to_string() })?;
    let mut heard = Heard::Nothing;
    for signed in parse(&gossip)? {
        let log = signed.head.log;
        signed.verify().map_err(|error| SessionError::Wrong { log, what: error.to_string() })?;
        let known = replica.known_length(&log)?;
        // A writer of whom nothing is known yet may have been let in meanwhile.
        if known < signed.head.length {
            heard = Heard::News;
        }
    }
    Ok(heard)
}

/// The heads of an announcement that was opened; none is verified yet.
pub(crate) fn parse(opened: &[u8]) -> Result<Vec<SignedHead>, SessionError> {
    let malformed = |what: String| SessionError::Malformed { what };
    let gossip: proto::Gossip = proto::decode("announcement", OPENED_BYTES_MAX, opened)
        .map_err(|error| malformed(error.to_string()))?;
    if HEADS_MAX < gossip.heads.len() {
        return Err(SessionError::TooMuch { what: "heads in an announcement" });
    }
    let heads = gossip.heads.iter().map(|head| SignedHead::from_bytes(head));
    heads.map(|head| head.map_err(|error| malformed(error.to_string()))).collect()
}
