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
pub use write::{Create, WriteOptions};

use crate::error::Incomplete;
use crate::remote::{Alone, Remote, RemoteError, Want};
use crate::replica::Replica;

/// A drive. Cheap to clone.
pub struct Drive<E: Engine> {
    replica: Arc<Replica<E>>,
    remote: Arc<dyn Remote>,
}

impl<E: Engine> Clone for Drive<E> {
    fn clone(&self) -> Self {
        Self { replica: Arc::clone(&self.replica), remote: Arc::clone(&self.remote) }
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
        Self { replica, remote }
    }

    /// A drive on its own: what is not held here is out of reach.
    pub fn alone(replica: Arc<Replica<E>>) -> Self {
        Self::new(replica, Arc::new(Alone))
    }

    /// The local side of the drive.
    pub fn replica(&self) -> &Arc<Replica<E>> {
        &self.replica
    }

    /// Brings something, and says whether anybody could.
    pub(crate) async fn fetch(&self, want: Want) -> Result<(), RemoteError> {
        self.remote.fetch(want).await
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
