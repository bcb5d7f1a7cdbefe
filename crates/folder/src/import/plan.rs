//! What an import is going to do. Made before anything is changed.

use ply_drive::{Attributes, Entry, LinkMark};
use ply_engine::Engine;
use ply_types::Path;

use super::ImportSummary;
use super::cache::Cache;
use crate::progress::Progress;

/// Everything that differs between folder and drive.
///
/// Only what differs takes memory: about 120 bytes a file.
#[derive(Debug)]
pub(super) struct Plan<'drive, E: Engine> {
    /// Paths to remove, deepest first.
    pub(super) removals: Vec<Path>,
    /// Everything but files, directories before what is in them.
    pub(super) entries: Vec<PlannedEntry>,
    /// Files whose content the drive shows already, under other attributes.
    pub(super) touched: Vec<Touched>,
    /// Files to read, in the order of the folder.
    pub(super) files: Vec<PlannedFile>,
    /// Files with more than one name.
    pub(super) groups: Vec<Group>,
    /// What is remembered of the source for the next time.
    pub(super) cache: Cache<'drive, E>,
    /// What was found.
    pub(super) summary: ImportSummary,
    /// Totals, and what is done because nothing has to be.
    pub(super) progress: Progress,
}

/// Something that is known whole already.
#[derive(Debug)]
pub(super) struct PlannedEntry {
    pub(super) path: Path,
    /// Of a symlink with its whole target inline, however long that is.
    pub(super) entry: Entry,
}

/// A file that gets other attributes.
#[derive(Debug)]
pub(super) struct Touched {
    pub(super) path: Path,
    /// Without extended ones: the drive has the right ones.
    pub(super) attributes: Attributes,
    /// The mark that it keeps.
    pub(super) link: Option<LinkMark>,
}

/// A file that is read.
#[derive(Debug)]
pub(super) struct PlannedFile {
    /// The path in the drive, the first of them for a group.
    pub(super) path: Path,
    /// Its size when it was listed.
    pub(super) bytes: u64,
    /// Whether the drive shows something there.
    pub(super) is_shown: bool,
    /// The directory of the cache that waits for it.
    pub(super) directory: u32,
    /// Its group, when it has several names.
    pub(super) group: Option<u32>,
}

/// The names of one file.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) mark: LinkMark,
    /// All names but the first, with the directories of the cache that wait for them.
    pub(super) others: Vec<(Path, u32)>,
}

impl<'drive, E: Engine> Plan<'drive, E> {
    /// Nothing yet.
    pub(super) fn new(cache: Cache<'drive, E>) -> Self {
        Self {
            removals: Vec::new(),
            entries: Vec::new(),
            touched: Vec::new(),
            files: Vec::new(),
            groups: Vec::new(),
            cache,
            summary: ImportSummary::default(),
            progress: Progress::default(),
        }
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.removals.is_empty()
            && self.entries.is_empty()
            && self.touched.is_empty()
            && self.files.is_empty()
    }
}
