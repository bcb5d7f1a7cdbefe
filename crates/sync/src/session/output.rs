//! What a session and its driver hand to each other.

use ply_proto::message::What;

/// Number of a request, given by who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Why a request brought nothing, or not all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The peer does not have it.
    NoSource,
    /// The peer did not answer in time.
    TimedOut,
    /// The peer refused.
    Refused,
}

/// What the driver should do next.
#[derive(Debug)]
pub enum Output {
    /// Send this.
    Send(Vec<u8>),
    /// A request is over.
    Finished(RequestId, Result<(), Failure>),
    /// Heads or members changed: other sessions of the drive have news.
    Changed,
    /// So many bytes of blocks came in for a request.
    Arrived(RequestId, u64),
}

/// A message of the peer, decoded and not handled yet.
#[derive(Debug)]
pub struct Decoded {
    pub(super) what: What,
    pub(super) stores: bool,
}

impl Decoded {
    /// Whether to handle it may take a look into the store; if not, it is only put aside.
    pub fn stores(&self) -> bool {
        self.stores
    }
}

/// What went through a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages sent.
    pub messages_out: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// Messages received.
    pub messages_in: u64,
    /// Their bytes.
    pub bytes_in: u64,
    /// Bytes of blocks received, without proofs and headers.
    pub block_bytes_in: u64,
    /// Blocks received.
    pub blocks_in: u64,
}
