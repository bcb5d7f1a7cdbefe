//! The drive as it was: finding a commit, and the view of who made it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::str::FromStr;
use std::sync::Arc;

use ply_engine::Engine;
use ply_types::{Fault, LogKey};
use thiserror::Error;

use super::Replica;
use crate::clock::CommitMark;
use crate::commit::Commit;
use crate::error::DriveError;
use crate::view::View;

/// Fewest digits that name a commit: fewer are met by chance in any longer history.
const PREFIX_DIGITS_MIN: usize = 4;
/// Digits of a whole name.
const DIGITS_MAX: usize = 64;

/// A moment in a drive's history, as people write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    /// `-N`: so many commits before the newest; `-0` is the newest itself.
    Back(u64),
    /// The first digits of a commit's id, lower case.
    Commit(String),
}

/// What to do where a commit is not held here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// Leave it out, and all that only it leads to.
    Pass,
    /// Say what is missing.
    Stop,
}

/// Why a text is no revision.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "'{text}' is no version: write {PREFIX_DIGITS_MIN} or more digits of a commit id, or -N commits back"
)]
pub struct RevisionError {
    /// The start of what was given.
    text: String,
}

impl RevisionError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        Fault::Invalid
    }
}

impl FromStr for Revision {
    type Err = RevisionError;

    fn from_str(text: &str) -> Result<Self, RevisionError> {
        let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
        let back = text.strip_prefix('-').filter(|number| is_number(number));
        if let Some(Ok(count)) = back.map(str::parse) {
            return Ok(Self::Back(count));
        }
        let is_id = (PREFIX_DIGITS_MIN..=DIGITS_MAX).contains(&text.len())
            && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        if is_id {
            return Ok(Self::Commit(text.to_ascii_lowercase()));
        }
        Err(RevisionError { text: text.chars().take(DIGITS_MAX + 1).collect() })
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Back(count) => write!(f, "-{count}"),
            Self::Commit(digits) => f.write_str(digits),
        }
    }
}

impl<E: Engine> Replica<E> {
    /// Visits the commits that led to what the drive is now, newest first: by number, then by
    /// writer, as versions are shown.
    pub fn history(
        &self,
        gaps: Gaps,
        visit: impl FnMut(&Arc<Commit>) -> ControlFlow<()>,
    ) -> Result<(), DriveError> {
        let newest = self.effective().into_iter().map(|(writer, commit)| (writer, commit.mark));
        self.history_of(newest, gaps, visit)
    }

    /// As [`Replica::history`], from commits of one's choice back.
    pub(crate) fn history_of(
        &self,
        newest: impl IntoIterator<Item = (LogKey, CommitMark)>,
        gaps: Gaps,
        mut visit: impl FnMut(&Arc<Commit>) -> ControlFlow<()>,
    ) -> Result<(), DriveError> {
        // A mark says where its commit stands among the others before the commit itself is read.
        let mut ahead: BTreeMap<(u64, LogKey), CommitMark> =
            newest.into_iter().map(|(writer, mark)| ((mark.number, writer), mark)).collect();
        while let Some(((_, writer), mark)) = ahead.pop_last() {
            let commit = match self.marked(writer, mark) {
                Ok(commit) => commit,
                Err(DriveError::Missing(_)) if gaps == Gaps::Pass => continue,
                Err(error) => return Err(error),
            };
            if visit(&commit).is_break() {
                break;
            }
            if let Some(&previous) = commit.envelope.ancestors.first() {
                ahead.insert((previous.number, writer), previous);
            }
        }
        Ok(())
    }

    /// The commit that a revision names. What is not held here and could be it, or lies on the way
    /// to it, is [`DriveError::Missing`].
    pub fn revision(&self, revision: &Revision) -> Result<Arc<Commit>, DriveError> {
        let found = match revision {
            Revision::Back(count) => self.back(*count)?,
            Revision::Commit(digits) => match self.by_digits(digits, Gaps::Pass)? {
                None => self.by_digits(digits, Gaps::Stop)?,
                found => found,
            },
        };
        found.ok_or_else(|| DriveError::NoCommit {
            drive: self.name(),
            revision: revision.to_string(),
        })
    }

    fn back(&self, count: u64) -> Result<Option<Arc<Commit>>, DriveError> {
        let (mut found, mut passed) = (None, 0_u64);
        self.history(Gaps::Stop, |commit| {
            if passed == count {
                found = Some(Arc::clone(commit));
                return ControlFlow::Break(());
            }
            passed += 1;
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    fn by_digits(&self, digits: &str, gaps: Gaps) -> Result<Option<Arc<Commit>>, DriveError> {
        let mut found: Vec<Arc<Commit>> = Vec::new();
        // A second one would make it ambiguous, and a whole id has no second one.
        let enough = if digits.len() == DIGITS_MAX { 1 } else { 2 };
        self.history(gaps, |commit| {
            if commit.mark.id.to_string().starts_with(digits) {
                found.push(Arc::clone(commit));
            }
            if found.len() < enough { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        match (found.pop(), found.pop()) {
            (_, Some(_)) => {
                let revision = digits.to_owned();
                Err(DriveError::Ambiguous { drive: self.name(), revision })
            }
            (found, None) => Ok(found),
        }
    }

    /// The drive as the author of a commit had it once the commit was made: what they had in view,
    /// and the commit itself. Without anybody's draft.
    pub fn view_at(self: &Arc<Self>, commit: &Arc<Commit>) -> Result<View<E>, DriveError> {
        if commit.body.is_none() {
            return Err(DriveError::Blind { drive: self.name() });
        }
        let membership = self.membership();
        let mut commits = BTreeMap::new();
        for (writer, mark) in self.clock(commit, 0)?.iter() {
            let counts = membership
                .writer(&writer)
                .is_some_and(|status| status.end.is_none_or(|end| mark.block < end.length));
            // Who was never let in counts no more in the past than now.
            if counts {
                commits.insert(writer, self.marked(writer, mark)?);
            }
        }
        commits.insert(commit.writer, Arc::clone(commit));
        Ok(View::new(Arc::clone(self), commits, Vec::new(), false))
    }
}
