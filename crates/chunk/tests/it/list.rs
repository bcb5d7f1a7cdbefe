//! Lists: a file is what its pieces are, wherever they lie, and each byte of it is found.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use ply_chunk::{
    BuildError, CONTENT_BYTES_MAX, Child, Content, INLINE_PIECES_MAX, ListBuilder, ListNode,
    NODE_BYTES_MAX, NODE_CHILDREN_MAX, Piece, Place, hash,
};
use ply_types::{ChunkHash, Fault, Identity};
use proptest::prelude::*;

/// Nodes by where they were stored, and the content that refers to them.
pub(crate) struct Stored {
    pub(crate) content: Content,
    pub(crate) nodes: BTreeMap<u64, Vec<u8>>,
}

/// The layer that nodes go to in these tests.
const NODE_LAYER: u32 = 99;

pub(crate) fn build(pieces: &[(Piece, Place)]) -> Stored {
    let mut nodes = BTreeMap::new();
    let mut store = |bytes: &[u8]| {
        let block = nodes.len() as u64;
        nodes.insert(block, bytes.to_vec());
        Ok::<_, Infallible>(Place { layer: NODE_LAYER, block })
    };
    let mut builder = ListBuilder::new();
    for &(piece, place) in pieces {
        builder.push(piece, place, &mut store).unwrap();
    }
    let content = builder.finish(&mut store).unwrap();
    Stored { content, nodes }
}

/// Pieces with hashes that look random, 1 to 1000 bytes each.
pub(crate) fn pieces(seed: u64, count: usize) -> Vec<(Piece, Place)> {
    (0..count as u64)
        .map(|index| {
            let hash = hash(format!("piece {seed} {index}").as_bytes());
            let raw_bytes = 1 + u32::from(hash.0[9]) * 4;
            (Piece { hash, raw_bytes }, Place { layer: 1, block: index })
        })
        .collect()
}

fn elsewhere(pieces: &[(Piece, Place)]) -> Vec<(Piece, Place)> {
    let place = |block: u64| Place { layer: 7, block: block.wrapping_mul(0x9e37_79b9_7f4a_7c15) };
    pieces.iter().map(|&(piece, at)| (piece, place(at.block))).collect()
}

impl Stored {
    fn node(&self, child: &Child) -> ListNode {
        let Child::Node(reference) = child else { panic!("not a node") };
        assert_eq!(reference.place.layer, NODE_LAYER);
        let node = ListNode::decode(&self.nodes[&reference.place.block]).unwrap();
        node.check(reference).unwrap()
    }

    /// Walks down to the piece that holds a byte; with where the piece starts.
    pub(crate) fn find(&self, offset: u64) -> Option<(u64, Piece)> {
        let mut found = self.content.find(offset)?;
        let mut start = found.start;
        loop {
            match found.child {
                Child::Piece(piece, _) => return Some((start, piece)),
                Child::Node(_) => {
                    found = self.node(&found.child).find(offset - start).expect("parents agree");
                    start += found.start;
                }
            }
        }
    }

    fn pieces(&self) -> Vec<(Piece, Place)> {
        let mut pieces = Vec::new();
        let mut rest: Vec<Child> = self.content.children();
        rest.reverse();
        while let Some(child) = rest.pop() {
            match child {
                Child::Piece(piece, place) => pieces.push((piece, place)),
                Child::Node(_) => rest.extend(self.node(&child).children().iter().rev()),
            }
        }
        pieces
    }
}

/// The hash of the tree as the module docs say it, from the whole list at once.
fn root_by_the_book(pieces: &[(Piece, Place)]) -> Identity {
    let mut level = 0_u8;
    let mut children: Vec<([u8; 32], u64)> =
        pieces.iter().map(|(piece, _)| (piece.hash.0, piece.raw_bytes.into())).collect();
    loop {
        let mut nodes = Vec::new();
        let mut open: Vec<([u8; 32], u64)> = Vec::new();
        for (index, &child) in children.iter().enumerate() {
            open.push(child);
            let marked = u16::from_le_bytes([child.0[0], child.0[1]]) % 128 == 0;
            let is_last = index + 1 == children.len();
            if is_last || (2 <= open.len() && marked) || open.len() == 512 {
                let mut hasher =
                    blake3::Hasher::new_derive_key("plywood 2026-11 content list node");
                hasher.update(&[level]);
                for (hash, raw_bytes) in &open {
                    hasher.update(hash).update(&raw_bytes.to_le_bytes());
                }
                nodes.push((*hasher.finalize().as_bytes(), open.iter().map(|c| c.1).sum()));
                open.clear();
            }
        }
        if let [(root, _)] = nodes[..] {
            return Identity(root);
        }
        children = nodes;
        level += 1;
    }
}

