//! Loss of power at any moment: images of what a disk may hold then, made from a record of every write,
//! sync and rename of a real store, `RocksDB`'s included.
//!
//! A child of this test writes steps and says so after each; `tests/record/record.c` stands between it and
//! the C library. From the record, up to any call, an image is built:
//!
//! - what was synced is there; of each later write to a file all, nothing, or a torn part, in any
//!   combination, with or without the length that it gave the file;
//! - names are as after some call since the last sync of a folder, in the order of the calls, as
//!   file systems with a journal keep them. A new file whose folder was not synced may be gone.
//!
//! Not modelled: folders that go, disks that lie about a sync, and file systems that reorder names.
//! `PLY_IMAGES=1000` makes more images than a usual run.

mod image;
mod trace;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use ply_engine::{Batch, Durability, Engine, Frame, Location, Order, Table};
use ply_store::{PACK_BYTES_MIN, Store, StoreOptions};
use ply_types::LogKey;

use crate::world::{Dice, append_one, child, child_folder, put};
use image::Disk;
use trace::Call;

/// Images of a usual run.
const IMAGES: u64 = 120;
/// Times that the child opens its store.
const LIVES: u64 = 5;
/// Steps in each life.
const STEPS: u64 = 12;

/// Packs as small as they may be, so that many are begun.
const OPTIONS: StoreOptions = StoreOptions { pack_bytes_max: PACK_BYTES_MIN, rows_anew: false };
/// Packs that the child leaves at least.
const PACKS: usize = 5;

/// The frames of a step. Long ones are written in another way.
fn bodies(step: u64) -> Vec<Vec<u8>> {
    let mut dice = Dice(step + 1);
    let count = 1 + dice.below(5);
    let body = |n: u64| {
        let bytes = match dice.below(8) {
            0 => 100_000 + dice.below(400_000),
            1 => dice.below(30_000),
            _ => dice.below(2000),
        };
        (0..bytes).map(|index: u64| (index * 31 + step * 7 + n).to_le_bytes()[0]).collect()
    };
    (0..count).map(body).collect()
}

fn key(step: u64, n: usize) -> Vec<u8> {
    [step.to_be_bytes(), (n as u64).to_be_bytes()].concat()
}

fn write_step(store: &Store, step: u64) {
    let bodies = bodies(step);
    // Not asked to be durable by itself; the synced batch behind it takes it along.
    put(store, Table::Stat, &step.to_be_bytes(), b"lazy", Durability::Process);
    let log = LogKey([(step % 5).to_le_bytes()[0]; 32]);
    let frames: Vec<_> = bodies.iter().map(|bytes| Frame { log, block: step, bytes }).collect();
    let mut batch = Batch::new();
    for (n, at) in store.append(&frames).unwrap().into_iter().enumerate() {
        batch.put(Table::Block, key(step, n), at.to_bytes());
    }
    store.apply(&batch, Durability::Synced).unwrap();
}

#[test]
#[ignore = "runs as a child of the test below"]
fn child_that_is_recorded() {
    let Some(home) = child_folder() else { return };
    let mut said = OpenOptions::new().create(true).append(true).open(home.join("said")).unwrap();
    for life in 0..LIVES {
        let store = Store::open_with(&home.join("store"), OPTIONS).unwrap();
        for step in life * STEPS..(life + 1) * STEPS {
            write_step(&store, step);
            said.write_all(&step.to_le_bytes()).unwrap();
        }
        append_one(&store, b"left when the store was closed");
    }
}

