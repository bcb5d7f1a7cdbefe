//! Changes to logs, collected and then applied as one.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use ply_engine::{Batch, Engine, Frame, Table};
use ply_merkle::{Node, NodeIndex, Roots, leaf_hash};
use ply_types::{LeafHash, LogKey};

use super::read::{self, GROUP_LEVEL};
use super::rows::{self, BlockRow};
use super::{Logs, LogsError, TreeMark};
use crate::head::SignedHead;

/// Changes that are collected and applied by [`Staging::commit`] as one batch.
///
/// Blocks go to the engine at once; without their rows nobody finds them, so what is dropped with a
/// staging is garbage. Reads through [`Logs`] do not see what is staged.
#[derive(Debug)]
pub struct Staging<'logs, E: Engine> {
    pub(super) logs: &'logs Logs<E>,
    pub(super) batch: Batch,
    pub(super) states: BTreeMap<LogKey, State>,
    pub(super) staged_bytes: usize,
    pub(super) names_frames: bool,
}

/// What is known of one log while changes to it are collected.
#[derive(Debug)]
pub(super) struct State {
    /// Head and roots as they were stored when the log was first touched.
    pub(super) stored: (Option<SignedHead>, Roots),
    pub(super) head: Option<SignedHead>,
    pub(super) roots: Roots,
    /// Blocks that get a frame, in the order of staging.
    pub(super) added: Vec<Range<u64>>,
    /// Blocks that lose theirs.
    pub(super) cleared: Vec<Range<u64>>,
    /// Leaves of blocks that did not come. They get a row when the staging is committed, if their
    /// blocks did not come another way meanwhile.
    pub(super) leaves: BTreeMap<u64, Node>,
    /// Nodes that are staged.
    pub(super) nodes: BTreeMap<NodeIndex, Node>,
}

impl State {
    /// The longest tree that is known of the log.
    pub(super) fn known(&self) -> TreeMark {
        match &self.head {
            Some(SignedHead { head, .. }) if self.roots.length() < head.length => {
                TreeMark { length: head.length, root: head.root }
            }
            _ => TreeMark { length: self.roots.length(), root: self.roots.hash() },
        }
    }
}

impl<'logs, E: Engine> Staging<'logs, E> {
    pub(super) fn new(logs: &'logs Logs<E>) -> Self {
        let (batch, states) = (Batch::new(), BTreeMap::new());
        Self { logs, batch, states, staged_bytes: 0, names_frames: false }
    }

    /// Appends a block to an own log; says at which position it will be.
    pub fn append(&mut self, log: &LogKey, block: &[u8]) -> Result<u64, LogsError> {
        let signed = self.state(log)?.head.map_or(0, |head| head.head.length);
        let mut roots = self.state(log)?.roots.clone();
        let position = roots.length();
        if position < signed {
            return Err(LogsError::Behind { log: *log, length: position, signed });
        }
        let leaf = leaf_hash(block);
        let mut created = Vec::new();
        roots
            .push(leaf, block.len() as u64, |node| created.push(node))
            .map_err(|source| LogsError::Roots { log: *log, source })?;
        self.put_blocks(log, position, &[(block, leaf)])?;
        for node in created {
            if GROUP_LEVEL <= node.index.level() {
                self.put_node(log, node);
            }
            self.state(log)?.nodes.insert(node.index, node);
        }
        self.state(log)?.roots = roots;
        Ok(position)
    }

    /// The roots of a log as they will be.
    pub fn roots(&mut self, log: &LogKey) -> Result<&Roots, LogsError> {
        Ok(&self.state(log)?.roots)
    }

    /// The batch, for rows of others that must change together with the logs.
    pub fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Bytes of blocks staged so far.
    pub fn staged_bytes(&self) -> usize {
        self.staged_bytes
    }

    pub(super) fn state(&mut self, log: &LogKey) -> Result<&mut State, LogsError> {
        let engine = &*self.logs.engine;
        match self.states.entry(*log) {
            std::collections::btree_map::Entry::Occupied(state) => Ok(state.into_mut()),
            std::collections::btree_map::Entry::Vacant(place) => {
                let (head, roots) = (read::head(engine, log)?, read::roots(engine, log)?);
                Ok(place.insert(State {
                    stored: (head, roots.clone()),
                    head,
                    roots,
                    added: Vec::new(),
                    cleared: Vec::new(),
                    leaves: BTreeMap::new(),
                    nodes: BTreeMap::new(),
                }))
            }
        }
    }

    /// A node, staged or stored.
    pub(super) fn node(&self, log: &LogKey, index: NodeIndex) -> Result<Option<Node>, LogsError> {
        match self.states.get(log).and_then(|state| state.nodes.get(&index)) {
            Some(node) => Ok(Some(*node)),
            None => read::node(&*self.logs.engine, log, index),
        }
    }

    /// Hands blocks to the engine and stages their rows.
    pub(super) fn put_blocks(
        &mut self,
        log: &LogKey,
        start: u64,
        blocks: &[(&[u8], LeafHash)],
    ) -> Result<(), LogsError> {
        if blocks.is_empty() {
            return Ok(());
        }
        let frames: Vec<Frame<'_>> = (start..)
            .zip(blocks)
            .map(|(block, (bytes, _))| Frame { log: *log, block, bytes })
            .collect();
        let places = self.logs.engine.append(&frames)?;
        for ((frame, (bytes, leaf)), at) in frames.iter().zip(blocks).zip(places) {
            let row = BlockRow { leaf: *leaf, bytes: bytes.len() as u64, at: Some(at) };
            let key = rows::block_row_key(log, frame.block);
            self.batch.put(Table::Block, key, row.to_bytes());
            self.staged_bytes = self.staged_bytes.saturating_add(bytes.len());
        }
        self.names_frames = true;
        let range = start..start.saturating_add(blocks.len() as u64);
        match self.state(log)?.added.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.state(log)?.added.push(range),
        }
        Ok(())
    }

    pub(super) fn put_node(&mut self, log: &LogKey, node: Node) {
        self.batch.put(Table::Node, rows::node_key(log, node.index), rows::node_to_bytes(&node));
    }
}

/// The blocks with their leaf hashes.
pub(super) fn hashed(blocks: &[Bytes]) -> Vec<(&[u8], LeafHash)> {
    blocks.iter().map(|block| (&block[..], leaf_hash(block))).collect()
}
