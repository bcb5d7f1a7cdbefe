//! Dictionaries: what small chunks of a drive have in common, so that each need not say it again.

use std::fmt;
use std::sync::Arc;

use ply_types::{DictionaryId, Fault};
use thiserror::Error;
use zstd::dict::DecoderDictionary;

/// Bytes of a dictionary, at most. About what zstd's own trainer makes when nothing is said.
pub const DICTIONARY_BYTES: usize = 112 * 1024;

/// Longest chunk for which a dictionary is used: a longer one is context enough for itself.
pub const DICTIONARY_CHUNK_BYTES_MAX: usize = 32 * 1024;

/// Bytes of a dictionary's hash that a frame carries.
pub(super) const PREFIX_BYTES: usize = 8;

/// The number that starts each dictionary of zstd. Bytes without it are not taken for one.
const MAGIC: [u8; 4] = [0x37, 0xa4, 0x30, 0xec];

/// How the hash of a dictionary begins: enough to find it among those of a drive.
///
/// Should two begin alike, decompression fails or gives bytes of another hash; never wrong content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DictionaryPrefix(pub [u8; PREFIX_BYTES]);

/// A dictionary, ready for use. Cheap to clone: clones share the bytes and what was prepared from
/// them.
#[derive(Clone)]
pub struct Dictionary(Arc<Loaded>);

struct Loaded {
    id: DictionaryId,
    bytes: Vec<u8>,
    decoder: DecoderDictionary<'static>,
}

/// Why there is no dictionary.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DictionaryError {
    /// Larger than a dictionary may be.
    #[error("a dictionary of {dictionary_bytes} bytes exceeds {DICTIONARY_BYTES}")]
    TooLong {
        /// Its size.
        dictionary_bytes: usize,
    },
    /// Not the bytes of a dictionary.
    #[error("{dictionary_bytes} bytes are not a dictionary")]
    NotADictionary {
        /// Their number.
        dictionary_bytes: usize,
    },
    /// Nothing can be learned from the samples, mostly because they are too few.
    #[error("no dictionary can be trained from {sample_count} samples: {message}")]
    Samples {
        /// How many there were.
        sample_count: usize,
        /// What zstd said.
        message: String,
    },
}

impl DictionaryError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::TooLong { .. } | Self::NotADictionary { .. } => Fault::Corrupt,
            Self::Samples { .. } => Fault::Invalid,
        }
    }
}

impl Dictionary {
    /// Takes the bytes of a dictionary and prepares it.
    pub fn new(bytes: Vec<u8>) -> Result<Self, DictionaryError> {
        let dictionary_bytes = bytes.len();
        if DICTIONARY_BYTES < dictionary_bytes {
            return Err(DictionaryError::TooLong { dictionary_bytes });
        }
        let wrong = DictionaryError::NotADictionary { dictionary_bytes };
        if !bytes.starts_with(&MAGIC) {
            return Err(wrong);
        }
        let decoder = DecoderDictionary::try_copy(&bytes).map_err(|_| wrong)?;
        let id = DictionaryId(*blake3::hash(&bytes).as_bytes());
        Ok(Self(Arc::new(Loaded { id, bytes, decoder })))
    }

    /// Learns a dictionary of at most `max_bytes` (bounded by [`DICTIONARY_BYTES`]) from small
    /// chunks.
    ///
    /// zstd advises about a hundred times as many bytes of samples as the dictionary shall have.
    /// All of them are copied once.
    pub fn train<S: AsRef<[u8]>>(samples: &[S], max_bytes: usize) -> Result<Self, DictionaryError> {
        let bytes = zstd::dict::from_samples(samples, max_bytes.min(DICTIONARY_BYTES)).map_err(
            |source| DictionaryError::Samples {
                sample_count: samples.len(),
                message: source.to_string(),
            },
        )?;
        Self::new(bytes)
    }

    /// Its name.
    pub fn id(&self) -> DictionaryId {
        self.0.id
    }

    /// The start of its name, as frames carry it.
    pub fn prefix(&self) -> DictionaryPrefix {
        DictionaryPrefix(self.0.id.0.first_chunk().copied().unwrap_or_default())
    }

    /// What is stored under its name.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The prepared form for reading.
    pub(super) fn decoder(&self) -> &DecoderDictionary<'static> {
        &self.0.decoder
    }
}

impl PartialEq for Dictionary {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Dictionary {}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dictionary")
            .field("id", &self.0.id)
            .field("bytes", &self.0.bytes.len())
            .finish()
    }
}

impl fmt::Display for DictionaryPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for DictionaryPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{self}")
    }
}
