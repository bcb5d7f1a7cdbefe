//! Writing where nobody is in reach and part of the drive is not here.

use std::collections::BTreeSet;

use futures::executor::block_on;
use ply_drive::{Attributes, DriveError, OpenOptions, Stored, Version, Want, WriteOptions};
use ply_types::{Fault, LogKey, Path};

use crate::damage::Dice;
use crate::sparse::noise;
use crate::world::{Node, Wire, path, sealed};

/// So many small files that a commit block cannot hold them, and news of it cannot bring them: the
/// index takes pages that somebody has to ask for.
fn fill(node: &Node) {
    for file in 0..800 {
        node.put(&format!("filler{file:03}"), &noise(file + 1, 100));
    }
    node.commit();
}

/// Tells each what the other has committed, and no more.
fn meet(one: &Node, other: &Node) {
    let mut wire = Wire::connect(one, other);
    wire.ask(0, Want::Heads).unwrap();
}

/// Brings everything, both ways.
fn share_all(one: &Node, other: &Node) {
    let mut wire = Wire::connect(one, other);
    for _ in 0..3 {
        // Neither may have it all yet.
        let _ends = [wire.ask(0, Want::Everything), wire.ask(1, Want::Everything)];
        wire.changed();
    }
}

/// Contents of all current versions of a file, in order of their bytes. They are so short that their
/// entries have them: one writer may have several.
fn versions(node: &Node, name: &str) -> Vec<String> {
    let state = node.replica.view().path(&path(name)).unwrap();
    assert!(state.missing.is_empty());
    let content = |version: &Version| match version.entry.stored() {
        Some(Stored::Inline(content)) => String::from_utf8(content.clone()).unwrap(),
        other => panic!("{other:?}"),
    };
    let mut contents: Vec<String> = state.versions.all().iter().map(content).collect();
    contents.sort();
    contents
}

/// That both nodes show these versions once each holds everything.
fn end_with(one: &Node, other: &Node, name: &str, expected: &[&str]) {
    share_all(one, other);
    assert_eq!(versions(one, name), expected);
    assert_eq!(versions(other, name), expected);
    assert_eq!(one.replica.state_hash(), other.replica.state_hash());
}

/// Whether a path cannot be seen whole at a node.
fn is_unseen(node: &Node, name: &str) -> bool {
    !node.replica.view().path(&path(name)).unwrap().missing.is_empty()
}

#[test]
fn law_3_what_is_written_unseen_stands_beside_what_was_there() {
    let a = Node::owner(1, sealed());
    a.put("f", b"of a");
    fill(&a);
    let b = Node::joined(2, a.share());
    meet(&b, &a);
    assert!(is_unseen(&b, "f"));
    b.put_commit("f", b"of b");
    b.put_commit("new", b"new");
    end_with(&a, &b, "f", &["of a", "of b"]);
    assert_eq!(versions(&a, "new"), ["new"]);
}

#[test]
fn law_3_a_conflict_that_was_kept_is_kept_by_who_does_not_see_it() {
    let a = Node::owner(1, sealed());
    let b = Node::joined(2, a.share());
    a.put_commit("f", b"of a");
    b.put_commit("f", b"of b");
    share_all(&a, &b);
    // Over the shown one; the other stays, on b's word.
    b.put_commit("f", b"of b again");
    let before = versions(&b, "f");
    assert_eq!(before.len(), 2);
    // The page that has the version of a is another one now, and b does not get it.
    fill(&a);
    meet(&b, &a);
    assert!(is_unseen(&b, "f"));
    b.put_commit("f", b"of b at last");
    let expected: Vec<&str> = before
        .iter()
        .map(|text| if text == "of b again" { "of b at last" } else { text })
        .collect();
    end_with(&a, &b, "f", &expected);
}

#[test]
fn law_3_what_was_superseded_stays_so_where_it_is_not_seen() {
    let a = Node::owner(1, sealed());
    let b = Node::joined(2, a.share());
    a.put_commit("f", b"of a");
    share_all(&a, &b);
    b.put_commit("f", b"of b");
    fill(&a);
    meet(&b, &a);
    assert!(is_unseen(&b, "f"));
    b.put_commit("f", b"of b again");
    end_with(&a, &b, "f", &["of b again"]);
}

