//! Heads and members: what each side says that it has.

use ply_drive::DriveError;
use ply_engine::{Durability, Engine};
use ply_log::{Head, LogsError, RecentNodes, SignedHead, VerifiedHead};
use ply_merkle::Within;
use ply_proto as proto;
use ply_types::{Fault, LogKey, StateHash};

use super::answer::Answer;
use super::rivals::root_mark;
use super::{Output, Session, TheirLog};
use crate::error::SessionError;
use crate::limits::{NEWS_FORKS_MAX, NEWS_LOGS_MAX, NEWS_RECORDS_MAX, SUMMARY_HEADS_MAX};

impl<E: Engine> Session<E> {
    /// What this side has, in short.
    pub(super) fn summarize(&self, request: u64) -> Result<proto::Summary, SessionError> {
        let mut heads = Vec::new();
        for log in self.replica.published_logs().into_iter().take(SUMMARY_HEADS_MAX) {
            let length = self.replica.known_length(&log)?;
            // A head without its commit is of no use yet: let the peer send both again.
            let is_whole = length == 0 || self.holds(&log, length - 1)?;
            if 0 < length && is_whole {
                let tree = self.replica.tree_at(&log, length)?;
                let root = tree.map_or(0, |tree| root_mark(&tree.root));
                heads.push(proto::HeadMark { log: log.0.to_vec(), length, root });
            }
        }
        Ok(proto::Summary {
            state: self.replica.state_hash().0.to_vec(),
            membership: self.replica.records_hash().to_vec(),
            heads,
            request,
        })
    }

    fn holds(&self, log: &LogKey, block: u64) -> Result<bool, SessionError> {
        Ok(self.replica.logs().holds(log, block).map_err(DriveError::from)?)
    }

    /// The peer says what it has: it gets what it lacks.
    pub(super) fn summary(&mut self, summary: &proto::Summary) -> Result<(), SessionError> {
        if SUMMARY_HEADS_MAX < summary.heads.len() {
            return Err(SessionError::TooMuch { what: "heads in a summary" });
        }
        self.theirs.logs.clear();
        for mark in &summary.heads {
            let log = LogKey::try_from(mark.log.as_slice())
                .map_err(|_| SessionError::Malformed { what: "a log's key".to_owned() })?;
            self.theirs.logs.insert(log, TheirLog { length: mark.length, admissions: None });
            if self.is_rival_mark(&log, mark)? {
                self.theirs.rivals.insert(log);
            }
        }
        self.theirs.membership.clone_from(&summary.membership);
        self.theirs.heard = true;
        self.caught_up()?;
        self.mend();
        self.telling.due = true;
        if summary.request != 0 {
            self.accept(Answer::end(summary.request, proto::done::Outcome::Complete))?;
        }
        Ok(())
    }

    /// Lets this node sign, once it knows all of its own log that the peer knows.
    fn caught_up(&mut self) -> Result<(), SessionError> {
        let own = self.replica.writer_key();
        let theirs = self.theirs.length(&own);
        let is_rival = self.theirs.rivals.contains(&own);
        if self.theirs.heard && !is_rival && theirs <= self.replica.known_length(&own)? {
            self.replica.allow_signing();
        }
        Ok(())
    }

    /// A run of held blocks with its proof, as long as a message takes; `None` if the first is not
    /// held, is damaged or cannot be proven. An empty range gives the proof alone.
    pub(super) fn proven(
        &self,
        request: u64,
        tree: Head,
        blocks: std::ops::Range<u64>,
        recent: &mut RecentNodes,
    ) -> Result<Option<proto::Blocks>, SessionError> {
        let logs = self.replica.logs();
        let local = |error: LogsError| SessionError::Local(error.into());
        let (mut run, mut bytes) = (Vec::new(), 0);
        for position in blocks.clone() {
            let is_full =
                crate::limits::RUN_BYTES < bytes || crate::limits::RUN_BLOCKS <= run.len() as u64;
            if is_full {
                break;
            }
            let block = match logs.block_next(&tree.log, position, recent) {
                // Damaged here: this node has it no more than one that never came.
                Err(error @ LogsError::Damaged { .. }) if error.fault() == Fault::Corrupt => None,
                block => block.map_err(local)?,
            };
            match block {
                Some(block) if run.is_empty() || bytes + block.len() as u64 <= 1 << 20 => {
                    bytes += block.len() as u64;
                    run.push(block);
                }
                _ => break,
            }
        }
        if run.is_empty() && !blocks.is_empty() {
            return Ok(None);
        }
        let range = blocks.start..blocks.start + run.len() as u64;
        let within = Within::Tree { length: tree.length };
        let proof = match logs.prove_next(&tree.log, range, within, recent) {
            Ok(proof) => proof,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(local(error)),
        };
        let uncles = proof.uncles.iter();
        Ok(Some(proto::Blocks {
            request,
            log: tree.log.0.to_vec(),
            start: blocks.start,
            blocks: run,
            within: 0,
            length: tree.length,
            bytes: tree.bytes,
            root: tree.root.0.to_vec(),
            uncles: uncles
                .map(|(hash, bytes)| proto::ProofNode { hash: hash.0.to_vec(), bytes: *bytes })
                .collect(),
        }))
    }

