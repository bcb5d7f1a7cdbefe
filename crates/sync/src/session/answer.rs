//! Answering the peer's requests, one message at a time.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

use ply_chunk::Kind;
use ply_drive::{DriveError, Missing, Want};
use ply_engine::Engine;
use ply_log::{Head, RecentNodes};
use ply_proto::{self as proto, done::Outcome, message::What, resolve_path};
use ply_types::{LogKey, Name, Path};

use super::Session;
use crate::error::SessionError;
use crate::limits::{
    KNOWN_MAX, QUESTION_BYTES_MAX, REQUESTS_MAX, RUNS_MAX, SPANS_MAX, TREES_MAX, WAITING_MAX,
};

/// A request of the peer, as far as it is not answered.
#[derive(Debug)]
pub(super) struct Answer {
    request: u64,
    /// Runs of blocks that are left to send.
    runs: VecDeque<(LogKey, Option<u64>, Range<u64>)>,
    outcome: Outcome,
    /// What was looked up for the run before.
    recent: Option<Recent>,
}

/// A tree from which one run was proven: the next run is mostly from it too.
#[derive(Debug)]
struct Recent {
    /// As it was asked for.
    log: LogKey,
    length: u64,
    tree: Head,
    nodes: RecentNodes,
}

impl Answer {
    /// An answer that is only its end.
    pub(super) fn end(request: u64, outcome: Outcome) -> Self {
        Self { request, runs: VecDeque::new(), outcome, recent: None }
    }

    pub(super) fn request(&self) -> u64 {
        self.request
    }
}

/// The mark of a block in the list of what an asker holds.
pub(super) fn known_mark(block: &Missing) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&block.log.0).update(&block.block.to_le_bytes());
    let hash = hasher.finalize();
    hash.as_bytes().iter().take(8).rev().fold(0, |mark, &byte| mark << 8 | u64::from(byte))
}

/// A question that was opened, and what it wants.
pub(crate) fn parse_question(opened: &[u8]) -> Result<(proto::ResolvePath, Want), SessionError> {
    let malformed = |what: String| SessionError::Malformed { what };
    let asked: proto::ResolvePath = proto::decode("question", QUESTION_BYTES_MAX, opened)
        .map_err(|error| malformed(error.to_string()))?;
    let path = Path::parse(&asked.path).map_err(|error| malformed(error.to_string()))?;
    if KNOWN_MAX < asked.known.len() {
        return Err(SessionError::TooMuch { what: "known blocks in a question" });
    }
    let want = match asked.want() {
        resolve_path::Want::Stat => Want::Stat(path),
        resolve_path::Want::List => {
            let after = Some(asked.after.as_slice()).filter(|after| !after.is_empty());
            let after = after.map(Name::parse).transpose();
            Want::List { path, after: after.map_err(|error| malformed(error.to_string()))? }
        }
        resolve_path::Want::Tree => Want::Tree(path),
        resolve_path::Want::Data => {
            let end = asked.offset.saturating_add(asked.bytes);
            Want::Data { path, bytes: asked.offset..end }
        }
    };
    Ok((asked, want))
}

impl<E: Engine> Session<E> {
    /// Lists an answer, or a refusal in its place; an error when even those are too many.
    pub(super) fn accept(&mut self, mut answer: Answer) -> Result<(), SessionError> {
        let waiting: usize = self.answers.iter().map(|answer| answer.runs.len()).sum();
        if WAITING_MAX <= self.answers.len() {
            return Err(SessionError::TooMuch { what: "requests at once" });
        }
        if REQUESTS_MAX <= self.answers.len() || RUNS_MAX <= waiting {
            answer = Answer::end(answer.request, Outcome::Refused);
        }
        if RUNS_MAX < answer.runs.len() {
            // The asker sees what did not come, and asks again.
            answer.runs.truncate(RUNS_MAX);
            answer.outcome = Outcome::Partial;
        }
        self.answers.push_back(answer);
        Ok(())
    }

