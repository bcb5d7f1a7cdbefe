//! Taking blocks in: every one is proven before it is stored.

use ply_drive::DriveError;
use ply_engine::{Durability, Engine};
use ply_log::{Accepted, Head, HeadStep, LogsError, VerifiedHead};
use ply_merkle::{RangeProof, Trusted, Within};
use ply_proto::{self as proto, done::Outcome};
use ply_types::{LogKey, NodeHash, TreeHash};

use super::{Failure, Output, RequestId, Session};
use crate::error::SessionError;
use crate::limits::{INBOX_BYTES, TRUSTED_MAX, UNVOUCHED_BYTES_MAX};

impl<E: Engine> Session<E> {
    /// Blocks of an answer. They are collected, then checked and stored together.
    pub(super) fn blocks(&mut self, blocks: proto::Blocks) -> Result<(), SessionError> {
        let bytes: usize = blocks.blocks.iter().map(bytes::Bytes::len).sum();
        let Some(request) = self.requests.get_mut(&blocks.request) else {
            // Taken back or given up while it was on its way.
            return Ok(());
        };
        request.moved = self.now;
        let whole = request.part_of.unwrap_or(blocks.request);
        self.traffic.block_bytes_in += bytes as u64;
        self.traffic.blocks_in += blocks.blocks.len() as u64;
        self.outbox.push_back(Output::Arrived(RequestId(whole), bytes as u64));
        if let Some(whole) = self.requests.get_mut(&whole) {
            whole.moved = self.now;
        }
        if self.is_about_rival(blocks.request) {
            return self.rival_block(&blocks);
        }
        self.inbox_bytes += held_bytes(&blocks);
        self.inbox.push(blocks);
        if INBOX_BYTES <= self.inbox_bytes { self.store_inbox() } else { Ok(()) }
    }

    /// Whether blocks will be stored when they come, or only collected.
    pub(super) fn fills_inbox(&self, blocks: &proto::Blocks) -> bool {
        INBOX_BYTES <= self.inbox_bytes + held_bytes(blocks) || self.is_about_rival(blocks.request)
    }

    /// The end of an answer.
    pub(super) fn done(&mut self, done: proto::Done) -> Result<(), SessionError> {
        if !self.requests.contains_key(&done.request) {
            return Ok(());
        }
        self.end_rival(done.request);
        self.store_inbox()?;
        let result = match done.outcome() {
            Outcome::Complete => Ok(()),
            Outcome::Partial | Outcome::Blind => Err(Failure::NoSource),
            Outcome::Refused => Err(Failure::Refused),
        };
        if self.asked(done.request).is_some() {
            self.answered(done.request, result)?;
        } else {
            self.finish(done.request, result);
        }
        self.fill_all()?;
        self.advance()
    }

    /// Checks and stores what was collected.
    fn store_inbox(&mut self) -> Result<(), SessionError> {
        self.inbox_bytes = 0;
        let inbox = std::mem::take(&mut self.inbox);
        if inbox.is_empty() {
            return Ok(());
        }
        for request in self.store(&inbox, &[], Durability::Synced)? {
            if let Some(request) = self.requests.get_mut(&request) {
                request.misfits = true;
            }
        }
        if inbox.iter().any(|run| {
            LogKey::try_from(run.log.as_slice()).is_ok_and(|log| self.replica.admits(&log))
        }) {
            // A commit may have come by which a head counts now.
            let before = self.replica.state_hash();
            self.replica.refresh()?;
            if before != self.replica.state_hash() {
                self.outbox.push_back(Output::Changed);
            }
        }
        Ok(())
    }

    /// Checks runs of blocks, in order, and stores them with the heads that vouch for them. Says
    /// which requests had runs that did not find their place.
    ///
    /// Runs of metadata come before the content that their commits vouch for, so what cannot be
    /// vouched for yet is tried once more after the rest is stored. What is left then is no fault:
    /// another peer may have moved a log on meanwhile. It is dropped, and asked for again if needed. But
    /// a peer that sends nothing else is not worth listening to.
    pub(super) fn store(
        &mut self,
        runs: &[proto::Blocks],
        heads: &[VerifiedHead],
        durability: Durability,
    ) -> Result<Vec<u64>, SessionError> {
        let all: Vec<&proto::Blocks> = runs.iter().collect();
        let mut waiting = self.store_now(&all, heads, durability)?;
        if !waiting.is_empty() {
            self.replica.refresh()?;
            waiting = self.store_now(&waiting, heads, durability)?;
        }
        if waiting.len() < runs.len() {
            self.unvouched_bytes = 0;
        }
        self.unvouched_bytes += waiting.iter().map(|run| held_bytes(run)).sum::<usize>();
        if UNVOUCHED_BYTES_MAX < self.unvouched_bytes {
            return Err(SessionError::TooMuch { what: "answers with what nobody vouches for" });
        }
        Ok(waiting.into_iter().map(|run| run.request).collect())
    }

