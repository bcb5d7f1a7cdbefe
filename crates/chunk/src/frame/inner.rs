//! The inside of a frame: how its payload is coded, and how long it really is.

use super::RAW_BYTES_MAX;
use super::dictionary::{DictionaryPrefix, PREFIX_BYTES};
use super::error::{Damage, FrameError};
use super::kind::Kind;
use crate::varint;

const RAW: u8 = 0;
const ZSTD: u8 = 1;
const ZSTD_DICTIONARY: u8 = 2;

/// How the payload of a frame is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// As it is.
    Raw,
    /// By zstd.
    Zstd,
    /// By zstd with this dictionary.
    ZstdDictionary(DictionaryPrefix),
}

/// What stands before the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) codec: Codec,
    pub(super) raw_bytes: u32,
}

impl Header {
    /// Appends it.
    pub(super) fn put(self, out: &mut Vec<u8>) {
        out.push(match self.codec {
            Codec::Raw => RAW,
            Codec::Zstd => ZSTD,
            Codec::ZstdDictionary(_) => ZSTD_DICTIONARY,
        });
        varint::put(out, self.raw_bytes.into());
        if let Codec::ZstdDictionary(DictionaryPrefix(prefix)) = self.codec {
            out.extend_from_slice(&prefix);
        }
    }

    /// Splits inner bytes into header and payload.
    pub(super) fn split(kind: Kind, inner: &[u8]) -> Result<(Self, &[u8]), FrameError> {
        let damaged = |damage| FrameError::Damaged { kind, damage };
        let (&codec, mut rest) = inner.split_first().ok_or(damaged(Damage::Short))?;
        let raw_bytes = varint::take(&mut rest).ok_or(damaged(Damage::Length))?;
        let raw_bytes = match u32::try_from(raw_bytes) {
            Ok(raw_bytes) if raw_bytes <= RAW_BYTES_MAX => raw_bytes,
            _ => return Err(FrameError::TooLong { kind, raw_bytes }),
        };
        let codec = match codec {
            RAW => Codec::Raw,
            ZSTD => Codec::Zstd,
            ZSTD_DICTIONARY => {
                let (prefix, payload) =
                    rest.split_first_chunk::<PREFIX_BYTES>().ok_or(damaged(Damage::Short))?;
                rest = payload;
                Codec::ZstdDictionary(DictionaryPrefix(*prefix))
            }
            codec => return Err(damaged(Damage::Codec { codec })),
        };
        Ok((Self { codec, raw_bytes }, rest))
    }
}
