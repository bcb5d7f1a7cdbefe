//! Short scripts, each of which once broke a law. The model looks on.

use ply_tests::action::Action;
use ply_tests::action::Action::{
    Chmod, Commit, KeepAll, KeepWriter, MakeDir, Remove, RemoveAll, RemoveDir, Rename, Write,
    WriteNew,
};
use ply_tests::history::History;
use ply_tests::net::Keeping::{self, Everything, Sparse};

/// A world in which nothing happens by itself.
fn world(keeping: &[Keeping]) -> History {
    History::scripted(keeping)
}

fn write(path: &str, content: u64) -> Action {
    Write(path.to_owned(), content)
}

fn named(action: fn(String) -> Action, path: &str) -> Action {
    action(path.to_owned())
}

/// Does things at a node, and looks at what it shows after each.
fn at(world: &mut History, node: usize, actions: &[Action]) {
    for action in actions {
        world.act(node, action);
        world.look(node);
    }
}

#[test]
fn law_4_removing_ones_draft_over_anothers_file_removes_both() {
    let mut world = world(&[Everything; 2]);
    at(&mut world, 0, &[write("f", 1), Commit]);
    world.meet(0, 1);
    at(&mut world, 1, &[write("f", 2), named(Remove, "f")]);
    world.make_peace();
}

#[test]
fn law_4_removing_a_directory_of_anothers_takes_the_own_word_on_it_too() {
    let mut world = world(&[Everything; 2]);
    at(&mut world, 0, &[named(MakeDir, "d"), write("d/x", 1), Commit]);
    world.meet(0, 1);
    at(&mut world, 1, &[write("d/y", 2), named(RemoveAll, "d")]);
    world.make_peace();
}

#[test]
fn law_4_nobody_writes_into_a_directory_that_another_removed() {
    let mut world = world(&[Everything; 2]);
    at(&mut world, 0, &[named(MakeDir, "d"), Commit]);
    world.meet(0, 1);
    at(&mut world, 1, &[named(RemoveDir, "d"), Commit]);
    world.meet(0, 1);
    at(&mut world, 0, &[write("d/x", 1)]);
    at(&mut world, 1, &[write("d", 2), Commit]);
    world.meet(0, 1);
    at(&mut world, 0, &[write("d/x", 3)]);
    world.make_peace();
}

#[test]
fn law_3_a_draft_survives_a_directory_that_came_in_with_its_name() {
    let into: fn(&str) -> Action = |path| write(path, 3);
    let chmod: fn(&str) -> Action = |_| Chmod("p".to_owned(), 0o700);
    for over in [into("p/x"), chmod("p")] {
        let mut world = world(&[Everything; 3]);
        at(&mut world, 0, &[named(MakeDir, "p"), Commit]);
        at(&mut world, 1, &[write("p", 1)]);
        world.meet(0, 1);
        at(&mut world, 1, &[over, Commit]);
        world.meet(1, 2);
        // What the commit left beside its directory can be told from the directory itself.
        at(&mut world, 2, &[Chmod("p".to_owned(), 0o755), Commit]);
        world.make_peace();
    }
}

#[test]
fn law_4_a_file_survives_a_directory_that_only_its_content_implies() {
    for over in [write("d/z", 4), Chmod("d".to_owned(), 0o700), named(KeepAll, "d")] {
        let mut world = world(&[Everything; 3]);
        at(&mut world, 2, &[named(MakeDir, "d"), Commit]);
        world.meet(2, 1);
        world.meet(2, 0);
        at(&mut world, 1, &[named(RemoveDir, "d"), write("d", 1), Commit]);
        at(&mut world, 2, &[write("d/y", 2), Commit]);
        world.meet(1, 0);
        world.meet(2, 0);
        at(&mut world, 0, &[over, Commit]);
        world.make_peace();
    }
}

#[test]
fn law_4_a_file_added_in_a_directory_that_is_removed_survives_and_is_listed() {
    let mut world = world(&[Everything; 2]);
    at(&mut world, 0, &[named(MakeDir, "d"), write("d/x", 1), Commit]);
    world.meet(0, 1);
    at(&mut world, 0, &[write("d/new", 2), Commit]);
    at(&mut world, 1, &[named(RemoveAll, "d"), Commit]);
    world.meet(0, 1);
    at(&mut world, 1, &[Rename("d".to_owned(), "e".to_owned())]);
    world.make_peace();
}

