//! Rows: of an index, of a draft, of this node's own drives.

use ply_chunk::{Content, ListBuilder, Piece, Place};
use ply_fuzz::{Form, RoundTrip, Target};
use ply_proto as proto;
use ply_types::{ChunkHash, CommitId, LogKey, Path, Timestamp};

use crate::clock::{Clock, CommitMark};
use crate::draft::{DraftClock, decode_clock, decode_row, encode_clock, encode_row};
use crate::entry::{Attributes, Body, Entry, Kept, LinkMark, Stamp, Stored};
use crate::golden::parts::full_settings;
use crate::key::{key_layer, key_link, key_path, layer_key, link_key, path_key};
use crate::replica::Revision;
use crate::replica::expiry::decode_end;
use crate::settings::{Access, Settings};
use crate::transaction::decode_dedup_row;

fn attributes() -> Attributes {
    Attributes {
        mode: 0o4755,
        uid: 1000,
        gid: 100,
        mtime: Timestamp { seconds: -1, nanos: 999_999_999 },
        xattrs: vec![(b"user.a".to_vec(), b"1".to_vec()), (b"user.b".to_vec(), Vec::new())],
    }
}

fn pieces(count: u8) -> Content {
    let mut list = ListBuilder::new();
    let mut store = |_: &[u8]| Ok::<_, std::convert::Infallible>(Place { layer: 7, block: 1 });
    for number in 0..count {
        let piece = Piece { hash: ChunkHash([number; 32]), raw_bytes: 1000 + u32::from(number) };
        let place = Place { layer: 1, block: 300 + u64::from(number) };
        list.push(piece, place, &mut store).expect("in order");
    }
    list.finish(&mut store).expect("stored")
}

fn entries() -> Vec<(&'static str, Entry)> {
    let entry = |body| {
        let mut entry = Entry::new(body, attributes());
        entry.stamp = Stamp { commit: 5, clock: 1 };
        entry
    };
    let mut linked = entry(Body::File(Stored::Inline(b"x".to_vec())));
    linked.link = Some(LinkMark([0xA5; 16]));
    linked.moved_from = Some(Path::parse(b"a/b").expect("a path"));
    linked.keeps = vec![
        Kept::Theirs { writer: LogKey([0x77; 32]), commit: 4 },
        Kept::Own(Box::new(entry(Body::Directory))),
    ];
    vec![
        ("tombstone", Entry::tombstone()),
        ("inline", entry(Body::File(Stored::Inline(b"hello".to_vec())))),
        ("pieces", entry(Body::File(Stored::Frames(pieces(3))))),
        ("list", entry(Body::File(Stored::Frames(pieces(40))))),
        ("directory", entry(Body::Directory)),
        ("symlink", entry(Body::Symlink(Stored::Inline(b"../x".to_vec())))),
        ("device", entry(Body::CharacterDevice(4, 64))),
        ("kept", linked),
    ]
}

#[test]
fn fuzz_ends_of_invites() {
    let mut target = Target::new("invite-end-row", Form::Bytes, RoundTrip::Exact);
    for (name, seconds) in [("never-was", i64::MIN), ("then", 1_800_000_000)] {
        target = target.seed(name, seconds.to_le_bytes());
    }
    target.run(|row| decode_end(row).map(|end| end.to_le_bytes().to_vec()));
}

#[test]
fn fuzz_entries() {
    let stub = Entry::tombstone().stub(Place { layer: 2, block: 70_000 });
    let mut target = Target::new("entry", Form::Message, RoundTrip::Settled).seed("stub", stub);
    for (name, entry) in entries() {
        target = target.seed(name, entry.encode());
    }
    target.memory(64 << 10, 160).run(|bytes| match Entry::decode(bytes).ok()? {
        Ok(entry) => Some(entry.encode()),
        Err(place) => Some(Entry::tombstone().stub(place)),
    });
}

