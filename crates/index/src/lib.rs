//! The index: an ordered map from keys to small values, kept in pages that are named by their hash.
//!
//! It is a prolly tree. Where one page ends and the next begins is decided by hashes of keys alone,
//! so the same rows give the same pages and the same root, whoever wrote them and in whatever
//! order. Two trees that agree on a range share its pages, and whoever compares them can step over
//! it.
//!
//! ```text
//! level 2                 [ m · · · · z ]              last key, hash and totals of each child
//!                          /           \
//! level 1        [ c f m ]               [ q z ]
//!                 /  |  \                 /   \
//! level 0   [a b c] [e f] [k l m]   [n p q]   [s t z]  keys and values
//! ```
//!
//! # Where this sits
//!
//! Rank 2, pure: no I/O, no clock, no tasks. Pages come through [`Pages`] and leave through
//! [`Sink`]; both are doors, and [`MemoryPages`] is the smallest house behind them. Values are
//! opaque here, what they weigh is told by [`Weigh`].
//!
//! # A tour
//!
//! [`get`], [`Cursor`], [`totals`] and [`counted`] read; [`diff`](Diff) compares two trees; [`walk`]
//! and [`path_pages`] name the pages that a peer needs; [`build`] makes a tree and [`update`] edits
//! one.
//!
//! # Invariants
//!
//! - An edited tree is the tree built anew from the same rows, byte for byte.
//! - A page's hash covers its canonical bytes, and no other bytes decode to the same rows.
//! - No decoder panics, and none allocates more than a small multiple of what it was handed plus
//!   one page's worth of keys.
//! - Whatever a hostile writer has signed, every call ends: depth is bounded by [`LEVEL_MAX`], and
//!   a child must lie between the keys that its parent states.
//! - Places are hints. None of them is hashed, and nothing but speed depends on them.
//!
//! # Not here
//!
//! - What a key or a value means: `drive`. Where pages are kept: `store`. How they travel: `sync`.
//! - Checking bytes against a hash: whoever implements [`Pages`] does it, once, on arrival.
//! - Whether a writer's totals are true: they are its own word about its own rows.

mod boundary;
mod build;
mod codec;
mod counted;
mod cursor;
mod diff;
mod error;
mod levels;
mod limits;
mod lookup;
mod memory;
mod page;
mod places;
mod range;
mod refs;
mod seam;
mod trail;
mod update;
mod walk;

pub use build::{Builder, build};
pub use counted::counted;
pub use cursor::{Cursor, Row};
pub use diff::{Change, Diff};
pub use error::{BuildError, Flaw, RowError, TreeError, UpdateError};
pub use limits::{
    FANOUT_MIN, KEY_BYTES_MAX, LEVEL_MAX, PAGE_BYTES_MAX, ROW_OVERHEAD_BYTES, ROWS_MAX,
    SPAN_BYTES_MAX, SPAN_BYTES_MIN, VALUE_BYTES_MAX,
};
pub use lookup::{get, totals};
pub use memory::{MemoryError, MemoryPages};
pub use page::{Child, Page, PageError, page_hash};
pub use places::{decode_where, encode_where};
pub use range::KeyRange;
pub use refs::{PageRef, Totals, Where};
pub use seam::{Pages, Sink, Weigh};
pub use update::{Edit, update};
pub use walk::{path_pages, walk};