/// This package as it lies now: what is built may be used by another checkout.
fn package() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or(env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

/// The library that records, built next to the home; `None` without a C compiler.
fn recorder(home: &Path) -> Option<PathBuf> {
    let source = package().join("tests/record/record.c");
    let library = home.join("record.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source);
    compiler.args(["-ldl", "-lpthread"]);
    compiler.status().is_ok_and(|status| status.success()).then_some(library)
}

/// Every call that a child made on files below a home.
fn recorded(home: &Path, recorder: &Path) -> Vec<Call> {
    let trace = home.with_extension("trace");
    let output = child("power::child_that_is_recorded", home)
        .env("LD_PRELOAD", recorder)
        .env("RECORD_FOLDER", home)
        .env("RECORD_TRACE", &trace)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let calls = trace::read(&fs::read(&trace).unwrap(), home);
    fs::remove_file(trace).unwrap();
    calls
}

/// The steps that were said to be done by then.
fn said(calls: &[Call]) -> Vec<u64> {
    let said = calls.iter().filter(|call| call.path == "said");
    said.filter_map(|call| call.data.as_slice().try_into().ok().map(u64::from_le_bytes)).collect()
}

fn check(folder: &Path, acknowledged: &[u64]) {
    let store = Store::open_with(folder, OPTIONS)
        .unwrap_or_else(|error| panic!("does not open: {error:?}"));
    for &step in acknowledged {
        check_step(&store, step);
    }
    let mut newest = None;
    let mut visit = |key: &[u8], _: &[u8]| {
        newest = key.first_chunk().copied().map(u64::from_be_bytes);
        std::ops::ControlFlow::Break(())
    };
    store.scan(Table::Block, b"", &[0xff; 17], Order::Descending, &mut visit).unwrap();
    // A step that was under way is there whole, or not at all; and never without those before it.
    for step in 0..newest.map_or(0, |step| step + 1) {
        check_step(&store, step);
    }
    for frame in store.frames().unwrap() {
        frame.unwrap_or_else(|error| panic!("a frame is damaged: {error}"));
    }
    let at = append_one(&store, b"and on");
    put(&store, Table::Meta, b"on", &at.to_bytes(), Durability::Synced);
    drop(store);
    // With other options as well.
    assert_eq!(Store::open(folder).unwrap().read(at).unwrap(), "and on");
}

fn check_step(store: &Store, step: u64) {
    for (n, body) in bodies(step).into_iter().enumerate() {
        let row = store.get(Table::Block, &key(step, n)).unwrap();
        let row = row.unwrap_or_else(|| panic!("step {step} lost row {n}"));
        let at = Location::from_bytes(row.try_into().unwrap());
        assert!(store.read(at).unwrap() == body, "step {step}, frame {n}");
    }
    assert!(store.get(Table::Stat, &step.to_be_bytes()).unwrap().is_some(), "lazy row of {step}");
}

#[test]
fn law_5_what_was_acknowledged_survives_a_loss_of_power_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().canonicalize().unwrap().join("home");
    fs::create_dir(&home).unwrap();
    let Some(recorder) = recorder(folder.path()) else {
        println!("skipped: no C compiler here, so loss of power was not tried");
        return;
    };
    let calls = recorded(&home, &recorder);
    assert_eq!(said(&calls), (0..LIVES * STEPS).collect::<Vec<_>>(), "all was recorded");
    let (syncs, folders) = trace::syncs(&calls);
    println!("{} calls recorded, {syncs} syncs of files and {folders} of folders", calls.len());
    assert!(LIVES * STEPS <= syncs && LIVES <= folders);
    let packs = fs::read_dir(home.join("store/packs")).unwrap().count();
    println!("{packs} packs");
    assert!(PACKS <= packs);

    let images = std::env::var("PLY_IMAGES").ok().and_then(|it| it.parse().ok()).unwrap_or(IMAGES);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut acknowledged_count = 0;
    for image in 0..images {
        let until = usize::try_from(dice.below(calls.len() as u64 + 1)).unwrap();
        let before = &calls[..until];
        let acknowledged = said(before);
        acknowledged_count += acknowledged.len();
        let crashed = folder.path().join("crashed");
        Disk::of(before).write(&crashed, &mut dice, image % 4);
        // The panic of a check says what is wrong; this says where.
        println!("image {image}: {until} calls, {} steps acknowledged", acknowledged.len());
        check(&crashed.join("store"), &acknowledged);
        fs::remove_dir_all(&crashed).unwrap();
    }
    println!("{images} images, {acknowledged_count} acknowledged steps found in them");
}
