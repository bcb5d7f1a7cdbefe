//! The real binary, with homes of its own.

#[path = "cli"]
mod cli {
    mod daemon;
    mod files;
    mod homes;
    mod ply;
    mod sharing;
}
