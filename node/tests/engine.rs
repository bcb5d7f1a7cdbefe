//! The suite of drives on the engine that nodes have, closed and opened again where a process ends.

#![allow(clippy::expect_used, reason = "a test says what it expects")]

use std::sync::Arc;

use bytes::Bytes;
use ply_drive::suite::{self, Bench, Failing};
use ply_engine::{Batch, Durability, Engine, EngineError, Frame, Location, Order, Table, Visit};
use ply_store::Store;
use tempfile::TempDir;

/// A store, and the folder that it is in.
#[derive(Debug)]
struct OnDisk {
    // Closed before its folder goes.
    store: Store,
    folder: TempDir,
}

impl OnDisk {
    fn new() -> Self {
        Self::open(tempfile::tempdir().expect("a folder"))
    }

    fn open(folder: TempDir) -> Self {
        Self { store: Store::open(folder.path()).expect("a store"), folder }
    }

    /// As after the process has ended.
    fn reopen(self) -> Self {
        let Self { store, folder } = self;
        drop(store);
        Self::open(folder)
    }
}

impl Engine for OnDisk {
    fn append(&self, frames: &[Frame<'_>]) -> Result<Vec<Location>, EngineError> {
        self.store.append(frames)
    }

    fn read(&self, at: Location) -> Result<Bytes, EngineError> {
        self.store.read(at)
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.store.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), EngineError> {
        self.store.scan(table, from, to, order, visit)
    }

    fn apply(&self, batch: &Batch, durability: Durability) -> Result<(), EngineError> {
        self.store.apply(batch, durability)
    }

    fn frame_bytes(&self) -> Result<u64, EngineError> {
        self.store.frame_bytes()
    }
}

/// The one that holds it.
fn only<T>(engine: Arc<T>) -> T {
    Arc::into_inner(engine).expect("nobody else holds the engine")
}

fn on_disk(part: impl Fn(&Bench<'_, OnDisk>)) {
    let make = || Arc::new(OnDisk::new());
    part(&Bench::new(&make, &|engine| Arc::new(only(engine).reopen())));
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
    suite::law_5(
        || Arc::new(Failing::new(OnDisk::new())),
        |engine| Arc::new(Failing::new(only(engine).into_inner().reopen())),
    );
}
