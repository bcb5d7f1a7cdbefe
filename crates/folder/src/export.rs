//! From a drive into a folder.
//!
//! The view is walked twice. The first walk only counts, and finds out whether all of the
//! directories are held here; nothing is made before. The second makes directories as it meets
//! them, and hands everything else to threads that write. Names of one file are linked when all
//! files are there, and directories get their attributes last, so that nothing changes their times
//! again.

mod attributes;
mod directories;
mod error;
mod place;
mod survey;
mod write;
mod writers;

use std::fs;
use std::io;
use std::path::PathBuf;

use ply_drive::{DriveError, Kind, Version, View};
use ply_engine::Engine;
use ply_types::Path;

use crate::beneath::Beneath;
use crate::progress::{Progress, Report};
use crate::warning::Warnings;

pub use error::ExportError;

/// What an export may meet in the folder that it writes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Nothing: the folder is missing or empty, or the export is refused.
    #[default]
    Refuse,
    /// Anything. Directories are shared, whatever else has a name that is exported is replaced,
    /// each file at once and whole. What the view does not have stays. A directory in the place of
    /// a file is refused, and so is a link in the place of a directory.
    Replace,
}

/// An export of one path.
///
/// A directory becomes the folder `dest`; anything else becomes `dest`, or a name in it where
/// `dest` is a folder.
///
/// An export that fails leaves what it wrote so far: run it again with [`Existing::Replace`].
#[derive(Clone, Debug)]
pub struct Export {
    from: Path,
    dest: PathBuf,
    existing: Existing,
}

/// What an export made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportSummary {
    /// Names of files, links to the same file counted each.
    pub files: u64,
    /// Bytes of content that were written.
    pub bytes: u64,
    /// Directories, the top included.
    pub directories: u64,
    /// Symlinks, pipes, sockets and devices.
    pub others: u64,
    /// What a user may want to look at.
    pub warnings: Warnings,
}

/// Where an export goes.
#[derive(Debug)]
struct Dest {
    folder: Beneath,
    /// As the user wrote it.
    path: PathBuf,
    /// What is exported.
    from: Path,
    /// The name in the folder of a single file; empty for a directory.
    single: Vec<u8>,
    existing: Existing,
    /// Whether owners can be restored.
    is_root: bool,
}

/// Something to be made that is no directory.
#[derive(Debug)]
struct Job {
    path: Path,
    version: Version,
}

impl Export {
    /// Exports `from` to `dest`.
    pub fn new(from: Path, dest: impl Into<PathBuf>) -> Self {
        Self { from, dest: dest.into(), existing: Existing::default() }
    }

    /// What may be there already.
    #[must_use]
    pub fn existing(mut self, existing: Existing) -> Self {
        self.existing = existing;
        self
    }

    /// Exports what a view shows. Of paths in conflict that is the shown version.
    pub fn run<E: Engine>(
        &self,
        view: &View<E>,
        report: &Report<'_>,
    ) -> Result<ExportSummary, ExportError> {
        let state = view.path(&self.from)?;
        view.whole(&state.missing)?;
        let absent = || DriveError::Absent { path: self.from.clone() };
        let kind = state.kind().ok_or_else(absent)?;
        let mut totals = Progress::default();
        if kind == Kind::Directory {
            totals = survey::totals(view, &self.from, report)?;
        } else if let Some(shown) = state.shown() {
            totals.files_total = u64::from(kind == Kind::File);
            totals.bytes_total = shown.entry.size();
        }
        if report(totals).is_break() {
            return Err(ExportError::Stopped);
        }
        let dest = self.open_dest(kind)?;
        writers::run(view, &dest, &state, totals, report)
    }

    fn open_dest(&self, kind: Kind) -> Result<Dest, ExportError> {
        let path = self.dest.as_path();
        let machine = |source| ExportError::Machine { path: path.to_owned(), source };
        let is_root = rustix::process::geteuid().is_root();
        let (from, existing) = (self.from.clone(), self.existing);
        let there = match fs::metadata(path) {
            Ok(there) => Some(there),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(machine(error)),
        };
        let is_folder = there.as_ref().is_some_and(fs::Metadata::is_dir);
        let (path, single) = if kind == Kind::Directory {
            match there {
                None => fs::create_dir_all(path).map_err(machine)?,
                Some(_) if !is_folder => {
                    return Err(ExportError::Exists { path: path.to_owned() });
                }
                Some(_) if existing == Existing::Refuse => {
                    if fs::read_dir(path).map_err(machine)?.next().is_some() {
                        return Err(ExportError::NotEmpty { path: path.to_owned() });
                    }
                }
                Some(_) => {}
            }
            (path.to_owned(), Vec::new())
        } else if is_folder {
            let name = self.from.split().map(|(_, name)| name.as_bytes().to_vec());
            (path.to_owned(), name.unwrap_or_default())
        } else {
            let nameless = || machine(io::ErrorKind::InvalidFilename.into());
            let name = path.file_name().ok_or_else(nameless)?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(std::path::Path::new("."));
            (folder.to_owned(), name.as_encoded_bytes().to_vec())
        };
        let folder = Beneath::open(&path)
            .map_err(|source| ExportError::Machine { path: path.clone(), source })?;
        Ok(Dest { folder, path, from, single, existing, is_root })
    }
}
