//! The laws of logs: have-maps are sets, forks are proved or not at all, bytes never change
//! meaning.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]
#![allow(clippy::cast_possible_truncation, reason = "the logs of these tests are small")]

mod forks;
mod fuzz;
mod golden;
mod have;
mod logs;
mod world;
