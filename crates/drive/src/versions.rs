//! The union at one path: which versions are current, and which is shown.
//!
//! A pure function of the rows that the writers' indexes hold for the path:
//!
//! - A row supersedes the versions that its clock covers, those it keeps left out.
//! - What nobody supersedes is current. Tombstones supersede and are never current.
//! - Of the current versions, directories count as one, and so do versions that differ only in times.
//! - A directory has the name before anything else; then the higher commit number; then the higher
//!   writer key. No clock on a wall is asked.

use std::sync::Arc;

use ply_types::LogKey;

use crate::clock::Clock;
use crate::entry::{Entry, Kept, Kind};

/// What one writer's index holds for a path.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whose index.
    pub writer: LogKey,
    /// What it says.
    pub entry: Entry,
    /// What the author had in view.
    pub clock: Arc<Clock>,
}

/// A version of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its author.
    pub writer: LogKey,
    /// What it says. Never a tombstone.
    pub entry: Entry,
}

/// The current versions of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// All current versions, the one that is shown first. Equal ones are all here.
    current: Vec<Version>,
}

/// Number that stands for a draft when versions are put in order: a draft is the newest thing its
/// author knows.
pub(crate) const DRAFT_NUMBER: u64 = u64::MAX;

impl Version {
    fn number(&self) -> u64 {
        match self.entry.stamp.commit {
            0 => DRAFT_NUMBER,
            number => number,
        }
    }

    fn rank(&self) -> (bool, u64, LogKey) {
        (self.entry.kind() == Some(Kind::Directory), self.number(), self.writer)
    }

    fn same(&self, other: &Self) -> bool {
        let both_directories = self.entry.kind() == Some(Kind::Directory)
            && other.entry.kind() == Some(Kind::Directory);
        both_directories || self.entry.same_but_for_times(&other.entry)
    }
}

impl Versions {
    /// Applies the rule to the rows of one path, in any order, at most one a writer.
    pub fn of(rows: &[Row]) -> Self {
        let mut current: Vec<Version> = candidates(rows)
            .filter(|version| !rows.iter().any(|row| supersedes(row, version)))
            .collect();
        current.sort_by_key(|version| std::cmp::Reverse(version.rank()));
        Self { current }
    }

    /// One version and no other.
    pub(crate) fn only(version: Version) -> Self {
        Self { current: vec![version] }
    }

    /// The version that has the name; `None` when nothing is there.
    pub fn shown(&self) -> Option<&Version> {
        self.current.first()
    }

    /// Every current version, the shown one first, equal ones all there.
    pub fn all(&self) -> &[Version] {
        &self.current
    }

    /// The current versions that differ: one of each set of equal ones, the shown one first.
    pub fn distinct(&self) -> Vec<&Version> {
        let mut distinct: Vec<&Version> = Vec::new();
        for version in &self.current {
            if !distinct.iter().any(|other| other.same(version)) {
                distinct.push(version);
            }
        }
        distinct
    }

    /// Whether versions differ.
    pub fn is_conflict(&self) -> bool {
        1 < self.distinct().len()
    }

    /// The version of one writer.
    pub fn by(&self, writer: &LogKey) -> Option<&Version> {
        self.current.iter().find(|version| version.writer == *writer)
    }

    /// The versions of an author that came after `base`, to be kept beside an entry that goes over that.
    pub(crate) fn kept_of<'versions>(
        &'versions self,
        author: &'versions LogKey,
        base: &'versions Version,
    ) -> impl Iterator<Item = Kept> + 'versions {
        let later = |version: &&Version| version.writer == *author && !version.same(base);
        self.current.iter().filter(later).map(|version| version.kept(author))
    }

    /// What a new entry of `author` must keep when it writes over `shown`: all that differ from it.
    /// Nothing is written over where a directory has the name only by what is in it.
    pub(crate) fn kept_beside(&self, shown: Option<&Version>, author: &LogKey) -> Vec<Kept> {
        let differs = |version: &&Version| !shown.is_some_and(|shown| version.same(shown));
        self.current.iter().filter(differs).map(|version| version.kept(author)).collect()
    }
}

impl Version {
    fn kept(&self, author: &LogKey) -> Kept {
        if self.writer == *author {
            let mut entry = self.entry.clone();
            entry.keeps = Vec::new();
            Kept::Own(Box::new(entry))
        } else {
            Kept::Theirs { writer: self.writer, commit: self.entry.stamp.commit }
        }
    }
}

