//! Reads one file of the source, and notices when it changes meanwhile.

use std::fs::File;
use std::io::{self, Read};

use ply_drive::{DriveError, Kind, Prepared, Preparer, Replica, Xattr};
use ply_engine::Engine;
use ply_types::Path;
use rustix::fs::fstat;

use super::ImportError;
use super::source::Source;
use super::survey::gone;
use crate::meta::Meta;
use crate::warning::Warning;
use crate::workers::{PART_BYTES, SMALL_BYTES_MAX};
use crate::xattr::{Subject, Xattrs};

/// How often a file is read that changes meanwhile. Some, like logs, change all the time.
const ATTEMPTS: u32 = 2;

/// All about a file but its content.
#[derive(Debug)]
pub(super) struct About {
    pub(super) meta: Meta,
    pub(super) xattrs: Vec<Xattr>,
    /// Bytes of content that were read.
    pub(super) bytes: u64,
    /// Whether it stayed as it was while it was read.
    pub(super) is_stable: bool,
}

/// What reading a small file came to.
#[derive(Debug)]
pub(super) enum Small {
    Read(Box<About>, Prepared),
    Gone(Warning),
    /// It is large after all.
    Large,
}

/// What reading a large file gives, step by step.
#[derive(Debug)]
pub(super) enum Part {
    /// More of its content, and how many bytes that makes.
    Content(Prepared, u64),
    /// It changed meanwhile: forget its content, for it comes again from the start.
    Again,
    /// That was all of its content.
    End(Box<About>),
    Gone(Warning),
    Failed(ImportError),
}

/// Reads files. One for each thread: it keeps its buffers.
#[derive(Debug)]
pub(super) struct FileReader<'import, E: Engine> {
    source: &'import Source,
    replica: &'import Replica<E>,
    xattrs: Xattrs,
    buffer: Vec<u8>,
}

enum Opened {
    File(File, Meta, Vec<Xattr>),
    Gone(Warning),
}

impl<'import, E: Engine> FileReader<'import, E> {
    pub(super) fn new(source: &'import Source, replica: &'import Replica<E>) -> Self {
        Self { source, replica, xattrs: Xattrs::new(), buffer: Vec::new() }
    }

    fn open(&mut self, path: &Path) -> Result<Opened, ImportError> {
        let fd = match self.source.file(path) {
            Ok(fd) => fd,
            Err(error) => return gone(self.source, path, error).map(Opened::Gone),
        };
        let unreadable = |error| self.source.unreadable(path, error);
        let meta = Meta::of(&fstat(&fd).map_err(|error| unreadable(error.into()))?);
        match meta.filter(|meta| meta.kind == Kind::File) {
            Some(meta) => {
                let xattrs = self.xattrs.read(&Subject::open(&fd)).map_err(unreadable)?;
                Ok(Opened::File(File::from(fd), meta, xattrs))
            }
            None => Ok(Opened::Gone(Warning::Replaced { path: self.source.display(path) })),
        }
    }

    /// Whether a file is as it was before it was read.
    fn is_stable(
        &self,
        path: &Path,
        file: &File,
        before: &Meta,
        bytes: u64,
    ) -> Result<bool, ImportError> {
        let stat = fstat(file).map_err(|error| self.source.unreadable(path, error.into()))?;
        let after = Meta::of(&stat);
        Ok(bytes == before.bytes && after.is_some_and(|after| before.same_content(&after)))
    }

    /// Reads a file that was small when it was listed.
    pub(super) fn small(&mut self, path: &Path) -> Result<Small, ImportError> {
        let mut attempt = 1;
        loop {
            let (mut file, meta, xattrs) = match self.open(path)? {
                Opened::File(file, meta, xattrs) => (file, meta, xattrs),
                Opened::Gone(warning) => return Ok(Small::Gone(warning)),
            };
            let read = fill(&mut self.buffer, &mut file, meta.bytes)
                .map_err(|error| self.source.unreadable(path, error))?;
            let Some(content) = read.and_then(|bytes| self.buffer.get(..bytes)) else {
                return Ok(Small::Large);
            };
            let bytes = content.len() as u64;
            let is_stable = self.is_stable(path, &file, &meta, bytes)?;
            if !is_stable && attempt < ATTEMPTS {
                attempt += 1;
                continue;
            }
            let prepared = Prepared::of(self.replica, content)?;
            let about = About { meta, xattrs, bytes, is_stable };
            return Ok(Small::Read(Box::new(about), prepared));
        }
    }

    /// Reads a file of any size. Stops when `send` says that nobody listens.
    pub(super) fn large(&mut self, path: &Path, mut send: impl FnMut(Part) -> bool) {
        for attempt in 1..=ATTEMPTS {
            let end = match self.stream(path, &mut send) {
                Ok(Part::End(about)) if !about.is_stable && attempt < ATTEMPTS => Part::Again,
                Ok(part) => part,
                Err(error) => Part::Failed(error),
            };
            let is_again = matches!(end, Part::Again);
            if !send(end) || !is_again {
                return;
            }
        }
    }

    /// Sends the content of a file once, and gives what comes after it.
    fn stream(
        &mut self,
        path: &Path,
        send: &mut impl FnMut(Part) -> bool,
    ) -> Result<Part, ImportError> {
        let (file, meta, xattrs) = match self.open(path)? {
            Opened::File(file, meta, xattrs) => (file, meta, xattrs),
            Opened::Gone(warning) => return Ok(Part::Gone(warning)),
        };
        let mut preparer = Preparer::new(self.replica, &file, String::new());
        loop {
            match preparer.next(PART_BYTES) {
                Ok(Some(part)) => {
                    if !send(Part::Content(part, preparer.bytes)) {
                        break;
                    }
                }
                Ok(None) => break,
                Err(DriveError::Source { source, .. }) => {
                    return Err(self.source.unreadable(path, source));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let bytes = preparer.bytes;
        let is_stable = self.is_stable(path, &file, &meta, bytes)?;
        Ok(Part::End(Box::new(About { meta, xattrs, bytes, is_stable })))
    }
}

/// Reads a file to its end, in one read if it is as long as it was said to be; files that the
/// kernel makes up say nothing. `None` if it is too long.
fn fill(buffer: &mut Vec<u8>, file: &mut File, bytes: u64) -> io::Result<Option<usize>> {
    // One byte more tells whether the file ends there.
    let expected = usize::try_from(bytes.min(SMALL_BYTES_MAX)).unwrap_or(0);
    let mut taken = 0;
    loop {
        let room = (expected + 1).max(taken * 2);
        if buffer.len() < room {
            buffer.resize(room, 0);
        }
        let count = match file.read(buffer.get_mut(taken..room).unwrap_or_default()) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        taken += count;
        if SMALL_BYTES_MAX < taken as u64 {
            return Ok(None);
        }
        if count == 0 || taken == expected && 0 < expected {
            return Ok(Some(taken));
        }
    }
}
