//! A page while rows are still being added: each column grows by itself.

use super::strings::Strings;
use super::{Body, Child, Page, VERSION, page_hash};
use crate::codec::{put_length, put_varint};
use crate::refs::{Totals, Where};

/// Rows of one level since the last boundary. The caller keeps keys in order and within the limits.
#[derive(Debug)]
pub(crate) struct Draft {
    level: u8,
    keys: Strings,
    key_column: Vec<u8>,
    /// Lengths of values, or hashes of children.
    second_column: Vec<u8>,
    /// Values, or totals.
    third_column: Vec<u8>,
    value_ends: Vec<u32>,
    children: Vec<(ply_types::PageHash, Totals)>,
    places: Vec<Where>,
    totals: Totals,
}

impl Draft {
    pub(crate) fn new(level: u8) -> Self {
        Self {
            level,
            keys: Strings::default(),
            key_column: Vec::new(),
            second_column: Vec::new(),
            third_column: Vec::new(),
            value_ends: Vec::new(),
            children: Vec::new(),
            places: Vec::new(),
            totals: Totals::default(),
        }
    }

    pub(crate) fn row_count(&self) -> usize {
        self.keys.count()
    }

    /// Sum over all rows.
    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }

    /// The child of the last row of an inner page.
    pub(crate) fn last_child(&self) -> Option<Child> {
        let (&(hash, totals), &place) = (self.children.last()?, self.places.last()?);
        Some(Child { page: crate::PageRef { hash, place }, totals })
    }

    /// Adds a row to a leaf.
    pub(crate) fn push_value(&mut self, key: &[u8], value: &[u8], weight: Totals) {
        self.push_key(key);
        put_length(&mut self.second_column, value.len());
        self.third_column.extend_from_slice(value);
        // A page's values are far below 4 GiB.
        self.value_ends.push(u32::try_from(self.third_column.len()).unwrap_or(u32::MAX));
        self.totals = self.totals + weight;
    }

    /// Adds a row to an inner page.
    pub(crate) fn push_child(&mut self, key: &[u8], child: Child) {
        self.push_key(key);
        self.second_column.extend_from_slice(child.page.hash.as_bytes());
        put_varint(&mut self.third_column, child.totals.count);
        put_varint(&mut self.third_column, child.totals.bytes);
        self.children.push((child.page.hash, child.totals));
        self.places.push(child.page.place);
        self.totals = self.totals + child.totals;
    }

    /// The page of all rows so far.
    pub(crate) fn finish(self) -> Page {
        let columns = [&self.key_column, &self.second_column, &self.third_column];
        let mut bytes = vec![VERSION, self.level];
        put_length(&mut bytes, self.row_count());
        for column in columns {
            put_length(&mut bytes, column.len());
            bytes.extend_from_slice(column);
        }
        let body = match self.level {
            0 => Body::Leaf { start: bytes.len() - self.third_column.len(), ends: self.value_ends },
            _ => Body::Inner { children: self.children, places: self.places },
        };
        let hash = page_hash(&bytes);
        Page { hash, bytes: bytes.into_boxed_slice(), level: self.level, keys: self.keys, body }
    }

    fn push_key(&mut self, key: &[u8]) {
        let last = self.keys.last();
        let shared = last.iter().zip(key).take_while(|(a, b)| a == b).count();
        let (_, suffix) = key.split_at(shared);
        put_length(&mut self.key_column, shared);
        put_length(&mut self.key_column, suffix.len());
        self.key_column.extend_from_slice(suffix);
        self.keys.push(shared, suffix);
    }
}
