//! What the issuer of a record knew when it signed.

use std::collections::{BTreeMap, BTreeSet};

use ply_types::{LogKey, RecordId};

use super::record::{Record, What};

/// All records by name, the invites inside self-admissions among them.
pub(super) struct Past<'a> {
    records: BTreeMap<RecordId, &'a Record>,
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
        Self { records: all }
    }

    /// Every record once, by name.
    pub(super) fn records(&self) -> impl Iterator<Item = &'a Record> + '_ {
        self.records.values().copied()
    }

    /// The records that the issuers of `starts` knew when they signed those.
    ///
    /// An issuer knew what it names, and what it had named in its own earlier records, if it names
    /// those in turn. What *others* name is not followed: they may name what they show to nobody
    /// until it serves them. A hash cannot name what comes after it, so this never grows by hindsight.
    pub(super) fn known(&self, starts: impl IntoIterator<Item = &'a Record>) -> BTreeSet<RecordId> {
        let mut known = BTreeSet::<(LogKey, RecordId)>::new();
        let mut open: Vec<&Record> = starts.into_iter().collect();
        while let Some(record) = open.pop() {
            let issuer = record.issuer();
            for &id in record.seen() {
                let own = self.records.get(&id).filter(|earlier| earlier.issuer() == issuer);
                if known.insert((issuer, id)) {
                    open.extend(own);
                }
            }
        }
        known.into_iter().map(|(_, id)| id).collect()
    }
}
