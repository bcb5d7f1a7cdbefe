//! What each operation does to a draft.

use std::collections::BTreeSet;

use super::see::{ancestors, distinct};
use super::{Author, Draft, DraftRow, EventId, Numbers, Past, Seen, Thing, Version, View};
use crate::action::Action;

/// An operation that must not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// Somebody at work on a draft.
#[derive(Clone, Debug)]
pub struct Desk<'a> {
    past: &'a Past,
    numbers: &'a Numbers,
    me: Author,
    draft: Draft,
}

const DIRECTORY: Version = Version { thing: Thing::Directory, mode: 0o755 };

impl<'a> Desk<'a> {
    /// Somebody with some commits in view, and a draft so far.
    pub fn new(past: &'a Past, numbers: &'a Numbers, me: Author, draft: Draft) -> Self {
        Self { past, numbers, me, draft }
    }

    fn view(&self) -> View<'_> {
        let Self { past, numbers, me, draft } = self;
        View { past, numbers, me: *me, draft }
    }

    /// Does what an action does to a draft, and gives the draft after it. `names` are the names that
    /// the program says the versions got when all of them were kept.
    pub fn act(mut self, action: &Action, names: &[String]) -> Result<Draft, Refused> {
        match action {
            Action::Write(path, content) => self.write(path, *content)?,
            Action::WriteNew(path, content) => {
                refuse(self.view().what(path).is_some())?;
                self.write(path, *content)?;
            }
            Action::WriteDeep(path, content) => {
                refuse(self.view().is_directory(path))?;
                for above in ancestors(path) {
                    match self.view().what(&above) {
                        None => self.set(&above, DIRECTORY)?,
                        Some(there) => refuse(there.thing != Thing::Directory)?,
                    }
                }
                self.write(path, *content)?;
            }
            Action::Remove(path) => {
                refuse(self.view().what(path).is_none() || self.view().is_directory(path))?;
                self.remove(path);
            }
            Action::RemoveDir(path) => {
                refuse(!self.view().is_directory(path) || self.view().is_inhabited(path))?;
                self.remove(path);
            }
            Action::RemoveAll(path) => {
                refuse(!self.view().is_directory(path))?;
                for below in self.view().below(path) {
                    self.remove(&below);
                }
                self.remove(path);
            }
            Action::Rename(from, to) => self.rename(from, to)?,
            Action::MakeDir(path) => {
                refuse(self.view().what(path).is_some())?;
                self.set(path, DIRECTORY)?;
            }
            Action::Chmod(path, mode) => {
                let there = self.view().what(path).ok_or(Refused)?;
                self.set(path, Version { mode: *mode, ..there })?;
            }
            Action::Touch(path, _) => {
                let there = self.view().what(path).ok_or(Refused)?;
                self.set(path, there)?;
            }
            Action::KeepWriter(path, writer) => {
                refuse(!self.view().is_conflict(path))?;
                let current = self.view().current(path);
                let kept = current.iter().find(|seen| seen.author == *writer).ok_or(Refused)?;
                let kept = kept.version.clone();
                if kept.thing != Thing::Directory {
                    for below in self.view().below(path) {
                        self.remove(&below);
                    }
                }
                self.settle(path, kept)?;
            }
            Action::KeepAll(path) => self.keep_all(path, names)?,
            Action::Commit | Action::Discard => self.draft = Draft::default(),
        }
        Ok(self.draft)
    }

    fn write(&mut self, path: &str, content: u64) -> Result<(), Refused> {
        let mode = match self.view().what(path) {
            None => 0o644,
            Some(Version { thing: Thing::File(_), mode }) => mode,
            Some(_) => return Err(Refused),
        };
        self.set(path, Version { thing: Thing::File(content), mode })
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), Refused> {
        let source = self.view().what(from).ok_or(Refused)?;
        if from == to {
            return Ok(());
        }
        refuse(to.starts_with(&format!("{from}/")))?;
        if let Some(target) = self.view().what(to) {
            let directories = (source.thing == Thing::Directory, target.thing == Thing::Directory);
            refuse(directories.0 != directories.1)?;
            refuse(directories.1 && self.view().is_inhabited(to))?;
        }
        let below = self.view().below(from);
        let moved: Vec<Version> = below.iter().filter_map(|path| self.view().what(path)).collect();
        // What each name stands for before anything moves: a file that only a directory hid stays.
        let names = [from].into_iter().chain(below.iter().map(String::as_str));
        let leaving: Vec<(String, Option<Version>)> =
            names.map(|path| (path.to_owned(), self.view().shown(path))).collect();
        self.set(to, source)?;
        for (path, version) in below.iter().zip(moved) {
            self.set(&format!("{to}{}", &path[from.len()..]), version)?;
        }
        let mut stays: BTreeSet<String> = BTreeSet::new();
        for (path, shown) in leaving.into_iter().rev() {
            if stays.contains(&path) || self.leave(&path, shown.as_ref())? {
                stays.extend(ancestors(&path));
            }
        }
        Ok(())
    }

    /// Takes away what had the name. Says whether anything else is there, which stays.
    fn leave(&mut self, path: &str, shown: Option<&Version>) -> Result<bool, Refused> {
        let others = self.view().current(path);
        let mut others = others.iter();
        if others.all(|seen| shown.is_some_and(|shown| shown.same(&seen.version))) {
            self.remove(path);
            return Ok(false);
        }
        if shown.is_some() {
            self.root_parents(path)?;
            self.put(path, None);
        }
        Ok(true)
    }

    fn keep_all(&mut self, path: &str, names: &[String]) -> Result<(), Refused> {
        refuse(!self.view().is_conflict(path))?;
        let shown = self.view().shown(path);
        let current = self.view().current(path);
        let skip = usize::from(shown.is_some());
        let moved: Vec<Version> =
            distinct(&current).into_iter().skip(skip).map(|seen| seen.version.clone()).collect();
        let beside = names.get(1..).unwrap_or_default();
        assert_eq!(beside.len(), moved.len(), "each version of {path} gets a name: {names:?}");
        for (name, version) in beside.iter().zip(moved) {
            assert!(self.view().what(name).is_none(), "{name} was free");
            assert_eq!(ancestors(name), ancestors(path), "{name} is beside {path}");
            self.set(name, version)?;
        }
        self.settle(path, shown.unwrap_or(DIRECTORY))
    }

    /// Everything of a path that is committed and in view.
    fn known(&self, path: &str) -> BTreeSet<EventId> {
        self.past.known(path, self.numbers).map(|event| event.id).collect()
    }

    fn set(&mut self, path: &str, version: Version) -> Result<(), Refused> {
        self.root_parents(path)?;
        self.put(path, Some(version));
        Ok(())
    }

    fn settle(&mut self, path: &str, version: Version) -> Result<(), Refused> {
        self.root_parents(path)?;
        let over = self.known(path);
        self.draft.put(path, DraftRow { over, now: Some(version), beside: Vec::new() });
        Ok(())
    }

    fn remove(&mut self, path: &str) {
        let over = self.known(path);
        if over.is_empty() {
            self.draft.forget(path);
        } else {
            self.draft.put(path, DraftRow { over, ..DraftRow::default() });
        }
    }

    /// Writes over the shown version, or removes it. Whatever differs from it goes on standing.
    fn put(&mut self, path: &str, now: Option<Version>) {
        let shown = self.view().shown(path);
        let stays = |seen: &&Seen| !shown.as_ref().is_some_and(|shown| shown.same(&seen.version));
        let current = self.view().current(path);
        let row = if let Some(row) = self.draft.row(path) {
            // What else it goes over was settled when the path entered the draft.
            let own = current.iter().filter(|seen| seen.id.is_none());
            let beside = own.filter(stays).map(|seen| Some(seen.version.clone())).collect();
            DraftRow { over: row.over.clone(), now, beside }
        } else {
            let mut over = self.known(path);
            for seen in current.iter().filter(stays) {
                over.retain(|id| Some(*id) != seen.id);
            }
            DraftRow { over, now, beside: Vec::new() }
        };
        self.draft.put(path, row);
    }

    /// The directories above must be there, and its author must say so too.
    fn root_parents(&mut self, path: &str) -> Result<(), Refused> {
        for above in ancestors(path) {
            let there = self.view().what(&above).ok_or(Refused)?;
            refuse(there.thing != Thing::Directory)?;
            if !self.says_directory(&above) {
                self.put(&above, Some(there));
            }
        }
        Ok(())
    }

    /// Whether the last own word on a path is that it is a directory.
    fn says_directory(&self, path: &str) -> bool {
        let word = if let Some(row) = self.draft.row(path) {
            row.now.clone()
        } else {
            let own = self.past.known(path, self.numbers);
            let own = own.filter(|event| event.id.author == self.me && event.id.part == 0);
            own.max_by_key(|event| event.id.number).and_then(|event| event.version.clone())
        };
        word.is_some_and(|version| version.thing == Thing::Directory)
    }
}

fn refuse(condition: bool) -> Result<(), Refused> {
    if condition { Err(Refused) } else { Ok(()) }
}
