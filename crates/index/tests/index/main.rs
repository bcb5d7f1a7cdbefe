//! The index from outside: laws against a plain map, costs in pages, and bytes that were never
//! meant.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "clippy knows tests by their attribute, and not the functions that they share"
)]

mod cost;
mod decoding;
mod differing;
mod editing;
mod golden;
mod hostile;
mod reading;
mod support;
