//! Packs on their own: with small packs, and with a disk that refuses.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::sync::Arc;

use ply_engine::{EngineError, Frame, Location};
use ply_types::{Fault, LogKey};
use proptest::prelude::*;

use super::files::Pack;
use super::{KeptFrame, Packs};

/// Holds some twenty frames of the size used here.
const SMALL: u32 = 4096;

fn open(folder: &Path) -> Packs {
    Packs::open(folder.to_owned(), None, SMALL).expect("opens")
}

fn frame(log: u8, block: u64, bytes: &[u8]) -> Frame<'_> {
    Frame { log: LogKey([log; 32]), block, bytes }
}

fn append_one(packs: &Packs, bytes: &[u8]) -> Result<Location, EngineError> {
    packs.append(&[frame(1, 0, bytes)]).map(|locations| locations[0])
}

fn frames(packs: &Packs) -> Vec<Result<KeptFrame, EngineError>> {
    packs.frames().expect("lists").collect()
}

/// Lets every write or sync of the newest pack go to a device that refuses it.
fn refuse(packs: &Packs, device: &str) -> Arc<Pack> {
    let file = OpenOptions::new().write(true).open(device).expect("opens");
    packs.tail().swap(Arc::new(Pack { file, path: device.into() }))
}

#[test]
fn full_packs_are_followed_by_new_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let packs = open(folder.path());
    let bodies: Vec<Vec<u8>> = (0..100).map(|n| vec![n; 200]).collect();
    let batch: Vec<Frame<'_>> = (0..).zip(&bodies).map(|(n, body)| frame(1, n, body)).collect();
    let locations = packs.append(&batch).expect("appends");
    assert!(5 < locations.last().expect("a hundred").pack);
    let file_bytes = fs::read_dir(folder.path())
        .expect("lists")
        .map(|entry| entry.expect("is there").metadata().expect("is there").len());
    let file_bytes: Vec<u64> = file_bytes.collect();
    assert!(file_bytes.iter().all(|&bytes| bytes <= SMALL.into()));
    assert_eq!(packs.bytes(), file_bytes.iter().sum());

    drop(packs);
    let packs = open(folder.path());
    assert_eq!(packs.bytes(), file_bytes.iter().sum());
    for ((at, body), kept) in locations.iter().zip(&bodies).zip(frames(&packs)) {
        assert_eq!(packs.read(*at).expect("reads"), body);
        let kept = kept.expect("is whole");
        assert_eq!((kept.at, kept.bytes.as_ref()), (*at, body.as_slice()));
    }
}

#[test]
fn a_full_disk_leaves_the_pack_usable() {
    let folder = tempfile::tempdir().expect("a folder");
    let packs = open(folder.path());
    let before = append_one(&packs, b"before").expect("appends");
    let pack = refuse(&packs, "/dev/full");
    let error = append_one(&packs, b"refused").expect_err("there is no room");
    assert_eq!(error.fault(), Fault::Full);
    packs.tail().swap(pack);
    let after = append_one(&packs, b"after").expect("there is room again");
    assert_eq!(packs.read(before).expect("reads"), "before");
    assert_eq!(packs.read(after).expect("reads"), "after");
    let kept: Vec<_> = frames(&packs).into_iter().map(|kept| kept.expect("whole").bytes).collect();
    assert_eq!(kept, ["before", "after"]);
}

#[test]
fn a_refused_sync_is_never_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let packs = open(folder.path());
    let at = append_one(&packs, b"perhaps lost").expect("appends");
    // A device that takes no sync: `fdatasync` says EINVAL.
    let pack = refuse(&packs, "/dev/null");
    assert_eq!(packs.sync().expect_err("is refused").fault(), Fault::Machine);
    packs.tail().swap(pack);
    let again = packs.sync().expect_err("stays refused");
    assert!(std::error::Error::source(&again).expect("says why").to_string().contains("again"));
    assert_eq!(packs.read(at).expect("still reads"), "perhaps lost");

    drop(packs);
    let packs = open(folder.path());
    packs.sync().expect("another life, and the bytes were written again");
    assert_eq!(packs.read(at).expect("reads"), "perhaps lost");
}

#[test]
fn a_pack_shorter_than_what_was_synced_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let packs = open(folder.path());
    let first = append_one(&packs, b"first").expect("appends");
    let lost = append_one(&packs, b"lost!").expect("appends");
    let synced = packs.sync().expect("syncs");
    drop(packs);
    let path = folder.path().join("00000001.pack");
    let file = OpenOptions::new().write(true).open(&path).expect("opens");
    file.set_len(lost.offset.into()).expect("cuts");

    let packs = Packs::open(folder.path().to_owned(), Some(synced), SMALL).expect("opens");
    let new = append_one(&packs, b"newer").expect("appends");
    assert_eq!(new.pack, 2);
    assert_eq!(packs.read(lost).expect_err("is lost").fault(), Fault::Corrupt);
    assert_eq!(packs.read(first).expect("reads"), "first");
}

#[test]
fn damage_in_the_middle_is_reported_and_passed() {
    let folder = tempfile::tempdir().expect("a folder");
    let packs = open(folder.path());
    let at: Vec<_> = (0..4).map(|n| append_one(&packs, &[n; 50]).expect("appends")).collect();
    let path = folder.path().join("00000001.pack");
    let mut bytes = fs::read(&path).expect("reads");
    bytes[at[1].offset as usize + 30] ^= 1;
    fs::write(&path, bytes).expect("writes");
    let found = frames(&packs);
    assert_eq!(found.len(), 4);
    assert!(matches!(found[1], Err(EngineError::Damaged { at: place, .. }) if place == at[1]));
    assert!([0, 2, 3].iter().all(|&n| found[n].as_ref().is_ok_and(|kept| kept.at == at[n])));
}

#[test]
fn more_logs_than_are_remembered_are_all_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let packs = Packs::open(folder.path().to_owned(), None, 64 << 20).expect("opens");
    let log = |n: u64| {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&n.to_le_bytes());
        LogKey(key)
    };
    let count = 40_000;
    let batch: Vec<_> =
        (0..count).chain(0..5).map(|n| Frame { log: log(n), block: n, bytes: b"" }).collect();
    packs.append(&batch).expect("appends");
    for (kept, frame) in frames(&packs).into_iter().zip(&batch) {
        let kept = kept.expect("is whole");
        assert_eq!((kept.log, kept.block), (frame.log, frame.block));
    }
    assert_eq!(frames(&packs).len(), batch.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A file of any bytes in the place of a pack: an error or nothing, and appending goes on.
    #[test]
    fn hostile_bytes_are_never_frames(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("00000001.pack"), &bytes).expect("writes");
        let packs = open(folder.path());
        prop_assert!(frames(&packs).iter().all(Result::is_err));
        for offset in 0..300 {
            let read = packs.read(Location { pack: 1, offset, bytes: 0 });
            prop_assert!(read.is_err());
        }
        let at = append_one(&packs, b"frame").expect("appends");
        prop_assert_eq!(packs.read(at).expect("reads"), "frame");
    }
}
