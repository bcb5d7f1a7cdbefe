//! What drives must show, worked out in the dullest way there is.
//!
//! Every change that was ever committed is an [`Event`] and stays for ever. It says by name which
//! earlier events it takes the place of: those of its path that its author had in view when the path
//! entered their draft, those left standing excepted. A version is current where its event is known
//! and no known event takes its place. There are no clocks, no rows and no numbers of commits in that
//! rule, so that a drive, which has all of these, cannot be wrong in the same way.

mod draft;
mod see;
mod step;

pub use draft::{Draft, DraftRow};
pub use see::{Seen, View};
pub use step::{Desk, Refused};

use std::collections::{BTreeMap, BTreeSet};

/// A writer, by its place in the world.
pub type Author = usize;

/// For each author, the number of the newest commit in view; 0 for none.
pub type Numbers = Vec<u64>;

/// Number that stands for what is not committed yet.
pub const DRAFT: u64 = u64::MAX;

/// The name of an event: a commit changes a path once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId {
    /// Number of the commit.
    pub number: u64,
    /// Who made it.
    pub author: Author,
    /// More than 0 for what the same commit leaves standing beside its first word.
    pub part: usize,
}

/// What a path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A directory.
    Directory,
    /// A file, by the number of its content.
    File(u64),
}

/// A version of a path, as far as versions differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// What it is.
    pub thing: Thing,
    /// Its permission bits.
    pub mode: u32,
}

/// A committed change of a path.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name.
    pub id: EventId,
    /// What the path became; `None` when it was removed.
    pub version: Option<Version>,
    /// Events whose place it takes.
    pub over: BTreeSet<EventId>,
}

/// Everything that was ever committed by anybody.
#[derive(Clone, Debug, Default)]
pub struct Past {
    events: BTreeMap<String, Vec<Event>>,
    /// What the author of each commit had in view, by author and number.
    views: BTreeMap<(Author, u64), Numbers>,
    /// Place of each author's key among all keys.
    order: Vec<usize>,
}

impl Version {
    /// Whether two versions are one to a user.
    pub fn same(&self, other: &Self) -> bool {
        (self.thing == Thing::Directory && other.thing == Thing::Directory) || self == other
    }
}

impl Past {
    /// An empty past of authors whose keys stand in this order.
    pub fn new(order: Vec<usize>) -> Self {
        Self { order, ..Self::default() }
    }

    /// How many authors there are.
    pub fn authors(&self) -> usize {
        self.order.len()
    }

    /// Every path that any commit ever changed.
    pub fn paths(&self) -> impl Iterator<Item = &String> {
        self.events.keys()
    }

    /// The events of a path that are in view.
    pub fn known<'a>(&'a self, path: &str, view: &'a Numbers) -> impl Iterator<Item = &'a Event> {
        let events = self.events.get(path).map(Vec::as_slice).unwrap_or_default();
        events.iter().filter(|event| event.id.number <= view[event.id.author])
    }

    /// What the author of a commit had in view.
    pub fn view_of(&self, author: Author, number: u64) -> Option<&Numbers> {
        self.views.get(&(author, number))
    }

    /// The newest commits of all.
    pub fn newest(&self) -> Numbers {
        let mut newest = vec![0; self.authors()];
        for &(author, number) in self.views.keys() {
            newest[author] = newest[author].max(number);
        }
        newest
    }

    /// Takes a draft in as a commit. Its number is above all that was in view.
    pub fn commit(&mut self, author: Author, view: &Numbers, draft: &Draft) -> u64 {
        let number = 1 + view.iter().copied().max().unwrap_or(0);
        for (path, row) in draft.rows() {
            let words = std::iter::once(&row.now).chain(row.beside.iter());
            for (part, version) in words.enumerate() {
                let id = EventId { number, author, part };
                let over = if part == 0 { row.over.clone() } else { BTreeSet::new() };
                let event = Event { id, version: version.clone(), over };
                self.events.entry(path.clone()).or_default().push(event);
            }
        }
        self.views.insert((author, number), view.clone());
        number
    }
}
