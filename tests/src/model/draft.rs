//! Changes that are not committed yet.

use std::collections::{BTreeMap, BTreeSet};

use super::{EventId, Version};

/// What a draft says of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftRow {
    /// Events in view when the path entered the draft, those left standing excepted.
    pub over: BTreeSet<EventId>,
    /// What the path becomes; `None` when it is removed.
    pub now: Option<Version>,
    /// Earlier words of the same draft that were not the ones written over.
    pub beside: Vec<Option<Version>>,
}

/// The draft of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    rows: BTreeMap<String, DraftRow>,
}

impl Draft {
    /// What it says of a path.
    pub fn row(&self, path: &str) -> Option<&DraftRow> {
        self.rows.get(path)
    }

    /// All it says.
    pub fn rows(&self) -> impl Iterator<Item = (&String, &DraftRow)> {
        self.rows.iter()
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Says something of a path.
    pub fn put(&mut self, path: &str, row: DraftRow) {
        self.rows.insert(path.to_owned(), row);
    }

    /// Says nothing of a path any more.
    pub fn forget(&mut self, path: &str) {
        self.rows.remove(path);
    }
}
