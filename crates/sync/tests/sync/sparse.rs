//! Joining costs little, and reading brings only what it needs.

use futures::executor::block_on;
use ply_types::Path;

use crate::world::{Node, Wire, over, path, sealed};

/// Pseudo-random bytes that do not compress.
pub(crate) fn noise(seed: u32, bytes: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    (0..bytes).map(|_| next()).collect()
}

fn large_drive() -> Node {
    let a = Node::owner(1, sealed());
    let root = ply_drive::Attributes { mode: 0o755, ..Default::default() };
    for directory in 0..40 {
        let name = path(&format!("dir{directory:02}"));
        block_on(a.drive.create_dir(&name, &root, false)).unwrap();
        for file in 0..40_u32 {
            a.put(
                &format!("dir{directory:02}/file{file:02}"),
                &noise(directory * 100 + file, 4096),
            );
        }
    }
    a.put("large", &noise(7, 3_000_000));
    a.commit();
    a
}

#[test]
fn law_6_one_file_of_many_costs_one_round_trip_and_few_bytes() {
    let a = large_drive();
    let b = Node::joined(2, a.share());
    let wire = Wire::connect(&b, &a);
    let joined = wire.traffic(0);
    assert!(joined.bytes_in < 16_384, "joining brought {} bytes", joined.bytes_in);
    let (drive, wire) = over(&b, wire, 0);
    let requests = |wire: &std::sync::Mutex<std::cell::RefCell<Wire>>| {
        wire.lock().unwrap().borrow().traffic(0)
    };
    let content = block_on(drive.read(&path("dir17/file23"))).unwrap();
    assert_eq!(content, noise(1723, 4096));
    let read = requests(&wire);
    println!(
        "one file: {} bytes, {} messages out",
        read.bytes_in,
        read.messages_out - joined.messages_out
    );
    assert!(read.bytes_in < 128 * 1024, "reading brought {} bytes", read.bytes_in);
    assert_eq!(read.messages_out - joined.messages_out, 1, "one question");
    // Again, everything is here.
    block_on(drive.read(&path("dir17/file23"))).unwrap();
    assert_eq!(requests(&wire).messages_out, read.messages_out);
    let names = block_on(drive.read_dir(&path("dir20"))).unwrap();
    assert_eq!(names.entries.len(), 40);
    assert!(names.unfetched.is_empty());
    assert!(requests(&wire).messages_out - read.messages_out <= 2);
    // Whoever opens a file first and reads it then asks twice.
    let before = requests(&wire).messages_out;
    let file = block_on(drive.open(&path("dir31/file07"), None)).unwrap();
    assert_eq!(block_on(file.read(0..file.bytes())).unwrap(), noise(3107, 4096));
    assert_eq!(requests(&wire).messages_out - before, 2);
    assert_eq!(block_on(drive.read_dir(&Path::root())).unwrap().entries.len(), 41);
}

#[test]
fn a_range_of_a_large_file_brings_that_range() {
    let a = large_drive();
    let b = Node::joined(2, a.share());
    let (drive, wire) = over(&b, Wire::connect(&b, &a), 0);
    let file = block_on(drive.open(&path("large"), None)).unwrap();
    let before = wire.lock().unwrap().borrow().traffic(0).bytes_in;
    // The reader fetches ahead, so ask near the end.
    let tail = block_on(file.read(2_900_000..2_900_100)).unwrap();
    assert_eq!(tail, noise(7, 3_000_000)[2_900_000..2_900_100]);
    let brought = wire.lock().unwrap().borrow().traffic(0).bytes_in - before;
    assert!(brought < 600_000, "{brought} bytes for a hundred");
    assert_eq!(block_on(drive.read(&path("large"))).unwrap(), noise(7, 3_000_000));
}

#[test]
fn bytes_that_are_wanted_at_opening_come_with_the_entry() {
    let a = large_drive();
    let b = Node::joined(2, a.share());
    let (drive, wire) = over(&b, Wire::connect(&b, &a), 0);
    let traffic = || wire.lock().unwrap().borrow().traffic(0);
    let before = traffic();
    let wanted = 2_900_000..2_900_100;
    let file = block_on(drive.open_to_read(&path("large"), None, wanted.clone())).unwrap();
    assert_eq!(block_on(file.read(wanted)).unwrap(), noise(7, 3_000_000)[2_900_000..2_900_100]);
    assert_eq!(traffic().messages_out - before.messages_out, 1);
    let brought = traffic().bytes_in - before.bytes_in;
    assert!(brought < 128 * 1024, "{brought} bytes for a hundred");
}

#[test]
fn whoever_opens_a_file_knows_it_though_nobody_has_its_content() {
    let a = large_drive();
    let (b, c) = (Node::joined(2, a.share()), Node::joined(3, a.share()));
    let (name, bytes) = (path("dir17/file23"), 0..u64::MAX);
    let (drive, wire) = over(&b, Wire::connect(&b, &a), 0);
    assert_eq!(block_on(drive.metadata(&name)).unwrap().size, 4096);
    drop((drive, wire));
    // That one knows what the file is and has nothing of it.
    let (drive, wire) = over(&c, Wire::connect(&c, &b), 0);
    let file = block_on(drive.open_to_read(&name, None, bytes.clone())).unwrap();
    assert_eq!(file.bytes(), 4096);
    let error = block_on(file.read(bytes)).unwrap_err();
    assert!(matches!(error, ply_drive::DriveError::Offline { .. }), "{error}");
    drop(wire);
}

#[test]
fn a_second_commit_is_read_by_whoever_has_the_first() {
    let a = large_drive();
    let b = Node::joined(2, a.share());
    let (drive, wire) = over(&b, Wire::connect(&b, &a), 0);
    block_on(drive.read(&path("dir00/file00"))).unwrap();
    for round in 0..5_u32 {
        for file in 0..30 {
            a.put(&format!("dir{round:02}/new{file}"), &noise(round * 1000 + file, 9000));
        }
        a.commit();
        wire.lock().unwrap().borrow_mut().changed();
        let name = path(&format!("dir{round:02}/new7"));
        assert_eq!(block_on(drive.read(&name)).unwrap(), noise(round * 1000 + 7, 9000));
    }
}

#[test]
fn law_6_every_name_of_a_large_directory_is_listed() {
    let a = Node::owner(1, sealed());
    let root = ply_drive::Attributes { mode: 0o755, ..Default::default() };
    block_on(a.drive.create_dir(&path("wide"), &root, false)).unwrap();
    // More than one answer holds.
    for number in 0..9_000 {
        a.put(&format!("wide/{number:05}"), number.to_string().as_bytes());
    }
    a.commit();
    let b = Node::joined(2, a.share());
    let (drive, wire) = over(&b, Wire::connect(&b, &a), 0);
    let questions = || wire.lock().unwrap().borrow().traffic(0).messages_out;
    let before = questions();
    let read = block_on(drive.read_dir(&path("wide"))).unwrap();
    assert_eq!(read.entries.len(), 9_000);
    assert!(read.unfetched.is_empty());
    assert!(questions() - before <= 4, "{} questions", questions() - before);
}
