//! All writers' rows at one path, and what they come to.

use std::sync::Arc;

use ply_engine::Engine;
use ply_types::{LogKey, Path};

use super::View;
use super::tree::Tree;
use crate::entry::{Attributes, Entry, Kind};
use crate::error::{DriveError, Missing};
use crate::key::{below, key_path, path_key};
use crate::versions::{Row, Version, Versions};
use crate::view::cursor::Entries;

/// What a path is at one moment, as far as this node can tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathState {
    /// The current versions.
    pub versions: Versions,
    /// Whether something lives below, so that the path is a directory whatever its versions say.
    pub implied: bool,
    /// What else would have to be here to be sure, and whose it is.
    pub missing: Vec<(LogKey, Missing)>,
}

impl PathState {
    /// What the path is; `None` when nothing is there.
    pub fn kind(&self) -> Option<Kind> {
        if self.implied {
            return Some(Kind::Directory);
        }
        self.versions.shown().and_then(|version| version.entry.kind())
    }

    /// The version that has the name, of what [`PathState::kind`] says.
    pub fn shown(&self) -> Option<&Version> {
        let shown = self.versions.shown()?;
        let hidden = self.implied && shown.entry.kind() != Some(Kind::Directory);
        (!hidden).then_some(shown)
    }

    /// Attributes to show: those of the shown version, or of a directory that only its content
    /// implies.
    pub fn attributes(&self) -> Attributes {
        match self.shown() {
            Some(version) => version.entry.attributes.clone(),
            None => Attributes { mode: 0o755, ..Attributes::default() },
        }
    }

    /// Whether there is more than one thing here.
    pub fn is_conflict(&self) -> bool {
        self.versions.is_conflict() || (self.implied && !self.versions.all().is_empty())
    }
}

/// What gathers rows: a missing page of one writer must not hide what the others say.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) rows: Vec<Row>,
    pub(crate) missing: Vec<(LogKey, Missing)>,
}

impl Gathered {
    /// Takes one writer's answer in.
    pub(crate) fn add<E: Engine, T>(
        &mut self,
        tree: Tree<'_, E>,
        answer: Result<T, DriveError>,
    ) -> Result<Option<T>, DriveError> {
        match tree.passing(answer) {
            Ok(answer) => Ok(Some(answer)),
            Err(DriveError::Missing(missing)) => {
                self.missing.push((tree.writer, missing));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes the entries of one path in, and says what they come to.
    fn rule<E: Engine>(
        &mut self,
        found: Vec<(Tree<'_, E>, Entry)>,
    ) -> Result<Versions, DriveError> {
        let alone = found.len() == 1;
        for (tree, entry) in found {
            // Alone, a row supersedes nothing: its clock need not be read.
            let clock = if alone { Ok(Arc::default()) } else { tree.clock(entry.stamp) };
            if let Some(clock) = self.add(tree, clock)? {
                self.rows.push(Row { writer: tree.writer, entry, clock });
            }
        }
        Ok(Versions::of(&self.rows))
    }
}

impl<E: Engine> View<E> {
    /// Checks that nothing is missing that may still come.
    ///
    /// # Errors
    ///
    /// [`DriveError::Missing`] for the first that is.
    pub fn whole(&self, missing: &[(LogKey, Missing)]) -> Result<(), DriveError> {
        self.replica.whole(missing)
    }

    /// What a path is.
    pub fn path(&self, path: &Path) -> Result<PathState, DriveError> {
        let key = path_key(path);
        let mut gathered = Gathered::default();
        let mut found: Vec<(Tree<'_, E>, Entry)> = Vec::new();
        for tree in self.trees() {
            let answer = gathered.add(tree, tree.entry(&key))?;
            found.extend(answer.flatten().map(|entry| (tree, entry)));
        }
        self.state(path, found, gathered)
    }

    /// The current versions at a key, and nothing where any part of that is missing.
    pub(crate) fn versions(&self, key: &[u8]) -> Result<Versions, DriveError> {
        let mut found = Vec::new();
        for tree in self.trees() {
            found.extend(tree.entry(key)?.map(|entry| (tree, entry)));
        }
        let mut gathered = Gathered::default();
        let versions = gathered.rule(found)?;
        match gathered.missing.first() {
            Some((_, missing)) => Err(DriveError::Missing(*missing)),
            None => Ok(versions),
        }
    }

    /// Applies the rule to the entries that trees hold for a path.
    pub(crate) fn state(
        &self,
        path: &Path,
        found: Vec<(Tree<'_, E>, Entry)>,
        mut gathered: Gathered,
    ) -> Result<PathState, DriveError> {
        let spoken_for = !found.is_empty();
        let versions = gathered.rule(found)?;
        let is_directory =
            versions.shown().is_some_and(|shown| shown.entry.kind() == Some(Kind::Directory));
        // Every writer's tree holds the directories above its own entries, so where no tree says
        // anything of a path, nothing lies below it either.
        let implied = !is_directory
            && (path.is_root() || (spoken_for && self.is_inhabited(path, &mut gathered)?));
        Ok(PathState { versions, implied, missing: gathered.missing })
    }

    /// Whether anything lives below a path.
    fn is_inhabited(&self, path: &Path, gathered: &mut Gathered) -> Result<bool, DriveError> {
        for range in below(path) {
            let mut cursors: Vec<Entries<'_, E>> =
                self.trees().into_iter().map(|tree| Entries::new(tree, range.clone())).collect();
            while let Some((key, found, step)) = next_key(&mut cursors)? {
                if key_path(&key).is_none() {
                    // Its author's nonsense, as in a listing: nothing lives there.
                    gathered.missing.extend(step.missing);
                    continue;
                }
                let mut rows = step;
                for (tree, entry) in found {
                    let clock = tree.clock(entry.stamp);
                    if let Some(clock) = rows.add(tree, clock)? {
                        rows.rows.push(Row { writer: tree.writer, entry, clock });
                    }
                }
                // Clocks as well: without one, what it goes over seems to live.
                gathered.missing.extend(rows.missing.iter().copied());
                if Versions::of(&rows.rows).shown().is_some() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// A key, the entries that trees hold for it, and what was missing on the way.
pub(crate) type Step<'view, E> = (Vec<u8>, Vec<(Tree<'view, E>, Entry)>, Gathered);

/// The lowest key ahead of any cursor, with all entries of it. A cursor that meets something missing
/// is given up, and named.
pub(crate) fn next_key<'view, E: Engine>(
    cursors: &mut Vec<Entries<'view, E>>,
) -> Result<Option<Step<'view, E>>, DriveError> {
    let mut gathered = Gathered::default();
    let mut lowest: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(cursor) = cursors.get_mut(at) {
        match gathered.add(cursor.tree(), cursor.peek())? {
            None => drop(cursors.remove(at)),
            Some(key) => {
                if let Some(key) = key
                    && lowest.as_ref().is_none_or(|lowest| key < *lowest)
                {
                    lowest = Some(key);
                }
                at += 1;
            }
        }
    }
    let Some(key) = lowest else {
        // What was missing at the very end must still be told.
        let step = (Vec::new(), Vec::new(), gathered);
        return Ok((!step.2.missing.is_empty()).then_some(step));
    };
    let mut found = Vec::new();
    for cursor in cursors.iter_mut() {
        let tree = cursor.tree();
        if gathered.add(tree, cursor.peek())?.flatten().as_ref() == Some(&key)
            && let Some(Some((_, entry))) = gathered.add(tree, cursor.next())?
        {
            found.push((tree, entry));
        }
    }
    Ok(Some((key, found, gathered)))
}
