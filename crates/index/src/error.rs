//! What goes wrong with a whole tree, one enum for each kind of work.
//!
//! The errors of the two doors are the caller's own types; `fault` asks the caller what they mean.

use ply_types::{Fault, PageHash};
use thiserror::Error;

use crate::limits::{KEY_BYTES_MAX, LEVEL_MAX, VALUE_BYTES_MAX};

/// How a page contradicts the page above it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Flaw {
    /// A child must be one level below its parent.
    #[error("its level is {found}, and {expected} under its parent")]
    Level {
        /// One below the parent.
        expected: u8,
        /// What the page says.
        found: u8,
    },
    /// The last key of a child is the key of its row.
    #[error("its last key is not the one its parent states")]
    LastKey,
    /// All keys of a child follow the key of the row before.
    #[error("its first key lies before its range")]
    FirstKey,
}

/// Why a tree cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TreeError<E> {
    /// A page cannot be had.
    #[error("a page of the index cannot be read")]
    Pages(#[source] E),
    /// A page is what its hash promises, and does not fit where it hangs: its writer signed
    /// nonsense.
    #[error("page {page} is malformed: {flaw}")]
    Malformed {
        /// The page that does not fit.
        page: PageHash,
        /// How.
        flaw: Flaw,
    },
}

/// Why rows, or edits, cannot go into a tree. Edits are checked before the first page is written.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RowError {
    /// Rows must come in strictly ascending order of keys.
    #[error("key {index} does not follow the one before it")]
    Unsorted {
        /// Position among the rows that were given.
        index: usize,
    },
    /// The empty key, or one that is too long.
    #[error("key {index} has {bytes} bytes: 1 to {KEY_BYTES_MAX} are possible")]
    KeyLength {
        /// Position among the rows that were given.
        index: usize,
        /// Its length.
        bytes: usize,
    },
    /// A value that is too long.
    #[error("value {index} has {bytes} bytes, more than {VALUE_BYTES_MAX}")]
    ValueLength {
        /// Position among the rows that were given.
        index: usize,
        /// Its length.
        bytes: usize,
    },
}

/// Why a tree cannot be built.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BuildError<S> {
    /// The rows are not what a tree takes.
    #[error(transparent)]
    Row(#[from] RowError),
    /// A page cannot be kept.
    #[error("a page of the index cannot be written")]
    Sink(#[source] S),
    /// No tree of honest pages grows this high.
    #[error("the tree is higher than {LEVEL_MAX} levels")]
    TooHigh,
}

/// Why a tree cannot be edited.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UpdateError<E, S> {
    /// The old tree cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError<E>),
    /// The new tree cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError<S>),
}

impl<E> TreeError<E> {
    /// What the caller can do about it, given what the errors of the pages mean.
    pub fn fault(&self, of_pages: impl FnOnce(&E) -> Fault) -> Fault {
        match self {
            Self::Pages(error) => of_pages(error),
            Self::Malformed { .. } => Fault::Peer,
        }
    }
}

impl RowError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unsorted { .. } | Self::KeyLength { .. } | Self::ValueLength { .. } => {
                Fault::Invalid
            }
        }
    }

    /// Checks the key of a row, and that it follows `last`.
    pub(crate) fn check_key(index: usize, last: &[u8], key: &[u8]) -> Result<(), Self> {
        if key.is_empty() || KEY_BYTES_MAX < key.len() {
            return Err(Self::KeyLength { index, bytes: key.len() });
        }
        if key <= last { Err(Self::Unsorted { index }) } else { Ok(()) }
    }

    /// Checks the value of a row.
    pub(crate) fn check_value(index: usize, value: &[u8]) -> Result<(), Self> {
        let bytes = value.len();
        if VALUE_BYTES_MAX < bytes { Err(Self::ValueLength { index, bytes }) } else { Ok(()) }
    }
}

impl<S> BuildError<S> {
    /// What the caller can do about it, given what the errors of the sink mean.
    pub fn fault(&self, of_sink: impl FnOnce(&S) -> Fault) -> Fault {
        match self {
            Self::Row(error) => error.fault(),
            Self::Sink(error) => of_sink(error),
            Self::TooHigh => Fault::Peer,
        }
    }
}

impl<E, S> UpdateError<E, S> {
    /// What the caller can do about it, given what the errors of pages and sink mean.
    pub fn fault(
        &self,
        of_pages: impl FnOnce(&E) -> Fault,
        of_sink: impl FnOnce(&S) -> Fault,
    ) -> Fault {
        match self {
            Self::Tree(error) => error.fault(of_pages),
            Self::Build(error) => error.fault(of_sink),
        }
    }
}
