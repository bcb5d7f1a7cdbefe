//! The directories of an export: made on the way, and given their attributes at the end.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use ply_drive::{Attributes, PathState};
use ply_types::Path;
use rustix::fs::{Mode, OFlags, mkdirat};
use rustix::io::Errno;

use super::attributes::{set_mode, set_open};
use super::{Dest, Existing, ExportError};
use crate::beneath::{LastDirectory, split};
use crate::warning::Warnings;

impl Dest {
    /// The path in the folder of a path in the drive.
    pub(super) fn relative<'path>(&'path self, path: &'path Path) -> &'path [u8] {
        if !self.single.is_empty() {
            return &self.single;
        }
        let rest = path.as_bytes().get(self.from.as_bytes().len()..).unwrap_or_default();
        rest.strip_prefix(b"/").unwrap_or(rest)
    }

    /// The same for a person to read.
    pub(super) fn display(&self, path: &Path) -> PathBuf {
        self.path.join(OsStr::from_bytes(self.relative(path)))
    }

    /// What an error of the system means for a path.
    pub(super) fn refused(&self, path: &Path, source: io::Error) -> ExportError {
        let display = self.display(path);
        match Errno::from_io_error(&source) {
            Some(Errno::LOOP | Errno::NOTDIR | Errno::ISDIR | Errno::NOTEMPTY) => {
                ExportError::InTheWay { path: display }
            }
            Some(Errno::EXIST) => ExportError::Exists { path: display },
            _ => ExportError::Machine { path: display, source },
        }
    }
}

/// The directories made so far.
#[derive(Debug, Default)]
pub(super) struct Directories {
    parent: LastDirectory,
    /// Parents first. `None` for those that were there and of which no writer says more than that.
    made: Vec<(Path, Option<Attributes>)>,
}

impl Directories {
    /// Makes a directory, which for now only its owner may enter.
    pub(super) fn make(
        &mut self,
        dest: &Dest,
        path: &Path,
        attributes: Option<Attributes>,
    ) -> Result<(), ExportError> {
        let (parent, name) = split(dest.relative(path));
        let refused = |error| dest.refused(path, error);
        let parent = self.parent.open(&dest.folder, parent).map_err(refused)?;
        let mut attributes = attributes;
        match mkdirat(parent, name, Mode::RWXU) {
            // As the drive shows it.
            Ok(()) => attributes = attributes.or_else(|| Some(PathState::default().attributes())),
            // Opening it, which never goes through a link, tells whether it is a directory.
            Err(Errno::EXIST) if dest.existing == Existing::Replace => {
                let flags = OFlags::PATH | OFlags::DIRECTORY;
                let there = dest.folder.at(dest.relative(path), flags).map_err(refused)?;
                // It may be closed even to its owner, as the drive may say again at the end.
                if !dest.is_root && attributes.is_some() {
                    set_mode(&there, Mode::RWXU).map_err(refused)?;
                }
            }
            Err(error) => return Err(refused(error.into())),
        }
        self.made.push((path.clone(), attributes));
        Ok(())
    }

    /// The top is there already.
    pub(super) fn top(&mut self, path: &Path, attributes: Option<Attributes>) {
        self.made.push((path.clone(), attributes));
    }

    /// Gives all directories their attributes, and says how many there are. Those deepest down come
    /// first: afterwards they may be closed to whoever exports.
    pub(super) fn finish(self, dest: &Dest, warnings: &mut Warnings) -> Result<u64, ExportError> {
        let count = self.made.len() as u64;
        for (path, attributes) in self.made.into_iter().rev() {
            let Some(attributes) = attributes else { continue };
            let refused = |error| dest.refused(&path, error);
            let directory = dest.folder.directory(dest.relative(&path)).map_err(refused)?;
            set_open(dest, &path, &directory, &attributes, warnings).map_err(refused)?;
        }
        Ok(count)
    }
}
