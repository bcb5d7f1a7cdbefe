//! Why a frame could not be made or read.

use ply_types::{Epoch, Fault};
use thiserror::Error;

use super::dictionary::DictionaryPrefix;
use super::kind::Kind;
use super::{FORMAT_VERSION, RAW_BYTES_MAX};

/// Why bytes could not become a frame.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EncodeError {
    /// More bytes than a chunk may have.
    #[error("{raw_bytes} bytes of {kind} are more than the {RAW_BYTES_MAX} that one frame holds")]
    TooLong {
        /// What was to be framed.
        kind: Kind,
        /// How much of it there was.
        raw_bytes: usize,
    },
    /// The compressor refused.
    #[error("zstd refused to compress {kind}: {message}")]
    Compressor {
        /// What was to be framed.
        kind: Kind,
        /// What zstd said.
        message: &'static str,
    },
    /// The cipher refused.
    #[error("the cipher refused to seal {kind}")]
    Cipher {
        /// What was to be framed.
        kind: Kind,
    },
}

impl EncodeError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::TooLong { .. } => Fault::Invalid,
            Self::Compressor { .. } | Self::Cipher { .. } => Fault::Machine,
        }
    }
}

/// Why a frame could not be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FrameError {
    /// The bytes are not what was written.
    #[error("a {kind} frame is damaged: {damage}")]
    Damaged {
        /// What was asked for.
        kind: Kind,
        /// Where it shows.
        damage: Damage,
    },
    /// The first byte is of no shape that this program knows.
    #[error(
        "a {kind} frame starts with {first:#04x}, later than format {FORMAT_VERSION}: \
         a newer version of this program wrote it"
    )]
    UnknownFormat {
        /// What was asked for.
        kind: Kind,
        /// The byte.
        first: u8,
    },
    /// A plain frame on a drive that has a key. Not read: anybody could have written it.
    #[error("this drive is sealed, and a {kind} frame is not")]
    NotSealed {
        /// What was asked for.
        kind: Kind,
    },
    /// A sealed frame on a drive without a key.
    #[error("this drive is public, and a {kind} frame is sealed (epoch {epoch})")]
    NotPlain {
        /// What was asked for.
        kind: Kind,
        /// The key it was sealed with.
        epoch: Epoch,
    },
    /// Sealed with a key that is not held here.
    #[error("the key of epoch {epoch}, which seals a {kind} frame, is not held here")]
    UnknownEpoch {
        /// What was asked for.
        kind: Kind,
        /// The key it was sealed with.
        epoch: Epoch,
    },
    /// Compressed with a dictionary that is not at hand.
    #[error("dictionary {prefix}, which a {kind} frame needs, is not here")]
    UnknownDictionary {
        /// What was asked for.
        kind: Kind,
        /// How the dictionary's hash begins.
        prefix: DictionaryPrefix,
    },
    /// The frame announces more bytes than a chunk may have.
    #[error("a {kind} frame announces {raw_bytes} bytes, more than {RAW_BYTES_MAX}")]
    TooLong {
        /// What was asked for.
        kind: Kind,
        /// What it announces.
        raw_bytes: u64,
    },
}

/// Where a frame is not what it should be.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Damage {
    /// It ends before its header does.
    #[error("it ends too early")]
    Short,
    /// Its bytes, its nonce or its kind are not those that were sealed.
    #[error("its seal does not hold")]
    Seal,
    /// No such codec.
    #[error("there is no codec {codec}")]
    Codec {
        /// The codec byte.
        codec: u8,
    },
    /// The raw length is not a number in its shortest form.
    #[error("its length is not a number")]
    Length,
    /// The payload is not one whole zstd frame.
    #[error("it does not decompress")]
    Compression,
    /// The payload gives another number of bytes than announced.
    #[error("it announces {announced} bytes and holds another number")]
    Size {
        /// The raw length in its header.
        announced: u32,
    },
}

impl FrameError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Damaged { .. } | Self::TooLong { .. } => Fault::Corrupt,
            Self::NotSealed { .. } | Self::NotPlain { .. } => Fault::Peer,
            Self::UnknownEpoch { .. } => Fault::Denied,
            Self::UnknownFormat { .. } => Fault::Invalid,
            Self::UnknownDictionary { .. } => Fault::Offline,
        }
    }
}
