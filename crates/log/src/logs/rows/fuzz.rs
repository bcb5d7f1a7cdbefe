//! Changed rows of nodes and roots.

use ply_fuzz::{Form, RoundTrip, Target};
use ply_merkle::{Node, NodeIndex, Roots, leaf_hash};
use ply_types::NodeHash;

use super::{node_from_bytes, node_to_bytes, roots_from_bytes, roots_to_bytes};

#[test]
fn fuzz_rows_of_nodes() {
    let index = NodeIndex::new(7).unwrap();
    let node = Node { index, hash: NodeHash([7; 32]), bytes: 70_000 };
    Target::new("node-row", Form::Bytes, RoundTrip::Exact)
        .seed("inner", node_to_bytes(&node))
        .run(|bytes| node_from_bytes(index, bytes).map(|node| node_to_bytes(&node)));
}

/// The roots of a log of so many blocks.
fn roots(length: u64) -> Roots {
    let mut roots = Roots::new();
    for block in 0..length {
        roots.push(leaf_hash(&block.to_le_bytes()), block, |_| {}).unwrap();
    }
    roots
}

#[test]
fn fuzz_rows_of_roots() {
    let mut target = Target::new("roots-row", Form::Bytes, RoundTrip::Exact);
    for (name, length) in [("none", 0), ("one", 8), ("three", 13), ("many", 127)] {
        target = target.seed(name, roots_to_bytes(&roots(length)));
    }
    target.run(|bytes| {
        let roots = roots_from_bytes(bytes)?;
        // Whoever reads roots appends to them next: an error where nothing more fits, and no panic.
        let _whatever = roots.clone().push(leaf_hash(b"next"), u64::MAX, |_| {});
        Some(roots_to_bytes(&roots))
    });
}
