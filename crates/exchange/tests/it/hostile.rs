//! Peers that mean no good. Each costs little and is dropped; others are served meanwhile.

use futures::{AsyncReadExt, AsyncWriteExt};
use ply_drive::Want;
use ply_exchange::{RunError, Side};
use ply_proto::{self as proto, message::What};
use ply_sync::{Output, Session, SessionError};
use ply_types::{Fault, Time};
use tokio_util::compat::TokioAsyncReadCompatExt;

use crate::villain::{VILLAIN, Villain, get, serves_others, victim};
use crate::world::{Node, STREAM_BYTES, meet, noise, path, until};

#[tokio::test(flavor = "multi_thread")]
async fn law_8_garbage_ends_the_session() {
    let victim = victim().await;
    for round in 0..50_u32 {
        let mut villain = Villain::at(&victim);
        let length = usize::try_from(round).unwrap() * 37 + 1;
        villain.say(&noise(round, length)).await.unwrap();
        assert_eq!(villain.end().await.fault(), Fault::Peer, "round {round}");
    }
    // And from one who knows the drive.
    let member = Node::reader(2, &victim);
    for round in 0..50_u32 {
        let mut villain = Villain::at(&victim);
        villain.greet(&member, &victim).await;
        villain.say(&noise(round, 100)).await.unwrap();
        assert_eq!(villain.end().await.fault(), Fault::Peer, "round {round}");
    }
    serves_others(&victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_a_length_beyond_all_bounds_is_refused_before_anything_is_read() {
    let victim = victim().await;
    for length in [u32::MAX, 1 << 30, 2 << 20] {
        let mut villain = Villain::at(&victim);
        villain.stream.write_all(&length.to_le_bytes()).await.unwrap();
        let error = villain.end().await;
        assert!(matches!(&error, RunError::Stream(_)), "{error}");
        assert_eq!(error.fault(), Fault::Peer);
    }
    serves_others(&victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn law_7_a_forged_head_is_refused_and_not_stored() {
    let victim = victim().await;
    let member = Node::reader(2, &victim);
    member.put("of the member", b"makes it a writer").await;
    let sessions = meet(&member, &victim).await;
    let log = member.replica.writer_key();
    let length = |node: &Node| node.replica.known_length(&log).unwrap();
    until(|| 0 < length(&member) && length(&victim) == length(&member)).await;
    member.exchange.stop(&member.id(), None);
    for session in sessions {
        drop(session.await.unwrap());
    }
    let signed = member.replica.signed_head(&log).unwrap().expect("a head");
    let known = victim.replica.known_length(&log).unwrap();
    assert_eq!(known, signed.head.length, "it was told");
    for byte in 0..signed.to_bytes().len() {
        let mut head = signed;
        head.head.length += 1 + u64::try_from(byte).unwrap();
        let mut head = head.to_bytes();
        head[byte] ^= 0x40;
        let mut villain = Villain::at(&victim);
        villain.greet(&member, &victim).await;
        let writers = vec![proto::WriterHead { head: head.to_vec(), commits: Vec::new() }];
        villain.tell(What::News(proto::News { writers, ..proto::News::default() })).await.unwrap();
        // What is of no writer at all is passed over: then what follows ends it.
        drop(villain.say(b"the end").await);
        assert_eq!(villain.end().await.fault(), Fault::Peer, "byte {byte}");
        assert_eq!(victim.replica.known_length(&log).unwrap(), known, "byte {byte}");
    }
    serves_others(&victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_a_summary_that_claims_everything_changes_nothing() {
    let victim = victim().await;
    let member = Node::reader(2, &victim);
    let mut villain = Villain::at(&victim);
    villain.greet(&member, &victim).await;
    let mark = |log: [u8; 32]| proto::HeadMark {
        log: log.to_vec(),
        length: u64::MAX,
        ..proto::HeadMark::default()
    };
    let heads = vec![mark(victim.replica.writer_key().0), mark([7; 32])];
    let summary = proto::Summary { heads, request: 5, ..proto::Summary::default() };
    villain.tell(What::Summary(summary.clone())).await.unwrap();
    let heads = summary.heads.iter().cycle().take(5000).cloned().collect();
    villain.tell(What::Summary(proto::Summary { heads, ..summary })).await.unwrap();
    let error = villain.end().await;
    assert!(matches!(&error, RunError::Session(SessionError::TooMuch { .. })), "{error}");
    serves_others(&victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_a_flood_of_requests_is_cut_off() {
    let victim = victim().await;
    let member = Node::reader(2, &victim);
    let mut villain = Villain::at(&victim);
    villain.greet(&member, &victim).await;
    let mut asked = 0;
    // Nothing is read meanwhile, so nothing can be answered.
    while villain.tell(get(&victim, 1 + asked)).await.is_ok() {
        asked += 1;
        assert!(asked < 10_000, "no flood is taken for ever");
    }
    println!("dropped after {asked} requests");
    let error = villain.end().await;
    assert!(matches!(&error, RunError::Session(SessionError::TooMuch { .. })), "{error}");
    serves_others(&victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_who_never_reads_is_dropped_and_costs_a_few_messages() {
    let victim = victim().await;
    let patient = victim.exchange.clone();
    let impatient = patient.with_stall(std::time::Duration::from_secs(2));
    let member = Node::reader(2, &victim);
    let (mine, theirs) = tokio::io::duplex(STREAM_BYTES);
    let me = victim.peer;
    let exchange = impatient.clone();
    let ended =
        tokio::spawn(async move { exchange.run(mine.compat(), me, VILLAIN, Side::Answerer).await });
    let mut villain = Villain { stream: theirs.compat(), ended };
    villain.greet(&member, &victim).await;
    villain.tell(get(&victim, 1)).await.unwrap();
    let error = villain.ended.await.unwrap().expect_err("it must not wait for ever");
    assert!(matches!(&error, RunError::Stalled), "{error}");
    // What lies in the stream is all that left the node: the rest was never made.
    let mut lying = Vec::new();
    villain.stream.read_to_end(&mut lying).await.unwrap();
    assert!(lying.len() <= STREAM_BYTES, "{} bytes", lying.len());
    serves_others(&victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn law_1_wrong_blocks_are_not_stored_and_an_honest_peer_is_asked() {
    let victim = victim().await;
    let reader = Node::reader(3, &victim);
    // The villain answers the reader's question with blocks that it made up.
    let (mine, theirs) = tokio::io::duplex(STREAM_BYTES);
    let running = reader.run(mine, VILLAIN, Side::Opener(reader.id()));
    let mut villain = Villain { stream: theirs.compat(), ended: running };
    let hello = villain.hear().await.unwrap();
    let drives = [std::sync::Arc::clone(&victim.replica)];
    let now = Time::default();
    let mut session = Session::answer(&hello, &drives, VILLAIN, reader.peer, [4; 32], now).unwrap();
    let asking = {
        let drive = reader.drive.clone();
        tokio::spawn(async move { drive.read(&path("file")).await })
    };
    let mut lied = 0;
    let error = loop {
        while let Some(output) = session.poll().unwrap() {
            let Output::Send(message) = output else { continue };
            let mut message: proto::Message =
                proto::decode("message", message.len(), &message).unwrap();
            if let Some(What::Blocks(run)) = &mut message.what {
                for block in &mut run.blocks {
                    *block = vec![0xbb; block.len()].into();
                    lied += 1;
                }
            }
            drop(villain.say(&proto::encode(&message)).await);
        }
        match villain.hear().await {
            Ok(message) => session.handle(&message, now).unwrap(),
            Err(_) => break villain.end().await,
        }
    };
    assert_eq!(error.fault(), Fault::Peer, "{error}");
    assert!(0 < lied);
    drop(asking.await.unwrap());
    let _sessions = meet(&reader, &victim).await;
    assert_eq!(reader.drive.read(&path("file")).await.unwrap(), noise(4, 3_000_000));
    let remote = reader.exchange.remote(reader.id(), crate::world::PATIENCE);
    remote.fetch(Want::Everything).await.unwrap();
}