    /// How much is known of some logs, and what counts of the drive.
    fn known(&self, logs: &[LogKey]) -> Result<(Vec<u64>, StateHash), SessionError> {
        let lengths = logs.iter().map(|log| self.replica.known_length(log));
        Ok((lengths.collect::<Result<_, DriveError>>()?, self.replica.state_hash()))
    }

    /// Whether logs are somewhere else than when the peer was last told where they are. A peer that
    /// keeps little may be unable to show how a log grew; asking it again brings the same.
    fn asks_again(&mut self, heads: &[VerifiedHead]) -> Result<bool, SessionError> {
        let mut is_elsewhere = false;
        for Head { log, length, .. } in heads.iter().map(|head| head.signed().head) {
            let known = self.replica.known_length(&log)?;
            if known < length {
                is_elsewhere |= self.told_lengths.insert(log, known) != Some(known);
            }
        }
        Ok(is_elsewhere)
    }

    /// The peer tells what it has: heads are checked and stored with their commits.
    pub(super) fn news(&mut self, news: &proto::News) -> Result<(), SessionError> {
        if NEWS_LOGS_MAX < news.writers.len()
            || NEWS_RECORDS_MAX < news.records.len()
            || NEWS_FORKS_MAX < news.forks.len()
        {
            return Err(SessionError::TooMuch { what: "news at once" });
        }
        let mut changed =
            self.replica.accept_records(&news.records).map_err(|error| match error {
                DriveError::Record(error) => SessionError::WrongRecord { what: error.to_string() },
                error => SessionError::Local(error),
            })?;
        changed |= self.replica.accept_forks(&news.forks).map_err(|error| match error {
            DriveError::Fork { what } => SessionError::Malformed { what },
            error => SessionError::Local(error),
        })?;
        self.theirs.membership.clone_from(&news.membership);
        let mut stale = false;
        let mut lacking = Vec::new();
        let mut heads = Vec::new();
        let mut rivals = Vec::new();
        for writer in &news.writers {
            let signed = SignedHead::from_bytes(&writer.head)
                .map_err(|error| SessionError::Malformed { what: error.to_string() })?;
            let log = signed.head.log;
            if !self.replica.admits(&log) {
                // Nobody let it in, or the record that does is still on its way.
                continue;
            }
            let theirs = self.theirs.logs.entry(log).or_default();
            theirs.length = signed.head.length.max(theirs.length);
            if self.is_rival(&signed.head)? {
                let verified = signed
                    .verify()
                    .map_err(|error| SessionError::Wrong { log, what: error.to_string() })?;
                rivals.push(*verified.signed());
                continue;
            }
            let known = self.replica.known_length(&log)?;
            let is_newer = known < signed.head.length;
            let is_whole = known == 0 || self.holds(&log, known - 1)?;
            if is_newer || !is_whole {
                let verified = signed
                    .verify()
                    .map_err(|error| SessionError::Wrong { log, what: error.to_string() })?;
                heads.push(verified);
                self.trust(signed.head);
                if writer.commits.iter().all(|run| run.blocks.is_empty()) {
                    lacking.push((log, signed.head.length - 1));
                }
            }
        }
        if !heads.is_empty() {
            let fresh: Vec<LogKey> = heads.iter().map(|head| head.signed().head.log).collect();
            let commits = news.writers.iter().flat_map(|writer| writer.commits.clone());
            let commits: Vec<proto::Blocks> =
                commits.filter(|run| fresh.iter().any(|log| log.0.as_slice() == run.log)).collect();
            let before = self.known(&fresh)?;
            stale = !self.store(&commits, &heads, Durability::Synced)?.is_empty();
            self.replica.refresh()?;
            changed |= before != self.known(&fresh)?;
            let clashed = std::mem::take(&mut self.clashed);
            let fresh = heads.iter().map(|head| *head.signed());
            rivals.extend(fresh.filter(|signed| clashed.contains(&signed.head.log)));
        }
        for rival in rivals {
            self.theirs.rivals.insert(rival.head.log);
            // Once in a session: what one probe does not show the next one will not.
            if self.theirs.probed.insert(rival.head.log) {
                self.probe(rival)?;
            }
        }
        // The own log as a peer has it came back, after a restore from an older copy.
        self.caught_up()?;
        if changed {
            self.replica.refresh()?;
            self.outbox.push_back(Output::Changed);
            // What the peer said may have made this node say something new itself: a writer who hears
            // that somebody else has its place takes another.
            self.telling.due = true;
        }
        if !news.content.is_empty() {
            self.store(&news.content, &[], Durability::Synced)?;
        }
        if stale && self.asks_again(&heads)? {
            // The peer showed how logs grew from where they are here no longer: tell it where they are.
            self.begin(ply_drive::Want::Heads, None)?;
        }
        for (log, block) in lacking {
            self.asks_for_commit(log, block)?;
        }
        Ok(())
    }
}
