//! Cutting: the places are fixed for ever, depend on nearby bytes only, and not on portions.

use std::collections::BTreeSet;

use ply_chunk::{CutParams, Cutter, End, hash};
use proptest::prelude::*;

use crate::common::{noise, text};

/// The key of the keyed golden vector.
const KEY: [u8; 32] = [7; 32];

fn lengths(cutter: &Cutter, file: &[u8]) -> Vec<usize> {
    cutter.pieces(file).map(<[u8]>::len).collect()
}

fn small_params() -> CutParams {
    CutParams::new(1024, 4096, 16 * 1024).expect("valid sizes")
}

/// The rule as the module says it, one byte at a time, with all bytes from the start hashed.
fn lengths_by_the_book(params: CutParams, table: &[u64; 256], mut rest: &[u8]) -> Vec<usize> {
    let (min, avg, max) = (params.min() as usize, params.avg() as usize, params.max() as usize);
    let bits = avg.ilog2();
    let top = |hash: u64, bits: u32| (hash << 1) >> (64 - bits);
    if rest.len() <= avg && !rest.is_empty() {
        return vec![rest.len()];
    }
    let mut lengths = Vec::new();
    while !rest.is_empty() {
        let mut hash = 0_u64;
        let mut length = rest.len().min(max);
        for n in 1..length {
            hash = (hash << 1).wrapping_add(table[usize::from(rest[n - 1])]);
            let ends = match n {
                n if n < min => false,
                n if n < avg => top(hash, bits + 2) == 0,
                _ => top(hash, bits - 2) == 0,
            };
            if ends {
                length = n;
                break;
            }
        }
        lengths.push(length);
        rest = &rest[length..];
    }
    lengths
}

fn table(hasher: &blake3::Hasher) -> [u64; 256] {
    let mut bytes = [0; 2048];
    hasher.finalize_xof().fill(&mut bytes);
    std::array::from_fn(|i| u64::from_le_bytes(bytes[i * 8..][..8].try_into().unwrap()))
}

fn public_table() -> [u64; 256] {
    table(&blake3::Hasher::new_derive_key("plywood 2026-11 gear table"))
}

fn keyed_table(key: &[u8; 32]) -> [u64; 256] {
    table(blake3::Hasher::new_keyed(key).update(b"plywood 2026-11 gear table"))
}

#[test]
fn golden_cuts_never_move() {
    let file = noise(1, 1024 * 1024);
    let public = Cutter::new(CutParams::DEFAULT, None);
    assert_eq!(lengths(&public, &file), GOLDEN_PUBLIC);
    let keyed = Cutter::new(CutParams::DEFAULT, Some(&KEY));
    assert_eq!(lengths(&keyed, &file), GOLDEN_KEYED);
}

const GOLDEN_PUBLIC: &[usize] = &[
    66_119, 70_256, 66_022, 58_445, 80_693, 23_047, 70_625, 78_762, 62_999, 30_260, 102_552,
    81_352, 80_353, 74_358, 68_289, 34_444,
];
const GOLDEN_KEYED: &[usize] = &[
    75_796, 74_660, 66_041, 97_789, 66_312, 24_329, 93_101, 77_076, 88_948, 70_286, 27_496, 58_174,
    46_225, 67_149, 100_968, 14_226,
];

#[test]
fn cuts_follow_the_written_rule() {
    let files = [noise(2, 3_000_000), text(3, 700_000), vec![0; 600_000], noise(4, 65_537)];
    for params in [CutParams::DEFAULT, small_params()] {
        for file in &files {
            let public = lengths(&Cutter::new(params, None), file);
            assert_eq!(public, lengths_by_the_book(params, &public_table(), file));
            let keyed = lengths(&Cutter::new(params, Some(&KEY)), file);
            assert_eq!(keyed, lengths_by_the_book(params, &keyed_table(&KEY), file));
        }
    }
}

#[test]
fn law_11_one_byte_in_front_of_2_mb_keeps_more_than_95_percent_of_the_chunks() {
    // Parameters at which 2 MB are many chunks; at the default ones the few are within 1 of all.
    let cutter = Cutter::new(CutParams::new(1024, 4096, 16 * 1024).unwrap(), None);
    let file = noise(5, 2_000_000);
    let before: BTreeSet<_> = cutter.pieces(&file).map(hash).collect();
    let moved = [b"!", file.as_slice()].concat();
    let after: BTreeSet<_> = cutter.pieces(&moved).map(hash).collect();
    let kept = before.intersection(&after).count();
    assert!(before.len() * 95 < kept * 100, "{kept} of {} chunks kept", before.len());

    let cutter = Cutter::new(CutParams::DEFAULT, None);
    let before: BTreeSet<_> = cutter.pieces(&file).map(hash).collect();
    let after: BTreeSet<_> = cutter.pieces(&moved).map(hash).collect();
    let kept = before.intersection(&after).count();
    assert!(before.len() <= kept + 1, "{kept} of {} chunks kept", before.len());
}

