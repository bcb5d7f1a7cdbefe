//! Changed encodings of everything that this crate reads.

use ply_chunk::{
    Content, CutParams, Decoder, Dictionary, Encoder, Kind, Level, ListNode, Opener, RAW_BYTES_MAX,
    Sealer, no_dictionaries,
};
use ply_fuzz::{Form, RoundTrip, Target};
use ply_types::ReadKey;

use crate::common::{noise, text};
use crate::list::{build, pieces};

/// Tries frames: what is accepted gives a chunk, and that the same chunk when it is framed again.
fn frames(name: &'static str, round_trip: RoundTrip, sealer: &Sealer, opener: &Opener) {
    let mut encoder = Encoder::new(Level::DEFAULT);
    let mut frame = |bytes: &[u8]| encoder.encode(Kind::Content, bytes, sealer, None).unwrap();
    let target = Target::new(name, Form::Bytes, round_trip)
        .seed("empty", frame(b""))
        .seed("raw", frame(&noise(1, 300)))
        .seed("compressed", frame(&text(2, 3000)))
        .seed("zeros", frame(&[0; 2000]))
        // A frame announces its chunk, and a few bytes may well be a whole one of zeros.
        .memory(2 * u64::from(RAW_BYTES_MAX) + (64 << 10), 32);
    let mut decoder = Decoder::new();
    target.run(|bytes| {
        let chunk = decoder.decode(Kind::Content, bytes, opener, no_dictionaries).ok()?;
        assert!(chunk.len() <= RAW_BYTES_MAX as usize);
        Some(frame(&chunk))
    });
}

#[test]
fn fuzz_plain_frames() {
    frames("frame-plain", RoundTrip::Settled, &Sealer::plain(), &Opener::public());
}

#[test]
fn fuzz_sealed_frames() {
    let key = ReadKey::new([3; 32]);
    let (sealer, opener) = (Sealer::read_key(&key), Opener::read_keys([&key]));
    frames("frame-sealed", RoundTrip::Exact, &sealer, &opener);
}

fn trained() -> Dictionary {
    let samples: Vec<Vec<u8>> = (0..200).map(|seed| text(seed, 1000)).collect();
    Dictionary::train(&samples, 2048).unwrap()
}

#[test]
fn fuzz_frames_with_dictionaries() {
    let (trained, sealer, opener) = (trained(), Sealer::plain(), Opener::public());
    let mut encoder = Encoder::new(Level::DEFAULT);
    let mut frame =
        |bytes: &[u8]| encoder.encode(Kind::Content, bytes, &sealer, Some(&trained)).unwrap();
    let target = Target::new("frame-dictionary", Form::Bytes, RoundTrip::Settled)
        .seed("short", frame(&text(300, 500)))
        .seed("long", frame(&text(301, 3000)))
        .memory(2 * u64::from(RAW_BYTES_MAX) + (64 << 10), 32);
    let find = |prefix| (prefix == trained.prefix()).then(|| trained.clone());
    let mut decoder = Decoder::new();
    target.run(|bytes| {
        let chunk = decoder.decode(Kind::Content, bytes, &opener, find).ok()?;
        assert!(chunk.len() <= RAW_BYTES_MAX as usize);
        Some(frame(&chunk))
    });
}

#[test]
fn fuzz_dictionaries() {
    Target::new("dictionary", Form::Bytes, RoundTrip::Exact)
        .seed("trained", trained().bytes())
        .run(|bytes| Dictionary::new(bytes.to_vec()).ok().map(|it| it.bytes().to_vec()));
}

#[test]
fn fuzz_list_nodes() {
    let short = build(&pieces(1, 40));
    let long = build(&pieces(2, 3000));
    let upper = long.nodes.values().find(|node| node.first() == Some(&1)).unwrap();
    Target::new("list-node", Form::Bytes, RoundTrip::Exact)
        .seed("pieces", short.nodes.values().next().unwrap().as_slice())
        .seed("nodes", upper.as_slice())
        .run(|bytes| {
            let node = ListNode::decode(bytes).ok()?;
            let _ = (node.hash(), node.find(0), node.find(node.raw_bytes()), node.find(u64::MAX));
            Some(node.encode())
        });
}

#[test]
fn fuzz_contents() {
    let mut target = Target::new("content", Form::Bytes, RoundTrip::Exact);
    for (name, count) in [("empty", 0), ("one", 1), ("few", 3), ("node", 40)] {
        target = target.seed(name, build(&pieces(3, count)).content.encode());
    }
    target.run(|bytes| {
        let content = Content::decode(bytes).ok()?;
        let _ = (content.identity(), content.find(0), content.find(u64::MAX), content.children());
        Some(content.encode())
    });
}

#[test]
fn fuzz_cut_parameters() {
    Target::new("cut-parameters", Form::Text, RoundTrip::Exact)
        .seed("default", CutParams::DEFAULT.to_string())
        .seed("small", "4/8/64")
        .run(|bytes| {
            let text = std::str::from_utf8(bytes).ok()?;
            CutParams::parse(text).ok().map(|sizes| sizes.to_string().into_bytes())
        });
}
