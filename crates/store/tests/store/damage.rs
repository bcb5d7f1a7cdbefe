//! A disk that gives back other bytes than it was given.

use std::fs;
use std::path::PathBuf;

use ply_engine::{Durability, Engine, EngineError, Frame, Location, Table};
use ply_store::Store;
use ply_types::{Fault, LogKey};

use crate::world::{append_one, copy, newest_pack, put, sync};

/// Law: a read gives the bytes that were appended, or says that they are damaged.
#[test]
fn law_1_whatever_byte_flips_no_read_gives_wrong_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let bodies: [&[u8]; 5] = [b"", b"a", b"some words", &[0; 40], &[0xff; 33]];
    let frames: Vec<Frame<'_>> = (0..)
        .zip(bodies)
        .map(|(n, bytes)| Frame { log: LogKey([n % 2; 32]), block: n.into(), bytes })
        .collect();
    let locations = store.append(&frames).unwrap();
    let path = newest_pack(folder.path());
    let whole = fs::read(&path).unwrap();

    let mut damaged_count = 0;
    for index in 0..whole.len() {
        for flip in [1_u8, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[index] ^= flip;
            fs::write(&path, &bytes).unwrap();
            for (at, body) in locations.iter().zip(bodies) {
                match store.read(*at) {
                    Ok(read) => assert_eq!(read, body, "byte {index} flipped"),
                    Err(EngineError::Damaged { .. }) => damaged_count += 1,
                    Err(other) => panic!("byte {index}: {other}"),
                }
            }
            let kept = store.frames().unwrap().flatten();
            for kept in kept {
                let n = locations.iter().position(|&at| at == kept.at).unwrap();
                assert_eq!(kept.bytes, frames[n].bytes);
                assert_eq!((kept.log, kept.block), (frames[n].log, frames[n].block));
            }
        }
    }
    let frame_bytes: usize = bodies.iter().map(|body| body.len() + 20).sum();
    assert_eq!(damaged_count, 3 * frame_bytes, "each flip in a record damages that record alone");
}

#[test]
fn a_location_that_points_elsewhere_reads_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    append_one(&store, b"the first");
    let pack = fs::read(newest_pack(folder.path())).unwrap();
    // A frame that holds a whole pack, as one that packs a store would.
    let at = append_one(&store, &pack);
    for offset in 0..at.offset + at.bytes + 40 {
        for bytes in [0, 9, 32, at.bytes] {
            let wrong = Location { offset, bytes, ..at };
            match store.read(wrong) {
                Ok(read) if wrong == at => assert_eq!(read, pack),
                Ok(read) => assert_eq!((read, offset), ("the first".into(), 16 + 52)),
                Err(error) => assert!(matches!(error, EngineError::Damaged { .. }), "{error}"),
            }
        }
    }
}

#[test]
fn a_record_torn_at_any_byte_is_cut_off_and_appending_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("packs/00000001.pack");
    let (first, last, synced_bytes);
    {
        let store = Store::open(folder.path()).unwrap();
        first = append_one(&store, b"the first");
        put(&store, Table::Block, b"first", &first.to_bytes(), Durability::Synced);
        synced_bytes = fs::metadata(&path).unwrap().len();
        last = append_one(&store, b"the last, which is torn");
    }
    let whole = fs::read(&path).unwrap();
    assert_eq!(u64::from(last.offset), synced_bytes);
    let end = whole.len();
    for cut in last.offset as usize..end {
        for rest in [&b""[..], &[0; 100], &[0xa5; 100]] {
            fs::write(&path, [&whole[..cut], rest].concat()).unwrap();
            // What is noted as synced is at `last` or before, as it was when that was torn.
            let store = Store::open(folder.path()).unwrap();
            assert_eq!(store.read(first).unwrap(), "the first");
            assert!(store.read(last).is_err(), "cut at {cut}");
            assert_eq!(fs::metadata(&path).unwrap().len(), synced_bytes);
            let next = append_one(&store, b"the next");
            // Reopened, the pack introduces the log again, in a record of 52 bytes.
            assert_eq!(next.offset, last.offset + 52);
            assert_eq!(store.read(next).unwrap(), "the next");
            assert_eq!(store.frames().unwrap().flatten().count(), 2);
        }
    }
    fs::write(&path, &whole).unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.read(last).unwrap(), "the last, which is torn");
}

