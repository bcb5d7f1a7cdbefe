//! The source: what it is, and which of its paths is which path of the drive.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{self, PathBuf};

use ply_drive::{Attributes, Kind, Transaction};
use ply_engine::Engine;
use ply_types::{Name, Path};
use rustix::fs::{OFlags, fstat};

use super::{Import, ImportError};
use crate::beneath::{self, Beneath};
use crate::meta::Meta;

/// Mode of directories above the destination that the drive does not have.
const PARENT_MODE: u32 = 0o755;

/// The source of an import, open.
#[derive(Debug)]
pub(super) struct Source {
    /// The folder; of a single file the folder that it is in.
    pub(super) folder: Beneath,
    /// Its path, as the user wrote it.
    folder_path: PathBuf,
    /// The name of a single file in its folder; empty for a folder.
    pub(super) single: Vec<u8>,
    /// The path in the drive.
    pub(super) to: Path,
    /// The folder's path with nothing left to resolve: what its files are remembered under.
    absolute: PathBuf,
}

impl Source {
    pub(super) fn open<E: Engine>(
        options: &Import,
        transaction: &Transaction<'_, E>,
    ) -> Result<Self, ImportError> {
        let path = options.source.as_path();
        let unreadable = |source| ImportError::Read { path: path.to_owned(), source };
        let is_folder = fs::symlink_metadata(path).map_err(unreadable)?.is_dir();
        let (folder_path, single) = if is_folder {
            (path, Vec::new())
        } else {
            let nameless = || ImportError::Nameless { path: path.to_owned() };
            let name = path.file_name().ok_or_else(nameless)?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            (folder.unwrap_or(path::Path::new(".")), name.as_bytes().to_vec())
        };
        let mut to = options.to.clone();
        if !is_folder && transaction.path(&to)?.kind() == Some(Kind::Directory) {
            to = Name::parse(single.clone())
                .and_then(|name| to.join(&name))
                .map_err(|source| ImportError::Path { path: path.to_owned(), source })?;
        }
        Ok(Self {
            folder: Beneath::open(folder_path).map_err(unreadable)?,
            absolute: fs::canonicalize(folder_path).map_err(unreadable)?,
            folder_path: folder_path.to_owned(),
            single,
            to,
        })
    }

    /// The path in the folder of a path in the drive.
    pub(super) fn relative<'path>(&'path self, path: &'path Path) -> &'path [u8] {
        if !self.single.is_empty() {
            return &self.single;
        }
        let rest = path.as_bytes().get(self.to.as_bytes().len()..).unwrap_or_default();
        rest.strip_prefix(b"/").unwrap_or(rest)
    }

    /// The name in its directory of the source.
    pub(super) fn name<'path>(&'path self, path: &'path Path) -> &'path [u8] {
        beneath::split(self.relative(path)).1
    }

    /// The path in the folder, for a person to read.
    pub(super) fn display(&self, path: &Path) -> PathBuf {
        self.folder_path.join(OsStr::from_bytes(self.relative(path)))
    }

    pub(super) fn absolute(&self) -> &path::Path {
        &self.absolute
    }

    /// Attributes for directories above the destination that the drive does not have: owner and
    /// time of the folder.
    pub(super) fn parent_attributes(&self) -> Result<Attributes, ImportError> {
        let unreadable = |error| self.unreadable(&self.to, error);
        let stat = fstat(self.folder.root()).map_err(|error| unreadable(error.into()))?;
        let folder = Meta::of(&stat).map(|meta| meta.attributes(Vec::new())).unwrap_or_default();
        Ok(Attributes { mode: PARENT_MODE, ..folder })
    }

    /// Opens a file for reading. A pipe that took its place is not waited for.
    pub(super) fn file(&self, path: &Path) -> io::Result<OwnedFd> {
        self.folder.at(self.relative(path), OFlags::RDONLY | OFlags::NONBLOCK)
    }

    pub(super) fn unreadable(&self, path: &Path, source: io::Error) -> ImportError {
        ImportError::Read { path: self.display(path), source }
    }
}
