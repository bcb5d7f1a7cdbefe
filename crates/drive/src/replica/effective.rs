//! Which commits count: the newest of each writer whose view is here as well.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use ply_chunk::Kind;
use ply_engine::{Batch, Durability, Engine, Table};
use ply_types::{LogKey, StateHash};

use super::{Event, Replica};
use crate::cipher::Metadata;
use crate::clock::Clock;
use crate::commit::Commit;
use crate::error::DriveError;
use crate::membership::Membership;

/// Steps back to a cut. Each at least halves what is left, so 64 would do.
const STEPS_MAX: usize = 128;

/// Blocks that are looked at for an earlier commit, most of which are pages.
const LOOKS_MAX: usize = 1 << 12;

/// Names the use of BLAKE3 for the hash of a state.
const STATE_CONTEXT: &str = "plywood 2026-11 state of a drive";

impl<E: Engine> Replica<E> {
    /// Works out again which commits count. To be called when heads, commits or members came in.
    ///
    /// Starts from the newest commit of each writer that is here, and takes a writer back by a commit
    /// as long as that one had something in view that does not count. What is left depends on what is
    /// held, and not on the order in which it came. But where a writer's newest commit is not here, or
    /// breaks a rule, the one that counted before goes on to count.
    pub fn refresh(&self) -> Result<(), DriveError> {
        let (membership, before) = (self.membership(), self.effective());
        let (mut counted, mut unfetched) = (BTreeMap::new(), Vec::new());
        for writer in self.known_writers(&membership) {
            let Some(length) = self.counted_length(writer, &membership)? else { continue };
            let newest = match self.newest_below(writer, length)? {
                Some(commit) => Some(commit),
                // What leads back from a commit is in the commit, so only what was noted can tell.
                None => before.get(&writer).filter(|commit| commit.mark.block < length).cloned(),
            };
            match newest {
                Some(commit) => drop(counted.insert(writer, commit)),
                None => unfetched.push(writer),
            }
        }
        while let Some(writer) = self.undelivered(&counted, &membership)? {
            let earlier = match counted.remove(&writer) {
                Some(commit) => self.previous(&commit)?,
                None => None,
            };
            match earlier {
                Some(commit) => drop(counted.insert(writer, commit)),
                None => unfetched.push(writer),
            }
        }
        for (&writer, commit) in &counted {
            if self.is_part(writer, commit, &membership)? {
                unfetched.push(writer);
            }
        }
        let is_private = counted.is_empty() && self.is_shut_out(&unfetched, &membership)?;
        let arrived: Vec<_> = counted
            .values()
            .filter(|commit| commit.writer != self.writer_key())
            .filter(|commit| before.get(&commit.writer).is_none_or(|old| old.mark != commit.mark))
            .map(|commit| (commit.writer, commit.mark))
            .collect();
        let marks = |commits: &BTreeMap<LogKey, Arc<Commit>>| -> Clock {
            commits.iter().map(|(&writer, commit)| (writer, commit.mark)).collect()
        };
        let (now, then) = (marks(&counted), marks(&before));
        if now != then {
            let mut batch = Batch::new();
            batch.put(Table::Member, self.counted_key(), now.to_row());
            // Without it the next start may show less, until a block comes. Nothing is undone for that.
            let _noted = self.engine.apply(&batch, Durability::Process);
        }
        {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            state.effective = counted;
            state.unfetched = unfetched;
            state.is_private = is_private;
        }
        if !arrived.is_empty() {
            self.tell(|| [Event::Arrived { heads: arrived }]);
        }
        Ok(())
    }

    /// Takes up which commits counted when the drive was last open. To be called before the first look.
    pub(super) fn recall(&self) -> Result<(), DriveError> {
        let row = self.engine.get(Table::Member, &self.counted_key())?;
        // One that cannot be made out is as good as none: what is held tells nearly all.
        let Some(counted) = row.and_then(|row| Clock::from_row(&row)) else { return Ok(()) };
        let mut effective = BTreeMap::new();
        for (writer, mark) in counted.iter() {
            if let Some(commit) = self.readable(writer, mark.block)?.filter(|it| it.mark == mark) {
                effective.insert(writer, commit);
            }
        }
        self.state.write().unwrap_or_else(PoisonError::into_inner).effective = effective;
        Ok(())
    }

    fn counted_key(&self) -> Vec<u8> {
        [self.id().0.as_slice(), b"e"].concat()
    }

    /// A writer whose commit had something in view that is not among the commits.
    fn undelivered(
        &self,
        commits: &BTreeMap<LogKey, Arc<Commit>>,
        membership: &Membership,
    ) -> Result<Option<LogKey>, DriveError> {
        for (&writer, commit) in commits {
            if !self.is_delivered(commit, commits, membership)? {
                return Ok(Some(writer));
            }
        }
        Ok(None)
    }

    /// Whether a writer is shown as they were earlier while blocks of theirs are damaged here: nobody is
    /// to take that for all there is.
    fn is_part(
        &self,
        writer: LogKey,
        commit: &Commit,
        membership: &Membership,
    ) -> Result<bool, DriveError> {
        if self.logs.damaged(&writer).is_empty() {
            return Ok(false);
        }
        let length = self.counted_length(writer, membership)?;
        Ok(length.is_some_and(|length| commit.mark.block + 1 < length))
    }

