//! Changed packs: whatever lies there, opening and reading ends, gives only what checks out, and a second
//! opening finds what the first one left.

use std::fs;

use ply_engine::Engine;
use ply_fuzz::{Form, RoundTrip, Target};
use ply_store::{Store, StoreOptions};

/// Bytes of a pack before its first record, and of a record before its frame.
const PACK_HEADER_BYTES: usize = 16;
const RECORD_HEADER_BYTES: usize = 20;

/// A database is made for each case.
const CASES: u64 = 40;

/// A folder that goes: in memory where there is room for one, for every opening syncs.
fn in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// What is left of a pack after a store was opened on it; `None` when the store began another one.
fn recovered(pack: &[u8]) -> Option<Vec<u8>> {
    let folder = in_memory();
    let store = folder.path().join("store");
    fs::create_dir_all(store.join("packs")).unwrap();
    fs::write(store.join("FORMAT"), "1\n").unwrap();
    let path = store.join("packs/00000001.pack");
    fs::write(&path, pack).unwrap();
    let options = StoreOptions { rows_anew: true, ..StoreOptions::default() };
    let opened = Store::open_with(&store, options).unwrap();
    for frame in opened.frames().unwrap().flatten() {
        assert_eq!(opened.read(frame.at).unwrap(), frame.bytes);
        assert!(frame.bytes.len() <= pack.len());
    }
    drop(opened);
    let is_alone = !store.join("packs/00000002.pack").exists();
    is_alone.then(|| fs::read(&path).unwrap())
}

fn header() -> Vec<u8> {
    let mut header = b"PLYPACK\x01\x01\0\0\0".to_vec();
    header.extend(crc32fast::hash(&header).to_le_bytes());
    header
}

/// A pack of records whose sums are right. In `records` each is its log, its block, a length of two bytes,
/// and as many bytes.
fn summed(mut records: &[u8]) -> Vec<u8> {
    let mut pack = header();
    while let Some((&fixed, rest)) = records.split_first_chunk::<14>() {
        let length = usize::from(u16::from_le_bytes([fixed[12], fixed[13]]));
        let (body, rest) = rest.split_at(length.min(rest.len()));
        records = rest;
        let at = u32::try_from(pack.len()).unwrap().to_le_bytes();
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        let covered = [body, &1_u32.to_le_bytes(), &at, &length, &fixed[..12]].concat();
        pack.extend(crc32fast::hash(&covered).to_le_bytes());
        pack.extend(length);
        pack.extend(&fixed[..12]);
        pack.extend(body);
    }
    pack
}

/// The other way round.
fn records(pack: &[u8]) -> Vec<u8> {
    let (mut records, mut rest) = (Vec::new(), &pack[PACK_HEADER_BYTES..]);
    while RECORD_HEADER_BYTES <= rest.len() {
        let (header, after) = rest.split_at(RECORD_HEADER_BYTES);
        let length = u32::from_le_bytes(header[4..8].try_into().unwrap()) as usize;
        let (body, after) = after.split_at(length);
        records.extend(&header[8..20]);
        records.extend(u16::try_from(length).unwrap().to_le_bytes());
        records.extend(body);
        rest = after;
    }
    records
}

/// Two logs and three frames.
fn example() -> Vec<u8> {
    let record = |log: u32, block: u64, body: &[u8]| {
        let length = u16::try_from(body.len()).unwrap();
        [&log.to_le_bytes()[..], &block.to_le_bytes(), &length.to_le_bytes(), body].concat()
    };
    let parts = [
        record(0, 0, &[1; 32]),
        record(16, 0, b"one"),
        record(0, 0, &[2; 32]),
        record(16 + 52 + 23, 7, b""),
        record(16, 1, &[7; 300]),
    ];
    parts.concat()
}

#[test]
fn fuzz_packs() {
    Target::new("pack", Form::Bytes, RoundTrip::Settled)
        .seed("empty", header())
        .seed("frames", summed(&example()))
        .memory(4 << 20, 64)
        .cases(CASES)
        .run(recovered);
}

#[test]
fn fuzz_records_of_packs() {
    Target::new("pack-records", Form::Bytes, RoundTrip::Settled)
        .seed("frames", example())
        .memory(4 << 20, 64)
        .cases(CASES)
        .run(|bytes| recovered(&summed(bytes)).map(|pack| records(&pack)));
}
