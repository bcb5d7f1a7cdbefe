//! Who may write to a drive, as a function of the signed records about it.
//!
//! [`Membership::evaluate`] reads a *set* of records and fork proofs: order and repetition change
//! nothing, so nodes that hold the same set agree. No clock is asked; that an invite has ended is a
//! record like others.
//!
//! # Rules
//!
//! - **Rank.** The drive's key stands at depth 0. Whom it makes an admin stands at depth 1, and so
//!   on; at equal depth the lower record name ranks higher. Of several admissions the best one
//!   ranks a key.
//! - **Word.** A record counts if it rests on the word of the drive's key or an admin. A
//!   self-admission rests on the word of whoever issued the invite. Only the drive's key sets
//!   floors.
//! - **Removal.** Any admin removes plain writers; an admin is removed only by a higher rank. Of
//!   several removals those nearest to the drive's key decide; among these one that knew another
//!   replaces it; of the rest the shortest cut counts. A removal also ends what is admitted later:
//!   a removed writer goes on under a new key.
//! - **A removed admin's records** stay as far as those who removed it knew them: named in `seen`,
//!   or in `seen` of the remover's own earlier records that it names. All others are void, whenever
//!   they were made, and so are claims to slots of its invites that the remover had not seen. Whom
//!   a void record admitted may be admitted anew.
//! - **Slots.** The lowest record name has a slot until an admin admits one of its claimants by
//!   name. A revocation ends the invite but for those it confirms and those admitted by name.
//! - **Forks** stop a writer at the last common length. Its records of membership are not touched.
//! - **Floors** outlast all of this: no log ends below its floor, and a floored log counts up to
//!   the floor even if its admission is void.
//!
//! # Invariants
//!
//! - No record of a lower rank changes what becomes of a higher one.
//! - Removing records that a [`RecordSet`] calls spare changes nothing.
//!
//! # Not here
//!
//! - Checking fork proofs: `log`. What a cut does to the tree of files: the union.

mod decode;
mod error;
mod hash;
mod issue;
mod pass;
mod past;
mod record;
mod removal;
mod seen;
mod set;
mod slots;
mod status;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use ply_types::{DriveId, LogKey, RecordId};

pub use error::{IssueError, RecordError};
pub use issue::Issuer;
pub use pass::Rank;
pub use record::{
    CONFIRMED_MAX, FLOOR_LOGS_MAX, Prefix, RECORD_BYTES_MAX, ROTATION_KEYS_MAX, Record, Role,
    SEALED_KEY_BYTES_MAX, SEEN_MAX, SELF_ADMISSION_BYTES_MAX, SLOTS_MAX, SealedKey, What,
};
pub use seen::Seen;
pub use set::{ISSUER_RECORDS_MAX, Inserted, RECORDS_MAX, RecordSet, set_hash};
pub use status::{End, WriterStatus};

use pass::Pass;
use past::Past;

/// What a checked fork proof comes to: where the two histories of a writer part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ForkPoint {
    /// The writer's log.
    pub log: LogKey,
    /// Blocks that both histories share.
    pub common_length: u64,
}

impl From<ply_log::Fork> for ForkPoint {
    fn from(fork: ply_log::Fork) -> Self {
        Self { log: fork.log, common_length: fork.common }
    }
}

/// Who may write, who might, and up to where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    drive: DriveId,
    writers: BTreeMap<LogKey, WriterStatus>,
    ranks: BTreeMap<LogKey, Rank>,
    removed_admins: BTreeSet<LogKey>,
    revoked: BTreeSet<LogKey>,
    counted: BTreeSet<RecordId>,
}

impl Membership {
    /// Reads a set of records and fork proofs. Records of other drives are passed over.
    pub fn evaluate<'a>(
        drive: DriveId,
        records: impl IntoIterator<Item = &'a Record>,
        forks: &[ForkPoint],
    ) -> Self {
        let past = Past::new(records.into_iter().filter(|record| record.drive() == drive));
        let outcome = Pass::new(drive, &past).run();
        let writers = status::statuses(&outcome, forks);
        let removed = outcome.admins.iter().filter(|(_, admin)| admin.cut.is_some());
        Self {
            drive,
            writers,
            removed_admins: removed.map(|(key, _)| *key).collect(),
            ranks: outcome.admins.iter().map(|(key, admin)| (*key, admin.grant.rank)).collect(),
            revoked: outcome.revoked,
            counted: outcome.counted,
        }
    }

    /// What is known of a writer; `None` if no record that counts lets it in.
    pub fn writer(&self, key: &LogKey) -> Option<&WriterStatus> {
        self.writers.get(key)
    }

    /// All writers by key, those whose log has ended among them.
    pub fn writers(&self) -> impl Iterator<Item = (&LogKey, &WriterStatus)> {
        self.writers.iter()
    }

    /// Whether a log may be opened and stored: some of it counts, or may.
    pub fn admits(&self, key: &LogKey) -> bool {
        self.writer(key).is_some_and(|status| status.end.is_none_or(|end| 0 < end.length))
    }

    /// Whether a record that this key signs now would count: the drive's key, or an admin not
    /// removed.
    pub fn is_admin(&self, key: &LogKey) -> bool {
        self.rank(key).is_some() && !self.removed_admins.contains(key)
    }

    /// Where the drive's key or an admin stands, also one that was removed.
    pub fn rank(&self, key: &LogKey) -> Option<Rank> {
        if key.0 == self.drive.0 { Some(Rank::DRIVE) } else { self.ranks.get(key).copied() }
    }

    /// Whether an invite was ended.
    pub fn invite_is_revoked(&self, invite: &LogKey) -> bool {
        self.revoked.contains(invite)
    }

    /// Whether a record has effect: by whoever may say so, not void, its slot won.
    pub fn counts(&self, record: &RecordId) -> bool {
        self.counted.contains(record)
    }

    /// Whether a peer's record is worth keeping: it rests on the word of somebody who has a say, or
    /// had.
    ///
    /// Records may come before those that give their issuers a say: offer what is refused again
    /// after each evaluation that admits somebody.
    pub fn wants(&self, record: &Record) -> bool {
        record.drive() == self.drive && self.rank(&record.authority()).is_some()
    }
}
