//! What a disk may hold after a loss of power.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::trace::{Call, Kind};
use crate::world::Dice;

/// What a disk writes at once.
const SECTOR_BYTES: usize = 512;

/// A change to the bytes of a file.
#[derive(Clone, Copy, Debug)]
enum Change<'calls> {
    Write(usize, &'calls [u8]),
    Truncate(usize),
}

/// A file, whatever its name.
#[derive(Clone, Debug, Default)]
struct Inode<'calls> {
    changes: Vec<Change<'calls>>,
    /// Of the changes, those that a sync made durable.
    synced: usize,
}

/// A change to names.
#[derive(Clone, Debug)]
enum Naming {
    Set { path: String, inode: usize, instead_of: Option<String> },
    Remove { path: String },
}

/// Calls, sorted by what they changed.
#[derive(Debug, Default)]
pub(crate) struct Disk<'calls> {
    folders: BTreeSet<String>,
    inodes: Vec<Inode<'calls>>,
    /// As the process saw them.
    names: BTreeMap<String, usize>,
    namings: Vec<Naming>,
    /// Of the namings, those that a sync of their folder made durable.
    durable: usize,
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl Naming {
    fn folder(&self) -> &str {
        let (Self::Set { path, .. } | Self::Remove { path }) = self;
        folder_of(path)
    }
}

impl<'calls> Disk<'calls> {
    /// The disk after these calls, with power on.
    pub(crate) fn of(calls: &'calls [Call]) -> Self {
        let mut disk = Self::default();
        disk.folders.insert(String::new());
        for call in calls {
            disk.call(call);
        }
        disk
    }

    fn call(&mut self, call: &'calls Call) {
        let path = call.path.clone();
        match call.kind {
            Kind::MakeFolder => drop(self.folders.insert(path)),
            Kind::Create => {
                let inode = self.inodes.len();
                self.inodes.push(Inode::default());
                self.names.insert(path.clone(), inode);
                self.namings.push(Naming::Set { path, inode, instead_of: None });
            }
            Kind::Write => self.change(&path, Change::Write(call.offset, &call.data)),
            Kind::Truncate => self.change(&path, Change::Truncate(call.offset)),
            Kind::Sync if self.folders.contains(&path) => {
                let last = self.namings.iter().rposition(|naming| naming.folder() == path);
                self.durable = self.durable.max(last.map_or(0, |last| last + 1));
            }
            Kind::Sync => {
                // A file that was unlinked meanwhile has no name to be found by, and needs none.
                if let Some(&inode) = self.names.get(&path) {
                    self.inodes[inode].synced = self.inodes[inode].changes.len();
                }
            }
            Kind::Rename => {
                let inode = self.names.remove(&path).unwrap();
                self.names.insert(call.other.clone(), inode);
                let to = call.other.clone();
                self.namings.push(Naming::Set { path: to, inode, instead_of: Some(path) });
            }
            Kind::Unlink => {
                self.names.remove(&path);
                self.namings.push(Naming::Remove { path });
            }
        }
    }

    fn change(&mut self, path: &str, change: Change<'calls>) {
        if let Some(&inode) = self.names.get(path) {
            self.inodes[inode].changes.push(change);
        }
    }

    /// Writes one image: 0 has what was synced and nothing else, 1 has everything, the others anything
    /// between.
    pub(crate) fn write(&self, to: &Path, dice: &mut Dice, mode: u64) {
        for folder in &self.folders {
            fs::create_dir_all(to.join(folder)).unwrap();
        }
        let open = self.namings.len() - self.durable;
        let kept = match mode {
            0 => self.durable,
            1 => self.namings.len(),
            _ => self.durable + usize::try_from(dice.below(open as u64 + 1)).unwrap(),
        };
        let mut names = BTreeMap::new();
        for naming in &self.namings[..kept] {
            match naming {
                Naming::Set { path, inode, instead_of } => {
                    names.insert(path, inode);
                    if let Some(old) = instead_of {
                        names.remove(old);
                    }
                }
                Naming::Remove { path } => drop(names.remove(path)),
            }
        }
        for (path, &inode) in names {
            fs::write(to.join(path), self.inodes[inode].bytes(dice, mode)).unwrap();
        }
    }
}

impl Inode<'_> {
    fn bytes(&self, dice: &mut Dice, mode: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let (synced, rest) = self.changes.split_at(self.synced);
        for change in synced {
            change.apply(&mut bytes);
        }
        for change in rest {
            match mode {
                0 => {}
                1 => change.apply(&mut bytes),
                _ => change.apply_maybe(&mut bytes, dice),
            }
        }
        bytes
    }
}

impl Change<'_> {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match *self {
            Self::Truncate(length) => bytes.resize(length, 0),
            Self::Write(offset, data) => put(bytes, offset, data),
        }
    }

    /// All of it, none, its length alone, or some of its sectors.
    fn apply_maybe(&self, bytes: &mut Vec<u8>, dice: &mut Dice) {
        match (*self, dice.below(4)) {
            (_, 0) => {}
            (Self::Write(offset, data), 1) => {
                let end = bytes.len().max(offset + data.len());
                bytes.resize(end, 0);
            }
            (Self::Write(offset, data), 2) => {
                let mut start = 0;
                while start < data.len() {
                    let end =
                        data.len().min(start + SECTOR_BYTES - (offset + start) % SECTOR_BYTES);
                    if dice.below(2) == 0 {
                        put(bytes, offset + start, &data[start..end]);
                    }
                    start = end;
                }
            }
            _ => self.apply(bytes),
        }
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(data);
}
