//! Why an export did not happen, or stopped.

use std::io;
use std::path::PathBuf;

use ply_drive::{DriveError, Missing};
use ply_types::{Fault, Path};
use thiserror::Error;

use crate::import::fault_of;

/// Why an export did not happen, or stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The folder has something in it, and nothing was to be replaced.
    #[error("{}: not empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// Something is in the way that was not to be replaced.
    #[error("{}: exists", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// A directory is needed where a link or something else is, or the other way round.
    #[error("{}: something of another kind is in the way", path.display())]
    InTheWay {
        /// The path.
        path: PathBuf,
    },
    /// The machine refused.
    #[error("{}: cannot be written", path.display())]
    Machine {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The content of a path is not held here, or is damaged. No file has its name.
    #[error("{path}: its content cannot be read")]
    Content {
        /// The path in the drive.
        path: Path,
        /// What is wrong with it.
        source: Box<DriveError>,
    },
    /// Whoever hears the reports wanted it to end.
    #[error("stopped")]
    Stopped,
    /// The drive refused, or lacks directories.
    #[error(transparent)]
    Drive(#[from] DriveError),
}

impl ExportError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotEmpty { .. } | Self::Exists { .. } | Self::InTheWay { .. } => Fault::Conflict,
            Self::Machine { source, .. } => fault_of(source),
            Self::Content { source, .. } => source.fault(),
            Self::Stopped => Fault::Machine,
            Self::Drive(error) => error.fault(),
        }
    }

    /// What has to be fetched before the export can be run again.
    pub fn missing(&self) -> Option<Missing> {
        let error = match self {
            Self::Drive(error) => error,
            Self::Content { source, .. } => source,
            _ => return None,
        };
        match error {
            DriveError::Missing(missing) => Some(*missing),
            _ => None,
        }
    }
}
