//! `ply cp`: a path twice, its content once.

use ply_drive::{Body, Drive, DriveError, Entry, Kind, Transaction, Walk, Want};
use ply_store::Store;
use ply_types::Path;

use super::rename::pair;
use crate::context::Context;
use crate::error::CommandError;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Copy {
    /// Directories too, with all that is in them
    #[arg(long, short)]
    recursive: bool,

    /// What to copy
    #[arg(value_name = "DRIVE:/from", value_parser = Target::parser())]
    from: Target,

    /// Its second path, or the directory to copy it into
    #[arg(value_name = "DRIVE:/to", value_parser = Target::parser())]
    to: Target,
}

impl Copy {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let from = self.from.now()?.path()?;
        let (drive, to) = pair(context, &self.from, &self.to).await?;
        if drive.metadata(from).await?.kind == Kind::Directory {
            if !self.recursive {
                return Err(DriveError::IsADirectory { path: from.clone() }.into());
            }
            if to.starts_with(from) {
                let what = "a directory cannot be copied into itself";
                return Err(DriveError::Invalid { path: from.clone(), what }.into());
            }
        }
        let want = Want::Tree(from.clone());
        Ok(drive.complete(from, want, || copy(&drive, from, &to)).await?)
    }
}

/// Copies a path and all below it. Looks only at what is held here.
fn copy(drive: &Drive<Store>, from: &Path, to: &Path) -> Result<(), DriveError> {
    let mut transaction = Transaction::begin(drive.replica())?;
    copy_one(&mut transaction, from, to)?;
    let view = drive.replica().view();
    let mut walk = Walk::new(&view, from.clone());
    while let Some(named) = walk.next()? {
        if let Some(place) = named.path.rebase(from, to)? {
            copy_one(&mut transaction, &named.path, &place)?;
        }
    }
    if let Some((_, missing)) = walk.missing.first() {
        return Err(DriveError::Missing(*missing));
    }
    drop(walk);
    transaction.save()
}

fn copy_one(
    transaction: &mut Transaction<'_, Store>,
    from: &Path,
    to: &Path,
) -> Result<(), DriveError> {
    let state = transaction.path(from)?;
    let entry = match (state.kind(), state.shown()) {
        (None, _) => return Err(DriveError::Absent { path: from.clone() }),
        (_, Some(shown)) => transaction.adopt(shown)?,
        (_, None) => Entry::new(Body::Directory, state.attributes()),
    };
    let there = transaction.path(to)?.kind();
    match (entry.kind(), there) {
        (Some(Kind::Directory), Some(Kind::Directory)) => return Ok(()),
        (Some(Kind::Directory), Some(_)) => {
            return Err(DriveError::NotADirectory { path: to.clone() });
        }
        (_, Some(Kind::Directory)) => return Err(DriveError::IsADirectory { path: to.clone() }),
        _ => {}
    }
    transaction.set(to, entry)
}
