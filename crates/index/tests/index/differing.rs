//! Differences between trees, against the differences between maps.

use std::collections::BTreeSet;

use futures::executor::block_on;
use ply_index::{Change, Diff, KeyRange, MemoryError, Pages};
use proptest::prelude::*;

use crate::support::*;

fn changes<A: Pages<Error = MemoryError>, B: Pages<Error = MemoryError>>(
    mut diff: Diff<A, B>,
) -> Vec<Change> {
    std::iter::from_fn(|| block_on(diff.next()).expect("honest trees")).collect()
}

fn expected(before: &Model, after: &Model, range: &KeyRange) -> Vec<Change> {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .filter(|key| range.contains(key) && before.get(*key) != after.get(*key))
        .map(|key| Change {
            key: key.clone(),
            before: before.get(key).cloned(),
            after: after.get(key).cloned(),
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn trees_differ_as_maps_differ(
        keys in any_keys(),
        percent in 0_u64..=100,
        steps in any_steps(8),
        ends in any_range(),
    ) {
        let before = keys.model(percent, 4);
        let mut after = before.clone();
        apply(&mut after, &edits(keys, &steps));
        let trees = (Tree::of(&before), Tree::of(&after));
        let range = range(keys, &ends);
        let sides = ((&trees.0.pages, trees.0.root), (&trees.1.pages, trees.1.root));
        let found = changes(Diff::new(sides.0, sides.1, range.clone()));
        prop_assert_eq!(found, expected(&before, &after, &range));
    }

    #[test]
    fn trees_with_little_in_common_differ_as_maps_do(
        keys in any_keys(), old in 0_u64..=100, new in 0_u64..=100, ends in any_range(),
    ) {
        let (before, after) = (keys.model(old, 1), keys.model(new, 2));
        let trees = (Tree::of(&before), Tree::of(&after));
        let range = range(keys, &ends);
        let sides = ((&trees.0.pages, trees.0.root), (&trees.1.pages, trees.1.root));
        let found = changes(Diff::new(sides.0, sides.1, range.clone()));
        prop_assert_eq!(found, expected(&before, &after, &range));
    }
}

#[test]
fn equal_trees_are_compared_unread() {
    let tree = Tree::of(&Keys::Paths.model(100, 1));
    let counting = Counting::new(&tree.pages);
    let side = (&counting, tree.root);
    assert_eq!(changes(Diff::new(side, side, KeyRange::all())), []);
    assert_eq!(counting.reads(), 0);
}

#[test]
fn one_change_is_found_by_reading_a_path_on_each_side() {
    let model = Keys::Paths.model(100, 1);
    let (old, mut new) = (Tree::of(&model), Tree::of(&model));
    let mut reads = Vec::new();
    for number in (0..6000).step_by(59) {
        new.root = old.root;
        new.edit(&[(source_path(number), (number % 3 != 0).then(|| b"changed".to_vec()))]);
        let (before, after) = (Counting::new(&old.pages), Counting::new(&new.pages));
        let found = changes(Diff::new((&before, old.root), (&after, new.root), KeyRange::all()));
        assert_eq!(found.len(), 1);
        reads.push(before.reads() + after.reads());
    }
    let height = old.height();
    let mean = reads.iter().sum::<usize>() / reads.len();
    assert!(mean <= 2 * height + 1, "height {height}: {reads:?}");
    assert!(reads.iter().all(|&reads| reads <= 2 * height + 8), "height {height}: {reads:?}");
}
