//! Law 8: peers that send one message after another and take none back. What they cost is bounded,
//! whatever they send, and the others on this node notice nothing.

use std::sync::Arc;

use allocation_counter::measure;
use bytes::Bytes;
use ply_drive::Want;
use ply_engine::MemoryEngine;
use ply_fuzz::Dice;
use ply_proto::{self as proto, message::What};
use ply_sync::{Failure, Output, Peer, Session, SessionError};
use ply_types::Time;

use crate::sparse::noise;
use crate::world::{Node, Wire, sealed};

/// Memory that a session may hold for a peer that floods it: blocks that are not stored yet, and as much
/// again for all that waits besides.
const FLOODED_BYTES_MAX: u64 = 2 * (16 << 20);
/// Messages of a flood.
const FLOOD: u64 = 4000;

/// A session of `victim` with somebody who knows the drive.
pub(crate) fn session(victim: &Node, member: &Node) -> Session<MemoryEngine> {
    let (me, them) = (Peer([victim.name; 32]), Peer([member.name; 32]));
    let now = Time::default();
    let replica = Arc::clone(&member.replica);
    let mut opener = Session::open(replica, them, me, [1; 32], now).unwrap();
    let Some(Output::Send(hello)) = opener.poll().unwrap() else { panic!("no hello") };
    let drives = [Arc::clone(&victim.replica)];
    let mut session = Session::answer(&hello, &drives, me, them, [2; 32], now).unwrap();
    drain(&mut session);
    session
}

/// Everything that it has to say.
fn drain(session: &mut Session<MemoryEngine>) -> Vec<Vec<u8>> {
    let mut said = Vec::new();
    while let Some(output) = session.poll().unwrap() {
        if let Output::Send(message) = output {
            said.push(message);
        }
    }
    said
}

fn encode(what: What) -> Vec<u8> {
    proto::encode(&proto::Message { what: Some(what) })
}

/// Sends many messages while one waits to be sent, as a driver does whose peer does not read. The most
/// memory that was held meanwhile, and how it ended.
fn flood(
    session: &mut Session<MemoryEngine>,
    mut message: impl FnMut(u64) -> What,
) -> (u64, Result<(), SessionError>) {
    let mut result = Ok(());
    let taken = measure(|| {
        for number in 1..=FLOOD {
            let bytes = encode(message(number));
            result = session.handle(&bytes, Time::default()).and_then(|()| {
                if let Some(Output::Send(message)) = session.poll()? {
                    session.unsend(message);
                }
                Ok(())
            });
            if result.is_err() {
                return;
            }
        }
    });
    println!("{} bytes at most, {result:?}", taken.bytes_max);
    (taken.bytes_max, result)
}

/// A node whose newest commit is long, and one that joined.
fn nodes() -> (Node, Node) {
    let victim = Node::owner(1, sealed());
    for number in 0..400 {
        victim.put(&format!("file {number}"), &noise(number, 100));
    }
    victim.commit();
    let member = Node::joined(2, victim.share());
    (victim, member)
}

#[test]
fn law_8_a_flood_of_summaries_costs_little_and_ends() {
    let (victim, member) = nodes();
    let mut session = session(&victim, &member);
    let (taken, result) = flood(&mut session, |request| {
        What::Summary(proto::Summary { request, ..proto::Summary::default() })
    });
    assert!(taken < FLOODED_BYTES_MAX, "{taken} bytes");
    assert!(matches!(result, Err(SessionError::TooMuch { .. })), "{result:?}");
}

#[test]
fn law_8_a_flood_of_summaries_that_want_no_answer_costs_little() {
    let (victim, member) = nodes();
    let mut session = session(&victim, &member);
    let (taken, _) = flood(&mut session, |_| What::Summary(proto::Summary::default()));
    assert!(taken < FLOODED_BYTES_MAX, "{taken} bytes");
}

