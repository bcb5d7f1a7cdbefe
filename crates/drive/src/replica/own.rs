//! What this node wrote itself: all of it has to be in view before it writes more.
//!
//! A commit says what its writer's whole tree is. One that is made without the commit before it in view
//! would take away all that the writer has, so where that one is damaged or not here, or something that
//! it stands on, the node fetches first and writes then.

use std::collections::BTreeSet;

use ply_engine::Engine;
use ply_types::LogKey;

use super::Replica;
use crate::error::{DriveError, Missing};

impl<E: Engine> Replica<E> {
    /// The blocks of metadata logs that were damaged when they were read last and have not come again
    /// since.
    pub fn damaged_blocks(&self) -> Vec<Missing> {
        let mut blocks = Vec::new();
        for log in self.published_logs() {
            let damaged = self.logs.damaged(&log);
            blocks.extend(damaged.runs().flatten().map(|block| Missing { log, block }));
        }
        blocks
    }

    /// Checks that this node's newest commit is in view. [`DriveError::Missing`] names what has to be
    /// brought where it is not.
    pub(crate) fn own_is_whole(&self) -> Result<(), DriveError> {
        let own = self.writer_key();
        let Some(newest) = self.known_length(&own)?.checked_sub(1) else { return Ok(()) };
        if self.counts(own, newest) {
            return Ok(());
        }
        self.stands(own, newest)?;
        // It came in this moment.
        self.refresh()?;
        if self.counts(own, newest) {
            return Ok(());
        }
        Err(self.inconsistent("this node's newest commit does not count, and nothing says why"))
    }

    /// Whether the commit of a writer that counts is at a block or later.
    fn counts(&self, writer: LogKey, block: u64) -> bool {
        self.effective().get(&writer).is_some_and(|commit| block <= commit.mark.block)
    }

    /// Checks that a commit can be read, and so all that it had in view and that does not count.
    fn stands(&self, writer: LogKey, block: u64) -> Result<(), DriveError> {
        let membership = self.membership();
        let (mut ahead, mut seen) = (vec![(writer, block)], BTreeSet::new());
        while let Some((writer, block)) = ahead.pop() {
            if !seen.insert((writer, block)) {
                continue;
            }
            let commit = self.commit(writer, block)?;
            for (writer, mark) in self.clock(&commit, 0)?.iter() {
                let can_count =
                    membership.writer(&writer).is_some_and(|status| status.end.is_none());
                if can_count && !self.counts(writer, mark.block) {
                    ahead.push((writer, mark.block));
                    // That one may be here and the newest, by which its writer counts, may not.
                    ahead.extend(self.known_length(&writer)?.checked_sub(1).map(|at| (writer, at)));
                }
            }
        }
        Ok(())
    }
}
