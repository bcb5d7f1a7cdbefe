//! Key derivation: BLAKE3's `derive_key` with one context string for each use.

/// The context strings. A string is never changed and never used twice.
pub(crate) mod context {
    pub(crate) const EPOCH: &str = "plywood 2026-11 epoch of a read key";
    pub(crate) const FRAME: &str = "plywood 2026-11 frame key";
    pub(crate) const NONCE: &str = "plywood 2026-11 frame nonce key";
    pub(crate) const CUT: &str = "plywood 2026-11 cut table key";
    pub(crate) const DEDUP: &str = "plywood 2026-11 dedup key";
    pub(crate) const MIRROR: &str = "plywood 2026-11 mirror key of a drive";
    pub(crate) const MIRROR_FRAME: &str = "plywood 2026-11 mirror frame key";
    pub(crate) const MIRROR_NONCE: &str = "plywood 2026-11 mirror frame nonce key";
    pub(crate) const TOPIC: &str = "plywood 2026-11 gossip topic of a drive";
    pub(crate) const DHT: &str = "plywood 2026-11 dht key of a drive";
    pub(crate) const CAPABILITY: &str = "plywood 2026-11 capability of a drive";
    pub(crate) const WRITER: &str = "plywood 2026-11 writer seed";
    pub(crate) const LAYER: &str = "plywood 2026-11 layer seed";
}

/// Derives 32 bytes from parts of fixed length, so that no two lists of parts read the same.
pub(crate) fn derive(context: &str, parts: &[&[u8; 32]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(part.as_slice());
    }
    *hasher.finalize().as_bytes()
}
