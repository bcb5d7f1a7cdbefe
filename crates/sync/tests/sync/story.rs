//! Three writers, no server: each has written alone, and pairs meet one after another.

use std::sync::Arc;

use ply_drive::membership::Role;
use ply_drive::{Invitation, Want};
use ply_sync::{Output, Peer, Session, SessionError};
use ply_types::Time;

use crate::world::{Node, Wire, sealed};

fn meet(a: &Node, b: &Node) {
    let mut wire = Wire::connect(a, b);
    wire.ask(0, Want::Everything).unwrap();
    wire.ask(1, Want::Everything).unwrap();
}

#[test]
fn everyone_has_everything_after_pairs_have_met() {
    let a = Node::owner(1, sealed());
    let pass = a.share();
    let b = Node::joined(2, pass.clone());
    let c = Node::joined(3, pass);
    a.put_commit("hello.txt", b"HI\n");
    b.put_commit("hello.txt", b"HOWDY\n");
    c.put_commit("cool.txt", b"WHATEVER\n");

    meet(&a, &b);
    meet(&b, &c);
    meet(&a, &b);

    let all = a.list();
    let contents: Vec<(&str, &[u8])> =
        all.iter().map(|(name, _, content)| (name.as_str(), content.as_slice())).collect();
    assert_eq!(contents[0], ("/cool.txt", b"WHATEVER\n".as_slice()));
    assert!(contents.contains(&("/hello.txt", b"HI\n")));
    assert!(contents.contains(&("/hello.txt", b"HOWDY\n")));
    assert_eq!(all.len(), 3);
    assert_eq!(b.list(), all);
    // C met B before B met A again, and B had A's by then.
    assert_eq!(c.list(), all);
    assert_eq!(a.replica.state_hash(), b.replica.state_hash());
    assert_eq!(b.replica.state_hash(), c.replica.state_hash());
}

#[test]
fn two_who_claimed_one_place_both_come_in() {
    for name in (2..42).step_by(4) {
        let a = Node::owner(1, sealed());
        let mut pass = a.share();
        let (secret, record) = a.replica.invite(Role::Writer, 2).unwrap();
        pass.invitation = Some(Invitation { secret, record });
        // Chance falls alike for names that are both even.
        let (b, c) = (Node::joined(name, pass.clone()), Node::joined(name + 2, pass));
        b.put_commit("b", b"of b");
        c.put_commit("c", b"of c");
        // Who of the two has to take another place depends on their keys.
        let _wire = Wire::connect(&b, &c);
        assert_eq!(b.replica.state_hash(), c.replica.state_hash(), "{name}");
        let writers = b.replica.membership().writers().count();
        assert_eq!(writers, 2, "{name}");
    }
}

#[test]
fn a_node_without_the_key_gets_nothing() {
    let a = Node::owner(1, sealed());
    a.put_commit("secret.txt", b"for members only");
    let stranger = Node::owner(9, sealed());
    let (me, them) = (Peer([9; 32]), Peer([1; 32]));
    let own = Arc::clone(&stranger.replica);
    let mut opener = Session::open(own, me, them, [1; 32], Time::default()).unwrap();
    let Some(Output::Send(hello)) = opener.poll().unwrap() else { panic!("no hello") };
    let drives = [Arc::clone(&a.replica)];
    let answer = Session::answer(&hello, &drives, them, me, [2; 32], Time::default());
    assert!(matches!(answer, Err(SessionError::Stranger)));
    assert!(stranger.list().is_empty());
}

#[test]
fn a_small_commit_arrives_with_its_content_in_one_message() {
    let a = Node::owner(1, sealed());
    let b = Node::joined(2, a.share());
    a.put_commit("first.txt", b"one");
    let mut wire = Wire::connect(&b, &a);
    a.put_commit("second.txt", &[7; 1500]);
    let before = wire.traffic(0);
    wire.changed();
    let after = wire.traffic(0);
    assert_eq!(after.messages_in - before.messages_in, 1);
    // No request was made: the content is here.
    assert_eq!(b.list().len(), 2);
    assert_eq!(after.messages_out, before.messages_out);
}

#[test]
fn an_edit_of_what_was_seen_is_no_conflict() {
    let a = Node::owner(1, sealed());
    let b = Node::joined(2, a.share());
    a.put_commit("notes.txt", b"one");
    meet(&a, &b);
    b.put_commit("notes.txt", b"two");
    meet(&a, &b);
    a.put_commit("notes.txt", b"three");
    meet(&a, &b);
    for node in [&a, &b] {
        let list = node.list();
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].2, b"three");
    }
}

#[test]
fn sessions_that_bring_the_same_news_at_once_do_not_hinder_each_other() {
    let a = Node::owner(1, sealed());
    let b = Node::joined(2, a.share());
    let mut wires = [Wire::connect(&b, &a), Wire::connect(&b, &a)];
    for round in 0..40 {
        a.put_commit(&format!("{round}.txt"), b"news");
        std::thread::scope(|scope| {
            for wire in &mut wires {
                scope.spawn(|| wire.changed());
            }
        });
    }
    assert_eq!(b.list().len(), 40);
}
