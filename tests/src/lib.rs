//! A world of nodes that runs from a seed, and a model that says what each of them must show.
//!
//! ```text
//!   History ── throws dice ──▶ Action ──▶ Node (drive, replica, engine)  ──▶ what it shows ─┐
//!      │                         │                                                          ├─ equal?
//!      │                         └──────▶ Model (sets of events, no clocks)──▶ what it must ┘
//!      └── Net: links, partitions, lost and repeated sessions, crashes
//! ```
//!
//! # Where this sits
//!
//! Rank 7: above everything, shipped with nothing. The tests beside it use it.
//!
//! # Invariants
//!
//! - One seed is one history: no clock, no thread, no map in random order decides anything.
//! - The model takes from the program only who signs under which key, which commits a node counts,
//!   and whether an operation said that something is out of reach.
//!
//! # Not here
//!
//! - Real sockets and disks: the tests of `net`, `store` and `node`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "it runs in tests only, where to stop at once is what is wanted"
)]

pub mod action;
pub mod breakage;
pub mod check;
pub mod dice;
pub mod history;
pub mod layout;
pub mod machine;
pub mod model;
pub mod net;
pub mod node;
pub mod tally;
pub mod tidy;
