//! From records to members, in one pass by rank.
//!
//! Admins are taken from a queue ordered by rank, the drive's key first. What an admin admits
//! stands deeper than itself, so when one is taken, all who rank above it have spoken, and what
//! becomes of its records is known. Nothing that comes later is asked, hence no loops and no second
//! pass.

use std::collections::{BTreeMap, BTreeSet};

use ply_types::{DriveId, LogKey, RecordId};

use super::past::Past;
use super::record::{Prefix, Record, Role, What};
use super::removal::{Removal, Removals, Verdict};
use super::slots::{Claim, Slots};

/// How near to the drive's key somebody stands: lower ranks above. Ties go by the name of the
/// record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank {
    /// Admissions between the drive's key, which has 0, and this one.
    pub depth: u32,
    /// The admission.
    pub record: RecordId,
}

impl Rank {
    /// The drive's key itself.
    pub const DRIVE: Self = Self { depth: 0, record: RecordId([0; 32]) };

    fn below(self, record: RecordId) -> Self {
        Self { depth: self.depth.saturating_add(1), record }
    }
}

/// Why a key may write.
#[derive(Clone, Copy)]
pub(super) struct Grant {
    pub(super) rank: Rank,
    pub(super) invite: Option<LogKey>,
}

/// An admin that was taken from the queue.
pub(super) struct Admin {
    pub(super) grant: Grant,
    pub(super) cut: Option<Prefix>,
}

/// The state of the pass, and at its end the result.
pub(super) struct Pass<'a> {
    drive: LogKey,
    past: &'a Past<'a>,
    by_authority: BTreeMap<LogKey, Vec<&'a Record>>,
    queue: BTreeMap<Rank, Candidate<'a>>,
    guests: Vec<(Rank, Claim<'a>)>,
    removals: Removals<'a>,
    slots: Slots<'a>,
    admins: BTreeMap<LogKey, Admin>,
    writers: BTreeMap<LogKey, Grant>,
    floors: BTreeMap<LogKey, (Prefix, RecordId)>,
    counted: BTreeSet<RecordId>,
}

/// What the pass finds.
pub(super) struct Outcome {
    pub(super) admins: BTreeMap<LogKey, Admin>,
    pub(super) writers: BTreeMap<LogKey, Grant>,
    /// Cuts of writers that are no admins.
    pub(super) cuts: BTreeMap<LogKey, Prefix>,
    pub(super) floors: BTreeMap<LogKey, (Prefix, RecordId)>,
    pub(super) revoked: BTreeSet<LogKey>,
    pub(super) counted: BTreeSet<RecordId>,
}

/// Somebody that may become an admin when its turn comes.
enum Candidate<'a> {
    /// Named by one who could.
    Named(LogKey),
    /// Came in by an invite; the slot decides.
    Guest(Claim<'a>),
}

impl<'a> Pass<'a> {
    pub(super) fn new(drive: DriveId, past: &'a Past<'a>) -> Self {
        let mut by_authority = BTreeMap::<LogKey, Vec<&Record>>::new();
        for record in past.records() {
            by_authority.entry(record.authority()).or_default().push(record);
        }
        Self {
            drive: LogKey(drive.0),
            past,
            by_authority,
            queue: BTreeMap::new(),
            guests: Vec::new(),
            removals: Removals::default(),
            slots: Slots::default(),
            admins: BTreeMap::new(),
            writers: BTreeMap::new(),
            floors: BTreeMap::new(),
            counted: BTreeSet::new(),
        }
    }

    pub(super) fn run(mut self) -> Outcome {
        self.hear(self.drive, Rank::DRIVE, None);
        while let Some((rank, candidate)) = self.queue.pop_first() {
            match candidate {
                Candidate::Named(writer) => self.enthrone(writer, Grant { rank, invite: None }),
                Candidate::Guest(claim) if self.slots.is_won(&claim) => {
                    self.counted.insert(claim.record.id());
                    self.enthrone(claim.writer, Grant { rank, invite: Some(claim.key) });
                }
                Candidate::Guest(_) => {}
            }
        }
        for (rank, claim) in std::mem::take(&mut self.guests) {
            if self.slots.is_won(&claim) {
                self.counted.insert(claim.record.id());
                self.let_write(claim.writer, Grant { rank, invite: Some(claim.key) });
            }
        }
        self.finish()
    }

    /// Makes an admin, unless it is one already by a better rank, and hears what it has to say.
    fn enthrone(&mut self, writer: LogKey, grant: Grant) {
        if self.admins.contains_key(&writer) {
            return;
        }
        let verdict = self.removals.verdict(&writer, self.past);
        let cut = verdict.as_ref().map(|verdict| verdict.cut);
        self.admins.insert(writer, Admin { grant, cut });
        self.hear(writer, grant.rank, verdict.as_ref());
    }

    /// Takes the records that rest on one admin's word.
    fn hear(&mut self, authority: LogKey, rank: Rank, verdict: Option<&Verdict<'_>>) {
        let records = self.by_authority.remove(&authority).unwrap_or_default();
        let mut claims = Vec::new();
        for record in records {
            if verdict.is_some_and(|verdict| !verdict.spares(&record.id())) {
                continue;
            }
            match Claim::of(record) {
                Some(claim) => claims.push(claim),
                None => self.take(record, rank),
            }
        }
        // Only now is known which invites count.
        claims.retain(|claim| self.counted.contains(&claim.invite.id()));
        for claim in claims {
            self.slots.claim(claim);
            let rank = rank.below(claim.record.id());
            match claim.invite.what() {
                What::Invite { role: Role::Admin, .. } => {
                    self.queue.insert(rank, Candidate::Guest(claim));
                }
                _ => self.guests.push((rank, claim)),
            }
        }
    }

    fn take(&mut self, record: &'a Record, rank: Rank) {
        self.counted.insert(record.id());
        match record.what() {
            What::Admission { writer, role } => {
                let rank = rank.below(record.id());
                self.slots.admit(*writer);
                match role {
                    Role::Admin => drop(self.queue.insert(rank, Candidate::Named(*writer))),
                    Role::Writer => self.let_write(*writer, Grant { rank, invite: None }),
                }
            }
            What::Removal { writer, cut } => {
                self.removals.add(*writer, Removal { depth: rank.depth, record, cut: *cut });
            }
            What::Revocation { invite, confirmed } => self.slots.revoke(*invite, confirmed),
            What::Floor { logs } => logs.iter().for_each(|(log, pin)| self.pin(*log, *pin, record)),
            What::Invite { .. } | What::SelfAdmission { .. } | What::Rotation { .. } => {}
        }
    }

    /// Lets a key write; of several reasons the one that ranks highest is kept.
    fn let_write(&mut self, writer: LogKey, grant: Grant) {
        let best = self.writers.entry(writer).or_insert(grant);
        if grant.rank < best.rank {
            *best = grant;
        }
    }

    /// Of several floors of one log the longest counts; of equal ones, by root.
    fn pin(&mut self, log: LogKey, pin: Prefix, record: &Record) {
        let floor = (pin, record.id());
        let longest = self.floors.entry(log).or_insert(floor);
        *longest = floor.max(*longest);
    }

    fn finish(self) -> Outcome {
        let plain = self.writers.keys().filter(|writer| !self.admins.contains_key(writer));
        let cuts = plain.filter_map(|key| Some((*key, self.removals.cut(key, self.past)?)));
        Outcome {
            cuts: cuts.collect(),
            admins: self.admins,
            writers: self.writers,
            floors: self.floors,
            revoked: self.slots.into_revoked(),
            counted: self.counted,
        }
    }
}
