//! Writing what was begun earlier: by the clock of then.
//!
//! Who opened a file an hour ago has in view what was there an hour ago. What came in meanwhile must
//! not be superseded by what they write now.

use ply_engine::Engine;
use ply_types::Path;

use super::{Change, Transaction};
use crate::entry::Entry;
use crate::error::DriveError;
use crate::key::path_key;
use crate::versions::Version;
use crate::view::Begun;

impl<E: Engine> Transaction<'_, E> {
    /// As [`Transaction::set_linked`], as of an earlier moment. A path that is in the draft already
    /// goes by the clock that it has there.
    pub(crate) fn set_since(
        &mut self,
        path: &Path,
        entry: &Entry,
        begun: &Begun,
    ) -> Result<(), DriveError> {
        let names = self.other_names(path, entry)?;
        let number = self.clock_number(begun.clock.clone())?;
        for name in names.iter().chain([path]) {
            let key = path_key(name);
            if self.rows.contains_key(&key) || self.replica.draft_entry(&key)?.is_some() {
                self.set(name, entry.clone())?;
                continue;
            }
            self.root_parents(name)?;
            let (keeps, number) = if name == path {
                (begun.keeps.clone(), number)
            } else {
                // Of another name nobody looked at the versions then: those that stand now stay.
                let state = self.found(name)?;
                let now = self.view.begun(name, &state)?;
                (now.keeps, self.clock_number(now.clock.no_later_than(&begun.clock))?)
            };
            let entry = Entry { keeps, ..entry.clone() };
            self.rows.insert(key, Change::Set(Box::new(entry), number));
        }
        Ok(())
    }

    /// Whether it was this writer who removed a version that was at a path.
    pub(crate) fn removed_here(&self, path: &Path, version: &Version) -> Result<bool, DriveError> {
        let is_own = version.writer == self.replica.writer_key();
        let Some(tree) = self.view.own_tree() else { return Ok(is_own) };
        let Some(own) = tree.entry(&path_key(path))? else { return Ok(is_own) };
        // A tombstone of before the version came did not remove it.
        let has_seen =
            is_own || tree.clock(own.stamp)?.covers(&version.writer, version.entry.stamp.commit);
        Ok(own.kind().is_none() && has_seen)
    }
}
