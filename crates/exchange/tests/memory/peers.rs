//! Each kind of hostile peer: it is dropped, and costs no more than any peer may.

use std::time::Duration;

use futures::AsyncWriteExt;
use ply_exchange::{PEER_MEMORY_MAX, RunError, Side};
use ply_proto::{self as proto, message::What};
use ply_sync::SessionError;
use ply_types::Fault;
use tokio::io::duplex;
use tokio::time::sleep;
use tokio_util::compat::TokioAsyncReadCompatExt;

use crate::counted::Meter;
use crate::villain::{VILLAIN, Villain, get, serves_others, victim};
use crate::world::{Node, STREAM_BYTES, meet, noise};

/// Fails if a peer cost more than it may; `most` is what this kind is expected to cost.
fn cost(who: &str, meter: &Meter, most: usize) {
    let peak = meter.most();
    println!("{who}: {} KiB of {} KiB", peak >> 10, most >> 10);
    assert!(most <= PEER_MEMORY_MAX);
    assert!(peak <= most, "{who} cost {peak} bytes, more than {most}");
}

/// A villain that a node bears with for a short time only.
fn hurried(victim: &Node) -> Villain {
    let (mine, theirs) = duplex(STREAM_BYTES);
    let (pace, stall) = (Duration::from_secs(5), Duration::from_secs(1));
    let exchange = victim.exchange.clone().with_pace(pace).with_stall(stall);
    let me = victim.peer;
    let ended =
        tokio::spawn(async move { exchange.run(mine.compat(), me, VILLAIN, Side::Answerer).await });
    Villain { stream: theirs.compat(), ended }
}

