//! Conflicts: finding them, and settling them.

mod marked;

use ply_engine::Engine;
use ply_types::{LogKey, Name, Path};

use super::Drive;
use super::metadata::Metadata;
use crate::entry::{Body, Entry, Kind};
use crate::error::DriveError;
use crate::remote::Want;
use crate::versions::Version;
use crate::view::{PathState, Walk};

/// Which version of a path in conflict stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// That of one writer.
    Writer(LogKey),
    /// All: the shown one keeps the name, each other gets a name of its own beside it.
    All,
}

impl<E: Engine> Drive<E> {
    /// Every path with more than one thing in it, of `path` and what is below.
    ///
    /// Found by the marks of the local union where that is known, which reads little beside what is in
    /// conflict. Else the whole subtree is walked, and brought where it is not here.
    pub async fn conflicts(&self, path: &Path) -> Result<Vec<Metadata>, DriveError> {
        self.replica.may_read()?;
        let mut conflicts = Vec::new();
        if !path.is_root() {
            let state = self.state(path).await?;
            conflicts.extend(Metadata::of(path.clone(), &state).filter(|found| found.conflict));
        }
        conflicts.extend(match self.marked_conflicts(path)? {
            Some(marked) => marked,
            None => self.walked_conflicts(path).await?,
        });
        Ok(conflicts)
    }

    async fn walked_conflicts(&self, path: &Path) -> Result<Vec<Metadata>, DriveError> {
        self.complete(path, Want::Tree(path.clone()), || {
            let view = self.replica.view();
            let mut walk = Walk::new(&view, path.clone());
            let mut conflicts = Vec::new();
            while let Some(named) = walk.next()? {
                if named.state.is_conflict() {
                    conflicts.extend(Metadata::of(named.path, &named.state));
                }
            }
            view.whole(&walk.missing)?;
            Ok(conflicts)
        })
        .await
    }

    /// Settles a conflict. Says under which names the versions are now.
    ///
    /// Where a directory gives way to something else, all that is seen in it is removed too: a name
    /// below a file would leave the conflict as it was. What others add meanwhile survives.
    pub async fn resolve(&self, path: &Path, keep: Keep) -> Result<Vec<Path>, DriveError> {
        match keep {
            Keep::Writer(writer) => self.keep_one(path, &writer).await,
            Keep::All => self.keep_all(path).await,
        }
    }

    async fn keep_one(&self, path: &Path, writer: &LogKey) -> Result<Vec<Path>, DriveError> {
        self.change_tree(path, |transaction, below| {
            let state = in_conflict(path, transaction.path(path)?)?;
            let version = state.versions.by(writer).ok_or_else(|| DriveError::NoVersion {
                path: path.clone(),
                writer: writer.to_string(),
            })?;
            let entry = transaction.adopt(version)?;
            if entry.kind() != Some(Kind::Directory) {
                for named in below.iter().rev() {
                    transaction.remove(&named.path)?;
                }
            }
            transaction.settle(path, entry)
        })
        .await?;
        Ok(vec![path.clone()])
    }

    async fn keep_all(&self, path: &Path) -> Result<Vec<Path>, DriveError> {
        self.change(path, |transaction| {
            let state = in_conflict(path, transaction.path(path)?)?;
            let distinct: Vec<Version> = state.versions.distinct().into_iter().cloned().collect();
            let shown = state.shown().cloned();
            let mut names = vec![path.clone()];
            for version in &distinct {
                if shown.as_ref() == Some(version) {
                    continue;
                }
                let beside = beside(path, version, |candidate| {
                    Ok(transaction.path(candidate)?.kind().is_none())
                })?;
                let entry = transaction.adopt(version)?;
                transaction.set(&beside, entry)?;
                names.push(beside);
            }
            let entry = match &shown {
                Some(shown) => transaction.adopt(shown)?,
                // The directory that the name belongs to by what is in it.
                None => Entry::new(Body::Directory, state.attributes()),
            };
            transaction.settle(path, entry)?;
            Ok(names)
        })
        .await
    }
}

/// The state of a path, if there is a conflict.
fn in_conflict(path: &Path, state: PathState) -> Result<PathState, DriveError> {
    if state.kind().is_none() {
        return Err(DriveError::Absent { path: path.clone() });
    }
    if !state.is_conflict() {
        return Err(DriveError::NotInConflict { path: path.clone() });
    }
    Ok(state)
}

/// A free name beside a path that tells whose version it has: `notes.a1b2c3d4.txt`.
fn beside(
    path: &Path,
    version: &Version,
    mut is_free: impl FnMut(&Path) -> Result<bool, DriveError>,
) -> Result<Path, DriveError> {
    let Some((directory, name)) = path.split() else {
        return Err(DriveError::IsADirectory { path: path.clone() });
    };
    let name = name.as_bytes();
    let dot = name.iter().rposition(|&byte| byte == b'.').filter(|&dot| 0 < dot);
    let (stem, extension) = name.split_at(dot.unwrap_or(name.len()));
    let writer: String = version.writer.to_string().chars().take(8).collect();
    for attempt in 1..u32::MAX {
        let mark = match attempt {
            1 => format!(".{writer}"),
            _ => format!(".{writer}-{attempt}"),
        };
        let room = ply_types::NAME_BYTES_MAX.saturating_sub(mark.len() + extension.len());
        let stem = stem.get(..room).unwrap_or(stem);
        let candidate = Name::parse([stem, mark.as_bytes(), extension].concat())?;
        let candidate = directory.join(&candidate)?;
        if is_free(&candidate)? {
            return Ok(candidate);
        }
    }
    Err(DriveError::Exists { path: path.clone() })
}
