//! The tree that is led from change to change, against one that is put together from all rows.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy knows tests by their attribute, and not the functions that they share"
)]

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use ply_engine::MemoryEngine;
use ply_index::{KeyRange, MemoryPages};
use ply_types::{Name, PageHash, Path};
use proptest::prelude::*;
use proptest::sample::Index;

use super::EMPTY;
use super::pages::UnionPages;
use super::row::{PathRow, weigh};
use crate::key::{below, key_path};
use crate::now::now;
use crate::suite::{Bench, Node, path};
use crate::view::cursor::Entries;
use crate::view::rows::next_key;
use crate::view::{View, Walk};
use crate::{Access, Keep, Replica};

type Memory = Node<MemoryEngine>;

fn root(node: &Memory) -> Option<PageHash> {
    node.replica().union_root(&|| true).unwrap()
}

/// All rows of a view, out of whole trees read side by side.
fn rows(view: &View<MemoryEngine>) -> BTreeMap<Vec<u8>, PathRow> {
    let mut rows = BTreeMap::new();
    let paths = [KeyRange::one(*b"\0\0r"), KeyRange { start: vec![0, 1], end: None }];
    for range in paths {
        let mut cursors: Vec<_> =
            view.trees().into_iter().map(|tree| Entries::new(tree, range.clone())).collect();
        while let Some((key, found, gathered)) = next_key(&mut cursors).unwrap() {
            assert!(gathered.missing.is_empty());
            let state = view.state(&key_path(&key).unwrap(), found, gathered).unwrap();
            if let Some(row) = PathRow::of(&state.versions) {
                rows.insert(key, row);
            }
        }
    }
    let lives = |path: &Path| {
        let lives_in = |range: KeyRange| {
            let end = range.end.map_or(Bound::Unbounded, Bound::Excluded);
            rows.range((Bound::Included(range.start), end)).next().is_some()
        };
        below(path).into_iter().any(lives_in)
    };
    let marked = |(key, row): (&Vec<u8>, &PathRow)| {
        let path = key_path(key).unwrap();
        let is_hidden = !path.is_root() && row.is_no_directory() && lives(&path);
        (key.clone(), row.inhabited(is_hidden))
    };
    rows.iter().map(marked).collect()
}

/// The root of a tree that is built of all rows at once.
fn built(replica: &Arc<Replica<MemoryEngine>>) -> PageHash {
    let rows = rows(&replica.view().without_draft());
    let rows = rows.into_iter().map(|(key, row)| (key, row.encode()));
    let mut pages = MemoryPages::default();
    let root = ply_index::build(rows, &weigh, &mut pages).unwrap();
    root.map_or(EMPTY, |root| root.hash)
}

/// Conflicts as a walk of everything meets them.
fn walked(node: &Memory, from: &Path) -> Vec<Path> {
    let view = node.replica().view();
    let mut walk = Walk::new(&view, from.clone());
    let mut conflicts = Vec::new();
    if !from.is_root() && view.path(from).unwrap().is_conflict() {
        conflicts.push(from.clone());
    }
    while let Some(named) = walk.next().unwrap() {
        if named.state.is_conflict() {
            conflicts.push(named.path);
        }
    }
    conflicts
}

fn listed(node: &Memory, from: &Path) -> Vec<Path> {
    let conflicts = now(node.drive().conflicts(from)).unwrap().unwrap();
    conflicts.into_iter().map(|conflict| conflict.path).collect()
}

/// What somebody does. Paths and contents are few, so that they collide.
#[derive(Clone, Debug)]
enum Verb {
    Write(u8),
    MakeDir,
    Remove,
    /// Makes a directory a file, and a file a directory with something in it.
    Turn,
    Rename(Index),
    Resolve(bool, Index),
    Commit,
    Discard,
    Pull(Index),
    /// Asks for the root: who asks when makes the steps in which the tree is led on.
    Look,
    /// Forgets the tree.
    Forget,
    /// Many names in one directory: more than fit a commit, and more than one page.
    Many(u8),
}

const NAMES: [&str; 6] = ["a", "a/b", "a/b/c", "a/d", "a!", "e"];

fn verb() -> impl Strategy<Value = Verb> {
    prop_oneof![
        6 => any::<u8>().prop_map(Verb::Write),
        4 => Just(Verb::MakeDir),
        2 => Just(Verb::Remove),
        6 => Just(Verb::Turn),
        3 => any::<Index>().prop_map(Verb::Rename),
        3 => (any::<bool>(), any::<Index>()).prop_map(|(all, who)| Verb::Resolve(all, who)),
        4 => Just(Verb::Commit),
        1 => Just(Verb::Discard),
        8 => any::<Index>().prop_map(Verb::Pull),
        3 => Just(Verb::Look),
        1 => Just(Verb::Forget),
        1 => any::<u8>().prop_map(Verb::Many),
    ]
}

fn forget(node: &Memory) {
    UnionPages::new(node.replica()).clear().unwrap();
}

fn check(node: &Memory) {
    let replica = node.replica();
    assert_eq!(root(node), Some(built(replica)));
    for from in [Path::root(), path("a"), path("a/b")] {
        assert_eq!(listed(node, &from), walked(node, &from), "conflicts from {from} down");
    }
}

