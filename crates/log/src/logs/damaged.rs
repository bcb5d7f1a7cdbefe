//! Blocks that were found damaged: as long as nobody brought them again they count as not held.
//!
//! This is kept in memory alone. Rows and frames stay as they are: what the disk gives now it may give
//! otherwise tomorrow, put back from a copy say, and then the block is sound again as soon as it is
//! read.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ply_types::{Fault, LogKey};

use super::LogsError;
use crate::have::HaveMap;

/// The blocks that were damaged when they were read last.
#[derive(Debug, Default)]
pub(super) struct Damaged {
    logs: Mutex<BTreeMap<LogKey, HaveMap>>,
}

impl Damaged {
    fn logs(&self) -> MutexGuard<'_, BTreeMap<LogKey, HaveMap>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The damaged blocks of a log.
    pub(super) fn of(&self, log: &LogKey) -> HaveMap {
        self.logs().get(log).cloned().unwrap_or_default()
    }

    /// Whether a block is among them.
    pub(super) fn contains(&self, log: &LogKey, block: u64) -> bool {
        self.logs().get(log).is_some_and(|blocks| blocks.contains(block))
    }

    /// Blocks came again, or went.
    pub(super) fn remove(&self, log: &LogKey, blocks: Range<u64>) {
        let mut logs = self.logs();
        if let Some(damaged) = logs.get_mut(log) {
            damaged.remove_range(blocks);
            if damaged.is_empty() {
                logs.remove(log);
            }
        }
    }

    /// Remembers how reading a block went, and passes that on. A disk that refuses says nothing about
    /// the block.
    pub(super) fn note<T>(
        &self,
        log: &LogKey,
        block: u64,
        read: Result<Option<T>, LogsError>,
    ) -> Result<Option<T>, LogsError> {
        let blocks = block..block.saturating_add(1);
        match &read {
            Ok(_) => self.remove(log, blocks),
            Err(error @ LogsError::Damaged { .. }) if error.fault() == Fault::Corrupt => {
                self.logs().entry(*log).or_default().insert_range(blocks);
            }
            Err(_) => {}
        }
        read
    }
}
