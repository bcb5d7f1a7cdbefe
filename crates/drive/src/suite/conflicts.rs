//! Two writers: conflicts, their ends, and content of others.

use ply_engine::Engine;

use super::world::{Bench, Node, block_on, bytes, path};
use crate::{Access, Attributes, DriveError, Keep, OpenOptions, Stored, Version};

pub(super) fn run<E: Engine>(bench: &Bench<'_, E>) {
    one_version_is_kept(bench);
    all_versions_are_kept(bench);
    a_directory_gives_way_with_all_that_is_in_it(bench);
    a_removal_does_not_take_what_it_did_not_see(bench);
    an_open_file_does_not_go_over_what_came_in(bench);
    a_removal_by_another_does_not_take_an_open_file(bench);
    an_old_removal_does_not_take_a_file_that_came_later(bench);
    an_open_file_does_not_go_over_what_its_own_node_wrote_before_another_did(bench);
    a_name_keeps_what_is_in_conflict_there_when_an_open_file_has_it_too(bench);
    a_large_file_of_another_is_changed_in_place(bench);
    a_layer_of_another_is_vouched_for_as_far_as_it_is_used(bench);
    attributes_change_without_the_content(bench);
    a_rename_moves_what_is_shown_and_nothing_else(bench);
    a_directory_stays_with_what_a_rename_does_not_move(bench);
    a_directory_that_moves_leaves_the_file_of_its_name(bench);
}

/// Two nodes that have all of each other.
fn pair<E: Engine>(bench: &Bench<'_, E>) -> (Node<E>, Node<E>) {
    let alice = bench.small(Access::Public);
    let bob = bench.join(2, &alice);
    alice.put("f", b"first");
    alice.commit();
    bob.pull(&alice, true);
    (alice, bob)
}

fn meet<E: Engine>(alice: &Node<E>, bob: &Node<E>) {
    alice.commit();
    bob.commit();
    alice.pull(bob, true);
    bob.pull(alice, true);
    assert_eq!(alice.replica().state_hash(), bob.replica().state_hash());
    assert_eq!(alice.tree(), bob.tree());
}

fn conflicts<E: Engine>(node: &Node<E>) -> Vec<String> {
    let conflicts = block_on(node.drive().conflicts(&path(""))).unwrap();
    conflicts.iter().map(|conflict| conflict.path.to_string()).collect()
}

fn version<E: Engine>(node: &Node<E>, name: &str, by: &Node<E>) -> Vec<u8> {
    let file = block_on(node.drive().open(&path(name), Some(&by.key()))).unwrap();
    block_on(file.read(0..u64::MAX)).unwrap()
}

/// The contents of all versions, each so short that its entry has it: one writer may have several.
fn short_versions<E: Engine>(node: &Node<E>, name: &str) -> Vec<Vec<u8>> {
    let state = node.replica().view().path(&path(name)).unwrap();
    let content = |version: &Version| match version.entry.stored() {
        Some(Stored::Inline(content)) => content.clone(),
        other => panic!("{other:?}"),
    };
    let mut all: Vec<Vec<u8>> = state.versions.all().iter().map(content).collect();
    all.sort();
    all
}

fn one_version_is_kept<E: Engine>(bench: &Bench<'_, E>) {
    for keeps_alice in [false, true] {
        let (mut alice, mut bob) = pair(bench);
        let (hers, his) = (bytes(50, 60_000), bytes(51, 70_000));
        alice.put("f", &hers);
        bob.put("f", &his);
        meet(&alice, &bob);
        assert_eq!(conflicts(&alice), ["/f"]);
        assert_eq!(version(&bob, "f", &alice), hers);
        assert_eq!(version(&alice, "f", &bob), his);
        let unknown = Keep::Writer(ply_types::LogKey([9; 32]));
        let refused = block_on(bob.drive().resolve(&path("f"), unknown));
        assert!(matches!(refused, Err(DriveError::NoVersion { .. })));
        let keep = if keeps_alice { alice.key() } else { bob.key() };
        block_on(bob.drive().resolve(&path("f"), Keep::Writer(keep))).unwrap();
        meet(&alice, &bob);
        assert!(conflicts(&alice).is_empty());
        assert_eq!(alice.get("f"), if keeps_alice { hers } else { his });
        let settled = block_on(alice.drive().resolve(&path("f"), Keep::All));
        assert!(matches!(settled, Err(DriveError::NotInConflict { .. })));
        bench.restart(&mut alice);
        bench.restart(&mut bob);
    }
}