fn act(nodes: &[Memory], at: usize, name: &Path, verb: &Verb) {
    let node = &nodes[at];
    let drive = node.drive();
    // What cannot be done is refused, and that is fine.
    match verb {
        Verb::Write(number) => drop(now(drive.write(name, &[*number % 3])).unwrap()),
        Verb::MakeDir => {
            let attributes = crate::Attributes { mode: 0o755, ..Default::default() };
            drop(now(drive.create_dir(name, &attributes, false)).unwrap());
        }
        Verb::Remove => drop(now(drive.remove_file(name)).unwrap()),
        Verb::Turn => {
            if now(drive.remove_dir_all(name)).unwrap().is_ok() {
                drop(now(drive.write(name, b"turned")).unwrap());
            } else if now(drive.remove_file(name)).unwrap().is_ok() {
                let attributes = crate::Attributes { mode: 0o755, ..Default::default() };
                // The directory around it may be gone with it, where that was all that kept it from
                // giving way to somebody's file.
                drop(now(drive.create_dir(name, &attributes, false)).unwrap());
                let inside = name.join(&Name::parse(*b"b").unwrap()).unwrap();
                drop(now(drive.write(&inside, b"turned")).unwrap());
            }
        }
        Verb::Rename(to) => {
            drop(now(drive.rename(name, &path(NAMES[to.index(NAMES.len())]))).unwrap());
        }
        Verb::Resolve(all, who) => {
            let keep = if *all { Keep::All } else { Keep::Writer(who.get(nodes).key()) };
            drop(now(drive.resolve(name, keep)).unwrap());
        }
        Verb::Commit => node.commit(),
        Verb::Discard => drop(drive.discard().unwrap()),
        Verb::Pull(from) => {
            let from = from.index(nodes.len());
            if from != at {
                nodes[from].commit();
                node.pull(&nodes[from], true);
                assert!(root(node).is_some());
            }
        }
        Verb::Look => check(node),
        Verb::Forget => forget(node),
        Verb::Many(number) => {
            for each in 0..*number {
                let name = path(&format!("many {}/{each}", number % 2));
                let options = crate::WriteOptions {
                    create: crate::Create::OrReplace,
                    make_parents: true,
                    attributes: None,
                };
                let content = [*number; 20];
                drop(now(drive.write_with(&name, content.as_slice(), &options)).unwrap());
            }
        }
    }
}

/// A file is there before what hides it comes, and still there when that goes.
#[test]
fn what_hides_a_file_comes_and_goes() {
    let make = || Arc::new(MemoryEngine::new());
    let bench = Bench::new(&make, &|engine| engine);
    let alice = bench.small(Access::Public);
    let bob = bench.join(2, &alice);
    alice.mkdir("d");
    alice.put("d/x", b"seen");
    alice.commit();
    bob.pull(&alice, true);
    now(bob.drive().remove_dir_all(&path("d"))).unwrap().unwrap();
    bob.put("d", b"a file");
    bob.commit();
    check(&bob);
    assert!(listed(&bob, &Path::root()).is_empty());
    alice.put("d/y", b"not seen");
    alice.commit();
    bob.pull(&alice, true);
    check(&bob);
    assert_eq!(listed(&bob, &Path::root()), [path("d")]);
    now(bob.drive().remove_file(&path("d/y"))).unwrap().unwrap();
    assert!(listed(&bob, &Path::root()).is_empty(), "the draft ends a conflict");
    bob.commit();
    check(&bob);
    assert!(listed(&bob, &Path::root()).is_empty());
    alice.pull(&bob, true);
    assert_eq!(root(&alice), root(&bob));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn law_2_a_tree_that_was_led_on_is_the_tree_built_anew(
        steps in prop::collection::vec((0..3_usize, any::<Index>(), verb()), 1..90),
    ) {
        let make = || Arc::new(MemoryEngine::new());
        let bench = Bench::new(&make, &|engine| engine);
        let first = bench.small(Access::Public);
        let mut nodes = bench.join_all(&first, &[2, 3], 64);
        prop_assert_eq!(root(&first), Some(EMPTY));
        prop_assert_eq!(root(&nodes[0]), None, "of what it joined it has heard nothing");
        first.put("a!", b"first");
        first.commit();
        for node in &nodes {
            node.pull(&first, true);
        }
        nodes.insert(0, first);
        for (at, name, verb) in &steps {
            act(&nodes, *at, &path(NAMES[name.index(NAMES.len())]), verb);
        }
        for node in &nodes {
            node.commit();
        }
        for _ in 0..2 {
            for (at, node) in nodes.iter().enumerate() {
                for (_, other) in nodes.iter().enumerate().filter(|(other, _)| *other != at) {
                    node.pull(other, true);
                }
            }
        }
        let mut roots: Vec<_> = nodes.iter().map(root).collect();
        nodes.iter().for_each(check);
        roots.dedup();
        prop_assert_eq!(roots.len(), 1, "nodes with one state have one root");
    }
}
