//! The real binary, with homes of its own.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod cli {
    mod daemon;
    mod files;
    mod homes;
    mod kills;
    mod limits;
    mod mirror;
    mod ply;
    mod sharing;
    mod story;
}