#[test]
fn law_4_a_delete_unseen_removes_what_was_seen() {
    let a = Node::owner(1, sealed());
    let b = Node::joined(2, a.share());
    b.put("f", b"of b");
    b.put("g", b"of b");
    b.commit();
    share_all(&a, &b);
    a.put("f", b"of a");
    fill(&a);
    meet(&b, &a);
    assert!(is_unseen(&b, "f"));
    for name in ["f", "g"] {
        block_on(b.drive.remove_file(&path(name))).unwrap();
    }
    b.commit();
    end_with(&a, &b, "f", &["of a"]);
    assert!(versions(&a, "g").is_empty());
}

#[test]
fn law_3_a_file_opened_where_a_version_is_unseen_is_written_beside_it() {
    for is_back in [false, true] {
        let a = Node::owner(1, sealed());
        let b = Node::joined(2, a.share());
        b.put_commit("f", b"of b");
        share_all(&a, &b);
        a.put("f", b"of a");
        fill(&a);
        meet(&b, &a);
        let options = OpenOptions::new().write(true);
        let mut file = block_on(b.drive.open_with(&path("f"), &options)).unwrap();
        if is_back {
            share_all(&a, &b);
        }
        block_on(file.write_at(3, b"B")).unwrap();
        block_on(file.close()).unwrap();
        b.commit();
        end_with(&a, &b, "f", &["of B", "of a"]);
    }
}

#[test]
fn what_is_not_here_is_not_said_to_be_absent() {
    let a = Node::owner(1, sealed());
    block_on(a.drive.create_dir(&path("dir"), &Attributes::default(), false)).unwrap();
    a.put("dir/f", b"of a");
    fill(&a);
    let b = Node::joined(2, a.share());
    meet(&b, &a);
    let offline = |result: Result<(), DriveError>| {
        let error = result.unwrap_err();
        assert_eq!(error.fault(), Fault::Offline, "{error}");
    };
    offline(block_on(b.drive.write(&path("dir/g"), b"of b")));
    offline(block_on(b.drive.remove_file(&path("f"))));
    offline(block_on(b.drive.remove_dir_all(&path("dir"))));
    // Unless it may be made: two directories of one name are one.
    let options = WriteOptions { make_parents: true, ..WriteOptions::default() };
    block_on(b.drive.write_with(&path("dir/g"), &b"of b"[..], &options)).unwrap();
    b.commit();
    share_all(&a, &b);
    for node in [&a, &b] {
        let names = block_on(node.drive.read_dir(&path("dir"))).unwrap();
        assert_eq!(names.entries.len(), 2);
        assert!(block_on(node.drive.conflicts(&Path::root())).unwrap().is_empty());
    }
}

/// What was ever written to a path, and what it took the place of.
struct Written {
    path: usize,
    author: usize,
    /// Number of the commit; `None` while it is in the draft.
    number: Option<u64>,
    content: String,
    over: BTreeSet<usize>,
}

/// Three writers who write the same few files, mostly without seeing what the others have there. Beside
/// them every word that was written, with those that its author saw.
struct Apart {
    nodes: Vec<Node>,
    words: Vec<Written>,
    said: usize,
}

const NAMES: [&str; 3] = ["f", "filler005 too", "z"];

impl Apart {
    fn new() -> Self {
        let first = Node::owner(1, sealed());
        let mut nodes = vec![Node::joined(2, first.share()), Node::joined(3, first.share())];
        nodes.insert(0, first);
        for node in &nodes {
            fill(node);
        }
        Self { nodes, words: Vec::new(), said: 0 }
    }

