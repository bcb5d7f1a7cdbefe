//! Sessions over streams in memory, with honest peers and others.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod hostile;
mod mirror;
mod slow;
mod villain;
mod world;
