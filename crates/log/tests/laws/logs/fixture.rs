//! Nodes with an engine in memory.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use bytes::Bytes;
use ply_engine::{Engine, MemoryEngine, Order, Table};
use ply_log::{Accepted, Head, Logs, LogsError, VerifiedHead};
use ply_merkle::{Node, NodeIndex, Roots, Within, leaf_hash};
use ply_types::LogKey;

use crate::world::signer;

/// A node that knows one log.
pub(crate) struct Peer {
    pub(crate) engine: Arc<MemoryEngine>,
    pub(crate) logs: Logs<MemoryEngine>,
}

/// The log that all these tests are about.
pub(crate) fn log() -> LogKey {
    signer(1).key()
}

pub(crate) fn block(at: u64) -> Vec<u8> {
    format!("block {at}").repeat(at as usize % 4).into_bytes()
}

/// All nodes of the log of the first `length` blocks.
pub(crate) fn truth(length: u64) -> (Roots, BTreeMap<NodeIndex, Node>) {
    let (mut roots, mut nodes) = (Roots::new(), BTreeMap::new());
    for block in (0..length).map(block) {
        let created = |node: Node| assert!(nodes.insert(node.index, node).is_none());
        roots.push(leaf_hash(&block), block.len() as u64, created).unwrap();
    }
    (roots, nodes)
}

impl Peer {
    pub(crate) fn new() -> Self {
        let engine = Arc::new(MemoryEngine::new());
        Self { logs: Logs::new(Arc::clone(&engine)), engine }
    }

    /// The writer, with the first `length` blocks.
    pub(crate) fn writer(length: u64) -> Self {
        let writer = Self::new();
        writer.write(0..length);
        writer
    }

    pub(crate) fn write(&self, range: Range<u64>) {
        let blocks: Vec<_> = range.clone().map(block).collect();
        let written = self.logs.append(&log(), blocks.iter().map(Vec::as_slice)).unwrap();
        assert_eq!(written, range);
    }

    pub(crate) fn write_other(&self, block: &[u8]) {
        self.logs.append(&log(), [block]).unwrap();
    }

    /// Signs what is there at some length.
    pub(crate) fn head_at(&self, length: u64) -> VerifiedHead {
        let roots = self.logs.roots_at(&log(), length).unwrap().unwrap();
        Head::new(log(), &roots).sign(&signer(1)).unwrap()
    }

    pub(crate) fn bytes(&self, range: Range<u64>) -> Vec<Bytes> {
        range.map(|block| self.logs.block(&log(), block).unwrap().unwrap()).collect()
    }

    /// Gets blocks of another within the tree of its first `length` blocks.
    pub(crate) fn get(
        &self,
        from: &Self,
        range: Range<u64>,
        length: u64,
    ) -> Result<Accepted, LogsError> {
        let proof = from.logs.prove(&log(), range.clone(), Within::Tree { length }).unwrap();
        let trusted = from.head_at(length).trusted();
        self.logs.accept(&log(), &proof, &from.bytes(range), trusted)
    }

    pub(crate) fn rows(&self, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut rows = Vec::new();
        let visit = &mut |key: &[u8], row: &[u8]| {
            rows.push((key.to_vec(), row.to_vec()));
            ControlFlow::Continue(())
        };
        self.engine.scan(table, &[], &[0xff; 64], Order::Ascending, visit).unwrap();
        rows
    }

    /// Every row that a log has anywhere.
    pub(crate) fn all_rows(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        Table::ALL.into_iter().flat_map(|table| self.rows(table)).collect()
    }

    /// Every node that is known is the true one; says which are known.
    pub(crate) fn check_nodes(&self, length: u64) -> Vec<NodeIndex> {
        let (_, nodes) = truth(length);
        let known = |index: &NodeIndex| {
            let node = self.logs.node(&log(), *index).unwrap();
            assert!(node.is_none() || node == nodes.get(index).copied(), "{index:?}");
            node.is_some()
        };
        (0..2 * length + 64).filter_map(NodeIndex::new).filter(known).collect()
    }

    /// Levels of the nodes that have a row.
    pub(crate) fn stored_levels(&self) -> Vec<u32> {
        let index = |key: &[u8]| u64::from_be_bytes(*key.last_chunk().unwrap());
        let rows = self.rows(Table::Node);
        rows.iter().map(|(key, _)| NodeIndex::new(index(key)).unwrap().level()).collect()
    }
}
