//! What becomes of one name.

use std::os::fd::BorrowedFd;

use ply_drive::{Body, Entry, Kind, Stored};
use ply_engine::Engine;
use ply_types::{Name, Path};
use rustix::fs::{AtFlags, readlinkat, statat};

use super::Survey;
use crate::import::cache::{Directory, digest};
use crate::import::links::{LinkName, Linked, is_alone};
use crate::import::plan::{PlannedEntry, PlannedFile, Touched};
use crate::import::shown::Current;
use crate::import::{Extra, ImportError};
use crate::meta::Meta;
use crate::xattr::Subject;

impl<E: Engine> Survey<'_, '_, '_, E> {
    /// A name of the source, with what the drive shows there.
    pub(super) fn name(
        &mut self,
        directory: BorrowedFd<'_>,
        path: Path,
        current: Option<Current>,
        memory: &mut Directory,
    ) -> Result<(), ImportError> {
        let source = self.source;
        let name = source.name(&path);
        let stat = match statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(error) => return self.gone(&path, error.into()),
        };
        let Some(meta) = Meta::of(&stat) else { return Ok(()) };
        if meta.kind == Kind::Directory {
            self.open.push((path, current));
            return Ok(());
        }
        if current.as_ref().is_some_and(|current| current.kind == Kind::Directory) {
            self.clear(&path)?;
        }
        if meta.kind == Kind::File {
            return self.file(path, &meta, current.as_ref(), memory);
        }
        self.plan.summary.others += 1;
        let body = match meta.kind {
            Kind::Symlink => match readlinkat(directory, name, Vec::new()) {
                Ok(target) => Body::Symlink(Stored::Inline(target.into_bytes())),
                Err(error) => return self.gone(&path, error.into()),
            },
            Kind::Fifo => Body::Fifo,
            Kind::Socket => Body::Socket,
            Kind::CharacterDevice => Body::CharacterDevice(meta.device.0, meta.device.1),
            Kind::BlockDevice => Body::BlockDevice(meta.device.0, meta.device.1),
            Kind::File | Kind::Directory => return Ok(()),
        };
        let xattrs = Subject::named(directory, name)
            .and_then(|subject| self.xattrs.read(&subject))
            .map_err(|error| source.unreadable(&path, error))?;
        let entry = Entry::new(body, meta.attributes(xattrs));
        if 1 < meta.names {
            let shown = current.and_then(|current| current.entry);
            self.links.add_other(meta.file, path, entry, shown);
        } else if !current.is_some_and(|current| current.is(&entry)) {
            self.plan.entries.push(PlannedEntry { path, entry });
        }
        Ok(())
    }

    fn file(
        &mut self,
        path: Path,
        meta: &Meta,
        current: Option<&Current>,
        memory: &mut Directory,
    ) -> Result<(), ImportError> {
        self.plan.summary.files += 1;
        self.plan.progress.files_total += 1;
        let fact = memory.find(self.source.name(&path), meta.print());
        let shown = current.and_then(|current| current.entry.as_ref());
        // The content that the drive shows is the content that the file had when it was read last.
        let fact = fact.filter(|fact| {
            shown.is_some_and(|shown| match &shown.body {
                Body::File(stored) => {
                    fact.digest == digest(stored.identity(), &shown.attributes.xattrs)
                }
                _ => false,
            })
        });
        let has_attributes = shown.is_some_and(|shown| meta.has(&shown.attributes));
        let is_shown = current.is_some();
        let directory = self.plan.cache.next_directory();
        if 1 < meta.names {
            memory.wait();
            let fits = fact.filter(|_| has_attributes);
            let mark = shown.and_then(|shown| shown.link);
            let name = LinkName { path, mark, linked: Linked::File { directory, fits, is_shown } };
            if self.links.add(meta.file, meta.bytes, name) {
                self.plan.progress.bytes_total += meta.bytes;
            }
            return Ok(());
        }
        self.plan.progress.bytes_total += meta.bytes;
        let Some(fact) = fact else {
            memory.wait();
            let bytes = meta.bytes;
            self.plan.files.push(PlannedFile { path, bytes, is_shown, directory, group: None });
            return Ok(());
        };
        memory.keep(self.source.name(&path), fact);
        self.plan.progress.files_done += 1;
        self.plan.progress.bytes_done += meta.bytes;
        let mark = shown.and_then(|shown| shown.link);
        let is_alone = match mark {
            Some(mark) => is_alone(&path, mark, self.source, self.shown)?,
            None => true,
        };
        if !has_attributes || !is_alone {
            let link = mark.filter(|_| is_alone);
            let attributes = meta.attributes(Vec::new());
            self.plan.touched.push(Touched { path, attributes, link });
        }
        Ok(())
    }

    /// A name that only the drive has.
    pub(super) fn extra(
        &mut self,
        directory: &Path,
        name: &Name,
        current: &Current,
    ) -> Result<(), ImportError> {
        if self.options.extra == Extra::Keep
            || self.excludes(
                self.source.relative(directory),
                name.as_bytes(),
                current.kind == Kind::Directory,
            )
        {
            return Ok(());
        }
        let path = directory.join(name).map_err(ply_drive::DriveError::from)?;
        if current.kind == Kind::Directory {
            self.remove_below(&path)?;
        } else {
            self.plan.removals.push(path);
        }
        Ok(())
    }

    /// Removes a directory with what is below, except what is left out and the directories above
    /// it. Says whether all of it goes.
    fn remove_below(&mut self, directory: &Path) -> Result<bool, ImportError> {
        let mut goes = true;
        let mut names = self.shown.names(directory);
        while let Some((name, current)) = names.next()? {
            let path = directory.join(&name).map_err(ply_drive::DriveError::from)?;
            let is_directory = current.kind == Kind::Directory;
            if self.excludes(self.source.relative(directory), name.as_bytes(), is_directory) {
                goes = false;
            } else if is_directory {
                goes &= self.remove_below(&path)?;
            } else {
                self.plan.removals.push(path);
            }
        }
        if goes {
            self.plan.removals.push(directory.clone());
        }
        Ok(goes)
    }

    /// Makes way for something that is no directory.
    fn clear(&mut self, path: &Path) -> Result<(), ImportError> {
        let below = self.shown.below(path)?;
        if self.options.extra == Extra::Keep && !below.is_empty() {
            return Err(ImportError::InTheWay { path: path.clone() });
        }
        self.plan.removals.extend(below);
        Ok(())
    }
}
