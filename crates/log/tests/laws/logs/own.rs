//! A node's own logs: appending, cutting, clearing.

use ply_engine::{Batch, Durability, Engine, Frame, Table};
use ply_log::{Accepted, BlockRow, LogsError, block_row_key};
use ply_merkle::{NodeIndex, Trusted, Within, leaf_hash};
use ply_types::{Fault, LeafHash};
use proptest::prelude::*;

use super::fixture::{Peer, block, log, truth};

#[test]
fn what_is_appended_is_there() {
    for length in [0, 1, 15, 16, 17, 40, 100] {
        let writer = Peer::writer(length);
        let (roots, nodes) = truth(length);
        assert_eq!(writer.logs.roots(&log()).unwrap(), roots);
        assert_eq!(writer.logs.have(&log()).unwrap().contiguous(), length);
        assert_eq!(writer.check_nodes(length).len(), nodes.len());
        for at in 0..length {
            assert_eq!(writer.logs.block(&log(), at).unwrap().unwrap(), block(at));
            assert!(writer.logs.holds(&log(), at).unwrap());
        }
        assert_eq!(writer.logs.block(&log(), length).unwrap(), None);
        assert!(!writer.logs.holds(&log(), length).unwrap());
    }
}

#[test]
fn nodes_below_groups_of_sixteen_are_not_stored() {
    let writer = Peer::writer(100);
    let levels = writer.stored_levels();
    assert_eq!(levels.len(), 6 + 3 + 1);
    assert!(levels.iter().all(|&level| 4 <= level));
}

#[test]
fn a_staging_that_is_dropped_leaves_nothing() {
    let writer = Peer::writer(3);
    let before = writer.all_rows();
    let mut staging = writer.logs.stage();
    assert_eq!(staging.append(&log(), b"lost").unwrap(), 3);
    assert_eq!((staging.roots(&log()).unwrap().length(), staging.staged_bytes()), (4, 4));
    drop(staging);
    assert_eq!(writer.all_rows(), before);
    writer.write(3..5);
}

#[test]
fn rows_of_others_come_with_the_blocks() {
    let writer = Peer::new();
    let mut staging = writer.logs.stage();
    staging.append(&log(), b"block").unwrap();
    staging.batch().put(Table::Meta, b"key", b"value");
    assert_eq!(writer.engine.get(Table::Meta, b"key").unwrap(), None);
    staging.commit(Durability::Process).unwrap();
    assert_eq!(writer.engine.get(Table::Meta, b"key").unwrap().as_deref(), Some(&b"value"[..]));
}

#[test]
fn of_two_that_append_at_once_the_later_is_told() {
    let writer = Peer::writer(3);
    let (mut first, mut second) = (writer.logs.stage(), writer.logs.stage());
    first.append(&log(), b"first").unwrap();
    second.append(&log(), b"second").unwrap();
    first.commit(Durability::Synced).unwrap();
    let error = second.commit(Durability::Synced).unwrap_err();
    assert!(matches!(error, LogsError::Moved { .. }));
    assert_eq!(error.fault(), Fault::Conflict);
    assert_eq!(writer.logs.block(&log(), 3).unwrap().unwrap(), &b"first"[..]);
    assert_eq!(writer.logs.roots(&log()).unwrap().length(), 4);
}

#[test]
fn a_log_that_was_signed_meanwhile_grows_all_the_same() {
    let writer = Peer::writer(3);
    let mut growing = writer.logs.stage();
    growing.append(&log(), b"more").unwrap();
    let _ = writer.logs.set_head(&writer.head_at(3)).unwrap();
    growing.commit(Durability::Synced).unwrap();
    assert_eq!(writer.logs.roots(&log()).unwrap().length(), 4);
    assert_eq!(writer.logs.head(&log()).unwrap().unwrap().head.length, 3);
}

