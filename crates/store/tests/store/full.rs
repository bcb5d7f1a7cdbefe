//! A file system without room. Needs root, who may mount one.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use ply_engine::{Batch, Durability, Engine, Table};
use ply_store::Store;
use ply_types::Fault;

use crate::world::{append_one, put};

/// A small file system that goes when this does.
struct Mount(tempfile::TempDir);

impl Mount {
    fn new(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={mebibytes}m");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "ply-store-test"])
            .arg(folder.path())
            .status();
        if mount.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        println!("skipped: cannot mount a tmpfs here, so a full disk was not tried");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _status = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Fills the file system until less than `left` bytes are free.
fn ballast(folder: &Path, left_bytes: u64) -> std::path::PathBuf {
    let path = folder.join("ballast");
    let mut file = File::create(&path).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {}
    let bytes = file.metadata().unwrap().len();
    file.set_len(bytes.saturating_sub(left_bytes)).unwrap();
    path
}

#[test]
fn frames_leave_room_for_rows_and_go_on_when_there_is_room_again() {
    let Some(mount) = Mount::new(80) else { return };
    let store = Store::open(&mount.path().join("store")).unwrap();
    let body = vec![7; 1 << 20];
    let first = append_one(&store, &body);
    let frame = ply_engine::Frame { log: ply_types::LogKey([1; 32]), block: 0, bytes: &body };
    let error = (0..100).find_map(|_| store.append(&[frame]).err()).expect("80 MiB are soon full");
    assert_eq!(error.fault(), Fault::Full);
    put(&store, Table::Meta, b"still", b"here", Durability::Synced);

    let ballast = ballast(mount.path(), 1 << 20);
    let mut batch = Batch::new();
    batch.put(Table::Meta, b"more", b"rows");
    assert_eq!(store.apply(&batch, Durability::Synced).unwrap_err().fault(), Fault::Full);
    assert_eq!(store.read(first).unwrap(), body);
    fs::remove_file(ballast).unwrap();
    store.apply(&batch, Durability::Synced).unwrap();
    assert_eq!(store.get(Table::Meta, b"more").unwrap().unwrap(), b"rows");
}

#[test]
fn a_store_on_a_disk_without_any_room_is_read() {
    let Some(mount) = Mount::new(80) else { return };
    let folder = mount.path().join("store");
    let store = Store::open(&folder).unwrap();
    put(&store, Table::Meta, b"row", b"1", Durability::Synced);
    let at = append_one(&store, b"frame");
    assert!(store.is_writable());
    drop(store);
    let ballast = ballast(mount.path(), 0);
    let mut batch = Batch::new();
    batch.put(Table::Meta, b"row", b"2");
    let store = Store::open(&folder).unwrap();
    assert!(!store.is_writable());
    assert_eq!(store.get(Table::Meta, b"row").unwrap().unwrap(), b"1");
    assert_eq!(store.read(at).unwrap(), &b"frame"[..]);
    fs::remove_file(&ballast).unwrap();
    for durability in [Durability::Process, Durability::Synced] {
        assert_eq!(store.apply(&batch, durability).unwrap_err().fault(), Fault::Full);
    }
    drop(store);
    let store = Store::open(&folder).unwrap();
    assert_eq!(store.get(Table::Meta, b"row").unwrap().unwrap(), b"1");
    store.apply(&batch, Durability::Synced).unwrap();
    assert_eq!(store.get(Table::Meta, b"row").unwrap().unwrap(), b"2");
}

/// The reserves are a courtesy: here others take the room between the look and the write.
#[test]
fn a_disk_that_is_full_all_of_a_sudden_is_survived() {
    let Some(mount) = Mount::new(96) else { return };
    let folder = mount.path().join("store");
    let store = Store::open(&folder).unwrap();
    put(&store, Table::Meta, b"before", b"1", Durability::Synced);
    // Empty rows take four bytes each in the log, which the store does not count.
    let ballast = ballast(mount.path(), 5 << 20);
    let mut batch = Batch::new();
    (0..4_000_000).for_each(|_| batch.put(Table::Stat, [], []));
    let error = store.apply(&batch, Durability::Synced).unwrap_err();
    assert_eq!(error.fault(), Fault::Full, "{error}");
    assert_eq!(store.get(Table::Stat, &[]).unwrap(), None, "all of a batch or nothing");
    fs::remove_file(ballast).unwrap();

    let mut small = Batch::new();
    small.put(Table::Meta, b"after", b"2");
    let start = Instant::now();
    while let Err(error) = store.apply(&small, Durability::Synced) {
        assert!(start.elapsed() < Duration::from_secs(30), "{error}");
        std::thread::sleep(Duration::from_millis(100));
    }
    println!("rows were taken again {:.1} s after there was room", start.elapsed().as_secs_f64());
    append_one(&store, b"frames too");
    drop(store);
    let store = Store::open(&folder).unwrap();
    assert_eq!(store.get(Table::Meta, b"before").unwrap().unwrap(), b"1");
    assert_eq!(store.get(Table::Meta, b"after").unwrap().unwrap(), b"2");
    assert_eq!(store.get(Table::Stat, &[]).unwrap(), None);
}
