//! Hard links and copies.

use ply_engine::Engine;

use super::world::{Bench, Node, block_on, bytes, path};
use crate::{Attributes, DriveError, OpenOptions};

pub(super) fn run<E: Engine>(bench: &Bench<'_, E>) {
    a_change_through_one_name_changes_all(bench);
    names_come_and_go(bench);
    two_names_renamed_onto_each_other_both_stay(bench);
    names_of_another_writer_follow(bench);
    a_copy_is_a_file_of_its_own(bench);
    a_directory_is_copied_with_all_in_it(bench);
}

fn link<E: Engine>(node: &Node<E>, from: &str, to: &str) {
    block_on(node.drive().hard_link(&path(from), &path(to))).unwrap();
}

fn names<E: Engine>(node: &Node<E>, of: &str) -> Vec<String> {
    let names = block_on(node.drive().names(&path(of))).unwrap();
    names.iter().map(ToString::to_string).collect()
}

fn a_change_through_one_name_changes_all<E: Engine>(bench: &Bench<'_, E>) {
    for committed in [false, true] {
        let mut node = bench.node();
        node.mkdir("d");
        node.put("a", b"content");
        link(&node, "a", "d/b");
        link(&node, "d/b", "c");
        if committed {
            node.commit();
        }
        assert_eq!(names(&node, "c"), ["/a", "/c", "/d/b"]);
        let all = |node: &Node<E>| {
            let read = ["a", "c", "d/b"].map(|name| {
                let metadata = block_on(node.drive().metadata(&path(name))).unwrap();
                (node.get(name), metadata.attributes, metadata.link)
            });
            assert!(read.iter().all(|other| *other == read[0]), "{read:?}");
            let [(content, attributes, mark), ..] = read;
            assert!(mark.is_some());
            (content, attributes.mode)
        };
        node.put("c", b"written whole");
        assert_eq!(all(&node).0, b"written whole");
        block_on(node.drive().set_permissions(&path("d/b"), 0o600)).unwrap();
        assert_eq!(all(&node).1, 0o600);
        let write = OpenOptions::new().write(true);
        let mut file = block_on(node.drive().open_with(&path("a"), &write)).unwrap();
        block_on(file.write_at(0, &bytes(40, 100_000))).unwrap();
        block_on(file.close()).unwrap();
        assert_eq!(all(&node).0, bytes(40, 100_000));
        drop(block_on(node.drive().create(&path("c"))).unwrap());
        assert_eq!(all(&node).0, b"");
        bench.restart(&mut node);
        node.commit();
        bench.restart(&mut node);
        assert_eq!(names(&node, "a"), ["/a", "/c", "/d/b"]);
        assert_eq!(all(&node), (Vec::new(), 0o600));
    }
}

fn names_come_and_go<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    node.put("a", b"1");
    link(&node, "a", "b");
    link(&node, "a", "c");
    node.commit();
    block_on(node.drive().remove_file(&path("a"))).unwrap();
    block_on(node.drive().rename(&path("b"), &path("moved"))).unwrap();
    assert_eq!(names(&node, "c"), ["/c", "/moved"]);
    node.put("a", b"another file");
    node.put("c", b"2");
    assert_eq!((node.get("moved"), node.get("a")), (b"2".to_vec(), b"another file".to_vec()));
    bench.restart(&mut node);
    node.commit();
    bench.restart(&mut node);
    assert_eq!(names(&node, "c"), ["/c", "/moved"]);
    assert_eq!(names(&node, "a"), ["/a"]);
    // A draft that is dropped takes its names along.
    link(&node, "c", "d");
    node.drive().discard().unwrap();
    assert_eq!(names(&node, "c"), ["/c", "/moved"]);
    // Something else written over a name is no name of the file any more.
    block_on(node.drive().rename(&path("a"), &path("c"))).unwrap();
    assert_eq!(names(&node, "moved"), ["/moved"]);
    assert_eq!((node.get("moved"), node.get("c")), (b"2".to_vec(), b"another file".to_vec()));
    // Directories have one name; everything else may have more.
    node.mkdir("dir");
    let directory = block_on(node.drive().hard_link(&path("dir"), &path("e")));
    assert!(matches!(directory, Err(DriveError::IsADirectory { .. })));
    block_on(node.drive().symlink(&path("s"), b"t", &Attributes::default())).unwrap();
    link(&node, "s", "dir/s");
    assert_eq!(names(&node, "s"), ["/dir/s", "/s"]);
}

