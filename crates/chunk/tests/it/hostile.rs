//! Bytes from strangers: decoders answer with an error, at worst with wrong bytes, never with a
//! panic.

use ply_chunk::{
    Content, Damage, Decoder, Dictionary, Encoder, FrameError, Kind, Level, ListNode, Opener,
    RAW_BYTES_MAX, Sealer, no_dictionaries,
};
use ply_types::ReadKey;
use proptest::prelude::*;

use crate::common::{noise, text};

fn open(frame: &[u8]) -> Result<Vec<u8>, FrameError> {
    Decoder::new().decode(Kind::Content, frame, &Opener::public(), no_dictionaries)
}

#[track_caller]
fn damage(frame: &[u8]) -> Damage {
    match open(frame) {
        Err(FrameError::Damaged { kind: Kind::Content, damage }) => damage,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_flipped_bit_of_a_sealed_frame_is_an_error() {
    let key = ReadKey::new([3; 32]);
    let opener = Opener::read_keys([&key]);
    let sound = Encoder::new(Level::DEFAULT)
        .encode(Kind::Content, &text(1, 800), &Sealer::read_key(&key), None)
        .unwrap();
    let mut decoder = Decoder::new();
    for index in 0..sound.len() {
        for bit in 0..8 {
            let mut frame = sound.clone();
            frame[index] ^= 1 << bit;
            let refused = decoder
                .decode(Kind::Content, &frame, &opener, no_dictionaries)
                .expect_err("a flipped bit");
            let expected = match index {
                0 if bit == 0 => matches!(refused, FrameError::NotSealed { .. }),
                0 => matches!(refused, FrameError::UnknownFormat { .. }),
                1..5 => matches!(refused, FrameError::UnknownEpoch { .. }),
                _ => matches!(refused, FrameError::Damaged { damage: Damage::Seal, .. }),
            };
            assert!(expected, "byte {index} bit {bit}: {refused}");
        }
    }
}

#[test]
fn every_cut_off_frame_is_an_error() {
    let key = ReadKey::new([3; 32]);
    for (sealer, opener) in
        [(Sealer::plain(), Opener::public()), (Sealer::read_key(&key), Opener::read_keys([&key]))]
    {
        for chunk in [text(1, 3000), noise(2, 300)] {
            let frame =
                Encoder::new(Level::DEFAULT).encode(Kind::Content, &chunk, &sealer, None).unwrap();
            for end in 0..frame.len() {
                let part = &frame[..end];
                let got = Decoder::new().decode(Kind::Content, part, &opener, no_dictionaries);
                assert!(got.is_err(), "{end} of {} bytes", frame.len());
            }
            let longer = [frame.as_slice(), b"\0"].concat();
            assert!(
                Decoder::new().decode(Kind::Content, &longer, &opener, no_dictionaries).is_err()
            );
        }
    }
}

#[test]
fn a_frame_must_be_as_long_as_it_says() {
    assert_eq!(open(b"\x00\x00\x02ab"), Ok(b"ab".to_vec()));
    assert_eq!(damage(b"\x00\x00\x03ab"), Damage::Size { announced: 3 });
    assert_eq!(damage(b"\x00\x00\x01ab"), Damage::Size { announced: 1 });
    let frame = Encoder::new(Level::DEFAULT)
        .encode(Kind::Content, &[0; 1000], &Sealer::plain(), None)
        .unwrap();
    // 1000 is e8 07 as a varint; 999 is e7 07, and 1001 is e9 07.
    assert_eq!(frame[2..4], [0xe8, 0x07]);
    let announce = |low| [&frame[..2], &[low], &frame[3..]].concat();
    assert_eq!(open(&announce(0xe8)), Ok(vec![0; 1000]));
    assert_eq!(damage(&announce(0xe7)), Damage::Compression);
    assert_eq!(damage(&announce(0xe9)), Damage::Size { announced: 1001 });
}

#[test]
fn malformed_headers_are_named() {
    assert_eq!(damage(b""), Damage::Short);
    assert_eq!(damage(b"\x00"), Damage::Short);
    assert_eq!(damage(b"\x00\x00"), Damage::Length);
    assert_eq!(damage(b"\x00\x00\x82\x00ab"), Damage::Length);
    assert_eq!(damage(b"\x00\x03\x02ab"), Damage::Codec { codec: 3 });
    assert_eq!(damage(b"\x00\x02\x021234567"), Damage::Short);
    assert_eq!(damage(b"\x00\x01\x02ab"), Damage::Compression);
    let unknown = FrameError::UnknownFormat { kind: Kind::Content, first: 2 };
    assert_eq!(open(b"\x02\x00\x02ab"), Err(unknown));
}

#[test]
fn no_frame_announces_more_than_a_chunk() {
    let mut most = b"\x00\x00\x80\x80\x40".to_vec();
    assert_eq!(damage(&most), Damage::Size { announced: RAW_BYTES_MAX });
    most[2] = 0x81;
    let raw_bytes = u64::from(RAW_BYTES_MAX) + 1;
    assert_eq!(open(&most), Err(FrameError::TooLong { kind: Kind::Content, raw_bytes }));
    let huge = b"\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    let raw_bytes = u64::MAX;
    assert_eq!(open(huge), Err(FrameError::TooLong { kind: Kind::Content, raw_bytes }));
}

#[test]
fn a_second_zstd_frame_behind_the_first_is_refused() {
    let one = Encoder::new(Level::DEFAULT)
        .encode(Kind::Content, &[0; 500], &Sealer::plain(), None)
        .unwrap();
    let payload = &one[4..];
    // Announce 1000 bytes, and give twice 500; then 500, and a skippable frame of no bytes.
    let magic = [0x28, 0xb5, 0x2f, 0xfd];
    let twice = [b"\x00\x01\xe8\x07", payload, &magic, payload].concat();
    assert_eq!(damage(&twice), Damage::Compression);
    let skipped = [one.as_slice(), b"\x50\x2a\x4d\x18\0\0\0\0"].concat();
    assert_eq!(damage(&skipped), Damage::Compression);
}

/// What zstd makes of noise behind a sound start, so that its inner decoders are reached too.
fn disturbed() -> impl Strategy<Value = Vec<u8>> {
    let frame = Encoder::new(Level::DEFAULT)
        .encode(Kind::Content, &text(1, 3000), &Sealer::plain(), None)
        .unwrap();
    let place = 0..frame.len();
    prop::collection::vec((place, any::<u8>()), 1..6).prop_map(move |changes| {
        let mut frame = frame.clone();
        for (index, byte) in changes {
            frame[index] = byte;
        }
        frame
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = open(&bytes);
        let key = ReadKey::new([3; 32]);
        let _ = Opener::read_keys([&key]).open(Kind::Content, &bytes);
        let _ = Dictionary::new(bytes.clone());
        if let Ok(node) = ListNode::decode(&bytes) {
            prop_assert_eq!(node.encode(), bytes.clone());
        }
        if let Ok(content) = Content::decode(&bytes) {
            prop_assert_eq!(content.encode(), bytes);
            let _ = (content.identity(), content.bytes(), content.find(u64::MAX));
        }
    }

    #[test]
    fn random_payloads_never_panic(
        codec in 0..3_u8,
        raw_bytes in 0..128_u8,
        payload in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let frame = [&[0, codec, raw_bytes], payload.as_slice()].concat();
        if let Ok(chunk) = open(&frame) {
            prop_assert_eq!(chunk.len(), usize::from(raw_bytes));
        }
    }

    #[test]
    fn disturbed_compression_never_panics(frame in disturbed()) {
        if let Ok(chunk) = open(&frame) {
            prop_assert!(chunk.len() <= RAW_BYTES_MAX as usize);
        }
    }

    #[test]
    fn disturbed_dictionaries_never_panic(index in 4..2000_usize, byte in any::<u8>()) {
        let mut bytes = dictionary().bytes().to_vec();
        if let Some(place) = bytes.get_mut(index) {
            *place = byte;
        }
        if let Ok(disturbed) = Dictionary::new(bytes) {
            let frame = Encoder::new(Level::DEFAULT)
                .encode(Kind::Content, &text(3, 600), &Sealer::plain(), Some(dictionary()))
                .unwrap();
            let _ = Decoder::new()
                .decode(Kind::Content, &frame, &Opener::public(), |_| Some(disturbed.clone()));
        }
    }
}

fn dictionary() -> &'static Dictionary {
    static TRAINED: std::sync::OnceLock<Dictionary> = std::sync::OnceLock::new();
    TRAINED.get_or_init(|| {
        let samples: Vec<Vec<u8>> = (0..200).map(|seed| text(seed, 1000)).collect();
        Dictionary::train(&samples, 4096).expect("enough samples")
    })
}
