//! What things cost, counted in pages.

use futures::executor::block_on;
use ply_index::{Cursor, Edit, KeyRange, get, totals, update};

use crate::support::*;

const ROWS: u64 = 100_000;

fn model() -> Model {
    (0..ROWS).map(|number| (source_path(number), value(scramble(number) % 60))).collect()
}

#[test]
fn one_edit_among_a_hundred_thousand_rows_touches_a_path_and_little_more() {
    let model = model();
    let tree = Tree::of(&model);
    let height = tree.height();
    assert_eq!(height, 3);
    let counting = Counting::new(&tree.pages);
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    for seed in 0..300 {
        let mut key = source_path(scramble(seed) % ROWS);
        let edit: Edit = match seed % 3 {
            0 => (key, Some(b"changed".to_vec())),
            1 => (key, None),
            _ => {
                key.extend(b".orig");
                (key, Some(b"added".to_vec()))
            }
        };
        let mut sink = Recorder { pages: &tree.pages, written: Vec::new() };
        block_on(update(&counting, tree.root, &[edit], &weigh, &mut sink)).expect("an honest tree");
        reads.push(counting.reads());
        writes.push(sink.written.len());
    }
    for (what, counts) in [("reads", reads), ("writes", writes)] {
        let mean = 100 * counts.iter().sum::<usize>() / counts.len();
        let most = counts.iter().max().copied().unwrap_or_default();
        println!("{what} for one edit: {mean} hundredths of a page on average, {most} at most");
        assert!(mean < 100 * height + 70, "{what}: {counts:?}");
        assert!(most <= height + 9, "{what}: {counts:?}");
    }
}

#[test]
fn many_edits_in_one_place_cost_as_little_as_one() {
    let tree = Tree::of(&model());
    let counting = Counting::new(&tree.pages);
    let edits: Vec<Edit> =
        (40_000..40_040).map(|number| (source_path(number), Some(b"changed".to_vec()))).collect();
    let mut sink = Recorder { pages: &tree.pages, written: Vec::new() };
    block_on(update(&counting, tree.root, &edits, &weigh, &mut sink)).expect("an honest tree");
    assert!(counting.reads() <= tree.height() + 1);
    assert!(sink.written.len() <= tree.height() + 1);
}

#[test]
fn a_look_up_reads_one_page_per_level_and_sums_read_two() {
    let tree = Tree::of(&model());
    let height = tree.height();
    let counting = Counting::new(&tree.pages);
    for seed in 0..100 {
        let key = source_path(scramble(seed) % ROWS);
        block_on(get(&counting, tree.root, &key)).expect("an honest tree");
        assert_eq!(counting.reads(), height);
        let range = KeyRange { start: key, end: None };
        block_on(totals(&counting, tree.root, &range, &weigh)).expect("an honest tree");
        assert!(counting.reads() <= height);
        let range = KeyRange::prefix(format!("crates/part-{seed:04}/"));
        block_on(totals(&counting, tree.root, &range, &weigh)).expect("an honest tree");
        assert!(counting.reads() < 2 * height);
    }
    block_on(totals(&counting, tree.root, &KeyRange::all(), &weigh)).expect("an honest tree");
    assert_eq!(counting.reads(), 1);
}

#[test]
fn a_cursor_reads_each_page_once_and_none_for_a_jump_inside_its_leaf() {
    let tree = Tree::of(&model());
    let counting = Counting::new(&tree.pages);
    let mut cursor = Cursor::new(&counting, tree.root, KeyRange::all());
    let mut row_count = 0;
    while block_on(cursor.next()).expect("an honest tree").is_some() {
        row_count += 1;
    }
    assert_eq!(row_count, ROWS);
    assert_eq!(counting.reads(), tree.all_pages().len());

    cursor.seek(&source_path(5000));
    block_on(cursor.peek()).expect("an honest tree");
    counting.reads();
    let leaf = tree
        .all_pages()
        .into_iter()
        .map(|(_, page)| page)
        .find(|page| page.level() == 0 && source_path(5000).as_slice() <= page.last_key())
        .expect("a leaf");
    for row in (0..leaf.row_count()).rev() {
        let key = leaf.key(row).expect("a row");
        cursor.seek(key);
        let found = block_on(cursor.peek()).expect("an honest tree").map(|(key, _)| key);
        assert_eq!(found, Some(key));
    }
    assert_eq!(counting.reads(), 0);
    cursor.seek(&source_path(ROWS - 1));
    block_on(cursor.peek()).expect("an honest tree");
    assert!(counting.reads() < tree.height(), "the root at least was at hand");
}
