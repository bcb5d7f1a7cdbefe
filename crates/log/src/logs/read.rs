//! Reading rows and frames of a log.

use std::collections::{BTreeMap, HashMap};
use std::ops::{ControlFlow, Range};

use bytes::Bytes;
use ply_engine::{Engine, Order, Table, prefix_end};
use ply_merkle::{Node, NodeIndex, Roots, full_roots, leaf_hash, parent};
use ply_types::{LogKey, NodeHash};

use super::error::LogsError;
use super::rows::{self, BlockRow};
use crate::have::{HaveMap, page_from_bytes};
use crate::head::SignedHead;

/// Level of the nodes over a group of 16 leaves. Nodes below are made from the leaves whenever they
/// are needed: hashing them costs less than keeping fourteen rows for each group.
pub(super) const GROUP_LEVEL: u32 = 4;

/// Looks again this often when a block moved while it was read.
const MOVES_MAX: usize = 3;

fn malformed(log: &LogKey, what: &str) -> LogsError {
    LogsError::Rows { log: *log, what: format!("{what} is malformed") }
}

pub(super) fn block_row<E: Engine>(
    engine: &E,
    log: &LogKey,
    block: u64,
) -> Result<Option<BlockRow>, LogsError> {
    let row = engine.get(Table::Block, &rows::block_row_key(log, block))?;
    let parse = |row: Vec<u8>| {
        BlockRow::from_bytes(&row).ok_or_else(|| malformed(log, &format!("block {block}")))
    };
    row.map(parse).transpose()
}

/// Visits the rows of those blocks of a range that have a frame, in order.
pub(super) fn held_rows<E: Engine>(
    engine: &E,
    log: &LogKey,
    range: Range<u64>,
    visit: &mut dyn FnMut(u64, BlockRow),
) -> Result<(), LogsError> {
    let (from, to) = (rows::block_row_key(log, range.start), rows::block_row_key(log, range.end));
    let mut broken = None;
    let mut row = |key: &[u8], row: &[u8]| {
        let Some((block, row)) = rows::block_of_key(key).zip(BlockRow::from_bytes(row)) else {
            broken = Some(rows::block_of_key(key).unwrap_or(range.start));
            return ControlFlow::Break(());
        };
        if row.at.is_some() {
            visit(block, row);
        }
        ControlFlow::Continue(())
    };
    engine.scan(Table::Block, &from, &to, Order::Ascending, &mut row)?;
    broken.map_or(Ok(()), |block| Err(malformed(log, &format!("block {block}"))))
}

pub(super) fn block<E: Engine>(
    engine: &E,
    log: &LogKey,
    block: u64,
) -> Result<Option<(Bytes, BlockRow)>, LogsError> {
    let mut tried = None;
    let mut error = None;
    for _ in 0..MOVES_MAX {
        let Some(row) = block_row(engine, log, block)? else { return Ok(None) };
        let Some(at) = row.at else { return Ok(None) };
        if tried == Some(at) {
            break;
        }
        tried = Some(at);
        match engine.read(at) {
            Ok(bytes) if leaf_hash(&bytes) == row.leaf => return Ok(Some((bytes, row))),
            Ok(_) => error = None,
            // A collector may have moved the frame since the row was read.
            Err(refused) => error = Some(refused),
        }
    }
    Err(LogsError::Damaged { log: *log, block, source: error })
}

pub(super) fn head<E: Engine>(engine: &E, log: &LogKey) -> Result<Option<SignedHead>, LogsError> {
    let row = engine.get(Table::Log, &rows::head_key(log))?;
    let parse = |row: Vec<u8>| SignedHead::from_bytes(&row).map_err(|_| malformed(log, "the head"));
    row.map(parse).transpose()
}

pub(super) fn roots<E: Engine>(engine: &E, log: &LogKey) -> Result<Roots, LogsError> {
    match engine.get(Table::Log, &rows::roots_key(log))? {
        Some(row) => rows::roots_from_bytes(&row).ok_or_else(|| malformed(log, "the roots")),
        None => Ok(Roots::new()),
    }
}

