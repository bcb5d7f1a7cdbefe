//! Frozen hashes: a log written today must verify for ever.

use ply_merkle::{Node, leaf_hash, parent};

use crate::model::Model;

#[test]
fn hashes_are_those_of_the_first_day() {
    let left = Node::leaf(0, leaf_hash(b""), 0).unwrap();
    let right = Node::leaf(1, leaf_hash(b"plywood"), 7).unwrap();
    let found = [
        left.hash.to_string(),
        right.hash.to_string(),
        parent(&left, &right).unwrap().hash.to_string(),
        Model::of_length(0).grown().0.hash().to_string(),
        Model::of_length(1).grown().0.hash().to_string(),
        Model::of_length(13).grown().0.hash().to_string(),
    ];
    assert_eq!(
        found,
        [
            "7a0b660379aba9cd7462e664c74fed56dd687d417944602d0fbac44ba94f41ed",
            "728bcbbba1745c1990304431059ac43777983d688f06e9a7ccbb03a8abaec892",
            "1d658e165a82e9d2a145e5b67aa02112cb91effe7c89c01454145786fb661a12",
            "0f692350f8be82c86714dd5e80f3d2bedb44c37280a1ee79a105dbe3f8be539e",
            "7762e07f53a3c55769ad7343f0780840df397ee3012ebff505ff11bc312e502e",
            "da0b47561ce5f76db1f10e1dc32110c4166848a400bc1899a7a453a7cd52083f",
        ]
    );
}
