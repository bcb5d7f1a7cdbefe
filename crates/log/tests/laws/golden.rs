//! Frozen bytes: what was signed and written today must be read for ever.

use ply_log::{HaveMap, PAGE_BLOCKS};

use crate::world::{Whole, fork, signer};

fn hex(bytes: &[u8]) -> String {
    let digits =
        |byte: &u8| [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[digit as usize]);
    bytes.iter().flat_map(digits).map(char::from).collect()
}

fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[test]
fn keys_and_signatures_are_those_of_the_first_day() {
    assert_eq!(
        signer(1).key().to_string(),
        "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
    );
    let signature = signer(1).sign("plywood test context", b"message");
    let expected = [
        "9a0e1203ae9b1a92802d5c8f11ce4b5fcb33d0c9a2fd63a1569317b7f5c7d0a8",
        "71d3e84a9c0667438eb80f798381330ddff1d9cdaf4e496e5d8f364df6c1e607",
    ];
    assert_eq!(hex(&signature.0), expected.concat());
}

#[test]
fn heads_are_those_of_the_first_day() {
    let head = Whole::of(&["a", "bc", ""]).head(&signer(1));
    let expected = [
        "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c",
        "030000000000000003000000000000008a464349982fd05d1ac1f93646f32046",
        "fe1fe3778a676995a836c5fdbe9df8d8bc061736b892ebd593fbbb0dbeb39c03",
        "5f8de2ee186d0e33175f8722d6d167c6737c3b32f8502d7960d696829092a605",
        "ff71926b49ad398c29e64f62f0d34700",
    ];
    assert_eq!(hex(&head.signed().to_bytes()), expected.concat());
}

#[test]
fn fork_proofs_are_those_of_the_first_day() {
    let proof = fork(&Whole::of(&["a", "b", "c"]), &Whole::of(&["a", "B"]), 1);
    let bytes = proof.encode().unwrap();
    assert_eq!(
        (bytes.len(), digest(&bytes).as_str()),
        (498, "a83fefe02cc8e29a6f6deab33ad0fb368ab1304758f3dac2491e8627de5fd910")
    );
}

#[test]
fn have_maps_are_those_of_the_first_day() {
    let mut map = HaveMap::new();
    map.insert_range(0..5);
    map.insert_range(7..9);
    map.insert_range(2 * PAGE_BLOCKS - 1..2 * PAGE_BLOCKS + 1);
    assert_eq!(
        hex(&map.encode()),
        "0500000000000000030000000000010007000800010000000100ffffffff02000000010000000000"
    );
    for block in 0..5000 {
        map.insert_range(10 + 3 * block..11 + 3 * block);
    }
    assert_eq!(
        digest(&map.encode()),
        "084912c55c40606ff5eae4fc737608766907317c78d07159d15c2d7989911480"
    );
}
