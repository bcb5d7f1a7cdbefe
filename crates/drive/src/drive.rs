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

use self::mend::Mended;
use crate::error::{DriveError, Missing};
use crate::remote::{Alone, Remote, RemoteError, Want};
use crate::replica::Replica;

/// Fetches for one call, each of which brought something new, before it gives up. Far more than the
/// levels of any index: a file's list may have to be brought node by node, each of which stands for
/// about 8 MiB.
const FETCHES_MAX: usize = 1 << 16;

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

    /// Runs a local operation, brings what it misses, and runs it again.
    pub(crate) async fn complete<T>(
        &self,
        path: &Path,
        want: Want,
        mut operation: impl FnMut() -> Result<T, DriveError>,
    ) -> Result<T, DriveError> {
        let mut whole = Some(want);
        let (mut asked, mut mended): (Option<Missing>, _) = (None, Mended::new());
        for _ in 0..FETCHES_MAX {
            let missing = match operation() {
                Ok(result) => return Ok(result),
                Err(DriveError::Missing(missing)) => missing,
                Err(error) => {
                    self.mend(path, error, &mut mended).await?;
                    continue;
                }
            };
            // The whole answer first; then the very block, from whoever has it.
            let want = match whole.take() {
                Some(want) => want,
                None if asked == Some(missing) => break,
                None => {
                    asked = Some(missing);
                    Want::Blocks { log: missing.log, blocks: missing.block..missing.block + 1 }
                }
            };
            if self.fetch(want).await.is_err() {
                break;
            }
        }
        Err(DriveError::Offline { path: path.clone(), writers: Vec::new() })
    }
}