    /// Stores once, whoever else writes to the same logs: each time that somebody came between,
    /// they got on, so this ends.
    fn store_now<'runs>(
        &mut self,
        runs: &[&'runs proto::Blocks],
        heads: &[VerifiedHead],
        durability: Durability,
    ) -> Result<Vec<&'runs proto::Blocks>, SessionError> {
        loop {
            match self.store_once(runs, heads, durability) {
                Err(SessionError::Local(DriveError::Log(LogsError::Moved { .. }))) => {}
                stored => return stored,
            }
        }
    }

    fn store_once<'runs>(
        &mut self,
        runs: &[&'runs proto::Blocks],
        heads: &[VerifiedHead],
        durability: Durability,
    ) -> Result<Vec<&'runs proto::Blocks>, SessionError> {
        let local = |error: LogsError| SessionError::Local(DriveError::from(error));
        let replica = std::sync::Arc::clone(&self.replica);
        let mut staging = replica.logs().stage();
        let mut waiting = Vec::new();
        for &run in runs {
            let claimed = claimed_tree(run)?;
            let Some(tree) = self.vouched(&claimed)? else {
                waiting.push(run);
                continue;
            };
            let log = tree.log;
            let wrong = |what: String| SessionError::Wrong { log, what };
            let end = run.start.checked_add(run.blocks.len() as u64);
            let end = end.ok_or_else(|| wrong("a run of blocks without an end".to_owned()))?;
            let proof = RangeProof {
                range: run.start..end,
                within: Within::Tree { length: tree.length },
                uncles: uncles(run)?,
            };
            let trusted = Trusted::Tree { length: tree.length, bytes: tree.bytes, root: tree.root };
            let accepted = staging.accept(&log, &proof, &run.blocks, trusted);
            match accepted.map_err(|error| {
                if error.is_peers_fault() { wrong(error.to_string()) } else { local(error) }
            })? {
                Accepted::Stored(_) => {}
                Accepted::Unproven { .. } if self.clashed.contains(&log) => {}
                Accepted::Unproven { .. } => waiting.push(run),
                // No fault of the peer's: its writer signed both. Nothing of it is stored.
                Accepted::Forked(clash) => drop(self.clashed.insert(clash.log)),
            }
        }
        // After the blocks: their proofs show that the log held here grew into the head's.
        for head in heads {
            match staging.set_head(head).map_err(local)? {
                HeadStep::Advanced | HeadStep::Known | HeadStep::Unproven { .. } => {}
                HeadStep::Forked(clash) => drop(self.clashed.insert(clash.log)),
            }
        }
        staging.commit(durability).map_err(local)?;
        Ok(waiting)
    }

    /// Remembers that somebody vouches for a tree.
    pub(super) fn trust(&mut self, tree: Head) {
        if TRUSTED_MAX <= self.trusted.len() {
            self.trusted.clear();
        }
        self.trusted.insert((tree.log, tree.length), tree);
    }

    /// The tree that a run claims to be of, if it is one that somebody vouches for.
    fn vouched(&mut self, claimed: &Head) -> Result<Option<Head>, SessionError> {
        let key = (claimed.log, claimed.length);
        let trusted = match self.trusted.get(&key) {
            Some(head) => Some(*head),
            None => match self.replica.trusted(&claimed.log, claimed.length)? {
                Some(head) => Some(head),
                // The tree that is held was vouched for when it came.
                None => self.replica.tree_at(&claimed.log, claimed.length)?,
            },
        };
        let Some(trusted) = trusted else { return Ok(None) };
        self.trust(trusted);
        if trusted == *claimed {
            Ok(Some(trusted))
        } else {
            let what = "its tree is not the one that its writer signed".to_owned();
            Err(SessionError::Wrong { log: claimed.log, what })
        }
    }
}

/// What a run takes while it waits to be stored: an answer may be all proofs and no content.
fn held_bytes(run: &proto::Blocks) -> usize {
    let blocks = run.blocks.iter().map(|block| size_of::<bytes::Bytes>() + block.len());
    let uncles = run.uncles.iter().map(|node| size_of::<proto::ProofNode>() + node.hash.len());
    let keys = run.log.len() + run.root.len();
    size_of::<proto::Blocks>() + keys + blocks.chain(uncles).sum::<usize>()
}

fn claimed_tree(run: &proto::Blocks) -> Result<Head, SessionError> {
    let malformed = |what: &str| SessionError::Malformed { what: what.to_owned() };
    Ok(Head {
        log: LogKey::try_from(run.log.as_slice()).map_err(|_| malformed("a log's key"))?,
        length: run.length,
        bytes: run.bytes,
        root: TreeHash::try_from(run.root.as_slice()).map_err(|_| malformed("a root"))?,
    })
}

pub(super) fn uncles(run: &proto::Blocks) -> Result<Vec<(NodeHash, u64)>, SessionError> {
    run.uncles
        .iter()
        .map(|node| {
            let hash = NodeHash::try_from(node.hash.as_slice())
                .map_err(|_| SessionError::Malformed { what: "a node of a proof".to_owned() })?;
            Ok((hash, node.bytes))
        })
        .collect()
}
