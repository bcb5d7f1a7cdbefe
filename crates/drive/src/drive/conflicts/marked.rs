//! Finding conflicts by the marks of the local union, instead of walking everything.
//!
//! The union says where committed versions make a conflict. This node's own draft is not in it, so what
//! the draft touches is looked at as well, and each path that may be in conflict is read as ever: the
//! marks say only where to look.

use std::collections::{BTreeMap, BTreeSet};

use ply_engine::Engine;
use ply_index::KeyRange;
use ply_types::Path;

use crate::drive::Drive;
use crate::drive::metadata::Metadata;
use crate::entry::Kind;
use crate::error::DriveError;
use crate::key::{below, key_path};
use crate::view::{PathState, View};

/// Changes of a draft that are looked at one by one. With more, walking everything is no worse.
const DRAFT_PATHS_MAX: usize = 4096;

impl<E: Engine> Drive<E> {
    /// The conflicts below a path; `None` where they cannot be told without a walk.
    pub(super) fn marked_conflicts(
        &self,
        path: &Path,
    ) -> Result<Option<Vec<Metadata>>, DriveError> {
        // To work out the union of a whole drive is too much for the question about a part of it.
        if !path.is_root() && !self.replica.has_union()? {
            return Ok(None);
        }
        let view = self.replica.view();
        let ranges = below(path);
        let Some(drafted) = self.drafted(path, &ranges)? else { return Ok(None) };
        let Some(marked) = self.replica.union_conflicts(&view, &ranges)? else { return Ok(None) };
        let mut conflicts: Vec<Metadata> = Vec::new();
        let mut seen = Seen { view: &view, directories: BTreeMap::new() };
        let paths: BTreeSet<Path> = marked.into_iter().chain(drafted).collect();
        for candidate in paths {
            let Some(state) = seen.state(&candidate)? else { return Ok(None) };
            if !state.is_conflict() {
                continue;
            }
            match seen.is_reached(&candidate, path)? {
                None => return Ok(None),
                Some(true) => conflicts.extend(Metadata::of(candidate, &state)),
                Some(false) => {}
            }
        }
        // As a walk meets them: names in order, what is in a directory right after it.
        conflicts.sort_by(|a, b| names(&a.path).cmp(names(&b.path)));
        Ok(Some(conflicts))
    }

    /// Paths below `path` where the draft may make or end a conflict: those that it changes, and the
    /// directories above them. `None` when there are too many.
    fn drafted(
        &self,
        path: &Path,
        ranges: &[KeyRange],
    ) -> Result<Option<BTreeSet<Path>>, DriveError> {
        let mut drafted = BTreeSet::new();
        for range in ranges {
            let entries = self.replica.draft_entries(range, DRAFT_PATHS_MAX)?;
            if entries.len() == DRAFT_PATHS_MAX {
                return Ok(None);
            }
            for changed in entries.iter().filter_map(|(key, _)| key_path(key)) {
                let above = changed.ancestors().into_iter();
                drafted.extend(above.filter(|above| above != path && above.starts_with(path)));
                drafted.insert(changed);
            }
        }
        Ok(Some(drafted))
    }
}

fn names(path: &Path) -> impl Iterator<Item = &[u8]> {
    path.as_bytes().split(|&byte| byte == b'/')
}

/// What was looked at so far; conflicts often have their directories in common.
struct Seen<'view, E: Engine> {
    view: &'view View<E>,
    /// Whether each path that lies above one in conflict is a directory.
    directories: BTreeMap<Path, bool>,
}

impl<E: Engine> Seen<'_, E> {
    /// What a path is; `None` where part of that is missing.
    fn state(&self, path: &Path) -> Result<Option<PathState>, DriveError> {
        let state = self.view.path(path)?;
        Ok(state.missing.is_empty().then_some(state))
    }

    /// Whether a walk of `from` comes to a path: all between them are directories.
    fn is_reached(&mut self, path: &Path, from: &Path) -> Result<Option<bool>, DriveError> {
        for above in path.ancestors() {
            if above != *from && above.starts_with(from) {
                match self.is_directory(above)? {
                    Some(true) => {}
                    other => return Ok(other),
                }
            }
        }
        Ok(Some(true))
    }

    fn is_directory(&mut self, path: Path) -> Result<Option<bool>, DriveError> {
        if let Some(&known) = self.directories.get(&path) {
            return Ok(Some(known));
        }
        let Some(state) = self.state(&path)? else { return Ok(None) };
        let is_directory = state.kind() == Some(Kind::Directory);
        self.directories.insert(path, is_directory);
        Ok(Some(is_directory))
    }
}
