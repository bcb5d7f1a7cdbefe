//! The folder of a store: its format, its lock, and the room left around it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ply_engine::EngineError;
use rustix::fs::{FlockOperation, flock, fstatvfs};

use crate::packs::list;
use crate::trouble;

/// The format that this program writes, and the newest that it reads.
pub(crate) const FORMAT: u32 = 1;

/// Longest text in `FORMAT`: ten digits and a newline, with room to spare.
const FORMAT_TEXT_BYTES_MAX: u64 = 32;

/// Room that frames leave to rows: the write buffers of the rows and a log of them, with some to spare.
/// Deleting needs rows, so a disk that frames filled to the last byte could not be emptied again.
pub(crate) const FRAME_RESERVE_BYTES: u64 = 32 << 20;

/// Room below which no row is written. `RocksDB` recovers from a full disk only after some seconds, so
/// it should rarely meet one.
pub(crate) const ROW_RESERVE_BYTES: u64 = 4 << 20;

/// Whether there is anything of a store in a folder.
pub(crate) fn is_begun(folder: &Path) -> bool {
    let packs = fs::read_dir(folder.join("packs"));
    folder.join("rows/CURRENT").exists() || packs.is_ok_and(|mut packs| packs.next().is_some())
}

/// A store's folder, locked for as long as this lives.
#[derive(Debug)]
pub(crate) struct Home {
    folder: PathBuf,
    lock: File,
}

impl Home {
    /// Locks the folder and makes it a store if it is not one yet.
    pub(crate) fn open(folder: &Path, rows_anew: bool) -> Result<Self, EngineError> {
        create_folder(folder)?;
        let home = Self { folder: folder.to_owned(), lock: lock(folder)? };
        match home.format()? {
            Some(found) if FORMAT < found => {
                let place = folder.display().to_string();
                return Err(EngineError::Newer { place, found, known: FORMAT });
            }
            Some(_) if rows_anew => {}
            Some(_) => home.has_rows()?,
            None => home.write_format()?,
        }
        create_folder(&home.packs())?;
        create_folder(&home.rows())?;
        Ok(home)
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the packs are.
    pub(crate) fn packs(&self) -> PathBuf {
        self.folder.join("packs")
    }

    /// Where the rows are.
    pub(crate) fn rows(&self) -> PathBuf {
        self.folder.join("rows")
    }

    /// Checks that `bytes` more fit and leave `reserve_bytes` free.
    pub(crate) fn room(&self, bytes: u64, reserve_bytes: u64) -> Result<(), EngineError> {
        let system = fstatvfs(&self.lock).map_err(|errno| {
            trouble::io("asking for the room left in", &self.folder, errno.into())
        })?;
        let free_bytes = system.f_bavail.saturating_mul(system.f_frsize);
        if free_bytes < bytes.saturating_add(reserve_bytes) {
            return Err(EngineError::Full { place: self.folder.display().to_string() });
        }
        Ok(())
    }

    fn format(&self) -> Result<Option<u32>, EngineError> {
        let path = self.folder.join("FORMAT");
        let file = match File::open(&path) {
            Ok(file) => file,
            // A folder is new, or somebody removed the file: then it must not be guessed.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let is_new = !self.packs().exists() && !self.rows().exists();
                return if is_new { Ok(None) } else { Err(no_format(&path, "it is missing")) };
            }
            Err(error) => return Err(trouble::io("opening", &path, error)),
        };
        let format = read_format(file).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => no_format(&path, "it is damaged"),
            _ => trouble::io("reading", &path, error),
        })?;
        Ok(Some(format))
    }

    /// Checks that rows are there where packs are: without them a store would begin anew, as if it had
    /// never held anything.
    fn has_rows(&self) -> Result<(), EngineError> {
        let packs = self.packs();
        let has_packs = packs.exists() && !list(&packs)?.is_empty();
        if has_packs && !self.rows().join("CURRENT").exists() {
            return Err(EngineError::NoRows { place: self.rows().display().to_string() });
        }
        Ok(())
    }

    fn write_format(&self) -> Result<(), EngineError> {
        let (path, fresh) = (self.folder.join("FORMAT"), self.folder.join("FORMAT.new"));
        create_file(&fresh)
            .and_then(|mut file| {
                file.write_all(format_text(FORMAT).as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&fresh, &path))
            .map_err(|error| trouble::io("writing", &path, error))?;
        sync_folder(&self.folder)
    }
}

fn no_format(path: &Path, what: &'static str) -> EngineError {
    EngineError::NoFormat { place: path.display().to_string(), what }
}

/// What `FORMAT` says.
fn format_text(format: u32) -> String {
    format!("{format}\n")
}

/// Reads what [`format_text`] made.
fn read_format(file: impl Read) -> io::Result<u32> {
    let mut text = String::new();
    file.take(FORMAT_TEXT_BYTES_MAX).read_to_string(&mut text)?;
    let number = text.trim_end().parse().ok().filter(|&format| 0 < format);
    number.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "not the number of a format"))
}

/// Creates an empty file for reading and writing, or empties one that is there.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), EngineError> {
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(|error| trouble::io("syncing", folder, error))
}

fn create_folder(folder: &Path) -> Result<(), EngineError> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| trouble::io("creating", folder, error))?;
    match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent),
        _ => sync_folder(Path::new(".")),
    }
}

impl Drop for Home {
    /// A process that is being started from this one holds the open file for a moment, and with it the
    /// lock, unless it is given up in words.
    fn drop(&mut self) {
        // Where this fails, closing the file gives it up, if somewhat later.
        let _given_up = flock(&self.lock, FlockOperation::Unlock);
    }
}

fn lock(folder: &Path) -> Result<File, EngineError> {
    let path = folder.join("LOCK");
    let file = create_file(&path).map_err(|error| trouble::io("opening", &path, error))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            Err(EngineError::InUse { place: folder.display().to_string() })
        }
        Err(errno) => Err(trouble::io("locking", &path, errno.into())),
    }
}

#[cfg(test)]
mod tests {
    use ply_fuzz::{Form, RoundTrip, Target};

    use super::*;

    #[test]
    fn fuzz_formats_of_stores() {
        Target::new("store-format", Form::Text, RoundTrip::Settled)
            .seed("own", format_text(FORMAT))
            .seed("newest", format_text(u32::MAX))
            .run(|bytes| read_format(bytes).ok().map(|format| format_text(format).into_bytes()));
    }
}
