//! Writing files, directories, links and attributes. All of it goes into the draft.

use std::io::Read;
use std::sync::Arc;

use ply_engine::Engine;
use ply_types::Path;

use super::Drive;
use crate::entry::{Attributes, Body, Entry, INLINE_BYTES_MAX, Kind, Xattr};
use crate::error::DriveError;
use crate::prepare::Preparer;
use crate::remote::Want;
use crate::transaction::Transaction;

/// Plaintext that is prepared at once.
const PART_BYTES: usize = 4 << 20;

/// Content that is worth a look at what others stored, wherever.
const MUCH_BYTES: u64 = 1 << 20;

/// Longest target of a symlink that Linux takes, in bytes.
pub const TARGET_BYTES_MAX: usize = 4095;

/// What to do about a path that is there or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// Replace what is there, make what is not.
    OrReplace,
    /// Only make: an error if something is there.
    New,
}

/// How a file is written.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// About the path itself.
    pub create: Create,
    /// Whether missing directories above are made, with mode 0755 and the file's owner.
    pub make_parents: bool,
    /// Attributes; `None` keeps those of a file that is there, and gives a new one 0644.
    pub attributes: Option<Attributes>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { create: Create::OrReplace, make_parents: false, attributes: None }
    }
}

impl<E: Engine> Drive<E> {
    /// Runs a change of the draft, and again when something that it had to see was not here.
    pub(crate) async fn change<T>(
        &self,
        path: &Path,
        mut change: impl FnMut(&mut Transaction<'_, E>) -> Result<T, DriveError>,
    ) -> Result<T, DriveError> {
        self.complete_change(path, Some(Want::Stat(path.clone())), |sight| {
            let mut transaction = Transaction::begin_with(&self.replica, sight)?;
            let result = change(&mut transaction)?;
            transaction.save()?;
            Ok(result)
        })
        .await
    }

    /// Writes a whole file from memory.
    pub async fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), DriveError> {
        self.write_with(path, bytes, &WriteOptions::default()).await
    }

    /// Writes a whole file from a reader. Reading happens before anything is locked.
    pub async fn write_with(
        &self,
        path: &Path,
        source: impl Read,
        options: &WriteOptions,
    ) -> Result<(), DriveError> {
        // Before reading what may be endless: may this be written at all?
        self.check_writable(path, options).await?;
        let replica = Arc::clone(&self.replica);
        let mut preparer = Preparer::new(&replica, source, path.to_string());
        let mut parts = Vec::new();
        let mut held = 0;
        while let Some(part) = preparer.next(PART_BYTES)? {
            if parts.is_empty() {
                self.note_others(path, preparer.bytes)?;
            }
            held += part.frame_bytes();
            parts.push(part);
            if (32 << 20) < held {
                // Content without a path is found again by its hash, so memory stays bounded.
                let mut transaction = Transaction::begin(&self.replica)?;
                transaction.store(parts.iter().cloned().map(Ok))?;
                transaction.flush()?;
                parts.iter_mut().for_each(crate::prepare::Prepared::forget_frames);
                held = 0;
            }
        }
        self.change(path, |transaction| {
            let stored = transaction.store(parts.iter().cloned().map(Ok))?;
            let mut attributes = match &options.attributes {
                Some(attributes) => attributes.clone(),
                None => match transaction.path(path)?.shown() {
                    Some(shown) if shown.entry.kind() == Some(Kind::File) => {
                        shown.entry.attributes.clone()
                    }
                    _ => Attributes { mode: 0o644, ..Attributes::default() },
                },
            };
            if options.attributes.is_none() {
                attributes.mtime = replica.host.now();
            }
            place(transaction, path, Body::File(stored), attributes, options)
        })
        .await
    }

