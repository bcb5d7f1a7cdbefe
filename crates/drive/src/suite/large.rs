//! Long lists, many names, long entries, growing layers.

use futures::{StreamExt, TryStreamExt};
use ply_engine::Engine;

use super::world::{Bench, block_on, bytes, path};
use crate::{Access, Attributes, Body, DirEntry, Entry, Stored, Transaction};

pub(super) fn run<E: Engine>(bench: &Bench<'_, E>) {
    files_of_every_length_come_back(bench);
    ten_thousand_names_are_listed_in_stretches(bench);
    a_layer_grows_from_commit_to_commit(bench);
}

fn files_of_every_length_come_back<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.small(Access::Public);
    // Around what stays in the entry, one piece, what an entry lists itself, and one list node.
    let lengths = [0, 1, 192, 193, 2047, 2048, 2049, 30_000, 36_000, 300_000, 1_500_000, 3_000_000];
    for (seed, &length) in (80..).zip(&lengths) {
        node.put(&format!("{length:07}"), &bytes(seed, length));
    }
    for _ in 0..2 {
        for (seed, &length) in (80..).zip(&lengths) {
            let name = format!("{length:07}");
            let content = bytes(seed, length);
            assert!(node.get(&name) == content, "{length} bytes");
            let file = block_on(node.drive().open(&path(&name), None)).unwrap();
            for offset in [0, length / 3, length.saturating_sub(5), length, length + 9] {
                let end = offset + 1500;
                let read = block_on(file.read(offset as u64..end as u64)).unwrap();
                let expected = &content[offset.min(length)..end.min(length)];
                assert!(read == expected, "{offset} of {length}");
            }
        }
        node.commit();
        bench.restart(&mut node);
    }
}

fn ten_thousand_names_are_listed_in_stretches<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    node.mkdir("d");
    let fill = |range: std::ops::Range<u32>| {
        let mut transaction = Transaction::begin(node.replica()).unwrap();
        for number in range {
            let body = Body::File(Stored::Inline(number.to_le_bytes().to_vec()));
            let entry = Entry::new(body, Attributes { mode: 0o644, ..Attributes::default() });
            transaction.set(&path(&format!("d/{number:05}")), entry).unwrap();
        }
        transaction.save().unwrap();
    };
    fill(0..7_000);
    node.commit();
    // A third of them in the draft, over a checkpoint.
    fill(6_500..10_000);
    for round in 0..2 {
        let read = block_on(node.drive().read_dir(&path("d"))).unwrap();
        assert_eq!(read.entries.len(), 10_000, "round {round}");
        let streamed: Vec<DirEntry> =
            block_on(node.drive().read_dir_stream(&path("d")).try_collect()).unwrap();
        assert_eq!(streamed, read.entries);
        assert!(read.entries.is_sorted_by(|a, b| a.path < b.path));
        assert_eq!(node.get("d/09999"), 9_999_u32.to_le_bytes());
        // A stretch that is not read is not made.
        let few = block_on(node.drive().read_dir_stream(&path("d")).take(3).count());
        assert_eq!(few, 3);
        node.commit();
        bench.restart(&mut node);
    }
    block_on(node.drive().remove_dir_all(&path("d"))).unwrap();
    node.commit();
    assert_eq!(node.tree().len(), 0);
    let newest = &node.drive().log(1).unwrap()[0];
    assert_eq!((newest.files, newest.bytes), (0, 0));
}

fn a_layer_grows_from_commit_to_commit<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    let mut before = None;
    for round in 0..5_u64 {
        node.put(&format!("f{round}"), &bytes(90 + round, 50_000));
        node.commit();
        bench.restart(&mut node);
        let layers = node.replica().layers().unwrap().0;
        assert_eq!(layers.len(), 1, "one layer takes it all");
        let head = layers[0];
        if let Some((log, length)) = before {
            assert!(head.log == log && length < head.length);
        }
        before = Some((head.log, head.length));
    }
}
