//! Sessions between replicas in one process, without a network.

mod faults;
mod sparse;
mod story;
mod world;
