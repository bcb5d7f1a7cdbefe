//! Members: what is known of them is what is stored of them.

use std::sync::Arc;

use ply_drive::membership::{Record, What};
use ply_drive::suite::{Bench, Failing, Node};
use ply_engine::MemoryEngine;
use ply_types::Fault;

type Engine = Failing<MemoryEngine>;

fn bench<R>(test: impl FnOnce(&Bench<'_, Engine>) -> R) -> R {
    let make = || Arc::new(Failing::new(MemoryEngine::new()));
    test(&Bench::new(&make, &|engine| engine))
}

/// An owner, and a writer of whom the owner has not heard.
fn strangers(bench: &Bench<'_, Engine>) -> (Node<Engine>, Node<Engine>) {
    let alice = bench.node();
    let bob = bench.join(2, &alice);
    bob.put("f", b"by bob");
    bob.commit();
    (alice, bob)
}

#[test]
fn law_5_records_that_could_not_be_stored_are_not_known() {
    bench(|bench| {
        let (mut alice, bob) = strangers(bench);
        let before = (alice.replica().records_hash(), alice.replica().state_hash());
        alice.engine().fail_after(0);
        let refused = alice.replica().accept_records(bob.replica().records());
        assert_eq!(refused.map_err(|error| error.fault()), Err(Fault::Full));
        let after = (alice.replica().records_hash(), alice.replica().state_hash());
        assert_eq!(before, after, "what is not stored is not known");
        alice.engine().fail_after(-1);
        assert!(alice.replica().accept_records(bob.replica().records()).unwrap());
        assert!(!alice.replica().accept_records(bob.replica().records()).unwrap());
        bench.restart(&mut alice);
        assert_eq!(alice.replica().records_hash(), bob.replica().records_hash());
        assert!(alice.replica().admits(&bob.key()));
        alice.pull(&bob, true);
        assert_eq!(alice.get("f"), b"by bob");
    });
}

#[test]
fn of_two_in_one_slot_the_loser_takes_another_and_keeps_what_it_wrote() {
    bench(|bench| {
        let mut alice = bench.node();
        // An invite with few slots, taken by several at once who know nothing of each other.
        let mut joiners: Vec<Node<Engine>> = bench.join_all(&alice, &[2, 3, 4, 5], 4);
        let mut places = std::collections::BTreeSet::new();
        for (number, joiner) in joiners.iter().enumerate() {
            joiner.put(&format!("f{number}"), b"mine");
            joiner.commit();
            places.insert(slot(joiner));
        }
        assert!(places.len() < joiners.len(), "no collision to speak of: {places:?}");
        // Whoever loses claims anew, and may lose again: in each round somebody settles.
        for _ in 0..3 * joiners.len() {
            for joiner in &joiners {
                alice.pull(joiner, true);
                joiner.pull(&alice, true);
            }
        }
        let places: std::collections::BTreeSet<u32> = joiners.iter().map(slot).collect();
        assert_eq!(places.len(), joiners.len(), "each has a slot of its own");
        assert_eq!(alice.names(""), ["f0", "f1", "f2", "f3"]);
        for joiner in &mut joiners {
            assert_eq!(joiner.replica().state_hash(), alice.replica().state_hash());
            bench.restart(joiner);
            joiner.put("more", b"still a writer");
        }
        bench.restart(&mut alice);
    });
}

/// The slot by which a node counts as a writer, as far as it knows itself.
fn slot(node: &Node<Engine>) -> u32 {
    let membership = node.replica().membership();
    let by = membership.writer(&node.key()).expect("a writer").by;
    let id = node.replica().id();
    let records = node.replica().records();
    let mut records = records.iter().map(|record| Record::parse(&id, record).unwrap());
    match records.find(|record| record.id() == by).unwrap().what() {
        What::SelfAdmission { slot, .. } => *slot,
        other => panic!("{other:?}"),
    }
}
