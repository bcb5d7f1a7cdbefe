//! What every engine must pass. Call [`run`] from the engine's own tests.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a suite of tests")]
#![allow(clippy::missing_panics_doc, reason = "tests fail by panicking")]

use std::ops::ControlFlow;
use std::sync::Arc;

use ply_types::LogKey;

use crate::{Batch, Durability, Engine, Frame, Location, Order, Table};

/// Runs every check. `open` makes an empty engine; `reopen` closes one and opens it again, as after
/// the process ended (an engine in memory gives back the same one).
pub fn run<E: Engine>(open: impl Fn() -> E, reopen: impl Fn(E) -> E) {
    frames_come_back_as_they_were(open(), &reopen);
    rows_are_ordered_and_scanned_both_ways(&open());
    tables_do_not_meet(&open());
    a_later_change_of_a_batch_wins(&open());
    a_range_is_deleted_without_its_end(&open());
    rows_survive_reopening(open(), &reopen);
    a_wrong_location_is_an_error(&open());
    a_scan_sees_one_moment(&open());
    threads_append_and_apply_at_once(open());
}

fn append_one(engine: &impl Engine, bytes: &[u8]) -> Location {
    engine.append(&[Frame { log: LogKey([1; 32]), block: 0, bytes }]).unwrap()[0]
}

fn put(engine: &impl Engine, table: Table, key: &[u8], value: &[u8]) {
    let mut batch = Batch::new();
    batch.put(table, key, value);
    engine.apply(&batch, Durability::Process).unwrap();
}

fn keys(engine: &impl Engine, table: Table, from: &[u8], to: &[u8], order: Order) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    engine
        .scan(table, from, to, order, &mut |key, _| {
            keys.push(key.to_vec());
            ControlFlow::Continue(())
        })
        .unwrap();
    keys
}

fn frames_come_back_as_they_were<E: Engine>(engine: E, reopen: &impl Fn(E) -> E) {
    let bodies: Vec<Vec<u8>> = [(0_u8, 0_usize), (1, 1), (2, 77), (3, 4096), (4, 300_000)]
        .iter()
        .map(|&(byte, length)| vec![byte; length])
        .collect();
    let frames: Vec<Frame<'_>> = (0..)
        .zip(&bodies)
        .map(|(block, bytes)| Frame { log: LogKey([2; 32]), block, bytes })
        .collect();
    let locations = engine.append(&frames).unwrap();
    let check = |engine: &E| {
        for (at, body) in locations.iter().zip(&bodies) {
            assert_eq!(&engine.read(*at).unwrap()[..], &body[..]);
        }
    };
    check(&engine);
    engine.apply(&Batch::new(), Durability::Synced).unwrap();
    let engine = reopen(engine);
    check(&engine);
    assert!(300_000 <= engine.frame_bytes().unwrap());
    let again = append_one(&engine, b"after reopening");
    check(&engine);
    assert_eq!(&engine.read(again).unwrap()[..], b"after reopening");
}

