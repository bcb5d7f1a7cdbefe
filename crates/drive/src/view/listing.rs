//! Listing a directory and walking a subtree.

use ply_engine::Engine;
use ply_types::{Name, Path};

use super::View;
use super::cursor::Entries;
use super::rows::{PathState, next_key};
use crate::entry::Kind;
use crate::error::DriveError;
use crate::key::{below, children, children_after, key_path};

/// A path with what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Where.
    pub path: Path,
    /// What.
    pub state: PathState,
}

/// One stretch of a directory's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Living names in order of their bytes.
    pub names: Vec<Named>,
    /// Whether more names follow.
    pub more: bool,
    /// What else would have to be here to be sure, and whose it is.
    pub missing: Vec<(ply_types::LogKey, crate::error::Missing)>,
}

impl<E: Engine> View<E> {
    /// The living names of a directory, after `after`, at most `count_max`.
    ///
    /// It does not look whether the path is a directory: what is none has no names.
    pub fn list(
        &self,
        directory: &Path,
        after: Option<&Name>,
        count_max: usize,
    ) -> Result<Listing, DriveError> {
        let range = match after {
            None => children(directory),
            Some(after) => children_after(directory, after),
        };
        // Mostly the draft has nothing here, and need not be asked for each name again.
        let committed =
            (self.drafting && !self.drafts_below(directory)?).then(|| self.without_draft());
        let view = committed.as_ref().unwrap_or(self);
        let mut cursors: Vec<Entries<'_, E>> =
            view.trees().into_iter().map(|tree| Entries::new(tree, range.clone())).collect();
        let mut listing = Listing::default();
        while let Some((key, found, gathered)) = next_key(&mut cursors)? {
            if listing.names.len() == count_max {
                listing.more = true;
                break;
            }
            let Some(path) = key_path(&key) else {
                // A key that no path has is its author's nonsense, and hides nothing.
                listing.missing.extend(gathered.missing);
                continue;
            };
            let state = view.state(&path, found, gathered)?;
            listing.missing.extend(state.missing.iter().copied());
            if state.kind().is_some() {
                listing.names.push(Named { path, state });
            }
        }
        listing.missing.sort_unstable();
        listing.missing.dedup();
        Ok(listing)
    }

    /// Whether this node's own changes touch anything below a directory.
    fn drafts_below(&self, directory: &Path) -> Result<bool, DriveError> {
        for range in below(directory) {
            if !self.replica.draft_entries(&range, 1)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Walks everything below a directory: parents before children, names in order.
///
/// Holds one stretch of names for each directory that is open, so memory goes with the depth.
#[derive(Debug)]
pub struct Walk<'view, E: Engine> {
    view: &'view View<E>,
    open: Vec<Open>,
    /// What was missing so far.
    pub missing: Vec<(ply_types::LogKey, crate::error::Missing)>,
}

#[derive(Debug)]
struct Open {
    directory: Path,
    names: std::vec::IntoIter<Named>,
    after: Option<Name>,
    more: bool,
}

/// Names that are read at once.
const STRETCH: usize = 512;

impl<'view, E: Engine> Walk<'view, E> {
    /// Stands before the first name of `directory`.
    pub fn new(view: &'view View<E>, directory: Path) -> Self {
        let top = Open { directory, names: Vec::new().into_iter(), after: None, more: true };
        Self { view, open: vec![top], missing: Vec::new() }
    }

    /// The next path.
    #[expect(clippy::should_implement_trait, reason = "fails before it ends: `?` reads better")]
    pub fn next(&mut self) -> Result<Option<Named>, DriveError> {
        loop {
            let Some(open) = self.open.last_mut() else { return Ok(None) };
            if let Some(named) = open.names.next() {
                if named.state.kind() == Some(Kind::Directory) {
                    self.open.push(Open {
                        directory: named.path.clone(),
                        names: Vec::new().into_iter(),
                        after: None,
                        more: true,
                    });
                }
                return Ok(Some(named));
            }
            if !open.more {
                self.open.pop();
                continue;
            }
            let listing = self.view.list(&open.directory, open.after.as_ref(), STRETCH)?;
            open.more = listing.more;
            open.after = listing.names.last().and_then(|last| last.path.split()).map(|(_, n)| n);
            open.names = listing.names.into_iter();
            self.missing.extend(listing.missing);
        }
    }
}
