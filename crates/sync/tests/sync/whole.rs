//! Answers are whole: what is missing after them is asked for.

use futures::executor::block_on;
use ply_drive::Want;
use ply_types::Path;

use crate::sparse::noise;
use crate::world::{Node, Wire, over, path, sealed};

/// Blocks that a node would have to fetch to answer a question itself.
fn lacking(node: &Node, want: &Want) -> usize {
    let blocks = node.replica.blocks_for(want).unwrap();
    let logs = node.replica.logs();
    blocks.iter().filter(|block| !logs.holds(&block.log, block.block).unwrap()).count()
}

#[test]
fn law_6_the_answer_is_whole_for_an_asker_whose_draft_is_in_the_way() {
    let a = Node::owner(1, sealed());
    a.put_commit("notes", b"first");
    let b = Node::joined(2, a.share());
    let (drive, wire) = over(&b, Wire::connect(&b, &a), 0);
    assert_eq!(block_on(drive.read(&path("notes"))).unwrap(), b"first");
    block_on(drive.write(&path("notes"), b"draft of b")).unwrap();
    a.put_commit("notes", b"second");
    for number in 0..40 {
        a.put_commit(&format!("other{number}"), &[number; 3000]);
    }
    wire.lock().unwrap().borrow_mut().changed();
    let want = Want::Tree(Path::root());
    let result = wire.lock().unwrap().borrow_mut().ask(0, want.clone());
    assert_eq!(result, Ok(()));
    assert_eq!(lacking(&b, &want), 0);
}

#[test]
fn everything_is_everything_although_news_comes_meanwhile() {
    let mut brought = Vec::new();
    for delay in 1..12 {
        let a = Node::owner(1, sealed());
        a.put_commit("old", &noise(7, 200_000));
        let b = Node::joined(2, a.share());
        let mut wire = Wire::connect(&b, &a);
        let result = wire.ask_while(0, Want::Everything, delay, || {
            // Too large to be pushed with the news.
            a.put_commit("new", &noise(8, 200_000));
        });
        let Some(result) = result else { break };
        assert_eq!(result, Ok(()), "news after {delay} messages");
        assert_eq!(block_on(b.drive.read(&path("old"))).unwrap().len(), 200_000);
        brought.push(block_on(b.drive.read(&path("new"))).is_ok());
    }
    // Only news that follows the end of the last answer is too late.
    brought.pop();
    println!("news met {} steps of the way", brought.len());
    assert!(2 < brought.len() && brought.iter().all(|&is_here| is_here), "{brought:?}");
}

#[test]
fn a_commit_too_long_for_the_news_is_fetched() {
    let a = Node::owner(1, sealed());
    a.put_commit("first", b"first");
    let b = Node::joined(2, a.share());
    let (drive, _wire) = over(&b, Wire::connect(&b, &a), 0);
    assert_eq!(block_on(drive.read(&path("first"))).unwrap(), b"first");
    for number in 0..3 {
        a.put_commit(&format!("other{number}"), b"other");
    }
    a.put("last", b"last");
    // Printable noise: it does not become much shorter.
    let message: String =
        noise(9, 1_020_000).iter().map(|byte| char::from(b' ' + byte % 95)).collect();
    block_on(a.drive.commit(&message, "test")).unwrap();
    let newest = a.replica.known_length(&a.key()).unwrap() - 1;
    let bytes = a.replica.logs().block(&a.key(), newest).unwrap().unwrap().len();
    assert!((768 << 10) < bytes, "{bytes}");
    let (drive, _wire) = over(&b, Wire::connect(&b, &a), 0);
    assert_eq!(block_on(drive.read(&path("last"))).unwrap(), b"last");
    assert_eq!(b.replica.state_hash(), a.replica.state_hash());
}