fn rows_are_ordered_and_scanned_both_ways(engine: &impl Engine) {
    for key in [&b"b"[..], b"a", b"ab", b"c", b"", b"\xff\xff"] {
        put(engine, Table::Meta, key, key);
    }
    let up = keys(engine, Table::Meta, b"a", b"c", Order::Ascending);
    assert_eq!(up, [b"a".to_vec(), b"ab".to_vec(), b"b".to_vec()]);
    let mut down = keys(engine, Table::Meta, b"a", b"c", Order::Descending);
    down.reverse();
    assert_eq!(up, down);
    assert_eq!(keys(engine, Table::Meta, b"", &[0xff; 8], Order::Ascending).len(), 6);
    assert!(keys(engine, Table::Meta, b"c", b"a", Order::Ascending).is_empty());
    let mut first = None;
    engine
        .scan(Table::Meta, b"", b"zz", Order::Descending, &mut |key, value| {
            first = Some((key.to_vec(), value.to_vec()));
            ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(first, Some((b"c".to_vec(), b"c".to_vec())));
}

fn tables_do_not_meet(engine: &impl Engine) {
    for table in Table::ALL {
        put(engine, table, b"key", table.name().as_bytes());
    }
    for table in Table::ALL {
        let value = engine.get(table, b"key").unwrap();
        assert_eq!(value.as_deref(), Some(table.name().as_bytes()));
        assert_eq!(engine.get(table, b"other").unwrap(), None);
    }
}

fn a_later_change_of_a_batch_wins(engine: &impl Engine) {
    let mut batch = Batch::new();
    batch.put(Table::Log, b"a", b"1");
    batch.delete(Table::Log, b"a");
    batch.delete(Table::Log, b"b");
    batch.put(Table::Log, b"b", b"2");
    batch.delete_range(Table::Log, b"c", b"d");
    batch.put(Table::Log, b"c", b"3");
    engine.apply(&batch, Durability::Synced).unwrap();
    assert_eq!(engine.get(Table::Log, b"a").unwrap(), None);
    assert_eq!(engine.get(Table::Log, b"b").unwrap().as_deref(), Some(&b"2"[..]));
    assert_eq!(engine.get(Table::Log, b"c").unwrap().as_deref(), Some(&b"3"[..]));
}

fn a_range_is_deleted_without_its_end(engine: &impl Engine) {
    for key in [b"a", b"b", b"c", b"d"] {
        put(engine, Table::Have, key, b"");
    }
    let mut batch = Batch::new();
    batch.delete_range(Table::Have, b"b", b"d");
    engine.apply(&batch, Durability::Process).unwrap();
    let left = keys(engine, Table::Have, b"", b"z", Order::Ascending);
    assert_eq!(left, [b"a".to_vec(), b"d".to_vec()]);
}

fn rows_survive_reopening<E: Engine>(engine: E, reopen: &impl Fn(E) -> E) {
    put(&engine, Table::Draft, b"lazy", b"1");
    let mut batch = Batch::new();
    batch.put(Table::Draft, b"synced", b"2");
    engine.apply(&batch, Durability::Synced).unwrap();
    let engine = reopen(engine);
    assert_eq!(engine.get(Table::Draft, b"lazy").unwrap().as_deref(), Some(&b"1"[..]));
    assert_eq!(engine.get(Table::Draft, b"synced").unwrap().as_deref(), Some(&b"2"[..]));
}

fn a_wrong_location_is_an_error(engine: &impl Engine) {
    let at = append_one(engine, b"twelve bytes");
    for wrong in [
        Location { bytes: at.bytes + 1, ..at },
        Location { bytes: u32::MAX, ..at },
        Location { offset: at.offset + 1, ..at },
        Location { offset: u32::MAX, ..at },
        Location { pack: at.pack + 1000, ..at },
    ] {
        assert!(engine.read(wrong).is_err(), "{wrong:?} must not be readable");
    }
    assert_eq!(&engine.read(at).unwrap()[..], b"twelve bytes");
}

fn a_scan_sees_one_moment(engine: &impl Engine) {
    put(engine, Table::Node, b"a", b"");
    put(engine, Table::Node, b"b", b"");
    let mut seen = 0;
    engine
        .scan(Table::Node, b"", b"z", Order::Ascending, &mut |_, _| {
            put(engine, Table::Node, b"c", b"");
            seen += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, 2);
}

fn threads_append_and_apply_at_once(engine: impl Engine) {
    let engine = Arc::new(engine);
    let threads: Vec<_> = (0..4_u8)
        .map(|thread| {
            let engine = Arc::clone(&engine);
            std::thread::spawn(move || {
                for round in 0..50_u8 {
                    let at = append_one(&*engine, &[thread, round]);
                    put(&*engine, Table::Block, &[thread, round], &at.to_bytes());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    for (thread, round) in (0..4_u8).flat_map(|thread| (0..50_u8).map(move |r| (thread, r))) {
        let row = engine.get(Table::Block, &[thread, round]).unwrap().unwrap();
        let at = Location::from_bytes(row.try_into().unwrap());
        assert_eq!(&engine.read(at).unwrap()[..], [thread, round]);
    }
}
