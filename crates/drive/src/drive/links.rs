//! Second names and second files: hard links and copies. Content is stored once either way.

use ply_engine::Engine;
use ply_types::{Path, Timestamp};

use super::Drive;
use crate::entry::{Body, Entry, Kind};
use crate::error::DriveError;
use crate::transaction::Transaction;

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
        let now = self.replica.host.now();
        self.change(from, |transaction| copy_file(transaction, from, to, now)).await
    }

    /// Copies a directory with all that is in it, or whatever else is there, as [`Drive::copy`] does.
    /// Where `to` is a directory already, what is copied joins what it holds. Files that share their
    /// content by several names are files of their own in the copy.
    pub async fn copy_all(&self, from: &Path, to: &Path) -> Result<(), DriveError> {
        if to.starts_with(from) {
            let what = "a directory cannot be copied into itself";
            return Err(DriveError::Invalid { path: from.clone(), what });
        }
        let now = self.replica.host.now();
        self.change_tree(from, |transaction, below| {
            copy_one(transaction, from, to, now)?;
            for named in below {
                if let Some(place) = named.path.rebase(from, to)? {
                    copy_one(transaction, &named.path, &place, now)?;
                }
            }
            Ok(())
        })
        .await
    }
}

/// Copies a path without what is in it.
fn copy_one<E: Engine>(
    transaction: &mut Transaction<'_, E>,
    from: &Path,
    to: &Path,
    now: Timestamp,
) -> Result<(), DriveError> {
    let state = transaction.path(from)?;
    if state.kind() != Some(Kind::Directory) {
        return copy_file(transaction, from, to, now).map(drop);
    }
    match transaction.path(to)?.kind() {
        Some(Kind::Directory) => Ok(()),
        Some(_) => Err(DriveError::NotADirectory { path: to.clone() }),
        None => {
            let mut entry = match state.shown() {
                Some(shown) => transaction.adopt(shown)?,
                None => Entry::new(Body::Directory, state.attributes()),
            };
            entry.attributes.mtime = now;
            transaction.set(to, entry)
        }
    }
}

fn copy_file<E: Engine>(
    transaction: &mut Transaction<'_, E>,
    from: &Path,
    to: &Path,
    now: Timestamp,
) -> Result<u64, DriveError> {
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
    attributes.mtime = now;
    let mut entry = Entry::new(body, attributes);
    // A file that is there becomes the copy under all of its names.
    let there = target.shown().filter(|there| there.entry.kind() == entry.kind());
    entry.link = there.and_then(|there| there.entry.link);
    let is_same_file = entry.link.is_some() && entry.link == shown.entry.link;
    if !is_same_file {
        transaction.set_linked(to, entry)?;
    }
    Ok(size)
}
