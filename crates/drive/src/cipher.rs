//! Between plaintext and blocks: the drive's keys, compressors and cut table in one place.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use ply_chunk::{
    Cutter, Decoder, Encoder, FrameError, Kind, Level, Opener, Sealer, dedup_key, no_dictionaries,
};
use ply_proto as proto;
use ply_types::{ChunkHash, DriveId, ReadKey};

use crate::commit::METADATA_BLOCK_BYTES_MAX;
use crate::error::BlockFault;
use crate::settings::{Access, Settings};

/// Seals and opens everything of one drive. Shared by all threads.
pub(crate) struct Cipher {
    /// `None` on a node that cannot read.
    content: Option<ContentKeys>,
    mirror_sealer: Sealer,
    mirror_opener: Opener,
    level: Level,
    /// Compressors are costly to make and hold state: each call borrows one and puts it back.
    encoders: Mutex<Vec<Encoder>>,
    decoders: Mutex<Vec<Decoder>>,
}

struct ContentKeys {
    sealer: Sealer,
    opener: Opener,
    cutter: Cutter,
    dedup: Option<[u8; 32]>,
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cipher").field("readable", &self.content.is_some()).finish_non_exhaustive()
    }
}

/// A metadata block taken apart, its frames still closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) content: proto::metadata_block::Content,
    pub(crate) outer: Vec<u8>,
    pub(crate) inner: Vec<u8>,
}

impl Cipher {
    pub(crate) fn new(settings: &Settings) -> Self {
        let chunk = settings.cutting.chunk;
        let content = match &settings.access {
            Access::Blind => None,
            Access::Public => Some(ContentKeys {
                sealer: Sealer::plain(),
                opener: Opener::public(),
                cutter: Cutter::new(chunk, None),
                dedup: None,
            }),
            Access::Keys(keys) => keys.last().map(|newest| ContentKeys {
                sealer: Sealer::read_key(newest),
                opener: Opener::read_keys(keys),
                // The first key for ever: cutting another way would store everything again.
                cutter: Cutter::new(chunk, keys.first().map(ReadKey::cut_key).as_ref()),
                dedup: keys.first().map(ReadKey::dedup_key),
            }),
        };
        let mirror = DriveId::mirror_key(&settings.id);
        Self {
            content,
            mirror_sealer: Sealer::mirror_key(&mirror),
            mirror_opener: Opener::mirror_key(&mirror),
            level: settings.cutting.level,
            encoders: Mutex::default(),
            decoders: Mutex::default(),
        }
    }

    /// Whether this node can read the drive.
    pub(crate) fn is_readable(&self) -> bool {
        self.content.is_some()
    }

    /// Where files are cut; `None` on a node that cannot read.
    pub(crate) fn cutter(&self) -> Option<&Cutter> {
        self.content.as_ref().map(|keys| &keys.cutter)
    }

    /// The key under which an equal chunk is looked up.
    pub(crate) fn dedup_key(&self, hash: ChunkHash) -> [u8; 32] {
        dedup_key(self.content.as_ref().and_then(|keys| keys.dedup.as_ref()), hash)
    }

    /// Makes a frame that only readers open.
    pub(crate) fn seal(&self, kind: Kind, bytes: &[u8]) -> Result<Vec<u8>, BlockFault> {
        let keys = self.content.as_ref().ok_or(BlockFault::Other("no read key"))?;
        self.encode(kind, bytes, &keys.sealer)
    }

    /// Makes a frame that everyone who knows the drive opens.
    pub(crate) fn seal_outer(&self, kind: Kind, bytes: &[u8]) -> Result<Vec<u8>, BlockFault> {
        self.encode(kind, bytes, &self.mirror_sealer)
    }

    fn encode(&self, kind: Kind, bytes: &[u8], sealer: &Sealer) -> Result<Vec<u8>, BlockFault> {
        let mut encoder = take(&self.encoders).unwrap_or_else(|| Encoder::new(self.level));
        let frame = encoder.encode(kind, bytes, sealer, None);
        put_back(&self.encoders, encoder);
        frame.map_err(|_| BlockFault::Other("a frame cannot be made of so many bytes"))
    }

    /// Opens a frame that only readers open.
    pub(crate) fn open(&self, kind: Kind, frame: &[u8]) -> Result<Vec<u8>, BlockFault> {
        let keys = self.content.as_ref().ok_or(BlockFault::Other("no read key"))?;
        Ok(self.decode(kind, frame, &keys.opener)?)
    }

    /// Whether a frame that only readers open takes a key, and this node knows of none.
    pub(crate) fn is_shut_out(&self, kind: Kind, frame: &[u8]) -> bool {
        matches!(self.open(kind, frame), Err(BlockFault::Frame(FrameError::NotPlain { .. })))
    }

    /// Opens a frame that everyone who knows the drive opens.
    pub(crate) fn open_outer(&self, kind: Kind, frame: &[u8]) -> Result<Vec<u8>, BlockFault> {
        Ok(self.decode(kind, frame, &self.mirror_opener)?)
    }

    fn decode(&self, kind: Kind, frame: &[u8], opener: &Opener) -> Result<Vec<u8>, FrameError> {
        let mut decoder = take(&self.decoders).unwrap_or_default();
        let bytes = decoder.decode(kind, frame, opener, no_dictionaries);
        put_back(&self.decoders, decoder);
        bytes
    }
}

impl Metadata {
    /// The block of a log.
    pub(crate) fn to_block(&self) -> Vec<u8> {
        let mut block = proto::MetadataBlock {
            outer: self.outer.clone(),
            inner: self.inner.clone(),
            ..proto::MetadataBlock::default()
        };
        block.set_content(self.content);
        proto::encode(&block)
    }

    /// Takes a block of a log apart.
    pub(crate) fn from_block(block: &Bytes) -> Result<Self, BlockFault> {
        let block: proto::MetadataBlock =
            proto::decode("metadata block", METADATA_BLOCK_BYTES_MAX, block)
                .map_err(|_| BlockFault::Other("it is not a metadata block"))?;
        let content = proto::metadata_block::Content::try_from(block.content)
            .map_err(|_| BlockFault::Other("a metadata block of unknown content"))?;
        Ok(Self { content, outer: block.outer, inner: block.inner })
    }
}

fn take<T>(pool: &Mutex<Vec<T>>) -> Option<T> {
    pool.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

fn put_back<T>(pool: &Mutex<Vec<T>>, item: T) {
    pool.lock().unwrap_or_else(PoisonError::into_inner).push(item);
}
