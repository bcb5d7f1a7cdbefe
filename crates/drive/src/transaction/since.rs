//! Writing what was begun earlier: by the clock of then.
//!
//! Who opened a file an hour ago has in view what was there an hour ago. What came in meanwhile must
//! not be superseded by what they write now.

use ply_engine::{Engine, Table};
use ply_types::{LogKey, Path};

use super::{Change, Transaction};
use crate::clock::Clock;
use crate::entry::{Entry, Kept};
use crate::error::DriveError;
use crate::key::path_key;

/// A moment at which somebody began to change a path.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    /// What was in view, this writer's own log left out.
    pub(crate) clock: Clock,
    /// Versions that stood beside the shown one.
    pub(crate) keeps: Vec<Kept>,
}

impl<E: Engine> Transaction<'_, E> {
    /// As [`Transaction::set_linked`], as of an earlier moment. A path that is in the draft already
    /// goes by the clock that it has there. For one such moment in a transaction.
    pub(crate) fn set_since(
        &mut self,
        path: &Path,
        entry: &Entry,
        begun: &Begun,
    ) -> Result<(), DriveError> {
        let names = self.other_names(path, entry)?;
        let number = self.clock_of(begun)?;
        for name in names.iter().chain([path]) {
            let key = path_key(name);
            if self.rows.contains_key(&key) || self.replica.draft_entry(&key)?.is_some() {
                self.set(name, entry.clone())?;
                continue;
            }
            self.root_parents(name)?;
            let keeps = if name == path { begun.keeps.clone() } else { Vec::new() };
            let entry = Entry { keeps, ..entry.clone() };
            self.rows.insert(key, Change::Set(Box::new(entry), number));
        }
        Ok(())
    }

    /// Whether it was this writer who removed a path that a version of `author` had.
    pub(crate) fn removed_here(&self, path: &Path, author: &LogKey) -> Result<bool, DriveError> {
        let key = path_key(path);
        let own = match self.view.own_tree() {
            Some(tree) => tree.entry(&key)?,
            None => None,
        };
        Ok(match own {
            Some(entry) => entry.kind().is_none(),
            None => *author == self.replica.writer_key(),
        })
    }

    /// A number for a clock of the past in this draft.
    fn clock_of(&mut self, begun: &Begun) -> Result<u32, DriveError> {
        let now = self.clock_now()?;
        if begun.clock == self.seen_others() {
            return Ok(now);
        }
        // One past the newest, which the next transaction will look for.
        let number = now
            .checked_add(1)
            .ok_or_else(|| self.replica.inconsistent("the draft has too many clocks"))?;
        let key = crate::draft::clock_row_key(&self.replica.id(), number);
        let row = crate::draft::encode_clock(&begun.clock);
        self.staging().batch().put(Table::Draft, key, row);
        Ok(number)
    }
}