#[test]
fn fuzz_rows_of_drafts() {
    let mut target = Target::new("draft-row", Form::Message, RoundTrip::Settled);
    for (name, entry) in entries() {
        target = target.seed(name, encode_row(&entry, 3));
    }
    target
        .memory(64 << 10, 160)
        .run(|row| decode_row(row).map(|entry| encode_row(&entry, entry.stamp.clock)));
}

/// What was in view: nothing, and two writers.
fn clocks() -> [(&'static str, Clock); 2] {
    let mut some = Clock::new();
    for writer in [5, 7] {
        let id = CommitId([writer; 32]);
        let mark = CommitMark { number: u64::from(writer), block: 70_000, id };
        some.see(LogKey([writer; 32]), mark);
    }
    [("empty", Clock::new()), ("some", some)]
}

#[test]
fn fuzz_clocks_of_drafts() {
    let mut target = Target::new("draft-clock", Form::Message, RoundTrip::Settled);
    for (name, clock) in clocks() {
        target = target.seed(name, encode_clock(&DraftClock { clock, own: None }));
    }
    target.memory(64 << 10, 64).run(|row| decode_clock(row).map(|seen| encode_clock(&seen)));
}

#[test]
fn fuzz_rows_of_noted_commits() {
    let mut target = Target::new("noted-row", Form::Message, RoundTrip::Settled);
    for (name, clock) in clocks() {
        target = target.seed(name, clock.to_row());
    }
    target.memory(64 << 10, 64).run(|row| Clock::from_row(row).map(|clock| clock.to_row()));
}

#[test]
fn fuzz_rows_of_chunks() {
    let row = |told| proto::DedupRow { log: vec![7; 32], block: 70_000, raw_bytes: 4096, told };
    Target::new("dedup-row", Form::Message, RoundTrip::Settled)
        .seed("own", proto::encode(&row(false)))
        .seed("told", proto::encode(&row(true)))
        .run(|bytes| {
            let (log, row) = decode_dedup_row(bytes)?;
            assert_eq!(row.log, log.0);
            Some(proto::encode(&row))
        });
}

#[test]
fn fuzz_keys_of_an_index() {
    let path = Path::parse(b"a/b/c").expect("a path");
    Target::new("index-key", Form::Bytes, RoundTrip::Settled)
        .seed("root", path_key(&Path::root()))
        .seed("path", path_key(&path))
        .seed("layer", layer_key(7))
        .seed("link", link_key(LinkMark([0xA5; 16]), &path))
        .run(|key| match (key_path(key), key_layer(key)) {
            (Some(path), None) => {
                assert_eq!(path_key(&path), key, "a path has one key");
                Some(key.to_vec())
            }
            (None, Some(layer)) => {
                assert_eq!(layer_key(layer), key, "a layer has one key");
                Some(key.to_vec())
            }
            (None, None) => {
                // The mark is no part of the answer: who asks for names has it.
                let mark = LinkMark(*key.get(3..)?.first_chunk()?);
                key_link(key).map(|name| link_key(mark, &name))
            }
            both => panic!("one key of two things: {both:?}"),
        });
}

#[test]
fn fuzz_settings() {
    let settings = full_settings();
    let public = Settings { access: Access::Public, invitation: None, ..settings.clone() };
    Target::new("settings", Form::Message, RoundTrip::Settled)
        .seed("sealed", settings.encode())
        .seed("public", public.encode())
        .memory(64 << 10, 64)
        .run(|bytes| Settings::decode(bytes).ok().map(|settings| settings.encode()));
}

#[test]
fn fuzz_revisions() {
    Target::new("revision", Form::Text, RoundTrip::Settled)
        .seed("back", "-3")
        .seed("commit", "0123456789abcdef")
        .run(|bytes| {
            let revision: Revision = std::str::from_utf8(bytes).ok()?.parse().ok()?;
            Some(revision.to_string().into_bytes())
        });
}
