//! How fast a store is on this machine: `cargo run --release -p ply-store --example store_speed [folder]`.
//!
//! Appends 1 GiB in frames of 32 KiB, with a synced batch of their rows after every 32 MiB, then reads at
//! random. Prints wall time, CPU time of the whole process, and peak memory.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a tool for developers")]

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use ply_engine::{Batch, Durability, Engine, Frame, Location, Table};
use ply_store::Store;
use ply_types::LogKey;

const FRAME_BYTES: usize = 32 << 10;
const BATCH_FRAMES: u64 = 1024;
const BATCHES: u64 = 32;
const READS: u64 = 200_000;
const LOG: LogKey = LogKey([7; 32]);

fn main() {
    let place = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(place).unwrap();
    let store = Store::open(folder.path()).unwrap();

    let body: Vec<u8> = (0..FRAME_BYTES as u64 * 2)
        .map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0])
        .collect();
    measure("1 GiB appended, synced every 32 MiB", || {
        (0..BATCHES).for_each(|batch| write(&store, batch, &body));
    });
    measure("closed", || drop(store));
    let mut store = None;
    measure("opened again", || store = Some(Store::open(folder.path()).unwrap()));
    let store = store.unwrap();
    let seconds = measure("200000 reads of a row and its frame", || {
        (0..READS).for_each(|n| read(&store, n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32));
    });
    println!("{:.0} reads/s", READS as f64 / seconds);
    let seconds = measure("all frames read in order and checked", || {
        let count = store.frames().unwrap().map(Result::unwrap).count() as u64;
        assert_eq!(count, BATCHES * BATCH_FRAMES);
    });
    println!("{:.2} GiB/s", 1.0 / seconds);
    println!("on disk: {} MiB of frames", store.frame_bytes().unwrap() >> 20);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
}

fn write(store: &Store, batch: u64, body: &[u8]) {
    let first = batch * BATCH_FRAMES;
    let frames: Vec<Frame<'_>> = (first..first + BATCH_FRAMES)
        .map(|block| {
            let start = usize::try_from(block).unwrap() % FRAME_BYTES;
            let bytes = body.get(start..start + FRAME_BYTES).unwrap();
            Frame { log: LOG, block, bytes }
        })
        .collect();
    let mut rows = Batch::new();
    for part in frames.chunks(32) {
        for (frame, at) in part.iter().zip(store.append(part).unwrap()) {
            let value = [at.to_bytes().as_slice(), &[9; 32]].concat();
            rows.put(Table::Block, key(frame.block), value);
        }
    }
    store.apply(&rows, Durability::Synced).unwrap();
}

fn read(store: &Store, random: u64) {
    let block = random % (BATCHES * BATCH_FRAMES);
    let row = store.get(Table::Block, &key(block)).unwrap().unwrap();
    let at = Location::from_bytes(*row.first_chunk().unwrap());
    assert_eq!(store.read(at).unwrap().len(), FRAME_BYTES);
}

fn key(block: u64) -> Vec<u8> {
    [LOG.0.as_slice(), &block.to_be_bytes()].concat()
}

/// Runs and prints; gives the seconds of wall time.
fn measure(what: &str, run: impl FnOnce()) -> f64 {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    run();
    let seconds = start.elapsed().as_secs_f64();
    println!("{what}: {seconds:.2} s wall, {:.2} s CPU", cpu_seconds() - cpu);
    seconds
}

/// User and system time of this process, in hundredths as the kernel counts them.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    // Fields 14 and 15 of the line; the first after the name is the third.
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
