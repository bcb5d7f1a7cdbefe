//! What becomes of one writer's log when cuts, forks and floors meet.

use std::collections::BTreeMap;

use ply_types::{LogKey, RecordId, TreeHash};

use super::ForkPoint;
use super::pass::{Grant, Outcome};
use super::record::{Prefix, Role};

/// Where a log stops counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    /// Blocks that count.
    pub length: u64,
    /// Tree root over them. Not known where a fork proof ends the log: both histories share these.
    pub root: Option<TreeHash>,
}

/// One writer as all records together have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterStatus {
    /// What it may do, or might until it was removed.
    pub role: Role,
    /// Where its log ends; `None` while all of it counts.
    pub end: Option<End>,
    /// What of its log counts for ever.
    pub floor: Option<Prefix>,
    /// The record that lets it in.
    pub by: RecordId,
    /// The invite's key, if `by` is a self-admission.
    pub invite: Option<LogKey>,
}

/// All writers.
pub(super) fn statuses(outcome: &Outcome, forks: &[ForkPoint]) -> BTreeMap<LogKey, WriterStatus> {
    let mut commons = BTreeMap::<LogKey, u64>::new();
    for fork in forks {
        let shortest = commons.entry(fork.log).or_insert(fork.common_length);
        *shortest = fork.common_length.min(*shortest);
    }
    let status = |key: &LogKey, role: Role, grant: &Grant, cut: Option<Prefix>| {
        let floor = outcome.floors.get(key).map(|(floor, _)| *floor);
        let end = end(cut, commons.get(key).copied(), floor);
        WriterStatus { role, end, floor, by: grant.rank.record, invite: grant.invite }
    };
    let mut writers = BTreeMap::new();
    for (key, (floor, by)) in &outcome.floors {
        let end = Some(End::at(*floor));
        let (role, floor, by) = (Role::Writer, Some(*floor), *by);
        writers.insert(*key, WriterStatus { role, end, floor, by, invite: None });
    }
    for (key, grant) in &outcome.writers {
        let cut = outcome.cuts.get(key).copied();
        writers.insert(*key, status(key, Role::Writer, grant, cut));
    }
    for (key, admin) in &outcome.admins {
        writers.insert(*key, status(key, Role::Admin, &admin.grant, admin.cut));
    }
    writers
}

impl End {
    fn at(prefix: Prefix) -> Self {
        Self { length: prefix.length, root: Some(prefix.root) }
    }
}

/// The earlier of cut and fork, but nothing below the floor.
fn end(cut: Option<Prefix>, common_length: Option<u64>, floor: Option<Prefix>) -> Option<End> {
    let cut = cut.map(End::at);
    let fork = common_length.map(|length| End { length, root: None });
    // `min_by_key` keeps the first of equals: the cut, whose root is known.
    let stop = cut.into_iter().chain(fork).min_by_key(|end| end.length)?;
    let floor = floor.map(End::at).filter(|floor| stop.length <= floor.length);
    Some(floor.unwrap_or(stop))
}
