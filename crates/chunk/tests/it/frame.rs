//! Frames: what goes in comes out, equal chunks are equal frames, and keys keep strangers out.

use ply_chunk::{
    Codec, Decoder, EncodeError, Encoder, FRAME_OVERHEAD_MAX, FrameError, Kind, Level,
    MIRROR_EPOCH, Opener, RAW_BYTES_MAX, Sealer, no_dictionaries,
};
use ply_types::{DriveId, Fault, ReadKey};
use proptest::prelude::*;

use crate::common::{hex, noise, text};

/// A sealer with the opener that belongs to it.
fn drives() -> [(Sealer, Opener); 3] {
    let read = ReadKey::new([3; 32]);
    let mirror = DriveId([4; 32]).mirror_key();
    [
        (Sealer::plain(), Opener::public()),
        (Sealer::read_key(&read), Opener::read_keys([&read])),
        (Sealer::mirror_key(&mirror), Opener::mirror_key(&mirror)),
    ]
}

fn encode(kind: Kind, bytes: &[u8], sealer: &Sealer) -> Vec<u8> {
    Encoder::new(Level::DEFAULT).encode(kind, bytes, sealer, None).expect("it fits")
}

fn decode(kind: Kind, frame: &[u8], opener: &Opener) -> Result<Vec<u8>, FrameError> {
    Decoder::new().decode(kind, frame, opener, no_dictionaries)
}

#[test]
fn what_was_framed_comes_out_again() {
    let chunks =
        [Vec::new(), vec![1], text(1, 100), noise(2, 65_536), text(3, 262_144), vec![0; 1 << 20]];
    let (mut encoder, mut decoder) = (Encoder::new(Level::DEFAULT), Decoder::new());
    for (sealer, opener) in drives() {
        for chunk in &chunks {
            let frame = encoder.encode(Kind::Content, chunk, &sealer, None).unwrap();
            assert!(frame.len() <= chunk.len() + FRAME_OVERHEAD_MAX);
            let opened = opener.open(Kind::Content, &frame).unwrap();
            assert_eq!(opened.raw_bytes() as usize, chunk.len());
            let again = decoder.decode(Kind::Content, &frame, &opener, no_dictionaries);
            assert_eq!(again.as_ref(), Ok(chunk));
        }
    }
}

#[test]
fn golden_frames_never_change() {
    let chunk = text(1, 60);
    let [(plain, _), (sealed, _), (mirror, _)] = drives();
    assert_eq!(hex(&encode(Kind::Content, b"plywood", &plain)), "000007706c79776f6f64");
    assert_eq!(hex(&encode(Kind::Content, b"plywood", &sealed)), GOLDEN_SEALED);
    assert_eq!(hex(&encode(Kind::Envelope, b"plywood", &mirror)), GOLDEN_MIRROR);
    assert_eq!(hex(&encode(Kind::Content, &[0; 1000], &plain)), GOLDEN_ZSTD);
    assert_eq!(
        decode(Kind::Content, &encode(Kind::Content, &chunk, &plain), &Opener::public()),
        Ok(chunk)
    );
}

const GOLDEN_SEALED: &str = concat!(
    "0153cc8ae0b1dc8e9b7a045c59708807288581828162456f1932d375daf8ba10ba5627a9a3e31c68",
    "51733be6304e7977eaa710edf182"
);
const GOLDEN_MIRROR: &str = concat!(
    "0100000000f7204b7a6a157a6019a0f1f37edcd5ea9e3437a279e192264b4d7ed94419ced432a068",
    "01c9186c2903bc2939bfd4982e2e"
);
const GOLDEN_ZSTD: &str = "0001e80700004d00001000000100e32b8005";

