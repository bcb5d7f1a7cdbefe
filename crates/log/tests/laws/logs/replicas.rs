//! Parts of a log travel from node to node.

use std::ops::Range;

use bytes::Bytes;
use ply_engine::{Durability, MemoryEngine};
use ply_log::{Accepted, LogsError, Staging};
use ply_merkle::{NodeIndex, Trusted, Within, verify_seek};
use ply_types::Fault;
use proptest::prelude::*;

use super::fixture::{Peer, block, log, truth};

#[test]
fn blocks_come_over_and_go_on_to_others() {
    let (writer, second, third) = (Peer::writer(100), Peer::new(), Peer::new());
    let accepted = second.get(&writer, 40..60, 100).unwrap();
    let Accepted::Stored(verified) = accepted else { panic!("{accepted:?}") };
    let byte_start = (0..40).map(|at| block(at).len() as u64).sum();
    assert_eq!(verified.byte_start(), Some(byte_start));
    assert_eq!(verify_seek(byte_start, &verified).map(|place| place.offset), Ok(0));
    assert_eq!(second.bytes(40..60), writer.bytes(40..60));
    let held: Vec<_> = second.logs.have(&log()).unwrap().held(0..100).collect();
    assert_eq!(held, vec![40..60]);
    assert_eq!(second.logs.roots(&log()).unwrap(), truth(100).0);
    assert!(matches!(third.get(&second, 45..47, 100), Ok(Accepted::Stored(_))));
    assert_eq!(third.bytes(45..47), writer.bytes(45..47));
    third.check_nodes(100);
}

#[test]
fn a_node_that_is_known_is_enough_to_check_more_blocks() {
    let (writer, reader) = (Peer::writer(100), Peer::new());
    assert!(matches!(reader.get(&writer, 0..1, 100), Ok(Accepted::Stored(_))));
    let index = NodeIndex::new(47).unwrap();
    let node = reader.logs.node(&log(), index).unwrap().unwrap();
    assert_eq!(node.index.span(), 16..32);
    let proof = writer.logs.prove(&log(), 20..24, Within::Node(index)).unwrap();
    let blocks = writer.bytes(20..24);
    let accepted = reader.logs.accept(&log(), &proof, &blocks, Trusted::Node(node)).unwrap();
    assert!(matches!(accepted, Accepted::Stored(verified) if verified.byte_start().is_none()));
    assert_eq!(reader.bytes(20..24), blocks);

    // The same from nowhere proves nothing, and neither does a node of one's own making.
    let stranger = Peer::new();
    let refused = stranger.logs.accept(&log(), &proof, &blocks, Trusted::Node(node));
    assert!(matches!(refused, Err(LogsError::UnknownNode { .. })));
    assert!(stranger.all_rows().is_empty());
}

#[test]
fn wrong_blocks_are_refused_and_leave_nothing() {
    let (writer, reader) = (Peer::writer(100), Peer::new());
    let proof = writer.logs.prove(&log(), 5..7, Within::Tree { length: 100 }).unwrap();
    let trusted = writer.head_at(100).trusted();
    let blocks = writer.bytes(5..7);
    let swapped: Vec<Bytes> = blocks.iter().rev().cloned().collect();
    let longer = vec![blocks[0].clone(), [&blocks[1][..], b"."].concat().into()];
    for lie in [swapped, longer, blocks[..1].to_vec()] {
        let error = reader.logs.accept(&log(), &proof, &lie, trusted).unwrap_err();
        assert!(matches!(error, LogsError::Proof { .. }));
        assert_eq!(error.fault(), Fault::Peer);
    }
    assert!(reader.all_rows().is_empty());
}

/// Two that fetch from one log at once: the neighbour of what one of them stored came to the other as a
/// mere leaf, and must not take the block's place.
#[test]
fn what_several_store_at_once_is_held_by_all() {
    let (writer, reader) = (Peer::writer(100), Peer::new());
    let trusted = writer.head_at(100).trusted();
    let bring = |staging: &mut Staging<'_, MemoryEngine>, range: Range<u64>| {
        let proof = writer.logs.prove(&log(), range.clone(), Within::Tree { length: 100 }).unwrap();
        let accepted = staging.accept(&log(), &proof, &writer.bytes(range), trusted);
        assert!(matches!(accepted, Ok(Accepted::Stored(_))));
    };
    assert!(matches!(reader.get(&writer, 99..100, 100), Ok(Accepted::Stored(_))));
    let (mut one, mut other) = (reader.logs.stage(), reader.logs.stage());
    bring(&mut one, 0..33);
    bring(&mut other, 33..66);
    one.commit(Durability::Synced).unwrap();
    other.commit(Durability::Synced).unwrap();
    assert_eq!(reader.bytes(0..66), writer.bytes(0..66));
}

