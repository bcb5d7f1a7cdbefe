//! Membership from signed bytes to members. [`World`] is the only place that makes keys and
//! records.

mod invites;
mod laws;
mod model;
mod records;
mod removals;
mod set;

use ply_log::Signer;
use ply_types::{DriveId, LogKey, RecordId, Seed, TreeHash};

use super::{ForkPoint, Issuer, Membership, Prefix, Record, Role};

/// Number of the drive's own key among the keys of a [`World`].
const DRIVE: u8 = 0;

/// A drive whose keys are numbered. Invites are numbered apart.
struct World;

impl World {
    fn seed(number: u8) -> Seed {
        Seed::new([number; 32])
    }

    fn signer(number: u8) -> Signer {
        Signer::new(&Self::seed(number))
    }

    fn key(number: u8) -> LogKey {
        Self::signer(number).key()
    }

    fn drive() -> DriveId {
        DriveId(Self::key(DRIVE).0)
    }

    fn secret(invite: u8) -> Seed {
        Self::seed(100 + invite)
    }

    fn invite_key(invite: u8) -> LogKey {
        Self::key(100 + invite)
    }

    /// Signs as the key of that number.
    fn sign(number: u8, seen: &[RecordId], make: impl FnOnce(&Issuer<'_>) -> Record) -> Record {
        let signer = Self::signer(number);
        make(&Issuer::new(&signer, Self::drive(), seen))
    }

    fn admit(by: u8, writer: u8, role: Role, seen: &[RecordId]) -> Record {
        Self::sign(by, seen, |issuer| issuer.admit(Self::key(writer), role).expect("small"))
    }

    fn remove(by: u8, writer: u8, length: u64, seen: &[RecordId]) -> Record {
        let cut = prefix(length);
        Self::sign(by, seen, |issuer| issuer.remove(Self::key(writer), cut).expect("small"))
    }

    fn invite(by: u8, invite: u8, role: Role, slots: u32) -> Record {
        let secret = Self::secret(invite);
        Self::sign(by, &[], |issuer| issuer.invite(&secret, role, slots).expect("small"))
    }

    fn enter(invite: u8, record: &Record, writer: u8, slot: u32) -> Record {
        let secret = Self::secret(invite);
        Record::self_admission(&secret, record, Self::key(writer), slot).expect("small")
    }

    fn revoke(by: u8, invite: u8, confirmed: &[u8], seen: &[RecordId]) -> Record {
        let kept: Vec<LogKey> = confirmed.iter().map(|&number| Self::key(number)).collect();
        let invite = Self::invite_key(invite);
        Self::sign(by, seen, |issuer| issuer.revoke(invite, &kept).expect("small"))
    }

    fn floor(by: u8, writer: u8, length: u64) -> Record {
        let logs = [(Self::key(writer), prefix(length))];
        Self::sign(by, &[], |issuer| issuer.floor(&logs).expect("small"))
    }

    fn evaluate(records: &[Record]) -> Membership {
        Self::evaluate_with_forks(records, &[])
    }

    fn evaluate_with_forks(records: &[Record], forks: &[(u8, u64)]) -> Membership {
        let forks: Vec<ForkPoint> = forks
            .iter()
            .map(|&(number, common_length)| ForkPoint { log: Self::key(number), common_length })
            .collect();
        Membership::evaluate(Self::drive(), records, &forks)
    }
}

/// Equal lengths get equal roots, as on one log without forks.
fn prefix(length: u64) -> Prefix {
    Prefix { length, root: TreeHash(*blake3::hash(&length.to_le_bytes()).as_bytes()) }
}

/// Keys below 100 that write, with `a` for admins and `@length` where they ended.
#[track_caller]
fn check(records: &[Record], expected: &str) {
    let membership = World::evaluate(records);
    assert_eq!(describe(&membership), expected);
}

fn describe(membership: &Membership) -> String {
    let mut words = Vec::new();
    for number in 1..100 {
        let Some(status) = membership.writer(&World::key(number)) else { continue };
        let role = if status.role == Role::Admin { "a" } else { "" };
        let end = status.end.map(|end| format!("@{}", end.length)).unwrap_or_default();
        words.push(format!("{number}{role}{end}"));
    }
    words.join(" ")
}