#[test]
fn equal_chunks_are_equal_frames_whatever_was_framed_before() {
    let (sealer, _) = &drives()[1];
    let chunk = text(1, 50_000);
    let fresh = encode(Kind::Content, &chunk, sealer);
    let mut used = Encoder::new(Level::DEFAULT);
    for seed in 0..50_u8 {
        let other = text(seed.into(), 1000 + 20_000 * usize::from(seed % 13));
        used.encode(Kind::Content, &other, sealer, None).unwrap();
        assert_eq!(used.encode(Kind::Content, &chunk, sealer, None).unwrap(), fresh);
    }
}

#[test]
fn chunks_that_compress_little_are_kept_raw() {
    let opener = Opener::public();
    let codec = |chunk: &[u8]| {
        let frame = encode(Kind::Content, chunk, &Sealer::plain());
        opener.open(Kind::Content, &frame).unwrap().codec()
    };
    assert_eq!(codec(&noise(1, 65_536)), Codec::Raw);
    assert_eq!(codec(&text(1, 65_536)), Codec::Zstd);
    assert_eq!(codec(b"short"), Codec::Raw);
    // About one part in 64 can be saved: not enough. About one in 16 can: enough.
    assert_eq!(codec(&[noise(1, 64_512), vec![0; 1024]].concat()), Codec::Raw);
    assert_eq!(codec(&[noise(1, 61_440), vec![0; 4096]].concat()), Codec::Zstd);
}

#[test]
fn the_compressed_form_carries_nothing_that_the_frame_says_already() {
    let chunk = [0; 1000];
    let ours = encode(Kind::Content, &chunk, &Sealer::plain()).len();
    let usual = zstd::bulk::compress(&chunk, 3).unwrap().len();
    // We add shape 1, codec 1, length 2 and a window size 1; magic 4 and content size 2 go.
    assert_eq!(ours, usual + 5 - 6);
}

#[test]
fn one_chunk_compressed_in_two_ways_has_two_nonces() {
    let (sealer, opener) = &drives()[1];
    let chunk = text(1, 60_000);
    let frames: Vec<Vec<u8>> = [1, 19]
        .map(|level| {
            let mut encoder = Encoder::new(Level::new(level).unwrap());
            encoder.encode(Kind::Content, &chunk, sealer, None).unwrap()
        })
        .into();
    assert_ne!(frames[0].len(), frames[1].len());
    assert_ne!(frames[0][5..29], frames[1][5..29], "the nonces differ");
    for frame in &frames {
        assert_eq!(decode(Kind::Content, frame, opener).as_ref(), Ok(&chunk));
    }
}

#[test]
fn the_nonce_is_the_keyed_hash_of_what_is_sealed() {
    let key = ReadKey::new([3; 32]);
    let frame = encode(Kind::List, b"plywood", &Sealer::read_key(&key));
    let mut hasher = blake3::Hasher::new_keyed(&key.nonce_key());
    hasher.update(&[1, 1]).update(&key.epoch().0).update(b"\x00\x07plywood");
    assert_eq!(frame[0], 1);
    assert_eq!(frame[1..5], key.epoch().0);
    assert_eq!(frame[5..29], hasher.finalize().as_bytes()[..24]);
    assert_eq!(frame.len(), 29 + 9 + 16);
}

#[test]
fn two_kinds_of_the_same_bytes_have_nothing_in_common() {
    let (sealer, opener) = &drives()[1];
    let content = encode(Kind::Content, b"plywood", sealer);
    let list = encode(Kind::List, b"plywood", sealer);
    assert_ne!(content[5..29], list[5..29]);
    let refused = decode(Kind::List, &content, opener).unwrap_err();
    assert!(matches!(refused, FrameError::Damaged { kind: Kind::List, .. }));
    assert_eq!(refused.to_string(), "a list frame is damaged: its seal does not hold");
}

#[test]
fn a_sealed_drive_refuses_plain_frames() {
    let plain = encode(Kind::Page, b"forged", &Sealer::plain());
    for (_, opener) in &drives()[1..] {
        let refused = decode(Kind::Page, &plain, opener).unwrap_err();
        assert_eq!(refused, FrameError::NotSealed { kind: Kind::Page });
        assert_eq!(refused.fault(), Fault::Peer);
    }
}

