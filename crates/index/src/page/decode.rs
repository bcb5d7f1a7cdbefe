//! Bytes from anywhere to a page. Each rule of the canonical form is checked where it is read, so
//! that two different byte strings never decode to the same rows.

use ply_types::PageHash;

use super::strings::Strings;
use super::{Body, Page, PageError, VERSION, page_hash};
use crate::codec::Reader;
use crate::limits::{
    KEY_BYTES_MAX, LEVEL_MAX, PAGE_BYTES_MAX, ROW_OVERHEAD_BYTES, ROWS_MAX, SPAN_BYTES_MAX,
    VALUE_BYTES_MAX,
};
use crate::refs::Totals;

impl Page {
    /// Takes a page apart, and hashes it.
    ///
    /// Allocates a copy of `canonical` and, for the keys that front-coding has folded up, at most
    /// what the longest page spans: about 28 KiB.
    pub fn decode(canonical: &[u8]) -> Result<Self, PageError> {
        if PAGE_BYTES_MAX < canonical.len() {
            return Err(PageError::TooLong { bytes: canonical.len() });
        }
        let mut reader = Reader::new(canonical);
        let version = reader.byte().unwrap_or(0);
        if version != VERSION {
            return Err(PageError::Version { version });
        }
        let level = reader.byte().ok_or(PageError::RowCount)?;
        if LEVEL_MAX < level {
            return Err(PageError::Level { level });
        }
        let row_count = reader.length(ROWS_MAX).filter(|&count| count != 0);
        let row_count = row_count.ok_or(PageError::RowCount)?;
        let keys = keys(column(&mut reader, "keys")?, row_count)?;
        let body = if level == 0 {
            let lengths = column(&mut reader, "value lengths")?;
            let values = column(&mut reader, "values")?;
            let after_bytes = values.remaining_bytes() + reader.remaining_bytes();
            let ends = value_ends(lengths, values.remaining_bytes(), row_count)?;
            Body::Leaf { start: canonical.len() - after_bytes, ends }
        } else {
            let hashes = column(&mut reader, "child hashes")?;
            let totals = column(&mut reader, "totals")?;
            let children = children(hashes, totals, row_count)?;
            Body::Inner { children, places: Vec::new() }
        };
        if !reader.is_empty() {
            return Err(PageError::Trailing { bytes: reader.remaining_bytes() });
        }
        Ok(Self { hash: page_hash(canonical), bytes: canonical.into(), level, keys, body })
    }
}

fn column<'buf>(
    reader: &mut Reader<'buf>,
    column: &'static str,
) -> Result<Reader<'buf>, PageError> {
    reader.column().ok_or(PageError::Column { column })
}

/// The page had to end once its rows spanned [`SPAN_BYTES_MAX`]; that bounds what keys unfold to.
fn keys(mut reader: Reader<'_>, row_count: usize) -> Result<Strings, PageError> {
    let mut keys = Strings::default();
    let mut span_bytes = 0;
    for row in 0..row_count {
        if SPAN_BYTES_MAX <= span_bytes {
            return Err(PageError::Span { row });
        }
        let (shared, suffix) = key(&mut reader, keys.last()).ok_or(PageError::Key { row })?;
        keys.push(shared, suffix);
        span_bytes += shared + suffix.len() + ROW_OVERHEAD_BYTES;
    }
    if reader.is_empty() { Ok(keys) } else { Err(PageError::Column { column: "keys" }) }
}

/// A key follows `last` and shares exactly `shared` bytes with it: then the next byte of the one is
/// less than that of the other, or `last` has no next byte.
fn key<'buf>(reader: &mut Reader<'buf>, last: &[u8]) -> Option<(usize, &'buf [u8])> {
    let shared = reader.length(last.len())?;
    let suffix_bytes = reader.length(KEY_BYTES_MAX - shared)?;
    let suffix = reader.bytes(suffix_bytes)?;
    let next = suffix.first()?;
    last.get(shared).is_none_or(|byte| byte < next).then_some((shared, suffix))
}

fn value_ends(
    mut reader: Reader<'_>,
    values_bytes: usize,
    row_count: usize,
) -> Result<Vec<u32>, PageError> {
    let mut ends = Vec::with_capacity(row_count.min(reader.remaining_bytes()));
    let mut end = 0;
    for row in 0..row_count {
        end += reader.length(VALUE_BYTES_MAX).ok_or(PageError::Value { row })?;
        if values_bytes < end {
            return Err(PageError::Value { row });
        }
        ends.push(u32::try_from(end).map_err(|_| PageError::Value { row })?);
    }
    if !reader.is_empty() {
        return Err(PageError::Column { column: "value lengths" });
    }
    if end == values_bytes { Ok(ends) } else { Err(PageError::Column { column: "values" }) }
}

fn children(
    mut hashes: Reader<'_>,
    mut totals: Reader<'_>,
    row_count: usize,
) -> Result<Vec<(PageHash, Totals)>, PageError> {
    let mut children = Vec::with_capacity(row_count);
    for _ in 0..row_count {
        let &hash = hashes.array().ok_or(PageError::Column { column: "child hashes" })?;
        let totals = read_totals(&mut totals).ok_or(PageError::Column { column: "totals" })?;
        children.push((PageHash(hash), totals));
    }
    if !hashes.is_empty() {
        return Err(PageError::Column { column: "child hashes" });
    }
    if totals.is_empty() { Ok(children) } else { Err(PageError::Column { column: "totals" }) }
}

fn read_totals(reader: &mut Reader<'_>) -> Option<Totals> {
    Some(Totals { count: reader.varint()?, bytes: reader.varint()? })
}
