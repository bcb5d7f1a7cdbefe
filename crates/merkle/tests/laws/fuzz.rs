//! Changed proofs: whatever is taken is what an honest node would have sent.
//!
//! Proofs travel inside messages of their own; here they stand as numbers of eight bytes and hashes:
//! range, the length of a tree or the index of a node, leaves, uncles.

use ply_fuzz::{Form, RoundTrip, Target};
use ply_merkle::{NodeIndex, RangeProof, Trusted, Within, verify};
use ply_types::{LeafHash, NodeHash};

use crate::lies::{Leaves, honest};
use crate::model::Model;

fn write(proof: &RangeProof, leaves: &Leaves) -> Vec<u8> {
    let (kind, number) = match proof.within {
        Within::Tree { length } => (0, length),
        Within::Node(index) => (1, index.value()),
    };
    let mut bytes = vec![kind, leaves.len() as u8];
    for number in [proof.range.start, proof.range.end, number] {
        bytes.extend(number.to_le_bytes());
    }
    for (hash, under) in leaves {
        bytes.extend(hash.0);
        bytes.extend(under.to_le_bytes());
    }
    for (hash, under) in &proof.uncles {
        bytes.extend(hash.0);
        bytes.extend(under.to_le_bytes());
    }
    bytes
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (&number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(number))
}

fn hash(bytes: &mut &[u8]) -> Option<[u8; 32]> {
    let (&hash, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(hash)
}

fn read(bytes: &[u8]) -> Option<(RangeProof, Leaves)> {
    let (&[kind, leaf_count], mut rest) = bytes.split_first_chunk()?;
    let rest = &mut rest;
    let range = number(rest)?..number(rest)?;
    let within = match (kind, number(rest)?) {
        (0, length) => Within::Tree { length },
        (1, index) => Within::Node(NodeIndex::new(index)?),
        _ => return None,
    };
    let leaves = (0..leaf_count).map(|_| Some((LeafHash(hash(rest)?), number(rest)?)));
    let leaves = leaves.collect::<Option<_>>()?;
    let mut uncles = Vec::new();
    while !rest.is_empty() {
        uncles.push((NodeHash(hash(rest)?), number(rest)?));
    }
    Some((RangeProof { range, within, uncles }, leaves))
}

#[test]
fn fuzz_proofs_of_ranges() {
    let model = Model::of_length(13);
    let nodes = model.nodes();
    let tree = Within::Tree { length: 13 };
    let node = Within::Node(NodeIndex::new(7).unwrap());
    let mut target = Target::new("proof", Form::Bytes, RoundTrip::Exact);
    for (name, range, within) in [
        ("one", 2..3, tree),
        ("run", 4..7, tree),
        ("all", 0..13, tree),
        ("grown", 9..9, tree),
        ("below-node", 3..5, node),
    ] {
        let (proof, leaves) = honest(&model, range, within);
        target = target.seed(name, write(&proof, &leaves));
    }
    target.run(|bytes| {
        let (proof, leaves) = read(bytes)?;
        let trusted = match proof.within {
            Within::Tree { .. } => model.trusted(),
            Within::Node(index) => Trusted::Node(*nodes.get(&index)?),
        };
        let verified = verify(&proof, &leaves, trusted).ok()?;
        for node in verified.nodes() {
            assert_eq!(nodes.get(&node.index), Some(node), "an untrue node");
        }
        let (honest, leaves) = honest(&model, proof.range.clone(), proof.within);
        Some(write(&honest, &leaves))
    });
}
