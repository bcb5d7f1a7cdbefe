//! Law 7: one history per log, and what happens where there are two.

use ply_drive::Want;

use crate::world::{Node, Wire, path, sealed};

/// A home that was copied whole: two nodes that sign under one key.
struct Copied {
    owner: Node,
    first: Node,
    second: Node,
}

fn copied() -> Copied {
    let owner = Node::owner(1, sealed());
    owner.put_commit("by-owner", b"0");
    let pass = owner.share();
    let first = Node::joined(2, pass.clone());
    Wire::connect(&first, &owner).ask(0, Want::Everything).unwrap();
    first.put_commit("common", b"before the copy");
    first.put_commit("also-common", b"before the copy");
    Wire::connect(&owner, &first);
    let second = first.copy();
    Copied { owner, first, second }
}

fn meet(one: &Node, other: &Node) {
    let mut wire = Wire::connect(one, other);
    wire.ask(0, Want::Everything).unwrap();
    wire.ask(1, Want::Everything).unwrap();
    wire.changed();
}

fn names(node: &Node) -> Vec<String> {
    node.list().into_iter().map(|(name, _, _)| name).collect()
}

#[test]
fn law_7_a_writer_with_two_histories_is_cut_off_where_they_part() {
    for (of_first, of_second) in [(1, 1), (1, 3), (4, 2), (7, 6)] {
        let Copied { owner, first, second } = copied();
        let reader = Node::joined(3, owner.share());
        meet(&reader, &owner);
        // Short content stays in the commit; long content goes into a layer, which parts as well.
        let bytes = if 4 < of_first { 5000 } else { 10 };
        for number in 0..of_first {
            first.put_commit(&format!("first-{number}"), &vec![1; bytes]);
        }
        for number in 0..of_second {
            second.put_commit(&format!("second-{number}"), &vec![2; bytes]);
        }
        // Each side convinces somebody.
        meet(&owner, &first);
        meet(&reader, &second);
        assert_eq!(owner.list().len(), 3 + of_first);
        assert_eq!(reader.list().len(), 3 + of_second);
        // Until these two meet.
        meet(&reader, &owner);
        let common = ["/also-common", "/by-owner", "/common"];
        assert_eq!(
            (names(&owner), names(&reader)),
            (common.map(String::from).to_vec(), names(&owner))
        );
        assert_eq!(owner.replica.state_hash(), reader.replica.state_hash());
        assert_eq!(owner.replica.forks().len(), 1);
        // Whoever comes later learns of it from one of them alone, and so does the writer itself.
        let late = Node::joined(4, owner.share());
        meet(&late, &reader);
        assert_eq!(names(&late), common);
        meet(&first, &owner);
        assert!(first.replica.is_forked(&first.key()));
        // Opened again, it goes on under another key, with what was cut off as its draft.
        let heir = first.copy();
        assert_ne!(heir.key(), first.key());
        heir.commit();
        meet(&heir, &owner);
        assert_eq!(names(&owner).len(), 3 + of_first);
        assert_eq!(names(&heir), names(&owner));
        assert_eq!(owner.replica.state_hash(), heir.replica.state_hash());
        meet(&owner, &reader);
        // It touches nobody else.
        owner.put_commit("later", b"1");
        meet(&owner, &reader);
        assert_eq!(names(&reader).len(), 4 + of_first);
        // And is known for ever.
        let again = reader.copy();
        assert_eq!(again.replica.state_hash(), reader.replica.state_hash());
        assert_eq!(again.replica.forks(), reader.replica.forks());
    }
}

#[test]
fn law_7_a_node_that_came_back_older_learns_its_own_log_before_it_signs() {
    let Copied { owner, first, second: backup } = copied();
    first.put_commit("after-the-backup", b"1");
    meet(&owner, &first);
    drop(first);
    let mut wire = Wire::connect(&backup, &owner);
    wire.ask(0, Want::Everything).unwrap();
    assert_eq!(names(&backup), names(&owner), "its own log is whole again");
    backup.put_commit("after-the-restore", b"2");
    wire.changed();
    wire.ask(1, Want::Everything).unwrap();
    assert_eq!(names(&owner).len(), 5);
    assert_eq!(owner.replica.state_hash(), backup.replica.state_hash());
    assert!(owner.replica.forks().is_empty());
}

#[test]
fn law_3_a_draft_of_a_backup_does_not_go_over_what_comes_back() {
    let Copied { owner, first, second: backup } = copied();
    first.put_commit("common", b"after the backup");
    first.put_commit("other", b"1");
    meet(&owner, &first);
    drop(first);
    backup.put("common", b"drafted in the backup");
    backup.put("new", b"drafted in the backup");
    let mut wire = Wire::connect(&backup, &owner);
    wire.ask(0, Want::Everything).unwrap();
    backup.commit();
    wire.changed();
    wire.ask(1, Want::Everything).unwrap();
    assert!(owner.replica.forks().is_empty());
    for node in [&owner, &backup] {
        let state = node.replica.view().path(&path("common")).unwrap();
        let content = |version: &ply_drive::Version| version.entry.stored().cloned();
        let all: Vec<_> = state.versions.all().iter().filter_map(content).collect();
        let inline = |text: &[u8]| ply_drive::Stored::Inline(text.to_vec());
        assert!(all.contains(&inline(b"after the backup")), "{all:?}");
        assert!(all.contains(&inline(b"drafted in the backup")), "{all:?}");
        assert_eq!(names(node), names(&owner));
    }
}

#[test]
fn law_7_no_proof_no_cut() {
    let Copied { owner, first, .. } = copied();
    assert!(owner.replica.accept_forks([b"nonsense"]).is_err());
    let before = owner.replica.state_hash();
    meet(&owner, &first);
    assert_eq!(owner.replica.state_hash(), before);
    assert!(owner.replica.accept_forks(Vec::<Vec<u8>>::new()).is_ok_and(|new| !new));
}
