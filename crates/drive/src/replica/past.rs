//! The drive as it was: finding a commit, and the view of who made it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::str::FromStr;
use std::sync::Arc;

use ply_engine::Engine;
use ply_types::Fault;
use thiserror::Error;

use super::Replica;
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
    /// Visits the commits that led to what the drive is now, newest first, as far as they are held
    /// here: by number, then by writer, as versions are shown.
    pub fn history(
        &self,
        mut visit: impl FnMut(&Arc<Commit>) -> ControlFlow<()>,
    ) -> Result<(), DriveError> {
        let mut ahead: BTreeMap<_, Arc<Commit>> = BTreeMap::new();
        for commit in self.effective().into_values() {
            ahead.insert((commit.mark.number, commit.writer), commit);
        }
        while let Some((_, commit)) = ahead.pop_last() {
            if visit(&commit).is_break() {
                break;
            }
            let Some(&previous) = commit.envelope.ancestors.first() else { continue };
            match self.marked(commit.writer, previous) {
                Ok(previous) => {
                    ahead.insert((previous.mark.number, previous.writer), previous);
                }
                Err(DriveError::Missing(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The commit that a revision names.
    pub fn revision(&self, revision: &Revision) -> Result<Arc<Commit>, DriveError> {
        let mut found: Vec<Arc<Commit>> = Vec::new();
        let mut passed = 0_u64;
        self.history(|commit| match revision {
            Revision::Back(count) if passed == *count => {
                found.push(Arc::clone(commit));
                ControlFlow::Break(())
            }
            Revision::Back(_) => {
                passed += 1;
                ControlFlow::Continue(())
            }
            Revision::Commit(digits) => {
                if commit.mark.id.to_string().starts_with(digits.as_str()) {
                    found.push(Arc::clone(commit));
                }
                // A second one would make it ambiguous; nobody needs the third.
                if found.len() < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            }
        })?;
        let revision = revision.to_string();
        match (found.pop(), found.pop()) {
            (Some(commit), None) => Ok(commit),
            (None, _) => Err(DriveError::NoCommit { drive: self.name(), revision }),
            (Some(_), Some(_)) => Err(DriveError::Ambiguous { drive: self.name(), revision }),
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
