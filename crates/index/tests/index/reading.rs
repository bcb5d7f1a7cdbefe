//! Looking up, walking and summing, against a plain map.

use std::ops::ControlFlow;
use std::sync::Arc;

use futures::executor::block_on;
use ply_index::{
    Cursor, Diff, KeyRange, MemoryPages, PageRef, Totals, build, counted, get, totals, update, walk,
};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::*;

/// A move of a cursor.
#[derive(Clone, Debug)]
enum Hop {
    Next,
    Peek,
    Advance,
    Seek(Index, bool),
}

fn any_hop() -> impl Strategy<Value = Hop> {
    prop_oneof![
        4 => Just(Hop::Next),
        1 => Just(Hop::Peek),
        1 => Just(Hop::Advance),
        2 => (any::<Index>(), any::<bool>()).prop_map(|(at, beyond)| Hop::Seek(at, beyond)),
    ]
}

fn drain(cursor: &mut Cursor<&MemoryPages>) -> Vec<(Vec<u8>, Vec<u8>)> {
    std::iter::from_fn(|| block_on(cursor.next()).expect("an honest tree")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_range_reads_as_it_reads_in_a_map(
        keys in any_keys(), percent in 0_u64..=100, ends in any_range(),
    ) {
        let model = keys.model(percent, 5);
        let tree = Tree::of(&model);
        let range = range(keys, &ends);
        let mut cursor = Cursor::new(&tree.pages, tree.root, range.clone());
        let expected = rows_in(&model, &range);
        prop_assert_eq!(&drain(&mut cursor), &expected);
        let sum: Totals = expected.iter().map(|(key, value)| weigh(key, value)).sum();
        prop_assert_eq!(
            block_on(totals(&tree.pages, tree.root, &range, &weigh)).expect("an honest tree"),
            sum
        );
    }

    #[test]
    fn a_cursor_hops_as_a_map_does(
        keys in any_keys(),
        percent in 1_u64..=100,
        ends in any_range(),
        hops in prop::collection::vec(any_hop(), 1..60),
    ) {
        let model = keys.model(percent, 6);
        let tree = Tree::of(&model);
        let range = range(keys, &ends);
        let rows = rows_in(&model, &range);
        let mut cursor = Cursor::new(&tree.pages, tree.root, range);
        let (mut at, mut seen) = (0, false);
        for hop in hops {
            match hop {
                Hop::Next => {
                    let row = block_on(cursor.next()).expect("an honest tree");
                    prop_assert_eq!(row.as_ref(), rows.get(at));
                    at = (at + 1).min(rows.len());
                    seen = false;
                }
                Hop::Peek => {
                    let row = block_on(cursor.peek()).expect("an honest tree");
                    let row = row.map(|(key, value)| (key.to_vec(), value.to_vec()));
                    prop_assert_eq!(row.as_ref(), rows.get(at));
                    seen = true;
                }
                Hop::Advance if seen => {
                    cursor.advance();
                    at = (at + 1).min(rows.len());
                    seen = false;
                }
                Hop::Advance => {}
                Hop::Seek(index, beyond) => {
                    let mut key = index.get(keys.all()).clone();
                    if beyond {
                        key.push(0);
                    }
                    cursor.seek(&key);
                    at = rows.partition_point(|(row, _)| *row < key);
                    seen = false;
                }
            }
        }
    }

    #[test]
    fn a_key_is_found_if_it_is_there(
        keys in any_keys(), percent in 0_u64..=100, at in any::<Index>(),
    ) {
        let model = keys.model(percent, 8);
        let tree = Tree::of(&model);
        for key in [at.get(keys.all()).clone(), [at.get(keys.all()).as_slice(), &[0]].concat()] {
            let found = block_on(get(&tree.pages, tree.root, &key)).expect("an honest tree");
            prop_assert_eq!(found.as_ref(), model.get(&key));
        }
    }

    #[test]
    fn rows_that_count_are_found_and_what_lies_between_is_not_read(
        keys in any_keys(), percent in 0_u64..=100, rare in 1_usize..2000, ends in any_range(),
    ) {
        let model = keys.model(percent, 10);
        let rare = |key: &[u8]| blake3::hash(key).as_bytes()[..4].iter().fold(0, |sum, &byte| {
            sum * 256 + usize::from(byte)
        }) % rare == 0;
        let weigh = |key: &[u8], _: &[u8]| Totals { count: u64::from(rare(key)), bytes: 1 };
        let mut pages = MemoryPages::new(log(1));
        let root = build(&model, &weigh, &mut pages).expect("rows of a map are in order");
        let range = range(keys, &ends);
        let counting = Counting::new(&pages);
        let mut found = Vec::new();
        block_on(counted(&counting, root, &range, &weigh, |key, value| {
            found.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        })).expect("an honest tree");
        let mut expected = rows_in(&model, &range);
        expected.retain(|(key, _)| rare(key));
        let height = root.map_or(0, |root| {
            usize::from(pages.find(&root.hash).expect("the root is there").level()) + 1
        });
        // A page on each level for each row, and those that the ends of the range cut.
        prop_assert!(counting.reads() <= height * (found.len() + 2));
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_reader_needs_the_pages_that_were_named_and_no_others(
        keys in any_keys(), percent in 1_u64..=100, ends in any_range(),
    ) {
        let model = keys.model(percent, 9);
        let tree = Tree::of(&model);
        let range = range(keys, &ends);
        let named = pages_of(&tree.pages, tree.root, &range);
        let sent = MemoryPages::default();
        for (at, page) in &named {
            prop_assert_eq!(at.hash, page.hash());
            sent.insert((**page).clone());
        }
        prop_assert_eq!(sent.page_count(), named.len());
        let counting = Counting::new(&sent);
        let mut cursor = Cursor::new(&counting, tree.root, range.clone());
        let mut rows = Vec::new();
        while let Some(row) = block_on(cursor.next()).expect("all pages that are needed") {
            rows.push(row);
        }
        prop_assert_eq!(rows, rows_in(&model, &range));
        prop_assert_eq!(counting.reads(), named.len());
    }
}

#[test]
fn a_walk_leaves_out_what_is_known_and_stops_when_told() {
    let model = Keys::Paths.model(100, 2);
    let old = Tree::of(&model);
    let mut new = Tree::of(&model);
    let written = new.edit(&[(source_path(3000), Some(b"new".to_vec()))]);
    let known = old.hashes();
    let mut visited: Vec<PageRef> = Vec::new();
    let skip = |hash: &_| known.contains(hash);
    block_on(walk(&new.pages, new.root, &KeyRange::all(), skip, |at, _| {
        visited.push(*at);
        ControlFlow::Continue(())
    }))
    .expect("an honest tree");
    let parents_first: Vec<_> = written.into_iter().rev().collect();
    assert_eq!(visited.iter().map(|at| at.hash).collect::<Vec<_>>(), parents_first);
    assert!(visited.iter().all(|at| at.place.log == log(1)), "each comes with its place");

    let mut count = 0;
    block_on(walk(
        &new.pages,
        new.root,
        &KeyRange::all(),
        |_| false,
        |_, _| {
            count += 1;
            if count == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
    ))
    .expect("an honest tree");
    assert_eq!(count, 5);
}

#[test]
fn an_empty_tree_reads_as_empty() {
    let pages = MemoryPages::default();
    assert_eq!(block_on(get(&pages, None, b"k")), Ok(None));
    assert_eq!(block_on(Cursor::new(&pages, None, KeyRange::all()).next()), Ok(None));
    let sum = block_on(totals(&pages, None, &KeyRange::all(), &weigh));
    assert_eq!(sum, Ok(Totals::default()));
}

#[test]
fn a_missing_page_is_an_error_of_the_door_and_can_be_asked_for_again() {
    let tree = Tree::of(&Keys::Paths.model(100, 2));
    let partial = MemoryPages::default();
    let mut cursor = Cursor::new(&partial, tree.root, KeyRange::all());
    for (_, page) in tree.all_pages().into_iter().take(tree.height()) {
        block_on(cursor.peek()).expect_err("a page that is not there yet");
        partial.insert((*page).clone());
    }
    let first = Keys::Paths.all().first().map(Vec::as_slice);
    assert_eq!(block_on(cursor.peek()).expect("all there").map(|(key, _)| key), first);
}

#[test]
fn work_on_trees_can_move_between_threads() {
    fn movable<T: Send>(_: T) {}
    let (pages, mut sink) = (MemoryPages::default(), MemoryPages::default());
    let range = KeyRange::all();
    movable(get(&pages, None, b"k"));
    movable(totals(&pages, None, &range, &weigh));
    movable(update(&pages, None, &[], &weigh, &mut sink));
    let mut cursor = Cursor::new(&pages, None, range.clone());
    movable(cursor.next());
    let mut diff = Diff::new((&pages, None), (&pages, None), range.clone());
    movable(diff.next());
    movable(Cursor::new(Arc::new(MemoryPages::default()), None, range.clone()));
    movable(counted(&pages, None, &range, &weigh, |_, _| ControlFlow::Continue(())));
    movable(walk(&pages, None, &range, |_| false, |_, _| ControlFlow::Continue(())));
}
