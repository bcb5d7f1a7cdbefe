//! Sessions between replicas in one process, without a network.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod apart;
mod blind;
mod clock;
mod commits;
mod damage;
mod faults;
mod flips;
mod floods;
mod forks;
mod fuzz;
mod malformed;
mod recorded;
mod sources;
mod sparse;
mod story;
mod whole;
mod world;
