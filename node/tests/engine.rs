//! The suite of drives on the engine that nodes have, closed and opened again where a process ends.

#![allow(clippy::expect_used, reason = "a test says what it expects")]

use std::cell::RefCell;
use std::sync::Arc;

use ply_drive::suite::{self, Bench, Failing};
use ply_store::Store;
use tempfile::TempDir;

/// Folders of stores, which go when the test ends.
#[derive(Default)]
struct Folders(RefCell<Vec<TempDir>>);

impl Folders {
    fn store(&self) -> Store {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        self.0.borrow_mut().push(folder);
        store
    }
}

/// Closes a store and opens it again, as after the process has ended.
fn reopen(store: Store) -> Store {
    let folder = store.folder().to_owned();
    drop(store);
    Store::open(&folder).expect("the same store")
}

/// The one that holds it.
fn only<T>(engine: Arc<T>) -> T {
    Arc::into_inner(engine).expect("nobody else holds the engine")
}

fn on_disk(part: impl Fn(&Bench<'_, Store>)) {
    let folders = Folders::default();
    let make = || Arc::new(folders.store());
    part(&Bench::new(&make, &|engine| Arc::new(reopen(only(engine)))));
}

macro_rules! parts {
    ($($part:ident)*) => {
        $(
            #[test]
            fn $part() {
                on_disk(suite::$part);
            }
        )*
    };
}

parts! { files tree errors attributes links conflicts history large watching }

#[test]
fn law_10_and_11_a_change_costs_a_chunk_and_equal_content_is_stored_once() {
    on_disk(suite::recut);
}

#[test]
fn law_5_a_full_disk_costs_nothing_but_the_operation_that_met_it() {
    let folders = Folders::default();
    suite::law_5(
        || Arc::new(Failing::new(folders.store())),
        |engine| Arc::new(Failing::new(reopen(only(engine).into_inner()))),
    );
}
