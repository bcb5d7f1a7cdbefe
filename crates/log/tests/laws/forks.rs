//! Forks are shown by proof, and honest writers cannot be accused.

use ply_log::{FORK_BYTES_MAX, Fork, ForkCodecError, ForkError, ForkProof, shortest};
use proptest::prelude::*;

use crate::world::{Whole, fork, signer};

fn two_branches() -> (Whole, Whole) {
    (Whole::of(&["a", "b", "c", "d", "e"]), Whole::of(&["a", "b", "c", "X", "e", "f", "g"]))
}

fn check(proof: &ForkProof) -> Option<(u64, bool)> {
    proof.check().ok().map(|Fork { common, is_first, .. }| (common, is_first))
}

#[test]
fn two_blocks_at_one_position_are_a_fork() {
    let (a, b) = two_branches();
    assert_eq!(check(&fork(&a, &b, 3)), Some((3, true)));
    assert_eq!(check(&fork(&b, &a, 3)), Some((3, true)));
    assert_eq!(fork(&a, &b, 3).check().unwrap().log, signer(1).key());
}

#[test]
fn a_later_difference_tells_of_an_earlier_one() {
    let a = Whole::of(&["a", "b", "c", "d", "e"]);
    let b = Whole::of(&["a", "B", "c", "d", "E"]);
    assert_eq!(check(&fork(&a, &b, 4)), Some((4, false)));
    assert_eq!(check(&fork(&a, &b, 1)), Some((1, true)));
    let forks = [4, 1].map(|position| fork(&a, &b, position).check().unwrap());
    assert_eq!(shortest(forks).map(|fork| fork.common), Some(1));
    assert_eq!(shortest([]), None);
}

#[test]
fn a_log_that_grew_is_no_fork() {
    let a = Whole::of(&["a", "b", "c"]);
    let b = Whole::of(&["a", "b", "c", "d", "e"]);
    for position in 0..3 {
        let refused = fork(&a, &b, position).check();
        assert_eq!(refused, Err(ForkError::Same { log: signer(1).key(), position }));
    }
}

#[test]
fn the_same_text_in_two_logs_is_no_fork() {
    let (a, b) = two_branches();
    let mut proof = fork(&a, &b, 3);
    proof.b = b.branch(&signer(2), 3);
    assert!(matches!(proof.check(), Err(ForkError::OtherLog { .. })));
}

#[test]
fn a_block_beyond_one_of_the_heads_is_no_fork() {
    let (a, b) = two_branches();
    let mut proof = fork(&a, &b, 4);
    proof.position = 5;
    proof.b = b.branch(&signer(1), 5);
    assert!(matches!(proof.check(), Err(ForkError::Proof { position: 5, length: 5, .. })));
    proof.position = u64::MAX;
    assert!(proof.check().is_err());
}

#[test]
fn a_proof_survives_the_wire_and_no_changed_byte_does() {
    let (a, b) = two_branches();
    let proof = fork(&a, &b, 3);
    let bytes = proof.encode().unwrap();
    assert!(bytes.len() < FORK_BYTES_MAX);
    assert_eq!(ForkProof::decode(&bytes).as_ref(), Ok(&proof));
    for at in 0..bytes.len() {
        let mut lie = bytes.clone();
        lie[at] ^= 0x40;
        let accused = ForkProof::decode(&lie).ok().and_then(|lie| lie.check().ok());
        assert_eq!(accused, None, "byte {at}");
    }
    for end in 0..bytes.len() {
        assert!(ForkProof::decode(&bytes[..end]).is_err(), "cut at {end}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    let found = longer.len();
    assert_eq!(ForkProof::decode(&longer), Err(ForkCodecError::Size { found }));
}

#[test]
fn a_proof_with_too_many_uncles_is_neither_read_nor_written() {
    let (a, b) = two_branches();
    let mut proof = fork(&a, &b, 3);
    let mut bytes = proof.encode().unwrap();
    let count_at = 8 + 144 + 32 + 8;
    bytes[count_at] = 0xff;
    let refused = ForkProof::decode(&bytes);
    assert_eq!(refused, Err(ForkCodecError::TooManyUncles { found: 255 }));
    proof.a.uncles = vec![proof.a.uncles[0]; 300];
    assert_eq!(proof.encode(), Err(ForkCodecError::TooManyUncles { found: 300 }));
    assert!(proof.check().is_err());
}

proptest! {
    #[test]
    fn the_first_difference_is_found_to_be_first(
        common in 0_usize..20,
        (a, b) in (1_usize..20, 1_usize..20),
        at in any::<usize>(),
    ) {
        let block = |branch: &str, at: usize| {
            if at < common { format!("common {at}") } else { format!("{branch} {at}") }
        };
        let grow = |branch: &str, length: usize| {
            let mut whole = Whole::default();
            (0..length).for_each(|at| whole.push(block(branch, at).as_bytes()));
            whole
        };
        let (whole_a, whole_b) = (grow("a", common + a), grow("b", common + b));
        let first = fork(&whole_a, &whole_b, common as u64).check().unwrap();
        prop_assert_eq!((first.common, first.is_first), (common as u64, true));
        let later = common + at % a.min(b);
        let fork = fork(&whole_a, &whole_b, later as u64).check().unwrap();
        prop_assert_eq!(fork.is_first, later == common);
        prop_assert_eq!(shortest([fork, first]).map(|fork| fork.common), Some(common as u64));
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..800)) {
        if let Ok(proof) = ForkProof::decode(&bytes) {
            prop_assert_eq!(proof.encode().unwrap(), bytes);
            prop_assert!(proof.check().is_err());
        }
    }
}
