//! Keys, rows, envelopes, bodies, tickets.

use expect_test::expect;
use ply_chunk::{CutParams, Level};
use ply_index::{PageRef, Totals, Where};
use ply_log::Signer;
use ply_types::{CommitId, DriveId, LogKey, PageHash, Path, ReadKey, Seed, Timestamp, TreeHash};

use super::check;
use crate::clock::{Clock, CommitMark};
use crate::commit::{Body, ClockRecord, Delta, Envelope, LayerRow};
use crate::entry::LinkMark;
use crate::key::{layer_key, link_key, path_key};
use crate::membership::{Issuer, Role};
use crate::settings::{Access, Cutting, Invitation, Settings};
use crate::ticket::{self, Ticket};

fn mark(number: u64) -> CommitMark {
    let byte = u8::try_from(number).unwrap();
    CommitMark { number, block: number * 100, id: CommitId([byte; 32]) }
}

fn layer(fresh: Option<[u8; 32]>) -> LayerRow {
    LayerRow {
        key: LogKey([1; 32]),
        length: 300,
        bytes: 70_000,
        root: TreeHash([2; 32]),
        sealed: fresh.is_none(),
        fresh,
        signature: vec![4; 64],
    }
}

fn clock(writers: &[u8]) -> Clock {
    let mut clock = Clock::new();
    for &writer in writers {
        clock.see(LogKey([writer; 32]), mark(u64::from(writer)));
    }
    clock
}

