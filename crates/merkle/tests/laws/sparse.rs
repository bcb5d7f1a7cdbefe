//! Long logs of which only a few nodes are held.

use std::collections::BTreeMap;
use std::convert::Infallible;

use ply_merkle::{
    Node, NodeIndex, ProveError, RangeProof, Roots, Trusted, UNCLES_MAX, Within, leaf_hash, prove,
    seek, uncle_indices, verify, verify_seek,
};
use ply_types::LeafHash;
use proptest::prelude::*;

use crate::model::store;

fn leaf(block: u64) -> (LeafHash, u64) {
    (leaf_hash(&block.to_le_bytes()), 1 + block % 5)
}

/// Grows a log of `length` blocks and keeps only the nodes that proofs for `range` need.
fn grow(length: u64, range: &std::ops::Range<u64>) -> (Roots, BTreeMap<NodeIndex, Node>) {
    let wanted = uncle_indices(range, Within::Tree { length }).unwrap();
    let (mut roots, mut nodes) = (Roots::new(), BTreeMap::new());
    for block in 0..length {
        let (hash, bytes) = leaf(block);
        let keep = |node: Node| {
            if wanted.contains(&node.index) {
                nodes.insert(node.index, node);
            }
        };
        roots.push(hash, bytes, keep).unwrap();
    }
    (roots, nodes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_few_nodes_are_enough_for_a_proof(
        (length, start, block_count) in (0_u32..=20).prop_flat_map(|level| {
            (1_u64 << level >> 1)..=(1 << level)
        }).prop_flat_map(|length| (Just(length), 0..=length, 0_u64..50))
    ) {
        let range = start..(start + block_count).min(length);
        let (roots, mut nodes) = grow(length, &range);
        let within = Within::Tree { length };
        let proof = prove(range.clone(), within, &store(&nodes)).unwrap();
        prop_assert!(proof.uncles.len() <= 2 * (length.max(1).ilog2() as usize + 1));
        let leaves: Vec<_> = range.clone().map(leaf).collect();
        let trusted = Trusted::Tree { length, bytes: roots.bytes(), root: roots.hash() };
        let verified = verify(&proof, &leaves, trusted).unwrap();
        let byte_start = (0..start).map(|block| leaf(block).1).sum();
        prop_assert_eq!(verified.byte_start(), Some(byte_start));

        // What the asker now knows is enough to seek in the range and to prove it further.
        let known: BTreeMap<_, _> = verified.nodes().iter().map(|n| (n.index, *n)).collect();
        prop_assert_eq!(&prove(range.clone(), within, &store(&known)).unwrap(), &proof);
        if !range.is_empty() {
            let place = seek(byte_start, length, &store(&known)).unwrap();
            prop_assert_eq!((place.block, place.offset), (start, 0));
            prop_assert_eq!(verify_seek(byte_start, &verified).unwrap(), place);
        }
        if let Some((index, _)) = nodes.pop_first() {
            let missing = prove(range, within, &store(&nodes));
            let named = matches!(missing, Err(ProveError::Missing { index: i }) if i == index);
            prop_assert!(named);
        }
    }

    #[test]
    fn lengths_near_the_limit_cost_no_more(
        length in (1_u64 << 39)..=(1 << 40),
        at in any::<u64>(),
    ) {
        let start = at % length;
        let any = |index| {
            Ok::<_, Infallible>(Some(Node { index, hash: ply_types::NodeHash([7; 32]), bytes: 1 }))
        };
        let proof = prove(start..start + 1, Within::Tree { length }, &any).unwrap();
        prop_assert!(proof.uncles.len() <= UNCLES_MAX);
        let root = ply_types::TreeHash([0; 32]);
        let trusted = Trusted::Tree { length, bytes: proof.uncles.len() as u64 + 1, root };
        prop_assert!(verify(&proof, &[(LeafHash([7; 32]), 1)], trusted).is_err());
        let all = RangeProof { range: 0..length, within: Within::Tree { length }, uncles: vec![] };
        prop_assert!(verify(&all, &[(LeafHash([7; 32]), 1)], trusted).is_err());
    }
}
