//! What decoding takes in memory, whatever the bytes are.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

use allocation_counter::measure;
use ply_proto::{DecodeError, MEMORY_BASE_BYTES, MEMORY_PER_BYTE, Message, decode, decode_within};

/// Bytes of the longest message that travels on a session, about.
const LONG: usize = 1 << 20;

/// A field that holds bytes.
fn field(number: u8, inner: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = inner.len();
    while 128 <= length {
        bytes.push(u8::try_from(length % 128).unwrap() | 128);
        length /= 128;
    }
    bytes.push(u8::try_from(length).unwrap());
    bytes.extend_from_slice(inner);
    bytes
}

/// The numbers of fields that lead to a list in a message, from the outermost.
const LISTS: [(&str, &[u8]); 12] = [
    ("heads in a summary", &[3, 3]),
    ("writers in news", &[4, 2]),
    ("commits of a writer in news", &[4, 2, 2]),
    ("blocks of a commit in news", &[4, 2, 2, 4]),
    ("records in news", &[4, 3]),
    ("forks in news", &[4, 4]),
    ("content in news", &[4, 5]),
    ("uncles of content in news", &[4, 5, 9]),
    ("heads in a question", &[5, 3, 3]),
    ("spans", &[6, 3]),
    ("blocks", &[7, 4]),
    ("uncles", &[7, 9]),
];

/// A message with so many items in one list.
fn dense(path: &[u8], item: &[u8], count: usize) -> Vec<u8> {
    let (list, outer) = path.split_last().unwrap();
    let items = field(*list, item).repeat(count);
    outer.iter().rev().fold(items, |inner, &number| field(number, &inner))
}

/// Most memory that was held at once while decoding, and how that went.
fn decoding(bytes: &[u8], memory_max: usize) -> (usize, Result<(), DecodeError>) {
    let mut result = Ok(());
    let taken = measure(|| {
        result = decode_within::<Message>("message", LONG * 2, memory_max, bytes).map(drop);
    });
    (usize::try_from(taken.bytes_max).unwrap(), result)
}

#[test]
fn law_8_a_message_of_empty_parts_takes_no_more_than_its_share() {
    let mut refused = 0;
    for (name, path) in LISTS {
        for item in [&b""[..], b"\x0a\x01\x07", b"\x0a\0"] {
            let count = LONG / (2 + item.len());
            let bytes = dense(path, item, count);
            let (taken, result) = decoding(&bytes, usize::MAX);
            let share = MEMORY_BASE_BYTES + MEMORY_PER_BYTE * bytes.len();
            assert!(taken <= share, "{name}: {} bytes took {taken}", bytes.len());
            if matches!(result, Err(DecodeError::TooDense { .. })) {
                assert!(taken < 1024, "{name}: {taken} bytes before it was refused");
                refused += 1;
            }
        }
    }
    assert!(LISTS.len() <= refused, "only {refused} were too dense");
}

#[test]
fn what_is_allowed_for_a_message_is_at_least_what_it_takes() {
    for (name, path) in LISTS {
        for item in [&b""[..], b"\x0a\x01\x07", b"\x0a\x20--------------------------------"] {
            for count in [1, 2, 4, 5, 8, 9, 64, 65, 512, 513] {
                let bytes = dense(path, item, count);
                if decoding(&bytes, usize::MAX).1.is_err() {
                    continue;
                }
                // The least that it can be decoded with.
                let (mut refused, mut enough) = (0, LONG);
                while 1 < enough - refused {
                    let middle = refused.midpoint(enough);
                    match decoding(&bytes, middle).1 {
                        Ok(()) => enough = middle,
                        Err(_) => refused = middle,
                    }
                }
                let (taken, result) = decoding(&bytes, enough);
                result.unwrap();
                assert!(taken <= enough, "{count} {name}: {taken} of {enough} bytes");
                assert!(enough <= taken * 4 + 64, "{count} {name}: {enough} for {taken} bytes");
            }
        }
    }
}

#[test]
fn what_is_no_protobuf_is_refused_by_name() {
    for broken in
        [&b"\x0a\x05abc"[..], b"\x0b\x0c", b"\x0a", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"]
    {
        let error = decode::<Message>("message", 100, broken).unwrap_err();
        assert_eq!(error.to_string(), "a message breaks off, or is none", "{broken:?}");
    }
    // An entry keeps an entry, which keeps an entry: deeper than anything that was meant.
    let nested = (0..150).fold(Vec::new(), |inner, _| {
        let kept = field(3, &inner);
        let keeps = field(5, &kept);
        [&[0xaa, 0x01], keeps.get(1..).unwrap_or_default()].concat()
    });
    assert!(decode::<ply_proto::Entry>("entry", LONG, &nested).is_err());
}