#[test]
fn a_damaged_block_is_named() {
    let writer = Peer::writer(5);
    let key = block_row_key(&log(), 2);
    let row = writer.engine.get(Table::Block, &key).unwrap().unwrap();
    let row = BlockRow::from_bytes(&row).unwrap();
    let mut batch = Batch::new();
    let lie = BlockRow { leaf: LeafHash([7; 32]), ..row };
    batch.put(Table::Block, key.clone(), lie.to_bytes());
    writer.engine.apply(&batch, Durability::Synced).unwrap();
    let error = writer.logs.block(&log(), 2).unwrap_err();
    assert_eq!(error.to_string(), format!("block 2 of log {} is damaged here", log()));
    assert_eq!(error.fault(), Fault::Corrupt);

    let mut batch = Batch::new();
    let at = row.at.map(|at| ply_engine::Location { offset: 999, ..at });
    batch.put(Table::Block, key, BlockRow { at, ..row }.to_bytes());
    writer.engine.apply(&batch, Durability::Synced).unwrap();
    let error = writer.logs.block(&log(), 2).unwrap_err();
    assert!(matches!(error, LogsError::Damaged { block: 2, source: Some(_), .. }));
}

#[test]
fn a_damaged_block_is_not_held_until_it_comes_again() {
    let writer = Peer::writer(5);
    let key = block_row_key(&log(), 2);
    let sound = writer.engine.get(Table::Block, &key).unwrap().unwrap();
    let row = BlockRow::from_bytes(&sound).unwrap();
    let bytes = writer.logs.block(&log(), 2).unwrap().unwrap();
    let broken = [&[bytes[0] ^ 1], &bytes[1..]].concat();
    let lie = || {
        let frame = Frame { log: log(), block: 2, bytes: &broken };
        let at = writer.engine.append(&[frame]).unwrap()[0];
        put_row(&writer, &key, &BlockRow { at: Some(at), ..row }.to_bytes());
    };
    let is_whole = || {
        let have = writer.logs.have(&log()).unwrap();
        assert_eq!(have.contains(2), writer.logs.holds(&log(), 2).unwrap());
        assert_eq!(writer.logs.damaged(&log()).contains(2), !have.contains(2));
        assert_eq!(have.count() + writer.logs.damaged(&log()).count(), 5);
        have.contains(2)
    };
    lie();
    assert!(is_whole(), "nobody has read it");
    assert!(writer.logs.block(&log(), 2).is_err());
    assert!(!is_whole());

    // Read again where it was put back.
    put_row(&writer, &key, &sound);
    assert!(writer.logs.clone().block(&log(), 2).unwrap().is_some());
    assert!(is_whole());

    // Brought by somebody who proves it.
    lie();
    assert!(writer.logs.block(&log(), 2).is_err());
    let head = writer.logs.roots(&log()).unwrap();
    let proof = writer.logs.prove(&log(), 2..3, Within::Tree { length: 5 }).unwrap();
    let trusted = Trusted::Tree { length: 5, bytes: head.bytes(), root: head.hash() };
    let stored = writer.logs.accept(&log(), &proof, std::slice::from_ref(&bytes), trusted).unwrap();
    assert!(matches!(stored, Accepted::Stored(_)));
    assert!(is_whole());
    assert_eq!(writer.logs.block(&log(), 2).unwrap(), Some(bytes));
}

fn put_row(writer: &Peer, key: &[u8], row: &[u8]) {
    let mut batch = Batch::new();
    batch.put(Table::Block, key, row);
    writer.engine.apply(&batch, Durability::Synced).unwrap();
}

#[test]
fn malformed_rows_are_corruption_and_never_panic() {
    let writer = Peer::writer(40);
    for table in [Table::Log, Table::Block, Table::Node, Table::Have] {
        for (key, row) in writer.rows(table) {
            for broken in [&row[..row.len() - 1], &[], &[0xff; 3]] {
                let mut batch = Batch::new();
                batch.put(table, key.clone(), broken);
                writer.engine.apply(&batch, Durability::Synced).unwrap();
            }
        }
    }
    let logs = &writer.logs;
    let index = NodeIndex::new(15).unwrap();
    let errors = [
        logs.block(&log(), 3).map(drop).unwrap_err(),
        logs.have(&log()).map(drop).unwrap_err(),
        logs.roots(&log()).map(drop).unwrap_err(),
        logs.node(&log(), index).map(drop).unwrap_err(),
        logs.prove(&log(), 0..1, Within::Tree { length: 40 }).map(drop).unwrap_err(),
        logs.append(&log(), [&b"x"[..]]).map(drop).unwrap_err(),
        logs.clear(&log(), Some(0..40)).map(drop).unwrap_err(),
        logs.truncate(&log(), 0).unwrap_err(),
    ];
    assert!(errors.iter().all(|error| error.fault() == Fault::Corrupt), "{errors:?}");
}

