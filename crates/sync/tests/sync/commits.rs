//! Law 1 for commits: a drive opens although one of them is damaged, says so, shows nothing wrong, and
//! has the commit again from the first peer that has it. Law 7 holds meanwhile: nothing is written or
//! signed that the damaged one ought to stand beneath.

use futures::executor::block_on;
use ply_drive::{Missing, Want};
use ply_log::BlockRow;
use ply_types::{Fault, LogKey};

use crate::damage::{
    Block, Dice, copy_of, damage, expected, files, held, kind, owner, read_all, served,
    shows_nothing_else, undo,
};
use crate::world::{Node, Wire, over, path, sealed};

/// Flips in the commits of a node that holds them for others, and in those of the one that wrote them.
const FLIPS: u64 = 1000;
const OWN_FLIPS: u64 = 500;

/// The commits that a node holds, each with where it lies, in the order of their logs.
fn commits(node: &Node) -> Vec<(LogKey, u64, BlockRow)> {
    held(node).into_iter().filter(|block| kind(node, block) == Block::Commit).collect()
}

/// The newest commit of a writer, as a node holds it.
fn newest(node: &Node, writer: LogKey) -> (LogKey, u64, BlockRow) {
    commits(node).into_iter().rfind(|(log, ..)| *log == writer).unwrap()
}

/// What a node shows on its own is right, or it is less and the node says so.
fn shows_nothing_wrong(node: &Node, what: &str) {
    match read_all(&node.drive) {
        Ok(whole) if whole == (expected(), false) => {}
        Ok((all, is_part)) => {
            assert!(is_part, "{what}: less is shown, and nobody says so");
            shows_nothing_else(all, what);
        }
        Err(error) => assert_eq!(error.fault(), Fault::Offline, "{what}: {error}"),
    }
}

#[test]
fn law_1_a_flipped_byte_of_a_commit_is_named_never_served_and_fetched_again() {
    let owner = owner();
    let node = copy_of(&owner);
    let pass = owner.share();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let blocks = commits(&node);
    let newest = newest(&node, owner.key()).1;
    let mut opening = 0;
    for flip in 0..FLIPS {
        let what = format!("flip {flip}");
        let block = blocks[dice.below(blocks.len())];
        let place = Missing { log: block.0, block: block.1 };
        damage(&node, block, &mut dice);
        let alone = node.restarted().unwrap_or_else(|error| panic!("{what}: it opens: {error}"));
        shows_nothing_wrong(&alone, &what);
        if place.block == newest {
            assert_eq!(alone.replica.unfetched(), [owner.key()], "{what}");
            opening += 1;
        } else {
            // What is shown needs the newest alone. Whoever looks back meets the others.
            assert!(read_all(&alone.drive).unwrap() == (expected(), false), "{what}");
            assert_eq!(alone.drive.log(usize::MAX).unwrap().len(), 1, "{what}");
        }
        assert_eq!(alone.replica.damaged_blocks(), [place], "{what}: it is named");
        assert!(!alone.replica.logs().holds(&place.log, place.block).unwrap(), "{what}");
        if flip % 10 == 0 {
            served(&alone, &pass);
        }
        // The session alone brings what was found damaged, whoever asks for whatever.
        let _wire = Wire::connect(&alone, &owner);
        assert_eq!(alone.replica.damaged_blocks(), [], "{what}");
        let again = node.restarted().unwrap();
        assert!(read_all(&again.drive).unwrap() == (expected(), false), "{what}: stored");
        assert_eq!(again.drive.log(usize::MAX).unwrap().len(), 2, "{what}");
        assert_eq!(again.replica.damaged_blocks(), [], "{what}");
        undo(&node, block);
    }
    println!("commits: {FLIPS} of {FLIPS} flips named, {opening} of them met by opening the drive");
    assert!(FLIPS / 3 < opening, "{opening}");
}

#[test]
fn law_7_a_writer_whose_commit_is_damaged_gets_it_back_before_it_writes_or_signs() {
    let owner = owner();
    let copy = copy_of(&owner);
    let pass = owner.share();
    let signed = owner.replica.signed_head(&owner.key()).unwrap();
    let mut dice = Dice(0x853c_49e6_748f_ea9b);
    let blocks = commits(&owner);
    let last = newest(&owner, owner.key());
    let mut refused = 0;
    for flip in 0..OWN_FLIPS {
        let what = format!("flip {flip}");
        let block = blocks[dice.below(blocks.len())];
        damage(&owner, block, &mut dice);
        // A world of its own: what is written into it is gone with it.
        let (back, peer) = (owner.copy(), copy.copy());
        undo(&owner, block);
        shows_nothing_wrong(&back, &what);
        let write = || block_on(back.drive.write(&path("more"), b"more"));
        if block.1 == last.1 {
            let error = write().unwrap_err();
            assert_eq!(error.fault(), Fault::Offline, "{what}: {error}");
            back.replica.allow_signing();
            assert_eq!(back.replica.signed_head(&back.key()).unwrap(), signed, "{what}");
            refused += 1;
        }
        let wire = Wire::connect(&back, &peer);
        let (drive, wire) = over(&back, wire, 0);
        assert!(read_all(&drive).unwrap() == (expected(), false), "{what}");
        assert_eq!(back.replica.damaged_blocks(), [], "{what}");
        block_on(drive.write(&path("more"), b"more")).unwrap();
        block_on(drive.commit("", "test")).unwrap();
        wire.lock().unwrap().borrow_mut().changed();
        if flip % 10 == 0 {
            let reader = Node::joined(3, pass.clone());
            assert_eq!(Wire::connect(&reader, &peer).ask(0, Want::Everything), Ok(()), "{what}");
            assert_eq!(reader.list(), back.list(), "{what}: one history, and all of it");
            assert!(!reader.replica.is_forked(&back.key()), "{what}");
        }
    }
    println!("own commits: {refused} of {OWN_FLIPS} flips were in the newest");
    assert!(OWN_FLIPS / 3 < refused, "{refused}");
}

