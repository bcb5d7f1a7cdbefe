//! Everything, from several peers at once: each brings a part, and none brings what another one does.

use std::time::Duration;

use ply_drive::Want;
use ply_sync::Claims;
use ply_types::Time;

use crate::world::{Node, Wire, path, sealed};

/// Content that does not compress, told apart by `seed`.
fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut content = vec![0; bytes];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut content);
    content
}

/// An owner with some content, and a node that has all of it too.
fn two_sources(mebibytes: u64) -> (Node, Node) {
    let owner = Node::owner(1, sealed());
    for seed in 0..mebibytes {
        owner.put(&format!("noise-{seed}"), &noise(seed, 1 << 20));
    }
    owner.commit();
    let second = Node::joined(2, owner.share());
    Wire::connect(&second, &owner).ask(0, Want::Everything).unwrap();
    (owner, second)
}

/// Lets one node ask several others at once, a message of each wire at a time; says how each that is
/// still there ended, and how many blocks it brought. After `stops` messages the first one is gone.
fn fetch(node: &Node, sources: &[&Node], stops: Option<usize>) -> Vec<(bool, u64)> {
    let claims = Claims::default();
    let mut wires = Vec::new();
    for peer in sources {
        let mut wire = Wire::connect(node, peer);
        let request = wire.begin_shared(&claims, Want::Everything);
        wires.push((wire, request));
    }
    let mut now = Time::default();
    for round in 0.. {
        if stops == Some(round) {
            drop(wires.remove(0));
        }
        let mut moved = false;
        for (wire, _) in &mut wires {
            moved |= wire.carry_one(now);
        }
        if !moved && wires.iter().all(|(wire, request)| wire.result(*request).is_some()) {
            break;
        }
        if !moved {
            now = now + Duration::from_millis(60);
            for (wire, _) in &mut wires {
                wire.expire(now);
            }
        }
    }
    let ends = wires
        .iter()
        .map(|(wire, request)| (wire.result(*request) == Some(Ok(())), wire.traffic(0).blocks_in));
    ends.collect()
}

fn has_everything(node: &Node, mebibytes: u64) {
    let list = node.list();
    assert_eq!(list.len() as u64, mebibytes);
    for seed in 0..mebibytes {
        let name = path(&format!("noise-{seed}")).to_string();
        let (_, _, content) = list.iter().find(|(found, ..)| *found == name).unwrap();
        assert!(*content == noise(seed, 1 << 20), "{name}");
    }
}

#[test]
fn two_sources_bring_a_part_each_and_nothing_twice() {
    let (owner, second) = two_sources(80);
    let alone = Node::joined(3, owner.share());
    let [(true, needed)] = fetch(&alone, &[&owner], None)[..] else { panic!("not whole") };
    let node = Node::joined(4, owner.share());
    let ends = fetch(&node, &[&owner, &second], None);
    has_everything(&node, 80);
    let brought: u64 = ends.iter().map(|(_, blocks)| blocks).sum();
    assert!(ends.iter().all(|(is_whole, _)| *is_whole), "{ends:?}");
    assert!(ends.iter().all(|(_, blocks)| needed / 4 < *blocks), "{ends:?} of {needed}");
    // The heads come from both.
    assert!(brought <= needed + 8, "{ends:?} of {needed}");
}

#[test]
fn what_one_source_does_not_have_the_other_one_brings() {
    let (owner, _) = two_sources(40);
    // It knows the heads, and has nothing else.
    let empty = Node::joined(2, owner.share());
    Wire::connect(&empty, &owner).ask(0, Want::Heads).unwrap();
    let node = Node::joined(4, owner.share());
    let ends = fetch(&node, &[&empty, &owner], None);
    has_everything(&node, 40);
    assert!(ends[1].0, "{ends:?}");
}

#[test]
fn what_a_source_took_on_and_did_not_bring_the_other_one_brings() {
    for stops in [3, 10, 40, 100] {
        let (owner, second) = two_sources(40);
        let node = Node::joined(4, owner.share());
        let ends = fetch(&node, &[&owner, &second], Some(stops));
        has_everything(&node, 40);
        assert!(ends[0].0, "{ends:?}");
    }
}

/// A source that answers, but so slowly that it is never given up, holds nobody up for long.
#[test]
fn what_a_source_only_trickles_the_other_one_brings() {
    let (owner, second) = two_sources(80);
    let node = Node::joined(4, owner.share());
    let claims = Claims::default();
    let mut wires = [Wire::connect(&node, &owner), Wire::connect(&node, &second)];
    let requests = wires.each_mut().map(|wire| wire.begin_shared(&claims, Want::Everything));
    let (mut now, mut carried) = (Time::default(), 0);
    let mut next = now;
    while wires[1].result(requests[1]).is_none() {
        // Quick at first, so that much is left to it; then a message every ten seconds.
        let mut moved = wires[1].carry_one(now);
        if carried < 12 || next <= now {
            carried += 1;
            next = now + Duration::from_secs(10);
            moved |= wires[0].carry_one(now);
        }
        if !moved {
            now = now + Duration::from_millis(60);
            for wire in &mut wires {
                wire.expire(now);
            }
        }
    }
    assert_eq!(wires[1].result(requests[1]), Some(Ok(())));
    has_everything(&node, 80);
    assert!(now < Time::default() + Duration::from_secs(15), "{now:?}");
}
