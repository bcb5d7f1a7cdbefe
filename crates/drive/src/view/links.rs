//! Hard links: all names of one file.
//!
//! Each writer's index has a row for every name to which that writer gave a link mark. The rows are
//! only where to look: a name counts while the version that is shown there carries the mark.

use std::collections::BTreeSet;

use ply_engine::Engine;
use ply_types::{LogKey, Path};

use super::View;
use super::cursor::RawRows;
use super::rows::Gathered;
use crate::entry::LinkMark;
use crate::error::{DriveError, Missing};
use crate::key::{key_link, links};

/// Paths, and parts that are missing, with whose they are.
type Marked = (BTreeSet<Path>, Vec<(LogKey, Missing)>);

impl<E: Engine> View<E> {
    /// Paths that may carry a mark, those that do among them, and what is not here that may name more.
    pub(crate) fn marked(&self, mark: LinkMark) -> Result<Marked, DriveError> {
        let (mut names, mut gathered) = (BTreeSet::new(), Gathered::default());
        for tree in self.trees() {
            let mut rows = RawRows::new(tree, links(mark));
            while let Some((key, _)) = gathered.add(tree, rows.next())?.flatten() {
                names.extend(key_link(&key));
            }
            if tree.drafting {
                names.extend(tree.replica.draft_links(mark)?);
            }
        }
        Ok((names, gathered.missing))
    }

    /// The names of the file that carries a mark, in order.
    pub fn names(&self, mark: LinkMark) -> Result<Vec<Path>, DriveError> {
        let mut names = Vec::new();
        let (marked, missing) = self.marked(mark)?;
        self.whole(&missing)?;
        for path in marked {
            let state = self.path(&path)?;
            self.whole(&state.missing)?;
            if state.shown().is_some_and(|shown| shown.entry.link == Some(mark)) {
                names.push(path);
            }
        }
        Ok(names)
    }
}