#[test]
fn law_3_an_own_version_that_is_not_shown_is_kept_when_the_shown_one_is_written_over() {
    let mut world = world(&[Everything; 3]);
    at(&mut world, 0, &[write("f", 1), Commit]);
    at(&mut world, 1, &[write("g", 2), Commit, write("f", 3), Commit]);
    world.meet(0, 1);
    at(&mut world, 0, &[write("f", 4), Commit, write("f", 5), Commit]);
    world.meet(0, 2);
    at(&mut world, 2, &[write("f", 6), Commit, KeepWriter("f".to_owned(), 2), Commit]);
    world.make_peace();
}

/// A world in which node 2 keeps little: it has what 0 wrote, and the newest commit of 1, but not the
/// one by which 1 removed it.
fn removed_out_of_sight() -> History {
    let mut world = world(&[Everything, Everything, Sparse]);
    at(&mut world, 0, &[named(MakeDir, "d"), write("d/x", 1), write("f", 2), Commit]);
    world.meet(0, 1);
    at(&mut world, 1, &[write("z", 3), Commit]);
    at(&mut world, 1, &[named(RemoveAll, "d"), named(Remove, "f"), Commit]);
    at(&mut world, 1, &[write("d", 4), Commit]);
    world.meet(1, 2);
    world
}

#[test]
fn law_4_what_lies_below_is_not_taken_for_alive_for_want_of_a_clock() {
    let mut world = removed_out_of_sight();
    world.act(2, &Chmod("d".to_owned(), 0o700));
    world.make_peace();
}

#[test]
fn law_6_nothing_is_refused_for_a_version_that_may_be_superseded() {
    let mut world = removed_out_of_sight();
    world.act(2, &WriteNew("f".to_owned(), 5));
    world.make_peace();
}

#[test]
fn law_6_a_node_that_keeps_little_passes_on_what_it_has() {
    let mut world = world(&[Everything, Sparse, Everything]);
    at(&mut world, 0, &[write("f", 1), Commit]);
    world.meet(0, 1);
    at(&mut world, 0, &[write("f", 2), Commit]);
    world.meet(0, 2);
    at(&mut world, 0, &[write("f", 3), Commit]);
    world.meet(0, 1);
    // 2 has the second commit, and 1 the first and the third.
    world.meet(1, 2);
    world.make_peace();
}

#[test]
fn law_8_a_question_beyond_the_end_of_a_log_has_an_answer_that_ends() {
    let mut world = world(&[Everything, Sparse]);
    at(&mut world, 0, &[write("f", 1), Commit]);
    world.meet(0, 1);
    let log = world.net().replicas[0].writer_key();
    world.net().connect(1, 0);
    world.net().settle();
    for blocks in [1..2, 0..9, 7..9, 1..u64::MAX] {
        let want = ply_drive::Want::Blocks { log, blocks };
        let _whatever = world.net().fetch(1, &want);
    }
    assert!(world.net().messages < 100, "{} messages", world.net().messages);
}

#[test]
fn law_2_content_pushed_with_a_commit_that_is_no_longer_the_newest_is_no_offence() {
    // Contents that are pushed: long enough for frames of their own.
    let mut world = world(&[Everything, Sparse, Everything]);
    at(&mut world, 0, &[write("f", 16), Commit]);
    world.meet(0, 2);
    at(&mut world, 0, &[write("g", 32), Commit]);
    world.net().connect(2, 1);
    // Hello, welcome, summary: now the news of 2 are under way.
    assert!(world.net().carry(2, 1) && world.net().carry(1, 2) && world.net().carry(1, 2));
    world.net().connect(0, 1);
    while world.net().carry(0, 1) || world.net().carry(1, 0) {}
    while world.net().carry(2, 1) || world.net().carry(1, 2) {}
    assert_eq!(world.net().quarrels, Vec::<String>::new());
    world.observe(1);
    world.make_peace();
}
