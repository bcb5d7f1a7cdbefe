//! What peers that mean no good cost in memory. A program of its own, for all of its memory is counted.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod counted;
mod peers;
#[allow(dead_code, reason = "shared with the other tests of this crate")]
#[path = "../it/villain.rs"]
mod villain;
#[allow(dead_code, reason = "shared with the other tests of this crate")]
#[path = "../it/world.rs"]
mod world;
