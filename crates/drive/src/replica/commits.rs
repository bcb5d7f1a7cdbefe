//! Reading commits, and finding them by number.

use std::sync::Arc;

use ply_chunk::Kind;
use ply_engine::Engine;
use ply_proto::metadata_block::Content;
use ply_types::{CommitId, LogKey};

use super::Replica;
use crate::cipher::Metadata;
use crate::clock::{Clock, CommitMark};
use crate::commit::{Body, Commit, Envelope, check};
use crate::entry::Stamp;
use crate::error::DriveError;
use crate::view::tree::Tree;

/// Steps from one commit to an earlier one. Each at least halves what is left, so 64 would do; a
/// hostile log gets no more than this.
const STEPS_MAX: usize = 128;

impl<E: Engine> Replica<E> {
    /// The commit at a block, opened and checked against its own rules. Where the block is damaged on
    /// this disk it is [`DriveError::Missing`], as if it had never come: so it comes again.
    pub fn commit(&self, writer: LogKey, block: u64) -> Result<Arc<Commit>, DriveError> {
        crate::trace::note(writer, block);
        if let Some(commit) = self.commits.find(&(writer, block)) {
            return Ok(commit);
        }
        let bytes = self.block(writer, block).map_err(|error| match error.lacking() {
            Some(missing) => DriveError::Missing(missing),
            None => error,
        })?;
        let damaged = |what: &str| self.damaged(writer, block, what);
        let metadata = Metadata::from_block(&bytes).map_err(|fault| damaged(&fault.to_string()))?;
        if metadata.content != Content::Commit {
            return Err(damaged("it is not a commit"));
        }
        let envelope = self
            .cipher
            .open_outer(Kind::Envelope, &metadata.outer)
            .and_then(|bytes| Ok(Envelope::decode(&bytes)?))
            .map_err(|fault| damaged(&fault.to_string()))?;
        let body = if self.is_readable() {
            let body = self
                .cipher
                .open(Kind::CommitBody, &metadata.inner)
                .and_then(|bytes| Ok(Body::decode(&bytes)?))
                .map_err(|fault| damaged(&fault.to_string()))?;
            Some(body)
        } else {
            None
        };
        let id = CommitId(ply_merkle::leaf_hash(&bytes).0);
        let mark = CommitMark { number: envelope.number, block, id };
        let commit = Commit { writer, mark, envelope, body };
        check(&commit).map_err(damaged)?;
        let commit = Arc::new(commit);
        self.commits.insert((writer, block), Arc::clone(&commit), bytes.len() * 2 + 256);
        Ok(commit)
    }

    /// The commit that a mark names, checked to be that one.
    pub(crate) fn marked(
        &self,
        writer: LogKey,
        mark: CommitMark,
    ) -> Result<Arc<Commit>, DriveError> {
        let commit = self.commit(writer, mark.block)?;
        if commit.mark == mark {
            Ok(commit)
        } else {
            Err(self.damaged(writer, mark.block, "it is not the commit that a later one names"))
        }
    }

    /// The commit of `writer` with a number, found by going back from a later one.
    pub(crate) fn numbered(
        &self,
        from: &Arc<Commit>,
        number: u64,
    ) -> Result<Arc<Commit>, DriveError> {
        let mut at = Arc::clone(from);
        for _ in 0..STEPS_MAX {
            if at.mark.number == number {
                return Ok(at);
            }
            let ancestors = at.envelope.ancestors.iter();
            let next = ancestors.filter(|mark| number <= mark.number).min_by_key(|m| m.number);
            match next {
                Some(&mark) => at = self.marked(at.writer, mark)?,
                None => break,
            }
        }
        let what = format!("commit number {number}, which an entry names, is not in its log");
        Err(self.damaged(from.writer, from.mark.block, &what))
    }

    /// A clock of a commit, put together from its parts.
    pub(crate) fn clock(&self, commit: &Commit, number: u32) -> Result<Arc<Clock>, DriveError> {
        let damaged = |what| self.damaged(commit.writer, commit.mark.block, what);
        let record = usize::try_from(number)
            .ok()
            .and_then(|number| commit.envelope.clocks.get(number))
            .ok_or_else(|| damaged("an entry names a clock that its commit does not have"))?;
        let Some(since) = record.since else { return Ok(Arc::new(record.components.clone())) };
        let base = self.commit(commit.writer, since)?;
        match base.envelope.clocks.first() {
            Some(whole) if whole.since.is_none() => {
                Ok(Arc::new(whole.components.clone().with(&record.components)))
            }
            _ => Err(damaged("a clock builds on one that is not whole")),
        }
    }
}

impl<E: Engine> Tree<'_, E> {
    /// What the author of an entry in this tree had in view.
    pub(crate) fn clock(&self, stamp: Stamp) -> Result<Arc<Clock>, DriveError> {
        if stamp.commit == 0 {
            return Ok(Arc::new(self.replica.draft_clock(stamp.clock)?.clock));
        }
        let Some(head) = self.commit else {
            return Err(self
                .replica
                .inconsistent("an entry is older than its author's first commit"));
        };
        let commit = self.replica.numbered(head, stamp.commit)?;
        self.replica.clock(&commit, stamp.clock)
    }
}
