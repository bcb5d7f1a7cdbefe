//! A have-map is a set of blocks.

use std::collections::BTreeSet;
use std::ops::Range;

use ply_log::{HAVE_PAGES_MAX, HaveError, HaveMap, PAGE_BLOCKS};
use ply_merkle::LENGTH_MAX;
use proptest::prelude::*;

/// Blocks around the ends of pages, so that ranges cross them.
const NEAR: [u64; 4] = [0, PAGE_BLOCKS - 20, 2 * PAGE_BLOCKS - 20, 3 * PAGE_BLOCKS - 20];

fn block() -> impl Strategy<Value = u64> {
    (proptest::sample::select(NEAR.to_vec()), 0_u64..40).prop_map(|(near, at)| near + at)
}

fn range() -> impl Strategy<Value = Range<u64>> {
    let near = (block(), 0_u64..30).prop_map(|(start, count)| start..start + count);
    let far = (block(), block()).prop_map(|(a, b)| a.min(b)..a.max(b));
    prop_oneof![4 => near, 1 => far]
}

fn runs(blocks: impl Iterator<Item = u64>) -> Vec<Range<u64>> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    for block in blocks {
        match runs.last_mut() {
            Some(run) if run.end == block => run.end += 1,
            _ => runs.push(block..block + 1),
        }
    }
    runs
}

fn check(map: &HaveMap, set: &BTreeSet<u64>, query: &Range<u64>) {
    assert_eq!(map.count(), set.len() as u64);
    assert_eq!(map.is_empty(), set.is_empty());
    assert_eq!(map.end(), set.last().map_or(0, |last| last + 1));
    assert_eq!(map.contiguous(), (0..=map.end()).find(|block| !set.contains(block)).unwrap());
    let held: Vec<_> = map.held(query.clone()).collect();
    assert_eq!(held, runs(set.range(query.clone()).copied()));
    let missing: Vec<_> = map.missing(query.clone()).collect();
    assert_eq!(missing, runs(query.clone().filter(|block| !set.contains(block))));
    for block in [query.start, query.end, query.end.saturating_sub(1)] {
        assert_eq!(map.contains(block), set.contains(&block));
    }
    assert_eq!(HaveMap::decode(&map.encode()).as_ref(), Ok(map));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_map_is_a_set(
        ops in proptest::collection::vec((any::<bool>(), range(), range()), 1..12),
    ) {
        let (mut map, mut set) = (HaveMap::new(), BTreeSet::new());
        for (insert, range, query) in ops {
            if insert {
                map.insert_range(range.clone());
                set.extend(range);
            } else {
                map.remove_range(range.clone());
                set.retain(|block| !range.contains(block));
            }
            check(&map, &set, &query);
        }
        let mut again = HaveMap::new();
        for run in runs(set.iter().copied()).into_iter().rev() {
            again.insert_range(run);
        }
        prop_assert_eq!(again, map);
    }

    #[test]
    fn scattered_blocks_come_back(step in 2_u64..9, count in 1_u64..40_000) {
        let mut map = HaveMap::new();
        for block in 0..count {
            map.insert_range(7 + block * step..8 + block * step);
        }
        prop_assert_eq!(map.count(), count);
        let bytes = map.encode();
        prop_assert!(bytes.len() < 100 + (count * step / 8) as usize + 8192);
        prop_assert_eq!(HaveMap::decode(&bytes), Ok(map));
    }

    #[test]
    fn bytes_that_are_read_are_the_one_encoding(
        mut bytes in
            proptest::collection::vec(prop_oneof![Just(0_u8), 0..4_u8, any::<u8>()], 0..60),
        pages in 0..3_u8,
    ) {
        if let Some(count) = bytes.get_mut(2..10) {
            count.copy_from_slice(&[0, 0, 0, 0, 0, 0, pages, 0]);
        }
        if let Ok(map) = HaveMap::decode(&bytes) {
            prop_assert_eq!(map.encode(), bytes);
        }
    }

    #[test]
    fn one_changed_byte_is_refused_or_another_set(
        ranges in proptest::collection::vec(range(), 1..6),
        (at, bit) in (any::<usize>(), 0..8),
    ) {
        let mut map = HaveMap::new();
        for range in ranges {
            map.insert_range(range);
        }
        let mut bytes = map.encode();
        let at = at % bytes.len();
        bytes[at] ^= 1_u8 << bit;
        if let Ok(other) = HaveMap::decode(&bytes) {
            prop_assert_ne!(&other, &map);
            prop_assert_eq!(other.encode(), bytes);
        }
    }
}

#[test]
fn a_log_held_from_its_start_costs_one_number() {
    let mut map = HaveMap::new();
    map.insert_range(0..LENGTH_MAX);
    assert_eq!((map.encode().len(), map.count()), (10, LENGTH_MAX));
    map.insert_range(0..u64::MAX);
    assert_eq!((map.count(), map.contains(LENGTH_MAX)), (LENGTH_MAX, false));
    map.remove_range(10..u64::MAX);
    assert_eq!(map.contiguous(), 10);
}

#[test]
fn the_ends_of_everything_are_no_surprise() {
    let mut map = HaveMap::new();
    map.insert_range(LENGTH_MAX - 1..u64::MAX);
    assert_eq!((map.count(), map.end()), (1, LENGTH_MAX));
    let held: Vec<_> = map.held(0..u64::MAX).collect();
    assert_eq!((held.len(), held[0].clone()), (1, LENGTH_MAX - 1..LENGTH_MAX));
    let missing: Vec<_> = map.missing(5..u64::MAX).collect();
    assert_eq!(missing, [5..LENGTH_MAX - 1, LENGTH_MAX..u64::MAX]);
    map.remove_range(0..u64::MAX);
    assert!(map.is_empty());
    assert_eq!(map.missing(3..3).count() + map.held(3..3).count(), 0);
    assert!(!map.contains(u64::MAX));
}

#[test]
fn a_lie_about_size_is_refused_before_it_costs() {
    let mut bytes = vec![0; 8];
    bytes.extend(u16::MAX.to_le_bytes());
    let refused = HaveMap::decode(&bytes);
    assert_eq!(refused, Err(HaveError::TooManyPages { found: 65535 }));
    assert_eq!(HaveMap::decode(&bytes[..9]), Err(HaveError::Size));
    let beyond = [u64::MAX.to_le_bytes().as_slice(), &[0, 0]].concat();
    assert_eq!(HaveMap::decode(&beyond), Err(HaveError::Beyond { block: u64::MAX }));
}

#[test]
fn pages_beyond_the_limit_are_left_out_of_the_encoding() {
    let mut map = HaveMap::new();
    for page in 0..=HAVE_PAGES_MAX as u64 {
        map.insert_range(page * PAGE_BLOCKS + 1..page * PAGE_BLOCKS + 2);
    }
    let read = HaveMap::decode(&map.encode()).unwrap();
    assert_eq!(read.count(), map.count() - 1);
    assert_eq!(read.end(), map.end() - PAGE_BLOCKS);
}
