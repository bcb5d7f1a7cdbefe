//! Everything this crate promises, seen from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects"
)]
#![allow(clippy::indexing_slicing, reason = "a test knows its own arrays")]

#[path = "it/common.rs"]
mod common;
#[path = "it/cut.rs"]
mod cut;
#[path = "it/dictionary.rs"]
mod dictionary;
#[path = "it/frame.rs"]
mod frame;
#[path = "it/fuzz.rs"]
mod fuzz;
#[path = "it/hostile.rs"]
mod hostile;
#[path = "it/list.rs"]
mod list;
#[path = "it/list_reading.rs"]
mod list_reading;
