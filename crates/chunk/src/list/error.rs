//! Why a list could not be built or read.

use ply_types::Fault;
use thiserror::Error;

use super::piece::ListHash;
use crate::frame::RAW_BYTES_MAX;

/// Why a list could not be built. The builder is then of no more use.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BuildError<E> {
    /// A piece of no bytes, or of more than a chunk may have.
    #[error("a piece of {raw_bytes} bytes is not within 1..={RAW_BYTES_MAX}")]
    Piece {
        /// Its length.
        raw_bytes: u32,
    },
    /// A finished node could not be stored.
    #[error("a node of the content list was not stored")]
    Store(#[source] E),
}

impl<E> BuildError<E> {
    /// What the caller can do about it, given what the store's own error means.
    pub fn fault(&self, store: impl FnOnce(&E) -> Fault) -> Fault {
        match self {
            Self::Piece { .. } => Fault::Invalid,
            Self::Store(source) => store(source),
        }
    }
}

/// Why bytes are not (the expected) part of a list.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ListError {
    /// The bytes end before the list does, or a number in them is not in its shortest form.
    #[error("a content list is cut short or malformed")]
    Malformed,
    /// Bytes follow the end.
    #[error("{extra_bytes} bytes follow the end of a content list")]
    Trailing {
        /// How many.
        extra_bytes: usize,
    },
    /// There is no form of content with this number.
    #[error("content cannot be of form {form}")]
    Form {
        /// The number.
        form: u8,
    },
    /// Higher than the tree of any file.
    #[error("a content list has no level {level}")]
    Level {
        /// The level.
        level: u8,
    },
    /// A number of children that this form cannot have.
    #[error("a content list of {count} children cannot be in this form")]
    Count {
        /// The number.
        count: u64,
    },
    /// A child of no bytes, of too many, or of more than fit in a file.
    #[error("a child of {raw_bytes} bytes cannot be in a content list")]
    Length {
        /// The number.
        raw_bytes: u64,
    },
    /// A child that should have been the last of its node is not.
    #[error("a node of a content list goes on after child {index}, which ends it")]
    Boundary {
        /// Position of the child.
        index: usize,
    },
    /// A sound node, but not the one referred to.
    #[error("node {found} stands where node {expected} was expected")]
    WrongNode {
        /// The hash referred to.
        expected: ListHash,
        /// The hash it has.
        found: ListHash,
    },
    /// The node referred to, with another length or level than the reference says.
    #[error("node {hash} is of another length or level than its parent says")]
    WrongParent {
        /// The hash.
        hash: ListHash,
    },
}

impl ListError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Malformed
            | Self::Trailing { .. }
            | Self::Form { .. }
            | Self::Level { .. }
            | Self::Count { .. }
            | Self::Length { .. }
            | Self::Boundary { .. }
            | Self::WrongNode { .. }
            | Self::WrongParent { .. } => Fault::Corrupt,
        }
    }
}
