//! Bytes on wire and disk: the protobuf schemas under `proto/plywood`, compiled.
//!
//! The schema files are the reference for every field; this crate only turns them into Rust and
//! bounds what is decoded.
//!
//! # Where this sits
//!
//! Rank 1, pure. The crates that own a format convert these messages to types that are always valid.
//!
//! # Invariants
//!
//! - Field numbers are never used again for something else.
//! - [`decode`] refuses a message longer than its caller says before it looks inside, and one that would
//!   take more memory than messages do before it takes any.
//!
//! # Not here
//!
//! - Whether a message makes sense: the crate that uses it checks.
//! - Formats that are not protobuf: frames and lists (`chunk`), pages (`index`), heads (`log`).

mod bounded;
mod weight;

pub use bounded::{
    DecodeError, MEMORY_BASE_BYTES, MEMORY_PER_BYTE, decode, decode_owned, decode_within, encode,
};
pub use generated::*;
pub use weight::{Shape, Shaped};

#[expect(missing_docs, clippy::pedantic, reason = "written by the schema compiler")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/plywood.rs"));
}
