//! From chunk to frame.

use std::fmt;

use ply_types::DictionaryId;
use zstd::zstd_safe::{self, CCtx, CParameter, SafeResult};

use super::dictionary::{DICTIONARY_CHUNK_BYTES_MAX, Dictionary, PREFIX_BYTES};
use super::error::EncodeError;
use super::inner::{Codec, Header};
use super::kind::Kind;
use super::level::Level;
use super::seal::Sealer;
use super::{RAW_BYTES_MAX, ZSTD_MAGIC};
use crate::varint::VARINT_U32_BYTES_MAX;

/// Compressed bytes are kept only where they save at least one part in this many: less is not worth
/// the time it takes each reader to decompress.
const SAVING_DIVISOR: usize = 32;

/// Dictionaries kept loaded. A drive writes with one; a node that serves two drives with two.
const DICTIONARIES_MAX: usize = 2;

/// Makes frames. Owns the compressor's memory, some MiB: keep one for each thread.
pub struct Encoder {
    level: Level,
    plain: Option<CCtx<'static>>,
    /// With a dictionary loaded, the one used last at the end.
    loaded: Vec<(DictionaryId, CCtx<'static>)>,
    /// What zstd writes into. Of one capacity for all chunks, so that nothing depends on it.
    scratch: Vec<u8>,
}

impl Encoder {
    /// Compresses at this level.
    pub fn new(level: Level) -> Self {
        Self { level, plain: None, loaded: Vec::new(), scratch: Vec::new() }
    }

    /// The level it compresses at.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Makes a frame: compresses if that helps, then seals if the drive does.
    ///
    /// The dictionary is used for chunks of at most [`DICTIONARY_CHUNK_BYTES_MAX`] bytes. The frame
    /// is a function of the arguments and the level; no call leaves anything behind that the next
    /// sees.
    pub fn encode(
        &mut self,
        kind: Kind,
        bytes: &[u8],
        sealer: &Sealer,
        dictionary: Option<&Dictionary>,
    ) -> Result<Vec<u8>, EncodeError> {
        let raw_bytes = match u32::try_from(bytes.len()) {
            Ok(raw_bytes) if raw_bytes <= RAW_BYTES_MAX => raw_bytes,
            _ => return Err(EncodeError::TooLong { kind, raw_bytes: bytes.len() }),
        };
        let dictionary = dictionary.filter(|_| bytes.len() <= DICTIONARY_CHUNK_BYTES_MAX);
        let compressed = self
            .compress(bytes, dictionary)
            .map_err(|message| EncodeError::Compressor { kind, message })?;
        let (codec, payload) = match dictionary {
            Some(dictionary) if saves(bytes.len(), PREFIX_BYTES + compressed.len()) => {
                (Codec::ZstdDictionary(dictionary.prefix()), compressed)
            }
            None if saves(bytes.len(), compressed.len()) => (Codec::Zstd, compressed),
            _ => (Codec::Raw, bytes),
        };
        let inner_bytes = 1 + VARINT_U32_BYTES_MAX + PREFIX_BYTES + payload.len();
        let mut frame = sealer.begin(inner_bytes);
        Header { codec, raw_bytes }.put(&mut frame);
        frame.extend_from_slice(payload);
        sealer.finish(kind, frame).ok_or(EncodeError::Cipher { kind })
    }

    /// Compresses into the scratch buffer; the payload in it, without the magic number.
    fn compress(
        &mut self,
        bytes: &[u8],
        dictionary: Option<&Dictionary>,
    ) -> Result<&[u8], &'static str> {
        self.scratch.clear();
        self.scratch.reserve_exact(zstd_safe::compress_bound(RAW_BYTES_MAX as usize));
        let context = if let Some(dictionary) = dictionary {
            loaded(&mut self.loaded, self.level, dictionary)?
        } else {
            let context = plain(&mut self.plain, self.level)?;
            let level = self.level.for_chunk(bytes.len());
            check(context.set_parameter(CParameter::CompressionLevel(level.into())))?;
            context
        };
        check(context.compress2(&mut self.scratch, bytes))?;
        self.scratch.strip_prefix(&ZSTD_MAGIC).ok_or("no magic number")
    }
}

/// The context without a dictionary, made when first asked for.
fn plain<'slot>(
    slot: &'slot mut Option<CCtx<'static>>,
    level: Level,
) -> Result<&'slot mut CCtx<'static>, &'static str> {
    match slot {
        Some(context) => Ok(context),
        None => Ok(slot.insert(context(level)?)),
    }
}

/// The context with this dictionary, made when first asked for in place of the one unused longest.
///
/// zstd digests the dictionary on first use and keeps the result as long as the context lives.
fn loaded<'slot>(
    slots: &'slot mut Vec<(DictionaryId, CCtx<'static>)>,
    level: Level,
    dictionary: &Dictionary,
) -> Result<&'slot mut CCtx<'static>, &'static str> {
    let id = dictionary.id();
    if let Some(index) = slots.iter().position(|(loaded, _)| *loaded == id) {
        slots.get_mut(index..).unwrap_or_default().rotate_left(1);
    } else {
        let mut context = context(level)?;
        check(context.load_dictionary(dictionary.bytes()))?;
        if slots.len() == DICTIONARIES_MAX {
            slots.remove(0);
        }
        slots.push((id, context));
    }
    slots.last_mut().map(|(_, context)| context).ok_or("no context")
}

/// A context that writes nothing which a frame says already: its length, its dictionary, a
/// checksum.
fn context(level: Level) -> Result<CCtx<'static>, &'static str> {
    let mut context = CCtx::try_create().ok_or("no memory for a context")?;
    for parameter in [
        CParameter::CompressionLevel(level.number().into()),
        CParameter::ContentSizeFlag(false),
        CParameter::ChecksumFlag(false),
        CParameter::DictIdFlag(false),
    ] {
        check(context.set_parameter(parameter))?;
    }
    Ok(context)
}

fn check(result: SafeResult) -> Result<usize, &'static str> {
    result.map_err(zstd_safe::get_error_name)
}

/// Whether the coded bytes are worth decoding.
fn saves(raw_bytes: usize, coded_bytes: usize) -> bool {
    coded_bytes <= raw_bytes - raw_bytes.div_ceil(SAVING_DIVISOR)
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("level", &self.level).finish_non_exhaustive()
    }
}
