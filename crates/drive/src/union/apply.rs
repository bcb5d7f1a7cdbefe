//! Editing the tree where keys changed.

use std::collections::{BTreeMap, BTreeSet};

use ply_engine::Engine;
use ply_index::{Cursor, Edit, PageRef};
use ply_types::Path;

use super::pages::UnionPages;
use super::row::{PathRow, weigh};
use super::{Halt, at_once};
use crate::key::{below, key_path, path_key};
use crate::now::now;
use crate::view::View;

impl<E: Engine> UnionPages<'_, E> {
    /// Puts what `view` shows at some keys into the tree, whatever the tree had there.
    ///
    /// In two steps, for the rows of the first decide where something lives below what is no directory.
    pub(super) fn apply(
        &self,
        view: &View<E>,
        root: Option<PageRef>,
        keys: &[Vec<u8>],
    ) -> Result<Option<PageRef>, Halt> {
        let mut edits: Vec<Edit> = Vec::new();
        // Rows whose mark of what lives below them may have to change.
        let mut uncertain = Uncertain::default();
        for key in keys {
            let old = self.row(root, key)?;
            let mut new = PathRow::of(&view.versions(key)?);
            if let Some(row) = &mut new
                && row.is_no_directory()
            {
                match old {
                    Some(old) if old.is_no_directory() => {
                        *row = row.inhabited(old.is_inhabited());
                    }
                    _ => uncertain.add(key),
                }
            }
            if old.is_some() != new.is_some() {
                uncertain.add_above(key);
            }
            if old != new {
                edits.push((key.clone(), new.map(PathRow::encode)));
            }
        }
        let root = self.edit(root, &edits)?;
        let mut edits: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
        for key in uncertain.keys {
            let Some(row) = self.row(root, &key)? else { continue };
            if row.is_no_directory() {
                let marked = row.inhabited(self.is_inhabited(root, &key)?);
                if marked != row {
                    edits.insert(key, Some(marked.encode()));
                }
            }
        }
        let edits: Vec<Edit> = edits.into_iter().collect();
        let root = self.edit(root, &edits)?;
        self.relieve()?;
        Ok(root)
    }

    fn edit(&self, root: Option<PageRef>, edits: &[Edit]) -> Result<Option<PageRef>, Halt> {
        match now(ply_index::update(self, root, edits, &weigh, &mut &*self)) {
            Some(root) => Ok(root?),
            None => Err(Halt::Lost),
        }
    }

    fn row(&self, root: Option<PageRef>, key: &[u8]) -> Result<Option<PathRow>, Halt> {
        let row = at_once(now(ply_index::get(self, root, key)))?;
        row.map(|row| PathRow::decode(&row).ok_or(Halt::Lost)).transpose()
    }

    /// Whether anything lives below a path.
    fn is_inhabited(&self, root: Option<PageRef>, key: &[u8]) -> Result<bool, Halt> {
        let Some(path) = key_path(key) else { return Ok(false) };
        for range in below(&path) {
            let mut cursor = Cursor::new(self, root, range);
            if at_once(now(cursor.peek()))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[derive(Default)]
struct Uncertain {
    keys: BTreeSet<Vec<u8>>,
    /// The directory whose ancestors were added last: names of one directory come together.
    directory: Option<Path>,
}

impl Uncertain {
    fn add(&mut self, key: &[u8]) {
        self.keys.insert(key.to_vec());
    }

    /// Adds the directories above a key. The root is one whatever its versions say.
    fn add_above(&mut self, key: &[u8]) {
        let Some((directory, _)) = key_path(key).and_then(|path| path.split()) else { return };
        if self.directory.as_ref() == Some(&directory) {
            return;
        }
        let above = directory.ancestors();
        let named = above.iter().chain([&directory]).filter(|directory| !directory.is_root());
        self.keys.extend(named.map(path_key));
        self.directory = Some(directory);
    }
}