/// What a peer costs that is dropped at its first wrong word: a message or two.
const ONE_WORD: usize = 8 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn law_8_garbage_costs_a_message() {
    let _alone = Meter::alone().await;
    let victim = victim().await;
    let member = Node::reader(2, &victim);
    let garbage = noise(7, 1 << 20);
    let meter = Meter::start();
    for round in 0..40_usize {
        let mut villain = Villain::at(&victim);
        let is_member = round % 2 == 0;
        if is_member {
            villain.greet(&member, &victim).await;
        }
        let length = if is_member { garbage.len() - round } else { (500 << 10) - round };
        // The rest may find nobody who reads it.
        drop(villain.say(&garbage[..length]).await);
        assert_eq!(villain.end().await.fault(), Fault::Peer, "round {round}");
    }
    cost("garbage", &meter, ONE_WORD);
    serves_others(&victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_a_length_beyond_all_bounds_costs_nothing() {
    let _alone = Meter::alone().await;
    let victim = victim().await;
    let member = Node::reader(2, &victim);
    let meter = Meter::start();
    for length in [u32::MAX, 1 << 30, 2 << 20] {
        for is_member in [false, true] {
            let mut villain = Villain::at(&victim);
            if is_member {
                villain.greet(&member, &victim).await;
            }
            villain.stream.write_all(&length.to_le_bytes()).await.unwrap();
            let error = villain.end().await;
            assert!(matches!(&error, RunError::Stream(_)), "{error}");
            assert_eq!(error.fault(), Fault::Peer);
        }
    }
    cost("oversized lengths", &meter, 2 << 20);
    serves_others(&victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_a_message_of_empty_messages_costs_a_message() {
    let _alone = Meter::alone().await;
    let victim = victim().await;
    let member = Node::reader(2, &victim);
    let commits = vec![proto::Blocks::default(); (1 << 19) - 64];
    let writers = vec![proto::WriterHead { commits, ..proto::WriterHead::default() }];
    let news = What::News(proto::News { writers, ..proto::News::default() });
    let dense = proto::encode(&proto::Message { what: Some(news) });
    let meter = Meter::start();
    for _ in 0..10 {
        let mut villain = Villain::at(&victim);
        villain.greet(&member, &victim).await;
        drop(villain.say(&dense).await);
        assert_eq!(villain.end().await.fault(), Fault::Peer);
    }
    cost("empty messages", &meter, ONE_WORD);
    serves_others(&victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_false_have_maps_cost_little() {
    let _alone = Meter::alone().await;
    let victim = victim().await;
    let member = Node::reader(2, &victim);
    let mark = |number: u64| proto::HeadMark {
        log: noise(u32::try_from(number).unwrap(), 32),
        length: u64::MAX,
        root: 7,
    };
    let heads: Vec<proto::HeadMark> = (0..4096).map(mark).collect();
    let say = |heads: &[proto::HeadMark]| {
        let summary =
            proto::Summary { heads: heads.to_vec(), request: 5, ..proto::Summary::default() };
        proto::encode(&proto::Message { what: Some(What::Summary(summary)) })
    };
    let (claims, too_many) = (say(&heads), say(&[heads.as_slice(), &heads[..1]].concat()));
    drop(heads);
    let meter = Meter::start();
    let mut villain = Villain::at(&victim);
    villain.greet(&member, &victim).await;
    let mut told = 0;
    // Nothing is read meanwhile.
    while villain.say(&claims).await.is_ok() {
        told += 1;
        assert!(told < 10_000, "no flood is taken for ever");
    }
    let error = villain.end().await;
    assert!(matches!(&error, RunError::Session(SessionError::TooMuch { .. })), "{error}");
    let mut villain = Villain::at(&victim);
    villain.greet(&member, &victim).await;
    drop(villain.say(&too_many).await);
    let error = villain.end().await;
    assert!(matches!(&error, RunError::Session(SessionError::TooMuch { .. })), "{error}");
    cost("false have-maps", &meter, ONE_WORD);
    serves_others(&victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_forged_heads_cost_little() {
    let _alone = Meter::alone().await;
    let victim = victim().await;
    let member = Node::reader(2, &victim);
    // Nothing is signed before somebody was met.
    let sessions = meet(&member, &victim).await;
    member.exchange.stop(&member.id(), None);
    for session in sessions {
        drop(session.await.unwrap());
    }
    let log = victim.replica.writer_key();
    let signed = victim.replica.signed_head(&log).unwrap().expect("a head");
    let meter = Meter::start();
    for byte in 0..signed.to_bytes().len() {
        let mut head = signed;
        head.head.length += 1 + u64::try_from(byte).unwrap();
        let writer = proto::WriterHead { head: head.to_bytes().to_vec(), commits: Vec::new() };
        let mut villain = Villain::at(&victim);
        villain.greet(&member, &victim).await;
        let writers = vec![writer; 64];
        drop(villain.tell(What::News(proto::News { writers, ..proto::News::default() })).await);
        assert_eq!(villain.end().await.fault(), Fault::Peer, "{byte}");
    }
    cost("forged heads", &meter, ONE_WORD);
    serves_others(&victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_who_asks_and_never_reads_costs_a_few_messages() {
    let _alone = Meter::alone().await;
    let victim = victim().await;
    let member = Node::reader(2, &victim);
    let meter = Meter::start();
    let mut villain = hurried(&victim);
    villain.greet(&member, &victim).await;
    for request in 1..=60 {
        villain.tell(get(&victim, request)).await.unwrap();
    }
    let error = villain.ended.await.unwrap().expect_err("it must not wait for ever");
    assert!(matches!(&error, RunError::Stalled), "{error}");
    cost("never reads", &meter, ONE_WORD);
    serves_others(&victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_a_flood_of_requests_costs_little() {
    let _alone = Meter::alone().await;
    let victim = victim().await;
    let member = Node::reader(2, &victim);
    let log = victim.replica.layers().unwrap().0[0].log.0.to_vec();
    let spans = vec![proto::Span { start: 0, end: 1, within: 0 }; 4096];
    let many = What::Get(proto::Get { request: 7, log, spans, length: 0 });
    let many = proto::encode(&proto::Message { what: Some(many) });
    let meter = Meter::start();
    let mut villain = Villain::at(&victim);
    villain.greet(&member, &victim).await;
    let mut asked = 0;
    while villain.say(&many).await.is_ok() {
        asked += 1;
        assert!(asked < 10_000, "no flood is taken for ever");
    }
    let error = villain.end().await;
    assert!(matches!(&error, RunError::Session(SessionError::TooMuch { .. })), "{error}");
    cost("a flood of requests", &meter, 2 * ONE_WORD);
    serves_others(&victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_many_that_send_a_byte_now_and_then_cost_a_message_each() {
    const PEERS: usize = 8;
    let _alone = Meter::alone().await;
    let victim = victim().await;
    let member = Node::reader(2, &victim);
    let meter = Meter::start();
    let mut dripping = Vec::new();
    for _ in 0..PEERS {
        let mut villain = hurried(&victim);
        villain.greet(&member, &victim).await;
        // A message of a mebibyte, if it ever came.
        villain.stream.write_all(&[0, 0, 0x10, 0]).await.unwrap();
        dripping.push(tokio::spawn(async move {
            while villain.stream.write_all(&[0]).await.is_ok() {
                sleep(Duration::from_millis(5)).await;
            }
            villain.end().await
        }));
    }
    for villain in dripping {
        let error = villain.await.unwrap();
        assert!(matches!(&error, RunError::Slow), "{error}");
    }
    cost("slow senders, eight at once", &meter, PEERS * (2 << 20));
    serves_others(&victim).await;
}
