//! What the drive shows, with the changes of the transaction so far on top.

use std::collections::{BTreeMap, HashMap};

use ply_drive::{DriveError, Entry, Kind, LinkMark, Listing, Named, PathState, Transaction};
use ply_engine::Engine;
use ply_types::{Name, Path};

/// Names that are read at once.
const STRETCH: usize = 512;

/// What has a name in the drive.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) kind: Kind,
    /// `None` for a directory that is there only because something is in it.
    pub(super) entry: Option<Entry>,
}

impl Current {
    pub(super) fn of(state: &PathState) -> Option<Self> {
        let entry = state.shown().map(|version| version.entry.clone());
        Some(Self { kind: state.kind()?, entry })
    }

    fn changed(entry: &Entry) -> Option<Self> {
        Some(Self { kind: entry.kind()?, entry: Some(entry.clone()) })
    }

    /// Whether it is shown as this, numbers and marks of its author's history left out.
    pub(super) fn is(&self, entry: &Entry) -> bool {
        self.entry.as_ref().is_some_and(|shown| same(shown, entry))
    }
}

/// Whether two entries say the same of a path.
pub(super) fn same(a: &Entry, b: &Entry) -> bool {
    a.same_but_for_times(b) && a.attributes.mtime == b.attributes.mtime && a.link == b.link
}

/// The drive as the survey compares with it.
#[derive(Debug)]
pub(super) struct Shown<'transaction, 'replica, E: Engine> {
    transaction: &'transaction Transaction<'replica, E>,
    /// By directory: what the transaction has changed already. Empty for the first of its imports.
    changes: HashMap<Path, BTreeMap<Name, Option<Entry>>>,
}

impl<'transaction, 'replica, E: Engine> Shown<'transaction, 'replica, E> {
    pub(super) fn new(transaction: &'transaction Transaction<'replica, E>) -> Self {
        let mut changes: HashMap<Path, BTreeMap<Name, Option<Entry>>> = HashMap::new();
        for (path, entry) in transaction.changes() {
            if let Some((directory, name)) = path.split() {
                changes.entry(directory).or_default().insert(name, entry.cloned());
            }
        }
        Self { transaction, changes }
    }

    /// The names of a directory in order of their bytes.
    pub(super) fn names(&self, directory: &Path) -> Names<'_, 'replica, E> {
        Names {
            transaction: self.transaction,
            directory: directory.clone(),
            listed: Vec::new().into_iter(),
            after: None,
            more: true,
            listed_ahead: None,
            changed: self.changes.get(directory).map(|names| names.iter()).unwrap_or_default(),
            changed_ahead: None,
        }
    }

    /// The names that carry a mark.
    pub(super) fn carriers(&self, mark: LinkMark) -> Result<Vec<Path>, DriveError> {
        self.transaction.names(mark)
    }

    /// Everything below a directory, parents first.
    pub(super) fn below(&self, directory: &Path) -> Result<Vec<Path>, DriveError> {
        let mut below = Vec::new();
        let mut open = vec![directory.clone()];
        while let Some(directory) = open.pop() {
            let mut names = self.names(&directory);
            while let Some((name, current)) = names.next()? {
                let path = directory.join(&name)?;
                if current.kind == Kind::Directory {
                    open.push(path.clone());
                }
                below.push(path);
            }
        }
        Ok(below)
    }
}

type Change<'shown> = (&'shown Name, &'shown Option<Entry>);

/// The names of one directory.
#[derive(Debug)]
pub(super) struct Names<'shown, 'replica, E: Engine> {
    transaction: &'shown Transaction<'replica, E>,
    directory: Path,
    listed: std::vec::IntoIter<Named>,
    after: Option<Name>,
    more: bool,
    listed_ahead: Option<(Name, Current)>,
    changed: std::collections::btree_map::Iter<'shown, Name, Option<Entry>>,
    changed_ahead: Option<Change<'shown>>,
}

impl<E: Engine> Names<'_, '_, E> {
    /// The next name. A part of the directory that is not held here is an error, unless the transaction
    /// goes on without it.
    pub(super) fn next(&mut self) -> Result<Option<(Name, Current)>, DriveError> {
        loop {
            if self.listed_ahead.is_none() {
                self.listed_ahead = self.next_listed()?;
            }
            if self.changed_ahead.is_none() {
                self.changed_ahead = self.changed.next();
            }
            let Some((changed, entry)) = self.changed_ahead else {
                return Ok(self.listed_ahead.take());
            };
            match &self.listed_ahead {
                Some((listed, _)) if listed < changed => return Ok(self.listed_ahead.take()),
                // The change is what counts.
                Some((listed, _)) if listed == changed => self.listed_ahead = None,
                _ => {}
            }
            self.changed_ahead = None;
            if let Some(current) = entry.as_ref().and_then(Current::changed) {
                return Ok(Some((changed.clone(), current)));
            }
        }
    }

    fn next_listed(&mut self) -> Result<Option<(Name, Current)>, DriveError> {
        loop {
            if let Some(named) = self.listed.next() {
                let name = named.path.split().map(|(_, name)| name);
                if let Some((name, current)) = name.zip(Current::of(&named.state)) {
                    return Ok(Some((name, current)));
                }
                continue;
            }
            if !self.more {
                return Ok(None);
            }
            let Listing { names, more, missing, .. } =
                self.transaction.view().list(&self.directory, self.after.as_ref(), STRETCH)?;
            self.transaction.goes_without(&missing)?;
            self.more = more;
            self.after = names.last().and_then(|last| last.path.split()).map(|(_, name)| name);
            self.listed = names.into_iter();
        }
    }
}
