//! A page: some consecutive rows of one level, in the one form that is hashed.
//!
//! # Canonical bytes
//!
//! Numbers are base-128 varints in their shortest form, lowest bits first. A column is a varint of
//! its length in bytes, then that many bytes.
//!
//! ```text
//!  offset 0      1 byte    version: 1
//!         1      1 byte    level: 0 for a leaf, at most LEVEL_MAX
//!         2      varint    number of rows, 1 to ROWS_MAX
//!                column    keys, front-coded. For each row:
//!                            varint   bytes shared with the key before, as many as there are
//!                            varint   bytes that follow, at least 1
//!                            bytes    the rest of the key
//!  leaf          column    a varint for each row: length of its value
//!                column    the values, end to end
//!  inner         column    32 bytes for each row: hash of the child
//!                column    two varints for each row: count and bytes beneath the child
//! ```
//!
//! The key of an inner row is the last key beneath its child. Keys ascend strictly. Like stands by
//! like, so that a page compresses well. Nothing follows the last column.
//!
//! Beside these bytes an inner page has a place for each child, see [`encode_where`]. Places are
//! not hashed: a page may move without changing its name.
//!
//! [`encode_where`]: crate::encode_where

mod decode;
mod draft;
mod error;
#[cfg(test)]
mod fuzz;
mod strings;

use std::fmt;

use ply_types::PageHash;

use crate::refs::{PageRef, Totals, Where};
use strings::Strings;

pub(crate) use draft::Draft;
pub use error::PageError;

/// The first byte of a page in this format.
const VERSION: u8 = 1;

/// Context of the page hash.
const HASH_CONTEXT: &str = "plywood 2026-11 index page";

/// A page, taken apart for reading. Always in order, within the limits, and canonical.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    hash: PageHash,
    bytes: Box<[u8]>,
    level: u8,
    keys: Strings,
    body: Body,
}

/// What stands beside the keys.
#[derive(Clone, PartialEq, Eq)]
enum Body {
    /// Where each value ends, counted from `start`, the offset of the first in the canonical bytes.
    Leaf { start: usize, ends: Vec<u32> },
    /// The children; their places default to [`Where::UNKNOWN`].
    Inner { children: Vec<(PageHash, Totals)>, places: Vec<Where> },
}

/// A row of an inner page, without its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// The page.
    pub page: PageRef,
    /// What the writer says lies beneath it.
    pub totals: Totals,
}

/// The name of a page with these canonical bytes.
pub fn page_hash(canonical: &[u8]) -> PageHash {
    PageHash(blake3::derive_key(HASH_CONTEXT, canonical))
}

impl Page {
    /// The name.
    pub fn hash(&self) -> PageHash {
        self.hash
    }

    /// The canonical bytes: what is hashed, stored and sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// 0 for a leaf, else one more than that of each child.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// Number of rows, at least 1.
    pub fn row_count(&self) -> usize {
        self.keys.count()
    }

    /// The key of a row.
    pub fn key(&self, row: usize) -> Option<&[u8]> {
        self.keys.at(row)
    }

    /// The key of the first row.
    pub fn first_key(&self) -> &[u8] {
        self.key(0).unwrap_or_default()
    }

    /// The key of the last row: the greatest beneath this page.
    pub fn last_key(&self) -> &[u8] {
        self.key(self.row_count().saturating_sub(1)).unwrap_or_default()
    }

    /// The value of a row; `None` beyond the last, and in an inner page.
    pub fn value(&self, row: usize) -> Option<&[u8]> {
        let Body::Leaf { start, ends } = &self.body else { return None };
        let value = strings::span(ends, row)?;
        self.bytes.get(start + value.start..start + value.end)
    }

    /// The child of a row; `None` beyond the last, and in a leaf.
    pub fn child(&self, row: usize) -> Option<Child> {
        let Body::Inner { children, places } = &self.body else { return None };
        let &(hash, totals) = children.get(row)?;
        let place = places.get(row).copied().unwrap_or(Where::UNKNOWN);
        Some(Child { page: PageRef { hash, place }, totals })
    }

    /// Where the children are said to lie, in order. Empty in a leaf, or if nobody has said.
    pub fn places(&self) -> &[Where] {
        match &self.body {
            Body::Leaf { .. } => &[],
            Body::Inner { places, .. } => places,
        }
    }

    /// The same page with places for its children: one each, and none for a leaf.
    pub fn with_places(mut self, children_at: Vec<Where>) -> Result<Self, PageError> {
        let (place_count, row_count) = (children_at.len(), self.row_count());
        match &mut self.body {
            Body::Inner { places, .. } if place_count == row_count => *places = children_at,
            Body::Leaf { .. } if place_count == 0 => {}
            _ => return Err(PageError::PlaceCount { place_count, row_count }),
        }
        Ok(self)
    }

    /// The first row whose key is not less than `key`; the number of rows if there is none.
    pub fn lower_bound(&self, key: &[u8]) -> usize {
        self.keys.lower_bound(key)
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("hash", &self.hash)
            .field("level", &self.level)
            .field("rows", &self.row_count())
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
