//! Names of things: hashes, keys, paths, times and the few faults everything maps to.
//!
//! # Where this sits
//!
//! Rank 0, pure. Every other crate may use it; it uses none of them.
//!
//! # Invariants
//!
//! - Two kinds of hash or key never meet by accident: each is a type of its own.
//! - A secret never prints itself, and is wiped from memory when dropped.
//! - A [`Path`] is always valid: whoever holds one need not check it again.
//! - Each key derivation has a context string of its own, written once, here.
//!
//! # Not here
//!
//! - Hashing of blocks, pages and files: `merkle`, `index`, `chunk`.
//! - Signatures: `log`.
//! - Bytes on the wire: `proto`.

mod derive;
mod fault;
mod hash;
mod keys;
mod path;
mod time;

pub use fault::Fault;
pub use hash::{
    ChunkHash, CommitId, DictionaryId, Identity, LeafHash, NodeHash, PageHash, ParseHexError,
    RecordId, StateHash, TreeHash,
};
pub use keys::{DhtKey, DriveId, Epoch, LogKey, MirrorKey, ReadKey, Seed, Topic};
pub use path::{NAME_BYTES_MAX, Name, PATH_BYTES_MAX, Path, PathError};
pub use time::{Time, Timestamp};
