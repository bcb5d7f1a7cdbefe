//! Makes one file, symlink, pipe, socket or device.

use std::fs::File;
use std::io::{self, IoSlice, Seek, SeekFrom, Write};
use std::ops::ControlFlow;

use ply_drive::{Body, DriveError, Kind, TARGET_BYTES_MAX, View};
use ply_engine::Engine;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, linkat, makedev, mknodat, openat, symlinkat};
use rustix::io::Errno;

use super::attributes::{set_named, set_open};
use super::place::Placed;
use super::{Dest, ExportError, Job};
use crate::beneath::{LastDirectory, split};
use crate::warning::{Warning, Warnings};

/// Bytes that are written at once.
const WRITE_BYTES: usize = 1 << 20;

/// Writes. One for each thread.
#[derive(Debug)]
pub(super) struct FileWriter<'export, E: Engine> {
    dest: &'export Dest,
    view: &'export View<E>,
    directory: LastDirectory,
    pub(super) warnings: Warnings,
}

/// Hears how many bytes of content went out, and says whether more shall.
pub(super) type Wrote<'hear> = dyn FnMut(u64) -> ControlFlow<()> + 'hear;

/// Why one path could not be made.
enum Refusal {
    Stopped,
    Machine(io::Error),
    Content(DriveError),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Machine(error)
    }
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Self {
        Self::Machine(error.into())
    }
}

impl From<DriveError> for Refusal {
    fn from(error: DriveError) -> Self {
        Self::Content(error)
    }
}

impl<'export, E: Engine> FileWriter<'export, E> {
    pub(super) fn new(dest: &'export Dest, view: &'export View<E>) -> Self {
        Self { dest, view, directory: LastDirectory::default(), warnings: Warnings::default() }
    }

    /// Makes what a job says; `wrote` hears how many bytes of content went out.
    pub(super) fn make(&mut self, job: &Job, wrote: &mut Wrote<'_>) -> Result<(), ExportError> {
        let made = match &job.version.entry.body {
            Body::File(_) => self.file(job, wrote),
            Body::Symlink(_) => self.symlink(job),
            Body::Fifo => self.node(job, FileType::Fifo, (0, 0)),
            Body::Socket => self.node(job, FileType::Socket, (0, 0)),
            Body::CharacterDevice(major, minor) => {
                self.node(job, FileType::CharacterDevice, (*major, *minor))
            }
            Body::BlockDevice(major, minor) => {
                self.node(job, FileType::BlockDevice, (*major, *minor))
            }
            Body::Directory | Body::Tombstone => Ok(()),
        };
        made.map_err(|refusal| match refusal {
            Refusal::Stopped => ExportError::Stopped,
            Refusal::Machine(error) => self.dest.refused(&job.path, error),
            Refusal::Content(source) => {
                ExportError::Content { path: job.path.clone(), source: Box::new(source) }
            }
        })
    }

    fn file(&mut self, job: &Job, wrote: &mut Wrote<'_>) -> Result<(), Refusal> {
        let dest = self.dest;
        let (directory, name) = split(dest.relative(&job.path));
        let directory = self.directory.open(&dest.folder, directory)?;
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (placed, fd) = Placed::make(directory, name, dest.existing, |name| {
            openat(directory, name, flags, Mode::RUSR | Mode::WUSR)
        })?;
        let mut file = File::from(fd);
        copy(self.view, job, &mut file, wrote)?;
        let attributes = &job.version.entry.attributes;
        set_open(dest, &job.path, &file, attributes, &mut self.warnings)?;
        Ok(placed.finish()?)
    }

    fn symlink(&mut self, job: &Job) -> Result<(), Refusal> {
        if !(1..=TARGET_BYTES_MAX as u64).contains(&job.version.entry.size()) {
            // Whoever writes to a drive may make any. It is not read, and keeps nothing else from being
            // exported.
            let path = self.dest.display(&job.path);
            self.warnings.push(Warning::NoSymlink { path });
            return Ok(());
        }
        let target = self.view.open(&job.path, &job.version)?.read_all()?;
        let (directory, name) = split(self.dest.relative(&job.path));
        let directory = self.directory.open(&self.dest.folder, directory)?;
        let (placed, ()) = Placed::make(directory, name, self.dest.existing, |name| {
            symlinkat(target.as_slice(), directory, name)
        })?;
        let attributes = &job.version.entry.attributes;
        let warnings = &mut self.warnings;
        let (dest, path, kind) = (self.dest, &job.path, Kind::Symlink);
        set_named(dest, path, directory, placed.name(), kind, attributes, warnings)?;
        Ok(placed.finish()?)
    }

