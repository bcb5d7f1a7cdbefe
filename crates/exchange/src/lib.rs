//! Sessions of this node's drives, over any stream of bytes.
//!
//! [`Exchange`] holds the drives that a node takes part in and the sessions that are open for each.
//! It runs the machines of `sync` over whatever reads and writes bytes in order (a stream of `net`, a
//! pair of pipes), and is the [`Remote`](ply_drive::Remote) of each drive: what a drive misses is
//! asked of its sessions.
//!
//! # Where this sits
//!
//! Rank 5: tasks and clocks live here, sockets do not. `node` hands it streams.
//!
//! # Invariants
//!
//! - A frame is refused by its length before memory is taken for it.
//! - A peer that does not read stops its own session only: what waits for it is bounded.
//! - A message that has begun to come is whole within a bounded time, or the session ends.
//! - Stopping a session ends its tasks, and fails what was asked of it.
//!
//! # Not here
//!
//! - Connections, encryption, finding peers: `net`.

mod buffers;
mod error;
mod event;
mod exchange;
mod fetches;
mod framing;
mod link;
mod mirror;
mod remote;
mod run;
mod stream;

pub use error::RunError;
pub use event::Event;
pub use exchange::{Exchange, SessionInfo};
pub use fetches::FetchInfo;
pub use link::SessionId;
pub use run::Side;
pub use stream::PEER_MEMORY_MAX;
