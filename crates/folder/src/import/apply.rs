//! Carries a plan out, in one transaction.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use ply_drive::{Attributes, Body, Entry, Stored, Transaction};
use ply_engine::Engine;
use ply_types::Path;

use super::cache::Cache;
use super::plan::{Group, Plan, PlannedFile, Touched};
use super::read::{About, Part, Small};
use super::readers::{Delivery, read_all};
use super::shown::same;
use super::source::Source;
use super::{ImportError, ImportSummary};
use crate::progress::{Progress, Report};
use crate::warning::Warning;

/// The one that writes, and what it has done.
struct Apply<'import, 'transaction, 'drive, E: Engine> {
    transaction: &'import mut Transaction<'transaction, E>,
    source: &'import Source,
    groups: &'import [Group],
    cache: Cache<'drive, E>,
    summary: ImportSummary,
    progress: Progress,
    report: &'import Report<'import>,
}

/// Whether something may be there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// The survey found that it differs, or that nothing is there.
    Differs,
    /// Only with its content at hand can it be compared.
    Unknown,
}

/// Carries the plan out. Reports after each batch of files, and at both ends.
pub(super) fn apply<E: Engine>(
    transaction: &mut Transaction<'_, E>,
    source: &Source,
    plan: Plan<'_, E>,
    report: &Report<'_>,
) -> Result<ImportSummary, ImportError> {
    let is_empty = plan.is_empty();
    let Plan { removals, entries, touched, files, groups, cache, summary, progress } = plan;
    let replica = Arc::clone(transaction.replica());
    let mut apply =
        Apply { transaction, source, groups: &groups, cache, summary, progress, report };
    apply.tell()?;
    if !is_empty {
        apply.transaction.make_parents(&source.to, &source.parent_attributes()?)?;
    }
    for path in removals {
        apply.transaction.remove(&path)?;
        apply.summary.removed += 1;
    }
    for planned in entries {
        apply.entry(&planned.path, planned.entry)?;
        apply.tell()?;
    }
    for touched in &touched {
        apply.touch(touched)?;
        apply.tell()?;
    }
    read_all(source, &replica, &files, |delivery| {
        apply.deliver(&files, delivery)?;
        apply.tell()
    })?;
    apply.cache.flush()?;
    Ok(apply.summary)
}

