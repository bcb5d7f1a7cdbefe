//! A tree out of nothing but its rows.

use crate::error::{BuildError, RowError};
use crate::levels::{Levels, Top};
use crate::refs::PageRef;
use crate::seam::{Sink, Weigh};

/// Takes rows in order and writes pages as they fill. Holds one unfinished page per level.
#[derive(Debug)]
pub struct Builder<'w, W, S> {
    levels: Levels<'w, W, S>,
    last_key: Vec<u8>,
    row_count: usize,
}

impl<'w, W: Weigh, S: Sink> Builder<'w, W, S> {
    /// Begins an empty tree.
    pub fn new(weigh: &'w W, sink: S) -> Self {
        Self { levels: Levels::new(weigh, sink), last_key: Vec::new(), row_count: 0 }
    }

    /// Adds a row behind all others.
    pub fn push(&mut self, key: &[u8], value: &[u8]) -> Result<(), BuildError<S::Error>> {
        RowError::check_key(self.row_count, &self.last_key, key)?;
        RowError::check_value(self.row_count, value)?;
        self.levels.push(key, value)?;
        self.last_key.clear();
        self.last_key.extend_from_slice(key);
        self.row_count += 1;
        Ok(())
    }

    /// Writes the pages that are still open. Gives the root; `None` if there were no rows.
    pub fn finish(mut self) -> Result<Option<PageRef>, BuildError<S::Error>> {
        Ok(match self.levels.finish()? {
            Top::Empty => None,
            Top::Root(root) | Top::Old(root) => Some(root),
        })
    }
}

/// Builds a tree of `rows`, which must come in ascending order of keys.
pub fn build<K: AsRef<[u8]>, V: AsRef<[u8]>, S: Sink>(
    rows: impl IntoIterator<Item = (K, V)>,
    weigh: &impl Weigh,
    sink: &mut S,
) -> Result<Option<PageRef>, BuildError<S::Error>> {
    let mut builder = Builder::new(weigh, sink);
    for (key, value) in rows {
        builder.push(key.as_ref(), value.as_ref())?;
    }
    builder.finish()
}
