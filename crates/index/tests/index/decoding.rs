//! Bytes that are not pages, and bytes that nearly are.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use ply_index::{Page, PageError, ROWS_MAX, Totals, Where, decode_where, encode_where, page_hash};
use ply_types::Fault;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::*;

/// The format, written a second time from its drawing.
pub(crate) fn encode(level: u8, keys: &[Vec<u8>], second: &[u8], third: &[u8]) -> Vec<u8> {
    let mut key_column = Vec::new();
    let mut last: &[u8] = &[];
    for key in keys {
        let shared = key.iter().zip(last).take_while(|(a, b)| a == b).count();
        varint(&mut key_column, shared as u64);
        varint(&mut key_column, (key.len() - shared) as u64);
        key_column.extend(&key[shared..]);
        last = key;
    }
    let mut bytes = vec![1, level];
    varint(&mut bytes, keys.len() as u64);
    for column in [&key_column, second, third] {
        varint(&mut bytes, column.len() as u64);
        bytes.extend(column);
    }
    bytes
}

pub(crate) fn encode_leaf(rows: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let (mut keys, mut lengths, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (key, value) in rows {
        keys.push(key.clone());
        varint(&mut lengths, value.len() as u64);
        values.extend(value);
    }
    encode(0, &keys, &lengths, &values)
}

pub(crate) fn encode_inner(level: u8, rows: &[(Vec<u8>, [u8; 32], Totals)]) -> Vec<u8> {
    let (mut keys, mut hashes, mut totals) = (Vec::new(), Vec::new(), Vec::new());
    for (key, hash, total) in rows {
        keys.push(key.clone());
        hashes.extend(hash);
        varint(&mut totals, total.count);
        varint(&mut totals, total.bytes);
    }
    encode(level, &keys, &hashes, &totals)
}

fn varint(bytes: &mut Vec<u8>, number: u64) {
    let groups = (0..10).take_while(|group| *group == 0 || number >> (7 * group) != 0);
    let groups: Vec<u8> = groups.map(|group| (number >> (7 * group) & 0x7f) as u8).collect();
    let (last, rest) = groups.split_last().expect("at least one");
    bytes.extend(rest.iter().map(|group| group | 0x80));
    bytes.push(*last);
}

fn encode_again(page: &Page) -> Vec<u8> {
    let keys = (0..page.row_count()).map(|row| page.key(row).expect("a key").to_vec());
    if page.level() == 0 {
        let value = |row| page.value(row).expect("a value").to_vec();
        encode_leaf(&keys.zip((0..).map(value)).collect::<Vec<_>>())
    } else {
        let child = |row| page.child(row).expect("a child");
        let rows = keys.zip((0..).map(child));
        let rows = rows.map(|(key, child)| (key, child.page.hash.0, child.totals));
        encode_inner(page.level(), &rows.collect::<Vec<_>>())
    }
}

/// Whatever decodes is within the limits, and encodes to the same bytes.
fn check(bytes: &[u8]) {
    let Ok(page) = Page::decode(bytes) else { return };
    assert_eq!(encode_again(&page), bytes);
    assert_eq!((page.bytes(), page.hash()), (bytes, page_hash(bytes)));
    let keys: BTreeSet<_> = (0..page.row_count()).filter_map(|row| page.key(row)).collect();
    assert_eq!(keys.len(), page.row_count());
    assert_eq!(keys.first().copied(), Some(page.first_key()));
    assert_eq!(keys.last().copied(), Some(page.last_key()));
}

/// Pages of every level and kind, the small ones first.
static HONEST: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let kinds = [Keys::Few, Keys::Paths, Keys::Long, Keys::Eager, Keys::Reluctant];
    let trees = kinds.iter().flat_map(|keys| [3, 100].map(|percent| keys.model(percent, 1)));
    let pages = trees.flat_map(|model| Tree::of(&model).all_pages());
    let mut pages: Vec<Vec<u8>> = pages.map(|(_, page)| page.bytes().to_vec()).collect();
    pages.sort_by_key(Vec::len);
    pages
});

#[derive(Clone, Debug)]
enum Harm {
    Flip(Index, u8),
    Cut(Index),
    Insert(Index, u8),
    Remove(Index),
    Append(Vec<u8>),
}

