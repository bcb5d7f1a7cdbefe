//! What did not go as asked, and did not stop the rest.

use std::fmt;
use std::path::PathBuf;

/// Warnings that are kept; beyond, they are only counted. A file system that takes no extended
/// attributes would have one for every file.
pub const WARNINGS_MAX: usize = 1000;

/// Something a user may want to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// It was there when the folder was listed and gone when it was read. The drive keeps what it
    /// has.
    Vanished {
        /// The path in the folder.
        path: PathBuf,
    },
    /// It became something else while it was imported. The drive keeps what it has.
    Replaced {
        /// The path in the folder.
        path: PathBuf,
    },
    /// It changed each time it was read. What was read last is in the drive.
    Changing {
        /// The path in the folder.
        path: PathBuf,
    },
    /// The machine lets this user make no device there.
    NoDevice {
        /// The path in the folder.
        path: PathBuf,
    },
    /// The file system does not take an extended attribute.
    NoXattr {
        /// The path in the folder.
        path: PathBuf,
        /// Name of the attribute.
        name: Vec<u8>,
    },
    /// The machine does not give the file to its owner.
    NoOwner {
        /// The path in the folder.
        path: PathBuf,
    },
    /// The machine takes no symlink with that target.
    NoSymlink {
        /// The path in the folder.
        path: PathBuf,
    },
    /// Two names of one file had to become two files.
    NoLink {
        /// The path in the folder.
        path: PathBuf,
    },
}

/// Warnings, the first of them whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    kept: Vec<Warning>,
    count: u64,
}

impl Warnings {
    /// The first [`WARNINGS_MAX`] warnings.
    pub fn kept(&self) -> &[Warning] {
        &self.kept
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn push(&mut self, warning: Warning) {
        self.count += 1;
        if self.kept.len() < WARNINGS_MAX {
            self.kept.push(warning);
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        let dropped = other.count - other.kept.len() as u64;
        other.kept.into_iter().for_each(|warning| self.push(warning));
        self.count += dropped;
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vanished { path } => write!(f, "{}: vanished", path.display()),
            Self::Replaced { path } => {
                write!(f, "{}: became something else meanwhile, left out", path.display())
            }
            Self::Changing { path } => {
                write!(f, "{}: changed while it was read", path.display())
            }
            Self::NoDevice { path } => write!(f, "{}: device not made", path.display()),
            Self::NoXattr { path, name } => {
                let name = String::from_utf8_lossy(name);
                write!(f, "{}: attribute '{name}' not set", path.display())
            }
            Self::NoOwner { path } => write!(f, "{}: owner not set", path.display()),
            Self::NoSymlink { path } => {
                write!(f, "{}: symbolic link not made, for its target", path.display())
            }
            Self::NoLink { path } => write!(f, "{}: copied, not linked", path.display()),
        }
    }
}