/// Every version the rows speak for, current or not.
fn candidates(rows: &[Row]) -> impl Iterator<Item = Version> + '_ {
    rows.iter().flat_map(|row| {
        let own = row.entry.keeps.iter().filter_map(|kept| match kept {
            Kept::Own(entry) => Some(entry.as_ref()),
            Kept::Theirs { .. } => None,
        });
        std::iter::once(&row.entry)
            .chain(own)
            .filter(|entry| entry.kind().is_some())
            .map(|entry| Version { writer: row.writer, entry: entry.clone() })
    })
}

fn supersedes(row: &Row, version: &Version) -> bool {
    if row.writer == version.writer {
        // One row a path: the row itself, or what it keeps.
        return false;
    }
    let number = version.entry.stamp.commit;
    // A directory has the name before all else, so it is never what was left standing; a file that
    // the same commit left beside it may be.
    let is_directory = version.entry.kind() == Some(Kind::Directory);
    let kept = !is_directory
        && row.entry.keeps.iter().any(|kept| {
            matches!(kept, Kept::Theirs { writer, commit }
                if *writer == version.writer && *commit == number)
        });
    // A draft has no number yet, so nobody can have seen it.
    number != 0 && !kept && row.clock.covers(&version.writer, number)
}

#[cfg(test)]
mod tests {
    use ply_types::CommitId;

    use super::*;
    use crate::clock::CommitMark;
    use crate::entry::{Attributes, Body, Stamp, Stored};

    fn writer(name: u8) -> LogKey {
        LogKey([name; 32])
    }

    fn row(name: u8, commit: u64, body: Body, saw: &[(u8, u64)]) -> Row {
        let mut clock = Clock::new();
        for &(other, number) in saw {
            let id = CommitId([0; 32]);
            clock.see(writer(other), CommitMark { number, block: 0, id });
        }
        let mut entry = Entry::new(body, Attributes::default());
        entry.stamp = Stamp { commit, clock: 0 };
        Row { writer: writer(name), entry, clock: Arc::new(clock) }
    }

    fn file(text: &str) -> Body {
        Body::File(Stored::Inline(text.as_bytes().to_vec()))
    }

    fn authors(versions: &Versions) -> Vec<u8> {
        versions.all().iter().map(|version| version.writer.0[0]).collect()
    }

    #[test]
    fn an_edit_supersedes_what_its_author_saw() {
        let rows = [row(1, 1, file("a"), &[]), row(2, 2, file("b"), &[(1, 1)])];
        assert_eq!(authors(&Versions::of(&rows)), [2]);
    }

    #[test]
    fn concurrent_edits_are_all_kept_and_the_higher_number_is_shown() {
        let rows = [row(1, 5, file("a"), &[]), row(2, 4, file("b"), &[(1, 4)])];
        let versions = Versions::of(&rows);
        assert_eq!(authors(&versions), [1, 2]);
        assert!(versions.is_conflict());
    }

    #[test]
    fn a_delete_keeps_what_its_author_had_not_seen() {
        let rows = [row(1, 5, file("a"), &[]), row(2, 6, Body::Tombstone, &[(1, 4)])];
        assert_eq!(authors(&Versions::of(&rows)), [1]);
        let rows = [row(1, 5, file("a"), &[]), row(2, 6, Body::Tombstone, &[(1, 5)])];
        assert_eq!(Versions::of(&rows), Versions::default());
    }

    #[test]
    fn equal_versions_and_directories_are_no_conflict() {
        let rows = [row(1, 1, file("same"), &[]), row(2, 1, file("same"), &[])];
        assert!(!Versions::of(&rows).is_conflict());
        let rows = [row(1, 9, file("f"), &[]), row(2, 1, Body::Directory, &[])];
        let versions = Versions::of(&rows);
        assert_eq!(authors(&versions), [2, 1]);
        assert!(versions.is_conflict());
    }

    #[test]
    fn writing_over_a_conflict_keeps_the_versions_not_shown() {
        let (mine, theirs) = (row(1, 1, file("mine"), &[]), row(2, 2, file("theirs"), &[]));
        let before = Versions::of(&[mine, theirs.clone()]);
        let mut over = row(1, 3, file("over theirs"), &[(2, 2)]);
        over.entry.keeps = before.kept_beside(before.shown(), &writer(1));
        let after = Versions::of(&[over, theirs]);
        let texts: Vec<&Body> = after.all().iter().map(|version| &version.entry.body).collect();
        assert_eq!(texts, [&file("over theirs"), &file("mine")]);
    }
}