/// Alice's directory and Bob's file of its name: the one who settles it is the one or the other.
fn a_directory_gives_way_with_all_that_is_in_it<E: Engine>(bench: &Bench<'_, E>) {
    for alice_settles in [false, true] {
        let (mut alice, mut bob) = pair(bench);
        block_on(alice.drive().create_dir(&path("d/e"), &Attributes::default(), true)).unwrap();
        alice.put("d/x", b"hers");
        alice.put("d/e/y", b"deep");
        bob.put("d", b"his");
        meet(&alice, &bob);
        assert_eq!(conflicts(&bob), ["/d"]);
        let (settles, other) =
            if alice_settles { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
        // Not seen by the one who settles: it survives, and so does the conflict.
        if alice_settles {
            other.put("d/late", b"not seen");
        }
        let bobs = if alice_settles { other.key() } else { settles.key() };
        block_on(settles.drive().resolve(&path("d"), Keep::Writer(bobs))).unwrap();
        assert_eq!(conflicts(settles), Vec::<String>::new());
        assert_eq!(settles.tree().len(), 2, "f and d are left: {:?}", settles.tree());
        meet(settles, other);
        if alice_settles {
            assert_eq!(conflicts(other), ["/d"]);
            assert_eq!(block_on(other.drive().read(&path("d/late"))).unwrap(), b"not seen");
            let gone = block_on(other.drive().read(&path("d/x")));
            assert!(matches!(gone, Err(DriveError::Absent { .. })), "{gone:?}");
        } else {
            assert_eq!(conflicts(other), Vec::<String>::new());
            assert_eq!(block_on(other.drive().read(&path("d"))).unwrap(), b"his");
        }
    }
}

fn all_versions_are_kept<E: Engine>(bench: &Bench<'_, E>) {
    let (alice, mut bob) = pair(bench);
    alice.put("f.txt", b"hers");
    bob.put("f.txt", b"his");
    meet(&alice, &bob);
    let names = block_on(bob.drive().resolve(&path("f.txt"), Keep::All)).unwrap();
    assert_eq!(names.len(), 2);
    meet(&alice, &bob);
    assert!(conflicts(&alice).is_empty());
    let name = names[1].to_string();
    let mark = name.strip_prefix("/f.").and_then(|name| name.strip_suffix(".txt"));
    assert!(mark.is_some(), "{name}");
    let mut contents = [alice.get("f.txt"), alice.get(&name)];
    contents.sort();
    assert_eq!(contents, [b"hers".to_vec(), b"his".to_vec()]);
    bench.restart(&mut bob);
}

/// Law 3: of versions in conflict, none goes but the one that was moved.
fn a_rename_moves_what_is_shown_and_nothing_else<E: Engine>(bench: &Bench<'_, E>) {
    for by_alice in [false, true] {
        for is_drafted in [false, true] {
            let (mut alice, mut bob) = pair(bench);
            let (hers, his) = (bytes(54, 30_000), bytes(55, 40_000));
            alice.put("f", &hers);
            bob.put("f", &his);
            meet(&alice, &bob);
            let shown = alice.get("f");
            let other = if shown == hers { &his } else { &hers };
            let who = if by_alice { &alice } else { &bob };
            if is_drafted {
                block_on(who.drive().set_permissions(&path("f"), 0o600)).unwrap();
            }
            block_on(who.drive().rename(&path("f"), &path("g"))).unwrap();
            assert_eq!(who.get("g"), shown);
            assert_eq!(who.get("f"), *other, "before the commit");
            meet(&alice, &bob);
            assert!(conflicts(&alice).is_empty());
            assert_eq!(bob.get("g"), shown);
            assert_eq!(bob.get("f"), *other);
            bench.restart(&mut alice);
            bench.restart(&mut bob);
            // What stayed can be edited, moved and removed like any file.
            block_on(bob.drive().rename(&path("f"), &path("h"))).unwrap();
            meet(&alice, &bob);
            assert_eq!(alice.names(""), ["g", "h"]);
            block_on(alice.drive().remove_file(&path("h"))).unwrap();
            meet(&alice, &bob);
            assert_eq!(bob.names(""), ["g"]);
        }
    }
}

fn a_directory_stays_with_what_a_rename_does_not_move<E: Engine>(bench: &Bench<'_, E>) {
    let (mut alice, mut bob) = pair(bench);
    alice.mkdir("d");
    alice.mkdir("d/in");
    alice.put("d/plain", b"plain");
    alice.put("d/in/f", b"first");
    meet(&alice, &bob);
    alice.put("d/in/f", b"hers");
    bob.put("d/in/f", b"his");
    meet(&alice, &bob);
    let shown = bob.get("d/in/f");
    block_on(bob.drive().rename(&path("d"), &path("e"))).unwrap();
    meet(&alice, &bob);
    assert_eq!(alice.names(""), ["d", "e", "f"]);
    assert_eq!(alice.names("d"), ["in"]);
    assert_eq!(alice.names("e"), ["in", "plain"]);
    assert_eq!(alice.get("e/in/f"), shown);
    let mut both = [alice.get("d/in/f"), shown];
    both.sort();
    assert_eq!(both, [b"hers".to_vec(), b"his".to_vec()]);
    bench.restart(&mut alice);
    bench.restart(&mut bob);
}

fn a_directory_that_moves_leaves_the_file_of_its_name<E: Engine>(bench: &Bench<'_, E>) {
    let (alice, mut bob) = pair(bench);
    alice.mkdir("x");
    alice.put("x/in", b"in it");
    bob.put("x", b"a file");
    meet(&alice, &bob);
    assert_eq!(conflicts(&bob), ["/x"]);
    block_on(bob.drive().rename(&path("x"), &path("y"))).unwrap();
    meet(&alice, &bob);
    assert_eq!(alice.get("x"), b"a file");
    assert_eq!(alice.get("y/in"), b"in it");
    assert!(conflicts(&alice).is_empty());
    bench.restart(&mut bob);
}

fn a_removal_does_not_take_what_it_did_not_see<E: Engine>(bench: &Bench<'_, E>) {
    let (alice, bob) = pair(bench);
    alice.put("f", b"edited");
    block_on(bob.drive().remove_file(&path("f"))).unwrap();
    meet(&alice, &bob);
    assert_eq!(bob.get("f"), b"edited");
    block_on(bob.drive().remove_file(&path("f"))).unwrap();
    meet(&alice, &bob);
    assert!(alice.names("").is_empty());
}

fn an_open_file_does_not_go_over_what_came_in<E: Engine>(bench: &Bench<'_, E>) {
    let (alice, bob) = pair(bench);
    let options = OpenOptions::new().read(true).write(true);
    let mut file = block_on(bob.drive().open_with(&path("f"), &options)).unwrap();
    block_on(file.write_at(0, b"FIRST")).unwrap();
    alice.put("f", b"by alice, meanwhile");
    meet(&alice, &bob);
    assert_eq!(bob.get("f"), b"by alice, meanwhile");
    block_on(file.flush()).unwrap();
    meet(&alice, &bob);
    assert_eq!(conflicts(&alice), ["/f"], "both stand");
    assert_eq!(version(&alice, "f", &bob), b"FIRST");
    assert_eq!(version(&alice, "f", &alice), b"by alice, meanwhile");
    // And goes on from there.
    block_on(file.append(b"!")).unwrap();
    block_on(file.close()).unwrap();
    meet(&alice, &bob);
    assert_eq!(version(&alice, "f", &bob), b"FIRST!");
    assert_eq!(conflicts(&alice), ["/f"]);
}

fn a_removal_by_another_does_not_take_an_open_file<E: Engine>(bench: &Bench<'_, E>) {
    let (alice, bob) = pair(bench);
    let options = OpenOptions::new().write(true);
    let mut file = block_on(bob.drive().open_with(&path("f"), &options)).unwrap();
    block_on(file.write_at(0, b"F")).unwrap();
    block_on(alice.drive().remove_file(&path("f"))).unwrap();
    meet(&alice, &bob);
    assert!(bob.names("").is_empty());
    block_on(file.close()).unwrap();
    meet(&alice, &bob);
    assert_eq!(alice.get("f"), b"First");
}

fn an_old_removal_does_not_take_a_file_that_came_later<E: Engine>(bench: &Bench<'_, E>) {
    let (alice, bob) = pair(bench);
    block_on(bob.drive().remove_file(&path("f"))).unwrap();
    meet(&alice, &bob);
    alice.put("f", b"second");
    meet(&alice, &bob);
    let options = OpenOptions::new().write(true);
    let mut file = block_on(bob.drive().open_with(&path("f"), &options)).unwrap();
    block_on(file.write_at(0, b"S")).unwrap();
    block_on(alice.drive().remove_file(&path("f"))).unwrap();
    meet(&alice, &bob);
    block_on(file.close()).unwrap();
    meet(&alice, &bob);
    assert_eq!(alice.get("f"), b"Second");
}

fn an_open_file_does_not_go_over_what_its_own_node_wrote_before_another_did<E: Engine>(
    bench: &Bench<'_, E>,
) {
    let (alice, bob) = pair(bench);
    let options = OpenOptions::new().read(true).write(true);
    let mut file = block_on(bob.drive().open_with(&path("f"), &options)).unwrap();
    block_on(file.write_at(0, b"F")).unwrap();
    bob.put("f", b"by bob, meanwhile");
    bob.commit();
    // Of a higher number, so that it is shown.
    for more in ["x", "y", "z"] {
        alice.put(more, b"");
        alice.commit();
    }
    alice.put("f", b"by alice, meanwhile");
    meet(&alice, &bob);
    assert_eq!(bob.get("f"), b"by alice, meanwhile");
    block_on(file.close()).unwrap();
    meet(&alice, &bob);
    let all = short_versions(&alice, "f");
    assert_eq!(all, [&b"First"[..], b"by alice, meanwhile", b"by bob, meanwhile"]);
}

fn a_name_keeps_what_is_in_conflict_there_when_an_open_file_has_it_too<E: Engine>(
    bench: &Bench<'_, E>,
) {
    let (alice, bob) = pair(bench);
    block_on(bob.drive().hard_link(&path("f"), &path("name"))).unwrap();
    alice.put("name", b"another file of alice");
    bob.commit();
    // Of a higher number, so that its names are shown.
    for more in ["x", "y", "z"] {
        bob.put(more, b"");
        block_on(bob.drive().set_attributes(&path("f"), |attributes| attributes.mode ^= 1))
            .unwrap();
        bob.commit();
    }
    meet(&alice, &bob);
    assert_eq!(conflicts(&bob), ["/name"]);
    let options = OpenOptions::new().read(true).write(true);
    let mut file = block_on(bob.drive().open_with(&path("f"), &options)).unwrap();
    block_on(file.write_at(0, b"F")).unwrap();
    for more in ["u", "v", "w"] {
        alice.put(more, b"");
        alice.commit();
    }
    alice.put("f", b"by alice, meanwhile");
    meet(&alice, &bob);
    block_on(file.close()).unwrap();
    meet(&alice, &bob);
    assert_eq!(conflicts(&alice), ["/f", "/name"]);
    let all = short_versions(&alice, "name");
    assert_eq!(all, [&b"First"[..], b"another file of alice", b"by alice, meanwhile"]);
}

fn a_large_file_of_another_is_changed_in_place<E: Engine>(bench: &Bench<'_, E>) {
    let (alice, mut bob) = pair(bench);
    let mut content = bytes(52, 2 << 20);
    alice.put("large", &content);
    meet(&alice, &bob);
    let before = bob.engine().frame_bytes().unwrap();
    let options = OpenOptions::new().write(true);
    let mut file = block_on(bob.drive().open_with(&path("large"), &options)).unwrap();
    block_on(file.write_at(1_000_000, b"bob was here")).unwrap();
    block_on(file.close()).unwrap();
    content[1_000_000..1_000_012].copy_from_slice(b"bob was here");
    let grown = bob.engine().frame_bytes().unwrap() - before;
    // Pieces stay where alice has them; the list is written anew, for her places are not his.
    assert!(grown < 120_000, "{grown} bytes");
    assert_eq!(bob.get("large"), content);
    meet(&alice, &bob);
    assert_eq!(alice.get("large"), content);
    assert!(conflicts(&alice).is_empty());
    bench.restart(&mut bob);
}

fn a_layer_of_another_is_vouched_for_as_far_as_it_is_used<E: Engine>(bench: &Bench<'_, E>) {
    let (alice, bob) = pair(bench);
    for round in 0..3 {
        let name = format!("f{round}");
        alice.put(&name, &bytes(60 + round, 50_000));
        meet(&alice, &bob);
        block_on(bob.drive().set_permissions(&path(&name), 0o600)).unwrap();
        meet(&alice, &bob);
        // What bob writes must be readable by what bob's own commit says of the layers.
        let commit = bob.replica().revision(&crate::Revision::Back(0)).unwrap();
        assert_eq!(commit.writer, bob.key());
        let layers = alice.replica().layers().unwrap().0;
        for head in &layers {
            let same = layers.iter().filter(|other| other.log == head.log);
            assert!(same.clone().all(|other| other.length == head.length), "{layers:?}");
            assert!(same.count() <= 2);
        }
    }
}

fn attributes_change_without_the_content<E: Engine>(bench: &Bench<'_, E>) {
    let alice = bench.small(Access::Public);
    let bob = bench.join(2, &alice);
    let content = bytes(53, 20_000);
    alice.put("f", &content);
    alice.commit();
    bob.pull(&alice, false);
    let read = block_on(bob.drive().read(&path("f")));
    assert!(matches!(read, Err(DriveError::Offline { .. })), "{read:?}");
    block_on(bob.drive().set_permissions(&path("f"), 0o600)).unwrap();
    block_on(bob.drive().rename(&path("f"), &path("g"))).unwrap();
    bob.commit();
    alice.pull(&bob, true);
    assert_eq!(alice.get("g"), content);
    assert_eq!(alice.names(""), ["g"]);
}
