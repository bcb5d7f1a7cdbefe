//! A set of row changes that happen together.

use crate::table::Table;

/// One change to the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Writes a row, over an older one of the same key.
    Put {
        /// Where.
        table: Table,
        /// Its key.
        key: Vec<u8>,
        /// Its value.
        value: Vec<u8>,
    },
    /// Removes a row if it is there.
    Delete {
        /// Where.
        table: Table,
        /// Its key.
        key: Vec<u8>,
    },
    /// Removes every row of a half-open range of keys.
    DeleteRange {
        /// Where.
        table: Table,
        /// First key.
        from: Vec<u8>,
        /// One past the last.
        to: Vec<u8>,
    },
}

/// Changes that are applied together, later ones over earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    changes: Vec<Change>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a row.
    pub fn put(&mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.changes.push(Change::Put { table, key: key.into(), value: value.into() });
    }

    /// Removes a row.
    pub fn delete(&mut self, table: Table, key: impl Into<Vec<u8>>) {
        self.changes.push(Change::Delete { table, key: key.into() });
    }

    /// Removes the rows with `from <= key < to`.
    pub fn delete_range(&mut self, table: Table, from: impl Into<Vec<u8>>, to: impl Into<Vec<u8>>) {
        self.changes.push(Change::DeleteRange { table, from: from.into(), to: to.into() });
    }

    /// Adds all changes of `later` after those of this batch.
    pub fn extend(&mut self, later: Self) {
        self.changes.extend(later.changes);
    }

    /// The changes in their order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
