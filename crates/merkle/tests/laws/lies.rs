//! Law: whatever a proof says, nothing untrue comes out.

use ply_merkle::{Node, NodeIndex, ProofError, RangeProof, Trusted, Within, prove, verify};
use ply_types::{LeafHash, NodeHash, TreeHash};
use proptest::prelude::*;

use crate::model::{Model, store};

pub(crate) type Leaves = Vec<(LeafHash, u64)>;

/// Every way to change one byte of hashes and counts.
fn flips(part: ([u8; 32], u64)) -> impl Iterator<Item = ([u8; 32], u64)> {
    (0..40).map(move |at| {
        let (mut hash, mut bytes) = part;
        match hash.get_mut(at) {
            Some(byte) => *byte ^= 1 << (at % 8),
            None => bytes ^= 0x81 << (8 * (at - 32)),
        }
        (hash, bytes)
    })
}

pub(crate) fn honest(
    model: &Model,
    range: std::ops::Range<u64>,
    within: Within,
) -> (RangeProof, Leaves) {
    let leaves = model.leaves(&range);
    (prove(range, within, &store(&model.nodes())).unwrap(), leaves)
}

fn check_every_flip(proof: &RangeProof, leaves: &Leaves, trusted: Trusted) {
    assert!(verify(proof, leaves, trusted).is_ok());
    for at in 0..proof.uncles.len() {
        for (hash, bytes) in flips((proof.uncles[at].0.0, proof.uncles[at].1)) {
            let mut lie = proof.clone();
            lie.uncles[at] = (NodeHash(hash), bytes);
            assert!(verify(&lie, leaves, trusted).is_err(), "uncle {at} of {proof:?}");
        }
    }
    for at in 0..leaves.len() {
        for (hash, bytes) in flips((leaves[at].0.0, leaves[at].1)) {
            let mut lie = leaves.clone();
            lie[at] = (LeafHash(hash), bytes);
            assert!(verify(proof, &lie, trusted).is_err(), "leaf {at} of {proof:?}");
        }
    }
    for other in other_trusts(trusted) {
        assert!(verify(proof, leaves, other).is_err(), "{other:?} for {proof:?}");
    }
}

fn other_trusts(trusted: Trusted) -> Vec<Trusted> {
    match trusted {
        Trusted::Tree { length, bytes, root } => flips((root.0, bytes))
            .map(|(root, bytes)| Trusted::Tree { length, bytes, root: TreeHash(root) })
            .chain([Trusted::Tree { length: length + 1, bytes, root }])
            .collect(),
        Trusted::Node(Node { index, hash, bytes }) => flips((hash.0, bytes))
            .map(|(hash, bytes)| Trusted::Node(Node { index, hash: NodeHash(hash), bytes }))
            .collect(),
    }
}

#[test]
fn one_changed_byte_anywhere_is_refused() {
    for length in [1, 2, 3, 7, 8, 13] {
        let model = Model::of_length(length);
        for range in (0..=length).flat_map(|end| (0..=end).map(move |start| start..end)) {
            let (proof, leaves) = honest(&model, range, Within::Tree { length });
            check_every_flip(&proof, &leaves, model.trusted());
        }
    }
    let model = Model::of_length(16);
    for ancestor in model.nodes().values() {
        let span = ancestor.index.span();
        let range = span.start..span.start + 1;
        let (proof, leaves) = honest(&model, range, Within::Node(ancestor.index));
        check_every_flip(&proof, &leaves, Trusted::Node(*ancestor));
    }
}