#[test]
fn what_is_not_known_cannot_be_proved() {
    let (writer, reader) = (Peer::writer(100), Peer::new());
    assert!(reader.get(&writer, 40..60, 100).is_ok());
    let error = reader.logs.prove(&log(), 3..4, Within::Tree { length: 100 }).unwrap_err();
    assert!(matches!(error, LogsError::MissingNode { .. }));
    assert_eq!(error.fault(), Fault::Absent);
    let error = reader.logs.prove(&log(), 3..2000, Within::Tree { length: 100 }).unwrap_err();
    assert_eq!(error.fault(), Fault::Invalid);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_log_fetched_in_any_order_ends_up_whole(
        length in 1_u64..140,
        wishes in proptest::collection::vec((any::<u64>(), 0_u64..40, any::<bool>()), 0..24),
    ) {
        let (writer, reader) = (Peer::writer(length), Peer::new());
        let mut brought_nodes_alone = false;
        for (start, count, within_node) in wishes {
            let start = start % length;
            let range = start..(start + count).min(length);
            let known = std::iter::successors(NodeIndex::leaf(start), |index| index.parent())
                .filter(|index| range.end <= index.span().end)
                .find_map(|index| reader.logs.node(&log(), index).unwrap());
            let accepted = if let Some(node) = known.filter(|_| within_node) {
                let within = Within::Node(node.index);
                let proof = writer.logs.prove(&log(), range.clone(), within).unwrap();
                let blocks = writer.bytes(range.clone());
                reader.logs.accept(&log(), &proof, &blocks, Trusted::Node(node)).unwrap()
            } else {
                reader.get(&writer, range.clone(), length).unwrap()
            };
            prop_assert!(matches!(accepted, Accepted::Stored(_)));
            brought_nodes_alone |= range.is_empty();
            reader.check_nodes(length);
            prop_assert_eq!(reader.bytes(range.clone()), writer.bytes(range.clone()));
            // What was just fetched can be passed on.
            if reader.logs.roots(&log()).unwrap().length() == length {
                let third = Peer::new();
                let accepted = third.get(&reader, range, length).unwrap();
                prop_assert!(matches!(accepted, Accepted::Stored(_)));
            }
        }
        let missing: Vec<_> = reader.logs.have(&log()).unwrap().missing(0..length).collect();
        for range in missing {
            let accepted = reader.get(&writer, range, length).unwrap();
            prop_assert!(matches!(accepted, Accepted::Stored(_)));
        }
        prop_assert_eq!(reader.bytes(0..length), writer.bytes(0..length));
        prop_assert_eq!(reader.check_nodes(length).len(), truth(length).1.len());
        let (low, all) = (length % 16, reader.stored_levels());
        let below = all.iter().filter(|&&level| level < 4).count() as u64;
        prop_assert!(below <= low || brought_nodes_alone, "{} nodes below groups", below);
        prop_assert_eq!(reader.logs.have(&log()).unwrap().contiguous(), length);
    }

    /// However stagings overlap, a log holds what its map says it holds, and nothing else.
    #[test]
    fn stagings_that_overlap_agree_on_what_is_held(
        length in 1_u64..100,
        steps in proptest::collection::vec((0_usize..3, 0_u8..6, any::<u64>(), 1_u64..40), 1..40),
    ) {
        let (writer, reader) = (Peer::writer(length), Peer::new());
        let trusted = writer.head_at(length).trusted();
        prop_assert!(matches!(reader.get(&writer, 0..1, length), Ok(Accepted::Stored(_))));
        let mut open: [Option<Staging<'_, MemoryEngine>>; 3] = [None, None, None];
        for (which, what, start, count) in steps {
            let start = start % length;
            let range = start..(start + count).min(length);
            let staging = open[which].get_or_insert_with(|| reader.logs.stage());
            match what {
                0 => drop(staging.clear(&log(), range).unwrap()),
                1 | 2 => open[which].take().unwrap().commit(Durability::Synced).unwrap(),
                _ => {
                    let within = Within::Tree { length };
                    let proof = writer.logs.prove(&log(), range.clone(), within).unwrap();
                    let blocks = writer.bytes(range);
                    let accepted = staging.accept(&log(), &proof, &blocks, trusted).unwrap();
                    prop_assert!(matches!(accepted, Accepted::Stored(_)));
                }
            }
            let have = reader.logs.have(&log()).unwrap();
            for at in 0..length {
                let held = reader.logs.block(&log(), at).unwrap();
                prop_assert_eq!(held.is_some(), have.contains(at), "block {}", at);
                prop_assert!(held.is_none_or(|bytes| bytes == block(at)));
            }
            reader.check_nodes(length);
        }
    }
}
