//! A drive as a program uses it: files and directories, wherever their bytes are.
//!
//! Every call reads what is held here first. What is missing is asked of the [`Remote`] in the words
//! in which one round trip can bring it, and then the call looks again. Without a remote everything
//! local still works.

mod attributes;
mod blocks;
mod conflicts;
mod file;
mod history;
mod links;
mod mend;
mod metadata;
mod past;
mod read;
mod tree;
mod versions;
mod whole;
mod write;

use std::sync::Arc;

use ply_engine::Engine;
use ply_types::Path;

pub use conflicts::Keep;
pub use file::{DIRTY_BYTES_MAX, File, OpenOptions};
pub use history::Entry as HistoryEntry;
pub use metadata::{DirEntry, DirStream, Metadata, ReadDir, VersionInfo};
pub use past::Past;
pub use read::ReadHandle;
pub use versions::{PastVersion, VersionStream};
pub use write::{Create, TARGET_BYTES_MAX, WriteOptions};

use crate::error::{DriveError, Incomplete};
use crate::remote::{Alone, Remote, RemoteError, Want};
use crate::replica::Replica;
use crate::transaction::Sight;

/// A drive. Cheap to clone.
pub struct Drive<E: Engine> {
    replica: Arc<Replica<E>>,
    remote: Arc<dyn Remote>,
    sight: Sight,
}

impl<E: Engine> Clone for Drive<E> {
    fn clone(&self) -> Self {
        let (replica, remote) = (Arc::clone(&self.replica), Arc::clone(&self.remote));
        Self { replica, remote, sight: self.sight }
    }
}

impl<E: Engine> std::fmt::Debug for Drive<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drive").field("id", &self.replica.id()).finish_non_exhaustive()
    }
}

impl<E: Engine> Drive<E> {
    /// A drive whose missing parts come from `remote`.
    pub fn new(replica: Arc<Replica<E>>, remote: Arc<dyn Remote>) -> Self {
        Self { replica, remote, sight: Sight::Here }
    }

    /// A drive on its own: what is not held here is out of reach.
    pub fn alone(replica: Arc<Replica<E>>) -> Self {
        Self::new(replica, Arc::new(Alone))
    }

    /// The drive for a program that would rather be told [`DriveError::Offline`] than write a path that
    /// cannot be seen whole, or the other way round, as it is unless told.
    #[must_use]
    pub fn with_sight(self, sight: Sight) -> Self {
        Self { sight, ..self }
    }

    /// The local side of the drive.
    pub fn replica(&self) -> &Arc<Replica<E>> {
        &self.replica
    }

    /// Brings something, and says whether anybody could.
    pub(crate) async fn fetch(&self, want: Want) -> Result<(), RemoteError> {
        self.remote.fetch(want).await
    }

    /// Runs a change, as [`Drive::complete`] does; and where nobody in reach has what it misses, once
    /// more by what is here. Writing waits for nobody.
    ///
    /// What is not here may have what the change looks for, or have changed what is in its way: where the
    /// change is refused for what there is, the error is that nobody in reach has the rest.
    pub async fn complete_change<T, F: Incomplete>(
        &self,
        path: &Path,
        want: Option<Want>,
        mut change: impl FnMut(Sight) -> Result<T, F>,
    ) -> Result<T, F> {
        let offline = match self.bring(path, want, || change(Sight::Whole)).await {
            Ok(done) => return Ok(done),
            Err(error) => match error.into_drive_error()? {
                offline @ DriveError::Offline { .. } if self.sight == Sight::Here => offline,
                error => return Err(error.into()),
            },
        };
        match change(Sight::Here) {
            Ok(done) => Ok(done),
            Err(error) => match error.into_drive_error()? {
                error if error.is_about_paths() => Err(offline.into()),
                error => Err(error.into()),
            },
        }
    }

    /// Runs a local operation, brings what it misses, and runs it again: first the whole answer to a
    /// question, then block by block. For programs that read a [`crate::View`] or write a
    /// [`crate::Transaction`] themselves.
    ///
    /// The operation must have changed nothing when it says that something is missing.
    pub async fn complete<T, F: Incomplete>(
        &self,
        path: &Path,
        want: Want,
        operation: impl FnMut() -> Result<T, F>,
    ) -> Result<T, F> {
        self.bring(path, Some(want), operation).await
    }
}
