//! Removing and renaming.

use std::collections::HashSet;

use ply_engine::Engine;
use ply_types::Path;

use super::Drive;
use crate::entry::{Entry, Kind};
use crate::error::DriveError;
use crate::remote::Want;
use crate::transaction::{Transaction, Vacated};
use crate::view::{Named, PathState, Walk};

impl<E: Engine> Drive<E> {
    /// Removes a file, a link, or whatever else is no directory.
    pub async fn remove_file(&self, path: &Path) -> Result<(), DriveError> {
        self.change(path, |transaction| match transaction.path(path)?.kind() {
            None => Err(DriveError::Absent { path: path.clone() }),
            Some(Kind::Directory) => Err(DriveError::IsADirectory { path: path.clone() }),
            Some(_) => transaction.remove(path),
        })
        .await
    }

    /// Removes an empty directory.
    pub async fn remove_dir(&self, path: &Path) -> Result<(), DriveError> {
        not_root(path)?;
        self.change(path, |transaction| {
            match transaction.path(path)?.kind() {
                None => return Err(DriveError::Absent { path: path.clone() }),
                Some(Kind::Directory) => {}
                Some(_) => return Err(DriveError::NotADirectory { path: path.clone() }),
            }
            let listing = transaction.view().list(path, None, 1)?;
            transaction.view().whole(&listing.missing)?;
            if listing.names.is_empty() {
                transaction.remove(path)
            } else {
                Err(DriveError::NotEmpty { path: path.clone() })
            }
        })
        .await
    }

    /// Removes a directory and all that this node sees in it. What others add meanwhile survives.
    pub async fn remove_dir_all(&self, path: &Path) -> Result<(), DriveError> {
        not_root(path)?;
        self.change_tree(path, |transaction, below| {
            if transaction.path(path)?.kind() != Some(Kind::Directory) {
                return Err(DriveError::NotADirectory { path: path.clone() });
            }
            for named in below.iter().rev() {
                transaction.remove(&named.path)?;
            }
            transaction.remove(path)
        })
        .await
    }

    /// Moves a path, a directory with all that is in it. Content stays where it is.
    ///
    /// What moves is the version that is shown. Where others are in conflict with it, they stay under
    /// the old name, and so do the directories above them: nobody asked for these to go.
    pub async fn rename(&self, from: &Path, to: &Path) -> Result<(), DriveError> {
        not_root(from)?;
        not_root(to)?;
        if to == from {
            let state = self.state(from).await?;
            return state.kind().map(drop).ok_or_else(|| self.absent(from, &state));
        }
        if to.starts_with(from) {
            let what = "a directory cannot be moved into itself";
            return Err(DriveError::Invalid { path: from.clone(), what });
        }
        self.change_tree(from, |transaction, below| {
            let (target, source) = (transaction.path(to)?, transaction.path(from)?);
            let mark = |state: &PathState| state.shown().and_then(|shown| shown.entry.link);
            if mark(&source).is_some() && mark(&source) == mark(&target) {
                // Two names of one file: as everywhere, both stay.
                return Ok(());
            }
            match (source.kind(), target.kind()) {
                (None, _) => return Err(DriveError::Absent { path: from.clone() }),
                (Some(Kind::Directory), Some(Kind::Directory)) => {
                    let listing = transaction.view().list(to, None, 1)?;
                    transaction.view().whole(&listing.missing)?;
                    if !listing.names.is_empty() {
                        return Err(DriveError::NotEmpty { path: to.clone() });
                    }
                }
                (Some(Kind::Directory), Some(_)) => {
                    return Err(DriveError::NotADirectory { path: to.clone() });
                }
                (Some(_), Some(Kind::Directory)) => {
                    return Err(DriveError::IsADirectory { path: to.clone() });
                }
                _ => {}
            }
            move_one(transaction, from, to)?;
            for named in below {
                if let Some(moved) = named.path.rebase(from, to)? {
                    move_one(transaction, &named.path, &moved)?;
                }
            }
            leave(transaction, from, below)
        })
        .await
    }

    /// Runs a change that needs to see everything below a path.
    pub(super) async fn change_tree(
        &self,
        path: &Path,
        mut change: impl FnMut(&mut Transaction<'_, E>, &[Named]) -> Result<(), DriveError>,
    ) -> Result<(), DriveError> {
        self.complete(path, Want::Tree(path.clone()), || {
            let mut transaction = Transaction::begin(&self.replica)?;
            if transaction.path(path)?.kind().is_none() {
                return Err(DriveError::Absent { path: path.clone() });
            }
            let mut walk = Walk::new(transaction.view(), path.clone());
            let mut below = Vec::new();
            while let Some(named) = walk.next()? {
                below.push(named);
            }
            transaction.view().whole(&walk.missing)?;
            change(&mut transaction, &below)?;
            transaction.save()
        })
        .await
    }
}

fn move_one<E: Engine>(
    transaction: &mut Transaction<'_, E>,
    from: &Path,
    to: &Path,
) -> Result<(), DriveError> {
    let state = transaction.path(from)?;
    let mut entry = match state.shown() {
        Some(shown) => transaction.adopt_linked(shown)?,
        None => Entry::new(crate::entry::Body::Directory, state.attributes()),
    };
    entry.moved_from = Some(from.clone());
    transaction.set(to, entry)
}

/// Takes away, from the bottom up, what was moved elsewhere. A directory stays while something does
/// that is in it.
fn leave<E: Engine>(
    transaction: &mut Transaction<'_, E>,
    from: &Path,
    below: &[Named],
) -> Result<(), DriveError> {
    let mut needed: HashSet<Path> = HashSet::new();
    for path in below.iter().rev().map(|named| &named.path).chain([from]) {
        if needed.contains(path) || transaction.vacate(path)? == Vacated::OthersStay {
            needed.extend(path.ancestors());
        }
    }
    Ok(())
}

fn not_root(path: &Path) -> Result<(), DriveError> {
    if path.is_root() {
        let what = "the root of a drive cannot be moved or removed";
        return Err(DriveError::Invalid { path: path.clone(), what });
    }
    Ok(())
}
