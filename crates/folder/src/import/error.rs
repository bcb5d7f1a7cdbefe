//! Why an import did not happen.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use ply_drive::{DriveError, Missing};
use ply_types::{Fault, Path, PathError};
use thiserror::Error;

/// Why an import did not happen. Whichever it is, the drive is as it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The machine does not let the source be read.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The path in the folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The source has a path that no drive can hold.
    #[error("{}: no drive can hold it", brief(path))]
    Path {
        /// The path in the folder.
        path: PathBuf,
        /// Why not.
        source: PathError,
    },
    /// The source has something else where the drive has a directory with content, and paths that
    /// only the drive has were to stay.
    #[error("{path}: is a directory with content in the drive and something else in the source")]
    InTheWay {
        /// The path in the drive.
        path: Path,
    },
    /// What is not a folder cannot become the root of a drive, and has no name of its own.
    #[error("{}: has no name to be imported under", path.display())]
    Nameless {
        /// The source.
        path: PathBuf,
    },
    /// Whoever hears the reports wanted it to end.
    #[error("stopped")]
    Stopped,
    /// The drive refused, or lacks something that must be seen first.
    #[error(transparent)]
    Drive(#[from] DriveError),
}

impl ImportError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Read { source, .. } => fault_of(source),
            Self::Path { .. } | Self::Nameless { .. } => Fault::Invalid,
            Self::InTheWay { .. } => Fault::Conflict,
            Self::Stopped => Fault::Machine,
            Self::Drive(error) => error.fault(),
        }
    }

    /// What has to be fetched before the import can be run again.
    pub fn missing(&self) -> Option<Missing> {
        match self {
            Self::Drive(DriveError::Missing(missing)) => Some(*missing),
            _ => None,
        }
    }
}

/// A path whose middle is left out where that is too long to be read.
fn brief(path: &std::path::Path) -> String {
    const KEPT_CHARS: usize = 120;
    let text = path.display().to_string();
    let count = text.chars().count();
    if count <= 2 * KEPT_CHARS {
        return text;
    }
    let start: String = text.chars().take(KEPT_CHARS).collect();
    let end: String = text.chars().skip(count - KEPT_CHARS).collect();
    format!("{start} … {end}")
}

/// Who has to act when the file system refuses.
pub(crate) fn fault_of(error: &io::Error) -> Fault {
    match error.kind() {
        ErrorKind::NotFound => Fault::Absent,
        ErrorKind::PermissionDenied => Fault::Denied,
        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => Fault::Conflict,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Fault::Full,
        ErrorKind::InvalidInput | ErrorKind::InvalidFilename => Fault::Invalid,
        _ => Fault::Machine,
    }
}
