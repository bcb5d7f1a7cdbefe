//! The death of the process, and loss of power: what was acknowledged is there.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use ply_engine::{Batch, Durability, Engine, Frame, Location, Order, Table};
use ply_store::Store;
use ply_types::LogKey;

use crate::world::{Dice, append_one, child, child_folder, copy, newest_pack, put};

/// Kills of one test run.
const KILLS: u64 = 40;

/// The frames of step `step`: some small, some large enough that a kill falls into a write.
fn bodies(step: u64) -> Vec<Vec<u8>> {
    let mut dice = Dice(step + 1);
    let count = 1 + dice.below(6);
    let body = |n: u64| {
        let bytes = if dice.below(3) == 0 { dice.below(600_000) } else { dice.below(2000) };
        (0..bytes).map(|index: u64| (index * 31 + step * 7 + n).to_le_bytes()[0]).collect()
    };
    (0..count).map(body).collect()
}

fn key(step: u64, n: usize) -> Vec<u8> {
    [&step.to_be_bytes()[..], &(n as u64).to_be_bytes()].concat()
}

/// The row of a step that is only to survive the process.
fn lazy_key(step: u64) -> Vec<u8> {
    step.to_be_bytes().to_vec()
}

/// Appends and applies from `step` on, until it is killed.
fn write_for_ever(store: &Store, first: u64) {
    for step in first.. {
        let bodies = bodies(step);
        let frames: Vec<Frame<'_>> = bodies
            .iter()
            .map(|bytes| Frame { log: LogKey([(step % 5) as u8; 32]), block: step, bytes })
            .collect();
        let mut batch = Batch::new();
        for (n, at) in store.append(&frames).unwrap().into_iter().enumerate() {
            batch.put(Table::Block, key(step, n), at.to_bytes());
        }
        store.apply(&batch, Durability::Synced).unwrap();
        put(store, Table::Stat, &lazy_key(step), b"lazy", Durability::Process);
        println!("\nstep {step}");
        std::io::stdout().flush().unwrap();
    }
}

/// The step after the last one of which there is a row.
fn next_step(store: &Store) -> u64 {
    let mut next = 0;
    store
        .scan(Table::Block, b"", &[0xff; 17], Order::Descending, &mut |key, _| {
            next = 1 + u64::from_be_bytes(*key.first_chunk().unwrap());
            std::ops::ControlFlow::Break(())
        })
        .unwrap();
    next
}

fn check_step(store: &Store, step: u64) {
    for (n, body) in bodies(step).into_iter().enumerate() {
        let row = store.get(Table::Block, &key(step, n)).unwrap();
        let row = row.unwrap_or_else(|| panic!("step {step} lost row {n}"));
        let at = Location::from_bytes(row.try_into().unwrap());
        assert!(store.read(at).unwrap() == body, "step {step}, frame {n}");
    }
}

#[test]
#[ignore = "runs as a child of the test below"]
fn child_that_writes() {
    let Some(folder) = child_folder() else { return };
    let store = Store::open(&folder).unwrap();
    write_for_ever(&store, next_step(&store));
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut acknowledged: Vec<u64> = Vec::new();
    let mut torn_count = 0;
    for _ in 0..KILLS {
        let mut writer = child("crash::child_that_writes", folder.path()).spawn().unwrap();
        let output = writer.stdout.take().unwrap();
        let reader = thread::spawn(move || {
            // A line cut short by the kill would name an earlier step: nothing that was not done.
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            lines.filter_map(|line| line.strip_prefix("step ")?.parse().ok()).collect::<Vec<u64>>()
        });
        thread::sleep(Duration::from_micros(20_000 + dice.below(400_000)));
        writer.kill().unwrap();
        let end = writer.wait().unwrap();
        assert_eq!(end.signal(), Some(9), "the writer ended by itself: {end}");
        let steps = reader.join().unwrap();

        let before = newest_pack_bytes(folder.path());
        let store = Store::open(folder.path()).unwrap();
        torn_count += u32::from(newest_pack_bytes(folder.path()) < before);
        for &step in &steps {
            check_acknowledged(&store, step);
        }
        // The step under way when the kill came has all of its rows or none.
        let next = next_step(&store);
        (next.saturating_sub(2)..next).for_each(|step| check_step(&store, step));
        assert!(store.frames().unwrap().all(|frame| frame.is_ok()));
        acknowledged.extend(steps);
    }
    let store = Store::open(folder.path()).unwrap();
    for &step in &acknowledged {
        check_acknowledged(&store, step);
    }
    assert!(acknowledged.is_sorted() && !acknowledged.is_empty());
    let steps = acknowledged.len();
    println!("{KILLS} kills, {steps} steps acknowledged and kept, {torn_count} torn ends cut off");
}

/// What a step said to be done is there, also its row that was not synced: only a process died.
fn check_acknowledged(store: &Store, step: u64) {
    check_step(store, step);
    assert!(store.get(Table::Stat, &lazy_key(step)).unwrap().is_some(), "lazy row of {step}");
}

/// The bytes of the newest pack; 0 before there is one.
fn newest_pack_bytes(store: &Path) -> u64 {
    if !store.join("packs").exists() || fs::read_dir(store.join("packs")).unwrap().count() == 0 {
        return 0;
    }
    fs::metadata(newest_pack(store)).unwrap().len()
}

/// Loss of power, made by hand: of what was not synced, any part may be missing or zero.
#[test]
fn what_was_synced_survives_when_the_rest_is_lost_in_any_way() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("store");
    let store = Store::open(&folder).unwrap();
    for step in 0..5 {
        let bodies = bodies(step);
        let frames: Vec<_> =
            bodies.iter().map(|bytes| Frame { log: LogKey([1; 32]), block: step, bytes }).collect();
        let mut batch = Batch::new();
        for (n, at) in store.append(&frames).unwrap().into_iter().enumerate() {
            batch.put(Table::Block, key(step, n), at.to_bytes());
        }
        store.apply(&batch, Durability::Synced).unwrap();
    }
    let synced_bytes = fs::metadata(newest_pack(&folder)).unwrap().len();
    for n in 0..20_u8 {
        append_one(&store, &vec![n; 3000]);
    }
    let all_bytes = fs::metadata(newest_pack(&folder)).unwrap().len();
    let image = home.path().join("image");
    copy(&folder, &image);
    drop(store);

    let mut dice = Dice(77);
    for round in 0..30 {
        let crashed = home.path().join(format!("crashed {round}"));
        copy(&image, &crashed);
        let pack = OpenOptions::new().write(true).open(newest_pack(&crashed)).unwrap();
        let kept = synced_bytes + dice.below(all_bytes - synced_bytes + 1);
        pack.set_len(kept).unwrap();
        if round % 2 == 0 {
            // The file has its length already, and a page of it never came.
            let gone = synced_bytes + dice.below(all_bytes - synced_bytes);
            pack.write_all_at(&[0; 4096], gone).unwrap();
        }
        let store = Store::open(&crashed).unwrap();
        (0..5).for_each(|step| check_step(&store, step));
        assert_eq!(next_step(&store), 5);
        assert!(store.frames().unwrap().all(|frame| frame.is_ok()));
        let at = append_one(&store, b"and on");
        put(&store, Table::Block, b"on", &at.to_bytes(), Durability::Synced);
        drop(store);
        assert_eq!(Store::open(&crashed).unwrap().read(at).unwrap(), "and on");
    }
}
