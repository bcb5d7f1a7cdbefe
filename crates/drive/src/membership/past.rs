//! What the issuer of a record knew when it signed.
//!
//! An issuer knew what its record names, and what it had named in its own earlier records, if it
//! names those in turn. What *others* name is not followed: they may name what they show to nobody
//! until it serves them. A hash cannot name what comes after it, so no knowledge grows by
//! hindsight.

use std::collections::BTreeMap;

use ply_types::{LogKey, RecordId};

use super::record::{Record, What};

/// All records by name, the invites inside self-admissions among them.
pub(super) struct Past<'a> {
    records: BTreeMap<RecordId, &'a Record>,
    by_issuer: BTreeMap<LogKey, Vec<&'a Record>>,
    /// Of those who removed somebody: nobody else is asked what it knew.
    minds: BTreeMap<LogKey, Mind>,
}

/// The records of one issuer as a graph: which names which, and who names those of others.
pub(super) struct Mind {
    own: BTreeMap<RecordId, usize>,
    /// For each own record the own ones that it names.
    earlier: Vec<Vec<usize>>,
    /// For each record held, own or not, the own ones that name it.
    namers: BTreeMap<RecordId, Vec<usize>>,
}

/// What an issuer knew at certain records of its own.
pub(super) struct Known<'p> {
    mind: &'p Mind,
    /// Whether an own record is among these or goes before them.
    is_reached: Vec<bool>,
}

impl<'a> Past<'a> {
    pub(super) fn new(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut all = BTreeMap::new();
        for record in records {
            all.insert(record.id(), record);
            if let What::SelfAdmission { invite, .. } = record.what() {
                all.insert(invite.id(), &**invite);
            }
        }
        let mut by_issuer = BTreeMap::<LogKey, Vec<&Record>>::new();
        for record in all.values() {
            by_issuer.entry(record.issuer()).or_default().push(record);
        }
        let mut past = Self { records: all, by_issuer, minds: BTreeMap::new() };
        let is_removal = |record: &&Record| matches!(record.what(), What::Removal { .. });
        let removers = past.by_issuer.iter().filter(|(_, own)| own.iter().any(is_removal));
        past.minds = removers.map(|(issuer, _)| (*issuer, past.mind(issuer))).collect();
        past
    }

    /// Every record once, by name.
    pub(super) fn records(&self) -> impl Iterator<Item = &'a Record> + '_ {
        self.records.values().copied()
    }

    /// What the issuers of these removals knew, one set for each issuer.
    pub(super) fn known<'p>(&'p self, removals: &[&Record]) -> Vec<Known<'p>> {
        let mut starts = BTreeMap::<LogKey, Vec<RecordId>>::new();
        for removal in removals {
            starts.entry(removal.issuer()).or_default().push(removal.id());
        }
        let known = |(issuer, starts): (&LogKey, &Vec<RecordId>)| {
            Some(self.minds.get(issuer)?.known(starts))
        };
        starts.iter().filter_map(known).collect()
    }

    /// All that one issuer ever named.
    pub(super) fn mind(&self, issuer: &LogKey) -> Mind {
        let records = self.by_issuer.get(issuer).map(Vec::as_slice).unwrap_or_default();
        let own = records.iter().enumerate().map(|(at, record)| (record.id(), at)).collect();
        let mut mind = Mind { own, earlier: Vec::new(), namers: BTreeMap::new() };
        for (at, record) in records.iter().enumerate() {
            let earlier = record.seen().iter().filter_map(|id| mind.own.get(id).copied());
            mind.earlier.push(earlier.collect());
            for id in record.seen().iter().filter(|id| self.records.contains_key(id)) {
                mind.namers.entry(*id).or_default().push(at);
            }
        }
        mind
    }
}

impl Mind {
    /// Whether any of its records names this one.
    pub(super) fn names(&self, id: &RecordId) -> bool {
        self.namers.contains_key(id)
    }

    fn known(&self, starts: &[RecordId]) -> Known<'_> {
        let mut is_reached = vec![false; self.earlier.len()];
        let mut open: Vec<usize> =
            starts.iter().filter_map(|id| self.own.get(id).copied()).collect();
        while let Some(at) = open.pop() {
            if let Some(reached) = is_reached.get_mut(at)
                && !std::mem::replace(reached, true)
            {
                open.extend(self.earlier.get(at).into_iter().flatten());
            }
        }
        Known { mind: self, is_reached }
    }
}

impl Known<'_> {
    pub(super) fn contains(&self, id: &RecordId) -> bool {
        let namers = self.mind.namers.get(id).map(Vec::as_slice).unwrap_or_default();
        namers.iter().any(|&at| self.is_reached.get(at).copied().unwrap_or_default())
    }
}
