//! What a peer may send, and what it may not.

use futures::executor::block_on;
use ply_drive::Want;
use ply_engine::Durability;
use ply_types::{Fault, Path};

use crate::world::{Node, Wire, sealed};

#[test]
fn law_12_nothing_readable_is_ever_said_on_a_private_drive() {
    let a = Node::owner(1, sealed());
    let b = Node::joined(2, a.share());
    let name = "a-telling-name.txt";
    let content = b"a line that must not be read by anybody on the way. ".repeat(40);
    a.put_commit(name, &content);
    let mut wire = Wire::connect(&b, &a);
    wire.ask(0, Want::Stat(crate::world::path(name))).unwrap();
    wire.ask(0, Want::Data { path: crate::world::path(name), bytes: 0..u64::MAX }).unwrap();
    wire.ask(0, Want::Everything).unwrap();
    assert_eq!(b.list().len(), 1);
    for message in &wire.tape {
        for needle in [&b"telling"[..], b"name.txt", &content[..16]] {
            assert!(!message.windows(needle.len()).any(|window| window == needle));
        }
    }
}

#[test]
fn law_1_a_flipped_byte_ends_the_session_and_stores_nothing_wrong() {
    use std::sync::Arc;

    use ply_sync::{Output, Peer, Session};
    use ply_types::Time;

    let a = Node::owner(1, sealed());
    a.put_commit("file.txt", &[5; 3000]);
    let pass = a.share();
    let mut refused = 0;
    for flip in 0..600_usize {
        let b = Node::joined(2, pass.clone());
        let now = Time::default();
        let (me, them) = (Peer([2; 32]), Peer([1; 32]));
        let mut opener = Session::open(Arc::clone(&b.replica), me, them, [1; 32], now).unwrap();
        let Some(Output::Send(hello)) = opener.poll().unwrap() else { panic!("no hello") };
        let drives = [Arc::clone(&a.replica)];
        let mut answerer = Session::answer(&hello, &drives, them, me, [2; 32], now).unwrap();
        let mut messages = Vec::new();
        while let Some(Output::Send(message)) = answerer.poll().unwrap() {
            messages.push(message);
        }
        let total: usize = messages.iter().map(Vec::len).sum();
        let mut position = flip * 7919 % total;
        for message in &mut messages {
            if position < message.len() {
                message[position] ^= 1 << (flip % 8);
                break;
            }
            position -= message.len();
        }
        let result = messages.iter().try_for_each(|message| opener.handle(message, now));
        refused += usize::from(result.is_err());
        // Whatever came of it, what is shown is right or not there.
        let read = block_on(b.drive.read_dir(&Path::root())).unwrap();
        for entry in read.entries {
            assert_eq!(
                (entry.path.to_string().as_str(), entry.writer),
                ("/file.txt", Some(a.key()))
            );
            match block_on(b.drive.read(&entry.path)) {
                Ok(content) => assert_eq!(content, [5; 3000]),
                Err(error) => assert_eq!(error.fault(), Fault::Offline, "{error}"),
            }
        }
    }
    println!("{refused} of 600 flips ended the session");
    assert!(300 < refused);
}

/// Has the log of a writer end, signed, with a block that is nothing, at a node that has all of it.
fn end_with_nonsense(at: &Node, writer: &Node) {
    let (logs, log) = (at.replica.logs(), writer.key());
    let mut staging = logs.stage();
    staging.append(&log, b"no commit, no page").unwrap();
    staging.commit(Durability::Synced).unwrap();
    writer.sign_at(at);
}

#[test]
fn a_log_that_ends_with_nonsense_stops_nobody_from_meeting() {
    let owner = Node::owner(1, sealed());
    owner.put_commit("of-the-owner", b"0");
    let writer = Node::joined(2, owner.share());
    writer.put_commit("of-the-writer", b"1");
    Wire::connect(&writer, &owner).ask(1, Want::Everything).unwrap();
    end_with_nonsense(&owner, &writer);
    let names =
        |node: &Node| -> Vec<String> { node.list().into_iter().map(|(name, ..)| name).collect() };
    // What counted before counts, also after a restart.
    assert_eq!(names(&owner), ["/of-the-owner", "/of-the-writer"]);
    assert_eq!(names(&owner.restarted().unwrap()), ["/of-the-owner", "/of-the-writer"]);
    let reader = Node::joined(3, owner.share());
    let mut wire = Wire::connect(&reader, &owner);
    let _end = wire.ask(0, Want::Everything);
    wire.changed();
    assert_eq!(names(&reader), ["/of-the-owner"]);
    owner.put_commit("later", b"2");
    wire.changed();
    let _end = wire.ask(0, Want::Everything);
    assert_eq!(owner.list().len(), 3);
}