pub(super) fn roots_at(
    log: &LogKey,
    length: u64,
    node: &impl Fn(NodeIndex) -> Result<Option<Node>, LogsError>,
) -> Result<Option<Roots>, LogsError> {
    let Some(indices) = full_roots(length) else { return Ok(None) };
    let parts: Result<Option<Vec<(NodeHash, u64)>>, LogsError> =
        indices.map(|index| Ok(node(index)?.map(|node| (node.hash, node.bytes)))).collect();
    let roots = parts?.map(|parts| Roots::from_parts(length, parts)).transpose();
    roots.map_err(|error| LogsError::Rows { log: *log, what: error.to_string() })
}

pub(super) fn node<E: Engine>(
    engine: &E,
    log: &LogKey,
    index: NodeIndex,
) -> Result<Option<Node>, LogsError> {
    recent_node(engine, log, index, &mut RecentNodes::default())
}

/// Nodes of one log that were read, for one who proves run after run: two proofs share most.
///
/// Of use for as long as the log only grows. Bounded: when full, it begins anew.
#[derive(Debug, Default)]
pub struct RecentNodes(HashMap<NodeIndex, Node>);

/// A few groups with the ways up to the root.
const RECENT_MAX: usize = 200;

/// What [`RecentNodes`] take at most: a table is a power of two, with room left in it.
pub const RECENT_BYTES_MAX: usize =
    2 * RECENT_MAX.next_power_of_two() * size_of::<(NodeIndex, Node)>();

impl RecentNodes {
    /// Takes in the leaf of a block whose row was read.
    pub(super) fn insert_leaf(&mut self, block: u64, row: &BlockRow) {
        if let Some(leaf) = Node::leaf(block, row.leaf, row.bytes) {
            self.insert(leaf);
        }
    }

    fn insert(&mut self, node: Node) {
        if RECENT_MAX <= self.0.len() {
            self.0.clear();
        }
        self.0.insert(node.index, node);
    }
}

/// As [`node`], but what was read before is not read again.
pub(super) fn recent_node<E: Engine>(
    engine: &E,
    log: &LogKey,
    index: NodeIndex,
    recent: &mut RecentNodes,
) -> Result<Option<Node>, LogsError> {
    if let Some(node) = recent.0.get(&index) {
        return Ok(Some(*node));
    }
    let found = if let Some(block) = index.block() {
        let row = block_row(engine, log, block)?;
        row.and_then(|row| Node::leaf(block, row.leaf, row.bytes))
    } else if let Some(row) = engine.get(Table::Node, &rows::node_key(log, index))? {
        let node = rows::node_from_bytes(index, &row);
        Some(node.ok_or_else(|| malformed(log, &format!("node {index}")))?)
    } else {
        // At most three levels deep.
        match index.children().filter(|_| index.level() < GROUP_LEVEL) {
            None => None,
            Some((left, right)) => {
                let left = recent_node(engine, log, left, recent)?;
                let right = match left {
                    Some(_) => recent_node(engine, log, right, recent)?,
                    None => None,
                };
                let parent = left.zip(right).map(|(left, right)| parent(&left, &right));
                parent
                    .transpose()
                    .map_err(|error| LogsError::Rows { log: *log, what: error.to_string() })?
            }
        }
    };
    if let Some(node) = found {
        recent.insert(node);
    }
    Ok(found)
}

pub(super) fn have<E: Engine>(engine: &E, log: &LogKey) -> Result<HaveMap, LogsError> {
    let from = rows::have_key(log);
    let (mut contiguous, mut pages, mut is_well) = (0, BTreeMap::new(), true);
    let mut visit = |key: &[u8], row: &[u8]| {
        match rows::page_of_key(key) {
            Some(page) => match page_from_bytes(row) {
                Some(bits) => drop(pages.insert(page, bits)),
                None => is_well = false,
            },
            None => match row.try_into() {
                Ok(row) => contiguous = u64::from_le_bytes(row),
                Err(_) => is_well = false,
            },
        }
        ControlFlow::Continue(())
    };
    engine.scan(Table::Have, &from, &prefix_end(&from), Order::Ascending, &mut visit)?;
    if !is_well {
        return Err(malformed(log, "the have-map"));
    }
    Ok(HaveMap::from_pages(contiguous, pages))
}
