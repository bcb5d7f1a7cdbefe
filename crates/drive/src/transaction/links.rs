//! Hard links: a change through one name is a change of all.
//!
//! Writers do not share files, they share names that say the same thing: each name of a linked file
//! has an entry of its own, with the same mark. Who changes one writes the entry under every name
//! that carries the mark in their view, all in one transaction. A name that another writer made
//! meanwhile keeps what it says, as any concurrent change does.

use ply_engine::{Engine, Table};
use ply_types::Path;

use super::{Change, Transaction};
use crate::commit::Delta;
use crate::draft::link_row_key;
use crate::entry::{Entry, LinkMark};
use crate::error::DriveError;
use crate::key::{key_path, link_key};
use crate::versions::Version;

impl<E: Engine> Transaction<'_, E> {
    /// As [`Transaction::adopt`], for a change after which it is still the same file: the entry
    /// keeps its mark, and with it its other names.
    pub fn adopt_linked(&mut self, version: &Version) -> Result<Entry, DriveError> {
        let mut entry = self.adopt(version)?;
        entry.link = version.entry.link;
        Ok(entry)
    }

    /// The names of the file that carries a mark, with the changes of this transaction.
    pub fn names(&self, mark: LinkMark) -> Result<Vec<Path>, DriveError> {
        let (mut names, missing) = self.view.marked(mark)?;
        self.goes_without(&missing)?;
        for (key, change) in &self.rows {
            if matches!(change, Change::Set(entry, _) if entry.link == Some(mark)) {
                names.extend(key_path(key));
            }
        }
        let mut carriers = Vec::new();
        for path in names {
            let state = self.path(&path)?;
            if state.shown().is_some_and(|shown| shown.entry.link == Some(mark)) {
                carriers.push(path);
            }
        }
        Ok(carriers)
    }

    /// Gives a path an entry, and every other name of the same file as well.
    pub fn set_linked(&mut self, path: &Path, entry: Entry) -> Result<(), DriveError> {
        for name in self.other_names(path, &entry)? {
            self.set(&name, entry.clone())?;
        }
        self.set(path, entry)
    }

    /// The names beside `path` that an entry has.
    pub(super) fn other_names(&self, path: &Path, entry: &Entry) -> Result<Vec<Path>, DriveError> {
        let mut names = match entry.link {
            Some(mark) => self.names(mark)?,
            None => Vec::new(),
        };
        names.retain(|name| name != path);
        Ok(names)
    }

    /// Gives a file one more name.
    pub fn hard_link(&mut self, from: &Path, to: &Path) -> Result<(), DriveError> {
        let state = self.path(from)?;
        let version = match (state.kind(), state.shown()) {
            (None, _) => return Err(DriveError::Absent { path: from.clone() }),
            (Some(crate::entry::Kind::Directory), _) | (_, None) => {
                return Err(DriveError::IsADirectory { path: from.clone() });
            }
            (_, Some(shown)) => shown.clone(),
        };
        if self.path(to)?.kind().is_some() {
            return Err(DriveError::Exists { path: to.clone() });
        }
        let mut entry = self.adopt_linked(&version)?;
        if entry.link.is_none() {
            let [mark, _] = halves(self.replica.host.random());
            entry.link = Some(LinkMark(mark));
            self.set(from, entry.clone())?;
        }
        self.set(to, entry)
    }

    /// Notes in the draft that a name was given a mark, so that the names of a file are found.
    pub(super) fn stage_link(&mut self, key: &[u8], entry: &Entry) {
        if let (Some(mark), Some(name)) = (entry.link, key_path(key)) {
            let key = link_row_key(&self.replica.id(), mark, &name);
            self.staging().batch().put(Table::Draft, key, Vec::new());
        }
    }

    /// The rows of names that change when a path's committed row becomes an entry.
    pub(super) fn link_edits(
        &self,
        key: &[u8],
        before: Option<&[u8]>,
        entry: &Entry,
        edits: &mut Delta,
    ) -> Result<(), DriveError> {
        let Some(name) = key_path(key) else { return Ok(()) };
        let before = match (self.view.own_tree(), before) {
            (Some(tree), Some(row)) => match tree.decode(row) {
                Ok(before) => before.link,
                // Where an entry with a frame of its own was dropped here, its name stays: such
                // rows only say where to look.
                Err(DriveError::Missing(_)) => None,
                Err(error) => return Err(error),
            },
            _ => None,
        };
        if before == entry.link {
            return Ok(());
        }
        edits.extend(before.map(|mark| (link_key(mark, &name), None)));
        edits.extend(entry.link.map(|mark| (link_key(mark, &name), Some(Vec::new()))));
        Ok(())
    }
}

fn halves(bytes: [u8; 32]) -> [[u8; 16]; 2] {
    let mut halves = [[0; 16]; 2];
    for (half, part) in halves.iter_mut().zip(bytes.chunks_exact(16)) {
        half.copy_from_slice(part);
    }
    halves
}