    fn node(&mut self, job: &Job, kind: FileType, device: (u32, u32)) -> Result<(), Refusal> {
        let (directory, name) = split(self.dest.relative(&job.path));
        let directory = self.directory.open(&self.dest.folder, directory)?;
        let number = makedev(device.0, device.1);
        let made = Placed::make(directory, name, self.dest.existing, |name| {
            mknodat(directory, name, kind, Mode::RUSR | Mode::WUSR, number)
        });
        let (placed, ()) = match made {
            Err(error)
                if error.kind() == io::ErrorKind::PermissionDenied
                    && (kind.is_char_device() || kind.is_block_device()) =>
            {
                let path = self.dest.display(&job.path);
                self.warnings.push(Warning::NoDevice { path });
                return Ok(());
            }
            made => made?,
        };
        let attributes = &job.version.entry.attributes;
        let warnings = &mut self.warnings;
        let (dest, path, kind) = (self.dest, &job.path, Kind::Fifo);
        set_named(dest, path, directory, placed.name(), kind, attributes, warnings)?;
        Ok(placed.finish()?)
    }

    /// Makes another name of what was made for `first`; where that cannot be, makes it again.
    pub(super) fn link(
        &mut self,
        first: &ply_types::Path,
        job: &Job,
        wrote: &mut Wrote<'_>,
    ) -> Result<(), ExportError> {
        match self.link_only(first, job) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(self.dest.refused(&job.path, error))
            }
            Err(_) => {
                let path = self.dest.display(&job.path);
                self.warnings.push(Warning::NoLink { path });
                self.make(job, wrote)
            }
        }
    }

    fn link_only(&mut self, first: &ply_types::Path, job: &Job) -> io::Result<()> {
        let dest = self.dest;
        let (from, from_name) = split(dest.relative(first));
        let from = dest.folder.at(from, OFlags::PATH | OFlags::DIRECTORY)?;
        let (directory, name) = split(dest.relative(&job.path));
        let directory = self.directory.open(&dest.folder, directory)?;
        let (placed, ()) = Placed::make(directory, name, dest.existing, |name| {
            linkat(&from, from_name, directory, name, AtFlags::empty())
        })?;
        placed.finish()
    }
}

/// Writes the content of a version. Pieces that hold only zeros become holes.
fn copy<E: Engine>(
    view: &View<E>,
    job: &Job,
    file: &mut File,
    wrote: &mut Wrote<'_>,
) -> Result<(), Refusal> {
    let mut reader = view.open(&job.path, &job.version)?;
    let end = reader.bytes();
    let mut offset = 0;
    let mut ends_in_hole = false;
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut held = 0;
    while offset < end {
        let piece = reader.read_at(offset, usize::MAX)?;
        let bytes = piece.len() as u64;
        if bytes == 0 {
            return Err(Refusal::Machine(io::ErrorKind::UnexpectedEof.into()));
        }
        offset += bytes;
        ends_in_hole = piece.iter().all(|&byte| byte == 0);
        if ends_in_hole {
            write_all(file, &mut pieces)?;
            file.seek(SeekFrom::Start(offset))?;
        } else {
            held += piece.len();
            pieces.push(piece);
        }
        if WRITE_BYTES <= held {
            write_all(file, &mut pieces)?;
            held = 0;
        }
        if wrote(bytes).is_break() {
            return Err(Refusal::Stopped);
        }
    }
    write_all(file, &mut pieces)?;
    if ends_in_hole {
        file.set_len(end)?;
    }
    Ok(())
}

fn write_all(file: &mut File, pieces: &mut Vec<Vec<u8>>) -> io::Result<()> {
    if let [piece] = pieces.as_slice() {
        file.write_all(piece)?;
    } else {
        let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        let mut left = slices.as_mut_slice();
        while !left.is_empty() {
            match file.write_vectored(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => IoSlice::advance_slices(&mut left, bytes),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    pieces.clear();
    Ok(())
}
