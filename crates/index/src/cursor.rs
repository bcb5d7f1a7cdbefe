//! Rows in order, one after another.

use crate::error::TreeError;
use crate::range::KeyRange;
use crate::refs::PageRef;
use crate::seam::Pages;
use crate::trail::{Here, Trail};

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Walks the rows of a range, forwards, and jumps to any key of it.
///
/// Keeps the pages between the root and where it stands, so that the next row costs a page only at
/// the end of a leaf, and a jump only what lies below the first common page. Its door may be a
/// reference or an [`Arc`](std::sync::Arc).
#[derive(Debug)]
pub struct Cursor<P> {
    root: Option<PageRef>,
    range: KeyRange,
    trail: Trail<P>,
    /// Rows before this key are passed on the way down.
    from: Vec<u8>,
}

impl<P: Pages> Cursor<P> {
    /// Stands before the first row of `range`. Reads nothing yet.
    pub fn new(pages: P, root: Option<PageRef>, range: KeyRange) -> Self {
        Self { root, from: range.start.clone(), range, trail: Trail::new(pages, root) }
    }

    /// Jumps, forwards or back, to the first row of the range that is not before `key`. Reads
    /// nothing yet.
    pub fn seek(&mut self, key: &[u8]) {
        self.from.clear();
        self.from.extend_from_slice(key.max(&self.range.start));
        if !self.trail.climb(&self.from) {
            self.trail.restart(self.root);
        }
    }

    /// The row ahead, without passing it; `None` at the end of the range.
    pub async fn peek(&mut self) -> Result<Option<(&[u8], &[u8])>, TreeError<P::Error>> {
        self.descend().await?;
        match self.trail.here() {
            Here::Row { key, value } if !self.range.is_before(key) => Ok(Some((key, value))),
            _ => Ok(None),
        }
    }

    /// The row ahead, which is then passed; `None` at the end of the range.
    pub async fn next(&mut self) -> Result<Option<Row>, TreeError<P::Error>> {
        let row = self.peek().await?.map(|(key, value)| (key.to_vec(), value.to_vec()));
        if row.is_some() {
            self.trail.skip();
        }
        Ok(row)
    }

    /// Passes the row ahead, for callers who have peeked at it. Does nothing if none has been seen.
    pub fn advance(&mut self) {
        if matches!(self.trail.here(), Here::Row { key, .. } if !self.range.is_before(key)) {
            self.trail.skip();
        }
    }

    /// Goes down to a row, unless the range ends before the next page.
    async fn descend(&mut self) -> Result<(), TreeError<P::Error>> {
        loop {
            match self.trail.here() {
                Here::Root(_) => drop(self.trail.enter(&self.from).await?),
                Here::Child { .. } if !self.range.is_over_after(self.trail.lower()) => {
                    self.trail.enter(&self.from).await?;
                }
                Here::Child { .. } | Here::Row { .. } | Here::End => return Ok(()),
            }
        }
    }
}
