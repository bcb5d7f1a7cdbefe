//! Why bytes are not a page.

use ply_types::Fault;
use thiserror::Error;

use crate::limits::{KEY_BYTES_MAX, LEVEL_MAX, PAGE_BYTES_MAX, ROWS_MAX, VALUE_BYTES_MAX};

/// Why bytes are not a page, or not the places of its children. Whoever sent them is at fault.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageError {
    /// Longer than any page.
    #[error("a page of {bytes} bytes is longer than {PAGE_BYTES_MAX}")]
    TooLong {
        /// How many bytes came.
        bytes: usize,
    },
    /// Written by a program that knows more than this one, or by none.
    #[error("page version {version} is unknown")]
    Version {
        /// The first byte.
        version: u8,
    },
    /// Higher than any tree.
    #[error("page level {level} is above {LEVEL_MAX}")]
    Level {
        /// The second byte.
        level: u8,
    },
    /// No rows, or more than a page can have.
    #[error("a page has 1 to {ROWS_MAX} rows")]
    RowCount,
    /// A column ends early, goes on too long, or holds a number in a long form.
    #[error("the column of {column} is not in canonical form")]
    Column {
        /// What the column holds.
        column: &'static str,
    },
    /// A key that is too long, not after the one before it, or shares more with it than stated.
    #[error("key {row} is out of order, in a longer form, or longer than {KEY_BYTES_MAX}")]
    Key {
        /// Position of the row.
        row: usize,
    },
    /// Rows go on where the page had to end.
    #[error("row {row} lies beyond the end of its page")]
    Span {
        /// Position of the row.
        row: usize,
    },
    /// A value that is too long.
    #[error("value {row} is longer than {VALUE_BYTES_MAX} bytes, or than its column")]
    Value {
        /// Position of the row.
        row: usize,
    },
    /// More bytes after the last column.
    #[error("{bytes} bytes follow the page")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// There is not one place for each child.
    #[error("{place_count} places for {row_count} rows")]
    PlaceCount {
        /// Places given.
        place_count: usize,
        /// Rows of the page.
        row_count: usize,
    },
    /// The column of places cannot be read.
    #[error("the column of places is not well formed")]
    Places,
}

impl PageError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::PlaceCount { .. } => Fault::Invalid,
            Self::TooLong { .. }
            | Self::Version { .. }
            | Self::Level { .. }
            | Self::RowCount
            | Self::Column { .. }
            | Self::Key { .. }
            | Self::Span { .. }
            | Self::Value { .. }
            | Self::Trailing { .. }
            | Self::Places => Fault::Peer,
        }
    }
}
