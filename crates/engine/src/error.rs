//! Why an engine could not do what it was asked.

use ply_types::Fault;
use thiserror::Error;

use crate::location::Location;

/// Why an engine could not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The bytes at a location are not those that were written there.
    #[error("pack {} is damaged at byte {}: {what}", .at.pack, .at.offset)]
    Damaged {
        /// Where.
        at: Location,
        /// What does not fit.
        what: &'static str,
    },
    /// The disk is full.
    #[error("no space left in {place}")]
    Full {
        /// The folder or file that could not grow.
        place: String,
    },
    /// A frame is longer than any frame may be.
    #[error("a frame of {bytes} bytes exceeds {max}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The store was written by a newer program.
    #[error(
        "{place} has store format {found}, and this program reads up to {known}: use a newer ply"
    )]
    Newer {
        /// The folder of the store.
        place: String,
        /// Its format.
        found: u32,
        /// The newest format this program knows.
        known: u32,
    },
    /// What says which format a store has is gone, or says none.
    #[error("{place}: {what}, so nobody knows which format the store has")]
    NoFormat {
        /// The file.
        place: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Another process has the store open.
    #[error("{place} is in use by another process")]
    InUse {
        /// The folder of the store.
        place: String,
    },
    /// The operating system refused.
    #[error("{doing} {place}")]
    Io {
        /// What was tried, as a verb: "reading", "writing".
        doing: &'static str,
        /// On what.
        place: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// There are frames, and nothing that says where each belongs.
    #[error("{place} is not there or not whole, and packs are: the index of this store is lost")]
    NoRows {
        /// The folder of the rows.
        place: String,
    },
    /// The database underneath found its files damaged.
    #[error("the index of {place} is damaged: {what}")]
    DamagedRows {
        /// The folder of the rows.
        place: String,
        /// What it said.
        what: String,
    },
    /// Changes that were durable are not there any more.
    #[error("the last {lost} of {of} durable changes are gone from the index of {place}")]
    LostRows {
        /// The folder of the rows.
        place: String,
        /// How many are gone.
        lost: u64,
        /// How many there were.
        of: u64,
    },
    /// The database underneath refused.
    #[error("the index of {place}: {what}")]
    Database {
        /// The folder of the store.
        place: String,
        /// What it said.
        what: String,
    },
}

impl EngineError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Damaged { .. }
            | Self::NoFormat { .. }
            | Self::NoRows { .. }
            | Self::DamagedRows { .. }
            | Self::LostRows { .. } => Fault::Corrupt,
            Self::Full { .. } => Fault::Full,
            Self::TooLong { .. } => Fault::Invalid,
            // No change to the request would help: this program must not touch that store.
            Self::Newer { .. } => Fault::Denied,
            Self::InUse { .. } => Fault::Conflict,
            Self::Io { .. } | Self::Database { .. } => Fault::Machine,
        }
    }
}
