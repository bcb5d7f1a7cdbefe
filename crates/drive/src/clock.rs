//! Clocks: what an author had in view.

use std::collections::BTreeMap;

use ply_proto as proto;
use ply_types::{CommitId, LogKey};

/// Longest row of commits.
const ROW_BYTES_MAX: usize = 4 << 20;

/// The name of one commit: by number for comparing, by block for fetching, by hash for trusting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitMark {
    /// Grows along a log and across everything in view: a Lamport number.
    pub number: u64,
    /// Position of the commit block in its author's metadata log.
    pub block: u64,
    /// Its leaf hash.
    pub id: CommitId,
}

/// For each writer, the newest of its commits that was in view. A writer not named was not in view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    components: BTreeMap<LogKey, CommitMark>,
}

impl Clock {
    /// A clock that saw nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the commit `number` of `writer` was in view.
    pub fn covers(&self, writer: &LogKey, number: u64) -> bool {
        self.components.get(writer).is_some_and(|mark| number <= mark.number)
    }

    /// The newest commit of a writer that was in view.
    pub fn component(&self, writer: &LogKey) -> Option<CommitMark> {
        self.components.get(writer).copied()
    }

    /// Takes a commit into view; an older one changes nothing, for clocks never go backwards.
    pub fn see(&mut self, writer: LogKey, mark: CommitMark) {
        let newest = self.components.entry(writer).or_insert(mark);
        if newest.number < mark.number {
            *newest = mark;
        }
    }

    /// The highest number in view; 0 when nothing is.
    pub fn number(&self) -> u64 {
        self.components.values().map(|mark| mark.number).max().unwrap_or(0)
    }

    /// All that was in view, by writer.
    pub fn iter(&self) -> impl Iterator<Item = (LogKey, CommitMark)> + '_ {
        self.components.iter().map(|(&writer, &mark)| (writer, mark))
    }

    /// How many writers were in view.
    pub fn len(&self) -> usize {
        self.components.len()
    }

    /// Whether nothing was in view.
    pub fn is_empty(&self) -> bool {
        self.components.is_empty()
    }

    /// Whether everything in `other`'s view is in this one's.
    pub fn includes(&self, other: &Self) -> bool {
        other.iter().all(|(writer, mark)| self.covers(&writer, mark.number))
    }

    /// Of what both saw, what the one saw that saw less of it.
    #[must_use]
    pub fn no_later_than(&self, other: &Self) -> Self {
        let of_both = self.iter().filter_map(|(writer, mark)| {
            let least = other.component(&writer)?;
            Some((writer, if least.number < mark.number { least } else { mark }))
        });
        Self { components: of_both.collect() }
    }

    /// The components that differ from `base`.
    #[must_use]
    pub fn since(&self, base: &Self) -> Self {
        let components =
            self.iter().filter(|(writer, mark)| base.component(writer) != Some(*mark)).collect();
        Self { components }
    }

    /// This clock with the components of `changes` in place of its own.
    #[must_use]
    pub fn with(mut self, changes: &Self) -> Self {
        self.components.extend(changes.iter());
        self
    }

    /// A row that holds a commit of each writer.
    pub(crate) fn to_row(&self) -> Vec<u8> {
        proto::encode(&proto::CommitsRow { commits: self.to_proto() })
    }

    /// Reads what [`Clock::to_row`] wrote.
    pub(crate) fn from_row(row: &[u8]) -> Option<Self> {
        let row: proto::CommitsRow = proto::decode("commits", ROW_BYTES_MAX, row).ok()?;
        Self::from_proto(&row.commits)
    }

    /// The components as messages, by writer.
    pub(crate) fn to_proto(&self) -> Vec<proto::Component> {
        self.iter()
            .map(|(writer, mark)| proto::Component {
                writer: writer.0.to_vec(),
                number: mark.number,
                block: mark.block,
                id: mark.id.0.to_vec(),
            })
            .collect()
    }

    /// Reads components; `None` when a key or hash is malformed or a writer is named twice.
    pub(crate) fn from_proto(components: &[proto::Component]) -> Option<Self> {
        let mut clock = Self::new();
        for component in components {
            let writer = LogKey::try_from(component.writer.as_slice()).ok()?;
            let mark = CommitMark {
                number: component.number,
                block: component.block,
                id: CommitId::try_from(component.id.as_slice()).ok()?,
            };
            if clock.components.insert(writer, mark).is_some() {
                return None;
            }
        }
        Some(clock)
    }
}

impl FromIterator<(LogKey, CommitMark)> for Clock {
    fn from_iter<I: IntoIterator<Item = (LogKey, CommitMark)>>(marks: I) -> Self {
        Self { components: marks.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: u64) -> CommitMark {
        CommitMark { number, block: number * 10, id: CommitId([u8::try_from(number).unwrap(); 32]) }
    }

    #[test]
    fn a_clock_never_goes_backwards() {
        let writer = LogKey([1; 32]);
        let mut clock = Clock::new();
        clock.see(writer, mark(5));
        clock.see(writer, mark(3));
        assert_eq!(clock.component(&writer), Some(mark(5)));
        assert!(clock.covers(&writer, 5) && !clock.covers(&writer, 6));
        assert!(!clock.covers(&LogKey([2; 32]), 0));
    }

    #[test]
    fn changes_put_back_give_the_clock() {
        let mut base = Clock::new();
        base.see(LogKey([1; 32]), mark(1));
        base.see(LogKey([2; 32]), mark(2));
        let mut later = base.clone();
        later.see(LogKey([2; 32]), mark(4));
        later.see(LogKey([3; 32]), mark(3));
        let changes = later.since(&base);
        assert_eq!(changes.len(), 2);
        assert_eq!(base.clone().with(&changes), later);
        assert!(later.includes(&base) && !base.includes(&later));
        assert_eq!(Clock::from_proto(&later.to_proto()), Some(later));
    }
}