impl<E: Engine> Apply<'_, '_, '_, E> {
    /// Says how far it is, and hears whether it goes on.
    fn tell(&self) -> Result<(), ImportError> {
        if (self.report)(self.progress).is_break() { Err(ImportError::Stopped) } else { Ok(()) }
    }

    fn set(&mut self, path: &Path, entry: Entry, before: Before) -> Result<(), ImportError> {
        if before == Before::Unknown {
            let state = self.transaction.path(path)?;
            if state.shown().is_some_and(|shown| same(&shown.entry, &entry)) {
                return Ok(());
            }
        }
        self.transaction.set(path, entry)?;
        self.summary.changed += 1;
        Ok(())
    }

    /// Sets a directory, a symlink, a pipe, a socket or a device.
    fn entry(&mut self, path: &Path, entry: Entry) -> Result<(), ImportError> {
        let Body::Symlink(Stored::Inline(target)) = &entry.body else {
            return self.set(path, entry, Before::Differs);
        };
        let body = Body::Symlink(self.transaction.store_bytes(target)?);
        self.set(path, Entry { body, ..entry }, Before::Unknown)
    }

    /// Sets other attributes, and takes a mark away that the file no longer shares.
    fn touch(&mut self, touched: &Touched) -> Result<(), ImportError> {
        let state = self.transaction.path(&touched.path)?;
        let Some(shown) = state.shown() else { return Ok(()) };
        let mut entry = self.transaction.adopt(shown)?;
        let xattrs = std::mem::take(&mut entry.attributes.xattrs);
        entry.link = touched.link;
        entry.attributes = Attributes { xattrs, ..touched.attributes.clone() };
        self.set(&touched.path, entry, Before::Differs)
    }

    fn deliver(&mut self, files: &[PlannedFile], delivery: Delivery) -> Result<(), ImportError> {
        match delivery {
            Delivery::Failed(error) => Err(error),
            Delivery::Large(index, parts) => match files.get(index) {
                Some(file) => self.large(file, &parts),
                None => Ok(()),
            },
            Delivery::Batch(batch) => batch.into_iter().try_for_each(|(index, small)| {
                let Some(file) = files.get(index) else { return Ok(()) };
                self.progress.bytes_done += file.bytes;
                match small {
                    Small::Read(about, prepared) => {
                        let stored = self.transaction.store([Ok(prepared)])?;
                        self.file(file, *about, stored)
                    }
                    Small::Gone(warning) => self.gone(file, warning),
                    Small::Large => Ok(()),
                }
            }),
        }
    }

    /// Stores a large file as it is read.
    fn large(&mut self, file: &PlannedFile, parts: &Receiver<Part>) -> Result<(), ImportError> {
        let before = self.progress.bytes_done;
        loop {
            let mut end = None;
            let progress = &mut self.progress;
            let report = self.report;
            let stored =
                self.transaction.store(std::iter::from_fn(|| match parts.recv().ok()? {
                    Part::Content(content, bytes) => {
                        progress.bytes_done = before + bytes.min(file.bytes);
                        if report(*progress).is_break() {
                            end = Some(Part::Failed(ImportError::Stopped));
                            return None;
                        }
                        Some(Ok(content))
                    }
                    other => {
                        end = Some(other);
                        None
                    }
                }))?;
            // A file that became tiny is stored before its end is seen.
            let end = end.or_else(|| parts.recv().ok());
            self.progress.bytes_done = before + file.bytes;
            match end {
                Some(Part::End(about)) => return self.file(file, *about, stored),
                Some(Part::Gone(warning)) => return self.gone(file, warning),
                Some(Part::Failed(error)) => return Err(error),
                Some(Part::Again) => {}
                // Its thread ended without a word: the scope that it runs in passes the panic on.
                Some(Part::Content(..)) | None => return Ok(()),
            }
        }
    }

    /// Gives a file that was read to all its names.
    fn file(
        &mut self,
        file: &PlannedFile,
        about: About,
        stored: Stored,
    ) -> Result<(), ImportError> {
        self.summary.read_files += 1;
        self.summary.read_bytes += about.bytes;
        let mut fact = None;
        if about.is_stable {
            fact = self.cache.fact(&about.meta, stored.identity(), &about.xattrs);
        } else {
            let path = self.source.display(&file.path);
            self.summary.warnings.push(Warning::Changing { path });
        }
        let group = file.group.and_then(|group| self.groups.get(group as usize));
        let mut entry = Entry::new(Body::File(stored), about.meta.attributes(about.xattrs));
        entry.link = group.map(|group| group.mark);
        for (path, directory) in group.map(|group| group.others.as_slice()).unwrap_or_default() {
            self.set(path, entry.clone(), Before::Unknown)?;
            self.cache.settle(*directory, self.source.name(path), fact)?;
            self.progress.files_done += 1;
        }
        let before = if file.is_shown { Before::Unknown } else { Before::Differs };
        self.set(&file.path, entry, before)?;
        self.cache.settle(file.directory, self.source.name(&file.path), fact)?;
        self.progress.files_done += 1;
        Ok(())
    }

    /// Leaves out a file that went away.
    fn gone(&mut self, file: &PlannedFile, warning: Warning) -> Result<(), ImportError> {
        self.summary.warnings.push(warning);
        self.cache.settle(file.directory, self.source.name(&file.path), None)?;
        self.progress.files_done += 1;
        let group = file.group.and_then(|group| self.groups.get(group as usize));
        for (path, directory) in group.map(|group| group.others.as_slice()).unwrap_or_default() {
            // They may be there still; the next import finds them.
            let path_in_folder = self.source.display(path);
            self.summary.warnings.push(Warning::Vanished { path: path_in_folder });
            self.cache.settle(*directory, self.source.name(path), None)?;
            self.progress.files_done += 1;
        }
        Ok(())
    }
}
