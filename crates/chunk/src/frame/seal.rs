//! The last step of making a frame: with which key, if any.

use std::fmt;

use ply_types::{Epoch, MirrorKey, ReadKey};

use super::key::{FrameKey, NONCE_BYTES, TAG_BYTES};
use super::kind::Kind;
use super::{PLAIN, SEALED};

/// Bytes of a sealed frame before its ciphertext: shape, epoch, nonce.
pub(super) const SEALED_HEADER_BYTES: usize = 1 + 4 + NONCE_BYTES;

/// How a drive closes its frames: plainly, or with one key.
#[derive(Clone)]
pub struct Sealer {
    key: Option<FrameKey>,
}

impl Sealer {
    /// For public drives: frames anybody can read.
    pub fn plain() -> Self {
        Self { key: None }
    }

    /// For what only readers of the drive may read.
    pub fn read_key(key: &ReadKey) -> Self {
        Self { key: Some(FrameKey::of_reader(key)) }
    }

    /// For what blind mirrors must read too.
    pub fn mirror_key(key: &MirrorKey) -> Self {
        Self { key: Some(FrameKey::of_mirror(key)) }
    }

    /// The key's mark; `None` where frames stay plain.
    pub fn epoch(&self) -> Option<Epoch> {
        self.key.as_ref().map(|key| key.epoch)
    }

    /// A frame with room for the outside, to which the inner bytes are to be appended.
    pub(super) fn begin(&self, inner_bytes: usize) -> Vec<u8> {
        let Some(key) = &self.key else {
            let mut frame = Vec::with_capacity(1 + inner_bytes);
            frame.push(PLAIN);
            return frame;
        };
        let mut frame = Vec::with_capacity(SEALED_HEADER_BYTES + inner_bytes + TAG_BYTES);
        frame.push(SEALED);
        frame.extend_from_slice(&key.epoch.0);
        frame.resize(SEALED_HEADER_BYTES, 0);
        frame
    }

    /// Closes a frame that [`Sealer::begin`] began. `None` if the cipher refuses.
    pub(super) fn finish(&self, kind: Kind, mut frame: Vec<u8>) -> Option<Vec<u8>> {
        let Some(key) = &self.key else { return Some(frame) };
        let (header, inner) = frame.split_at_mut_checked(SEALED_HEADER_BYTES)?;
        let (nonce, tag) = key.seal(kind, inner)?;
        *header.last_chunk_mut::<NONCE_BYTES>()? = nonce;
        frame.extend_from_slice(&tag);
        Some(frame)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("epoch", &self.epoch()).finish()
    }
}
