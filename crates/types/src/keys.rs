//! Keys: what names a log or a drive, and what opens its content.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::derive::{context, derive};
use crate::hash::{name32, write_hex};

name32! {
    /// The ed25519 public key that names a log and checks its heads.
    LogKey
}
name32! {
    /// The ed25519 public key that names a drive.
    DriveId
}
name32! {
    /// The gossip topic of a drive. Does not lead back to the drive.
    Topic
}
name32! {
    /// The DHT key of a drive. Does not lead back to the drive, nor to its topic.
    DhtKey
}

/// First four bytes of a hash of a read key: which key sealed a frame, without telling the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub [u8; 4]);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {self}")
    }
}

/// Declares a 32-byte secret: never printed, wiped when dropped.
macro_rules! secret32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Takes the bytes of the secret.
            #[must_use]
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Shows the secret. Named so that each use stands out in a review.
            #[must_use]
            pub const fn expose(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(secret)"))
            }
        }
    };
}

secret32! {
    /// Opens the content of a private drive. Travels in tickets.
    ReadKey
}
secret32! {
    /// Opens what a blind mirror must read: envelopes and gossip. Anyone who knows the drive has it.
    MirrorKey
}
secret32! {
    /// The secret from which a signing key is made.
    Seed
}

impl ReadKey {
    /// The mark by which frames name this key.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        let hash = derive(context::EPOCH, &[&self.0]);
        let [a, b, c, d, ..] = hash;
        Epoch([a, b, c, d])
    }

    /// The key that seals frames.
    #[must_use]
    pub fn frame_key(&self) -> [u8; 32] {
        derive(context::FRAME, &[&self.0])
    }

    /// The key that makes nonces out of the bytes to be sealed.
    #[must_use]
    pub fn nonce_key(&self) -> [u8; 32] {
        derive(context::NONCE, &[&self.0])
    }

    /// The key of the table by which files are cut, so that chunk sizes do not betray known files.
    #[must_use]
    pub fn cut_key(&self) -> [u8; 32] {
        derive(context::CUT, &[&self.0])
    }

    /// The key under which chunks are looked up for reuse.
    #[must_use]
    pub fn dedup_key(&self) -> [u8; 32] {
        derive(context::DEDUP, &[&self.0])
    }
}

impl MirrorKey {
    /// The key that seals envelopes.
    #[must_use]
    pub fn frame_key(&self) -> [u8; 32] {
        derive(context::MIRROR_FRAME, &[&self.0])
    }

    /// The key that makes nonces for envelopes.
    #[must_use]
    pub fn nonce_key(&self) -> [u8; 32] {
        derive(context::MIRROR_NONCE, &[&self.0])
    }
}

impl DriveId {
    /// What a blind mirror must read is sealed with this.
    #[must_use]
    pub fn mirror_key(&self) -> MirrorKey {
        MirrorKey::new(derive(context::MIRROR, &[&self.0]))
    }

    /// The topic on which heads are announced.
    #[must_use]
    pub fn topic(&self) -> Topic {
        Topic(derive(context::TOPIC, &[&self.0]))
    }

    /// The DHT key under which nodes are found.
    #[must_use]
    pub fn dht_key(&self) -> DhtKey {
        DhtKey(derive(context::DHT, &[&self.0]))
    }

    /// The key by which two peers prove to each other that they know this drive.
    #[must_use]
    pub fn capability(&self) -> [u8; 32] {
        derive(context::CAPABILITY, &[&self.0])
    }
}

impl Seed {
    /// The seed of the metadata log that the node with this secret writes in a drive.
    ///
    /// A new install nonce makes a new writer: a copied data folder must not sign as the original.
    #[must_use]
    pub fn writer(&self, drive: &DriveId, install_nonce: &[u8; 32]) -> Self {
        Self(derive(context::WRITER, &[&self.0, &drive.0, install_nonce]))
    }

    /// The seed of a layer, out of its writer's seed and a fresh random value.
    #[must_use]
    pub fn layer(&self, fresh: &[u8; 32]) -> Self {
        Self(derive(context::LAYER, &[&self.0, fresh]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_keys_differ_from_each_other() {
        let drive = DriveId([7; 32]);
        let read = ReadKey::new([7; 32]);
        let keys = [
            drive.topic().0,
            drive.dht_key().0,
            drive.capability(),
            *drive.mirror_key().expose(),
            read.frame_key(),
            read.nonce_key(),
            read.cut_key(),
            read.dedup_key(),
        ];
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
    }

    #[test]
    fn a_new_install_nonce_makes_a_new_writer() {
        let node = Seed::new([1; 32]);
        let drive = DriveId([2; 32]);
        assert_ne!(node.writer(&drive, &[3; 32]), node.writer(&drive, &[4; 32]));
        assert_ne!(node.writer(&drive, &[3; 32]), node.writer(&DriveId([5; 32]), &[3; 32]));
    }

    #[test]
    fn secrets_do_not_print_themselves() {
        assert_eq!(format!("{:?}", ReadKey::new([9; 32])), "ReadKey(secret)");
    }
}