#[test]
fn a_public_drive_refuses_sealed_frames() {
    let key = ReadKey::new([3; 32]);
    let sealed = encode(Kind::Page, b"secret", &Sealer::read_key(&key));
    let refused = decode(Kind::Page, &sealed, &Opener::public()).unwrap_err();
    assert_eq!(refused, FrameError::NotPlain { kind: Kind::Page, epoch: key.epoch() });
}

#[test]
fn a_frame_of_another_epoch_names_the_key_that_is_missing() {
    let (old, new) = (ReadKey::new([1; 32]), ReadKey::new([2; 32]));
    let frame = encode(Kind::Content, b"plywood", &Sealer::read_key(&new));
    let refused = decode(Kind::Content, &frame, &Opener::read_keys([&old])).unwrap_err();
    assert_eq!(refused, FrameError::UnknownEpoch { kind: Kind::Content, epoch: new.epoch() });
    assert_eq!(refused.fault(), Fault::Denied);
    let both = Opener::read_keys([&old, &new]);
    assert_eq!(decode(Kind::Content, &frame, &both).unwrap(), b"plywood");
    assert_eq!(both.epochs(), Some(vec![old.epoch(), new.epoch()]));
}

#[test]
fn a_mirror_reads_envelopes_and_no_content() {
    let [_, (reader, _), (mirror, mirror_opener)] = drives();
    let envelope = encode(Kind::Envelope, b"to all", &mirror);
    assert_eq!(envelope[1..5], MIRROR_EPOCH.0);
    assert_eq!(decode(Kind::Envelope, &envelope, &mirror_opener).unwrap(), b"to all");
    let body = encode(Kind::CommitBody, b"to readers", &reader);
    let refused = decode(Kind::CommitBody, &body, &mirror_opener).unwrap_err();
    assert!(matches!(refused, FrameError::UnknownEpoch { .. }));
}

#[test]
fn a_frame_holds_no_more_than_one_chunk() {
    let long = vec![0; RAW_BYTES_MAX as usize + 1];
    let mut encoder = Encoder::new(Level::DEFAULT);
    let refused = encoder.encode(Kind::Content, &long, &Sealer::plain(), None).unwrap_err();
    assert_eq!(refused, EncodeError::TooLong { kind: Kind::Content, raw_bytes: long.len() });
    assert_eq!(refused.fault(), Fault::Invalid);
}

#[test]
fn every_level_makes_frames_that_every_decoder_reads() {
    let chunk = text(1, 200_000);
    let mut sizes = Vec::new();
    for level in 1..=19 {
        let mut encoder = Encoder::new(Level::new(level).unwrap());
        let frame = encoder.encode(Kind::Content, &chunk, &Sealer::plain(), None).unwrap();
        assert_eq!(decode(Kind::Content, &frame, &Opener::public()).as_ref(), Ok(&chunk));
        sizes.push(frame.len());
    }
    assert!(sizes[18] < sizes[0], "{sizes:?}");
}

#[test]
fn secrets_do_not_show() {
    for (sealer, opener) in drives() {
        let shown = format!("{sealer:?} {opener:?}");
        assert!(shown.len() < 100, "{shown}");
    }
}

proptest! {
    #[test]
    fn any_chunk_comes_out_again(
        chunk in prop::collection::vec(any::<u8>(), 0..3000),
        repeat in 1..20_usize,
        drive in 0..3_usize,
    ) {
        let chunk = chunk.repeat(repeat);
        let (sealer, opener) = &drives()[drive];
        let frame = encode(Kind::Content, &chunk, sealer);
        prop_assert_eq!(decode(Kind::Content, &frame, opener), Ok(chunk));
    }
}
