//! The rules once more, as slowly and plainly as can be: which records count is the point where
//! asking every rule of every record changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use ply_types::{LogKey, RecordId};

use super::World;
use crate::membership::{Rank, Record, Role, What};

/// Rank of those for whom everybody with a say ranks above.
const LOWEST: Rank = Rank { depth: u32::MAX, record: RecordId([255; 32]) };

/// What is compared: role, length and root of the end, floor's length.
pub(super) type Row = (Role, Option<(u64, Option<[u8; 32]>)>, Option<u64>);

pub(super) struct Model {
    all: Vec<Record>,
    counts: BTreeSet<RecordId>,
    ranks: BTreeMap<LogKey, Rank>,
}

impl Model {
    pub(super) fn settle(records: &[Record]) -> Self {
        let mut all = BTreeMap::new();
        for record in records {
            if let What::SelfAdmission { invite, .. } = record.what() {
                all.insert(invite.id(), (**invite).clone());
            }
            all.insert(record.id(), record.clone());
        }
        let all: Vec<Record> = all.into_values().collect();
        let mut model = Self { all, counts: BTreeSet::new(), ranks: BTreeMap::new() };
        for _ in 0..1000 {
            model.ranks = model.ranks();
            let valid = |record: &&Record| model.is_valid(record);
            let next: BTreeSet<RecordId> = model.all.iter().filter(valid).map(Record::id).collect();
            if next == model.counts {
                return model;
            }
            model.counts = next;
        }
        panic!("the rules chase each other")
    }

    pub(super) fn counts(&self) -> &BTreeSet<RecordId> {
        &self.counts
    }

    pub(super) fn rows(&self, forks: &[(u8, u64)]) -> BTreeMap<LogKey, Row> {
        let mut rows = BTreeMap::new();
        for record in self.counting() {
            let let_in = match record.what() {
                What::Admission { writer, .. } | What::SelfAdmission { writer, .. } => {
                    vec![*writer]
                }
                What::Floor { logs } => logs.iter().map(|(log, _)| *log).collect(),
                _ => vec![],
            };
            for writer in let_in {
                rows.insert(writer, self.row(writer, forks));
            }
        }
        rows
    }

    fn row(&self, writer: LogKey, forks: &[(u8, u64)]) -> Row {
        let floors = self.counting().filter_map(|record| match record.what() {
            What::Floor { logs } => {
                logs.iter().filter(|log| log.0 == writer).map(|log| log.1).max()
            }
            _ => None,
        });
        let floor = floors.max();
        let mut ends = Vec::new();
        for (_, removal) in self.deciding(writer) {
            let What::Removal { cut, .. } = removal.what() else { unreachable!() };
            ends.push((cut.length, Some(cut.root.0)));
        }
        for &(number, common_length) in forks {
            if World::key(number) == writer {
                ends.push((common_length, None));
            }
        }
        let admitted = self.counting().any(|record| {
            matches!(record.what(), What::Admission { writer: it, .. } if *it == writer)
                || matches!(record.what(), What::SelfAdmission { writer: it, .. } if *it == writer)
        });
        if !admitted {
            ends = vec![(0, None)];
        }
        let mut end = ends.into_iter().min_by_key(|(length, root)| (*length, root.is_none()));
        if let (Some(stop), Some(floor)) = (&mut end, floor)
            && stop.0 <= floor.length
        {
            *stop = (floor.length, Some(floor.root.0));
        }
        let role = if self.ranks.contains_key(&writer) { Role::Admin } else { Role::Writer };
        (role, end, floor.map(|floor| floor.length))
    }

    fn counting(&self) -> impl Iterator<Item = &Record> {
        self.all.iter().filter(|record| self.counts.contains(&record.id()))
    }

    /// Best ranks by the records that count now, found by going round until nothing improves.
    fn ranks(&self) -> BTreeMap<LogKey, Rank> {
        let mut ranks = BTreeMap::from([(LogKey(World::drive().0), Rank::DRIVE)]);
        loop {
            let before = ranks.clone();
            for record in self.counting() {
                let writer = match record.what() {
                    What::Admission { writer, role: Role::Admin } => *writer,
                    What::SelfAdmission { writer, invite, .. } if is_for_admins(invite) => *writer,
                    _ => continue,
                };
                let Some(above) = ranks.get(&record.authority()) else { continue };
                let rank = Rank { depth: above.depth + 1, record: record.id() };
                let best = ranks.entry(writer).or_insert(rank);
                *best = rank.min(*best);
            }
            if ranks == before {
                return ranks;
            }
        }
    }

