//! One chunk as it is stored and sent: compressed, and on sealed drives encrypted.
//!
//! # Outside
//!
//! The first byte tells the shape, and with it the version of the whole format; later versions take
//! the next numbers.
//!
//! ```text
//! plain    00 │ inner …
//!
//! sealed   01 │ epoch   │ nonce    │ ciphertext …       │ tag
//!        1 byte  4 bytes  24 bytes    as long as inner    16 bytes
//! ```
//!
//! The cipher is XChaCha20-Poly1305. The associated data is six bytes:
//!
//! ```text
//! version │ kind   │ epoch
//! 1 byte    1 byte   4 bytes
//! ```
//!
//! It holds no log and no position: a frame may be kept under any number of both. The nonce is the
//! first 24 bytes of BLAKE3, keyed by the nonce key, over the associated data and then the inner
//! bytes. So it repeats only where all of the plaintext does, and then the whole frame is the same
//! frame. It is made from the *compressed* bytes, because one chunk compressed in two ways is two
//! plaintexts.
//!
//! A plain frame does not bind its kind: on public drives whoever refers to a frame says what it
//! is, and the hash of the chunk decides.
//!
//! # Inside
//!
//! ```text
//! codec  │ raw length            │ dictionary             │ payload …
//! 1 byte   varint, 1 to 3 bytes    8 bytes, codec 2 only    the rest
//! ```
//!
//! | codec | payload |
//! |---|---|
//! | 0 raw | the chunk; as long as the raw length |
//! | 1 zstd | one zstd frame without magic number, checksum, content size, dictionary number |
//! | 2 zstd with a dictionary | the same; `dictionary` is the start of the dictionary's hash |
//!
//! The raw length is at most [`RAW_BYTES_MAX`], and what decompresses must be exactly that long.

mod decode;
mod dictionary;
mod encode;
mod error;
mod inner;
mod key;
mod kind;
mod level;
mod open;
mod seal;

pub use decode::{Decoder, no_dictionaries};
pub use dictionary::{
    DICTIONARY_BYTES, DICTIONARY_CHUNK_BYTES_MAX, Dictionary, DictionaryError, DictionaryPrefix,
};
pub use encode::Encoder;
pub use error::{Damage, EncodeError, FrameError};
pub use inner::Codec;
pub use key::MIRROR_EPOCH;
pub use kind::Kind;
pub use level::{Level, LevelError};
pub use open::{Opened, Opener};
pub use seal::Sealer;

use crate::cut::CHUNK_BYTES_MAX;

/// Bytes of a chunk before compression, at most. Whatever is asked for, no decoder allocates more.
pub const RAW_BYTES_MAX: u32 = CHUNK_BYTES_MAX;

/// Bytes that a frame may be longer than its chunk: outside 1 + 4 + 24 + 16, inside 1 + 3.
///
/// A dictionary adds eight bytes, but only where compression saves more than that.
pub const FRAME_OVERHEAD_MAX: usize = 49;

/// The version of this format. It is part of what a seal covers.
///
/// It stands for the version and parameters of zstd too: nodes that share it normally make equal
/// frames of equal chunks.
pub const FORMAT_VERSION: u8 = 1;

/// The first byte of a plain frame.
const PLAIN: u8 = 0;

/// The first byte of a sealed frame.
const SEALED: u8 = 1;

/// The magic number that starts each zstd frame. Always the same, so not stored.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
