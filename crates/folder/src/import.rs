//! From a folder into a drive.
//!
//! First the folder is compared with the drive, and the plan of all that differs is made; then the
//! plan is carried out in one transaction. Until its end nothing of it is in view.

mod apply;
mod cache;
mod error;
mod links;
mod plan;
mod read;
mod readers;
mod shown;
mod source;
mod survey;

use std::path::PathBuf;
use std::sync::Arc;

use globset::GlobSet;
use ply_drive::{DriveError, Kind, Replica, Transaction};
use ply_engine::Engine;
use ply_types::Path;

use crate::progress::Report;
use crate::warning::Warnings;

pub use error::ImportError;
pub(crate) use error::fault_of;

/// What becomes of paths that the drive has and the folder has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extra {
    /// They stay.
    #[default]
    Keep,
    /// They are removed: afterwards the drive shows the folder and nothing else there. What
    /// [`Import::exclude`] leaves out stays.
    Remove,
}

/// An import of one source.
///
/// A source that is a folder becomes the directory `to`: content, and the folder's own mode, owner,
/// time and extended attributes. That holds for the root of a drive as well, so that an export
/// gives the same folder back. Of several sources with one destination the last gives it its
/// attributes.
///
/// A source that is something else becomes `to`; or, where `to` is a directory in the drive, a path
/// in it under its own name.
#[derive(Clone, Debug)]
pub struct Import {
    source: PathBuf,
    to: Path,
    extra: Extra,
    exclude: GlobSet,
    exclude_directories: GlobSet,
}

/// What an import found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Names of files in the source.
    pub files: u64,
    /// Directories in the source, its top included.
    pub directories: u64,
    /// Symlinks, pipes, sockets and devices in the source.
    pub others: u64,
    /// Paths of the drive that got a new entry.
    pub changed: u64,
    /// Paths of the drive that were removed.
    pub removed: u64,
    /// Files whose content was read.
    pub read_files: u64,
    /// Bytes that were read of them.
    pub read_bytes: u64,
    /// What a user may want to look at.
    pub warnings: Warnings,
}

impl Import {
    /// Imports `source` into the drive as `to`.
    pub fn new(source: impl Into<PathBuf>, to: Path) -> Self {
        let (exclude, exclude_directories) = (GlobSet::empty(), GlobSet::empty());
        Self { source: source.into(), to, extra: Extra::default(), exclude, exclude_directories }
    }

    /// What becomes of paths that only the drive has.
    #[must_use]
    pub fn extra(mut self, extra: Extra) -> Self {
        self.extra = extra;
        self
    }

    /// Leaves out what a glob matches by its path below the source, or by its name alone; with a
    /// directory all that is in it. It is neither imported nor removed.
    #[must_use]
    pub fn exclude(mut self, exclude: GlobSet) -> Self {
        self.exclude = exclude;
        self
    }

    /// As [`Import::exclude`], for directories only.
    #[must_use]
    pub fn exclude_directories(mut self, exclude: GlobSet) -> Self {
        self.exclude_directories = exclude;
        self
    }

    /// Imports, and saves the draft.
    pub fn run<E: Engine>(
        &self,
        replica: &Arc<Replica<E>>,
        report: &Report<'_>,
    ) -> Result<ImportSummary, ImportError> {
        let mut transaction = Transaction::begin(replica)?;
        let summary = self.run_in(&mut transaction, report)?;
        transaction.save()?;
        Ok(summary)
    }

    /// Imports as part of a transaction, which the caller then saves or commits.
    ///
    /// After an error the transaction must be dropped: part of the plan may be in it.
    pub fn run_in<E: Engine>(
        &self,
        transaction: &mut Transaction<'_, E>,
        report: &Report<'_>,
    ) -> Result<ImportSummary, ImportError> {
        let source = source::Source::open(self, transaction)?;
        let replica = Arc::clone(transaction.replica());
        replica.note_others()?;
        let cache = cache::Cache::new(&replica, source.absolute());
        let state = transaction.path(&source.to)?;
        if source.single.is_empty() && state.kind().is_some_and(|kind| kind != Kind::Directory) {
            // What lies below is made what the folder has. What was named to hold it is the user's word.
            return Err(DriveError::NotADirectory { path: source.to.clone() }.into());
        }
        let top = shown::Current::of(&state);
        let shown = shown::Shown::new(transaction);
        let plan = survey::Survey::new(self, &source, &shown, cache, report).run(top)?;
        apply::apply(transaction, &source, plan, report)
    }
}