    fn rank_of_issuer(&self, record: &Record) -> Option<Rank> {
        self.ranks.get(&record.authority()).copied()
    }

    /// Removals of a writer by those above it that nothing replaces, with the depth they come from.
    fn deciding(&self, writer: LogKey) -> Vec<(u32, &Record)> {
        let own = self.ranks.get(&writer).copied().unwrap_or(LOWEST);
        let removals: Vec<(u32, &Record)> = self
            .counting()
            .filter(|it| matches!(it.what(), What::Removal { writer: of, .. } if *of == writer))
            .filter_map(|it| Some((self.rank_of_issuer(it)?, it)))
            .filter(|(rank, _)| *rank < own)
            .map(|(rank, it)| (rank.depth, it))
            .collect();
        let is_beaten = |(depth, removal): &(u32, &Record)| {
            removals.iter().any(|(other_depth, other)| {
                other_depth < depth || other_depth == depth && self.knew(other, removal.id())
            })
        };
        removals.iter().filter(|removal| !is_beaten(removal)).copied().collect()
    }

    fn knew(&self, record: &Record, id: RecordId) -> bool {
        record.seen().contains(&id)
            || self.all.iter().any(|earlier| {
                earlier.issuer() == record.issuer()
                    && record.seen().contains(&earlier.id())
                    && self.knew(earlier, id)
            })
    }

    fn stands(&self, record: &Record) -> bool {
        let carrier = match record.what() {
            What::SelfAdmission { invite, .. } => self.counts.contains(&invite.id()),
            _ => true,
        };
        let removals = self.deciding(record.authority());
        carrier
            && self.rank_of_issuer(record).is_some()
            && removals.iter().all(|(_, removal)| self.knew(removal, record.id()))
    }

    fn is_valid(&self, record: &Record) -> bool {
        self.stands(record)
            && match record.what() {
                What::SelfAdmission { .. } => self.wins_its_slot(record),
                _ => true,
            }
    }

    fn wins_its_slot(&self, record: &Record) -> bool {
        let What::SelfAdmission { slot, invite, .. } = record.what() else { unreachable!() };
        let rank = match self.rank_of_issuer(record) {
            Some(above) if is_for_admins(invite) => {
                Rank { depth: above.depth + 1, record: record.id() }
            }
            _ => LOWEST,
        };
        if self.is_confirmed(record, rank) {
            return true;
        }
        let is_revoked = self.counting().any(|it| {
            matches!(it.what(), What::Revocation { invite, .. } if *invite == record.issuer())
                && self.rank_of_issuer(it).is_some_and(|by| by < rank)
        });
        let rivals = self.all.iter().filter(|it| {
            let What::SelfAdmission { slot: other_slot, invite: other, .. } = it.what() else {
                return false;
            };
            other.id() == invite.id() && other_slot == slot && self.stands(it)
        });
        let mut rivals = rivals.filter(|it| it.id() != record.id());
        !is_revoked && rivals.all(|it| record.id() < it.id() && !self.is_confirmed(it, rank))
    }

    /// Whether somebody above `rank` names who came in.
    fn is_confirmed(&self, claim: &Record, rank: Rank) -> bool {
        let What::SelfAdmission { writer, .. } = claim.what() else { unreachable!() };
        self.counting().any(|it| {
            let names = match it.what() {
                What::Admission { writer: named, .. } => named == writer,
                What::Revocation { invite, confirmed } => {
                    *invite == claim.issuer() && confirmed.contains(writer)
                }
                _ => false,
            };
            names && self.rank_of_issuer(it).is_some_and(|by| by < rank)
        })
    }
}

fn is_for_admins(invite: &Record) -> bool {
    matches!(invite.what(), What::Invite { role: Role::Admin, .. })
}