#[test]
fn law_7_a_commit_that_nobody_else_has_is_neither_signed_nor_written_over() {
    let a = Node::owner(1, sealed());
    a.put_commit("first", b"first");
    let b = Node::joined(2, a.share());
    drop(Wire::connect(&b, &a));
    let signed = a.replica.signed_head(&a.key()).unwrap();
    assert!(signed.is_some(), "b has it");
    a.put_commit("second", b"second");
    let last = newest(&a, a.key());
    damage(&a, last, &mut Dice(1));

    let back = a.restarted().unwrap();
    let (drive, wire) = over(&back, Wire::connect(&back, &b), 0);
    assert_eq!(block_on(drive.write(&path("third"), b"3")).unwrap_err().fault(), Fault::Offline);
    let lost = Missing { log: last.0, block: last.1 };
    assert_eq!(back.replica.damaged_blocks(), [lost], "nobody has it");
    assert_eq!(back.replica.signed_head(&back.key()).unwrap(), signed);
    assert_eq!(back.replica.unfetched(), [back.key()]);
    assert_eq!(b.list().len(), 1, "what was signed before stands");
    drop(wire);

    // Put back from a copy, it is as good as ever.
    undo(&a, last);
    assert!(back.replica.logs().block(&last.0, last.1).unwrap().is_some());
    assert_eq!(back.replica.damaged_blocks(), []);
    let back = a.restarted().unwrap();
    back.put_commit("third", b"third");
    drop(Wire::connect(&back, &b));
    assert_eq!(b.list().len(), 3);
}

#[test]
fn law_1_a_draft_over_a_damaged_commit_is_kept_and_read_once_the_commit_is_back() {
    let a = Node::owner(1, sealed());
    let content = &files()["chunk"];
    a.put_commit("chunk", content);
    let b = copy_of_all(&a);
    // Stored before: only the commit says where that layer is.
    a.put("again", content);
    damage(&a, newest(&a, a.key()), &mut Dice(4));

    let back = a.restarted().unwrap();
    let error = block_on(back.drive.read(&path("again"))).unwrap_err();
    assert_eq!(error.fault(), Fault::Offline, "{error}");
    let error = block_on(back.drive.commit("", "test")).unwrap_err();
    assert_eq!(error.fault(), Fault::Offline, "{error}");
    drop(Wire::connect(&back, &b));
    assert_eq!(block_on(back.drive.read(&path("again"))).unwrap(), *content);
    back.commit();
    assert_eq!(back.list().len(), 2);
}

#[test]
fn law_3_nothing_is_written_on_while_what_the_own_commits_had_in_view_is_damaged() {
    let a = Node::owner(1, sealed());
    a.put_commit("one", b"one");
    let b = Node::joined(2, a.share());
    drop(Wire::connect(&b, &a));
    b.put_commit("two", b"two");
    drop(Wire::connect(&b, &a));
    a.put_commit("three", b"three");
    drop(Wire::connect(&b, &a));
    let whole = b.list();
    damage(&a, newest(&a, b.key()), &mut Dice(2));

    // The newest commit here had that one in view, so it does not count either.
    let back = a.restarted().unwrap();
    assert_eq!(back.replica.unfetched(), [b.key()]);
    let error = block_on(back.drive.write(&path("four"), b"4")).unwrap_err();
    assert_eq!(error.fault(), Fault::Offline, "{error}");
    let (drive, _wire) = over(&back, Wire::connect(&back, &b), 0);
    assert_eq!(back.list(), whole);
    block_on(drive.write(&path("four"), b"four")).unwrap();
    back.commit();
    assert_eq!(back.list().len(), 4);
}

#[test]
fn law_1_a_damaged_commit_that_another_ones_clock_builds_on_is_fetched_by_the_next_session() {
    let a = Node::owner(1, sealed());
    a.put_commit("zero", b"zero");
    for name in 2..5 {
        let other = Node::joined(name, a.share());
        drop(Wire::connect(&other, &a));
        other.put_commit(&format!("of {name}"), b"other");
        drop(Wire::connect(&other, &a));
    }
    a.put_commit("whole", b"whole");
    a.put_commit("part", b"part");
    let built = a.replica.effective()[&a.key()].clock_base().unwrap();
    let reader = copy_of_all(&a);
    let base = commits(&reader).into_iter().find(|&(log, at, _)| (log, at) == (a.key(), built));
    damage(&reader, base.unwrap(), &mut Dice(3));

    let back = reader.restarted().unwrap();
    assert_eq!(back.replica.damaged_blocks(), [Missing { log: a.key(), block: built }]);
    assert!(back.replica.unfetched().contains(&a.key()), "what is shown of it is older");
    drop(Wire::connect(&back, &a));
    assert_eq!(back.replica.damaged_blocks(), []);
    assert_eq!(back.list(), a.list());
    assert_eq!(back.replica.state_hash(), a.replica.state_hash());
}

fn copy_of_all(node: &Node) -> Node {
    let copy = Node::joined(9, node.share());
    Wire::connect(&copy, node).ask(0, Want::Everything).unwrap();
    assert_eq!(copy.list(), node.list());
    copy
}
