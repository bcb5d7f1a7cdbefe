//! The real binary, with homes of its own.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod cli {
    mod apart;
    mod daemon;
    mod damage;
    mod edges;
    mod files;
    mod formats;
    mod homes;
    mod kills;
    mod limits;
    mod links;
    mod mirror;
    mod past;
    mod ply;
    mod ports;
    mod proxy;
    mod resume;
    mod sharing;
    mod sources;
    mod sparse;
    mod stopping;
    mod story;
    mod watching;
}
