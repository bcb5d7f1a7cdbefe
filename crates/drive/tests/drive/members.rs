//! Members: what is known of them is what is stored of them.

use std::sync::Arc;

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