#[test]
fn law_8_a_head_told_again_and_again_without_its_commit_is_asked_for_once() {
    let (victim, member) = nodes();
    Wire::connect(&member, &victim).ask(0, Want::Everything).unwrap();
    let mut session = session(&member, &victim);
    victim.put_commit("more", b"of it");
    let head = victim.replica.signed_head(&victim.key()).unwrap().unwrap().to_bytes().to_vec();
    let (taken, _) = flood(&mut session, |_| {
        let writers = vec![proto::WriterHead { head: head.clone(), commits: Vec::new() }];
        What::News(proto::News { writers, ..proto::News::default() })
    });
    assert!(taken < FLOODED_BYTES_MAX, "{taken} bytes");
    let asked = drain(&mut session).len();
    assert!(asked <= 2, "{asked} messages ask for it");
}

#[test]
fn law_8_an_answer_of_nothing_but_proofs_is_not_collected_for_ever() {
    let (victim, member) = nodes();
    let mut session = session(&member, &victim);
    let want = Want::Blocks { log: victim.key(), blocks: 0..5 };
    let request = session.request(want, Time::default()).unwrap().0;
    let uncles = vec![proto::ProofNode { hash: vec![7; 32], bytes: 1 }; 2000];
    let (taken, result) = flood(&mut session, |_| {
        What::Blocks(proto::Blocks {
            request,
            log: victim.key().0.to_vec(),
            blocks: vec![Bytes::new(); 100],
            root: vec![9; 32],
            length: 77,
            uncles: uncles.clone(),
            ..proto::Blocks::default()
        })
    });
    assert!(taken < FLOODED_BYTES_MAX, "{taken} bytes");
    assert!(matches!(result, Err(SessionError::TooMuch { .. })), "{result:?}");
}

#[test]
fn law_8_requests_of_many_parts_are_refused_before_they_take_much() {
    let (victim, member) = nodes();
    let mut session = session(&victim, &member);
    let (layers, _) = victim.replica.layers().unwrap();
    let log = layers.first().map_or(victim.key(), |layer| layer.log).0.to_vec();
    let spans = vec![proto::Span { start: 0, end: 1, within: 0 }; 4096];
    let (taken, result) = flood(&mut session, |request| {
        What::Get(proto::Get { request, log: log.clone(), spans: spans.clone(), length: 0 })
    });
    assert!(taken < FLOODED_BYTES_MAX / 4, "{taken} bytes");
    assert!(matches!(result, Err(SessionError::TooMuch { .. })), "{result:?}");
}

#[test]
fn what_is_not_held_is_said_at_once() {
    let (victim, member) = nodes();
    let mut wire = Wire::connect(&member, &victim);
    let want = Want::Blocks { log: victim.key(), blocks: 100..104 };
    assert_eq!(wire.ask(0, want), Err(Failure::NoSource));
}

#[test]
fn law_8_news_of_many_long_commits_comes_in_messages_that_are_taken() {
    let owner = Node::owner(1, sealed());
    let writers: Vec<Node> = (2..30).map(|name| Node::joined(name, owner.share())).collect();
    for writer in &writers {
        let mut dice = Dice::new(u64::from(writer.name));
        for number in 0..240 {
            let content: Vec<u8> = (0..180).map(|_| dice.byte()).collect();
            writer.put(&format!("{number} of {}", writer.name), &content);
        }
        writer.commit();
        Wire::connect(writer, &owner).ask(1, Want::Everything).unwrap();
    }
    let late = Node::joined(99, owner.share());
    let mut wire = Wire::connect(&late, &owner);
    let longest = wire.tape.iter().map(Vec::len).max().unwrap();
    println!("{} messages, the longest of {longest} bytes", wire.tape.len());
    assert!(longest <= ply_sync::MESSAGE_BYTES_MAX, "{longest} bytes");
    wire.ask(0, Want::Everything).unwrap();
    assert_eq!(late.replica.state_hash(), owner.replica.state_hash());
}
