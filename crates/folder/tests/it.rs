//! Everything this crate promises, seen from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects"
)]
#![allow(clippy::indexing_slicing, reason = "a test knows its own arrays")]

#[path = "it/again.rs"]
mod again;
#[path = "it/common.rs"]
mod common;
#[path = "it/dest.rs"]
mod dest;
#[path = "it/faults.rs"]
mod faults;
#[path = "it/options.rs"]
mod options;
#[path = "it/round_trip.rs"]
mod round_trip;
#[path = "it/snapshot.rs"]
mod snapshot;
#[path = "it/stop.rs"]
mod stop;
