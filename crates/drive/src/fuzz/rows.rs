//! Rows: of an index, of a draft, of this node's own drives.

use ply_chunk::{Content, ListBuilder, Piece, Place};
use ply_fuzz::{Form, RoundTrip, Target};
use ply_proto as proto;
use ply_types::{ChunkHash, LogKey, Path, Timestamp};

use crate::draft::encode_row;
use crate::entry::{Attributes, Body, Entry, Kept, LinkMark, Stamp, Stored};
use crate::golden::parts::full_settings;
use crate::replica::Revision;
use crate::settings::{Access, Settings};

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
    target.memory(64 << 10, 160).run(|bytes| {
        let row: proto::DraftRow = proto::decode("draft row", 1 << 20, bytes).ok()?;
        let entry = Entry::from_proto(&row.entry?).ok()?;
        Some(encode_row(&entry, row.clock))
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
