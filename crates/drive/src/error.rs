//! What can go wrong with a drive, with enough context to act on.

use ply_engine::EngineError;
use ply_log::LogsError;
use ply_types::{Fault, LogKey, Path, PathError};
use thiserror::Error;

use crate::commit::CommitFault;
use crate::entry::EntryFault;
use crate::membership::RecordError;

/// Something that is part of the drive and not held here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Missing {
    /// The log that has it.
    pub log: LogKey,
    /// Which block of it.
    pub block: u64,
}

/// Why an operation on a drive did not happen.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DriveError {
    /// Nothing has that path.
    #[error("{path}: no such file or directory")]
    Absent {
        /// The path.
        path: Path,
    },
    /// The path is there already.
    #[error("{path}: already exists")]
    Exists {
        /// The path.
        path: Path,
    },
    /// A directory was needed.
    #[error("{path}: not a directory")]
    NotADirectory {
        /// The path.
        path: Path,
    },
    /// Something other than a directory was needed.
    #[error("{path}: is a directory")]
    IsADirectory {
        /// The path.
        path: Path,
    },
    /// The directory still has names in it.
    #[error("{path}: directory not empty")]
    NotEmpty {
        /// The path.
        path: Path,
    },
    /// A file was needed.
    #[error("{path}: not a file")]
    NotAFile {
        /// The path.
        path: Path,
    },
    /// The request makes no sense.
    #[error("{path}: {what}")]
    Invalid {
        /// The path.
        path: Path,
        /// Why not.
        what: &'static str,
    },
    /// Bytes that are no path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A writer that has no version there.
    #[error("{path}: no version by writer {writer}")]
    NoVersion {
        /// The path.
        path: Path,
        /// The writer that was named.
        writer: String,
    },
    /// A version of the drive that is not in its history.
    #[error("drive '{drive}' has no commit {revision}, as far as its history is held here")]
    NoCommit {
        /// The local name of the drive.
        drive: String,
        /// What was asked for.
        revision: String,
    },
    /// Digits with which more than one commit begins.
    #[error("drive '{drive}': more than one commit begins with {revision}, write more digits")]
    Ambiguous {
        /// The local name of the drive.
        drive: String,
        /// What was asked for.
        revision: String,
    },
    /// There is nothing to resolve.
    #[error("{path}: not in conflict")]
    NotInConflict {
        /// The path.
        path: Path,
    },
    /// This node may read the drive and not write it.
    #[error("drive '{drive}' is read-only here: ask its owner for a ticket with --write")]
    ReadOnly {
        /// The local name of the drive.
        drive: String,
    },
    /// This node may not share or admit.
    #[error("only the owner or an admin of drive '{drive}' may do that")]
    NotAdmin {
        /// The local name of the drive.
        drive: String,
    },
    /// This node holds the drive without its read key.
    #[error(
        "drive '{drive}' cannot be read here: this node keeps it as a blind mirror, without its read key"
    )]
    Blind {
        /// The local name of the drive.
        drive: String,
    },
    /// This node knows the key of a private drive and took it for a public one.
    #[error("drive '{drive}' is private: its key alone does not open it")]
    Private {
        /// The local name of the drive.
        drive: String,
    },
    /// Part of the drive is not held here.
    #[error("block {} of log {} is not held here", .0.block, .0.log)]
    Missing(Missing),
    /// Nobody in reach has what is needed.
    #[error("{path}: nobody in reach has it{}", unfetched(.writers))]
    Offline {
        /// The path.
        path: Path,
        /// The writers whose part is not here.
        writers: Vec<LogKey>,
    },
    /// Nothing of the drive has arrived yet, so nobody can tell what is in it.
    #[error("nothing of drive '{drive}' has arrived here yet, and no peer of it is in reach")]
    Unheard {
        /// The local name of the drive.
        drive: String,
    },
    /// A block does not say what it must.
    #[error("drive '{drive}', block {block} of log {log}: {what}")]
    Damaged {
        /// The local name of the drive.
        drive: String,
        /// The log.
        log: LogKey,
        /// The block.
        block: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The rows of this store do not fit together.
    #[error("drive '{drive}': {what}")]
    Inconsistent {
        /// The local name of the drive.
        drive: String,
        /// What does not fit.
        what: String,
    },
    /// A log refused.
    #[error(transparent)]
    Log(#[from] LogsError),
    /// Storage refused.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// What was handed in is no record of membership of this drive.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// What was handed in proves no fork.
    #[error("a proof of a fork does not hold: {what}")]
    Fork {
        /// What is wrong with it.
        what: String,
    },
    /// Reading what was to be written failed.
    #[error("reading {what}")]
    Source {
        /// What was read.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}

fn unfetched(writers: &[LogKey]) -> String {
    let mut text = String::new();
    for writer in writers {
        text.push_str(if text.is_empty() { " (writer not fetched: " } else { ", " });
        text.push_str(&writer.to_string());
    }
    if !text.is_empty() {
        text.push(')');
    }
    text
}

impl DriveError {
    /// The block without which this could not be done: one that is not held here, or is damaged.
    /// `None` for anything else.
    pub fn lacking(&self) -> Option<Missing> {
        match self {
            Self::Missing(missing) => Some(*missing),
            Self::Log(LogsError::Damaged { log, block, .. }) if self.fault() == Fault::Corrupt => {
                Some(Missing { log: *log, block: *block })
            }
            _ => None,
        }
    }

    /// Whether it follows from what is, or is not, at some path.
    pub(crate) fn is_about_paths(&self) -> bool {
        matches!(
            self,
            Self::Missing(_)
                | Self::Absent { .. }
                | Self::Exists { .. }
                | Self::NotADirectory { .. }
                | Self::IsADirectory { .. }
                | Self::NotEmpty { .. }
                | Self::NotAFile { .. }
                | Self::NoVersion { .. }
                | Self::NotInConflict { .. }
        )
    }

    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Absent { .. } | Self::NoVersion { .. } | Self::NoCommit { .. } => Fault::Absent,
            Self::Exists { .. } | Self::NotEmpty { .. } => Fault::Conflict,
            Self::NotADirectory { .. }
            | Self::IsADirectory { .. }
            | Self::NotAFile { .. }
            | Self::NotInConflict { .. }
            | Self::Ambiguous { .. }
            | Self::Invalid { .. }
            | Self::Path(_) => Fault::Invalid,
            Self::ReadOnly { .. }
            | Self::NotAdmin { .. }
            | Self::Blind { .. }
            | Self::Private { .. } => Fault::Denied,
            Self::Missing(_) | Self::Offline { .. } | Self::Unheard { .. } => Fault::Offline,
            Self::Damaged { .. } | Self::Inconsistent { .. } => Fault::Corrupt,
            Self::Log(error) => error.fault(),
            Self::Engine(error) => error.fault(),
            Self::Record(error) => error.fault(),
            Self::Fork { .. } => Fault::Peer,
            Self::Source { .. } => Fault::Machine,
        }
    }
}

/// An error that may be a drive's own: one that names what has to be brought before the same is tried
/// again.
pub trait Incomplete: From<DriveError> {
    /// The error of the drive in it, or itself where it is of something else.
    fn into_drive_error(self) -> Result<DriveError, Self>;
}

impl Incomplete for DriveError {
    fn into_drive_error(self) -> Result<DriveError, Self> {
        Ok(self)
    }
}

/// What is wrong with a block, before anybody knows which drive it is of.
#[derive(Debug, Error)]
pub(crate) enum BlockFault {
    #[error(transparent)]
    Commit(#[from] CommitFault),
    #[error(transparent)]
    Entry(#[from] EntryFault),
    #[error(transparent)]
    Frame(#[from] ply_chunk::FrameError),
    #[error("{0}")]
    Other(&'static str),
}
