//! Law 5: a disk that is full at any moment costs nothing but the operation that met it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use ply_engine::{Batch, Durability, Engine, EngineError, Frame, Location, Order, Table, Visit};

use super::world::{Bench, Node, block_on, bytes, path};
use crate::{DriveError, OpenOptions};

/// An engine that has no room left after so many more writes.
#[derive(Debug)]
pub struct Failing<E> {
    inner: E,
    /// Writes that still succeed; negative when all do.
    left: AtomicI64,
}

impl<E> Failing<E> {
    /// Wraps an engine that does not fail yet.
    pub fn new(inner: E) -> Self {
        Self { inner, left: AtomicI64::new(-1) }
    }

    /// The engine that was wrapped.
    pub fn into_inner(self) -> E {
        self.inner
    }

    /// From the `count`th write on, there is no room; a negative count makes room again.
    pub fn fail_after(&self, count: i64) {
        self.left.store(count, Ordering::SeqCst);
    }

    fn write(&self) -> Result<(), EngineError> {
        let take = |left| match left {
            0 => None,
            left if left < 0 => Some(left),
            left => Some(left - 1),
        };
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take) {
            Ok(_) => Ok(()),
            Err(_) => Err(EngineError::Full { place: "the test".to_owned() }),
        }
    }
}

impl<E: Engine> Engine for Failing<E> {
    fn append(&self, frames: &[Frame<'_>]) -> Result<Vec<Location>, EngineError> {
        self.write()?;
        self.inner.append(frames)
    }

    fn read(&self, at: Location) -> Result<Bytes, EngineError> {
        self.inner.read(at)
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.inner.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), EngineError> {
        self.inner.scan(table, from, to, order, visit)
    }

    fn apply(&self, batch: &Batch, durability: Durability) -> Result<(), EngineError> {
        self.write()?;
        self.inner.apply(batch, durability)
    }

    fn frame_bytes(&self) -> Result<u64, EngineError> {
        self.inner.frame_bytes()
    }
}

type Operation<E> = fn(&Node<Failing<E>>) -> Result<(), DriveError>;

/// Fails every write of every operation in turn: what is in the drive stays as it was, and when
/// there is room again the same call succeeds. For an engine that `make` wraps.
pub fn law_5<E: Engine>(
    make: impl Fn() -> Arc<Failing<E>>,
    reopen: impl Fn(Arc<Failing<E>>) -> Arc<Failing<E>>,
) {
    let bench = Bench::new(&make, &reopen);
    let operations: [(&str, Operation<E>); 9] = [
        ("write", |node| block_on(node.drive().write(&path("new"), &bytes(1, 300_000)))),
        ("overwrite", |node| block_on(node.drive().write(&path("a"), b"short"))),
        ("rename", |node| block_on(node.drive().rename(&path("d"), &path("e")))),
        ("remove", |node| block_on(node.drive().remove_dir_all(&path("d")))),
        ("link", |node| block_on(node.drive().hard_link(&path("a"), &path("b")))),
        ("permissions", |node| block_on(node.drive().set_permissions(&path("a"), 0o600))),
        ("discard", |node| node.drive().discard().map(drop)),
        ("commit", |node| block_on(node.drive().commit("", "")).map(drop)),
        ("file", |node| {
            let options = OpenOptions::new().write(true);
            let mut file = block_on(node.drive().open_with(&path("a"), &options))?;
            block_on(file.write_at(70_000, &bytes(3, 40_000)))?;
            if block_on(file.flush()).is_ok() {
                return block_on(file.close());
            }
            // The handle has lost nothing: with room again, it goes on.
            let engine = node.engine();
            let failed = block_on(file.flush()).expect_err("no room still");
            assert!(matches!(fault(&failed), ply_types::Fault::Full), "{failed}");
            let left = engine.left.swap(-1, Ordering::SeqCst);
            let before = node.tree();
            engine.left.store(left, Ordering::SeqCst);
            assert_eq!(before, node.tree());
            Err(failed)
        }),
    ];
    for (name, operation) in operations {
        let mut succeeded = false;
        let mut failures = 0;
        while !succeeded {
            let mut node = prepared(&bench);
            let before = node.tree();
            let log = node.drive().log(usize::MAX).unwrap();
            node.engine().fail_after(failures);
            match operation(&node) {
                Ok(()) => succeeded = true,
                Err(error) => {
                    let what = format!("{name}, write {failures}: {error}");
                    assert_eq!(fault(&error), ply_types::Fault::Full, "{what}");
                    assert_eq!(node.tree(), before, "{what}");
                    bench.restart(&mut node);
                    assert_eq!(node.tree(), before, "{what}");
                    assert_eq!(node.drive().log(usize::MAX).unwrap(), log, "{what}");
                    node.engine().fail_after(-1);
                    operation(&node).unwrap();
                }
            }
            node.engine().fail_after(-1);
            let after = node.tree();
            bench.restart(&mut node);
            node.commit();
            bench.restart(&mut node);
            assert_eq!(node.tree(), after, "{name}, write {failures}");
            failures += 1;
        }
        assert!(1 < failures, "{name} writes something");
    }
}

fn fault(error: &DriveError) -> ply_types::Fault {
    error.fault()
}

/// A drive with commits, and a draft over them.
fn prepared<E: Engine>(bench: &Bench<'_, Failing<E>>) -> Node<Failing<E>> {
    let node = bench.node();
    node.put("a", &bytes(2, 200_000));
    node.mkdir("d");
    node.put("d/x", b"x");
    node.commit();
    node.put("d/y", &bytes(4, 100_000));
    node.put("a!", b"drafted");
    node
}
