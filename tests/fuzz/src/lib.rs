//! Hostile bytes for every decoder.
//!
//! A [`Target`] is one decoder and a corpus: files under `tests/fuzz/corpus/NAME`, made from values
//! that the decoder's own encoder wrote. [`Target::run`] changes them in ways that know where the
//! fields of a format lie, hands the result to the decoder, and checks what must hold of each answer.
//!
//! ```text
//!   corpus ──┬──▶ mutate ──▶ decode ──▶ refused
//!            │                  └─────▶ accepted ──▶ encode ──▶ decode: the same again?
//!            └──────── kept, while there is room ◀──────┘
//! ```
//!
//! # Where this sits
//!
//! Rank 0; only tests depend on it. Targets stand beside the decoders that they try, for many of those
//! are private to their crate; their tests are called `fuzz_…`, and `scripts/fuzz` finds them by that.
//!
//! # Invariants
//!
//! - Without `PLY_FUZZ_SECONDS` a run is the same each time: so many cases, from one seed.
//! - Files that begin with `found` once broke something; every other file of a corpus must be accepted.
//!
//! # Not here
//!
//! - Coverage. What an accepted input opens up is explored because accepted inputs are changed further.
//! - Memory that C code takes, such as a decompressor's: only Rust's allocator is counted.

mod corpus;
mod dice;
mod message;
mod mutate;
mod plan;
mod target;

pub use dice::Dice;
pub use mutate::Form;
pub use target::{RoundTrip, Target};
