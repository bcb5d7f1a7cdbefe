//! Noting which blocks an operation reads.
//!
//! Whoever answers a question about a path runs the very code that the asker will run, and sends what
//! that code read. So an answer is complete by construction, whatever the shape of the trees.

use std::cell::RefCell;

use ply_types::LogKey;

use crate::error::Missing;

thread_local! {
    static TRACE: RefCell<Option<Vec<Missing>>> = const { RefCell::new(None) };
}

/// Runs an operation and gives the blocks that it read on this thread, each once, in order of first
/// use; those it missed are among them.
pub(crate) fn record<T>(operation: impl FnOnce() -> T) -> (T, Vec<Missing>) {
    let outer = TRACE.replace(Some(Vec::new()));
    let result = operation();
    let blocks = TRACE.replace(outer).unwrap_or_default();
    let mut seen = std::collections::HashSet::new();
    (result, blocks.into_iter().filter(|block| seen.insert(*block)).collect())
}

/// Notes a block, if anybody listens.
pub(crate) fn note(log: LogKey, block: u64) {
    TRACE.with_borrow_mut(|trace| {
        if let Some(blocks) = trace {
            blocks.push(Missing { log, block });
        }
    });
}
