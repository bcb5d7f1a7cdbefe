//! The first step of reading a frame: with which key, if any.

use std::borrow::Cow;
use std::fmt;

use ply_types::{Epoch, MirrorKey, ReadKey};

use super::error::{Damage, FrameError};
use super::inner::{Codec, Header};
use super::key::{FrameKey, NONCE_BYTES, TAG_BYTES};
use super::kind::Kind;
use super::{PLAIN, SEALED};

/// Opens the frames of one drive, and refuses those that cannot be the drive's.
#[derive(Clone)]
pub struct Opener {
    /// `None` on public drives. With the keys of all epochs held, of which there are few.
    keys: Option<Vec<FrameKey>>,
}

/// A frame whose seal held. Not decompressed yet, and not checked against any hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened<'frame> {
    kind: Kind,
    header: Header,
    /// The inner bytes, with the payload at their end.
    inner: Cow<'frame, [u8]>,
    payload_bytes: usize,
}

impl Opener {
    /// For public drives: takes plain frames only.
    pub fn public() -> Self {
        Self { keys: None }
    }

    /// For sealed drives: takes frames under one of these keys only.
    pub fn read_keys<'key>(keys: impl IntoIterator<Item = &'key ReadKey>) -> Self {
        Self { keys: Some(keys.into_iter().map(FrameKey::of_reader).collect()) }
    }

    /// For envelopes and gossip, of public drives too: takes frames under the mirror key only.
    pub fn mirror_key(key: &MirrorKey) -> Self {
        Self { keys: Some(vec![FrameKey::of_mirror(key)]) }
    }

    /// The epochs it can open, in the order given; `None` for public drives.
    pub fn epochs(&self) -> Option<Vec<Epoch>> {
        Some(self.keys.as_ref()?.iter().map(|key| key.epoch).collect())
    }

    /// Opens a frame that is said to be of this kind.
    pub fn open<'frame>(
        &self,
        kind: Kind,
        frame: &'frame [u8],
    ) -> Result<Opened<'frame>, FrameError> {
        let damaged = |damage| FrameError::Damaged { kind, damage };
        let (&first, rest) = frame.split_first().ok_or(damaged(Damage::Short))?;
        let inner = match (first, &self.keys) {
            (PLAIN, None) => Cow::Borrowed(rest),
            (PLAIN, Some(_)) => return Err(FrameError::NotSealed { kind }),
            (SEALED, keys) => {
                let sealed = Sealed::split(rest).ok_or(damaged(Damage::Short))?;
                let epoch = sealed.epoch;
                let keys = keys.as_ref().ok_or(FrameError::NotPlain { kind, epoch })?;
                Cow::Owned(sealed.open(kind, keys)?)
            }
            (first, _) => return Err(FrameError::UnknownFormat { kind, first }),
        };
        let (header, payload) = Header::split(kind, &inner)?;
        let payload_bytes = payload.len();
        Ok(Opened { kind, header, inner, payload_bytes })
    }
}

/// A sealed frame taken apart.
struct Sealed<'frame> {
    epoch: Epoch,
    nonce: [u8; NONCE_BYTES],
    ciphertext: &'frame [u8],
    tag: [u8; TAG_BYTES],
}

impl<'frame> Sealed<'frame> {
    fn split(rest: &'frame [u8]) -> Option<Self> {
        let (&epoch, rest) = rest.split_first_chunk::<4>()?;
        let (&nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let (ciphertext, &tag) = rest.split_last_chunk::<TAG_BYTES>()?;
        Some(Self { epoch: Epoch(epoch), nonce, ciphertext, tag })
    }

    /// Tries each key of the epoch: two keys may share their four bytes.
    fn open(&self, kind: Kind, keys: &[FrameKey]) -> Result<Vec<u8>, FrameError> {
        let mut error = FrameError::UnknownEpoch { kind, epoch: self.epoch };
        for key in keys.iter().filter(|key| key.epoch == self.epoch) {
            let mut inner = self.ciphertext.to_vec();
            if key.open(kind, self.nonce, &mut inner, self.tag).is_some() {
                return Ok(inner);
            }
            error = FrameError::Damaged { kind, damage: Damage::Seal };
        }
        Err(error)
    }
}

impl Opened<'_> {
    /// What it was opened as.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Bytes of the chunk, by the frame's own word. Whoever refers to the frame knows it too:
    /// compare.
    pub fn raw_bytes(&self) -> u32 {
        self.header.raw_bytes
    }

    /// How the payload is coded; names the dictionary to have at hand before decompressing.
    pub fn codec(&self) -> Codec {
        self.header.codec
    }

    /// The coded bytes.
    pub(super) fn payload(&self) -> &[u8] {
        let start = self.inner.len().saturating_sub(self.payload_bytes);
        self.inner.get(start..).unwrap_or_default()
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("epochs", &self.epochs()).finish()
    }
}

/// The payload is somebody's file: it is not shown.
impl fmt::Debug for Opened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("kind", &self.kind)
            .field("header", &self.header)
            .field("payload_bytes", &self.payload_bytes)
            .finish_non_exhaustive()
    }
}
