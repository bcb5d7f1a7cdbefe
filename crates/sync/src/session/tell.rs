//! Telling the peer what it lacks: one message at a time, and each is made when it can be sent.

use ply_drive::DriveError;
use ply_engine::Engine;
use ply_log::{RecentNodes, SignedHead};
use ply_proto::{self as proto, message::What};
use ply_types::LogKey;

use super::{Session, TheirLog};
use crate::error::SessionError;
use crate::limits::{
    COMMIT_BYTES_MAX, NEWS_BYTES, NEWS_FORKS_MAX, NEWS_LOGS_MAX, NEWS_RECORDS_MAX, PUSH_BYTES,
};

/// What the peer is still to be told.
#[derive(Debug, Default)]
pub(super) struct Telling {
    /// It may lack something.
    pub(super) due: bool,
    /// What there was to tell of members when it was told last.
    membership: [u8; 32],
    /// How far it was told of members, while there are more of them than one message takes.
    members: Option<Told>,
}

/// How far the peer was told of members and forks.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    /// What was there to tell when it began.
    membership: [u8; 32],
    records: usize,
    forks: usize,
}

/// What proves a head, and the content that came with its commit.
#[derive(Debug, Default)]
struct Proved {
    commits: Vec<proto::Blocks>,
    content: Vec<proto::Blocks>,
}

impl<E: Engine> Session<E> {
    /// Says that heads or members may have changed here.
    pub fn changed(&mut self) -> Result<(), SessionError> {
        self.telling.due |= self.is_open() && self.theirs.heard;
        Ok(())
    }

    /// Makes the next message of what the peer lacks, if it lacks anything.
    pub(super) fn tell_next(&mut self) -> Result<(), SessionError> {
        self.telling.due = false;
        let membership = self.replica.records_hash();
        if std::mem::replace(&mut self.telling.membership, membership) != membership {
            self.forget_passed_over();
        }
        let mut news = proto::News {
            state: self.replica.state_hash().0.to_vec(),
            membership: membership.to_vec(),
            ..proto::News::default()
        };
        let mut bytes = self.tell_members(&mut news, membership);
        // Heads come after all members: a head of somebody who is let in by a later message is lost.
        if !news.more {
            self.tell_heads(&mut news, &mut bytes)?;
        }
        self.telling.due |= news.more;
        if !news.records.is_empty() || !news.forks.is_empty() || !news.writers.is_empty() {
            self.send(What::News(news));
        }
        Ok(())
    }

    /// Adds members and forks; says their bytes.
    fn tell_members(&mut self, news: &mut proto::News, membership: [u8; 32]) -> usize {
        let is_under_way = self.telling.members.is_some_and(|told| told.membership == membership);
        if !is_under_way && self.theirs.membership == membership {
            return 0;
        }
        let mut told = self.telling.members.filter(|_| is_under_way);
        let told = told.get_or_insert(Told { membership, ..Told::default() });
        let (records, forks) = (self.replica.records(), self.replica.forks());
        news.records = records.iter().skip(told.records).take(NEWS_RECORDS_MAX).cloned().collect();
        news.forks = forks.iter().skip(told.forks).take(NEWS_FORKS_MAX).cloned().collect();
        told.records += news.records.len();
        told.forks += news.forks.len();
        news.more = told.records < records.len() || told.forks < forks.len();
        self.telling.members = news.more.then_some(*told);
        self.theirs.membership = membership.to_vec();
        news.records.iter().chain(&news.forks).map(Vec::len).sum()
    }

    /// Forgets that the peer was told of heads whose writers were let in otherwise then. It may have known
    /// better than this node, and passed them over: of two writers in one place only one counts, and the
    /// other takes another place when it hears of that.
    fn forget_passed_over(&mut self) {
        let replica = &self.replica;
        self.theirs.logs.retain(|log, theirs| match &theirs.admissions {
            Some(admissions) => *admissions == replica.admissions(log),
            None => true,
        });
    }