#[test]
fn law_11_a_cut_stays_after_any_one_byte_changes_further_on() {
    let cutter = Cutter::new(small_params(), None);
    let mut file = noise(6, 400_000);
    let before = lengths(&cutter, &file);
    file[200_000] ^= 1;
    let after = lengths(&cutter, &file);
    let same = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    assert!(200_000 - 16 * 1024 < before[..same].iter().sum::<usize>());
    let same_end = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| a == b).count();
    assert!(before.len() <= same + same_end + 4, "cuts meet again soon");
}

#[test]
fn chunks_have_the_size_that_was_asked_for() {
    let cutter = Cutter::new(CutParams::DEFAULT, None);
    let lengths = lengths(&cutter, &noise(7, 32 << 20));
    let average = (32 << 20) / lengths.len();
    assert!((60 * 1024..84 * 1024).contains(&average), "average {average}");
    let (last, others) = lengths.split_last().unwrap();
    assert!(others.iter().all(|len| (16 * 1024..=256 * 1024).contains(len)));
    assert!(*last <= 256 * 1024);
    let forced = others.iter().filter(|&&len| len == 256 * 1024).count();
    assert_eq!(forced, 0, "in noise the greatest size is all but never reached");
}

#[test]
fn a_file_up_to_the_wished_size_is_one_chunk() {
    let cutter = Cutter::new(CutParams::DEFAULT, None);
    for bytes in [1, 63, 64, 16 * 1024, 64 * 1024] {
        let file = noise(8, bytes);
        assert!(cutter.whole(bytes as u64));
        assert_eq!(lengths(&cutter, &file), [bytes]);
        assert_eq!(cutter.first(&file, End::More), None);
    }
    assert!(!cutter.whole(64 * 1024 + 1));
    assert_eq!(lengths(&cutter, b""), [0; 0]);
    assert_eq!(cutter.first(b"", End::Last), None);
    assert_eq!(cutter.cut(b"", End::Last), None);
}

#[test]
fn a_file_that_grows_past_the_wished_size_is_cut_as_if_it_had_always_been_longer() {
    let cutter = Cutter::new(small_params(), None);
    let long = noise(9, 9000);
    assert_eq!(cutter.first(&long, End::Last), cutter.cut(&long, End::Last));
}

#[test]
fn a_full_buffer_always_gives_a_chunk() {
    let params = small_params();
    let cutter = Cutter::new(params, None);
    let zeros = vec![0; params.max() as usize];
    assert_eq!(cutter.cut(&zeros, End::More), Some(zeros.len()));
    assert_eq!(cutter.cut(&zeros[1..], End::More), None);
    assert_eq!(cutter.cut(&zeros[1..], End::Last), Some(zeros.len() - 1));
}

#[test]
fn another_key_cuts_elsewhere() {
    let file = noise(10, 1 << 20);
    let keyed = |key| lengths(&Cutter::new(CutParams::DEFAULT, key), &file);
    assert_ne!(keyed(None), keyed(Some(&[1; 32])));
    assert_ne!(keyed(Some(&[2; 32])), keyed(Some(&[1; 32])));
    let cutter = Cutter::new(CutParams::DEFAULT, Some(&[1; 32]));
    assert_eq!(format!("{cutter:?}").matches(", ").count(), 3, "only parameters show");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn portions_do_not_matter(
        seed in any::<u64>(),
        bytes in 0..120_000_usize,
        portions in prop::collection::vec(1..9000_usize, 1..40),
    ) {
        let cutter = Cutter::new(small_params(), None);
        let file = noise(seed, bytes);
        let mut portions = portions.into_iter().cycle();
        let (mut buffer, mut fed, mut found) = (Vec::new(), 0, Vec::new());
        loop {
            let end = if fed == file.len() { End::Last } else { End::More };
            let cut = if found.is_empty() {
                cutter.first(&buffer, end)
            } else {
                cutter.cut(&buffer, end)
            };
            match (cut, end) {
                (Some(len), _) => {
                    buffer.drain(..len);
                    found.push(len);
                }
                (None, End::Last) => break,
                (None, End::More) => {
                    let next = (fed + portions.next().unwrap()).min(file.len());
                    buffer.extend_from_slice(&file[fed..next]);
                    fed = next;
                }
            }
        }
        prop_assert_eq!(found, lengths(&cutter, &file));
    }

    #[test]
    fn the_pieces_joined_are_the_file(seed in any::<u64>(), bytes in 0..200_000_usize) {
        let file = noise(seed, bytes);
        let cutter = Cutter::new(small_params(), None);
        prop_assert_eq!(cutter.pieces(&file).collect::<Vec<_>>().concat(), file);
    }
}
