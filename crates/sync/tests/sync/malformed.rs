//! A writer who was let in, and whose pages are no pages: signed, and readable by nobody.

use futures::executor::block_on;
use ply_drive::{Attributes, Walk, Want};
use ply_engine::Durability;
use ply_types::{Fault, Path};

use crate::world::{Node, Wire, over, path, sealed};

/// Copies a writer's log to a node, with garbage in place of all that is new there but commits.
fn give_garbage(at: &Node, writer: &Node) {
    let (logs, log) = (at.replica.logs(), writer.key());
    let (held, all) = (logs.roots(&log).unwrap(), writer.replica.logs().roots(&log).unwrap());
    let mut staging = logs.stage();
    for block in held.length()..all.length() {
        let bytes = writer.replica.logs().block(&log, block).unwrap().unwrap();
        let is_commit = writer.replica.commit(log, block).is_ok();
        staging.append(&log, if is_commit { &bytes } else { b"no page" }).unwrap();
    }
    staging.commit(Durability::Synced).unwrap();
    writer.sign_at(at);
}

/// An owner with a file, to whom a writer gave a file and then a tree of garbage.
fn owner_and_writer() -> (Node, Node) {
    let owner = Node::owner(1, sealed());
    owner.put_commit("of-the-owner", b"0");
    let writer = Node::joined(2, owner.share());
    writer.put_commit("of-the-writer", b"1");
    Wire::connect(&writer, &owner).ask(1, Want::Everything).unwrap();
    assert_eq!(owner.list().len(), 2);
    for number in 0..500 {
        writer.put(&format!("many-{number}"), &[7; 100]);
    }
    writer.commit();
    give_garbage(&owner, &writer);
    (owner, writer)
}

fn names(node: &Node) -> Vec<String> {
    node.list().into_iter().map(|(name, ..)| name).collect()
}

#[test]
fn law_8_malformed_pages_hide_nothing_of_what_others_wrote_and_their_writer_is_named() {
    let (owner, writer) = owner_and_writer();
    assert_eq!(names(&owner), ["/of-the-owner"]);
    let root = block_on(owner.drive.read_dir(&Path::root())).unwrap();
    assert_eq!(root.unfetched, [writer.key()]);
    assert_eq!(owner.replica.union_root(&|| true).unwrap(), None);
    let error = block_on(owner.drive.read(&path("of-the-writer"))).unwrap_err();
    assert_eq!(error.fault(), Fault::Corrupt, "{error}");
    assert!(error.to_string().contains(&writer.key().to_string()), "{error}");
    assert_eq!(block_on(owner.drive.read(&path("of-the-owner"))).unwrap(), b"0");
}

#[test]
fn law_8_a_drive_with_malformed_pages_is_written_and_served() {
    let (owner, _writer) = owner_and_writer();
    owner.put_commit("of-the-owner", b"new");
    owner.put_commit("later", b"2");
    block_on(owner.drive.remove_file(&path("later"))).unwrap();
    owner.commit();
    // Changes that have to see a whole tree do not wait for what will not come.
    let (from, to) = (path("folder"), path("moved"));
    block_on(owner.drive.create_dir(&from, &Attributes::default(), false)).unwrap();
    block_on(owner.drive.write(&path("folder/file"), b"4")).unwrap();
    block_on(owner.drive.rename(&from, &to)).unwrap();
    block_on(owner.drive.remove_dir_all(&to)).unwrap();
    owner.commit();
    let view = owner.replica.view();
    let mut walk = Walk::new(&view, Path::root());
    while walk.next().unwrap().is_some() {}
    assert!(!walk.missing.is_empty());
    view.whole(&walk.missing).unwrap();
    let reader = Node::joined(3, owner.share());
    let (drive, _wire) = over(&reader, Wire::connect(&reader, &owner), 0);
    let read = block_on(drive.read_dir(&Path::root())).unwrap();
    let seen: Vec<String> = read.entries.iter().map(|entry| entry.path.to_string()).collect();
    assert_eq!(seen, ["/of-the-owner"]);
    assert_eq!(block_on(drive.read(&path("of-the-owner"))).unwrap(), b"new");
    block_on(drive.write(&path("of-the-reader"), b"3")).unwrap();
    block_on(drive.commit("", "test")).unwrap();
    assert_eq!(names(&reader), ["/of-the-owner", "/of-the-reader"]);
}
