//! Law 3: clocks on walls decide nothing. Here one is a year behind, or goes back by a year.

use std::sync::atomic::Ordering;

use futures::executor::block_on;
use ply_drive::Want;

use crate::world::{Node, Wire, path, sealed};

const YEAR_SECONDS: i64 = 365 * 24 * 3600;

fn read(node: &Node, name: &str) -> Vec<u8> {
    block_on(node.drive.read(&path(name))).unwrap()
}

fn set_back(node: &Node) {
    node.host.clock.fetch_sub(YEAR_SECONDS, Ordering::Relaxed);
}

#[test]
fn law_3_a_clock_set_back_by_a_year_makes_no_write_older() {
    let node = Node::owner(1, sealed());
    node.put_commit("file", b"before");
    node.put("drafted", b"before");
    set_back(&node);
    node.put_commit("file", b"after");
    node.put_commit("drafted", b"after");
    for node in [&node.restarted().unwrap(), &node] {
        assert_eq!(read(node, "file"), b"after");
        assert_eq!(read(node, "drafted"), b"after");
        assert_eq!(node.list().len(), 2, "one version of each");
    }
    let log = node.drive.log(usize::MAX).unwrap();
    assert_eq!(log.len(), 3);
    assert!(log.windows(2).all(|pair| pair[1].mark.number < pair[0].mark.number), "newest first");
}

#[test]
fn law_3_an_edit_from_a_clock_a_year_behind_supersedes_what_it_had_in_view() {
    let ours = Node::owner(1, sealed());
    let theirs = Node::joined(2, ours.share());
    set_back(&theirs);
    ours.put_commit("file", b"ours, by the right clock");
    let mut wire = Wire::connect(&theirs, &ours);
    wire.ask(0, Want::Everything).unwrap();
    theirs.put_commit("file", b"theirs, by a clock a year behind");
    wire.changed();
    wire.ask(1, Want::Everything).unwrap();
    for node in [&ours, &theirs] {
        assert_eq!(read(node, "file"), b"theirs, by a clock a year behind");
        assert_eq!(node.list().len(), 1, "no conflict");
    }
    // And the other way round: the right clock does not win a conflict by being right.
    ours.put_commit("file", b"ours again");
    theirs.put_commit("file", b"theirs again");
    wire.changed();
    wire.ask(0, Want::Everything).unwrap();
    wire.ask(1, Want::Everything).unwrap();
    assert_eq!(ours.list().len(), 2, "both are kept");
    let (mut mine, mut other) = (ours.list(), theirs.list());
    mine.sort();
    other.sort();
    assert_eq!(mine, other);
    assert_eq!(read(&ours, "file"), read(&theirs, "file"));
}
