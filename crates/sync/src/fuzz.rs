//! Changed messages of a session.

use bytes::Bytes;
use ply_fuzz::{Form, RoundTrip, Target};
use ply_log::{Head, Signer};
use ply_proto::{self as proto, message::What, resolve_path::Want};
use ply_types::{Seed, TreeHash};

use crate::gossip;
use crate::message::{VERSION, decode, encode, peek_hello};
use crate::session::parse_question;

fn hello() -> What {
    What::Hello(proto::Hello {
        version: VERSION,
        nonce: vec![1; 32],
        proof: vec![2; 32],
        first: vec![3; 70],
    })
}

fn run() -> proto::Blocks {
    proto::Blocks {
        request: 3,
        log: vec![4; 32],
        start: 7,
        blocks: vec![Bytes::from_static(b"one"), Bytes::from_static(b"")],
        within: 0,
        length: 13,
        bytes: 3,
        root: vec![5; 32],
        uncles: vec![proto::ProofNode { hash: vec![6; 32], bytes: 9 }],
    }
}

fn summary() -> proto::Summary {
    proto::Summary {
        state: vec![7; 32],
        membership: vec![8; 32],
        heads: vec![proto::HeadMark { log: vec![4; 32], length: 13, root: 17 }],
        request: 2,
    }
}

fn messages() -> Vec<(&'static str, What)> {
    let news = proto::News {
        state: vec![7; 32],
        writers: vec![proto::WriterHead { head: vec![9; 144], commits: vec![run()] }],
        records: vec![b"record".to_vec()],
        forks: vec![b"fork".to_vec()],
        content: vec![run()],
        more: true,
        membership: vec![8; 32],
    };
    let spans = vec![proto::Span { start: 1, end: 4, within: 0 }];
    vec![
        ("hello", hello()),
        (
            "welcome",
            What::Welcome(proto::Welcome {
                version: VERSION,
                nonce: vec![1; 32],
                proof: vec![2; 32],
            }),
        ),
        ("summary", What::Summary(summary())),
        ("news", What::News(news)),
        (
            "resolve",
            What::Resolve(proto::Resolve {
                request: 5,
                path: b"sealed".to_vec(),
                summary: Some(summary()),
            }),
        ),
        ("get", What::Get(proto::Get { request: 6, log: vec![4; 32], spans, length: 13 })),
        ("blocks", What::Blocks(run())),
        ("done", What::Done(proto::Done { request: 6, outcome: 1 })),
        ("cancel", What::Cancel(proto::Cancel { request: 6 })),
    ]
}

#[test]
fn fuzz_messages_of_sessions() {
    let mut target = Target::new("session-message", Form::Message, RoundTrip::Settled);
    for (name, what) in messages() {
        target = target.seed(name, encode(what));
    }
    target.memory(64 << 10, 64).run(|bytes| decode(bytes).ok().map(encode));
}

#[test]
fn fuzz_first_messages() {
    let target = Target::new("hello", Form::Message, RoundTrip::Settled);
    target
        .seed("hello", encode(hello()))
        .memory(64 << 10, 64)
        .run(|bytes| peek_hello(bytes).ok().map(|hello| encode(What::Hello(hello))));
}

#[test]
fn fuzz_announcements() {
    let heads = |count: u64| {
        let signer = Signer::new(&Seed::new([5; 32]));
        let head = |length| Head { log: signer.key(), length, bytes: 9, root: TreeHash([3; 32]) };
        let sign = |length| head(length).sign(&signer).expect("its own log");
        let heads = (1..=count).map(|length| sign(length).signed().to_bytes().to_vec());
        proto::encode(&proto::Gossip { heads: heads.collect() })
    };
    Target::new("announcement", Form::Message, RoundTrip::Settled)
        .seed("one", heads(1))
        .seed("several", heads(6))
        .run(|opened| {
            let heads = gossip::parse(opened).ok()?;
            for head in &heads {
                // Whether it holds or not: no panic.
                let _whatever = head.verify();
            }
            let heads = heads.iter().map(|head| head.to_bytes().to_vec()).collect();
            Some(proto::encode(&proto::Gossip { heads }))
        });
}

#[test]
fn fuzz_questions() {
    let question = |want: Want| {
        let mut question = proto::ResolvePath {
            path: b"folder/file".to_vec(),
            offset: 5,
            bytes: 4096,
            known: vec![1, u64::MAX],
            trees: vec![proto::HeadMark { log: vec![4; 32], length: 13, root: 17 }],
            ..proto::ResolvePath::default()
        };
        question.set_want(want);
        proto::encode(&question)
    };
    Target::new("question", Form::Message, RoundTrip::Settled)
        .seed("stat", question(Want::Stat))
        .seed("list", question(Want::List))
        .seed("data", question(Want::Data))
        .seed("tree", question(Want::Tree))
        .run(|opened| parse_question(opened).ok().map(|(question, _)| proto::encode(&question)));
}
