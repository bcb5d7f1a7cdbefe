//! Noting which blocks an operation reads.
//!
//! Whoever answers a question about a path runs the very code that the asker will run, and sends what
//! that code read. So an answer is complete by construction, whatever the shape of the trees.

use std::cell::RefCell;
use std::collections::HashSet;

use ply_types::LogKey;

use crate::error::Missing;

/// Blocks in order of first use. A walk reads some of them again and again.
#[derive(Default)]
struct Trace {
    blocks: Vec<Missing>,
    seen: HashSet<Missing>,
}

thread_local! {
    static TRACE: RefCell<Option<Trace>> = const { RefCell::new(None) };
}

/// Runs an operation and gives the blocks that it read on this thread, each once, in order of first
/// use; those it missed are among them.
pub(crate) fn record<T>(operation: impl FnOnce() -> T) -> (T, Vec<Missing>) {
    let outer = TRACE.replace(Some(Trace::default()));
    let result = operation();
    (result, TRACE.replace(outer).unwrap_or_default().blocks)
}

/// Notes a block, if anybody listens.
pub(crate) fn note(log: LogKey, block: u64) {
    TRACE.with_borrow_mut(|trace| {
        let block = Missing { log, block };
        if let Some(trace) = trace
            && trace.seen.insert(block)
        {
            trace.blocks.push(block);
        }
    });
}