    /// The words of a path that a node sees, those of its own draft among them.
    fn seen(&self, at: usize, path: usize, unseen: &[LogKey]) -> Vec<usize> {
        let view = self.nodes[at].replica.view();
        let newest = view.clock();
        let is_seen = |word: &Written| {
            let author = self.nodes[word.author].key();
            let is_known = match word.number {
                None => word.author == at,
                Some(number) => newest.covers(&author, number),
            };
            word.path == path && is_known && !unseen.contains(&author)
        };
        (0..self.words.len()).filter(|&word| is_seen(&self.words[word])).collect()
    }

    /// Of some words those whose place none of them has taken.
    fn current(&self, words: &[usize]) -> Vec<usize> {
        let is_over =
            |word: &usize| words.iter().any(|other| self.words[*other].over.contains(word));
        words.iter().copied().filter(|word| !is_over(word)).collect()
    }

    fn write(&mut self, at: usize, name: usize) {
        self.said += 1;
        let content = format!("word {}", self.said);
        let state = self.nodes[at].replica.view().path(&path(NAMES[name])).unwrap();
        let unseen: Vec<LogKey> = state.missing.iter().map(|(writer, _)| *writer).collect();
        let seen = self.seen(at, name, &unseen);
        let draft = seen.iter().copied().find(|&word| self.words[word].number.is_none());
        self.nodes[at].put(NAMES[name], content.as_bytes());
        if let Some(draft) = draft {
            // The same draft, which goes by what was seen when it was begun.
            self.words[draft].content = content;
            return;
        }
        let current = self.current(&seen);
        let rank = |word: &&usize| {
            (self.words[**word].number, self.nodes[self.words[**word].author].key())
        };
        let shown = current.iter().max_by_key(rank).copied();
        let stands = |word: &usize| current.contains(word) && Some(*word) != shown;
        let over = seen.into_iter().filter(|word| !stands(word)).collect();
        self.words.push(Written { path: name, author: at, number: None, content, over });
    }

    fn commit(&mut self, at: usize) {
        self.nodes[at].commit();
        let own = self.nodes[at].key();
        let number = self.nodes[at].replica.view().clock().component(&own).map(|mark| mark.number);
        let drafts =
            self.words.iter_mut().filter(|word| word.author == at && word.number.is_none());
        drafts.for_each(|word| word.number = number);
    }

    /// Everybody has everything, and shows what nobody who saw it wrote over.
    fn end(&mut self) {
        (0..self.nodes.len()).for_each(|at| self.commit(at));
        for _ in 0..2 {
            for (one, other) in [(0, 1), (1, 2), (0, 2)] {
                share_all(&self.nodes[one], &self.nodes[other]);
            }
        }
        for (name, text) in NAMES.iter().enumerate() {
            let all: Vec<usize> =
                (0..self.words.len()).filter(|&word| self.words[word].path == name).collect();
            let current = self.current(&all);
            let mut must: Vec<&str> =
                current.iter().map(|&word| self.words[word].content.as_str()).collect();
            must.sort_unstable();
            for node in &self.nodes {
                let shown = versions(node, text);
                assert_eq!(shown, must, "{text}");
            }
        }
    }
}

#[test]
fn law_3_nothing_is_lost_however_little_is_seen() {
    let mut unseen = 0;
    for seed in 1..=20 {
        let mut dice = Dice(seed * 0x9e37_79b9_7f4a_7c15);
        let mut world = Apart::new();
        for _ in 0..40 {
            let at = dice.below(3);
            let other = (at + 1 + dice.below(2)) % 3;
            match dice.below(12) {
                0..=4 => {
                    let name = dice.below(NAMES.len());
                    unseen += usize::from(is_unseen(&world.nodes[at], NAMES[name]));
                    world.write(at, name);
                }
                5 | 6 => world.commit(at),
                7 => {
                    world.commit(at);
                    fill(&world.nodes[at]);
                }
                8..=10 => meet(&world.nodes[at], &world.nodes[other]),
                _ => {
                    let want = Want::Stat(path(NAMES[dice.below(NAMES.len())]));
                    let _end = Wire::connect(&world.nodes[at], &world.nodes[other]).ask(0, want);
                }
            }
        }
        world.end();
    }
    println!("{unseen} times something was written that was not seen whole");
    assert!(50 < unseen, "{unseen}");
}
