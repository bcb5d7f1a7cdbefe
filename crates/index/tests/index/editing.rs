//! The law of the crate: an edited tree is the tree built anew.

use futures::executor::block_on;
use ply_index::{BuildError, Builder, Edit, MemoryPages, RowError, UpdateError, build, update};
use proptest::prelude::*;

use crate::support::*;

/// Edits a tree step by step, and compares it with a rebuild after each batch.
fn check(keys: Keys, percent: u64, batches: &[Vec<Step>]) -> Result<(), TestCaseError> {
    let mut model = keys.model(percent, percent);
    let mut tree = Tree::of(&model);
    for steps in batches {
        let edits = edits(keys, steps);
        let before = tree.hashes();
        let written = tree.edit(&edits);
        apply(&mut model, &edits);
        let rebuilt = Tree::of(&model);
        prop_assert_eq!(tree.hash(), rebuilt.hash());
        let after = rebuilt.hashes();
        prop_assert!(written.iter().all(|hash| after.contains(hash)), "a page of no use");
        prop_assert!(written.iter().all(|hash| !before.contains(hash)), "a page written again");
        prop_assert_eq!(written.len(), after.difference(&before).count());
        prop_assert_eq!(tree.hashes(), after, "a page is missing");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn an_edited_tree_is_the_tree_built_anew(
        keys in any_keys(),
        percent in prop_oneof![Just(0_u64), 1_u64..100, Just(100)],
        batches in prop::collection::vec(any_steps(12), 1..4),
    ) {
        check(keys, percent, &batches)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn thousands_of_rows_take_single_edits(
        steps in prop::collection::vec(any_steps(3), 1..4),
    ) {
        check(Keys::Paths, 90, &steps)?;
    }

    #[test]
    fn pages_that_no_hash_ends_still_end_where_a_rebuild_ends_them(
        steps in prop::collection::vec(any_steps(4), 1..3),
    ) {
        check(Keys::Reluctant, 90, &steps)?;
    }

    #[test]
    fn keys_that_end_pages_early_build_no_towers(
        keys in prop_oneof![Just(Keys::Eager), Just(Keys::Long)],
        steps in prop::collection::vec(any_steps(8), 1..4),
    ) {
        check(keys, 80, &steps)?;
    }

    #[test]
    fn the_order_of_edits_leaves_no_trace(
        keys in any_keys(),
        steps in any_steps(30),
        rounds in 1_usize..6,
    ) {
        let edits = edits(keys, &steps);
        let start = keys.model(30, 7);
        let mut at_once = Tree::of(&start);
        at_once.edit(&edits);
        let mut in_rounds = Tree::of(&start);
        for round in (0..rounds).rev() {
            let part = edits.iter().skip(round).step_by(rounds).cloned();
            in_rounds.edit(&part.collect::<Vec<Edit>>());
        }
        prop_assert_eq!(at_once.hash(), in_rounds.hash());
    }
}

#[test]
fn a_tree_grown_key_by_key_is_the_tree_built_at_once_and_shrinks_back_to_nothing() {
    let mut keys: Vec<u64> = (0..2500).collect();
    keys.sort_by_key(|&number| scramble(number));
    let mut tree = Tree::of(&Model::new());
    let mut model = Model::new();
    for (step, &number) in keys.iter().enumerate() {
        let edits = [(source_path(number), Some(value(number)))];
        tree.edit(&edits);
        apply(&mut model, &edits);
        if step % 100 == 0 {
            assert_eq!(tree.hash(), Tree::of(&model).hash());
        }
    }
    assert_eq!(tree.hash(), Tree::of(&model).hash());
    for (step, &number) in keys.iter().rev().enumerate() {
        let edits = [(source_path(number), None)];
        tree.edit(&edits);
        apply(&mut model, &edits);
        if step % 100 == 0 || model.len() < 30 {
            assert_eq!(tree.hash(), Tree::of(&model).hash());
        }
    }
    assert_eq!(tree.root, None);
}

#[test]
fn every_run_of_rows_can_be_cut_out() {
    let model = Keys::Paths.model(100, 3);
    let keys: Vec<&Vec<u8>> = model.keys().collect();
    let tree = Tree::of(&model);
    for (from, to) in (0..600).map(|seed| (scramble(seed) % 6000, scramble(seed + 600) % 6001)) {
        let [from, to] = [from, to].map(|at| usize::try_from(at).expect("small"));
        let cut = keys.iter().take(to).skip(from).map(|&key| (key.clone(), None));
        let edits: Vec<Edit> = cut.collect();
        let mut cut = Tree { pages: MemoryPages::default(), root: tree.root };
        let mut sink = Recorder { pages: &cut.pages, written: Vec::new() };
        cut.root = block_on(update(&tree.pages, tree.root, &edits, &weigh, &mut sink))
            .expect("an honest tree");
        let mut rest = model.clone();
        apply(&mut rest, &edits);
        assert_eq!(cut.hash(), Tree::of(&rest).hash(), "rows {from}..{to} cut out");
    }
}

#[test]
fn what_is_left_when_all_but_the_last_page_goes_is_lower_than_it_was() {
    let mut only_children = 0;
    for count in 60..300 {
        let rows = Keys::Long.all().iter().take(count).map(|key| (key.clone(), Vec::new()));
        let model: Model = rows.collect();
        let mut tree = Tree::of(&model);
        let pages = tree.all_pages();
        let Some((top, low)) = pages
            .iter()
            .enumerate()
            .rev()
            .find(|(_, (_, page))| 0 < page.level() && page.row_count() == 1)
        else {
            continue;
        };
        assert_ne!(top, 0, "a root has more than one child");
        let lowest_kept = pages.iter().skip(top).find(|(_, page)| page.level() == 0);
        let kept = lowest_kept.expect("a leaf beneath").1.first_key().to_vec();
        assert_eq!(low.1.last_key(), pages[0].1.last_key(), "only the last page is that small");
        let edits: Vec<Edit> = model.range(..kept).map(|(key, _)| (key.clone(), None)).collect();
        let mut rest = model.clone();
        apply(&mut rest, &edits);
        assert_eq!(tree.edit(&edits), [], "nothing new is needed");
        assert_eq!(tree.hash(), Tree::of(&rest).hash(), "{count} rows");
        only_children += 1;
    }
    assert!(10 < only_children, "{only_children} trees had such a page");
}

#[test]
fn an_edit_that_changes_nothing_writes_nothing() {
    let model = Keys::Paths.model(50, 1);
    let mut tree = Tree::of(&model);
    let root = tree.root;
    let same = model.iter().step_by(97).map(|(key, value)| (key.clone(), Some(value.clone())));
    assert_eq!(tree.edit(&same.collect::<Vec<Edit>>()), []);
    let absent = Keys::Paths.all().iter().filter(|key| !model.contains_key(*key));
    let absent: Vec<Edit> = absent.map(|key| (key.clone(), None)).collect();
    assert_eq!(tree.edit(&absent), []);
    assert_eq!(tree.edit(&[(vec![0xff; 9], None)]), []);
    assert_eq!(tree.edit(&[]), []);
    assert_eq!(tree.root, root);
}

#[test]
fn a_changed_value_moves_no_boundary() {
    let model = Keys::Paths.model(100, 1);
    let mut tree = Tree::of(&model);
    let shape = |tree: &Tree| -> Vec<(u8, Vec<u8>)> {
        tree.all_pages().iter().map(|(_, page)| (page.level(), page.last_key().into())).collect()
    };
    let before = shape(&tree);
    let longer = model.keys().map(|key| (key.clone(), Some(vec![7; 1024])));
    tree.edit(&longer.collect::<Vec<Edit>>());
    assert_eq!(shape(&tree), before);
}

#[test]
fn rows_that_no_tree_takes_are_refused_before_anything_is_written() {
    let tree = Tree::of(&Keys::Few.model(100, 1));
    let refused = |edits: &[Edit], expected: RowError| {
        let mut sink = MemoryPages::default();
        let result = block_on(update(&tree.pages, tree.root, edits, &weigh, &mut sink));
        match result {
            Err(UpdateError::Build(BuildError::Row(error))) => assert_eq!(error, expected),
            other => panic!("{other:?}"),
        }
        assert_eq!(sink.page_count(), 0);
    };
    let put = |key: &[u8], value: &[u8]| (key.to_vec(), Some(value.to_vec()));
    refused(&[put(b"b", b""), put(b"a", b"")], RowError::Unsorted { index: 1 });
    refused(&[put(b"b", b""), (b"b".to_vec(), None)], RowError::Unsorted { index: 1 });
    refused(&[put(b"", b"")], RowError::KeyLength { index: 0, bytes: 0 });
    refused(
        &[put(b"a", b""), put(&[b'b'; 4609], b"")],
        RowError::KeyLength { index: 1, bytes: 4609 },
    );
    refused(&[put(b"a", &[0; 1025])], RowError::ValueLength { index: 0, bytes: 1025 });

    let mut sink = MemoryPages::default();
    let unsorted = build([("b", ""), ("a", "")], &weigh, &mut sink);
    assert!(matches!(unsorted, Err(BuildError::Row(RowError::Unsorted { index: 1 }))));
    let mut builder = Builder::new(&weigh, &mut sink);
    builder.push(b"a", b"").expect("a first row");
    assert!(matches!(builder.push(b"a", b""), Err(BuildError::Row(RowError::Unsorted { .. }))));
}
