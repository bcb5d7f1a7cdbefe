//! What a drive cannot make itself: time and chance.

use ply_types::Timestamp;

/// The machine around a drive.
pub trait Host: Send + Sync {
    /// What the clock on the wall says. Written into commits; nothing is decided by it.
    fn now(&self) -> Timestamp;

    /// Fresh random bytes, fit for keys.
    fn random(&self) -> [u8; 32];
}
