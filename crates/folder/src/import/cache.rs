//! What is remembered of a source, so that files which did not change need not be read again.
//!
//! For each file a [`Fact`]: a file with this device, inode, size, mtime and ctime has this content
//! and these extended attributes. A fact is true whatever the drive shows, so it may be written
//! before the import is, and whether it helps is decided by comparing it with what is shown.
//!
//! # Rows
//!
//! All facts of a directory's files stand together, at most 1,024 in a row:
//!
//! ```text
//! key    drive (32) ‖ BLAKE3 of the directory's absolute path (16) ‖ row number (2, big endian)
//! value  version (1) ‖ { name length (1) ‖ name ‖ print (16) ‖ digest (16) } …
//! ```
//!
//! Names ascend. A row that is not of this form is forgotten: a cache may always be lost.

mod row;

use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ply_drive::{DriveError, Replica, Xattr};
use ply_engine::{Batch, Durability, Engine, Order, Table, prefix_end};
use ply_types::{Identity, Timestamp};

use crate::meta::{Meta, Print, short_hash};

/// A file that changed so shortly before the import, or later, could change again without its times
/// showing it: some file systems count in steps of two seconds.
const RACY_SECONDS: i64 = 2;

/// Rows are written when so many bytes of them are together.
const BATCH_BYTES: usize = 1 << 20;

/// What a file with some print holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) print: Print,
    /// See [`digest`].
    pub(super) digest: [u8; 16],
}

/// Facts by name, ascending.
type Facts = Vec<(Box<[u8]>, Fact)>;

/// The memory of one source.
#[derive(Debug)]
pub(super) struct Cache<'drive, E: Engine> {
    replica: &'drive Replica<E>,
    /// The source's folder.
    absolute: PathBuf,
    /// Files that changed from this second on are not remembered.
    racy_from: i64,
    /// Directories with files of which the facts are to come.
    waiting: Vec<Directory>,
    batch: Batch,
    batch_bytes: usize,
}

/// The memory of one directory.
#[derive(Debug)]
pub(super) struct Directory {
    key: Vec<u8>,
    old: Facts,
    old_rows: usize,
    new: Facts,
    /// Files of which the facts are to come.
    waiting: u32,
}

/// Hash of what a fact says about a file's content and extended attributes.
pub(super) fn digest(identity: Identity, xattrs: &[Xattr]) -> [u8; 16] {
    let mut bytes = identity.0.to_vec();
    for part in xattrs.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    short_hash(&bytes)
}

impl<'drive, E: Engine> Cache<'drive, E> {
    pub(super) fn new(replica: &'drive Replica<E>, absolute: &Path) -> Self {
        // A clock before 1970 remembers nothing.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        Self {
            replica,
            absolute: absolute.to_owned(),
            racy_from: i64::try_from(now).unwrap_or(0) - RACY_SECONDS,
            waiting: Vec::new(),
            batch: Batch::new(),
            batch_bytes: 0,
        }
    }

    /// What is remembered of the directory at a path below the source.
    pub(super) fn directory(&self, relative: &[u8]) -> Result<Directory, DriveError> {
        let absolute = self.absolute.join(OsStr::from_bytes(relative));
        let path = short_hash(absolute.as_os_str().as_bytes());
        let key = [self.replica.id().0.as_slice(), &path].concat();
        let (mut old, mut old_rows) = (Facts::new(), 0);
        let end = prefix_end(&key);
        self.replica.engine().scan(
            Table::Stat,
            &key,
            &end,
            Order::Ascending,
            &mut |_, value| {
                old.extend(row::decode(value).unwrap_or_default());
                old_rows += 1;
                ControlFlow::Continue(())
            },
        )?;
        if !old.is_sorted_by(|(a, _), (b, _)| a < b) {
            old.clear();
        }
        Ok(Directory { key, old, old_rows, new: Facts::new(), waiting: 0 })
    }

    /// What is known of a file that was read; nothing if it could change unseen.
    pub(super) fn fact(&self, meta: &Meta, identity: Identity, xattrs: &[Xattr]) -> Option<Fact> {
        let Timestamp { seconds, .. } = meta.changed();
        let is_settled = seconds < self.racy_from;
        is_settled.then(|| Fact { print: meta.print(), digest: digest(identity, xattrs) })
    }

    /// The number that the directory will have which is closed next.
    pub(super) fn next_directory(&self) -> u32 {
        u32::try_from(self.waiting.len()).unwrap_or(u32::MAX)
    }

    /// Ends the listing of a directory. Its facts are written once all of them are known.
    pub(super) fn close(&mut self, directory: Directory) -> Result<(), DriveError> {
        if directory.waiting == 0 {
            self.write(directory)
        } else {
            self.waiting.push(directory);
            Ok(())
        }
    }

    /// Adds the fact that a directory waits for; `None` where there is nothing to remember.
    pub(super) fn settle(
        &mut self,
        directory: u32,
        name: &[u8],
        fact: Option<Fact>,
    ) -> Result<(), DriveError> {
        let Some(waiting) = self.waiting.get_mut(directory as usize) else { return Ok(()) };
        waiting.new.extend(fact.map(|fact| (name.into(), fact)));
        waiting.waiting = waiting.waiting.saturating_sub(1);
        if waiting.waiting == 0 {
            let directory = std::mem::replace(waiting, Directory::empty());
            self.write(directory)?;
        }
        Ok(())
    }

    fn write(&mut self, mut directory: Directory) -> Result<(), DriveError> {
        directory.new.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        if directory.new == directory.old {
            return Ok(());
        }
        let mut rows = 0;
        for (number, row) in row::encode_all(&directory.new) {
            self.batch_bytes += row.len();
            self.batch.put(Table::Stat, row_key(&directory.key, number), row);
            rows = usize::from(number) + 1;
        }
        for number in rows..directory.old_rows {
            let number = u16::try_from(number).unwrap_or(u16::MAX);
            self.batch.delete(Table::Stat, row_key(&directory.key, number));
        }
        if BATCH_BYTES < self.batch_bytes {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub(super) fn flush(&mut self) -> Result<(), DriveError> {
        if !self.batch.is_empty() {
            let batch = std::mem::take(&mut self.batch);
            self.batch_bytes = 0;
            self.replica.engine().apply(&batch, Durability::Process)?;
        }
        Ok(())
    }
}

fn row_key(directory: &[u8], number: u16) -> Vec<u8> {
    [directory, &number.to_be_bytes()].concat()
}

impl Directory {
    fn empty() -> Self {
        Self { key: Vec::new(), old: Vec::new(), old_rows: 0, new: Vec::new(), waiting: 0 }
    }

    /// What is known of a name, if the file still has that print.
    pub(super) fn find(&self, name: &[u8], print: Print) -> Option<Fact> {
        let index = self.old.binary_search_by(|(other, _)| other.as_ref().cmp(name)).ok()?;
        let (_, fact) = self.old.get(index)?;
        (fact.print == print).then_some(*fact)
    }

    /// What was known stays.
    pub(super) fn keep(&mut self, name: &[u8], fact: Fact) {
        self.new.push((name.into(), fact));
    }

    /// What was known of other names stays.
    pub(super) fn keep_others(&mut self, name: &[u8]) {
        let others = self.old.iter().filter(|(other, _)| &**other != name);
        self.new.extend(others.cloned());
    }

    /// There is a file whose fact [`Cache::settle`] will bring.
    pub(super) fn wait(&mut self) {
        self.waiting += 1;
    }
}
