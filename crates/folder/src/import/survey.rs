//! Compares the source with the drive, directory by directory, and plans what differs.

mod decide;

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;

use globset::Candidate;
use ply_drive::{Body, Entry, Kind};
use ply_engine::Engine;
use ply_types::{Name, Path};
use rustix::fs::{AtFlags, Dir, FileType, fstat, statat};
use rustix::io::Errno;

use super::cache::{Cache, Directory};
use super::links::Links;
use super::plan::{Plan, PlannedEntry};
use super::shown::{Current, Shown};
use super::source::Source;
use super::{Import, ImportError};
use crate::meta::Meta;
use crate::progress::{Progress, Report};
use crate::warning::Warning;
use crate::xattr::{Subject, Xattrs};

/// Goes through source and drive at once, both in the order of names.
pub(super) struct Survey<'import, 'drive, 'replica, E: Engine> {
    options: &'import Import,
    source: &'import Source,
    shown: &'import Shown<'import, 'replica, E>,
    plan: Plan<'drive, E>,
    links: Links,
    /// Directories to go through, the next one last.
    open: Vec<(Path, Option<Current>)>,
    xattrs: Xattrs,
    report: &'import Report<'import>,
}

impl<'import, 'drive, 'replica, E: Engine> Survey<'import, 'drive, 'replica, E> {
    pub(super) fn new(
        options: &'import Import,
        source: &'import Source,
        shown: &'import Shown<'import, 'replica, E>,
        cache: Cache<'drive, E>,
        report: &'import Report<'import>,
    ) -> Self {
        Self {
            options,
            source,
            shown,
            plan: Plan::new(cache),
            links: Links::default(),
            open: Vec::new(),
            xattrs: Xattrs::new(),
            report,
        }
    }

