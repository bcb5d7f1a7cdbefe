//! The suite that every engine passes, with real reopening.

use std::cell::RefCell;
use std::thread;
use std::time::Instant;

use ply_engine::{Durability, Engine, Location, Table};
use ply_store::Store;

use crate::world::{append_one, put};

#[test]
fn the_store_keeps_the_contract_of_engines() {
    let folders = RefCell::new(Vec::new());
    let open = || {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        folders.borrow_mut().push(folder);
        store
    };
    // The suite reopens the engine that it opened last.
    let reopen = |store| {
        drop(store);
        Store::open(folders.borrow().last().unwrap().path()).unwrap()
    };
    ply_engine::suite::run(open, reopen);
}

#[test]
fn threads_that_ask_for_syncs_at_once_all_get_theirs() {
    const THREADS: u8 = 8;
    const ROUNDS: u8 = 25;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let start = Instant::now();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let at = append_one(store, &[thread, round]);
                    let key = [thread, round];
                    put(store, Table::Block, &key, &at.to_bytes(), Durability::Synced);
                }
            });
        }
    });
    let count = u32::from(THREADS) * u32::from(ROUNDS);
    println!(
        "{count} synced batches by {THREADS} threads in {:.2} s",
        start.elapsed().as_secs_f64()
    );
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    for key in (0..THREADS).flat_map(|thread| (0..ROUNDS).map(move |round| [thread, round])) {
        let row = store.get(Table::Block, &key).unwrap().unwrap();
        assert_eq!(store.read(Location::from_bytes(row.try_into().unwrap())).unwrap(), &key[..]);
    }
}
