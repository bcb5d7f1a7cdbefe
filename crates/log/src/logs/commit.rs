//! Applying a staging.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::PoisonError;

use ply_engine::{Batch, Durability, Engine, Table};
use ply_merkle::NodeIndex;
use ply_types::{LeafHash, LogKey};

use super::read::{self, GROUP_LEVEL};
use super::rows::BlockRow;
use super::staging::{Staging, State};
use super::{LogsError, rows};
use crate::have::{HaveMap, page_to_bytes};
use crate::head::SignedHead;

/// Leaves of a group.
const GROUP_LEAVES: usize = 1 << GROUP_LEVEL;
const GROUP_BLOCKS: u64 = GROUP_LEAVES as u64;

impl<E: Engine> Staging<'_, E> {
    /// Applies everything as one batch. Where blocks are among it, it is always
    /// [`Durability::Synced`]: no row may outlive its frame.
    ///
    /// Fails with [`LogsError::Moved`] when head or roots that are to change are not those that the
    /// staging began with; nothing is changed then.
    pub fn commit(mut self, durability: Durability) -> Result<(), LogsError> {
        let engine = &*self.logs.engine;
        let _committing = self.logs.committing.lock().unwrap_or_else(PoisonError::into_inner);
        for (log, state) in &self.states {
            put_marks(engine, log, state, &mut self.batch)?;
            put_held(engine, log, state, &mut self.batch)?;
        }
        if self.batch.is_empty() {
            return Ok(());
        }
        let durability = if self.names_frames { Durability::Synced } else { durability };
        engine.apply(&self.batch, durability)?;
        for (log, state) in &self.states {
            for blocks in state.added.iter().chain(&state.cleared) {
                self.logs.damaged.remove(log, blocks.clone());
            }
        }
        Ok(())
    }
}

/// Writes head and roots where they changed.
fn put_marks<E: Engine>(
    engine: &E,
    log: &LogKey,
    state: &State,
    batch: &mut Batch,
) -> Result<(), LogsError> {
    let (stored_head, stored_roots) = &state.stored;
    if state.head != *stored_head {
        if read::head(engine, log)? != *stored_head || read::roots(engine, log)? != *stored_roots {
            return Err(LogsError::Moved { log: *log });
        }
        if let Some(head) = &state.head {
            batch.put(Table::Log, rows::head_key(log), head.to_bytes());
        }
    }
    if state.roots != *stored_roots {
        let head = read::head(engine, log)?;
        let has_head = head == *stored_head || signed_meanwhile(state, head.as_ref());
        if read::roots(engine, log)? != *stored_roots || !has_head {
            return Err(LogsError::Moved { log: *log });
        }
        batch.put(Table::Log, rows::roots_key(log), rows::roots_to_bytes(&state.roots));
    }
    Ok(())
}

/// Whether what happened since the staging began is only that its log, as it was then, was signed:
/// what grows out of it grows out of that head too.
fn signed_meanwhile(state: &State, head: Option<&SignedHead>) -> bool {
    let (stored_head, stored_roots) = &state.stored;
    let has_grown = stored_roots.length() <= state.roots.length();
    let is_covered = head.is_some_and(|signed| signed.head.length <= stored_roots.length());
    state.head == *stored_head && has_grown && is_covered
}

/// Writes those rows of the have-map that changed, and the rows of blocks without a frame. Which blocks
/// these are shows only now: others may have stored some since the staging began.
fn put_held<E: Engine>(
    engine: &E,
    log: &LogKey,
    state: &State,
    batch: &mut Batch,
) -> Result<(), LogsError> {
    if state.added.is_empty() && state.cleared.is_empty() && state.leaves.is_empty() {
        return Ok(());
    }
    let before = read::have(engine, log)?;
    let mut after = before.clone();
    state.cleared.iter().for_each(|range| after.remove_range(range.clone()));
    state.added.iter().for_each(|range| after.insert_range(range.clone()));
    for range in &state.cleared {
        read::held_rows(engine, log, range.clone(), &mut |block, row| {
            if !after.contains(block) {
                put_leaf(log, block, row, batch);
            }
        })?;
    }
    for (&block, node) in &state.leaves {
        if !after.contains(block) {
            let row = BlockRow { leaf: LeafHash(node.hash.0), bytes: node.bytes, at: None };
            put_leaf(log, block, row, batch);
        }
    }
    diff_have(log, &before, &after, batch);
    for range in &state.added {
        drop_nodes_of_full_groups(log, range, &before, &after, batch);
    }
    Ok(())
}

/// Writes that a block has no frame.
fn put_leaf(log: &LogKey, block: u64, row: BlockRow, batch: &mut Batch) {
    let row = BlockRow { at: None, ..row };
    batch.put(Table::Block, rows::block_row_key(log, block), row.to_bytes());
}

pub(super) fn diff_have(log: &LogKey, before: &HaveMap, after: &HaveMap, batch: &mut Batch) {
    if before.contiguous() != after.contiguous() {
        let row = after.contiguous().to_le_bytes();
        batch.put(Table::Have, rows::have_key(log), row);
    }
    let numbers: BTreeSet<u32> =
        before.pages().keys().chain(after.pages().keys()).copied().collect();
    for number in numbers {
        let (old, new) = (before.pages().get(&number), after.pages().get(&number));
        let key = rows::have_page_key(log, number);
        match new {
            _ if old == new => {}
            Some(bits) => batch.put(Table::Have, key, page_to_bytes(bits)),
            None => batch.delete(Table::Have, key),
        }
    }
}

/// A group that came in parts may have nodes below its top stored; once it is whole, leaf rows give
/// them. Those that an empty range brought stay: they are few, and as true as the others.
fn drop_nodes_of_full_groups(
    log: &LogKey,
    added: &Range<u64>,
    before: &HaveMap,
    after: &HaveMap,
    batch: &mut Batch,
) {
    let touched = floor(added.start)..floor(added.end).saturating_add(GROUP_BLOCKS);
    let firsts: BTreeSet<u64> = before
        .held(touched)
        .flat_map(|run| (floor(run.start)..run.end).step_by(GROUP_LEAVES))
        .collect();
    let has_gap = |map: &HaveMap, group: &Range<u64>| map.missing(group.clone()).next().is_some();
    let groups = firsts.into_iter().map(|first| first..first + GROUP_BLOCKS);
    for group in groups.filter(|group| has_gap(before, group) && !has_gap(after, group)) {
        let low = |index: &NodeIndex| 0 < index.level() && index.level() < GROUP_LEVEL;
        let indices = 2 * group.start..2 * group.end;
        for index in indices.filter_map(NodeIndex::new).filter(low) {
            batch.delete(Table::Node, rows::node_key(log, index));
        }
    }
}

/// The first block of a block's group.
fn floor(block: u64) -> u64 {
    block - block % GROUP_BLOCKS
}
