//! Hard links: all names of one file.
//!
//! Each writer's index has a row for every name to which that writer gave a link mark. The rows are
//! only where to look: a name counts while the version that is shown there carries the mark.

use std::collections::BTreeSet;

use ply_engine::Engine;
use ply_types::Path;

use super::View;
use super::cursor::RawRows;
use crate::entry::LinkMark;
use crate::error::DriveError;
use crate::key::{key_link, links};

impl<E: Engine> View<E> {
    /// Paths that may carry a mark, those that do among them.
    pub(crate) fn marked(&self, mark: LinkMark) -> Result<BTreeSet<Path>, DriveError> {
        let mut names = BTreeSet::new();
        for tree in self.trees() {
            let mut rows = RawRows::new(tree, links(mark));
            while let Some((key, _)) = rows.next()? {
                names.extend(key_link(&key));
            }
            if tree.drafting {
                names.extend(tree.replica.draft_links(mark)?);
            }
        }
        Ok(names)
    }

    /// The names of the file that carries a mark, in order.
    pub fn names(&self, mark: LinkMark) -> Result<Vec<Path>, DriveError> {
        let mut names = Vec::new();
        for path in self.marked(mark)? {
            let state = self.path(&path)?;
            if let Some((_, missing)) = state.missing.first() {
                return Err(DriveError::Missing(*missing));
            }
            if state.shown().is_some_and(|shown| shown.entry.link == Some(mark)) {
                names.push(path);
            }
        }
        Ok(names)
    }
}
