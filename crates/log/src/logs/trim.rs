//! Giving up blocks: clearing keeps the tree, truncating does not.

use std::ops::Range;
use std::sync::PoisonError;

use ply_engine::{Batch, Durability, Engine, Table, prefix_end};
use ply_merkle::NodeIndex;
use ply_types::LogKey;

use super::commit::diff_have;
use super::staging::Staging;
use super::{Logs, LogsError, read, rows};

impl<E: Engine> Staging<'_, E> {
    /// Stages that blocks are no longer held. Their leaves stay, so that everything around them can
    /// still be proved. Says how many bytes of frames that frees; blocks staged only now are not
    /// seen.
    pub fn clear(&mut self, log: &LogKey, range: Range<u64>) -> Result<u64, LogsError> {
        let mut freed = 0_u64;
        read::held_rows(&*self.logs.engine, log, range.clone(), &mut |_, row| {
            freed = freed.saturating_add(row.bytes);
        })?;
        self.state(log)?.cleared.push(range);
        Ok(freed)
    }
}

impl<E: Engine> Logs<E> {
    /// Clears blocks and makes that durable, so that their frames may go. Says how many bytes of
    /// frames that frees.
    pub fn clear(
        &self,
        log: &LogKey,
        ranges: impl IntoIterator<Item = Range<u64>>,
    ) -> Result<u64, LogsError> {
        let mut staging = self.stage();
        let freed = ranges.into_iter().try_fold(0_u64, |freed, range| {
            Ok::<_, LogsError>(freed.saturating_add(staging.clear(log, range)?))
        })?;
        staging.commit(Durability::Synced)?;
        Ok(freed)
    }

    /// Cuts off the end of an own log that was never signed.
    pub fn truncate(&self, log: &LogKey, length: u64) -> Result<(), LogsError> {
        let engine = &*self.engine;
        let _committing = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        let signed = read::head(engine, log)?.map_or(0, |head| head.head.length);
        let held = read::roots(engine, log)?.length();
        if length < signed || held < length {
            return Err(LogsError::Uncuttable { log: *log, length, signed, held });
        }
        let Some(roots) = self.roots_at(log, length)? else {
            let what = format!("the nodes of the first {length} blocks are not all there");
            return Err(LogsError::Rows { log: *log, what });
        };
        let mut batch = Batch::new();
        let end = prefix_end(&log.0);
        batch.put(Table::Log, rows::roots_key(log), rows::roots_to_bytes(&roots));
        batch.delete_range(Table::Block, rows::block_row_key(log, length), end.clone());
        batch.delete_range(Table::Node, rows::node_key_from(log, length), end);
        // What stands over blocks on both sides of the cut lies before it in the order of rows.
        for index in std::iter::successors(NodeIndex::leaf(length), |index| index.parent()) {
            if index.span().start < length {
                batch.delete(Table::Node, rows::node_key(log, index));
            }
        }
        let before = read::have(engine, log)?;
        let mut after = before.clone();
        after.remove_range(length..u64::MAX);
        diff_have(log, &before, &after, &mut batch);
        engine.apply(&batch, Durability::Synced)?;
        self.damaged.remove(log, length..u64::MAX);
        Ok(())
    }
}
