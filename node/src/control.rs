//! The control socket: how a command talks to the node that runs on its home.
//!
//! The client sends its arguments; the node runs the command and sends back what it prints, asks for
//! input when the command reads some, and ends with the exit code.
//!
//! ```text
//! client                                     node
//!   Request…, Start   ───────────────────▶   parses the arguments, runs the command
//!                     ◀───────────────────   Want: the command reads its input
//!   Input             ───────────────────▶   empty at the end of the input
//!                     ◀───────────────────   Output, Error, Progress, in their order
//!                     ◀───────────────────   Exit
//! ```
//!
//! # Invariants
//!
//! - Input is read from the user only when the command wants it: what a script's loop reads from the
//!   same input stays there.
//! - Nothing is queued without a bound: a reader that is slow makes the command wait.
//! - When the client goes, its command ends.

mod client;
mod frame;
#[cfg(test)]
mod fuzz;
mod request;
mod server;
mod socket;
mod streams;

pub(crate) use client::{Ended, command};
pub(crate) use frame::{Frame, Kind};
pub(crate) use request::{Caller, Request};
pub(crate) use server::serve;
pub(crate) use socket::{bind, connect, remove};
