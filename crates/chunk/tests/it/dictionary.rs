//! Dictionaries: small chunks that are alike become smaller still.

use ply_chunk::{
    Codec, DICTIONARY_BYTES, DICTIONARY_CHUNK_BYTES_MAX, Decoder, Dictionary, DictionaryError,
    DictionaryPrefix, Encoder, FrameError, Kind, Level, Opener, Sealer, hash, no_dictionaries,
};
use ply_types::{Fault, ReadKey};

use crate::common::{noise, text};

fn trained(seed: u64) -> Dictionary {
    let samples: Vec<Vec<u8>> = (0..400).map(|i| text(seed * 1000 + i, 1500)).collect();
    Dictionary::train(&samples, 16 * 1024).expect("enough samples")
}

fn finds(dictionary: &Dictionary) -> impl Fn(DictionaryPrefix) -> Option<Dictionary> + '_ {
    |prefix| (dictionary.prefix() == prefix).then(|| dictionary.clone())
}

#[test]
fn a_dictionary_makes_small_chunks_smaller() {
    let dictionary = trained(1);
    let chunk = text(77, 700);
    let mut encoder = Encoder::new(Level::DEFAULT);
    let key = ReadKey::new([1; 32]);
    let (sealer, opener) = (Sealer::read_key(&key), Opener::read_keys([&key]));
    let without = encoder.encode(Kind::Content, &chunk, &sealer, None).unwrap();
    let with = encoder.encode(Kind::Content, &chunk, &sealer, Some(&dictionary)).unwrap();
    assert!(with.len() < without.len(), "{} against {}", with.len(), without.len());
    let frame = opener.open(Kind::Content, &with).unwrap();
    assert_eq!(frame.codec(), Codec::ZstdDictionary(dictionary.prefix()));
    let mut decoder = Decoder::new();
    assert_eq!(decoder.inflate(&frame, finds(&dictionary)).as_ref(), Ok(&chunk));
    // The decoder is not left with the dictionary in it.
    let plainly = decoder.decode(Kind::Content, &without, &opener, no_dictionaries);
    assert_eq!(plainly.as_ref(), Ok(&chunk));
}

#[test]
fn a_frame_names_the_dictionary_that_is_missing() {
    let dictionary = trained(1);
    let mut encoder = Encoder::new(Level::DEFAULT);
    let plain = Sealer::plain();
    let frame = encoder.encode(Kind::Page, &text(7, 900), &plain, Some(&dictionary)).unwrap();
    let refused =
        Decoder::new().decode(Kind::Page, &frame, &Opener::public(), no_dictionaries).unwrap_err();
    let prefix = dictionary.prefix();
    assert_eq!(refused, FrameError::UnknownDictionary { kind: Kind::Page, prefix });
    assert_eq!(refused.fault(), Fault::Offline);
}

#[test]
fn a_wrong_dictionary_gives_an_error_or_other_bytes_but_no_panic() {
    let (right, wrong) = (trained(1), trained(2));
    let chunk = text(7, 900);
    let frame = Encoder::new(Level::DEFAULT)
        .encode(Kind::Content, &chunk, &Sealer::plain(), Some(&right))
        .unwrap();
    let got =
        Decoder::new().decode(Kind::Content, &frame, &Opener::public(), |_| Some(wrong.clone()));
    assert_ne!(got.ok(), Some(chunk));
}

#[test]
fn frames_do_not_depend_on_the_dictionaries_used_before() {
    let dictionaries = [trained(1), trained(2), trained(3)];
    let chunk = text(5, 2000);
    let plain = Sealer::plain();
    let fresh = dictionaries.each_ref().map(|dictionary| {
        Encoder::new(Level::DEFAULT)
            .encode(Kind::Content, &chunk, &plain, Some(dictionary))
            .unwrap()
    });
    let mut encoder = Encoder::new(Level::DEFAULT);
    for turn in [0, 1, 0, 2, 1, 1, 2, 0, 0] {
        let dictionary = &dictionaries[turn];
        let frame = encoder.encode(Kind::Content, &chunk, &plain, Some(dictionary)).unwrap();
        assert_eq!(frame, fresh[turn]);
        encoder.encode(Kind::Content, &text(9, 30_000), &plain, Some(dictionary)).unwrap();
    }
}

#[test]
fn large_chunks_go_without_a_dictionary() {
    let dictionary = trained(1);
    let opener = Opener::public();
    let mut encoder = Encoder::new(Level::DEFAULT);
    for (bytes, codec) in [
        (DICTIONARY_CHUNK_BYTES_MAX, Codec::ZstdDictionary(dictionary.prefix())),
        (DICTIONARY_CHUNK_BYTES_MAX + 1, Codec::Zstd),
    ] {
        let plain = Sealer::plain();
        let chunk = text(5, bytes);
        let frame = encoder.encode(Kind::Content, &chunk, &plain, Some(&dictionary)).unwrap();
        assert_eq!(opener.open(Kind::Content, &frame).unwrap().codec(), codec);
    }
}

#[test]
fn what_does_not_compress_stays_raw_with_a_dictionary_too() {
    let frame = Encoder::new(Level::DEFAULT)
        .encode(Kind::Content, &noise(5, 5000), &Sealer::plain(), Some(&trained(1)))
        .unwrap();
    assert_eq!(Opener::public().open(Kind::Content, &frame).unwrap().codec(), Codec::Raw);
}

#[test]
fn a_dictionary_is_named_by_its_bytes() {
    let dictionary = trained(1);
    assert_eq!(dictionary.id().0, hash(dictionary.bytes()).0);
    assert_eq!(dictionary.prefix().0, dictionary.id().0[..8]);
    assert!(dictionary.bytes().len() <= 16 * 1024);
    assert_eq!(Dictionary::new(dictionary.bytes().to_vec()), Ok(dictionary));
}

#[test]
fn bytes_that_are_no_dictionary_are_refused() {
    let sound = trained(1).bytes().to_vec();
    let refused = |bytes: Vec<u8>| Dictionary::new(bytes).unwrap_err();
    assert!(matches!(refused(Vec::new()), DictionaryError::NotADictionary { .. }));
    assert!(matches!(refused(noise(1, 4000)), DictionaryError::NotADictionary { .. }));
    assert!(matches!(refused(sound[..20].to_vec()), DictionaryError::NotADictionary { .. }));
    let long = [sound, vec![0; DICTIONARY_BYTES]].concat();
    assert!(matches!(refused(long), DictionaryError::TooLong { .. }));
    let few: [&[u8]; 1] = [b"one sample"];
    let untrained = Dictionary::train(&few, 1024).unwrap_err();
    assert!(matches!(untrained, DictionaryError::Samples { sample_count: 1, .. }));
    let none: [&[u8]; 0] = [];
    assert!(Dictionary::train(&none, 1024).is_err());
}
