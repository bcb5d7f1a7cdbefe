//! A tree grows without changing what it has.

use ply_merkle::{Roots, full_roots};

use crate::model::Model;

#[test]
fn appending_builds_the_tree_of_the_model() {
    for length in 0..=130 {
        let model = Model::of_length(length);
        let (roots, nodes) = model.grown();
        assert_eq!(nodes, model.nodes(), "length {length}");
        assert_eq!(roots.hash(), model.root(), "length {length}");
        assert_eq!(roots.length(), length);
        assert_eq!(roots.bytes(), model.byte_start(length));
        assert!(full_roots(length).unwrap().eq(roots.nodes().iter().map(|root| root.index)));
    }
}

#[test]
fn complete_nodes_never_change() {
    let (_, last) = Model::of_length(130).grown();
    for length in 0..130 {
        let (_, nodes) = Model::of_length(length).grown();
        assert!(nodes.iter().all(|(index, node)| last.get(index) == Some(node)));
    }
}

#[test]
fn roots_come_back_from_their_parts_and_grow_on() {
    let whole = Model::of_length(130);
    for length in 0..130 {
        let model = Model::of_length(length);
        let (roots, _) = model.grown();
        let parts = roots.nodes().iter().map(|root| (root.hash, root.bytes)).collect();
        let mut again = Roots::from_parts(length, parts).unwrap();
        assert_eq!(again, roots);
        for (hash, bytes) in whole.leaves(&(length..130)) {
            again.push(hash, bytes, drop).unwrap();
        }
        assert_eq!(again.hash(), whole.root());
    }
}

#[test]
fn one_block_more_or_other_makes_another_tree() {
    let mut seen = std::collections::BTreeSet::new();
    assert!((0..=130).all(|length| seen.insert(Model::of_length(length).root())));
    for block in 0..130 {
        let mut model = Model::of_length(130);
        model.blocks[block].push(0);
        assert!(seen.insert(model.root()));
    }
}
