//! A file as a list of pieces: which chunks, how long each, and where their frames are.
//!
//! # Identity
//!
//! ```text
//! no bytes        BLAKE3 of nothing
//! one piece       the hash of that chunk, so the BLAKE3 of the file
//! more pieces     the hash of the root of the tree below
//! ```
//!
//! The tree stands on the pieces in order. At each level children are gathered into nodes; a node
//! ends
//!
//! - after its 2nd or a later child, if the hash of that child, its first two bytes read as a
//!   little-endian number, is a multiple of 128; or
//! - after its 512th child; or
//! - with the level.
//!
//! A level of one node is the last, and that node is the root. Where nodes end is a matter of their
//! children's hashes, so a changed piece changes the nodes above it, now and then a neighbour, and
//! no others: with 1,000,000 pieces that is 3 nodes of about 130 children.
//!
//! ```text
//! node hash = BLAKE3 derive_key("plywood 2026-11 content list node") over
//!             level (1 byte, 0 = of pieces)
//!             for each child: hash (32 bytes), raw bytes (8 bytes, little-endian)
//! ```
//!
//! Where frames are kept is no part of it: the same pieces have the same identity wherever they
//! lie, and whether the list is kept in the index or in nodes of its own.
//!
//! # Forms
//!
//! A list of at most [`INLINE_PIECES_MAX`] pieces is kept whole in the file's index entry
//! ([`Content::Inline`]), a longer one in nodes that are stored like chunks ([`Content::Tree`]).
//! See `list/rows.rs` for the bytes of both.

mod builder;
mod content;
mod error;
mod node;
mod piece;
mod rows;
mod tree;

pub use builder::ListBuilder;
pub use content::{CONTENT_BYTES_MAX, Content, INLINE_PIECES_MAX};
pub use error::{BuildError, ListError};
pub use node::{Found, ListNode, NODE_BYTES_MAX};
pub use piece::{Child, ListHash, NodeRef, Piece, Place};
pub use tree::NODE_CHILDREN_MAX;