#[test]
fn keys() {
    let path = |text: &[u8]| Path::parse(text).unwrap();
    let keys = [
        path_key(&Path::root()),
        path_key(&path(b"name")),
        path_key(&path(b"a/b/c")),
        layer_key(7),
        link_key(LinkMark([0xEE; 16]), &path(b"a/b")),
    ];
    let text: Vec<String> =
        keys.iter().map(|key| String::from_utf8_lossy(key).replace('\0', "·")).collect();
    expect![[r#"
        ··r
        ·name
        a/b·c
        ··l···
        ··h����������������a/b"#]]
    .assert_eq(&text.join("\n"));
}

#[test]
fn rows_of_layers() {
    check(
        &layer(Some([3; 32])).encode(),
        &expect![[r#"
        0a20010101010101010101010101010101010101010101010101010101010101
        010110ac0218f0a2042220020202020202020202020202020202020202020202
        0202020202020202020202322003030303030303030303030303030303030303
        030303030303030303030303033a400404040404040404040404040404040404
        0404040404040404040404040404040404040404040404040404040404040404
        040404040404040404040404040404"#]],
    );
    check(
        &layer(None).encode(),
        &expect![[r#"
        0a20010101010101010101010101010101010101010101010101010101010101
        010110ac0218f0a2042220020202020202020202020202020202020202020202
        020202020202020202020228013a400404040404040404040404040404040404
        0404040404040404040404040404040404040404040404040404040404040404
        040404040404040404040404040404"#]],
    );
    assert_eq!(LayerRow::decode(&layer(None).encode()).unwrap(), layer(None));
}

#[test]
fn envelopes() {
    let envelope = Envelope {
        number: 9,
        count: 3,
        ancestors: vec![mark(8), mark(6)],
        clocks: vec![
            ClockRecord { since: Some(0), components: clock(&[5]) },
            ClockRecord { since: None, components: clock(&[5, 7]) },
        ],
        layers: vec![layer(Some([3; 32]))],
        records: vec![b"record".to_vec()],
    };
    let bytes = envelope.encode();
    check(
        &bytes,
        &expect![[r#"
        080910031a27080810a0061a2008080808080808080808080808080808080808
        080808080808080808080808081a27080610d8041a2006060606060606060606
        06060606060606060606060606060606060606060606224d080112490a200505
        0505050505050505050505050505050505050505050505050505050505051005
        18f4032220050505050505050505050505050505050505050505050505050505
        050505050522960112490a200505050505050505050505050505050505050505
        050505050505050505050505100518f403222005050505050505050505050505
        0505050505050505050505050505050505050512490a20070707070707070707
        0707070707070707070707070707070707070707070707100718bc0522200707
        0707070707070707070707070707070707070707070707070707070707072aaf
        010a200101010101010101010101010101010101010101010101010101010101
        01010110ac0218f0a20422200202020202020202020202020202020202020202
        0202020202020202020202023220030303030303030303030303030303030303
        03030303030303030303030303033a4004040404040404040404040404040404
        0404040404040404040404040404040404040404040404040404040404040404
        0404040404040404040404040404040432067265636f7264"#]],
    );
    assert_eq!(Envelope::decode(&bytes).unwrap(), envelope);
}

#[test]
fn bodies() {
    let delta = Delta::from([
        (b"\0gone".to_vec(), None),
        (b"\0here".to_vec(), Some(b"row".to_vec())),
        (b"\0\0h0123456789abcdefhere".to_vec(), Some(Vec::new())),
    ]);
    let body = Body {
        index: Some(PageRef {
            hash: PageHash([6; 32]),
            place: Where { log: LogKey([7; 32]), block: 12 },
        }),
        delta,
        totals: Totals { count: 3, bytes: 1 << 40 },
        message: "first".to_owned(),
        time: Timestamp { seconds: 1_795_000_000, nanos: 7 },
        program: "ply 0.1.0".to_owned(),
    };
    let bytes = body.encode();
    check(
        &bytes,
        &expect![[r#"
        0a460a2006060606060606060606060606060606060606060606060606060606
        0606060612200707070707070707070707070707070707070707070707070707
        070707070707180c121b0a170000683031323334353637383961626364656668
        657265120012070a0500676f6e65120c0a0500686572651203726f771a090803
        108080808080203a05666972737440809becaf0d48075209706c7920302e312e
        30"#]],
    );
    assert_eq!(Body::decode(&bytes).unwrap(), body);
    check(&Body::default().encode(), &expect!["1a00"]);
}

/// Settings with everything in them.
pub(crate) fn full_settings() -> Settings {
    Settings {
        id: DriveId([1; 32]),
        name: "photos".to_owned(),
        access: Access::Keys(vec![ReadKey::new([2; 32])]),
        drive_secret: Some(Seed::new([3; 32])),
        install_nonce: [4; 32],
        cutting: Cutting::DEFAULT,
        invitation: Some(Invitation { secret: Seed::new([5; 32]), record: b"record".to_vec() }),
        addresses: vec!["/ip4/192.0.2.7/tcp/4001".to_owned()],
        paused: true,
    }
}

#[test]
fn settings() {
    let settings = full_settings();
    let bytes = settings.encode();
    check(
        &bytes,
        &expect![[r#"
        0a20010101010101010101010101010101010101010101010101010101010101
        0101120670686f746f7322200202020202020202020202020202020202020202
        0202020202020202020202022a20030303030303030303030303030303030303
        0303030303030303030303030303322004040404040404040404040404040404
        040404040404040404040404040404043a0e0880800110808004188080102003
        4220050505050505050505050505050505050505050505050505050505050505
        05054a067265636f726452172f6970342f3139322e302e322e372f7463702f34
        3030315801"#]],
    );
    assert_eq!(Settings::decode(&bytes).unwrap(), settings);
}

#[test]
fn tickets() {
    let signer = Signer::new(&Seed::new([1; 32]));
    let id = DriveId(signer.key().0);
    let secret = Seed::new([0xCD; 32]);
    let invite = Issuer::new(&signer, id, &[]).invite(&secret, Role::Writer, 64).unwrap();
    let reads = Ticket::new(id, ticket::Access::Read(ReadKey::new([0xAB; 32])));
    let writes = reads
        .clone()
        .with_addresses(["/ip4/192.0.2.7/udp/4001/quic-v1".to_owned()])
        .with_name("photos")
        .with_invitation(ticket::Invitation::new(secret, invite).unwrap())
        .unwrap();
    for (ticket, text) in [
        (
            Ticket::new(id, ticket::Access::Public),
            expect!["ply1aefcbcui4poxicprsx6vfwznhs5f24wkm4e36hmucin7g5eiag2a6324haa75x4dmq"],
        ),
        (
            Ticket::new(id, ticket::Access::Blind),
            expect!["ply1aefcbcui4poxicprsx6vfwznhs5f24wkm4e36hmucin7g5eiag2a6324i7jypia"],
        ),
        (
            reads,
            expect![
                "ply1aefcbcui4poxicprsx6vfwznhs5f24wkm4e36hmucin7g5eiag2a6324ciqkxk5lvov2xk5lvov2xk5lvov2xk5lvov2xk5lvov2xk5lvov2xk34euyhc"
            ],
        ),
        (
            writes,
            expect![
                "ply1aefcbcui4poxicprsx6vfwznhs5f24wkm4e36hmucin7g5eiag2a6324ciqkxk5lvov2xk5lvov2xk5lvov2xk5lvov2xk5lvov2xk5lvov2xky2edg43tonzxg43tonzxg43tonzxg43tonzxg43tonzxg43tonzxg42ivoaefeqcrarkeohxlubhyzl7ks3mwtzos5olfgocn7dwkbeg7toseadnapn5ocejaked6ji5zq6splafbhuzxakbztffgz4uqokrohujyslj4amnhaqyfcogcaciqivchd3v2at4mv7vjnwlj4xjoxfsthbg7r3fasdpzxjcabwqhw6xa2ib2obezmaeo2se7756y36j3tdhf4xe6kfw2vv7umd4slfpnzhc2iq2tvqgjgfrm7wze2ayjnr7ieklt3csavrtx2rsl3wbdjbcjjmkadfips62lqgqxtcojsfyyc4mrog4xxkzdqf42dambrf5yxk2ldfv3dcmqgobug65dpoowcvzej"
            ],
        ),
        (
            Ticket::new(id, ticket::Access::Public).with_cutting(Cutting {
                chunk: CutParams::new(4096, 16_384, 65_536).unwrap(),
                level: Level::new(9).unwrap(),
            }),
            expect![
                "ply1aefcbcui4poxicprsx6vfwznhs5f24wkm4e36hmucin7g5eiag2a6324haauediiqaqbbaeaaemibaaeeaewgjydz4"
            ],
        ),
    ] {
        text.assert_eq(&ticket.to_string());
        assert_eq!(ticket.to_string().parse::<Ticket>().unwrap(), ticket);
    }
}
