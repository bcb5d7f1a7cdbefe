//! Trees whose hashes are all right and whose structure is a lie: a hostile writer signs anything.

use std::ops::ControlFlow;

use futures::executor::block_on;
use ply_index::{
    BuildError, Cursor, Diff, Flaw, KeyRange, MemoryError, MemoryPages, Page, PageRef, Totals,
    TreeError, UpdateError, Where, get, totals, update, walk,
};
use ply_types::{Fault, PageHash};

use crate::decoding::{encode_inner, encode_leaf};
use crate::support::*;

fn put(pages: &MemoryPages, bytes: &[u8]) -> [u8; 32] {
    let page = Page::decode(bytes).expect("a page in good form");
    let hash = page.hash();
    pages.insert(page);
    hash.0
}

fn leaf(pages: &MemoryPages, keys: &[&str]) -> [u8; 32] {
    let rows: Vec<_> = keys.iter().map(|key| (key.as_bytes().to_vec(), b"v".to_vec())).collect();
    put(pages, &encode_leaf(&rows))
}

fn inner(pages: &MemoryPages, level: u8, rows: &[(&str, [u8; 32])]) -> [u8; 32] {
    let totals = Totals { count: u64::MAX, bytes: u64::MAX };
    let rows = rows.iter().map(|(key, hash)| (key.as_bytes().to_vec(), *hash, totals));
    put(pages, &encode_inner(level, &rows.collect::<Vec<_>>()))
}

fn at(hash: [u8; 32]) -> PageRef {
    PageRef { hash: PageHash(hash), place: Where::UNKNOWN }
}

/// Everything that reads the whole tree must find the flaw of the page.
#[track_caller]
fn check(pages: &MemoryPages, root: [u8; 32], bad: [u8; 32], expected: Flaw) {
    let root = Some(at(root));
    let all = KeyRange::all();
    let mut cursor = Cursor::new(pages, root, all.clone());
    let mut diff = Diff::new((pages, None), (pages, root), all.clone());
    let mut sink = MemoryPages::default();
    let edits = ["a", "b", "c", "d", "e", "f", "g"].map(|key| (key.into(), None));
    let edited = match block_on(update(pages, root, &edits, &weigh, &mut sink)) {
        Err(UpdateError::Tree(error)) => Some(error),
        _ => None,
    };
    let errors = [
        ("cursor", (0..9).find_map(|_| block_on(cursor.next()).err())),
        ("diff", (0..9).find_map(|_| block_on(diff.next()).err())),
        (
            "walk",
            block_on(walk(pages, root, &all, |_| false, |_, _| ControlFlow::Continue(()))).err(),
        ),
        ("update", edited),
    ];
    for (reader, error) in errors {
        match error {
            Some(TreeError::Malformed { page, flaw }) => {
                assert_eq!((page, flaw), (PageHash(bad), expected), "{reader}");
            }
            other => panic!("{reader}: {other:?}"),
        }
    }
}

#[test]
fn a_child_of_another_level_is_malformed() {
    let pages = MemoryPages::default();
    let (first, second) = (leaf(&pages, &["a", "b"]), leaf(&pages, &["c", "d"]));
    let root = inner(&pages, 2, &[("b", first), ("d", second)]);
    check(&pages, root, first, Flaw::Level { expected: 1, found: 0 });

    let deep = inner(&pages, 1, &[("b", first)]);
    let root = inner(&pages, 1, &[("b", deep), ("d", second)]);
    check(&pages, root, deep, Flaw::Level { expected: 0, found: 1 });
}

#[test]
fn a_child_that_ends_elsewhere_is_malformed() {
    let pages = MemoryPages::default();
    let (first, second) = (leaf(&pages, &["a", "b"]), leaf(&pages, &["c", "d"]));
    let root = inner(&pages, 1, &[("b", first), ("e", second)]);
    check(&pages, root, second, Flaw::LastKey);
    let root = inner(&pages, 1, &[("a", first), ("d", second)]);
    check(&pages, root, first, Flaw::LastKey);
}

