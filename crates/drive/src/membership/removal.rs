//! Which of several removals of one writer decide.

use std::collections::BTreeMap;

use ply_types::{LogKey, RecordId};

use super::past::{Known, Past};
use super::record::{Prefix, Record};

/// The removals that count, by the writer they remove.
#[derive(Default)]
pub(super) struct Removals<'a>(BTreeMap<LogKey, Vec<Removal<'a>>>);

/// One removal.
#[derive(Clone, Copy)]
pub(super) struct Removal<'a> {
    /// Distance of its issuer from the drive's key.
    pub(super) depth: u32,
    pub(super) record: &'a Record,
    pub(super) cut: Prefix,
}

/// What the removals of one writer come to.
pub(super) struct Verdict<'a> {
    pub(super) cut: Prefix,
    /// For each removal that decides, what its issuer knew. Of a removed admin's records only those
    /// that all of them knew stay.
    known: Vec<Known<'a>>,
}

impl Verdict<'_> {
    /// Whether a record of the removed writer stays.
    pub(super) fn spares(&self, record: &RecordId) -> bool {
        self.known.iter().all(|known| known.contains(record))
    }
}

impl<'a> Removals<'a> {
    pub(super) fn add(&mut self, writer: LogKey, removal: Removal<'a>) {
        self.0.entry(writer).or_default().push(removal);
    }

    /// Where a writer's log ends by removal.
    pub(super) fn cut(&self, writer: &LogKey, past: &'a Past<'a>) -> Option<Prefix> {
        smallest(&self.deciding(writer, past))
    }

    /// The same, and what becomes of the records of a writer who is an admin.
    pub(super) fn verdict(&self, writer: &LogKey, past: &'a Past<'a>) -> Option<Verdict<'a>> {
        let deciding = self.deciding(writer, past);
        let cut = smallest(&deciding)?;
        let known = deciding.iter().flat_map(|removal| past.known(&[removal.record]));
        Some(Verdict { cut, known: known.collect() })
    }

    /// Of those nearest to the drive's key, the ones that no other of these had known.
    fn deciding(&self, writer: &LogKey, past: &'a Past<'a>) -> Vec<Removal<'a>> {
        let all = self.0.get(writer).map(Vec::as_slice).unwrap_or_default();
        let nearest = all.iter().map(|removal| removal.depth).min();
        let mut equals: Vec<Removal<'_>> =
            all.iter().filter(|removal| Some(removal.depth) == nearest).copied().collect();
        if let [_, _, ..] = equals.as_slice() {
            let records: Vec<&Record> = equals.iter().map(|removal| removal.record).collect();
            let known = past.known(&records);
            equals.retain(|it| !known.iter().any(|known| known.contains(&it.record.id())));
        }
        equals
    }
}

/// Of removals that do not know of each other, the shortest cut; of equal ones, by name.
fn smallest(removals: &[Removal<'_>]) -> Option<Prefix> {
    let shortest = removals.iter().min_by_key(|removal| (removal.cut.length, removal.record.id()));
    shortest.map(|removal| removal.cut)
}
