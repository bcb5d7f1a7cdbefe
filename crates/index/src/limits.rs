//! The limits of a tree and the arithmetic that ties them together.
//!
//! Every one of them is part of the format: change one, and the same rows give another root.

/// Longest key: a path of 4095 bytes, and room for whoever marks ranges and separators in it.
pub const KEY_BYTES_MAX: usize = 4608;

/// Longest value. What is longer belongs into a block of its own.
pub const VALUE_BYTES_MAX: usize = 1024;

/// What a row counts for beside its key when pages are cut: about what the rest of it takes, be it
/// a file's entry or a child's hash and totals.
pub const ROW_OVERHEAD_BYTES: usize = 48;

/// No page ends before its rows span this much: Σ (key bytes + [`ROW_OVERHEAD_BYTES`]).
pub const SPAN_BYTES_MIN: usize = 2 * 1024;

/// A page ends with the row that brings its span here, whatever that row's hash.
pub const SPAN_BYTES_MAX: usize = 24 * 1024;

/// No inner page but the last of its level has fewer children.
///
/// Very long keys would otherwise make pages of one child, and a writer who picks keys by their
/// hashes could stack such pages without end.
pub const FANOUT_MIN: usize = 4;

/// Highest level a page may have. [`FANOUT_MIN`]¹⁶ leaves are four billion: no honest tree gets
/// here.
pub const LEVEL_MAX: u8 = 16;

/// Most rows in a page: as many of the shortest key as fit below [`SPAN_BYTES_MAX`], and the one
/// that crosses it.
pub const ROWS_MAX: usize = (SPAN_BYTES_MAX - 1) / (1 + ROW_OVERHEAD_BYTES) + 1;

/// Most bytes in a page's canonical form.
///
/// Pages are cut by keys alone so that a changed value moves nothing; a page full of the longest
/// values is therefore much larger than its span. A page of ordinary entries takes 4 to 8 KiB.
pub const PAGE_BYTES_MAX: usize = 512 * 1024;

/// Largest span of all rows of a page together.
pub(crate) const PAGE_SPAN_MAX: usize = SPAN_BYTES_MAX - 1 + KEY_BYTES_MAX + ROW_OVERHEAD_BYTES;

/// Version byte, level, row count (2 bytes), and three column lengths (3 bytes each).
const HEADER_BYTES_MAX: usize = 2 + 2 + 3 * 3;
/// Shared prefix, suffix length and value length take two bytes each.
const LEAF_ROW_BYTES_MAX: usize = 3 * 2 + VALUE_BYTES_MAX;
/// Shared prefix and suffix length, a hash, and two numbers of 64 bits.
const INNER_ROW_BYTES_MAX: usize = 2 * 2 + 32 + 2 * 10;

/// Longest possible page: what its rows span, where each row has more beside its key than the span
/// has counted for it.
const fn page_bytes_max(row_bytes_max: usize) -> usize {
    HEADER_BYTES_MAX + PAGE_SPAN_MAX + ROWS_MAX * (row_bytes_max - ROW_OVERHEAD_BYTES)
}

const _: () = assert!(page_bytes_max(LEAF_ROW_BYTES_MAX) <= PAGE_BYTES_MAX);
const _: () = assert!(page_bytes_max(INNER_ROW_BYTES_MAX) <= PAGE_BYTES_MAX);
const _: () = assert!(SPAN_BYTES_MIN < SPAN_BYTES_MAX);
const _: () = assert!(
    FANOUT_MIN * (KEY_BYTES_MAX + ROW_OVERHEAD_BYTES) < SPAN_BYTES_MAX,
    "the least fan-out must not carry a page past the point where it has to end"
);
const _: () =
    assert!(PAGE_BYTES_MAX < 1 << 21 && KEY_BYTES_MAX < 1 << 14, "varints of 3 and 2 bytes");