fn two_names_renamed_onto_each_other_both_stay<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    node.put("a", b"1");
    link(&node, "a", "b");
    block_on(node.drive().rename(&path("a"), &path("b"))).unwrap();
    assert_eq!(names(&node, "a"), ["/a", "/b"]);
}

fn names_of_another_writer_follow<E: Engine>(bench: &Bench<'_, E>) {
    let alice = bench.node();
    let bob = bench.join(2, &alice);
    alice.put("a", &bytes(41, 100_000));
    link(&alice, "a", "b");
    alice.commit();
    bob.pull(&alice, true);
    link(&bob, "b", "c");
    bob.put("c", b"bob");
    bob.commit();
    alice.pull(&bob, true);
    for node in [&alice, &bob] {
        assert_eq!(names(node, "a"), ["/a", "/b", "/c"]);
        assert_eq!(["a", "b", "c"].map(|name| node.get(name)), [b"bob"; 3].map(|b| b.to_vec()));
        assert!(block_on(node.drive().conflicts(&path(""))).unwrap().is_empty());
    }
    assert_eq!(alice.replica().state_hash(), bob.replica().state_hash());
}

fn a_copy_is_a_file_of_its_own<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    let content = bytes(42, 300_000);
    node.put("a", &content);
    block_on(node.drive().set_permissions(&path("a"), 0o700)).unwrap();
    link(&node, "a", "linked");
    let blocks = node.layer_blocks();
    let copied = block_on(node.drive().copy(&path("a"), &path("b"))).unwrap();
    assert_eq!((copied, node.layer_blocks()), (300_000, blocks));
    let copy = block_on(node.drive().metadata(&path("b"))).unwrap();
    assert_eq!((copy.attributes.mode, copy.link), (0o700, None));
    node.put("b", b"changed");
    assert_eq!(node.get("a"), content);
    // Onto itself under another name: it is the file already.
    block_on(node.drive().copy(&path("a"), &path("linked"))).unwrap();
    assert_eq!(names(&node, "a"), ["/a", "/linked"]);
    // Onto a linked file: all of its names.
    block_on(node.drive().copy(&path("b"), &path("linked"))).unwrap();
    assert_eq!(node.get("a"), b"changed");
    node.commit();
    bench.restart(&mut node);
}

fn a_directory_is_copied_with_all_in_it<E: Engine>(bench: &Bench<'_, E>) {
    let alice = bench.node();
    let mut bob = bench.join(2, &alice);
    let content = bytes(43, 300_000);
    alice.mkdir("a");
    alice.mkdir("a/empty");
    alice.put("a/x", &content);
    link(&alice, "a/x", "a/y");
    block_on(alice.drive().set_permissions(&path("a/empty"), 0o700)).unwrap();
    alice.commit();
    bob.pull(&alice, true);
    bob.mkdir("to");
    bob.put("to/x", b"old");
    bob.put("to/stays", b"stays");
    link(&bob, "to/x", "other");
    block_on(bob.drive().copy_all(&path("a"), &path("to"))).unwrap();
    bob.commit();
    bench.restart(&mut bob);
    let mode = block_on(bob.drive().metadata(&path("to/empty"))).unwrap().attributes.mode;
    assert_eq!((mode, bob.get("to/stays")), (0o700, b"stays".to_vec()));
    for name in ["a/x", "a/y", "to/x", "to/y", "other"] {
        assert_eq!(bob.get(name), content, "{name}");
    }
    // What was there became the copy under all its names; what was not is a file of its own.
    assert_eq!(names(&bob, "a/x"), ["/a/x", "/a/y"]);
    assert_eq!(names(&bob, "to/x"), ["/other", "/to/x"]);
    assert_eq!(names(&bob, "to/y"), ["/to/y"]);
    let into_itself = block_on(bob.drive().copy_all(&path("a"), &path("a/empty/b")));
    assert!(matches!(into_itself, Err(DriveError::Invalid { .. })));
}
