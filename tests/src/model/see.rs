//! What somebody sees who knows some commits and has a draft.

use std::collections::BTreeSet;

use super::{Author, DRAFT, Draft, EventId, Numbers, Past, Thing, Version};

/// A current version of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its event; `None` while it is in the draft.
    pub id: Option<EventId>,
    /// Who wrote it.
    pub author: Author,
    /// Number of its commit, [`DRAFT`] for none.
    pub number: u64,
    /// What it is.
    pub version: Version,
}

/// One node's knowledge: the past it has in view, and its draft.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Everything committed by anybody.
    pub past: &'a Past,
    /// How much of it this node has in view.
    pub numbers: &'a Numbers,
    /// Who looks.
    pub me: Author,
    /// Their own changes.
    pub draft: &'a Draft,
}

impl View<'_> {
    /// The current versions of a path, the one to be shown first.
    pub fn current(&self, path: &str) -> Vec<Seen> {
        let row = self.draft.row(path);
        let mut gone: BTreeSet<EventId> = row.map(|row| row.over.clone()).unwrap_or_default();
        for event in self.past.known(path, self.numbers) {
            gone.extend(event.over.iter().copied());
        }
        let mut current: Vec<Seen> = self
            .past
            .known(path, self.numbers)
            .filter(|event| !gone.contains(&event.id))
            .filter_map(|event| {
                let EventId { number, author, .. } = event.id;
                let version = event.version.clone()?;
                Some(Seen { id: Some(event.id), author, number, version })
            })
            .collect();
        for version in row.into_iter().flat_map(|row| [&row.now].into_iter().chain(&row.beside)) {
            let version = version.clone();
            current.extend(version.map(|version| Seen {
                id: None,
                author: self.me,
                number: DRAFT,
                version,
            }));
        }
        // Directories, then the higher number, then the higher key.
        current.sort_by_key(|seen| {
            let is_directory = seen.version.thing == Thing::Directory;
            std::cmp::Reverse((is_directory, seen.number, self.past.order[seen.author]))
        });
        current
    }

    /// Every path of which anything was ever said.
    pub fn paths(&self) -> BTreeSet<String> {
        self.past.paths().chain(self.draft.rows().map(|(path, _)| path)).cloned().collect()
    }

    /// Whether anything current lies below a path.
    pub fn is_inhabited(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.paths()
            .iter()
            .any(|other| other.starts_with(&below) && !self.current(other).is_empty())
    }

    /// Whether a path is a directory only by what lies below it.
    pub fn is_implied(&self, path: &str) -> bool {
        let current = self.current(path);
        let is_directory =
            current.first().is_some_and(|seen| seen.version.thing == Thing::Directory);
        !is_directory && self.is_inhabited(path)
    }

    /// The version that has the name; `None` for nothing, and for a directory only implied.
    pub fn shown(&self, path: &str) -> Option<Version> {
        if self.is_implied(path) {
            return None;
        }
        self.current(path).first().map(|seen| seen.version.clone())
    }

    /// What a path is, with its mode; `None` when nothing is there.
    pub fn what(&self, path: &str) -> Option<Version> {
        if path.is_empty() || self.is_implied(path) {
            return Some(Version { thing: Thing::Directory, mode: 0o755 });
        }
        self.shown(path)
    }

    /// Whether a path is a directory.
    pub fn is_directory(&self, path: &str) -> bool {
        self.what(path).is_some_and(|version| version.thing == Thing::Directory)
    }

    /// The paths below a path at which something is.
    pub fn below(&self, path: &str) -> Vec<String> {
        let prefix = format!("{path}/");
        let mut below = BTreeSet::new();
        for other in self.paths() {
            if other.starts_with(&prefix) && !self.current(&other).is_empty() {
                let above =
                    ancestors(&other).into_iter().filter(|above| above.starts_with(&prefix));
                below.extend(above);
                below.insert(other);
            }
        }
        below.into_iter().collect()
    }

    /// All paths at which something is.
    pub fn tree(&self) -> Vec<String> {
        let mut all = BTreeSet::new();
        for path in self.paths() {
            if !self.current(&path).is_empty() {
                all.extend(ancestors(&path));
                all.insert(path);
            }
        }
        all.into_iter().collect()
    }

    /// Whether there is more than one thing at a path.
    pub fn is_conflict(&self, path: &str) -> bool {
        let current = self.current(path);
        let differ = distinct(&current).len() > 1;
        differ || (!current.is_empty() && self.is_implied(path))
    }
}

/// One of each set of equal versions, in order.
pub(super) fn distinct(current: &[Seen]) -> Vec<&Seen> {
    let mut distinct: Vec<&Seen> = Vec::new();
    for seen in current {
        if !distinct.iter().any(|other| other.version.same(&seen.version)) {
            distinct.push(seen);
        }
    }
    distinct
}

/// The directories above a path, the highest first.
pub(super) fn ancestors(path: &str) -> Vec<String> {
    path.match_indices('/').map(|(slash, _)| path[..slash].to_owned()).collect()
}
