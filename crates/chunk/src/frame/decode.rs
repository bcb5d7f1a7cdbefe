//! From frame to chunk.

use std::fmt;

use zstd::zstd_safe::{self, DCtx};

use super::ZSTD_MAGIC;
use super::dictionary::{Dictionary, DictionaryPrefix};
use super::error::{Damage, FrameError};
use super::inner::Codec;
use super::kind::Kind;
use super::open::{Opened, Opener};

/// Reads frames. Owns the decompressor's memory: keep one for each thread.
///
/// Each chunk is decompressed in one call, straight into a buffer of its announced and bounded
/// length. zstd then refers back into that buffer and keeps no window of its own, whatever a frame
/// asks for.
pub struct Decoder {
    context: Option<DCtx<'static>>,
    /// The payload with its magic number put back.
    scratch: Vec<u8>,
}

/// For readers whose drive has no dictionary.
pub fn no_dictionaries(_: DictionaryPrefix) -> Option<Dictionary> {
    None
}

impl Decoder {
    /// Allocates nothing before the first compressed frame.
    pub fn new() -> Self {
        Self { context: None, scratch: Vec::new() }
    }

    /// Opens and decompresses a frame that is said to be of this kind.
    ///
    /// `dictionaries` finds the dictionary by the start of its name. Where finding takes time, open
    /// first, look at [`Opened::codec`], fetch, and then call [`Decoder::inflate`].
    pub fn decode(
        &mut self,
        kind: Kind,
        frame: &[u8],
        opener: &Opener,
        dictionaries: impl Fn(DictionaryPrefix) -> Option<Dictionary>,
    ) -> Result<Vec<u8>, FrameError> {
        self.inflate(&opener.open(kind, frame)?, dictionaries)
    }

    /// Decompresses a frame that was opened.
    ///
    /// The caller still has to check the hash of the chunk: on public drives nothing else binds it.
    pub fn inflate(
        &mut self,
        opened: &Opened<'_>,
        dictionaries: impl Fn(DictionaryPrefix) -> Option<Dictionary>,
    ) -> Result<Vec<u8>, FrameError> {
        let kind = opened.kind();
        let raw_bytes = opened.raw_bytes();
        let chunk = match opened.codec() {
            Codec::Raw if opened.payload().len() == raw_bytes as usize => opened.payload().to_vec(),
            Codec::Raw => {
                let damage = Damage::Size { announced: raw_bytes };
                return Err(FrameError::Damaged { kind, damage });
            }
            Codec::Zstd => self.decompress(opened, None)?,
            Codec::ZstdDictionary(prefix) => {
                let dictionary =
                    dictionaries(prefix).ok_or(FrameError::UnknownDictionary { kind, prefix })?;
                self.decompress(opened, Some(&dictionary))?
            }
        };
        debug_assert_eq!(chunk.len(), raw_bytes as usize, "checked in each branch");
        Ok(chunk)
    }

    fn decompress(
        &mut self,
        opened: &Opened<'_>,
        dictionary: Option<&Dictionary>,
    ) -> Result<Vec<u8>, FrameError> {
        let damaged = |damage| FrameError::Damaged { kind: opened.kind(), damage };
        self.scratch.clear();
        self.scratch.extend_from_slice(&ZSTD_MAGIC);
        self.scratch.extend_from_slice(opened.payload());
        // zstd would read on into a second frame: there must be one, and nothing after it.
        if zstd_safe::find_frame_compressed_size(&self.scratch) != Ok(self.scratch.len()) {
            return Err(damaged(Damage::Compression));
        }
        let raw_bytes = opened.raw_bytes();
        let mut chunk = Vec::with_capacity(raw_bytes as usize);
        let context = self.context.get_or_insert_with(DCtx::default);
        let result = match dictionary {
            Some(dictionary) => {
                let prepared = dictionary.decoder().as_ddict();
                context.decompress_using_ddict(&mut chunk, &self.scratch, prepared)
            }
            None => context.decompress(&mut chunk, &self.scratch),
        };
        match result {
            Ok(written) if written == raw_bytes as usize => Ok(chunk),
            Ok(_) => Err(damaged(Damage::Size { announced: raw_bytes })),
            Err(_) => Err(damaged(Damage::Compression)),
        }
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}
