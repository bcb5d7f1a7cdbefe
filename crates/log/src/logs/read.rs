//! Reading rows and frames of a log.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

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

pub(super) fn block<E: Engine>(
    engine: &E,
    log: &LogKey,
    block: u64,
) -> Result<Option<Bytes>, LogsError> {
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
            Ok(bytes) if leaf_hash(&bytes) == row.leaf => return Ok(Some(bytes)),
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
    if let Some(block) = index.block() {
        let row = block_row(engine, log, block)?;
        return Ok(row.and_then(|row| Node::leaf(block, row.leaf, row.bytes)));
    }
    if let Some(row) = engine.get(Table::Node, &rows::node_key(log, index))? {
        let node = rows::node_from_bytes(index, &row);
        return node.map(Some).ok_or_else(|| malformed(log, &format!("node {index}")));
    }
    let children = index.children().filter(|_| index.level() < GROUP_LEVEL);
    let Some((left, right)) = children else { return Ok(None) };
    // At most three levels deep.
    let (Some(left), Some(right)) = (node(engine, log, left)?, node(engine, log, right)?) else {
        return Ok(None);
    };
    let parent = parent(&left, &right);
    parent.map(Some).map_err(|error| LogsError::Rows { log: *log, what: error.to_string() })
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
