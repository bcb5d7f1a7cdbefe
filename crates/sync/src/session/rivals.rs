//! Two histories of one log: found out by comparing heads, then proved to everybody.
//!
//! Whoever holds one history and is told of a signed head of another asks for single blocks of it,
//! each further to the left, until it has the first that differs. Two heads with that block are a
//! proof: it is stored, cuts the log off there, and travels with the members.

use ply_drive::DriveError;
use ply_engine::Engine;
use ply_log::{Branch, Head, RivalStep, SignedHead};
use ply_merkle::{Trusted, leaf_hash, verify};
use ply_proto::{self as proto, message::What};
use ply_types::{LogKey, TreeHash};

use super::gather::uncles;
use super::request::RequestKind;
use super::{Output, Session};
use crate::error::SessionError;
use crate::limits::RIVALS_MAX;

/// A signed head of a history other than the one held, and what was asked about it last.
#[derive(Debug)]
pub(super) struct Rival {
    head: SignedHead,
    request: u64,
    position: u64,
}

/// How a summary says which tree it means.
pub(super) fn root_mark(root: &TreeHash) -> u64 {
    root.0.iter().take(8).rev().fold(0, |mark, &byte| mark << 8 | u64::from(byte))
}

impl<E: Engine> Session<E> {
    /// Whether a mark in the peer's summary is of another history than the one held here. Only the
    /// side that has the longer one, or one as long, can tell.
    pub(super) fn is_rival_mark(
        &self,
        log: &LogKey,
        mark: &proto::HeadMark,
    ) -> Result<bool, SessionError> {
        if mark.root == 0 || !self.replica.admits(log) {
            return Ok(false);
        }
        let held = self.replica.tree_at(log, mark.length)?;
        Ok(held.is_some_and(|held| root_mark(&held.root) != mark.root))
    }

    /// Whether a head is of another history than the one held here, as far as that one reaches.
    pub(super) fn is_rival(&self, head: &Head) -> Result<bool, SessionError> {
        let held = self.replica.tree_at(&head.log, head.length)?;
        Ok(held.is_some_and(|held| held.root != head.root))
    }

    /// Begins to look for the block at which a checked head parts from the history held here.
    pub(super) fn probe(&mut self, head: SignedHead) -> Result<(), SessionError> {
        let log = head.head.log;
        // Blocks of that tree are none of the history held here.
        self.trusted.remove(&(log, head.head.length));
        if self.rivals.contains_key(&log) || RIVALS_MAX <= self.rivals.len() {
            return Ok(());
        }
        let held = self.replica.logs().head(&log).map_err(DriveError::from)?;
        let shorter = held.map_or(0, |held| held.head.length.min(head.head.length));
        if log == self.replica.writer_key() {
            self.replica.disown()?;
        }
        match shorter.checked_sub(1) {
            Some(position) => {
                self.ask_rival(head, position);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn ask_rival(&mut self, head: SignedHead, position: u64) {
        let request = self.number(RequestKind::Single, None);
        self.rivals.insert(head.head.log, Rival { head, request, position });
        let spans = vec![proto::Span { start: position, end: position + 1, within: 0 }];
        let (log, length) = (head.head.log.0.to_vec(), head.head.length);
        self.send(What::Get(proto::Get { request, log, spans, length }));
    }

    /// Whether an answer is about a rival.
    pub(super) fn is_about_rival(&self, request: u64) -> bool {
        self.rivals.values().any(|rival| rival.request == request)
    }

    /// Forgets the rival that a request was about: nothing more comes of it.
    pub(super) fn end_rival(&mut self, request: u64) {
        self.rivals.retain(|_, rival| rival.request != request);
    }

    /// A block of the other history.
    pub(super) fn rival_block(&mut self, run: &proto::Blocks) -> Result<(), SessionError> {
        let found = self.rivals.iter().find(|(_, rival)| rival.request == run.request);
        let Some((&log, _)) = found else { return Ok(()) };
        let Some(Rival { head, position, .. }) = self.rivals.remove(&log) else { return Ok(()) };
        let wrong = |what: String| SessionError::Wrong { log, what };
        let [block] = run.blocks.as_slice() else {
            return Err(wrong("not the one block that was asked for".to_owned()));
        };
        let (leaf, leaf_bytes) = (leaf_hash(block), block.len() as u64);
        let branch = Branch { head, leaf, leaf_bytes, uncles: uncles(run)? };
        let Head { length, bytes, root, .. } = head.head;
        let trusted = Trusted::Tree { length, bytes, root };
        verify(&branch.range_proof(position), &[(leaf, leaf_bytes)], trusted)
            .map_err(|error| wrong(error.to_string()))?;
        let step = self.replica.logs().compare(position, branch).map_err(DriveError::from)?;
        match step {
            // Always to the left, so that it ends.
            RivalStep::Ask { position: next } if next < position => {
                self.ask_rival(head, next);
                Ok(())
            }
            RivalStep::Proved(proof) => {
                let bytes = proof.encode().map_err(|error| wrong(error.to_string()))?;
                self.forked([bytes])
            }
            RivalStep::Ask { .. } | RivalStep::Same | RivalStep::Unknown => Ok(()),
        }
    }

    fn forked(&mut self, proofs: [Vec<u8>; 1]) -> Result<(), SessionError> {
        if self.replica.accept_forks(proofs)? {
            self.outbox.push_back(Output::Changed);
            self.telling.due = true;
        }
        Ok(())
    }
}