    /// Adds heads that the peer lacks, as long as they fit.
    fn tell_heads(
        &mut self,
        news: &mut proto::News,
        bytes: &mut usize,
    ) -> Result<(), SessionError> {
        for log in self.replica.published_logs() {
            let Some(signed) = self.replica.signed_head(&log)? else { continue };
            let theirs = self.theirs.length(&log);
            // A head of another history is news however short it is.
            let is_rival = self.theirs.rivals.contains(&log) && !self.theirs.told.contains(&log);
            if !is_rival && signed.head.length <= theirs {
                continue;
            }
            let proved = self.newest_commit(&signed, theirs)?;
            let more = run_bytes(&proved.commits) + run_bytes(&proved.content);
            if NEWS_LOGS_MAX == news.writers.len() || (*bytes != 0 && NEWS_BYTES < *bytes + more) {
                news.more = true;
                return Ok(());
            }
            *bytes += more;
            if is_rival {
                self.theirs.told.insert(log);
            }
            let admissions = Some(self.replica.admissions(&log));
            self.theirs.logs.insert(log, TheirLog { length: signed.head.length, admissions });
            let head = signed.to_bytes().to_vec();
            news.writers.push(proto::WriterHead { head, commits: proved.commits });
            news.content.extend(proved.content);
        }
        Ok(())
    }

    /// The commit that a head ends with, and the content that came with it if it is small.
    fn newest_commit(&self, signed: &SignedHead, theirs: u64) -> Result<Proved, SessionError> {
        let (log, length) = (signed.head.log, signed.head.length);
        let mut proved = Proved::default();
        let Some(block) = length.checked_sub(1) else { return Ok(proved) };
        let mut recent = RecentNodes::default();
        let commit = match self.replica.commit(log, block) {
            Ok(commit) => commit,
            // The log is as its writer signed it, whatever it says: who lacks it asks for the block.
            Err(DriveError::Missing(_) | DriveError::Damaged { .. }) => return Ok(proved),
            Err(error) => return Err(error.into()),
        };
        if 0 < theirs && theirs < block {
            // Shows that the log they have grew into this one. From the last block on, that block's
            // own proof shows it.
            proved.commits.extend(self.proven(0, signed.head, theirs..theirs, &mut recent)?);
        }
        let growth = proved.commits.len();
        for position in [Some(block), commit.clock_base()].into_iter().flatten() {
            proved.commits.extend(self.proven(
                0,
                signed.head,
                position..position + 1,
                &mut recent,
            )?);
        }
        if COMMIT_BYTES_MAX < run_bytes(&proved.commits) {
            // The peer asks for it. That its log grew must be shown now: the head is told but once.
            proved.commits.truncate(growth);
            return Ok(proved);
        }
        // Content that is new since what the peer had, if it is little.
        let grown = match self.replica.grown_since(&commit, theirs) {
            Ok(grown) => grown,
            // What came before is not here or breaks a rule, so nobody knows here what is new.
            Err(error) if error.lacking().is_some() => Vec::new(),
            Err(DriveError::Damaged { .. }) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let mut content = Vec::new();
        for (layer, blocks) in grown {
            if blocks.is_empty() {
                continue;
            }
            match self.proven(0, layer, blocks.clone(), &mut RecentNodes::default())? {
                Some(run) if run.blocks.len() as u64 == blocks.end - blocks.start => {
                    content.push(run);
                }
                _ => return Ok(proved),
            }
            if PUSH_BYTES < content.iter().map(block_bytes).sum() {
                return Ok(proved);
            }
        }
        proved.content = content;
        Ok(proved)
    }

    /// Whether a log's newest commit is being asked for; if not, it is from now on.
    pub(super) fn asks_for_commit(&mut self, log: LogKey, block: u64) -> Result<(), SessionError> {
        let under_way = self.commits_asked.get(&log);
        if under_way.is_some_and(|request| self.requests.contains_key(request)) {
            return Ok(());
        }
        let blocks = block..block + 1;
        let request = self.begin(ply_drive::Want::Blocks { log, blocks }, None)?;
        self.commits_asked.insert(log, request);
        Ok(())
    }
}

fn block_bytes(run: &proto::Blocks) -> usize {
    run.blocks.iter().map(bytes::Bytes::len).sum()
}

/// What runs take in a message, about: a node of a proof is a hash and a number.
fn run_bytes(runs: &[proto::Blocks]) -> usize {
    runs.iter().map(|run| block_bytes(run) + 128 + run.uncles.len() * 48).sum()
}
