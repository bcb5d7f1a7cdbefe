//! Commits, discarding, and the drive of the past.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt};
use ply_engine::Engine;

use super::world::{Bench, block_on, bytes, path};
use crate::{DriveError, Kind, PastVersion, Revision};

pub(super) fn run<E: Engine>(bench: &Bench<'_, E>) {
    nothing_to_commit_is_no_commit(bench);
    a_discarded_draft_leaves_the_last_commit(bench);
    every_commit_reads_as_what_was_written(bench);
    the_drive_of_the_past_can_be_read(bench);
    the_past_of_two_writers_is_what_the_author_saw(bench);
    a_path_has_its_versions(bench);
}

fn nothing_to_commit_is_no_commit<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    let commit = || block_on(node.drive().commit("message", "suite")).unwrap();
    assert_eq!(commit(), None);
    node.put("f", b"1");
    let first = commit().unwrap();
    assert_eq!((first.mark.number, first.paths), (1, 1));
    assert_eq!(commit(), None);
    // Made and removed in one draft: nobody ever saw it.
    node.put("g", b"2");
    block_on(node.drive().remove_file(&path("g"))).unwrap();
    assert_eq!(commit(), None);
    let log = node.drive().log(usize::MAX).unwrap();
    assert_eq!((log.len(), log[0].message.as_str()), (1, "message"));
}

fn a_discarded_draft_leaves_the_last_commit<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    node.put("keep", b"1");
    node.put("removed", b"1");
    node.commit();
    let before = node.tree();
    node.put("keep", b"2");
    node.put("new", &bytes(70, 100_000));
    block_on(node.drive().remove_file(&path("removed"))).unwrap();
    assert_eq!(node.drive().discard().unwrap(), 3);
    assert_eq!(node.tree(), before);
    bench.restart(&mut node);
    assert_eq!(node.drive().discard().unwrap(), 0);
    node.put("new", b"3");
    node.commit();
    assert_eq!(node.names(""), ["keep", "new", "removed"]);
}

/// Small commits fill a delta, larger ones make a checkpoint: whichever it is, what is read is what
/// was written.
fn every_commit_reads_as_what_was_written<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    let mut model: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for round in 0..40_u64 {
        let changes = [1, 2, 1, 30, 1, 400, 3, 1][usize::try_from(round % 8).unwrap()];
        let transaction_like = changes.min(60);
        for change in 0..transaction_like {
            let name = format!("f{:03}", (round * 37 + change * 11) % 97);
            if change % 5 == 4 && model.remove(&name).is_some() {
                block_on(node.drive().remove_file(&path(&name))).unwrap();
            } else {
                let length = usize::try_from((round * 131 + change * 17) % 700).unwrap();
                let content = bytes(round * 1000 + change, length);
                node.put(&name, &content);
                model.insert(name, content);
            }
        }
        node.commit();
        bench.restart(&mut node);
        let names: Vec<String> = model.keys().cloned().collect();
        assert_eq!(node.names(""), names, "round {round}");
        for (name, content) in &model {
            assert_eq!(node.get(name), *content, "{name} in round {round}");
        }
        let newest = &node.drive().log(1).unwrap()[0];
        let bytes: usize = model.values().map(Vec::len).sum();
        assert_eq!((newest.files, newest.bytes), (model.len() as u64, bytes as u64));
    }
    assert_eq!(node.drive().log(usize::MAX).unwrap().len(), 40);
}

fn the_drive_of_the_past_can_be_read<E: Engine>(bench: &Bench<'_, E>) {
    let mut node = bench.node();
    let mut ids = Vec::new();
    for round in 0..20_u8 {
        node.put("f", &[round; 1000]);
        node.put(&format!("only {round:02}"), b"x");
        ids.push(block_on(node.drive().commit("", "")).unwrap().unwrap().mark.id);
    }
    node.put("f", b"draft");
    bench.restart(&mut node);
    block_on(async {
        for round in 0..20_u8 {
            let index = usize::from(round);
            let back = Revision::Back(19 - u64::from(round));
            let id: Revision = ids[index].to_string()[..12].parse().unwrap();
            for revision in [back, id] {
                let past = node.drive().at(&revision).await.unwrap();
                assert_eq!(past.read(&path("f")).await.unwrap(), [round; 1000]);
                assert_eq!(past.read_dir(&path("")).await.unwrap().entries.len(), index + 2);
                assert_eq!(past.metadata(&path("f")).await.unwrap().size, 1000);
                let later = past.metadata(&path("only 99")).await;
                assert!(matches!(later, Err(DriveError::Absent { .. })));
                let directory = past.read(&path("")).await;
                assert!(matches!(directory, Err(DriveError::IsADirectory { .. })));
                let file = past.read_dir(&path("f")).await;
                assert!(matches!(file, Err(DriveError::NotADirectory { .. })));
            }
        }
        let beyond = node.drive().at(&Revision::Back(20)).await.map(drop);
        assert!(matches!(beyond, Err(DriveError::NoCommit { .. })));
        let unknown = node.drive().at(&Revision::Commit("0123456789".to_owned())).await.map(drop);
        assert!(matches!(unknown, Err(DriveError::NoCommit { .. })));
    });
    for text in ["", "-", "-x", "abc", "xyzt", "--1", "-18446744073709551616"] {
        assert!(text.parse::<Revision>().is_err(), "{text}");
    }
    assert_eq!("ABCD".parse(), Ok(Revision::Commit("abcd".to_owned())));
    assert_eq!("-3".parse(), Ok(Revision::Back(3)));
}

fn the_past_of_two_writers_is_what_the_author_saw<E: Engine>(bench: &Bench<'_, E>) {
    let alice = bench.node();
    let bob = bench.join(2, &alice);
    alice.put("a", b"1");
    alice.commit();
    bob.pull(&alice, true);
    bob.put("b", b"1");
    bob.commit();
    // Not seen by bob's commit, and not in its past.
    alice.put("a", b"2");
    alice.commit();
    alice.pull(&bob, true);
    block_on(async {
        let log = alice.drive().log(usize::MAX).unwrap();
        let of_bob = log.iter().find(|entry| entry.writer == bob.key()).unwrap();
        let revision = Revision::Commit(of_bob.mark.id.to_string());
        let past = alice.drive().at(&revision).await.unwrap();
        assert_eq!(past.read(&path("a")).await.unwrap(), b"1");
        assert_eq!(past.read(&path("b")).await.unwrap(), b"1");
        assert_eq!(alice.get("a"), b"2");
    });
}

fn a_path_has_its_versions<E: Engine>(bench: &Bench<'_, E>) {
    let alice = bench.node();
    let bob = bench.join(2, &alice);
    alice.put("f", b"1");
    alice.commit();
    alice.put("other", b"x");
    alice.commit();
    bob.pull(&alice, true);
    bob.put("f", b"three");
    bob.commit();
    alice.pull(&bob, true);
    block_on(alice.drive().remove_file(&path("f"))).unwrap();
    alice.commit();
    let versions: Vec<PastVersion> =
        block_on(alice.drive().versions(&path("f")).try_collect()).unwrap();
    let seen: Vec<(bool, u64, Option<Kind>, u64)> = versions
        .iter()
        .map(|v| (v.writer == alice.key(), v.commit.number, v.kind, v.size))
        .collect();
    let file = Some(Kind::File);
    assert_eq!(seen, [(true, 4, None, 0), (false, 3, file, 5), (true, 1, file, 1)]);
    assert!(block_on(alice.drive().versions(&path("none")).next()).is_none());
}
