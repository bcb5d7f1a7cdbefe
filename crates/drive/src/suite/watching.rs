//! What those who watch are told.

use futures::executor::block_on;
use futures::{FutureExt, StreamExt};
use ply_engine::Engine;

use super::world::{Bench, path};
use crate::{Attributes, Body, Entry, Event, Transaction, Watch};

pub(super) fn run<E: Engine>(bench: &Bench<'_, E>) {
    whoever_watches_is_told(bench);
    whoever_is_slow_is_told_so(bench);
}

fn told(watch: &mut Watch) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(Some(event)) = watch.next().now_or_never() {
        events.push(event);
    }
    events
}

fn whoever_watches_is_told<E: Engine>(bench: &Bench<'_, E>) {
    let alice = bench.node();
    let bob = bench.join(2, &alice);
    let (mut first, mut second) = (alice.drive().watch(), alice.drive().watch());
    alice.put("f", b"1");
    let changed = || Event::Changed { path: path("f") };
    assert_eq!(told(&mut first), [changed()]);
    let mark = block_on(alice.drive().commit("", "")).unwrap().unwrap().mark;
    assert_eq!(told(&mut first), [Event::Committed { mark }]);
    alice.put("f", b"2");
    alice.drive().discard().unwrap();
    alice.replica().fetched(Some(&path("f")), 7);
    let fetched = Event::Fetched { path: Some(path("f")), bytes: 7 };
    let expected = [changed(), Event::Discarded { paths: 1 }, fetched];
    assert_eq!(told(&mut first), expected);
    bob.pull(&alice, true);
    bob.put("g", b"1");
    let theirs = block_on(bob.drive().commit("", "")).unwrap().unwrap().mark;
    alice.pull(&bob, true);
    assert_eq!(told(&mut first), [Event::Arrived { heads: vec![(bob.key(), theirs)] }]);
    assert_eq!(told(&mut second).len(), 6, "each has its own");
    // Whoever waits is woken, and the end of the drive is the end of the stream.
    let waiting = std::thread::spawn(move || block_on(first.next()));
    alice.drive().close();
    assert_eq!(waiting.join().unwrap(), None);
    assert_eq!(block_on(second.next()), None);
}

fn whoever_is_slow_is_told_so<E: Engine>(bench: &Bench<'_, E>) {
    let node = bench.node();
    let mut watch = node.drive().watch();
    let mut transaction = Transaction::begin(node.replica()).unwrap();
    for number in 0..2_000 {
        let entry = Entry::new(Body::Fifo, Attributes::default());
        transaction.set(&path(&format!("{number:04}")), entry).unwrap();
    }
    transaction.save().unwrap();
    let events = told(&mut watch);
    assert_eq!(events[0], Event::Lagged { events: 976 });
    assert_eq!(events.len(), 1025);
    assert_eq!(events[1], Event::Changed { path: path("0976") });
    assert_eq!(events[1024], Event::Changed { path: path("1999") });
    node.put("f", b"1");
    assert_eq!(told(&mut watch), [Event::Changed { path: path("f") }]);
}
