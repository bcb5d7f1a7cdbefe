//! Bytes to frames and back: cut, hash, compress, seal; and the list that makes pieces a file.
//!
//! A file travels through this crate in one direction when written and in the other when read:
//!
//! ```text
//! write   file ─ Cutter ─► chunk ─ hash ─► ChunkHash ─ Encoder ─► frame ─ ListBuilder ─► Content
//! read    Content ─ find ─► Place ─ (store) ─► frame ─ Opener, Decoder ─► chunk
//! ```
//!
//! # Where this sits
//!
//! Rank 1, pure: no I/O, no clock, no tasks, no randomness. Even nonces are functions of the bytes.
//!
//! # Invariants
//!
//! - The same bytes, parameters and key are cut at the same places on every machine, for ever; it
//!   does not matter in what portions they arrive.
//! - A frame is a function of (kind, bytes, level, dictionary, key): equal chunks give equal
//!   frames.
//! - A drive is public or sealed. The one takes no sealed frame, the other no plain one.
//! - The identity of a file depends on its pieces only, not on where their frames are kept.
//! - No decoder panics, and none allocates more than [`RAW_BYTES_MAX`] (frames) or
//!   [`NODE_CHILDREN_MAX`] rows (lists) on the word of outside bytes.
//!
//! # Not here
//!
//! - Where frames are kept: `store`. Which are still needed: `drive`.
//! - Proof that a block belongs to a log: `merkle`, `log`.
//! - Paths: `types`. File attributes: `drive`.
//!
//! Start reading at [`Cutter`], then [`Encoder`], then [`ListBuilder`].

mod cut;
mod frame;
mod hash;
mod list;
mod varint;

pub use cut::{CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, CutParams, CutParamsError, Cutter, End, Pieces};
pub use frame::{
    Codec, DICTIONARY_BYTES, DICTIONARY_CHUNK_BYTES_MAX, Damage, Decoder, Dictionary,
    DictionaryError, DictionaryPrefix, EncodeError, Encoder, FORMAT_VERSION, FRAME_OVERHEAD_MAX,
    FrameError, Kind, Level, LevelError, MIRROR_EPOCH, Opened, Opener, RAW_BYTES_MAX, Sealer,
    no_dictionaries,
};
pub use hash::{dedup_key, hash};
pub use list::{
    BuildError, CONTENT_BYTES_MAX, Child, Content, Found, INLINE_PIECES_MAX, ListBuilder,
    ListError, ListHash, ListNode, NODE_BYTES_MAX, NODE_CHILDREN_MAX, NodeRef, Piece, Place,
};
