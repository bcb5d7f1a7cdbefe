//! Why a log could not be read or written.

use ply_engine::EngineError;
use ply_merkle::{NodeIndex, ProofError, RootsError, ShapeError};
use ply_types::{Fault, LogKey};
use thiserror::Error;

/// Why a log could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LogsError {
    /// The engine refused.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The stored bytes of a block are not the block.
    #[error("block {block} of log {log} is damaged here")]
    Damaged {
        /// The log.
        log: LogKey,
        /// The block.
        block: u64,
        /// What the engine said, where it noticed first.
        source: Option<EngineError>,
    },
    /// Rows of a log are malformed or do not fit together.
    #[error("the rows of log {log}: {what}")]
    Rows {
        /// The log.
        log: LogKey,
        /// What does not fit.
        what: String,
    },
    /// There is no such range of blocks.
    #[error("log {log}: {source}")]
    Shape {
        /// The log.
        log: LogKey,
        /// What is wrong with the range.
        source: ShapeError,
    },
    /// There is no such byte.
    #[error("log {log} has no byte {byte_offset} at length {length}")]
    Seek {
        /// The log.
        log: LogKey,
        /// The byte.
        byte_offset: u64,
        /// Blocks of the tree that was searched.
        length: u64,
    },
    /// A node that is needed to prove or to find something is not here.
    #[error("node {index} of log {log} is not held here")]
    MissingNode {
        /// The log.
        log: LogKey,
        /// The node.
        index: NodeIndex,
    },
    /// A proof ends at a node that is not the one known here.
    #[error("node {index} of log {log} is not known here, so it proves nothing")]
    UnknownNode {
        /// The log.
        log: LogKey,
        /// The node.
        index: NodeIndex,
    },
    /// Blocks or proof from someone else are wrong.
    #[error("blocks of log {log}: {source}")]
    Proof {
        /// The log.
        log: LogKey,
        /// What is wrong.
        source: ProofError,
    },
    /// The log cannot grow.
    #[error("log {log}: {source}")]
    Roots {
        /// The log.
        log: LogKey,
        /// Why not.
        source: RootsError,
    },
    /// The log was signed further than it is held here; growing it would fork it.
    #[error(
        "log {log} was signed up to {signed} blocks and is held up to {length}: it cannot grow here"
    )]
    Behind {
        /// The log.
        log: LogKey,
        /// Length of what is here.
        length: u64,
        /// Length of its head.
        signed: u64,
    },
    /// The log cannot be cut there: too short for what is signed, or longer than it is.
    #[error("log {log} cannot be cut to {length} blocks: {signed} are signed, {held} are there")]
    Uncuttable {
        /// The log.
        log: LogKey,
        /// The length asked for.
        length: u64,
        /// Length of its head.
        signed: u64,
        /// Its length.
        held: u64,
    },
    /// Someone else changed the log while changes were collected.
    #[error("log {log} changed meanwhile")]
    Moved {
        /// The log.
        log: LogKey,
    },
}

impl LogsError {
    /// Whether a node that is needed is not held here.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::MissingNode { .. })
    }

    /// Whether what someone else sent is wrong.
    pub fn is_peers_fault(&self) -> bool {
        matches!(self, Self::Proof { .. } | Self::Shape { .. })
    }

    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Engine(error) => error.fault(),
            // A disk that refuses, or a full one, is no damage to the block.
            Self::Damaged { source, .. } => {
                source.as_ref().map_or(Fault::Corrupt, EngineError::fault)
            }
            Self::Rows { .. } => Fault::Corrupt,
            Self::Shape { source, .. } => source.fault(),
            Self::Seek { .. } | Self::UnknownNode { .. } | Self::Uncuttable { .. } => {
                Fault::Invalid
            }
            Self::MissingNode { .. } => Fault::Absent,
            Self::Proof { source, .. } => source.fault(),
            Self::Roots { source, .. } => source.fault(),
            Self::Behind { .. } | Self::Moved { .. } => Fault::Conflict,
        }
    }
}