    /// A question about a path: the blocks that this node reads to answer it itself.
    pub(super) fn resolve(&mut self, question: &proto::Resolve) -> Result<(), SessionError> {
        let request = question.request;
        if let Some(summary) = &question.summary {
            self.summary(summary)?;
        }
        if !self.replica.is_readable() {
            return self.accept(Answer::end(request, Outcome::Blind));
        }
        let opened = self.replica.open_sealed(Kind::Request, &question.path);
        let opened = opened.map_err(|error| SessionError::Malformed { what: error.to_string() })?;
        let Some(opened) = opened else {
            return self.accept(Answer::end(request, Outcome::Blind));
        };
        let (asked, want) = parse_question(&opened)?;
        let known: HashSet<u64> = asked.known.iter().copied().collect();
        let blocks = match self.replica.blocks_for(&want) {
            Ok(blocks) => blocks,
            // What this node cannot answer itself it cannot answer for others.
            Err(DriveError::Engine(error)) => return Err(DriveError::Engine(error).into()),
            Err(_) => Vec::new(),
        };
        let wanted = blocks.iter().filter(|block| !known.contains(&known_mark(block)));
        let mut trees = HashMap::new();
        for mark in asked.trees.iter().take(TREES_MAX) {
            if let Ok(log) = LogKey::try_from(mark.log.as_slice()) {
                trees.insert(log, mark.length);
            }
        }
        let mut runs: VecDeque<(LogKey, Option<u64>, Range<u64>)> = VecDeque::new();
        for block in wanted {
            match runs.back_mut() {
                Some((log, _, run)) if *log == block.log && run.end == block.block => run.end += 1,
                _ => {
                    // Proven in the tree that the asker holds, or shown first that it grew.
                    let held = trees.get(&block.log).copied().filter(|&length| 0 < length);
                    let within = held.filter(|&length| block.block < length);
                    if let (Some(length), None) = (held, within) {
                        runs.push_back((block.log, None, length..length));
                        trees.remove(&block.log);
                    }
                    runs.push_back((block.log, within, block.block..block.block + 1));
                }
            }
        }
        let outcome = Outcome::Complete;
        self.accept(Answer { request, runs, outcome, recent: None })
    }

    /// A request for blocks by position.
    pub(super) fn get(&mut self, get: &proto::Get) -> Result<(), SessionError> {
        if SPANS_MAX < get.spans.len() {
            return Err(SessionError::TooMuch { what: "spans in a request" });
        }
        let log = LogKey::try_from(get.log.as_slice())
            .map_err(|_| SessionError::Malformed { what: "a log's key".to_owned() })?;
        let spans = get.spans.iter().filter(|span| span.start <= span.end);
        let length = Some(get.length).filter(|&length| length != 0);
        let runs = spans.map(|span| (log, length, span.start..span.end)).collect();
        let outcome = Outcome::Complete;
        self.accept(Answer { request: get.request, runs, outcome, recent: None })
    }

    /// Makes the next message of the answer whose turn it is.
    pub(super) fn answer_next(&mut self) -> Result<(), SessionError> {
        let Some(mut answer) = self.answers.pop_front() else { return Ok(()) };
        let Some((log, length, run)) = answer.runs.pop_front() else {
            self.send(What::Done(proto::Done {
                request: answer.request,
                outcome: answer.outcome.into(),
            }));
            return Ok(());
        };
        let recent = answer.recent.take().filter(|recent| {
            recent.log == log && length == Some(recent.length) && run.start < recent.length
        });
        let (tree, mut nodes) = match recent {
            Some(recent) => (Some(recent.tree), recent.nodes),
            None => (self.served_tree(&log, length, run.start)?, RecentNodes::default()),
        };
        let theirs = self.theirs.length(&log);
        if length.is_none()
            && self.theirs.heard
            && tree.is_some_and(|tree| theirs < tree.length)
            && self.replica.admits(&log)
        {
            // A head that came in meanwhile: the asker must hear of it before what it vouches for.
            answer.runs.push_front((log, length, run));
            self.answers.push_front(answer);
            self.telling.due = true;
            return Ok(());
        }
        let message = match tree {
            // Nothing of it may lie beyond the tree: an answer that does not move never ends.
            Some(tree)
                if run.start < tree.length || (run.is_empty() && run.start == tree.length) =>
            {
                let run = run.start..run.end.min(tree.length);
                self.proven(answer.request, tree, run, &mut nodes)?
            }
            Some(_) | None => None,
        };
        if let (Some(tree), Some(length)) = (tree, length) {
            answer.recent = Some(Recent { log, length, tree, nodes });
        }
        if let Some(blocks) = message {
            let sent = run.start + blocks.blocks.len() as u64;
            if sent < run.end {
                answer.runs.push_front((log, length, sent..run.end));
            }
            self.send(What::Blocks(blocks));
        } else {
            // Not held: the rest of the run may be.
            answer.outcome = Outcome::Partial;
            let held = self.replica.logs().have(&log).map_err(DriveError::from)?;
            let next = held.held(run.start..run.end).find(|held| run.start < held.start);
            if let Some(next) = next {
                answer.runs.push_front((log, length, next.start..run.end));
            }
        }
        self.answers.push_back(answer);
        Ok(())
    }

    /// The tree in which a block of a log is proven: the one asked for, or one that the asker must
    /// know as well.
    fn served_tree(
        &self,
        log: &LogKey,
        length: Option<u64>,
        block: u64,
    ) -> Result<Option<Head>, SessionError> {
        let replica = &self.replica;
        let is_ours = replica.admits(log) || replica.is_layer(log)?;
        if !is_ours {
            return Ok(None);
        }
        if let Some(length) = length {
            return Ok(replica.tree_at(log, length)?);
        }
        if replica.admits(log) {
            return Ok(replica.signed_head(log)?.map(|signed| signed.head));
        }
        Ok(replica.layer_with(log, block)?)
    }
}
