//! `ply get`: a file of a drive as a local file.

use std::ffi::OsStr;
use std::fs::{File, FileTimes, OpenOptions, Permissions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ply_drive::{Kind, ReadHandle};
use ply_store::Store;
use ply_types::Timestamp;

use super::cat::{PART_BYTES, copy_out};
use crate::context::Context;
use crate::error::CommandError;
use crate::target::Target;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Get {
    /// The file
    #[arg(value_name = "DRIVE[@VERSION]:/path", value_parser = Target::parser())]
    target: Target,

    /// Where to: a file, a folder, '-' for the standard output; else the same name in this folder
    file: Option<PathBuf>,
}

impl Get {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        let path = self.target.path()?;
        let drive = context.reading(&self.target).await?;
        let handle = drive.open(path, None, 0..u64::MAX).await?;
        if self.file.as_deref() == Some(Path::new("-")) {
            return copy_out(context, &handle, 0..handle.bytes()).await;
        }
        let name = path.split().map(|(_, name)| name);
        let name = name.as_ref().map_or(&b""[..], |name| name.as_bytes());
        let mut place = context.caller.path(self.file.as_deref().unwrap_or(Path::new("")));
        if place.is_dir() {
            place.push(OsStr::from_bytes(name));
        }
        if handle.version().entry.kind() == Some(Kind::Symlink) {
            let target = handle.read(0..handle.bytes()).await?;
            return std::os::unix::fs::symlink(OsStr::from_bytes(&target), &place)
                .map_err(CommandError::file("linking", &place));
        }
        match std::fs::metadata(&place) {
            // A device, a pipe: what is written goes into it.
            Ok(there) if !there.is_file() => {
                let file = OpenOptions::new().write(true).open(&place);
                let file = file.map_err(CommandError::file("opening", &place))?;
                return fill(context, &handle, &file, &place, Zeros::Written).await;
            }
            // Where a link leads to, not the link.
            Ok(_) => {
                place = place.canonicalize().map_err(CommandError::file("finding", &place))?;
            }
            Err(_) => {}
        }
        write(context, &handle, &place).await
    }
}

/// Writes a file so that it is whole when it gets its name.
async fn write(
    context: &mut Context,
    handle: &ReadHandle<Store>,
    place: &Path,
) -> Result<(), CommandError> {
    let writing = |error| CommandError::file("writing", place)(error);
    let mark: String = context.node.host().random().into_iter().take(8).map(hex).collect();
    let fresh = place.with_file_name(format!(".ply-{mark}.part"));
    let attributes = &handle.version().entry.attributes;
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&fresh).map_err(writing)?;
    let unfinished = Unfinished { fresh: Some(fresh) };
    fill(context, handle, &file, place, Zeros::Holes).await?;
    // It may end in a hole.
    file.set_len(handle.bytes()).map_err(writing)?;
    // Set-id bits are the drive's business: here the file belongs to somebody else.
    let permissions = Permissions::from_mode(attributes.mode & 0o777);
    let times = FileTimes::new().set_modified(system_time(attributes.mtime));
    file.set_permissions(permissions)
        .and_then(|()| file.set_times(times))
        .and_then(|()| unfinished.finish(place))
        .map_err(writing)
}

/// What becomes of stretches of nothing but zeros.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Zeros {
    /// Holes, in a file that is new.
    Holes,
    /// They are written like anything else.
    Written,
}

async fn fill(
    context: &mut Context,
    handle: &ReadHandle<Store>,
    mut file: &File,
    place: &Path,
    zeros: Zeros,
) -> Result<(), CommandError> {
    let (mut done, total) = (0, handle.bytes());
    while done < total {
        context.check()?;
        let part = handle.read_some(done, PART_BYTES).await?;
        done += part.len() as u64;
        let is_hole = zeros == Zeros::Holes && part.iter().all(|&byte| byte == 0);
        let put = if is_hole {
            file.seek(SeekFrom::Start(done)).map(drop)
        } else {
            file.write_all(&part)
        };
        put.map_err(CommandError::file("writing", place))?;
        context.progress.report(done, total, || place.display().to_string());
    }
    Ok(())
}

fn hex(byte: u8) -> String {
    format!("{byte:02x}")
}

fn system_time(time: Timestamp) -> SystemTime {
    let whole = Duration::from_secs(time.seconds.unsigned_abs());
    let at = if time.seconds < 0 {
        UNIX_EPOCH.checked_sub(whole)
    } else {
        UNIX_EPOCH.checked_add(whole)
    };
    let at = at.and_then(|at| at.checked_add(Duration::from_nanos(time.nanos.into())));
    at.unwrap_or(UNIX_EPOCH)
}

/// A file that has not got its name yet; removed if it never does.
struct Unfinished {
    fresh: Option<PathBuf>,
}

impl Unfinished {
    fn finish(mut self, place: &Path) -> std::io::Result<()> {
        match self.fresh.take() {
            Some(fresh) => std::fs::rename(&fresh, place).inspect_err(|_| self.fresh = Some(fresh)),
            None => Ok(()),
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(fresh) = &self.fresh
            && let Err(error) = std::fs::remove_file(fresh)
        {
            tracing::warn!(%error, "removing a file that was not finished");
        }
    }
}
