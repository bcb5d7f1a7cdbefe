//! One signed statement about who may write.

use ply_types::{DriveId, Epoch, LogKey, RecordId, TreeHash};

use super::decode;
use super::error::RecordError;

/// Longest signed record, in bytes.
pub const RECORD_BYTES_MAX: usize = 4096;
/// Longest signed self-admission, its invite included: it travels beside a head.
pub const SELF_ADMISSION_BYTES_MAX: usize = 512;
/// Earlier records that one record can name; 34 bytes each, so half of a record.
pub const SEEN_MAX: usize = 64;
/// Writers that one revocation can confirm beside a full list of earlier records.
pub const CONFIRMED_MAX: usize = 48;
/// Logs that one floor can pin beside a full list of earlier records.
pub const FLOOR_LOGS_MAX: usize = 20;
/// Writers that one rotation can serve beside a full list of earlier records.
pub const ROTATION_KEYS_MAX: usize = 11;
/// Longest sealed read key: the key, an ephemeral public key, a nonce and a tag fit.
pub const SEALED_KEY_BYTES_MAX: usize = 112;
/// Slots of one invite. Each slot can make one writer whose log every node stores.
pub const SLOTS_MAX: u32 = 1024;

/// What a writer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Writes files.
    Writer,
    /// Writes files and says who else may.
    Admin,
}

/// The first blocks of a log: how many, and the tree root over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    /// In blocks.
    pub length: u64,
    /// Over the blocks below `length`.
    pub root: TreeHash,
}

/// A read key that one writer can open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedKey {
    /// Who can open it.
    pub writer: LogKey,
    /// At most [`SEALED_KEY_BYTES_MAX`] bytes.
    pub sealed: Vec<u8>,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A key may write.
    Admission {
        /// The key.
        writer: LogKey,
        /// What it may do.
        role: Role,
    },
    /// Whoever has the secret of `key` may let keys in, one for each slot.
    Invite {
        /// Public half of the invite's secret.
        key: LogKey,
        /// What those who come in may do.
        role: Role,
        /// From 1 to [`SLOTS_MAX`].
        slots: u32,
    },
    /// A key comes in by an invite.
    SelfAdmission {
        /// The key.
        writer: LogKey,
        /// Below the invite's number of slots.
        slot: u32,
        /// The invite, checked: always of kind [`What::Invite`].
        invite: Box<Record>,
    },
    /// A log ends; what is before the cut stays.
    Removal {
        /// The log.
        writer: LogKey,
        /// What stays.
        cut: Prefix,
    },
    /// An invite ends; who came in by it goes, unless confirmed.
    Revocation {
        /// Key of the invite.
        invite: LogKey,
        /// Who stays.
        confirmed: Vec<LogKey>,
    },
    /// How much of each log counts for ever.
    Floor {
        /// Logs and what is pinned of each.
        logs: Vec<(LogKey, Prefix)>,
    },
    /// A new read key for those who stay.
    Rotation {
        /// The mark of the new key.
        epoch: Epoch,
        /// The key, sealed to each of them.
        keys: Vec<SealedKey>,
    },
}

/// A signed record, checked: well formed, of the expected drive, signed by its issuer.
///
/// Whether it *counts* is another question, which only all records together can answer. Two records
/// are the same when their [`RecordId`]s are.
#[derive(Clone, Debug)]
pub struct Record {
    pub(super) id: RecordId,
    pub(super) drive: DriveId,
    pub(super) issuer: LogKey,
    pub(super) seen: Vec<RecordId>,
    pub(super) what: What,
    pub(super) bytes: Vec<u8>,
}

impl Record {
    /// Reads a record of `drive` from at most [`RECORD_BYTES_MAX`] signed bytes.
    pub fn parse(drive: &DriveId, bytes: &[u8]) -> Result<Self, RecordError> {
        decode::record(drive, bytes)
    }

    /// Its name: a hash of what was signed and by whom, not of the signature.
    pub fn id(&self) -> RecordId {
        self.id
    }

    /// The drive it speaks of.
    pub fn drive(&self) -> DriveId {
        self.drive
    }

    /// Who signed: the drive's key, a writer's, or that of an invite.
    pub fn issuer(&self) -> LogKey {
        self.issuer
    }

    /// On whose word it rests: the issuer, or who issued the invite of a self-admission.
    pub fn authority(&self) -> LogKey {
        match &self.what {
            What::SelfAdmission { invite, .. } => invite.issuer,
            _ => self.issuer,
        }
    }

    /// Whether the drive's own key signed it.
    pub fn is_by_drive(&self) -> bool {
        self.issuer.0 == self.drive.0
    }

    /// Earlier records that the issuer held and took as valid.
    pub fn seen(&self) -> &[RecordId] {
        &self.seen
    }

    /// What it says.
    pub fn what(&self) -> &What {
        &self.what
    }

    /// The signed bytes, as they travel.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Record {}
