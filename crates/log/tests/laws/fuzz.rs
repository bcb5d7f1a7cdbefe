//! Changed heads, have-maps, proofs of forks and rows.

use ply_engine::Location;
use ply_fuzz::{Form, RoundTrip, Target};
use ply_log::{BlockRow, ForkProof, HaveMap, PAGE_BLOCKS, SignedHead};
use ply_types::LeafHash;

use crate::world::{Whole, fork, signer};

#[test]
fn fuzz_signed_heads() {
    let head = Whole::of(&["a", "bc", ""]).head(&signer(1));
    Target::new("head", Form::Bytes, RoundTrip::Exact).seed("three", head.signed().to_bytes()).run(
        |bytes| {
            let read = SignedHead::from_bytes(bytes).ok()?;
            if bytes != head.signed().to_bytes() {
                assert!(read.verify().is_err(), "nobody signed this");
            }
            Some(read.to_bytes().to_vec())
        },
    );
}

fn maps() -> [(&'static str, HaveMap); 3] {
    let mut gaps = HaveMap::new();
    gaps.insert_range(0..5);
    gaps.insert_range(7..9);
    gaps.insert_range(2 * PAGE_BLOCKS - 1..2 * PAGE_BLOCKS + 1);
    let mut dense = gaps.clone();
    for block in 0..5000 {
        dense.insert_range(10 + 3 * block..11 + 3 * block);
    }
    [("empty", HaveMap::new()), ("gaps", gaps), ("dense", dense)]
}

#[test]
fn fuzz_have_maps() {
    let mut target = Target::new("have-map", Form::Bytes, RoundTrip::Exact);
    for (name, map) in maps() {
        target = target.seed(name, map.encode());
    }
    target.run(|bytes| HaveMap::decode(bytes).ok().map(|map| map.encode()));
}

#[test]
fn fuzz_fork_proofs() {
    let proof = fork(&Whole::of(&["a", "b", "c"]), &Whole::of(&["a", "B"]), 1);
    let genuine = proof.encode().unwrap();
    Target::new("fork-proof", Form::Bytes, RoundTrip::Exact).seed("two", genuine.clone()).run(
        |bytes| {
            let read = ForkProof::decode(bytes).ok()?;
            let written = read.encode().ok();
            if let Ok(fork) = read.check() {
                assert_eq!((fork.log, fork.common), (proof.a.head.head.log, proof.position));
            }
            written
        },
    );
}

#[test]
fn fuzz_block_rows() {
    let (leaf, bytes) = (LeafHash([7; 32]), 300);
    let at = Location { pack: 3, offset: 70_000, bytes: 300 };
    Target::new("block-row", Form::Bytes, RoundTrip::Exact)
        .seed("held", BlockRow { leaf, bytes, at: Some(at) }.to_bytes())
        .seed("known", BlockRow { leaf, bytes, at: None }.to_bytes())
        .run(|bytes| BlockRow::from_bytes(bytes).map(|row| row.to_bytes()));
}
