//! The drive at a moment of its past, to be read.

use std::sync::Arc;

use ply_engine::Engine;
use ply_types::{LogKey, Name, Path};

use super::Drive;
use super::metadata::{Metadata, ReadDir};
use super::read::ReadHandle;
use crate::commit::Commit;
use crate::entry::Kind;
use crate::error::DriveError;
use crate::replica::Revision;
use crate::view::{PathState, View};

/// Names of a directory that are read at once.
const STRETCH: usize = 1024;

/// A drive as the author of a commit had it. Nothing that happens later changes it.
#[derive(Debug)]
pub struct Past<E: Engine> {
    drive: Drive<E>,
    commit: Arc<Commit>,
    view: View<E>,
}

impl<E: Engine> Drive<E> {
    /// The drive as of a commit: all that its author had in view, and the commit itself. Drafts are
    /// no part of it.
    pub async fn at(&self, revision: &Revision) -> Result<Past<E>, DriveError> {
        let root = Path::root();
        self.complete_blocks(&root, || {
            let commit = self.replica.revision(revision)?;
            let view = self.replica.view_at(&commit)?;
            Ok(Past { drive: self.clone(), commit, view })
        })
        .await
    }
}

impl<E: Engine> Past<E> {
    /// The drive that it is the past of.
    pub fn drive(&self) -> &Drive<E> {
        &self.drive
    }

    /// The commit.
    pub fn commit(&self) -> &Arc<Commit> {
        &self.commit
    }

    /// What can be read without fetching.
    pub fn view(&self) -> &View<E> {
        &self.view
    }

    /// What a path was.
    pub async fn metadata(&self, path: &Path) -> Result<Metadata, DriveError> {
        let state = self.state(path).await?;
        Metadata::of(path.clone(), &state).ok_or_else(|| DriveError::Absent { path: path.clone() })
    }

    /// All names that a directory had.
    pub async fn read_dir(&self, path: &Path) -> Result<ReadDir, DriveError> {
        if self.metadata(path).await?.kind != Kind::Directory {
            return Err(DriveError::NotADirectory { path: path.clone() });
        }
        let mut read = ReadDir::default();
        let mut after: Option<Name> = None;
        loop {
            let listing = self.drive.complete_blocks(path, || {
                let listing = self.view.list(path, after.as_ref(), STRETCH)?;
                self.view.whole(&listing.missing)?;
                Ok::<_, DriveError>(listing)
            });
            let listing = listing.await?;
            let entries = listing.names.into_iter().filter_map(Option::from);
            read.entries.extend(entries);
            after = read.entries.last().and_then(|last| last.path.split()).map(|(_, name)| name);
            if !listing.more {
                return Ok(read);
            }
        }
    }

    /// Opens the version of a file that was shown, or that of one writer.
    pub async fn open(
        &self,
        path: &Path,
        writer: Option<&LogKey>,
    ) -> Result<ReadHandle<E>, DriveError> {
        let state = self.state(path).await?;
        let version = match (writer, state.kind()) {
            (_, None) => return Err(DriveError::Absent { path: path.clone() }),
            (Some(writer), _) => state.versions.by(writer).cloned().ok_or_else(|| {
                DriveError::NoVersion { path: path.clone(), writer: writer.to_string() }
            })?,
            (None, Some(Kind::Directory)) => {
                return Err(DriveError::IsADirectory { path: path.clone() });
            }
            (None, Some(_)) => {
                let absent = || DriveError::Absent { path: path.clone() };
                state.shown().cloned().ok_or_else(absent)?
            }
        };
        if version.entry.stored().is_none() {
            return Err(DriveError::NotAFile { path: path.clone() });
        }
        Ok(ReadHandle::new(&self.drive, self.view.clone(), path, version).of_the_past())
    }

    /// The whole content of a file.
    pub async fn read(&self, path: &Path) -> Result<Vec<u8>, DriveError> {
        let file = self.open(path, None).await?;
        file.read(0..file.bytes()).await
    }

    async fn state(&self, path: &Path) -> Result<PathState, DriveError> {
        let state = self.drive.complete_blocks(path, || {
            let state = self.view.path(path)?;
            self.view.whole(&state.missing)?;
            Ok::<_, DriveError>(state)
        });
        state.await
    }
}