#[test]
fn a_child_that_begins_too_early_is_malformed() {
    let pages = MemoryPages::default();
    let (first, second) = (leaf(&pages, &["a", "b"]), leaf(&pages, &["b", "d"]));
    let root = inner(&pages, 1, &[("b", first), ("d", second)]);
    check(&pages, root, second, Flaw::FirstKey);
}

#[test]
fn a_child_is_held_to_the_range_of_every_page_above_it() {
    let pages = MemoryPages::default();
    let (first, second) = (leaf(&pages, &["a", "c"]), leaf(&pages, &["b", "d"]));
    let left = inner(&pages, 1, &[("c", first)]);
    let right = inner(&pages, 1, &[("d", second)]);
    let root = inner(&pages, 2, &[("c", left), ("d", right)]);
    check(&pages, root, second, Flaw::FirstKey);
}

#[test]
fn a_lookup_meets_only_the_flaws_on_its_way() {
    let pages = MemoryPages::default();
    let (first, second) = (leaf(&pages, &["a", "b"]), leaf(&pages, &["c", "d"]));
    let root = Some(at(inner(&pages, 1, &[("b", first), ("e", second)])));
    assert_eq!(block_on(get(&pages, root, b"a")), Ok(Some(b"v".to_vec())));
    let error = block_on(get(&pages, root, b"c")).expect_err("a lie");
    assert_eq!(error.fault(MemoryError::fault), Fault::Peer);
    let gone = block_on(get(&pages, Some(at([9; 32])), b"c")).expect_err("no such page");
    assert_eq!(gone.fault(MemoryError::fault), Fault::Absent);
}

#[test]
fn a_tower_of_pages_with_one_child_is_climbed_down_once_and_edited_away() {
    let pages = MemoryPages::default();
    let mut top = leaf(&pages, &["a", "b"]);
    for level in 1..=16 {
        top = inner(&pages, level, &[("b", top)]);
    }
    let root = Some(at(top));
    assert_eq!(block_on(get(&pages, root, b"b")), Ok(Some(b"v".to_vec())));
    let mut sink = MemoryPages::default();
    let edits = [(b"c".to_vec(), Some(b"v".to_vec()))];
    let edited = block_on(update(&pages, root, &edits, &weigh, &mut sink)).expect("no flaw in it");
    let model: Model = ["a", "b", "c"].map(|key| (key.into(), b"v".to_vec())).into();
    assert_eq!(edited.map(|root| root.hash), Tree::of(&model).hash());
}

#[test]
fn a_tree_that_would_grow_too_high_is_an_error() {
    let pages = MemoryPages::default();
    let long = |letter: &str| letter.repeat(4608);
    let keys = ["a", "b", "c", "d", "e"].map(long);
    let rows: Vec<(&str, [u8; 32])> = keys.iter().map(|key| (key.as_str(), [7; 32])).collect();
    let root = Some(at(inner(&pages, 16, &rows)));
    let mut sink = MemoryPages::default();
    let edits = [(b"e".to_vec(), Some(b"v".to_vec()))];
    match block_on(update(&pages, root, &edits, &weigh, &mut sink)) {
        Err(error @ UpdateError::Build(BuildError::TooHigh)) => {
            assert_eq!(error.fault(MemoryError::fault, MemoryError::fault), Fault::Peer);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn totals_that_lie_do_not_overflow() {
    let pages = MemoryPages::default();
    let (first, second) = (leaf(&pages, &["a", "b"]), leaf(&pages, &["c", "d"]));
    let root = Some(at(inner(&pages, 1, &[("b", first), ("d", second)])));
    let sum = block_on(totals(&pages, root, &KeyRange::all(), &weigh));
    assert_eq!(sum, Ok(Totals { count: u64::MAX, bytes: u64::MAX }));
}