#[test]
fn damage_in_what_was_synced_is_not_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let first = append_one(&store, b"the first");
    let second = append_one(&store, b"the second");
    sync(&store);
    drop(store);
    let path = newest_pack(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[first.offset as usize + 20] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert!(matches!(store.read(first), Err(EngineError::Damaged { at, .. }) if at == first));
    assert_eq!(store.read(second).unwrap(), "the second");
    let found: Vec<_> = store.frames().unwrap().collect();
    assert!(found[0].is_err() && found[1].is_ok() && found.len() == 2);
}

#[test]
fn a_pack_whose_beginning_was_torn_begins_again() {
    for bytes in [&[0; 16][..], &[0; 7], b""] {
        let folder = tempfile::tempdir().unwrap();
        let first = {
            let store = Store::open(folder.path()).unwrap();
            let first = append_one(&store, b"the first");
            sync(&store);
            first
        };
        let torn = folder.path().join("packs/00000002.pack");
        fs::write(&torn, bytes).unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.read(first).unwrap(), "the first");
        assert!(store.frames().unwrap().all(|frame| frame.is_ok()));
        assert_eq!(newest_pack(folder.path()), torn);
    }
}

/// Law: what was acknowledged is there, or the store says that it is not.
#[test]
fn law_1_whatever_byte_flips_in_the_log_of_rows_none_goes_without_a_word() {
    const ROWS: u8 = 40;
    const FLIPS: usize = 160;
    let folder = tempfile::tempdir().unwrap();
    {
        let store = Store::open(folder.path()).unwrap();
        for n in 0..ROWS {
            put(&store, Table::Block, &[n], &[n; 50], Durability::Synced);
        }
    }
    let files = fs::read_dir(folder.path().join("rows")).unwrap().map(|file| file.unwrap());
    let is_log = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "log");
    let log = files.map(|file| file.path()).filter(is_log);
    let log = log.max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
    let whole = fs::read(&log).unwrap();
    let mut copied = tempfile::tempdir().unwrap();
    let mut refused = 0;
    for at in (0..whole.len()).step_by((whole.len() / FLIPS).max(1)) {
        copied = tempfile::tempdir().unwrap();
        copy(folder.path(), copied.path());
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        fs::write(copied.path().join("rows").join(log.file_name().unwrap()), &bytes).unwrap();
        match Store::open(copied.path()) {
            Ok(store) => {
                for n in 0..ROWS {
                    assert_eq!(
                        store.get(Table::Block, &[n]).unwrap(),
                        Some(vec![n; 50]),
                        "byte {at}"
                    );
                }
            }
            Err(error) => {
                assert_eq!(error.fault(), Fault::Corrupt, "byte {at}: {error}");
                refused += 1;
                // It stays so, until whoever uses it decides otherwise.
                let again = Store::open(copied.path()).unwrap_err();
                assert_eq!(again.fault(), Fault::Corrupt, "byte {at}: {again}");
            }
        }
    }
    assert!(FLIPS / 2 < refused, "{refused}");
    let error = Store::open(copied.path()).unwrap_err();
    assert!(matches!(error, EngineError::LostRows { .. }), "{error}");
    fs::remove_file(copied.path().join("rows/DURABLE")).unwrap();
    let store = Store::open(copied.path()).unwrap();
    put(&store, Table::Block, b"more", b"", Durability::Synced);
    drop(store);
    Store::open(copied.path()).unwrap();
}
