//! Changing paths.
//!
//! A path's clock is taken when it first enters the draft, and stays through later changes: an edit
//! supersedes what its author had in view when they began, not what came in meanwhile.

use std::sync::Arc;

use ply_engine::{Engine, Table};
use ply_types::Path;

use super::{Change, Sight, Transaction};
use crate::draft::{encode_row, path_row_key};
use crate::entry::{Attributes, Body, Entry, Kept, Kind, SPILL_BYTES_MAX, Stored, Xattr};
use crate::error::DriveError;
use crate::key::path_key;
use crate::versions::{Version, Versions};
use crate::view::PathState;

/// Bytes of all extended attributes of a path. An entry must be readable once it is written, with
/// the older versions of its author that it may keep.
const XATTRS_BYTES_MAX: usize = SPILL_BYTES_MAX / 4;

impl<E: Engine> Transaction<'_, E> {
    /// What a path is, with the changes of this transaction.
    pub fn path(&self, path: &Path) -> Result<PathState, DriveError> {
        match self.rows.get(&path_key(path)) {
            Some(Change::Set(entry, _)) if entry.kind().is_some() => {
                let entry = Entry::clone(entry);
                let version = Version { writer: self.replica.writer_key(), entry };
                Ok(PathState { versions: Versions::only(version), ..PathState::default() })
            }
            Some(Change::Set(..) | Change::Forget) => Ok(PathState::default()),
            None => self.found(path),
        }
    }

    /// Gives a path an entry, over the version that is shown. The directories above must be there.
    pub fn set(&mut self, path: &Path, entry: Entry) -> Result<(), DriveError> {
        self.root_parents(path)?;
        self.put(path, entry, Standing::BesideOthers)
    }

    /// Gives a path an entry over all its versions, those in conflict as well: what `resolve` does.
    pub fn settle(&mut self, path: &Path, entry: Entry) -> Result<(), DriveError> {
        self.root_parents(path)?;
        self.put(path, entry, Standing::OverAll)
    }

    /// Removes a path: all of its versions that are in view. What lies below is not looked at.
    pub fn remove(&mut self, path: &Path) -> Result<(), DriveError> {
        let key = path_key(path);
        // Committed rows: over them, forgetting the draft alone would bring back what it went over.
        let mut is_known = false;
        for tree in self.view.trees() {
            is_known |= match tree.passing(tree.row(&key)) {
                Err(DriveError::Missing(missing)) => {
                    self.goes_without(&[(tree.writer, missing)])?;
                    true
                }
                row => row?.is_some(),
            };
        }
        if is_known {
            self.put(path, Entry::tombstone(), Standing::OverAll)
        } else {
            self.rows.insert(key, Change::Forget);
            Ok(())
        }
    }

    /// Removes the version of a path that is shown, for it has gone elsewhere. Others stay.
    pub(crate) fn vacate(&mut self, path: &Path) -> Result<Vacated, DriveError> {
        let state = self.path(path)?;
        if state.versions.kept_beside(state.shown(), &self.replica.writer_key()).is_empty() {
            self.remove(path)?;
            return Ok(Vacated::Gone);
        }
        if state.shown().is_some() {
            self.root_parents(path)?;
            self.put(path, Entry::tombstone(), Standing::BesideOthers)?;
        }
        Ok(Vacated::OthersStay)
    }

    fn put(&mut self, path: &Path, entry: Entry, standing: Standing) -> Result<(), DriveError> {
        let xattr_bytes = |(name, value): &Xattr| name.len() + value.len();
        if XATTRS_BYTES_MAX < entry.attributes.xattrs.iter().map(xattr_bytes).sum() {
            let what = "its extended attributes take more than 128 KiB together";
            return Err(DriveError::Invalid { path: path.clone(), what });
        }
        let key = path_key(path);
        let earlier = match self.rows.get(&key) {
            Some(Change::Set(earlier, clock)) => Some((earlier.keeps.clone(), *clock)),
            Some(Change::Forget) => None,
            None => match self.replica.draft_entry(&key)? {
                Some(earlier) => Some((self.kept_of_draft(path, &earlier)?, earlier.stamp.clock)),
                None => None,
            },
        };
        let mut entry = entry;
        entry.stamp.commit = 0;
        let (keeps, clock) = match (earlier, standing) {
            (Some(earlier), Standing::BesideOthers) => earlier,
            // Looking again at everything is what moves the clock of a path forward.
            (_, Standing::OverAll) => self.over_all(path)?,
            (None, Standing::BesideOthers) => self.over_shown(path)?,
        };
        entry.keeps = keeps;
        self.rows.insert(key, Change::Set(Box::new(entry), clock));
        Ok(())
    }

    /// What an entry that goes over the shown version keeps, and the clock that it goes by.
    fn over_shown(&mut self, path: &Path) -> Result<GoesBy, DriveError> {
        let state = self.found(path)?;
        if state.missing.is_empty() {
            let own = self.replica.writer_key();
            return Ok((state.versions.kept_beside(state.shown(), &own), self.clock_now()?));
        }
        let begun = self.view.begun(path, &state)?;
        Ok((begun.keeps, self.clock_number(begun.clock)?))
    }

    /// What an entry that goes over all versions in view keeps, and the clock that it goes by.
    fn over_all(&mut self, path: &Path) -> Result<GoesBy, DriveError> {
        if self.sight == Sight::Whole && !self.replica.has_malformed() {
            return Ok((Vec::new(), self.clock_now()?));
        }
        let state = self.found(path)?;
        let keeps = self.view.unseen(path, &state)?.keeps;
        let clock = self.view.begun(path, &state)?.clock;
        Ok((keeps, self.clock_number(clock)?))
    }

    /// What stays standing beside an entry that takes the place of one in the draft: what that one
    /// left standing, and itself if something else has the name by now. A directory that came in has
    /// it before a file of the draft, and who writes into the directory writes over no file.
    fn kept_of_draft(&self, path: &Path, earlier: &Entry) -> Result<Vec<Kept>, DriveError> {
        let mut keeps = earlier.keeps.clone();
        let state = self.found(path)?;
        let has_the_name =
            state.shown().is_some_and(|shown| shown.entry.same_but_for_times(earlier));
        if earlier.kind().is_some_and(|kind| kind != Kind::Directory) && !has_the_name {
            let own = Entry { keeps: Vec::new(), ..earlier.clone() };
            keeps.push(Kept::Own(Box::new(own)));
        }
        Ok(keeps)
    }

    /// Makes sure that this writer's own tree holds every directory above a path. So each tree can be
    /// walked on its own, and a directory stays found as long as any tree has something in it.
    pub(super) fn root_parents(&mut self, path: &Path) -> Result<(), DriveError> {
        for directory in path.ancestors() {
            if directory.is_root() || self.rooted.contains(&directory) {
                continue;
            }
            let state = self.path(&directory)?;
            match state.kind() {
                Some(Kind::Directory) => {}
                Some(_) => return Err(DriveError::NotADirectory { path: directory }),
                None => return Err(DriveError::Absent { path: directory }),
            }
            let key = path_key(&directory);
            let own = match self.rows.get(&key) {
                Some(Change::Set(entry, _)) => entry.kind(),
                Some(Change::Forget) => None,
                None => self.own_entry(&key)?.and_then(|entry| entry.kind()),
            };
            if own != Some(Kind::Directory) {
                let entry = Entry::new(Body::Directory, state.attributes());
                self.put(&directory, entry, Standing::BesideOthers)?;
            }
            self.rooted.insert(directory);
        }
        Ok(())
    }

    fn own_entry(&self, key: &[u8]) -> Result<Option<Entry>, DriveError> {
        match self.view.own_tree() {
            Some(tree) => tree.entry(key),
            None => Ok(None),
        }
    }

    /// Makes the directories above a path that are not there.
    pub fn make_parents(&mut self, path: &Path, attributes: &Attributes) -> Result<(), DriveError> {
        for directory in path.ancestors() {
            if directory.is_root() {
                continue;
            }
            match self.path(&directory)?.kind() {
                Some(Kind::Directory) => {}
                Some(_) => return Err(DriveError::NotADirectory { path: directory }),
                None => self.set(&directory, Entry::new(Body::Directory, attributes.clone()))?,
            }
        }
        Ok(())
    }

    /// A version's content under this writer's layer table, so that its entry can stand in its tree.
    pub fn adopt(&mut self, version: &Version) -> Result<Entry, DriveError> {
        let mut entry = version.entry.clone();
        entry.keeps = Vec::new();
        entry.link = None;
        if version.writer == self.replica.writer_key() {
            return Ok(entry);
        }
        let (Body::File(stored) | Body::Symlink(stored)) = &mut entry.body else {
            return Ok(entry);
        };
        if let Stored::Frames(_) = stored {
            *stored = self.adopt_content(version)?;
        }
        Ok(entry)
    }

    /// Lists the pieces of a foreign version anew, their places in this writer's numbering.
    fn adopt_content(&mut self, version: &Version) -> Result<Stored, DriveError> {
        let replica = Arc::clone(self.replica);
        let view = replica.view();
        let mut reader = view.open(&Path::root(), version)?;
        let mut list = ply_chunk::ListBuilder::new();
        let (mut offset, end) = (0, reader.bytes());
        while offset < end {
            let Some(located) = reader.locate(offset)? else { break };
            let layer = reader.layer(located.place.layer)?;
            let number = self.add_layer(crate::commit::LayerRow { fresh: None, ..layer })?;
            let place = ply_chunk::Place { layer: number, block: located.place.block };
            self.list_push(&mut list, located.piece, place)?;
            offset = located.start + u64::from(located.piece.raw_bytes);
        }
        self.list_finish(list)
    }

    /// Stages the rows of changed paths.
    pub(super) fn stage_rows(&mut self) {
        let id = self.replica.id();
        for (key, change) in std::mem::take(&mut self.rows) {
            let row_key = path_row_key(&id, &key);
            match change {
                Change::Set(entry, clock) => {
                    self.stage_link(&key, &entry);
                    let row = encode_row(&entry, clock);
                    self.staging().batch().put(Table::Draft, row_key, row);
                }
                Change::Forget => self.staging().batch().delete(Table::Draft, row_key),
            }
        }
    }
}

/// What is left of a path whose shown version has gone elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vacated {
    /// Nothing.
    Gone,
    /// Versions that were in conflict with it.
    OthersStay,
}

/// What an entry keeps beside it, and the number of its clock.
type GoesBy = (Vec<Kept>, u32);

/// How an entry stands to the versions that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It takes the place of the shown one; others stay in conflict with it.
    BesideOthers,
    /// It takes the place of all.
    OverAll,
}
