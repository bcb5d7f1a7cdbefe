//! Opening: finding the version, making or emptying the file.

use std::sync::Arc;

use ply_chunk::Content;
use ply_engine::Engine;
use ply_types::Path;

use super::dirty::Dirty;
use super::{File, OpenOptions};
use crate::drive::Drive;
use crate::drive::read::ReadHandle;
use crate::entry::{Attributes, Body, Entry, Kind, Stored};
use crate::error::DriveError;
use crate::transaction::Transaction;
use crate::versions::Version;
use crate::view::PathState;

pub(super) async fn open<E: Engine>(
    drive: &Drive<E>,
    path: &Path,
    options: &OpenOptions,
) -> Result<File<E>, DriveError> {
    if path.is_root() {
        return Err(DriveError::IsADirectory { path: path.clone() });
    }
    if options.writes() && !drive.replica.is_writable() {
        return Err(DriveError::ReadOnly { drive: drive.replica.name() });
    }
    let state = drive.state(path).await?;
    let makes = options.create || options.create_new;
    match state.kind() {
        Some(_) if options.create_new => return Err(DriveError::Exists { path: path.clone() }),
        Some(_) => {
            file_of(path, &state)?;
        }
        None if !makes => return Err(drive.absent(path, &state)),
        None => {}
    }
    if state.kind().is_none() || (options.truncate && 0 < file_of(path, &state)?.entry.size()) {
        drive.change(path, |transaction| make_empty(transaction, path, options)).await?;
    }
    drive.state(path).await?;
    // All of one moment: what comes in after the look was not in view.
    let view = drive.replica.view();
    let state = view.path(path)?;
    let version = file_of(path, &state)?.clone();
    let bytes = version.entry.size();
    Ok(File {
        drive: drive.clone(),
        path: path.clone(),
        options: options.clone(),
        begun: view.begun(path, &state)?,
        base: ReadHandle::new(drive, view, path, version),
        base_bytes: bytes,
        bytes,
        dirty: Dirty::default(),
        changed: false,
        resized: false,
    })
}

/// The file that is shown at a path.
fn file_of<'state>(path: &Path, state: &'state PathState) -> Result<&'state Version, DriveError> {
    match (state.kind(), state.shown()) {
        (Some(Kind::File), Some(shown)) => Ok(shown),
        (Some(Kind::Directory), _) => Err(DriveError::IsADirectory { path: path.clone() }),
        (None, _) => Err(DriveError::Absent { path: path.clone() }),
        _ => Err(DriveError::NotAFile { path: path.clone() }),
    }
}

fn make_empty<E: Engine>(
    transaction: &mut Transaction<'_, E>,
    path: &Path,
    options: &OpenOptions,
) -> Result<(), DriveError> {
    let state = transaction.path(path)?;
    let now = Arc::clone(transaction.replica()).host.now();
    let body = Body::File(Stored::Frames(Content::Empty));
    match state.kind() {
        None => {
            let default = Attributes { mode: 0o644, mtime: now, ..Attributes::default() };
            let attributes = options.attributes.clone().unwrap_or(default);
            transaction.set(path, Entry::new(body, attributes))
        }
        Some(_) if options.create_new => Err(DriveError::Exists { path: path.clone() }),
        // It was made in between.
        Some(_) if !options.truncate => file_of(path, &state).map(drop),
        Some(_) => {
            let shown = file_of(path, &state)?;
            let mut attributes = shown.entry.attributes.clone();
            attributes.mtime = now;
            let mut entry = Entry::new(body, attributes);
            entry.link = shown.entry.link;
            transaction.set_linked(path, entry)
        }
    }
}
