//! The whole interface, on the engine in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod copies;
mod create;
mod file_law;
mod members;
mod suite;
