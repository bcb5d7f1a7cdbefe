//! Second names and second files: hard links and copies. Content is stored once either way.

use ply_engine::Engine;
use ply_types::Path;

use super::Drive;
use crate::entry::{Entry, Kind};
use crate::error::DriveError;

impl<E: Engine> Drive<E> {
    /// Gives a file, or anything else that is no directory, one more name. From then on a change
    /// through one name changes all that this node sees.
    pub async fn hard_link(&self, from: &Path, to: &Path) -> Result<(), DriveError> {
        self.change(from, |transaction| transaction.hard_link(from, to)).await
    }

    /// All names of a file, `path` among them, in order.
    pub async fn names(&self, path: &Path) -> Result<Vec<Path>, DriveError> {
        match self.metadata(path).await?.link {
            Some(mark) => self.complete_blocks(path, || self.replica.view().names(mark)).await,
            None => Ok(vec![path.clone()]),
        }
    }

    /// Copies a file, or anything else that is no directory, over what has the name `to`. Attributes
    /// are copied, the time is that of the copy. Content is not read: both files are of the same
    /// pieces. Gives the length.
    pub async fn copy(&self, from: &Path, to: &Path) -> Result<u64, DriveError> {
        self.change(from, |transaction| {
            let state = transaction.path(from)?;
            let shown = match (state.kind(), state.shown()) {
                (None, _) => return Err(DriveError::Absent { path: from.clone() }),
                (Some(Kind::Directory), _) | (_, None) => {
                    return Err(DriveError::IsADirectory { path: from.clone() });
                }
                (_, Some(shown)) => shown.clone(),
            };
            let size = shown.entry.size();
            if from == to {
                return Ok(size);
            }
            let target = transaction.path(to)?;
            if target.kind() == Some(Kind::Directory) {
                return Err(DriveError::IsADirectory { path: to.clone() });
            }
            let Entry { body, mut attributes, .. } = transaction.adopt(&shown)?;
            attributes.mtime = self.replica.host.now();
            let mut entry = Entry::new(body, attributes);
            // A file that is there becomes the copy under all of its names.
            let there = target.shown().filter(|there| there.entry.kind() == entry.kind());
            entry.link = there.and_then(|there| there.entry.link);
            let is_same_file = entry.link.is_some() && entry.link == shown.entry.link;
            if !is_same_file {
                transaction.set_linked(to, entry)?;
            }
            Ok(size)
        })
        .await
    }
}
