//! What a change in the middle of a file costs.

use ply_engine::{Batch, Durability, Engine, Table};
use ply_proto as proto;
use ply_types::ReadKey;

use super::world::{Bench, block_on, bytes, path};
use crate::transaction::dedup_row_key;
use crate::{Access, OpenOptions};

pub(super) fn run<E: Engine>(bench: &Bench<'_, E>) {
    law_10_a_byte_changed_in_a_large_file_stores_about_one_chunk(bench);
    law_11_equal_content_is_stored_once(bench);
    law_1_a_chunk_is_not_where_another_writer_says(bench);
    a_file_opened_and_closed_costs_nothing(bench);
}

fn law_10_a_byte_changed_in_a_large_file_stores_about_one_chunk<E: Engine>(bench: &Bench<'_, E>) {
    // 24 MiB in pieces of about 2 KiB: a list as long as that of 700 MiB at the usual sizes.
    let node = bench.small(Access::Keys(vec![ReadKey::new([7; 32])]));
    let mut content = bytes(10, 24 << 20);
    node.put("f", &content);
    let pieces = node.layer_blocks();
    assert!(8_000 < pieces, "{pieces} pieces and nodes");
    let options = OpenOptions::new().write(true);
    for at in [0, 1, 5_000_000, 12_345_678, (24 << 20) - 1] {
        let before = node.layer_blocks();
        let mut file = block_on(node.drive().open_with(&path("f"), &options)).unwrap();
        content[at] ^= 0x55;
        block_on(file.write_at(at as u64, &content[at..=at])).unwrap();
        block_on(file.close()).unwrap();
        let stored = node.layer_blocks() - before;
        // The chunk, seldom a few more until cuts meet; and a node on each of two or three levels.
        assert!((2..=10).contains(&stored), "{stored} blocks for a byte at {at}");
        let now = block_on(node.drive().metadata(&path("f"))).unwrap().identity;
        assert_eq!(node.get("f"), content);
        let blocks = node.layer_blocks();
        node.put("anew", &content);
        let anew = block_on(node.drive().metadata(&path("anew"))).unwrap().identity;
        assert_eq!(now, anew, "as if it had been written anew");
        assert_eq!(node.layer_blocks(), blocks, "and so nothing is stored for it");
    }
}

fn law_11_equal_content_is_stored_once<E: Engine>(bench: &Bench<'_, E>) {
    for access in [Access::Public, Access::Keys(vec![ReadKey::new([7; 32])])] {
        let mut node = bench.small(access);
        let content = bytes(11, 1 << 20);
        node.put("a", &content);
        let (blocks, frames) = (node.layer_blocks(), node.engine().frame_bytes().unwrap());
        node.put("b", &content);
        bench.restart(&mut node);
        node.put("c", &content);
        block_on(node.drive().copy(&path("a"), &path("d"))).unwrap();
        assert_eq!(node.layer_blocks(), blocks);
        assert_eq!(node.engine().frame_bytes().unwrap(), frames);
        node.commit();
        node.put("e", &content);
        assert_eq!(node.layer_blocks(), blocks);
        // What was dropped is found again.
        node.put("g", &bytes(12, 1 << 20));
        let blocks = node.layer_blocks();
        node.drive().discard().unwrap();
        node.put("g", &bytes(12, 1 << 20));
        assert_eq!(node.layer_blocks(), blocks);
        node.commit();
        // Another writer's is as good as one's own.
        let other = bench.join(2, &node);
        other.pull(&node, true);
        let blocks = other.layer_blocks();
        other.put("h", &content);
        other.commit();
        // The list of its chunks is the author's own, and a hundredth of them.
        assert!(other.layer_blocks() <= blocks + 8, "{} blocks", other.layer_blocks() - blocks);
        assert_eq!(other.get("h"), content);
        // Little under the path where it was: found there.
        let third = bench.join(3, &node);
        third.pull(&node, true);
        let blocks = third.layer_blocks();
        let mut edited = content[..100_000].to_vec();
        third.put("h", &edited);
        assert!(third.layer_blocks() <= blocks + 80, "another path, and not much");
        let blocks = third.layer_blocks();
        edited.clone_from(&content);
        edited.truncate(900_000);
        third.put("a", &edited);
        let stored = third.layer_blocks() - blocks;
        assert!(stored <= 10, "{stored} blocks for a file that was cut off");
        assert_eq!(third.get("a"), edited);
    }
}

/// A writer may say anything of where its chunks are. Who believes it loses nothing.
fn law_1_a_chunk_is_not_where_another_writer_says<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    node.put("a", &bytes(21, 5000));
    let (log, block) = (node.replica().draft_layers().unwrap()[0].1.key, 0);
    let (content, mut batch) = (bytes(22, 5000), Batch::new());
    let dedup = node.replica().cipher.dedup_key(ply_chunk::hash(&content));
    let row = proto::DedupRow { log: log.0.to_vec(), block, raw_bytes: 5000, told: true };
    batch.put(Table::Dedup, dedup_row_key(node.replica(), &dedup), proto::encode(&row));
    node.engine().apply(&batch, Durability::Process).unwrap();
    node.put("b", &content);
    assert_eq!(node.get("b"), content);
    node.commit();
    assert_eq!(node.get("b"), content);
}

fn a_file_opened_and_closed_costs_nothing<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    node.put("f", &bytes(13, 200_000));
    node.commit();
    let options = OpenOptions::new().read(true).write(true).create(true);
    let file = block_on(node.drive().open_with(&path("f"), &options)).unwrap();
    block_on(file.close()).unwrap();
    assert_eq!(block_on(node.drive().commit("", "")).unwrap(), None);
}