fn any_harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        4 => (any::<Index>(), 1_u8..).prop_map(|(at, bits)| Harm::Flip(at, bits)),
        1 => any::<Index>().prop_map(Harm::Cut),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Harm::Insert(at, byte)),
        1 => any::<Index>().prop_map(Harm::Remove),
        1 => prop::collection::vec(any::<u8>(), 1..5).prop_map(Harm::Append),
    ]
}

fn harm(bytes: &mut Vec<u8>, harm: &Harm) {
    match harm {
        Harm::Flip(at, bits) => *at.get_mut(bytes) ^= bits,
        Harm::Cut(at) => bytes.truncate(at.index(bytes.len()).max(1)),
        Harm::Insert(at, byte) => bytes.insert(at.index(bytes.len()), *byte),
        Harm::Remove(at) if 1 < bytes.len() => drop(bytes.remove(at.index(bytes.len()))),
        Harm::Remove(_) => {}
        Harm::Append(more) => bytes.extend(more),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
        // Most random bytes fail at once; a good start lets them go further.
        for (byte, good) in bytes.iter_mut().zip([1, 0, 2]) {
            *byte = good;
        }
        check(&bytes);
        if let Some(level) = bytes.get_mut(1) {
            *level = 1;
        }
        check(&bytes);
    }

    #[test]
    fn harmed_pages_never_panic_and_stay_canonical(
        at in any::<Index>(), harms in prop::collection::vec(any_harm(), 1..4),
    ) {
        let mut bytes = at.get(&HONEST[..HONEST.len() / 2]).clone();
        for one in &harms {
            harm(&mut bytes, one);
        }
        check(&bytes);
    }

    #[test]
    fn harm_near_the_start_of_a_page_is_found(
        at in any::<Index>(), near in 0_usize..24, bits in 1_u8..,
    ) {
        let mut bytes = at.get(&HONEST).clone();
        if let Some(byte) = bytes.get_mut(near) {
            *byte ^= bits;
        }
        check(&bytes);
    }

    #[test]
    fn places_never_panic(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0_u8..4], 0..120),
        rows in 0_usize..600,
    ) {
        if let Ok(places) = decode_where(&bytes, log(1), rows) {
            prop_assert_eq!(places.len(), rows);
            let again = encode_where(&places, log(1));
            prop_assert_eq!(decode_where(&again, log(1), rows), Ok(places));
        }
    }

    #[test]
    fn places_read_back(
        places in prop::collection::vec((1_u8..5, any::<u64>()), 1..60),
    ) {
        let places: Vec<_> =
            places.into_iter().map(|(number, block)| Where { log: log(number), block }).collect();
        let bytes = encode_where(&places, log(2));
        prop_assert_eq!(decode_where(&bytes, log(2), places.len()), Ok(places));
    }
}

#[test]
fn honest_pages_decode_to_themselves() {
    for bytes in HONEST.iter() {
        assert!(Page::decode(bytes).is_ok());
        check(bytes);
    }
}

