//! Which commits count: the newest of each writer whose view is here as well.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use ply_engine::Engine;
use ply_types::{LogKey, StateHash};

use super::Replica;
use crate::commit::Commit;
use crate::error::DriveError;
use crate::membership::Membership;

/// Names the use of BLAKE3 for the hash of a state.
const STATE_CONTEXT: &str = "plywood 2026-11 state of a drive";

/// Commits that are tried, newest first, before a writer counts as not fetched.
const BACK_MAX: usize = 1024;

impl<E: Engine> Replica<E> {
    /// Works out again which commits count. To be called when heads, commits or members came in.
    pub fn refresh(&self) -> Result<(), DriveError> {
        let (membership, before) = (self.membership(), self.effective());
        let (mut effective, mut unfetched) = (BTreeMap::new(), Vec::new());
        for writer in self.known_writers(&membership) {
            let Some(length) = self.counted_length(writer, &membership)? else { continue };
            match self.newest_delivered(writer, length, &membership)? {
                Some(commit) => drop(effective.insert(writer, commit)),
                None => match before.get(&writer) {
                    Some(commit) if commit.mark.block < length => {
                        effective.insert(writer, Arc::clone(commit));
                    }
                    _ => unfetched.push(writer),
                },
            }
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.effective = effective;
        state.unfetched = unfetched;
        Ok(())
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
        let known = if writer == self.writer_key() {
            // Durable before it is signed: its own head needs no signature to count here.
            self.logs.roots(&writer)?.length()
        } else {
            self.logs.head(&writer)?.map_or(0, |signed| signed.head.length)
        };
        let end = membership.writer(&writer).and_then(|status| status.end);
        let length = end.map_or(known, |end| known.min(end.length));
        Ok((0 < length).then_some(length))
    }

    /// The newest commit below `length` whose whole view is here.
    fn newest_delivered(
        &self,
        writer: LogKey,
        length: u64,
        membership: &Membership,
    ) -> Result<Option<Arc<Commit>>, DriveError> {
        let mut block = length - 1;
        for _ in 0..BACK_MAX {
            let commit = match self.commit(writer, block) {
                Ok(commit) => commit,
                // A commit that breaks a rule ends its log: what is before it counts.
                Err(DriveError::Missing(_) | DriveError::Damaged { .. }) => return Ok(None),
                Err(error) => return Err(error),
            };
            if self.is_delivered(&commit, membership)? {
                return Ok(Some(commit));
            }
            match commit.envelope.ancestors.first() {
                Some(mark) => block = mark.block,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Whether every commit that a commit's first clock names is here, or can never count.
    fn is_delivered(&self, commit: &Commit, membership: &Membership) -> Result<bool, DriveError> {
        let clock = match self.clock(commit, 0) {
            Ok(clock) => clock,
            Err(DriveError::Missing(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        for (writer, mark) in clock.iter() {
            let Some(status) = membership.writer(&writer) else { continue };
            if status.end.is_some_and(|end| end.length <= mark.block) {
                continue;
            }
            match self.marked(writer, mark) {
                Ok(_) => {}
                Err(DriveError::Missing(_) | DriveError::Damaged { .. }) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
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

    /// Writers of which a head is known and no commit that counts.
    pub fn unfetched(&self) -> Vec<LogKey> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).unfetched.clone()
    }
}
