//! An entry of each kind, with everything that an entry can have.

use expect_test::{Expect, expect};
use ply_chunk::{Content, ListBuilder, Piece, Place};
use ply_types::{ChunkHash, LogKey, Path, Timestamp};

use super::check;
use crate::entry::{Attributes, Body, Entry, Kept, LinkMark, Stamp, Stored};

fn attributes() -> Attributes {
    Attributes {
        mode: 0o4755,
        uid: 1000,
        gid: 100,
        mtime: Timestamp { seconds: -1, nanos: 999_999_999 },
        xattrs: vec![(b"user.a".to_vec(), b"1".to_vec()), (b"user.b".to_vec(), Vec::new())],
    }
}

fn piece(number: u8) -> (Piece, Place) {
    let piece = Piece { hash: ChunkHash([number; 32]), raw_bytes: 1000 + u32::from(number) };
    (piece, Place { layer: u32::from(number % 2), block: 300 + u64::from(number) })
}

fn pieces(count: u8) -> Content {
    let mut list = ListBuilder::new();
    let mut block = 0;
    let mut store = |_: &[u8]| {
        block += 1;
        Ok::<_, std::convert::Infallible>(Place { layer: 7, block })
    };
    for number in 0..count {
        let (piece, place) = piece(number);
        list.push(piece, place, &mut store).unwrap();
    }
    list.finish(&mut store).unwrap()
}

fn entry(body: Body) -> Entry {
    let mut entry = Entry::new(body, attributes());
    entry.stamp = Stamp { commit: 5, clock: 1 };
    entry
}

fn golden(entry: &Entry, vector: &Expect) {
    let bytes = entry.encode();
    check(&bytes, vector);
    assert_eq!(Entry::decode(&bytes).unwrap(), Ok(entry.clone()));
}

#[test]
fn files() {
    golden(
        &entry(Body::File(Stored::Inline(b"hello".to_vec()))),
        &expect![[r#"
        080110ed1318e8072064280130ff93ebdc033805420568656c6c6f82010b0a06
        757365722e611201318201080a06757365722e62980105a00101"#]],
    );
    golden(
        &entry(Body::File(Stored::Frames(Content::Empty))),
        &expect![[r#"
        080110ed1318e8072064280130ff93ebdc0382010b0a06757365722e61120131
        8201080a06757365722e62980105a00101"#]],
    );
    golden(
        &entry(Body::File(Stored::Frames(pieces(1)))),
        &expect![[r#"
        080110ed1318e8072064280130ff93ebdc0338e8074a26010000000000000000
        000000000000000000000000000000000000000000000000e80700d80482010b
        0a06757365722e611201318201080a06757365722e62980105a00101"#]],
    );
    golden(
        &entry(Body::File(Stored::Frames(pieces(3)))),
        &expect![[r#"
        080110ed1318e8072064280130ff93ebdc0338bb174a6f020300000000000000
        00000000000000000000000000000000000000000000000000e80700d8040101
        010101010101010101010101010101010101010101010101010101010101e907
        0100020202020202020202020202020202020202020202020202020202020202
        0202ea07000082010b0a06757365722e611201318201080a06757365722e6298
        0105a00101"#]],
    );
    golden(
        &entry(Body::File(Stored::Frames(pieces(40)))),
        &expect![[r#"
        080110ed1318e8072064280130ff93ebdc0338ccbe024a2803002856c97e4268
        380316be3d124733d0aefab09f260056b9c6530dda46d0d739dc63ccbe020702
        82010b0a06757365722e611201318201080a06757365722e62980105a00101"#]],
    );
}

#[test]
fn everything_else() {
    golden(
        &entry(Body::Directory),
        &expect![[r#"
        080210ed1318e8072064280130ff93ebdc0382010b0a06757365722e61120131
        8201080a06757365722e62980105a00101"#]],
    );
    golden(
        &entry(Body::Symlink(Stored::Inline(b"../x".to_vec()))),
        &expect![[r#"
        080310ed1318e8072064280130ff93ebdc03380442042e2e2f7882010b0a0675
        7365722e611201318201080a06757365722e62980105a00101"#]],
    );
    golden(
        &entry(Body::Fifo),
        &expect![[r#"
        080410ed1318e8072064280130ff93ebdc0382010b0a06757365722e61120131
        8201080a06757365722e62980105a00101"#]],
    );
    golden(
        &entry(Body::Socket),
        &expect![[r#"
        080710ed1318e8072064280130ff93ebdc0382010b0a06757365722e61120131
        8201080a06757365722e62980105a00101"#]],
    );
    golden(
        &entry(Body::CharacterDevice(4, 64)),
        &expect![[r#"
        080510ed1318e8072064280130ff93ebdc037004784082010b0a06757365722e
        611201318201080a06757365722e62980105a00101"#]],
    );
    golden(
        &entry(Body::BlockDevice(8, 1)),
        &expect![[r#"
        080610ed1318e8072064280130ff93ebdc037008780182010b0a06757365722e
        611201318201080a06757365722e62980105a00101"#]],
    );
    let mut tombstone = Entry::tombstone();
    tombstone.stamp = Stamp { commit: 9, clock: 0 };
    golden(&tombstone, &expect!["980109"]);
}

#[test]
fn links_and_what_was_left_standing() {
    let mut linked = entry(Body::File(Stored::Inline(b"x".to_vec())));
    linked.attributes = Attributes::default();
    linked.link = Some(LinkMark([0xA5; 16]));
    linked.moved_from = Some(Path::parse(b"a/b").unwrap());
    let mut own = Entry::new(Body::File(Stored::Inline(b"y".to_vec())), Attributes::default());
    own.stamp = Stamp { commit: 3, clock: 0 };
    linked.keeps =
        vec![Kept::Theirs { writer: LogKey([0x77; 32]), commit: 4 }, Kept::Own(Box::new(own))];
    golden(
        &linked,
        &expect![[r#"
        08013801420178920110a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5980105a00101
        aa01240a20777777777777777777777777777777777777777777777777777777
        77777777771004aa010c1a0a08013801420179980103b201042f612f62"#]],
    );
}

#[test]
fn stubs() {
    let place = Place { layer: 2, block: 70_000 };
    let stub = entry(Body::File(Stored::Frames(pieces(3)))).stub(place);
    check(&stub, &expect!["080138bb178a0106080210f0a204980105a00101"]);
    assert_eq!(Entry::decode(&stub).unwrap(), Err(place));
}
