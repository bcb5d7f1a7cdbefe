//! The storage engine of a node: frames in pack files, rows in `RocksDB`.
//!
//! A store is one folder, owned by one process at a time:
//!
//! ```text
//! FORMAT              the number of the format, in decimal, and a newline
//! LOCK                empty; locked by the process that has the store open
//! packs/00000001.pack frames, one after another; the highest number is the one that grows
//! rows/               RocksDB, one column family for each table
//! rows/DURABLE        how many changes of the rows were synced
//! ```
//!
//! Folders have mode 0700 and the files made here 0600: what is kept may be private.
//!
//! # Where this sits
//!
//! Rank 4, not pure: this crate and nothing below it touches the disk. It implements
//! [`ply_engine::Engine`] and adds [`Store::frames`], which reads every frame back from the packs alone.
//!
//! # Invariants
//!
//! - A record is valid only where it was written: its checksum covers the pack's number and its own
//!   offset. A wrong [`Location`](ply_engine::Location) or a flipped byte is an error, never other bytes.
//! - Only the end of the newest pack can be torn. A pack is synced before the next one begins.
//! - Rows are made durable after the frames appended before them, so no durable row names a frame that
//!   a loss of power took.
//! - Rows that were synced are there when the store is opened again, or it is not opened.
//! - On a disk without any room a store opens, to be read alone.
//! - A sync that the disk refused is never tried again: the kernel may have dropped what it could not
//!   write, and a second call would say that all is well.
//!
//! # Not here
//!
//! - What rows mean, and whether a frame hashes to its leaf: `log`.
//! - Which frames may go: `drive`.

mod home;
mod packs;
mod rows;
mod store;
mod trouble;

pub use packs::{Frames, KeptFrame, PACK_BYTES_MAX, PACK_BYTES_MIN};
pub use store::{Store, StoreOptions};