#[test]
fn missing_and_surplus_parts_are_refused() {
    let model = Model::of_length(13);
    let (proof, leaves) = honest(&model, 4..7, Within::Tree { length: 13 });
    let mut fewer = proof.clone();
    fewer.uncles.pop();
    let refused = verify(&fewer, &leaves, model.trusted());
    assert!(matches!(refused, Err(ProofError::UncleCount { .. })));
    let mut more = proof.clone();
    more.uncles.push((NodeHash([0; 32]), 0));
    let refused = verify(&more, &leaves, model.trusted());
    assert!(matches!(refused, Err(ProofError::UncleCount { .. })));
    let refused = verify(&proof, &leaves[1..], model.trusted());
    assert!(matches!(refused, Err(ProofError::LeafCount { expected: 3, found: 2 })));
    let surplus = [leaves.as_slice(), &leaves[..1]].concat();
    let refused = verify(&proof, &surplus, model.trusted());
    assert!(matches!(refused, Err(ProofError::LeafCount { expected: 3, found: 4 })));
}

#[test]
fn impossible_questions_are_refused_at_once() {
    let model = Model::of_length(13);
    let (proof, leaves) = honest(&model, 4..7, Within::Tree { length: 13 });
    let huge = Trusted::Tree { length: u64::MAX, bytes: 0, root: TreeHash([0; 32]) };
    let all = RangeProof { range: 0..u64::MAX, within: huge.within(), uncles: Vec::new() };
    assert!(matches!(verify(&all, &leaves, huge), Err(ProofError::Shape(_))));
    let backwards = std::ops::Range { start: 7, end: 4 };
    let lie = RangeProof { range: backwards, ..proof.clone() };
    assert!(matches!(verify(&lie, &leaves, model.trusted()), Err(ProofError::Shape(_))));
    let lie = RangeProof { within: Within::Node(NodeIndex::new(11).unwrap()), ..proof };
    assert!(matches!(verify(&lie, &leaves, model.trusted()), Err(ProofError::OtherTop { .. })));
}

#[test]
fn sums_that_overflow_are_refused() {
    let model = Model::of_length(13);
    let (proof, leaves) = honest(&model, 4..7, Within::Tree { length: 13 });
    for at in 0..proof.uncles.len() {
        let mut lie = proof.clone();
        lie.uncles[at].1 = u64::MAX;
        assert!(verify(&lie, &leaves, model.trusted()).is_err());
    }
    let mut lie = leaves.clone();
    for leaf in &mut lie {
        leaf.1 = u64::MAX;
    }
    assert!(matches!(verify(&proof, &lie, model.trusted()), Err(ProofError::Bytes(_))));
}

proptest! {
    /// A range may be moved to where the same parts say something true, so "true" is the law here,
    /// not "refused".
    #[test]
    fn no_mixture_of_honest_parts_tells_a_lie(
        lengths in (1_u64..40, 1_u64..40),
        ends in (0_u64..41, 0_u64..41, 0_u64..41, 0_u64..41),
        picks in proptest::collection::vec(0_usize..200, 0..12),
    ) {
        let model = Model::of_length(lengths.0);
        let (a, b) = (ends.0.min(lengths.0), ends.1.min(lengths.0));
        let (proof, mut leaves) =
            honest(&model, a.min(b)..a.max(b), Within::Tree { length: lengths.0 });
        let all: Vec<_> = model.nodes().into_values().collect();
        let range = ends.2.min(ends.3)..ends.2.max(ends.3);
        leaves.resize((range.end - range.start) as usize, (LeafHash([0; 32]), 0));
        let mut lie = RangeProof { range, ..proof };
        for pick in picks {
            let node = all[pick % all.len()];
            match pick % 3 {
                0 => lie.uncles.push((node.hash, node.bytes)),
                1 => drop(lie.uncles.pop()),
                _ => if let Some(uncle) = lie.uncles.first_mut() {
                    *uncle = (node.hash, node.bytes);
                },
            }
        }
        if let Ok(verified) = verify(&lie, &leaves, model.trusted()) {
            let truth = model.nodes();
            prop_assert!(verified.nodes().iter().all(|node| truth.get(&node.index) == Some(node)));
            prop_assert_eq!(verified.byte_start(), Some(model.byte_start(lie.range.start)));
        }
    }
}