    /// Learns which chunks of others this write may bring again: those under the same path, and for
    /// much content those of the whole drive.
    fn note_others(&self, path: &Path, plain_bytes: u64) -> Result<(), DriveError> {
        if MUCH_BYTES <= plain_bytes {
            return self.replica.note_others();
        }
        if plain_bytes <= INLINE_BYTES_MAX as u64 {
            return Ok(());
        }
        let view = self.replica.view().without_draft();
        for version in view.path(path)?.versions.all() {
            if version.writer != self.replica.writer_key() && version.entry.stored().is_some() {
                match self.replica.note_version(&view, path, version) {
                    // Then they cannot be brought again.
                    Ok(()) | Err(DriveError::Missing(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    async fn check_writable(&self, path: &Path, options: &WriteOptions) -> Result<(), DriveError> {
        if path.is_root() {
            return Err(DriveError::IsADirectory { path: path.clone() });
        }
        let state = self.state(path).await?;
        if !state.missing.is_empty() {
            // What is seen may be superseded by what is not: whoever writes will see it all.
            return Ok(());
        }
        match state.kind() {
            Some(Kind::Directory) => Err(DriveError::IsADirectory { path: path.clone() }),
            Some(_) if options.create == Create::New => {
                Err(DriveError::Exists { path: path.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Makes a directory.
    pub async fn create_dir(
        &self,
        path: &Path,
        attributes: &Attributes,
        make_parents: bool,
    ) -> Result<(), DriveError> {
        self.change(path, |transaction| {
            match transaction.path(path)?.kind() {
                Some(Kind::Directory) if make_parents => return Ok(()),
                Some(_) => return Err(DriveError::Exists { path: path.clone() }),
                None => {}
            }
            if make_parents {
                transaction.make_parents(path, attributes)?;
            }
            transaction.set(path, Entry::new(Body::Directory, attributes.clone()))
        })
        .await
    }

    /// Makes a symlink.
    pub async fn symlink(
        &self,
        path: &Path,
        target: &[u8],
        attributes: &Attributes,
    ) -> Result<(), DriveError> {
        if target.is_empty() || TARGET_BYTES_MAX < target.len() || target.contains(&0) {
            let what = "no file system takes such a target of a link";
            return Err(DriveError::Invalid { path: path.clone(), what });
        }
        let options = WriteOptions { create: Create::New, ..WriteOptions::default() };
        self.change(path, |transaction| {
            let stored = transaction.store_bytes(target)?;
            let attributes = Attributes { mode: 0o777, ..attributes.clone() };
            place(transaction, path, Body::Symlink(stored), attributes, &options)
        })
        .await
    }

    /// Makes a pipe, a socket or a device.
    pub async fn make_node(
        &self,
        path: &Path,
        body: Body,
        attributes: &Attributes,
    ) -> Result<(), DriveError> {
        let options = WriteOptions { create: Create::New, ..WriteOptions::default() };
        self.change(path, |transaction| {
            place(transaction, path, body.clone(), attributes.clone(), &options)
        })
        .await
    }

    /// Changes attributes; content stays as it is, and is not fetched.
    pub async fn set_attributes(
        &self,
        path: &Path,
        change: impl Fn(&mut Attributes),
    ) -> Result<(), DriveError> {
        self.change(path, |transaction| {
            let state = transaction.path(path)?;
            let mut entry = match (state.kind(), state.shown()) {
                (None, _) => return Err(DriveError::Absent { path: path.clone() }),
                (_, Some(shown)) => transaction.adopt_linked(shown)?,
                (_, None) => Entry::new(Body::Directory, state.attributes()),
            };
            change(&mut entry.attributes);
            entry.attributes.mode &= 0o7777;
            transaction.set_linked(path, entry)
        })
        .await
    }

    /// Sets an extended attribute, or removes it.
    pub async fn set_xattr(
        &self,
        path: &Path,
        name: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), DriveError> {
        Self::check_xattr(path, name, value)?;
        self.set_attributes(path, |attributes| {
            let mut xattrs: Vec<Xattr> = std::mem::take(&mut attributes.xattrs);
            xattrs.retain(|(other, _)| other.as_slice() != name);
            xattrs.extend(value.map(|value| (name.to_vec(), value.to_vec())));
            xattrs.sort();
            attributes.xattrs = xattrs;
        })
        .await
    }
}

/// Puts a new entry at a path, as the options say.
fn place<E: Engine>(
    transaction: &mut Transaction<'_, E>,
    path: &Path,
    body: Body,
    attributes: Attributes,
    options: &WriteOptions,
) -> Result<(), DriveError> {
    let state = transaction.path(path)?;
    match state.kind() {
        Some(_) if options.create == Create::New => {
            return Err(DriveError::Exists { path: path.clone() });
        }
        Some(Kind::Directory) => return Err(DriveError::IsADirectory { path: path.clone() }),
        _ => {}
    }
    if options.make_parents {
        let directory = Attributes { mode: 0o755, xattrs: Vec::new(), ..attributes.clone() };
        transaction.make_parents(path, &directory)?;
    }
    let mut entry = Entry::new(body, attributes);
    // A file that gets new content is the same file, under all of its names.
    let shown = state.shown().filter(|shown| shown.entry.kind() == entry.kind());
    entry.link = shown.and_then(|shown| shown.entry.link);
    transaction.set_linked(path, entry)
}
