//! Signed append-only logs: heads, what is held of a log, proofs of forks, and their storage.
//!
//! A log is a list of blocks that one key may extend and nobody may change. Its writer signs the
//! current head; everyone else checks blocks against it and passes on both.
//!
//! # Where this sits
//!
//! Rank 2, pure: no I/O, no clock, no tasks, no randomness. The tree is `merkle`'s; frames and rows
//! go through the seam of `engine`.
//!
//! # Invariants
//!
//! - A [`VerifiedHead`] was signed by the writer of its log: there is no other way to make one.
//! - A signature counts under one context and for one message. All signatures of the project are
//!   made and checked by [`Signer::sign`] and [`verify`].
//! - All that [`Logs`] keeps of one log belongs to one tree.
//! - A block is checked against its leaf on every read, and nothing is stored that was not proved.
//! - A set of blocks has one [`HaveMap`] and one encoding.
//! - Nothing is allocated on the word of bytes from outside beyond the named limits.
//!
//! # Not here
//!
//! - What blocks mean: `drive`. Blocks are opaque, and mostly sealed.
//! - Which blocks may go, and when frames are collected: `drive` and `store`.
//! - Which head of a forked log counts: `drive`. Here a fork is a value.

mod cursor;
mod fork;
mod have;
mod head;
mod logs;
mod sign;

pub use fork::{Branch, FORK_BYTES_MAX, Fork, ForkCodecError, ForkError, ForkProof, shortest};
pub use have::{HAVE_BYTES_MAX, HAVE_PAGES_MAX, HaveError, HaveMap, PAGE_BLOCKS};
pub use head::{HEAD_BYTES, Head, HeadError, SIGNED_HEAD_BYTES, SignedHead, VerifiedHead};
pub use logs::{
    Accepted, BLOCK_ROW_BYTES, BlockRow, Clash, HeadStep, Logs, LogsError, RECENT_BYTES_MAX,
    RecentNodes, RivalStep, Staging, TreeMark, block_row_key,
};
pub use sign::{SIGNATURE_BYTES, Signature, SignatureError, Signer, verify};