    /// Whether a newest commit of these is sealed on a drive that was taken for a public one.
    fn is_shut_out(&self, writers: &[LogKey], membership: &Membership) -> Result<bool, DriveError> {
        for &writer in writers {
            let Some(length) = self.counted_length(writer, membership)? else { continue };
            // One that is not here, or is no commit, says nothing.
            let Ok(bytes) = self.block(writer, length - 1) else { continue };
            let Ok(metadata) = Metadata::from_block(&bytes) else { continue };
            if self.cipher.is_shut_out(Kind::CommitBody, &metadata.inner) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A commit if it is held and keeps the rules.
    fn readable(&self, writer: LogKey, block: u64) -> Result<Option<Arc<Commit>>, DriveError> {
        match self.commit(writer, block) {
            Ok(commit) => Ok(Some(commit)),
            Err(DriveError::Missing(_) | DriveError::Damaged { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The newest commit among the first `length` blocks of a log, if that can be told from here.
    ///
    /// Where a log was cut off, its last block that counts may be a page. Then the commits after the
    /// cut lead back to it.
    pub(super) fn newest_below(
        &self,
        writer: LogKey,
        length: u64,
    ) -> Result<Option<Arc<Commit>>, DriveError> {
        if let Some(commit) = self.readable(writer, length - 1)? {
            return Ok(Some(commit));
        }
        let held = self.logs.roots(&writer)?.length();
        if held <= length {
            return Ok(None);
        }
        let mut at = self.readable(writer, held - 1)?;
        for _ in 0..STEPS_MAX {
            let Some(commit) = at else { break };
            // The furthest step that does not go too far; else the next one is what is looked for.
            let ancestors = &commit.envelope.ancestors;
            let beyond = ancestors.iter().filter(|mark| length <= mark.block);
            match (beyond.min_by_key(|mark| mark.block), ancestors.first()) {
                (Some(mark), _) => at = self.readable(writer, mark.block)?,
                (None, Some(mark)) => return self.readable(writer, mark.block),
                (None, None) => break,
            }
        }
        Ok(None)
    }

    /// The commit before another one; where it is not held, the newest that is. A node that keeps little
    /// would else lose all of a writer, and of all who had seen it, to one commit that comes too early.
    fn previous(&self, commit: &Commit) -> Result<Option<Arc<Commit>>, DriveError> {
        let Some(mark) = commit.envelope.ancestors.first() else { return Ok(None) };
        if let Some(previous) = self.readable(commit.writer, mark.block)? {
            return Ok(Some(previous));
        }
        let have = self.logs.have(&commit.writer)?;
        let mut runs: Vec<_> = have.held(0..mark.block).collect();
        runs.reverse();
        for block in runs.into_iter().flat_map(Iterator::rev).take(LOOKS_MAX) {
            if let Some(earlier) = self.readable(commit.writer, block)? {
                return Ok(Some(earlier));
            }
        }
        Ok(None)
    }

    /// Admitted writers, this node's own log among them.
    fn known_writers(&self, membership: &Membership) -> Vec<LogKey> {
        let mut writers: Vec<LogKey> = membership.writers().map(|(&key, _)| key).collect();
        if !writers.contains(&self.writer_key()) {
            writers.push(self.writer_key());
        }
        writers
    }

    /// How much of a writer's log counts; `None` when nothing of it is known.
    fn counted_length(
        &self,
        writer: LogKey,
        membership: &Membership,
    ) -> Result<Option<u64>, DriveError> {
        // What is held was vouched for, or is this node's own, now or before it got a new key:
        // durable before it is signed, it needs no signature to count here.
        let signed = self.logs.head(&writer)?.map_or(0, |signed| signed.head.length);
        let known = signed.max(self.logs.roots(&writer)?.length());
        let end = membership.writer(&writer).and_then(|status| status.end);
        let length = end.map_or(known, |end| known.min(end.length));
        Ok((0 < length).then_some(length))
    }

    /// Whether everything that a commit had in view is among the commits, or can never count.
    fn is_delivered(
        &self,
        commit: &Commit,
        commits: &BTreeMap<LogKey, Arc<Commit>>,
        membership: &Membership,
    ) -> Result<bool, DriveError> {
        let clock = match self.clock(commit, 0) {
            Ok(clock) => clock,
            Err(DriveError::Missing(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(clock.iter().all(|(writer, mark)| match membership.writer(&writer) {
            // Not a writer, or cut off before that commit: it can never count.
            None => true,
            Some(status) if status.end.is_some_and(|end| end.length <= mark.block) => true,
            // A later commit of the same log has the earlier ones beneath it.
            Some(_) => commits.get(&writer).is_some_and(|held| mark.block <= held.mark.block),
        }))
    }

    /// What two nodes compare to know that they show the same drive.
    pub fn state_hash(&self) -> StateHash {
        let mut hasher = blake3::Hasher::new_derive_key(STATE_CONTEXT);
        hasher.update(&self.membership().hash());
        for (writer, commit) in &self.effective() {
            hasher.update(&writer.0);
            hasher.update(&commit.mark.block.to_le_bytes());
            hasher.update(&commit.mark.id.0);
        }
        StateHash(*hasher.finalize().as_bytes())
    }

    /// The commits that count, by writer.
    pub fn effective(&self) -> BTreeMap<LogKey, Arc<Commit>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).effective.clone()
    }

    /// Whether this node joined the drive and knows of nobody's commit yet, not of one of its own.
    pub fn is_unheard(&self) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let is_empty = state.effective.is_empty() && state.unfetched.is_empty();
        drop(state);
        is_empty && self.settings().drive_secret.is_none()
    }

    /// Whether the drive was joined as a public one, by its key alone, and turned out to be private.
    pub fn is_private(&self) -> bool {
        self.state.read().unwrap_or_else(PoisonError::into_inner).is_private
    }

    /// Writers of which a head is known and no commit that counts, or only an earlier one for blocks are
    /// damaged here.
    pub fn unfetched(&self) -> Vec<LogKey> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).unfetched.clone()
    }
}
