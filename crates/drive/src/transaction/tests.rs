//! What no call can write, written all the same.

#![allow(
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, and not the functions that they share"
)]

use std::sync::Arc;

use ply_engine::MemoryEngine;
use ply_types::{CommitId, LogKey, Path};

use super::{Change, Transaction};
use crate::clock::{Clock, CommitMark};
use crate::entry::{Attributes, Body, Entry, Kind};
use crate::key::path_key;
use crate::now::now;
use crate::suite::{Bench, path};
use crate::{Access, Drive};

fn conflicts(drive: &Drive<MemoryEngine>) -> usize {
    now(drive.conflicts(&Path::root())).unwrap().unwrap().len()
}

#[test]
fn a_key_that_no_path_has_makes_no_directory_of_what_is_above() {
    let make = || Arc::new(MemoryEngine::new());
    let bench = Bench::new(&make, &|engine| engine);
    let alice = bench.small(Access::Public);
    let bob = bench.join(2, &alice);
    alice.put("f", b"a file");
    let mut transaction = Transaction::begin(alice.replica()).unwrap();
    let clock = transaction.clock_now().unwrap();
    let entry = Box::new(Entry::new(Body::Directory, Attributes::default()));
    transaction.rows.insert(b"f\0no/name".to_vec(), Change::Set(entry, clock));
    transaction.commit("", "test").unwrap();
    bob.pull(&alice, true);
    for node in [&alice, &bob] {
        // Once by a walk, and once by the tree of the union.
        assert_eq!(conflicts(node.drive()), 0);
        node.replica().union_root(&|| true).unwrap();
        assert_eq!(conflicts(node.drive()), 0);
        let metadata = now(node.drive().metadata(&path("f"))).unwrap().unwrap();
        assert_eq!(metadata.kind, Kind::File);
    }
    now(bob.drive().remove_file(&path("f"))).unwrap().unwrap();
}

/// A commit with one file, by a clock that was not seen.
fn commit_by(node: &crate::suite::Node<MemoryEngine>, clock: Clock) {
    let mut transaction = Transaction::begin(node.replica()).unwrap();
    let number = transaction.clock_number(clock).unwrap();
    let body = Body::File(crate::Stored::Inline(b"huge".to_vec()));
    let entry = Box::new(Entry::new(body, Attributes::default()));
    transaction.rows.insert(path_key(&path("huge")), Change::Set(entry, number));
    transaction.commit("", "test").unwrap();
}

#[test]
fn law_5_a_number_that_has_no_next_loses_nobody_a_draft() {
    let make = || Arc::new(MemoryEngine::new());
    let bench = Bench::new(&make, &|engine| engine);
    let alice = bench.small(Access::Public);
    let bob = bench.join(2, &alice);
    let mark = CommitMark { number: u64::MAX - 1, block: 7, id: CommitId([7; 32]) };
    commit_by(&alice, [(LogKey([9; 32]), mark)].into_iter().collect());
    bob.pull(&alice, true);
    assert_eq!(bob.get("huge"), b"huge");
    bob.put("kept", b"in the draft");
    let refused = now(bob.drive().commit("", "test")).unwrap().unwrap_err();
    assert!(refused.to_string().contains("highest number"), "{refused}");
    assert_eq!(bob.get("kept"), b"in the draft");
    assert_eq!(bob.replica().draft_paths().unwrap(), [path("kept")]);
}

#[test]
fn a_draft_has_no_more_clocks_than_a_commit_carries() {
    let make = || Arc::new(MemoryEngine::new());
    let bench = Bench::new(&make, &|engine| engine);
    let alice = bench.small(Access::Public);
    let mut transaction = Transaction::begin(alice.replica()).unwrap();
    let clock = |number: u64| {
        let marks = (0..100).map(|writer| {
            let id = CommitId([7; 32]);
            (LogKey([writer; 32]), CommitMark { number, block: number, id })
        });
        marks.collect::<Clock>()
    };
    let numbers: Vec<u32> =
        (1..200).map(|number| transaction.clock_number(clock(number)).unwrap()).collect();
    assert!(numbers.is_sorted() && *numbers.last().unwrap() < 90, "{numbers:?}");
    // But never one that saw what this one did not.
    assert!(*numbers.last().unwrap() < transaction.clock_number(clock(0)).unwrap());
    for number in numbers {
        let body = Body::File(crate::Stored::Inline(vec![7]));
        let entry = Box::new(Entry::new(body, Attributes::default()));
        let name = path(&format!("{number}"));
        transaction.rows.insert(path_key(&name), Change::Set(entry, number));
    }
    transaction.commit("", "test").unwrap();
}
