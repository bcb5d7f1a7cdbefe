//! The records that a node keeps of one drive: bounded, whatever peers send.

use std::collections::{BTreeMap, BTreeSet};

use ply_types::{LogKey, RecordId};

use super::record::{Record, What};
use super::slots::{Claim, Place};

/// Records of one drive that a node keeps: 64 MiB if each were as long as can be.
pub const RECORDS_MAX: usize = 16_384;
/// Records of one issuer other than the drive's key, self-admissions apart.
pub const ISSUER_RECORDS_MAX: usize = 1024;

/// What [`set_hash`] is derived under.
const SET_CONTEXT: &str = "plywood 2026-11 membership record set";

/// What became of a record handed to [`RecordSet::insert`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is kept.
    New,
    /// It was there.
    Known,
    /// Another claim to the same slot goes before it and nothing refers to it: it can have no
    /// effect.
    Spare,
    /// No room is left for records of this issuer, or for any.
    Full,
}

/// A set of records without the self-admissions that can have no effect.
///
/// Whoever has an invite's secret can sign claims to its slots without end. Of each slot this keeps
/// the lowest, and those that another record refers to by name; that much decides the outcome. A
/// claim dropped early and referred to later is sent again by a peer that has it, since their
/// [hashes](Self::hash) differ.
#[derive(Clone, Debug, Default)]
pub struct RecordSet {
    records: BTreeMap<RecordId, Record>,
    issued: BTreeMap<LogKey, usize>,
    claims: BTreeMap<Place, BTreeSet<RecordId>>,
    seen: BTreeSet<RecordId>,
    named: BTreeSet<LogKey>,
}

impl RecordSet {
    /// Takes a record. Ask [`Membership::wants`](super::Membership::wants) first if it is a peer's.
    pub fn insert(&mut self, record: Record) -> Inserted {
        if self.records.contains_key(&record.id()) {
            return Inserted::Known;
        }
        match Claim::of(&record).map(|claim| claim.place()) {
            Some(place) => self.insert_claim(record, place),
            None => self.insert_plain(record),
        }
    }

    /// The record that [`insert`](Self::insert) drops in favour of this one: whoever keeps records
    /// on disk asks before and deletes it there, or a peer could fill the disk with ever lower
    /// claims.
    pub fn dropped_by(&self, record: &Record) -> Option<RecordId> {
        let lowest = self.lowest(Claim::of(record)?.place())?;
        let is_dropped = record.id() < lowest && !self.is_referred_to(self.records.get(&lowest)?);
        is_dropped.then_some(lowest)
    }

    /// The record of that name.
    pub fn record(&self, id: &RecordId) -> Option<&Record> {
        self.records.get(id)
    }

    /// All of them by name.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// What two nodes compare to know that they keep the same.
    pub fn hash(&self) -> [u8; 32] {
        set_hash(self.iter())
    }

    fn insert_claim(&mut self, record: Record, place: Place) -> Inserted {
        let goes_behind = self.lowest(place).is_some_and(|lowest| lowest < record.id());
        if goes_behind && !self.is_referred_to(&record) {
            return Inserted::Spare;
        }
        // A claim that takes the lead makes room for itself where it drops another.
        let dropped = self.dropped_by(&record);
        if dropped.is_none() && RECORDS_MAX <= self.records.len() {
            return Inserted::Full;
        }
        let rivals = self.claims.entry(place).or_default();
        if let Some(dropped) = dropped {
            rivals.remove(&dropped);
            self.records.remove(&dropped);
        }
        rivals.insert(record.id());
        self.records.insert(record.id(), record);
        Inserted::New
    }

    fn insert_plain(&mut self, record: Record) -> Inserted {
        let issued = self.issued.entry(record.issuer()).or_default();
        let issuer_is_full = !record.is_by_drive() && ISSUER_RECORDS_MAX <= *issued;
        if issuer_is_full || RECORDS_MAX <= self.records.len() {
            return Inserted::Full;
        }
        *issued += 1;
        self.seen.extend(record.seen());
        match record.what() {
            What::Admission { writer, .. } => drop(self.named.insert(*writer)),
            What::Revocation { confirmed, .. } => self.named.extend(confirmed),
            _ => {}
        }
        self.records.insert(record.id(), record);
        Inserted::New
    }

    fn lowest(&self, place: Place) -> Option<RecordId> {
        self.claims.get(&place).and_then(BTreeSet::first).copied()
    }

    /// Whether a claim must stay though it is not the lowest.
    fn is_referred_to(&self, record: &Record) -> bool {
        let named = Claim::of(record).is_some_and(|claim| self.named.contains(&claim.writer));
        named || self.seen.contains(&record.id())
    }
}

impl FromIterator<Record> for RecordSet {
    /// A set read back from where it was kept: claims go last, after all that may refer to them.
    fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
        let mut set = Self::default();
        let (claims, others): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|record| Claim::of(record).is_some());
        for record in others.into_iter().chain(claims) {
            set.insert(record);
        }
        set
    }
}

/// A hash over the names of records, in whatever order and however often they come.
pub fn set_hash<'a>(records: impl IntoIterator<Item = &'a Record>) -> [u8; 32] {
    let ids: BTreeSet<RecordId> = records.into_iter().map(Record::id).collect();
    let mut hasher = blake3::Hasher::new_derive_key(SET_CONTEXT);
    for id in &ids {
        hasher.update(id.as_bytes());
    }
    *hasher.finalize().as_bytes()
}
