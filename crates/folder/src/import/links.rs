//! Files with several names. Which of their names are in the source is known only at the end.

use std::collections::HashMap;

use ply_drive::{DriveError, Entry, LinkMark};
use ply_engine::Engine;
use ply_types::Path;

use super::cache::Fact;
use super::plan::{Group, Plan, PlannedEntry, PlannedFile};
use super::shown::{Shown, same};
use super::source::Source;
use crate::meta::short_hash;

/// Stands in front of the path in the hash, so that no mark is the hash of anything else.
const MARK_CONTEXT: &[u8] = b"plywood import link ";

/// What has more than one name in the file system, in the order in which it was met.
#[derive(Debug, Default)]
pub(super) struct Links {
    by_file: HashMap<(u64, u64), usize>,
    files: Vec<Names>,
}

#[derive(Debug)]
struct Names {
    bytes: u64,
    names: Vec<LinkName>,
}

/// One of several names.
#[derive(Debug)]
pub(super) struct LinkName {
    pub(super) path: Path,
    /// The mark that the drive shows.
    pub(super) mark: Option<LinkMark>,
    pub(super) linked: Linked,
}

/// What has the name.
#[derive(Debug)]
pub(super) enum Linked {
    /// A file.
    File {
        /// The directory of the cache that waits for it.
        directory: u32,
        /// The fact by which the drive shows it as it is, but for the mark.
        fits: Option<Fact>,
        /// Whether the drive shows anything there.
        is_shown: bool,
    },
    /// A symlink, a pipe, a socket or a device.
    Other {
        entry: Entry,
        /// Whether the drive shows it as it is, but for the mark.
        fits: bool,
    },
}

/// A mark for what has this name first: a second import makes the same. Higher numbers are tried
/// where the drive has given it to something else.
fn mark(first: &Path, number: u32) -> LinkMark {
    let number = number.to_be_bytes();
    LinkMark(short_hash(&[MARK_CONTEXT, number.as_slice(), first.as_bytes()].concat()))
}

impl Links {
    /// Adds a name of a file. Says whether it is the first one.
    pub(super) fn add(&mut self, file: (u64, u64), bytes: u64, name: LinkName) -> bool {
        let index = *self.by_file.entry(file).or_insert(self.files.len());
        if let Some(names) = self.files.get_mut(index) {
            names.names.push(name);
            return false;
        }
        self.files.push(Names { bytes, names: vec![name] });
        true
    }

    /// Adds a name of something that is no file, with what the drive shows there.
    pub(super) fn add_other(
        &mut self,
        file: (u64, u64),
        path: Path,
        entry: Entry,
        shown: Option<Entry>,
    ) {
        let mark = shown.as_ref().and_then(|shown| shown.link);
        let fits = shown.is_some_and(|shown| same(&Entry { link: None, ..shown }, &entry));
        self.add(file, 0, LinkName { path, mark, linked: Linked::Other { entry, fits } });
    }

    /// Decides about each: it is as the drive shows it, or it is set under all its names. The
    /// plan's removals must be in order.
    pub(super) fn settle<E: Engine>(
        self,
        plan: &mut Plan<'_, E>,
        source: &Source,
        shown: &Shown<'_, '_, E>,
    ) -> Result<(), DriveError> {
        for Names { bytes, names } in self.files {
            if fits(&names, source, shown)? {
                for LinkName { path, linked, .. } in names {
                    if let Linked::File { directory, fits, .. } = linked {
                        plan.cache.settle(directory, source.name(&path), fits)?;
                        plan.progress.files_done += 1;
                    }
                }
                plan.progress.bytes_done += bytes;
                continue;
            }
            // Where the other names are outside of the source, it is like anything else.
            let mark = match names.as_slice() {
                [_, _, ..] => free_mark(&names, &plan.removals, shown)?,
                _ => None,
            };
            plan_names(plan, bytes, names, mark);
        }
        Ok(())
    }
}

/// Whether the drive shows all names as they are, and as one.
fn fits<E: Engine>(
    names: &[LinkName],
    source: &Source,
    shown: &Shown<'_, '_, E>,
) -> Result<bool, DriveError> {
    let shared = names.first().and_then(|first| first.mark);
    if !names.iter().all(|name| name.fits() && name.mark == shared) {
        return Ok(false);
    }
    match (names, shared) {
        ([name], Some(mark)) => is_alone(&name.path, mark, source, shown),
        ([_], None) => Ok(true),
        _ => Ok(shared.is_some()),
    }
}

/// Whether a mark means no other name in the destination: then it is none of the import's business.
pub(super) fn is_alone<E: Engine>(
    path: &Path,
    mark: LinkMark,
    source: &Source,
    shown: &Shown<'_, '_, E>,
) -> Result<bool, DriveError> {
    let names = shown.carriers(mark)?;
    Ok(!names.iter().any(|name| name != path && name.starts_with(&source.to)))
}

/// A mark that nothing but these names has in the drive: the one that they have, if they have one.
fn free_mark<E: Engine>(
    names: &[LinkName],
    removals: &[Path],
    shown: &Shown<'_, '_, E>,
) -> Result<Option<LinkMark>, DriveError> {
    let Some(first) = names.first() else { return Ok(None) };
    let made = (0..=u32::MAX).map(|number| mark(&first.path, number));
    for mark in first.mark.into_iter().chain(made) {
        let mut carriers = shown.carriers(mark)?;
        carriers.retain(|path| {
            removals.binary_search(path).is_err() && !names.iter().any(|name| name.path == *path)
        });
        if carriers.is_empty() {
            return Ok(Some(mark));
        }
    }
    Ok(None)
}

/// Plans all names of one file.
fn plan_names<E: Engine>(
    plan: &mut Plan<'_, E>,
    bytes: u64,
    names: Vec<LinkName>,
    mark: Option<LinkMark>,
) {
    let mut others = Vec::new();
    let mut file: Option<PlannedFile> = None;
    for LinkName { path, linked, .. } in names {
        match linked {
            Linked::File { directory, .. } if file.is_some() => others.push((path, directory)),
            Linked::File { directory, is_shown, .. } => {
                file = Some(PlannedFile { path, bytes, is_shown, directory, group: None });
            }
            Linked::Other { entry, .. } => {
                let entry = Entry { link: mark, ..entry };
                plan.entries.push(PlannedEntry { path, entry });
            }
        }
    }
    if let Some(mut file) = file {
        if let Some(mark) = mark {
            file.group = u32::try_from(plan.groups.len()).ok();
            plan.groups.push(Group { mark, others });
        }
        plan.files.push(file);
    }
}

impl LinkName {
    fn fits(&self) -> bool {
        match &self.linked {
            Linked::File { fits, .. } => fits.is_some(),
            Linked::Other { fits, .. } => *fits,
        }
    }
}
