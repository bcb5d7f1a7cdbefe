//! Directories: making, renaming, removing.

use ply_engine::Engine;
use ply_types::Path;

use super::world::{Bench, Node, block_on, bytes, path};
use crate::{Attributes, DriveError, Kind};

pub(super) fn run<E: Engine>(bench: &Bench<'_, E>) {
    a_directory_is_renamed_with_all_in_it(bench);
    rename_overwrites_what_it_may(bench);
    a_tree_is_removed_with_all_in_it(bench);
    a_file_may_take_the_name_of_a_directory_that_went(bench);
    parents_are_made_on_demand(bench);
}

fn rename<E: Engine>(node: &Node<E>, from: &str, to: &str) -> Result<(), DriveError> {
    block_on(node.drive().rename(&path(from), &path(to)))
}

fn a_directory_is_renamed_with_all_in_it<E: Engine>(bench: &Bench<'_, E>) {
    for committed in [false, true] {
        let mut node = bench.node();
        node.mkdir("a");
        node.mkdir("a/sub");
        node.mkdir("b");
        let big = bytes(20, 300_000);
        node.put("a/big", &big);
        node.put("a/sub/small", b"small");
        if committed {
            node.commit();
        }
        let blocks = node.layer_blocks();
        rename(&node, "a", "b/moved").unwrap();
        assert_eq!(node.layer_blocks(), blocks, "content stays where it is");
        assert_eq!(node.names(""), ["b"]);
        assert_eq!(node.get("b/moved/big"), big);
        assert_eq!(node.get("b/moved/sub/small"), b"small");
        bench.restart(&mut node);
        node.commit();
        bench.restart(&mut node);
        assert_eq!(node.tree().len(), 5);
    }
}

fn rename_overwrites_what_it_may<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    node.put("file", b"file");
    node.put("other", b"other");
    node.mkdir("empty");
    node.mkdir("full");
    node.put("full/x", b"x");
    node.mkdir("dir");
    node.put("dir/y", b"y");
    assert!(matches!(rename(&node, "none", "x"), Err(DriveError::Absent { .. })));
    assert!(matches!(rename(&node, "file", "none/x"), Err(DriveError::Absent { .. })));
    assert!(matches!(rename(&node, "file", "other/x"), Err(DriveError::NotADirectory { .. })));
    assert!(matches!(rename(&node, "file", "empty"), Err(DriveError::IsADirectory { .. })));
    assert!(matches!(rename(&node, "dir", "file"), Err(DriveError::NotADirectory { .. })));
    assert!(matches!(rename(&node, "dir", "full"), Err(DriveError::NotEmpty { .. })));
    assert!(matches!(rename(&node, "dir", "dir/sub"), Err(DriveError::Invalid { .. })));
    assert!(matches!(rename(&node, "", "x"), Err(DriveError::Invalid { .. })));
    assert!(matches!(rename(&node, "dir", ""), Err(DriveError::Invalid { .. })));
    rename(&node, "file", "file").unwrap();
    rename(&node, "file", "other").unwrap();
    assert_eq!(node.get("other"), b"file");
    rename(&node, "dir", "empty").unwrap();
    assert_eq!(node.get("empty/y"), b"y");
    assert_eq!(node.names(""), ["empty", "full", "other"]);
    node.commit();
    // A name that only begins like another is no part of it.
    node.mkdir("a");
    node.put("a!", b"beside");
    node.put("ab", b"beside");
    node.put("a/x", b"in");
    rename(&node, "a", "z").unwrap();
    assert_eq!(node.names(""), ["a!", "ab", "empty", "full", "other", "z"]);
}

fn a_tree_is_removed_with_all_in_it<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    for round in 0..3 {
        node.mkdir("d");
        node.mkdir("d/e");
        for name in ["d/1", "d/e/2", "d!", "d0"] {
            node.put(name, name.as_bytes());
        }
        if 0 < round {
            node.commit();
        }
        node.put("d/e/drafted", b"drafted");
        let removed = block_on(node.drive().remove_dir(&path("d")));
        assert!(matches!(removed, Err(DriveError::NotEmpty { .. })));
        block_on(node.drive().remove_dir_all(&path("d"))).unwrap();
        assert_eq!(node.names(""), ["d!", "d0"]);
        assert!(!block_on(node.drive().exists(&path("d/e/2"))).unwrap());
        bench.restart(&mut node);
        if round == 2 {
            node.commit();
            bench.restart(&mut node);
        }
        assert_eq!(node.names(""), ["d!", "d0"]);
    }
    let file = block_on(node.drive().remove_dir_all(&path("d!")));
    assert!(matches!(file, Err(DriveError::NotADirectory { .. })), "{file:?}");
    assert_eq!(node.get("d!"), b"d!");
    let root = block_on(node.drive().remove_dir_all(&Path::root()));
    assert!(matches!(root, Err(DriveError::Invalid { .. })));
}

fn a_file_may_take_the_name_of_a_directory_that_went<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    node.mkdir("x");
    node.put("x/y", b"y");
    node.commit();
    block_on(node.drive().remove_dir_all(&path("x"))).unwrap();
    node.put("x", b"a file now");
    bench.restart(&mut node);
    node.commit();
    bench.restart(&mut node);
    assert_eq!(node.get("x"), b"a file now");
    block_on(node.drive().remove_file(&path("x"))).unwrap();
    node.mkdir("x");
    node.commit();
    assert!(node.names("x").is_empty(), "what was in it does not come back");
}

fn parents_are_made_on_demand<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    let attributes = Attributes { mode: 0o750, ..Attributes::default() };
    // A path nearly as long as paths can be.
    let deep = "d/".repeat(2_000) + "d";
    block_on(node.drive().create_dir(&path(&deep), &attributes, true)).unwrap();
    block_on(node.drive().create_dir(&path(&deep), &attributes, true)).unwrap();
    let metadata = block_on(node.drive().metadata(&path("d/d/d"))).unwrap();
    assert_eq!((metadata.kind, metadata.attributes.mode), (Kind::Directory, 0o750));
    node.put(&format!("{deep}/f"), b"deep");
    node.commit();
    bench.restart(&mut node);
    rename(&node, "d", "e").unwrap();
    let moved = deep.replacen('d', "e", 1);
    assert_eq!(node.get(&format!("{moved}/f")), b"deep");
    let too_deep = rename(&node, "e", &"n".repeat(200));
    assert!(matches!(too_deep, Err(DriveError::Path(_))), "{too_deep:?}");
    bench.restart(&mut node);
}
