//! One key that seals and opens frames.

use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use ply_types::{Epoch, MirrorKey, ReadKey};
use zeroize::Zeroizing;

use super::FORMAT_VERSION;
use super::kind::Kind;

/// The epoch that frames under a mirror key name. That key belongs to the drive for ever.
pub const MIRROR_EPOCH: Epoch = Epoch([0; 4]);

/// Bytes of a nonce.
pub(super) const NONCE_BYTES: usize = 24;

/// Bytes of a tag.
pub(super) const TAG_BYTES: usize = 16;

/// A key for frames, with the key that makes their nonces.
///
/// The cipher has nothing to prepare ahead: it is made anew for each frame out of these 32 bytes,
/// so they lie in one place and are wiped from it.
#[derive(Clone)]
pub(super) struct FrameKey {
    pub(super) epoch: Epoch,
    seal: Zeroizing<[u8; 32]>,
    nonce: Zeroizing<[u8; 32]>,
}

impl FrameKey {
    pub(super) fn of_reader(key: &ReadKey) -> Self {
        Self {
            epoch: key.epoch(),
            seal: Zeroizing::new(key.frame_key()),
            nonce: Zeroizing::new(key.nonce_key()),
        }
    }

    pub(super) fn of_mirror(key: &MirrorKey) -> Self {
        Self {
            epoch: MIRROR_EPOCH,
            seal: Zeroizing::new(key.frame_key()),
            nonce: Zeroizing::new(key.nonce_key()),
        }
    }

    /// Encrypts in place; the nonce and the tag that opening will need.
    pub(super) fn seal(
        &self,
        kind: Kind,
        inner: &mut [u8],
    ) -> Option<([u8; NONCE_BYTES], [u8; TAG_BYTES])> {
        let associated = self.associated(kind);
        let nonce = self.nonce(associated, inner);
        let tag = self
            .cipher()
            .encrypt_inout_detached(&XNonce::from(nonce), &associated, inner.into())
            .ok()?;
        Some((nonce, tag.into()))
    }

    /// Decrypts in place. `None` where the seal does not hold: the bytes are then not to be used.
    pub(super) fn open(
        &self,
        kind: Kind,
        nonce: [u8; NONCE_BYTES],
        sealed: &mut [u8],
        tag: [u8; TAG_BYTES],
    ) -> Option<()> {
        let associated = self.associated(kind);
        self.cipher()
            .decrypt_inout_detached(
                &XNonce::from(nonce),
                &associated,
                sealed.into(),
                &Tag::from(tag),
            )
            .ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.seal).into())
    }

    /// What a seal covers beside the bytes. Of fixed length, so that it needs no separator.
    fn associated(&self, kind: Kind) -> [u8; 6] {
        let Epoch([a, b, c, d]) = self.epoch;
        [FORMAT_VERSION, kind.tag(), a, b, c, d]
    }

    fn nonce(&self, associated: [u8; 6], inner: &[u8]) -> [u8; NONCE_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.nonce);
        hasher.update(&associated).update(inner);
        let mut nonce = [0; NONCE_BYTES];
        hasher.finalize_xof().fill(&mut nonce);
        nonce
    }
}