    /// Makes the plan. `top` is what the drive shows at the destination.
    pub(super) fn run(mut self, top: Option<Current>) -> Result<Plan<'drive, E>, ImportError> {
        let source = self.source;
        if source.single.is_empty() {
            self.open.push((source.to.clone(), top));
        } else {
            let mut memory = self.plan.cache.directory(&[])?;
            self.name(source.folder.root(), source.to.clone(), top, &mut memory)?;
            memory.keep_others(&source.single);
            self.plan.cache.close(memory)?;
        }
        while let Some((path, current)) = self.open.pop() {
            self.directory(&path, current.as_ref())?;
        }
        self.plan.removals.sort_unstable();
        self.links.settle(&mut self.plan, source, self.shown)?;
        // What is below a path sorts after it.
        self.plan.removals.reverse();
        Ok(self.plan)
    }

    fn directory(&mut self, path: &Path, current: Option<&Current>) -> Result<(), ImportError> {
        if (self.report)(Progress::default()).is_break() {
            return Err(ImportError::Stopped);
        }
        let source = self.source;
        let relative = source.relative(path);
        let fd = match source.folder.directory(relative) {
            Ok(fd) => fd,
            Err(error) => return self.gone(path, error),
        };
        let unreadable = |error: io::Error| source.unreadable(path, error);
        let stat = fstat(&fd).map_err(|error| unreadable(error.into()))?;
        let Some(meta) = Meta::of(&stat) else { return Ok(()) };
        let xattrs = self.xattrs.read(&Subject::open(&fd)).map_err(unreadable)?;
        self.plan.summary.directories += 1;
        let entry = Entry::new(Body::Directory, meta.attributes(xattrs));
        if !current.is_some_and(|current| current.is(&entry)) {
            self.plan.entries.push(PlannedEntry { path: path.clone(), entry });
        }

        let names = self.names_of(fd.as_fd(), relative).map_err(unreadable)?;
        let mut memory = self.plan.cache.directory(relative)?;
        let first_below = self.open.len();
        let is_listed = current.is_some_and(|current| current.kind == Kind::Directory);
        self.merge(fd.as_fd(), path, names, is_listed, &mut memory)?;
        self.plan.cache.close(memory)?;
        // The stack gives the last first.
        self.open.get_mut(first_below..).unwrap_or_default().reverse();
        Ok(())
    }

    /// Takes the names of source and drive together, in order.
    fn merge(
        &mut self,
        fd: BorrowedFd<'_>,
        directory: &Path,
        names: Vec<Box<[u8]>>,
        is_listed: bool,
        memory: &mut Directory,
    ) -> Result<(), ImportError> {
        let shown = self.shown;
        let mut listed = is_listed.then(|| shown.names(directory));
        let mut next = || match &mut listed {
            Some(listed) => listed.next(),
            None => Ok(None),
        };
        let mut ahead = next()?;
        for name in names {
            while let Some((listed, current)) = ahead.take_if(|(n, _)| n.as_bytes() < &*name) {
                self.extra(directory, &listed, &current)?;
                ahead = next()?;
            }
            let current = match ahead.take_if(|(listed, _)| listed.as_bytes() == &*name) {
                Some((_, current)) => {
                    ahead = next()?;
                    Some(current)
                }
                None => None,
            };
            let path = self.join(directory, &name)?;
            self.name(fd, path, current, memory)?;
        }
        while let Some((listed, current)) = ahead {
            self.extra(directory, &listed, &current)?;
            ahead = next()?;
        }
        Ok(())
    }

    /// The names of a directory of the source, without what is left out, in order of their bytes.
    fn names_of(&self, fd: BorrowedFd<'_>, relative: &[u8]) -> io::Result<Vec<Box<[u8]>>> {
        let mut names: Vec<Box<[u8]>> = Vec::new();
        for entry in Dir::read_from(fd)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let is_directory = match entry.file_type() {
                // Some file systems do not say it here.
                FileType::Unknown if !self.options.exclude_directories.is_empty() => {
                    let stat = statat(fd, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW);
                    stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_dir())
                }
                kind => kind.is_dir(),
            };
            if !self.excludes(relative, name, is_directory) {
                names.push(name.into());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn excludes(&self, directory: &[u8], name: &[u8], is_directory: bool) -> bool {
        let Import { exclude, exclude_directories, .. } = self.options;
        if exclude.is_empty() && exclude_directories.is_empty() {
            return false;
        }
        let matches = |path: &[u8]| {
            let path = Candidate::from_bytes(path);
            exclude.is_match_candidate(&path)
                || (is_directory && exclude_directories.is_match_candidate(&path))
        };
        matches(name) || (!directory.is_empty() && matches(&[directory, b"/", name].concat()))
    }

    fn join(&self, directory: &Path, name: &[u8]) -> Result<Path, ImportError> {
        Name::parse(name).and_then(|name| directory.join(&name)).map_err(|source| {
            let path = self.source.display(directory).join(OsStr::from_bytes(name));
            ImportError::Path { path, source }
        })
    }

    /// A path that was listed cannot be looked at. If only because it went away, that is no error.
    fn gone(&mut self, path: &Path, error: io::Error) -> Result<(), ImportError> {
        let warning = gone(self.source, path, error)?;
        self.plan.summary.warnings.push(warning);
        Ok(())
    }
}

/// The warning for a path that is no longer what it was; otherwise the error again.
pub(super) fn gone(source: &Source, path: &Path, error: io::Error) -> Result<Warning, ImportError> {
    let is_top = source.relative(path).is_empty();
    let display = source.display(path);
    match Errno::from_io_error(&error) {
        Some(Errno::NOENT | Errno::STALE) if !is_top => Ok(Warning::Vanished { path: display }),
        // A link, a directory or a socket is there now.
        Some(Errno::LOOP | Errno::NOTDIR | Errno::ISDIR | Errno::NXIO) if !is_top => {
            Ok(Warning::Replaced { path: display })
        }
        _ => Err(ImportError::Read { path: display, source: error }),
    }
}
