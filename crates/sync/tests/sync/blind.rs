//! Mirrors without the read key: they keep and pass on all, and read nothing.

use futures::executor::block_on;
use ply_drive::{Access, DriveError, Want};
use ply_types::{LogKey, Path};

use crate::sparse::noise;
use crate::world::{Node, Pass, Wire, over, path, sealed};

fn mirror(of: &Node) -> Node {
    let pass = Pass { id: of.replica.id(), access: Access::Blind, invitation: None };
    Node::joined(9, pass)
}

/// Two writers with a few commits each, one of them large.
fn two_writers() -> (Node, Node) {
    let a = Node::owner(1, sealed());
    let b = Node::joined(2, a.share());
    a.put("large", &noise(3, 900_000));
    for number in 0..30_u32 {
        a.put(&format!("file{number:02}"), &noise(number + 10, 5000));
        if number % 7 == 0 {
            a.commit();
        }
    }
    a.commit();
    Wire::connect(&a, &b).ask(1, Want::Everything).unwrap();
    for number in 0..5_u32 {
        b.put_commit(&format!("of-b{number}"), &noise(number + 90, 20_000));
    }
    let mut wire = Wire::connect(&a, &b);
    wire.ask(0, Want::Everything).unwrap();
    wire.ask(1, Want::Everything).unwrap();
    (a, b)
}

/// Every log of a drive with the length that is known of it, as a reader sees them.
fn logs(node: &Node) -> Vec<(LogKey, u64)> {
    let writers = node.replica.published_logs().into_iter();
    let mut logs: Vec<(LogKey, u64)> =
        writers.map(|log| (log, node.replica.known_length(&log).unwrap())).collect();
    let (layers, missing) = node.replica.layers().unwrap();
    assert_eq!(missing, []);
    logs.extend(layers.into_iter().map(|head| (head.log, head.length)));
    logs.retain(|&(_, length)| 0 < length);
    logs.sort_unstable();
    logs.dedup();
    logs
}

#[test]
fn law_12_a_blind_mirror_keeps_every_block_and_reads_nothing() {
    let (a, b) = two_writers();
    let mirror = mirror(&a);
    let mut wire = Wire::connect(&mirror, &a);
    assert_eq!(wire.ask(0, Want::Everything), Ok(()));
    let all = logs(&a);
    assert!(all.contains(&(b.key(), b.replica.known_length(&b.key()).unwrap())));
    assert!(4 <= all.len(), "{} logs", all.len());
    let mut blocks = 0;
    for &(log, length) in &all {
        for block in 0..length {
            // Reading checks the leaf: these are the very bytes that were proven.
            let here = mirror.replica.logs().block(&log, block).unwrap();
            assert_eq!(here, a.replica.logs().block(&log, block).unwrap(), "{block} of {log}");
            assert!(here.is_some());
            blocks += 1;
        }
    }
    println!("{blocks} blocks of {} logs", all.len());
    assert_eq!(mirror.replica.state_hash(), a.replica.state_hash());
    for name in ["large", "file03", "not-there"] {
        let read = block_on(mirror.drive.read(&path(name)));
        assert!(matches!(read, Err(DriveError::Blind { .. })), "{read:?}");
    }
    let list = block_on(mirror.drive.read_dir(&Path::root()));
    assert!(matches!(list, Err(DriveError::Blind { .. })), "{list:?}");
}

#[test]
fn law_12_a_blind_mirror_alone_serves_everything_to_a_reader() {
    let (a, _b) = two_writers();
    let mirror = mirror(&a);
    assert_eq!(Wire::connect(&mirror, &a).ask(0, Want::Everything), Ok(()));
    let reader = Node::joined(5, a.share());
    assert_eq!(Wire::connect(&reader, &mirror).ask(0, Want::Everything), Ok(()));
    assert_eq!(reader.list(), a.list());
    assert_eq!(reader.list().len(), 36);
}

#[test]
fn law_6_one_file_is_read_through_a_blind_mirror_without_fetching_all() {
    let (a, _b) = two_writers();
    let mirror = mirror(&a);
    assert_eq!(Wire::connect(&mirror, &a).ask(0, Want::Everything), Ok(()));
    let reader = Node::joined(5, a.share());
    let (drive, wire) = over(&reader, Wire::connect(&reader, &mirror), 0);
    assert_eq!(block_on(drive.read(&path("file03"))).unwrap(), noise(13, 5000));
    let read = wire.lock().unwrap().borrow().traffic(0);
    println!("{} bytes in {} messages out", read.bytes_in, read.messages_out);
    assert!(read.bytes_in < 200_000, "{} bytes", read.bytes_in);
}

#[test]
fn law_12_a_blind_mirror_follows_what_comes_later() {
    let (a, b) = two_writers();
    let mirror = mirror(&a);
    let mut wire = Wire::connect(&mirror, &a);
    assert_eq!(wire.ask(0, Want::Everything), Ok(()));
    // Pushed with the news, and too large for that.
    for (name, bytes) in [("small", 600), ("larger", 300_000)] {
        a.put_commit(name, &noise(200, bytes));
        wire.changed();
        assert_eq!(wire.ask(0, Want::Everything), Ok(()));
        drop(Wire::connect(&b, &mirror));
        let mut late = Wire::connect(&b, &mirror);
        assert_eq!(late.ask(0, Want::Everything), Ok(()));
        assert_eq!(block_on(b.drive.read(&path(name))).unwrap(), noise(200, bytes));
    }
}