#[test]
fn what_is_signed_is_never_cut_off() {
    let writer = Peer::writer(20);
    let _ = writer.logs.set_head(&writer.head_at(10)).unwrap();
    let error = writer.logs.truncate(&log(), 9).unwrap_err();
    assert!(matches!(error, LogsError::Uncuttable { length: 9, signed: 10, held: 20, .. }));
    let error = writer.logs.truncate(&log(), 21).unwrap_err();
    assert!(matches!(error, LogsError::Uncuttable { length: 21, .. }));
    writer.logs.truncate(&log(), 10).unwrap();
    assert_eq!(writer.logs.roots(&log()).unwrap(), truth(10).0);
}

#[test]
fn what_is_cleared_can_still_be_proved_and_read_around() {
    let writer = Peer::writer(50);
    let bytes = |range: std::ops::Range<u64>| range.map(|at| block(at).len() as u64).sum::<u64>();
    assert_eq!(writer.logs.clear(&log(), [3..20, 30..31]).unwrap(), bytes(3..20) + bytes(30..31));
    assert_eq!(writer.logs.clear(&log(), Some(3..20)).unwrap(), 0);
    assert_eq!(writer.logs.block(&log(), 3).unwrap(), None);
    let missing: Vec<_> = writer.logs.have(&log()).unwrap().missing(0..50).collect();
    assert_eq!(missing, [3..20, 30..31]);
    assert_eq!(writer.check_nodes(50).len(), truth(50).1.len());
    let reader = Peer::new();
    assert!(reader.get(&writer, 20..30, 50).is_ok());
    writer.write(50..70);
    assert_eq!(writer.logs.roots(&log()).unwrap(), truth(70).0);

    // Fetched again, they are held again.
    let other = Peer::writer(70);
    assert!(writer.get(&other, 3..20, 70).is_ok());
    assert_eq!(writer.logs.have(&log()).unwrap().contiguous(), 30);
}

#[test]
fn a_byte_is_found() {
    let writer = Peer::writer(50);
    let mut byte_offset = 0;
    for at in 0..50 {
        for offset in 0..block(at).len() as u64 {
            let place = writer.logs.seek(&log(), 50, byte_offset).unwrap();
            assert_eq!((place.block, place.offset), (at, offset));
            byte_offset += 1;
        }
    }
    let error = writer.logs.seek(&log(), 50, byte_offset).unwrap_err();
    assert_eq!(error.fault(), Fault::Invalid);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_log_that_was_cut_grows_as_if_it_never_had_been_longer(
        steps in proptest::collection::vec((0_u64..60, 0_u64..100), 1..6),
    ) {
        let writer = Peer::new();
        let mut length = 0;
        for (grow, cut) in steps {
            // What will be cut off differs from what comes in its place.
            for at in 0..grow {
                writer.write_other(&leaf_hash(&at.to_le_bytes()).0);
            }
            writer.logs.truncate(&log(), length).unwrap();
            writer.write(length..length + grow);
            length = (length + grow).min(cut);
            writer.logs.truncate(&log(), length).unwrap();
            prop_assert_eq!(writer.logs.roots(&log()).unwrap(), truth(length).0);
            prop_assert_eq!(writer.check_nodes(length).len(), truth(length).1.len());
            prop_assert_eq!(writer.logs.have(&log()).unwrap().count(), length);
        }
        let fresh = Peer::writer(length);
        for table in [Table::Node, Table::Have] {
            let is_news = |(_, row): &(Vec<u8>, Vec<u8>)| row.iter().any(|&byte| byte != 0);
            let rows = |peer: &Peer| {
                peer.rows(table).into_iter().filter(is_news).collect::<Vec<_>>()
            };
            prop_assert_eq!(rows(&writer), rows(&fresh));
        }
        prop_assert_eq!(writer.rows(Table::Block).len(), fresh.rows(Table::Block).len());
    }
}
