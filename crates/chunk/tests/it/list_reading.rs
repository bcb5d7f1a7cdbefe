//! Reading lists: every byte is found, and what is not the right list is refused.

use ply_chunk::{CONTENT_BYTES_MAX, Content, ListError, ListNode, Piece, Place};
use ply_types::ChunkHash;
use proptest::prelude::*;

use crate::list::{build, pieces};

#[test]
fn another_node_in_the_place_of_the_right_one_is_noticed() {
    let (one, other) = (build(&pieces(9, 100)), build(&pieces(10, 100)));
    let (Content::Tree { root, .. }, Some(wrong)) = (&one.content, other.nodes.get(&0)) else {
        panic!("trees")
    };
    let refused = ListNode::decode(wrong).unwrap().check(root).unwrap_err();
    assert!(matches!(refused, ListError::WrongNode { .. }));
    let mut lying = *root;
    lying.raw_bytes += 1;
    let node = ListNode::decode(&one.nodes[&root.place.block]).unwrap();
    assert_eq!(node.check(&lying), Err(ListError::WrongParent { hash: root.hash }));
}

#[test]
fn malformed_lists_are_refused() {
    let refused = |bytes: &[u8]| Content::decode(bytes).unwrap_err();
    assert_eq!(refused(b""), ListError::Malformed);
    assert_eq!(refused(b"\x00\x00"), ListError::Trailing { extra_bytes: 1 });
    assert_eq!(refused(b"\x04"), ListError::Form { form: 4 });
    assert_eq!(refused(b"\x02\x01"), ListError::Count { count: 1 });
    assert_eq!(refused(b"\x02\x11"), ListError::Count { count: 17 });
    assert_eq!(refused(b"\x03\x40"), ListError::Level { level: 64 });
    let row = |raw: &[u8]| [&[1_u8], [9; 32].as_slice(), raw, &[0, 0]].concat();
    assert_eq!(refused(&row(&[0])), ListError::Length { raw_bytes: 0 });
    assert_eq!(refused(&row(&[0x81, 0x80, 0x40])), ListError::Length { raw_bytes: (1 << 20) + 1 });
    assert!(Content::decode(&row(&[0x80, 0x80, 0x40])).is_ok());

    let refused = |bytes: &[u8]| ListNode::decode(bytes).unwrap_err();
    assert_eq!(refused(b"\x00\x00"), ListError::Count { count: 0 });
    assert_eq!(refused(b"\x00\x81\x04"), ListError::Count { count: 513 });
    let ending = [[0; 32].as_slice(), &[1, 0, 0]].concat();
    let three = [b"\x00\x03", ending.repeat(3).as_slice()].concat();
    assert_eq!(refused(&three), ListError::Boundary { index: 1 });
    let huge = [[9; 32].as_slice(), &[0xff; 9], &[1, 0, 0]].concat();
    let two = [b"\x01\x02", huge.repeat(2).as_slice()].concat();
    assert_eq!(refused(&two), ListError::Length { raw_bytes: u64::MAX });
}

#[test]
fn content_fits_an_index_value_however_far_apart_its_frames_lie() {
    let far = |index: u64| Place {
        layer: u32::MAX,
        block: if index.is_multiple_of(2) { 0 } else { 1 << 63 },
    };
    let piece = Piece { hash: ChunkHash([0xff; 32]), raw_bytes: 1 << 20 };
    let content = Content::Inline((0..16).map(|index| (piece, far(index))).collect());
    let bytes = content.encode();
    assert!(bytes.len() <= CONTENT_BYTES_MAX, "{}", bytes.len());
    assert_eq!(Content::decode(&bytes), Ok(content));
}

proptest! {
    #[test]
    fn every_offset_is_found_where_a_plain_walk_finds_it(
        count in 0..3000_usize,
        seed in 0..5_u64,
        offsets in prop::collection::vec(0..2_000_000_u64, 20),
    ) {
        let pieces = pieces(seed, count);
        let stored = build(&pieces);
        let starts: Vec<u64> = pieces
            .iter()
            .scan(0, |next, (piece, _)| {
                let start = *next;
                *next += u64::from(piece.raw_bytes);
                Some(start)
            })
            .collect();
        let edges = starts.iter().step_by(97).flat_map(|&start| [start.saturating_sub(1), start]);
        let ends = [stored.content.bytes(), u64::MAX];
        for offset in offsets.iter().copied().chain(edges).chain(ends) {
            let naive = pieces
                .iter()
                .zip(&starts)
                .find(|((piece, _), start)| {
                    **start <= offset && offset - **start < u64::from(piece.raw_bytes)
                })
                .map(|((piece, _), start)| (*start, *piece));
            prop_assert_eq!(stored.find(offset), naive);
        }
    }

    #[test]
    fn disturbed_nodes_are_refused_or_encode_to_themselves(
        index in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = build(&pieces(11, 300)).nodes[&0].clone();
        let index = index.index(bytes.len());
        bytes[index] = byte;
        if let Ok(node) = ListNode::decode(&bytes) {
            prop_assert_eq!(node.encode(), bytes);
        }
    }
}
