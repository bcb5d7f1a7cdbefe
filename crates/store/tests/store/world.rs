//! What several of the tests need.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ply_engine::{Batch, Durability, Engine, Frame, Location, Table};
use ply_store::Store;
use ply_types::LogKey;

/// Names the folder to a test that runs as a child of another one.
const CHILD: &str = "PLY_STORE_CHILD";

/// The folder that the parent named, in a process started by [`child`].
pub(crate) fn child_folder() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

/// This test binary, set to run the ignored test `name` on a folder and nothing else.
pub(crate) fn child(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", name, "--ignored", "--nocapture", "--test-threads=1"])
        .env(CHILD, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Appends one frame.
pub(crate) fn append_one(store: &Store, bytes: &[u8]) -> Location {
    store.append(&[Frame { log: LogKey([1; 32]), block: 0, bytes }]).unwrap()[0]
}

/// Asks that all is durable.
pub(crate) fn sync(store: &Store) {
    store.apply(&Batch::new(), Durability::Synced).unwrap();
}

/// Writes one row.
pub(crate) fn put(store: &Store, table: Table, key: &[u8], value: &[u8], durability: Durability) {
    let mut batch = Batch::new();
    batch.put(table, key, value);
    store.apply(&batch, durability).unwrap();
}

/// The path of the newest pack.
pub(crate) fn newest_pack(store: &Path) -> PathBuf {
    let packs = fs::read_dir(store.join("packs")).unwrap().map(|entry| entry.unwrap().path());
    packs.max().unwrap()
}

/// Copies a folder and all below it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// Numbers that look random and are the same in every run: xorshift.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
