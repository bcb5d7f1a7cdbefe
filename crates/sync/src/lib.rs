//! Two nodes and one drive: who has what, and who asks whom.
//!
//! A [`Session`] is one conversation between two nodes about one drive. It has no socket, no clock
//! and no task: whoever drives it hands it messages and the time, and takes from it what to send. So
//! a thousand of them fit in one test, and the same inputs give the same outputs.
//!
//! ```text
//!   opener                                    answerer
//!   Hello { proof, sealed: Summary } ───────▶ which of my drives is it?
//!          ◀─────── Welcome { proof }, News (what you lack), Summary (what I have)
//!   News (what you lack) ───────────────────▶
//!   Resolve (a question about a path) ──────▶
//!          ◀─────── Blocks… each with its proof, Done
//! ```
//!
//! # Where this sits
//!
//! Rank 4, pure. It reads and fills the logs of a [`ply_drive::Replica`]; `exchange` drives it over any
//! stream of bytes in order.
//!
//! # Invariants
//!
//! - Nothing of a drive is said before the other side proved that it knows the drive.
//! - No block is stored unless its proof leads to a head that a writer signed, or to a layer that a
//!   commit of a writer names.
//! - Sessions that share [`Claims`] do not ask for the same blocks at the same time.
//! - A message is bounded before it is decoded; what waits to be sent is made when it is sent.
//! - An error ends the session. [`SessionError`] says whether the peer is at fault.
//!
//! # Not here
//!
//! - Finding peers, connections, encryption: `net`.
//! - What the blocks say: `drive`.

mod claims;
mod error;
#[cfg(test)]
mod fuzz;
pub mod gossip;
mod limits;
mod message;
mod proof;
mod session;

pub use claims::Claims;
pub use error::SessionError;
pub use limits::{MESSAGE_BYTES_MAX, PATIENCE, REQUESTS_MAX, SESSION_MEMORY_MAX};
pub use message::{HELLO_BYTES_MAX, peek_hello};
pub use proof::Peer;
pub use session::{Decoded, Failure, Output, RequestId, Session, Traffic};
