//! The real binary, with homes of its own.

mod cli {
    mod daemon;
    mod files;
    mod homes;
    mod ply;
    mod sharing;
}