const COUNTS: [usize; 14] = [2, 3, 15, 16, 17, 100, 127, 128, 129, 512, 513, 1000, 20_000, 100_000];

#[test]
fn a_list_has_the_identity_that_the_rule_gives_however_long() {
    for count in COUNTS {
        let pieces = pieces(1, count);
        let stored = build(&pieces);
        assert_eq!(stored.content.identity(), root_by_the_book(&pieces), "{count} pieces");
        assert_eq!(stored.content.piece_count(), count as u64);
        let bytes = pieces.iter().map(|(piece, _)| u64::from(piece.raw_bytes)).sum::<u64>();
        assert_eq!(stored.content.bytes(), bytes);
        assert_eq!(stored.pieces(), pieces);
    }
}

#[test]
fn golden_identity_never_changes() {
    assert_eq!(build(&pieces(1, 3)).content.identity().to_string(), GOLDEN_3);
    assert_eq!(build(&pieces(1, 1000)).content.identity().to_string(), GOLDEN_1000);
    let content = build(&pieces(1, 2)).content.encode();
    assert_eq!(crate::common::hex(&content), GOLDEN_CONTENT);
}

const GOLDEN_3: &str = "e83b0585508a6c434be358b450ea22ad7d850caaaff4a1b7f52e6ee251e5b5d7";
const GOLDEN_1000: &str = "cca70db80993de2546e617eb6e8c00b56870b4912f325bd359bf320616bd0b79";
const GOLDEN_CONTENT: &str = concat!(
    "0202be08167fb46458d5a7c3baec33fb7814c7225dfbc3f3137965c4177bbd213f2b8d0601005324",
    "c7acb8fc45fd29e92a1378ce36ea08afbb5a04478b1cc9b488c6a742eb94a5070100"
);

#[test]
fn identity_does_not_depend_on_places() {
    for count in [1, 2, 16, 17, 1000] {
        let pieces = pieces(2, count);
        let moved = build(&elsewhere(&pieces));
        assert_eq!(moved.content.identity(), build(&pieces).content.identity());
        assert_eq!(moved.pieces(), elsewhere(&pieces));
    }
}

#[test]
fn short_lists_are_what_their_bytes_are() {
    let empty = build(&[]);
    assert_eq!(empty.content, Content::Empty);
    assert_eq!(empty.content.identity().0, hash(b"").0);
    assert_eq!((empty.content.bytes(), empty.content.find(0)), (0, None));
    let one = pieces(3, 1);
    let content = build(&one).content;
    assert_eq!(content.identity().0, one[0].0.hash.0);
    assert_eq!(content, Content::One(one[0].0, one[0].1));
}

#[test]
fn nodes_are_stored_only_for_long_lists() {
    let inline = build(&pieces(4, INLINE_PIECES_MAX));
    assert!(matches!(inline.content, Content::Inline(_)));
    assert!(inline.nodes.is_empty());
    let tree = build(&pieces(4, INLINE_PIECES_MAX + 1));
    assert!(matches!(tree.content, Content::Tree { .. }));
    assert!(!tree.nodes.is_empty());
}

#[test]
fn one_changed_piece_changes_a_path_and_little_else() {
    let mut pieces = pieces(5, 50_000);
    let before: BTreeSet<_> = build(&pieces).nodes.into_values().collect();
    pieces[25_000].0.hash = ChunkHash([0x55; 32]);
    let after: BTreeSet<_> = build(&pieces).nodes.into_values().collect();
    // Places of inner nodes follow from how many were stored before, the same in both.
    let fresh = after.difference(&before).count();
    assert!((1..=6).contains(&fresh), "{fresh} new nodes of {}", after.len());
}