#[test]
fn every_rule_of_the_form_has_its_refusal() {
    let refusal = |bytes: &[u8]| Page::decode(bytes).expect_err("not a page");
    let good = encode_leaf(&[(b"a".to_vec(), b"1".to_vec()), (b"ab".to_vec(), b"22".to_vec())]);
    assert_eq!(good, *b"\x01\x00\x02\x06\x00\x01a\x01\x01b\x02\x01\x02\x03122");
    assert!(Page::decode(&good).is_ok());

    let leaf = |keys: &[u8], lengths: &[u8], values: &[u8]| {
        let mut bytes = vec![1, 0, 2];
        for column in [keys, lengths, values] {
            varint(&mut bytes, column.len() as u64);
            bytes.extend(column);
        }
        refusal(&bytes)
    };
    let column = |column| PageError::Column { column };
    let two = b"\x00\x01a\x01\x01b";
    assert_eq!(refusal(&[]), PageError::Version { version: 0 });
    assert_eq!(refusal(&[2, 0]), PageError::Version { version: 2 });
    assert_eq!(refusal(&[1, 17, 1]), PageError::Level { level: 17 });
    assert_eq!(refusal(&[1, 0, 0]), PageError::RowCount);
    assert_eq!(refusal(&[1, 0, 0xf7, 3]), PageError::RowCount, "503 rows");
    assert_eq!(refusal(&[1, 0, 0x82, 0]), PageError::RowCount, "a long form of 2");
    assert_eq!(refusal(&[1, 0, 2, 99, 0]), column("keys"), "a column beyond the end");
    assert_eq!(refusal(&vec![0; 512 * 1024 + 1]), PageError::TooLong { bytes: 512 * 1024 + 1 });
    assert_eq!(leaf(b"\x00\x01a\x00\x01a", b"\x00\x00", b""), PageError::Key { row: 1 }, "twice");
    assert_eq!(leaf(b"\x00\x01b\x00\x01a", b"\x00\x00", b""), PageError::Key { row: 1 }, "order");
    assert_eq!(leaf(b"\x00\x01a\x00\x02ab", b"\x00\x00", b""), PageError::Key { row: 1 }, "shared");
    assert_eq!(leaf(b"\x00\x01a\x02\x01b", b"\x00\x00", b""), PageError::Key { row: 1 }, "beyond");
    assert_eq!(leaf(b"\x00\x01a\x01\x00", b"\x00\x00", b""), PageError::Key { row: 1 }, "the same");
    assert_eq!(leaf(b"\x00\x00\x00\x01a", b"\x00\x00", b""), PageError::Key { row: 0 }, "empty");
    assert_eq!(leaf(b"\x00\x01a\x01\x01bc", b"\x00\x00", b""), column("keys"));
    assert_eq!(leaf(two, b"\x00\x00\x00", b""), column("value lengths"));
    assert_eq!(leaf(two, b"\x00", b""), PageError::Value { row: 1 });
    assert_eq!(leaf(two, b"\x00\x02", b"1"), PageError::Value { row: 1 });
    assert_eq!(leaf(two, b"\x81\x08\x00", &[0; 1025]), PageError::Value { row: 0 });
    assert_eq!(leaf(two, b"\x01\x00", b"12"), column("values"));
    assert_eq!(refusal(&[good.as_slice(), b"x"].concat()), PageError::Trailing { bytes: 1 });

    let keys = [b"a".to_vec(), b"b".to_vec()];
    assert_eq!(refusal(&encode(1, &keys, &[0; 63], &[0; 4])), column("child hashes"));
    assert_eq!(refusal(&encode(1, &keys, &[0; 65], &[0; 4])), column("child hashes"));
    assert_eq!(refusal(&encode(1, &keys, &[0; 64], &[0; 3])), column("totals"));
    assert_eq!(refusal(&encode(1, &keys, &[0; 64], &[0; 5])), column("totals"));
    assert!(Page::decode(&encode(16, &keys, &[0; 64], &[0; 4])).is_ok());
}

#[test]
fn a_page_must_end_where_its_span_ends() {
    let row = |number: u16| (number.to_be_bytes().repeat(24 * 256), Vec::new());
    let key = |number: u16| (b'a'..).zip(number.to_be_bytes()).map(|(_, byte)| byte).collect();
    let rows: Vec<(Vec<u8>, Vec<u8>)> = (0..493).map(|number| (key(number), Vec::new())).collect();
    assert!(Page::decode(&encode_leaf(&rows[..492])).is_ok());
    assert_eq!(Page::decode(&encode_leaf(&rows)), Err(PageError::Span { row: 492 }));
    let too_long = Page::decode(&encode_leaf(&[row(1)]));
    assert_eq!(too_long, Err(PageError::Key { row: 0 }), "a key of 12 KiB");
    assert!(rows.len() < ROWS_MAX);
}

#[test]
fn places_belong_to_inner_pages_one_for_each_child() {
    let leaf = Page::decode(&encode_leaf(&[(b"a".to_vec(), Vec::new())])).expect("a page");
    let inner = encode_inner(1, &[(b"a".to_vec(), [7; 32], Totals::default())]);
    let inner = Page::decode(&inner).expect("a page");
    assert_eq!(inner.child(0).map(|child| child.page.place), Some(Where::UNKNOWN));
    let place = Where { log: log(3), block: 9 };
    let with = inner.clone().with_places(vec![place]).expect("one for one");
    assert_eq!(with.child(0).map(|child| child.page.place), Some(place));
    assert_eq!(with.hash(), inner.hash());
    assert!(leaf.clone().with_places(Vec::new()).is_ok());
    let error = leaf.with_places(vec![place]).expect_err("a leaf has no children");
    assert_eq!(error.fault(), Fault::Invalid);
    assert_eq!(
        inner.with_places(vec![place; 2]).map_err(|error| error.fault()),
        Err(Fault::Invalid)
    );
}
