//! Writers that are removed while others have their work in view.

#![allow(clippy::unwrap_used, reason = "it runs in tests only, where to stop at once is wanted")]

use std::sync::Arc;

use ply_drive::membership::{Issuer, Prefix};
use ply_drive::{Alone, Replica};
use ply_engine::MemoryEngine;
use ply_log::Signer;
use ply_tests::action::Action::{self, Commit, Write};
use ply_tests::history::History;
use ply_tests::net::Keeping::Everything;
use ply_tests::node::{Outcome, Shown, act, drive_id, drive_secret, tree};
use ply_types::LogKey;

fn does(replica: &Arc<Replica<MemoryEngine>>, action: &Action) -> Outcome {
    act(replica, Arc::new(Alone), &[], action)
}

fn paths(shown: &[Shown]) -> Vec<&str> {
    shown.iter().map(|shown| shown.path.as_str()).collect()
}

/// A record by which the drive's key ends a log after its first blocks.
fn removal(replica: &Replica<MemoryEngine>, writer: LogKey, length: u64) -> Vec<u8> {
    let tree = replica.tree_at(&writer, length).unwrap().unwrap();
    let signer = Signer::new(&drive_secret());
    let issuer = Issuer::new(&signer, drive_id(), &[]);
    let cut = Prefix { length, root: tree.root };
    issuer.remove(writer, cut).unwrap().as_bytes().to_vec()
}

#[test]
fn law_14_a_draft_begun_in_view_of_work_that_is_cut_off_is_not_lost() {
    let mut world = History::scripted(&[Everything; 2]);
    for (path, content) in [("one", 3), ("two", 4), ("three", 5)] {
        world.act(1, &Write(path.to_owned(), content));
        world.act(1, &Commit);
    }
    world.meet(0, 1);
    let (replica, writer) = {
        let net = world.net();
        (Arc::clone(&net.replicas[0]), net.replicas[1].writer_key())
    };
    assert_eq!(does(&replica, &Write("mine".to_owned(), 6)), Outcome::Done(Vec::new()));
    replica.accept_records([removal(&replica, writer, 1)]).unwrap();
    assert_eq!(paths(&tree(&replica).unwrap()), ["mine", "one"]);
    assert!(matches!(does(&replica, &Commit), Outcome::Committed(Some(_))));
    assert_eq!(paths(&tree(&replica).unwrap()), ["mine", "one"]);
    // And a second one on top, after a restart of the node.
    assert_eq!(does(&replica, &Write("more".to_owned(), 7)), Outcome::Done(Vec::new()));
    assert!(matches!(does(&replica, &Commit), Outcome::Committed(Some(_))));
    world.crash(0);
    let replica = Arc::clone(&world.net().replicas[0]);
    assert_eq!(paths(&tree(&replica).unwrap()), ["mine", "more", "one"]);
}
