//! Real nodes on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod connect;
mod dht;
mod flights;
mod gossip;
mod pipe;
mod streams;
mod world;