#[test]
fn pieces_that_never_end_a_node_make_nodes_of_the_greatest_size() {
    let stuck: Vec<_> = (0..2000_u64)
        .map(|block| {
            let piece = Piece { hash: ChunkHash([1; 32]), raw_bytes: 1 << 20 };
            (piece, Place { layer: u32::MAX, block: block << 50 })
        })
        .collect();
    let stored = build(&stuck);
    assert_eq!(stored.pieces(), stuck);
    let first = ListNode::decode(&stored.nodes[&0]).unwrap();
    assert_eq!(first.children().len(), NODE_CHILDREN_MAX);
    assert!(stored.nodes.values().all(|bytes| bytes.len() <= NODE_BYTES_MAX));
}

#[test]
fn pieces_that_all_end_a_node_still_make_a_tree() {
    let eager: Vec<_> = (0..1001_u64)
        .map(|block| (Piece { hash: ChunkHash([0; 32]), raw_bytes: 1 }, Place { layer: 0, block }))
        .collect();
    let stored = build(&eager);
    assert_eq!(stored.pieces(), eager);
    assert_eq!(stored.content.identity(), root_by_the_book(&eager));
    let Content::Tree { root, .. } = stored.content else { panic!("a tree") };
    assert!(root.level <= 10);
}

#[test]
fn a_level_that_ends_with_a_full_node_has_no_empty_one_behind_it() {
    for count in [17, 18, 512, 1024] {
        let mut pieces = pieces(6, count);
        pieces.last_mut().unwrap().0.hash = ChunkHash([0; 32]);
        assert_eq!(build(&pieces).content.identity(), root_by_the_book(&pieces));
    }
}

#[test]
fn consecutive_frames_cost_few_bytes_each() {
    let content = build(&pieces(7, 16)).content;
    // Hash 32, length up to 2, layer 1, block 1.
    assert!(content.encode().len() <= 2 + 16 * 36);
}

#[test]
fn pieces_of_impossible_length_are_refused() {
    let mut builder = ListBuilder::new();
    let place = Place { layer: 0, block: 0 };
    for raw_bytes in [0, (1 << 20) + 1, u32::MAX] {
        let piece = Piece { hash: hash(b""), raw_bytes };
        let refused = builder.push(piece, place, |_| Ok::<_, Infallible>(place)).unwrap_err();
        assert_eq!(refused, BuildError::Piece { raw_bytes });
        assert_eq!(refused.fault(|never| match *never {}), Fault::Invalid);
    }
}

#[test]
fn an_error_of_the_store_comes_through() {
    let mut builder = ListBuilder::new();
    let refused = pieces(8, 2000)
        .into_iter()
        .find_map(|(piece, place)| builder.push(piece, place, |_| Err("disk full")).err());
    assert_eq!(refused, Some(BuildError::Store("disk full")));
}

fn any_pieces() -> impl Strategy<Value = Vec<(Piece, Place)>> {
    let hash = prop_oneof![
        any::<[u8; 32]>(),
        // Such as end a node, and few of them, so that they repeat.
        (0..4_u8).prop_map(|byte| {
            let mut hash = [0; 32];
            hash[5] = byte;
            hash
        }),
    ];
    let piece = (hash, 1..=1_u32 << 20)
        .prop_map(|(hash, raw_bytes)| Piece { hash: ChunkHash(hash), raw_bytes });
    let place = (any::<u32>(), any::<u64>()).prop_map(|(layer, block)| Place { layer, block });
    prop::collection::vec((piece, place), 0..60)
}

proptest! {
    #[test]
    fn any_list_reads_back_and_is_what_the_rule_says(pieces in any_pieces()) {
        let stored = build(&pieces);
        let bytes = stored.content.encode();
        prop_assert!(bytes.len() <= CONTENT_BYTES_MAX);
        prop_assert_eq!(Content::decode(&bytes), Ok(stored.content.clone()));
        for bytes in stored.nodes.values() {
            prop_assert_eq!(&ListNode::decode(bytes).unwrap().encode(), bytes);
        }
        if 2 <= pieces.len() {
            prop_assert_eq!(stored.content.identity(), root_by_the_book(&pieces));
        }
        prop_assert_eq!(stored.pieces(), pieces);
    }
}
