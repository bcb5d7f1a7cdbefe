//! Questions about a path, and asking for what their answers did not bring.

use std::collections::{BTreeMap, BTreeSet};

use ply_chunk::Kind;
use ply_drive::{DriveError, Missing, Want};
use ply_engine::Engine;
use ply_proto::{self as proto, message::What, resolve_path};
use ply_types::{LogKey, StateHash};

use super::answer::known_mark;
use super::request::{Request, RequestKind};
use super::{Failure, Session};
use crate::error::SessionError;
use crate::limits::{ASKED_MAX, KNOWN_MAX, SPANS_MAX, STEPS_MAX, TREES_MAX};

/// A question about a path.
#[derive(Debug)]
pub(super) struct Question {
    want: Want,
    /// How often it was asked.
    asked: u32,
    /// What counted when it was asked.
    state: StateHash,
    /// How the answer ended, once it did.
    result: Option<Result<(), Failure>>,
    /// What the answer did not bring and was asked for by position.
    missing: Vec<Missing>,
    /// How often something was asked for by position.
    steps: u32,
    /// Such requests that are under way.
    under_way: usize,
}

impl<E: Engine> Session<E> {
    /// Asks a question.
    pub(super) fn ask(&mut self, want: Want, part_of: Option<u64>) -> Result<u64, SessionError> {
        let path = self.question(&want)?;
        let question = Question {
            want,
            asked: 1,
            state: self.replica.state_hash(),
            result: None,
            missing: Vec::new(),
            steps: 0,
            under_way: 0,
        };
        let request = self.number(RequestKind::Question(question), part_of);
        self.send(What::Resolve(proto::Resolve { request, path, summary: None }));
        Ok(request)
    }

    pub(super) fn asked(&mut self, number: u64) -> Option<&mut Question> {
        match self.requests.get_mut(&number) {
            Some(Request { kind: RequestKind::Question(question), .. }) => Some(question),
            _ => None,
        }
    }

    /// The peer's own words on a question are at their end. It does not see what this side has in its
    /// draft, perhaps cannot read, and news may have come meanwhile.
    pub(super) fn answered(
        &mut self,
        number: u64,
        result: Result<(), Failure>,
    ) -> Result<(), SessionError> {
        let state = self.replica.state_hash();
        let Some(request) = self.requests.get_mut(&number) else { return Ok(()) };
        let misfits = std::mem::take(&mut request.misfits);
        let RequestKind::Question(question) = &mut request.kind else { return Ok(()) };
        let is_stale = misfits || question.state != state;
        question.result = Some(result);
        if !is_stale || question.asked == ASKED_MAX {
            return self.fill(number);
        }
        let want = question.want.clone();
        if self.lacking(&want)?.is_empty() {
            self.finish(number, Ok(()));
            return Ok(());
        }
        let path = self.question(&want)?;
        if let Some(question) = self.asked(number) {
            (question.asked, question.state) = (question.asked + 1, state);
        }
        self.send(What::Resolve(proto::Resolve { request: number, path, summary: None }));
        Ok(())
    }

    /// Asks by position for what the answer did not bring, as long as that brings something.
    fn fill(&mut self, number: u64) -> Result<(), SessionError> {
        let Some(question) = self.asked(number) else { return Ok(()) };
        let want = question.want.clone();
        let lacking = self.lacking(&want)?;
        let Some(question) = self.asked(number) else { return Ok(()) };
        if lacking.is_empty() {
            self.finish(number, Ok(()));
            return Ok(());
        }
        if lacking == question.missing || question.steps == STEPS_MAX {
            let result = question.result.unwrap_or(Err(Failure::NoSource));
            self.finish(number, result);
            return Ok(());
        }
        question.steps += 1;
        question.missing.clone_from(&lacking);
        let mut logs = BTreeMap::<LogKey, Vec<proto::Span>>::new();
        for Missing { log, block } in lacking {
            let span = proto::Span { start: block, end: block.saturating_add(1), within: 0 };
            logs.entry(log).or_default().push(span);
        }
        question.under_way = logs.len();
        for (log, spans) in logs {
            let request = self.number(RequestKind::Single, Some(number));
            let log = log.0.to_vec();
            self.send(What::Get(proto::Get { request, log, spans, length: 0 }));
        }
        Ok(())
    }

    /// Moves questions on that asked for something by position.
    pub(super) fn fill_all(&mut self) -> Result<(), SessionError> {
        let is_due = |request: &Request| match &request.kind {
            RequestKind::Question(question) => question.result.is_some() && question.under_way == 0,
            _ => false,
        };
        let due = self.requests.iter().filter(|(_, request)| is_due(request));
        let due: Vec<u64> = due.map(|(&number, _)| number).collect();
        due.into_iter().try_for_each(|number| self.fill(number))
    }

    /// One thing less is under way that was asked for by position.
    pub(super) fn filled(&mut self, number: u64) {
        if let Some(question) = self.asked(number) {
            question.under_way = question.under_way.saturating_sub(1);
        }
    }

    /// What is not held of the answer to a question, as far as that can be told here.
    fn lacking(&self, want: &Want) -> Result<Vec<Missing>, SessionError> {
        let mut lacking = BTreeSet::new();
        let entry = match want {
            Want::Open { path, .. } => Some(Want::Stat(path.clone())),
            _ => None,
        };
        let blocks = match self.replica.blocks_for(entry.as_ref().unwrap_or(want)) {
            Ok(blocks) => blocks,
            Err(DriveError::Engine(error)) => return Err(DriveError::Engine(error).into()),
            // What is damaged does not get better by asking for more.
            Err(_) => Vec::new(),
        };
        for block in blocks {
            if !self.replica.logs().holds(&block.log, block.block).map_err(DriveError::from)? {
                lacking.insert((block.log, block.block));
            }
        }
        let lacking = lacking.into_iter().take(SPANS_MAX);
        Ok(lacking.map(|(log, block)| Missing { log, block }).collect())
    }

    /// A sealed question about a path, with what is held of its answer already.
    fn question(&self, want: &Want) -> Result<Vec<u8>, SessionError> {
        let mut question = proto::ResolvePath::default();
        let (path, kind) = match want {
            Want::Stat(path) => (path, resolve_path::Want::Stat),
            Want::List { path, after } => {
                question.after =
                    after.as_ref().map_or_else(Vec::new, |name| name.as_bytes().to_vec());
                (path, resolve_path::Want::List)
            }
            Want::Tree(path) => (path, resolve_path::Want::Tree),
            // Whoever answers sends what it has. That it has all of it is not what Open asks for.
            Want::Open { path, bytes } | Want::Data { path, bytes } => {
                question.offset = bytes.start;
                question.bytes = bytes.end.saturating_sub(bytes.start);
                (path, resolve_path::Want::Data)
            }
            Want::Heads | Want::Blocks { .. } | Want::Everything => {
                return Err(SessionError::OutOfTurn { what: "a question without a path" });
            }
        };
        question.path = path.as_bytes().to_vec();
        question.set_want(kind);
        let mut known = Vec::new();
        for block in self.replica.blocks_for(want).unwrap_or_default() {
            let held = self.replica.logs().holds(&block.log, block.block);
            if held.map_err(DriveError::from)? && known.len() < KNOWN_MAX {
                known.push(known_mark(&block));
            }
        }
        question.known = known;
        let (layers, _) = self.replica.layers()?;
        let logs = layers.into_iter().map(|head| head.log).chain(self.replica.published_logs());
        for log in logs.take(TREES_MAX) {
            let length = self.held_length(&log)?;
            if 0 < length {
                question.trees.push(proto::HeadMark { log: log.0.to_vec(), length, root: 0 });
            }
        }
        Ok(self.replica.seal(Kind::Request, &proto::encode(&question))?)
    }
}
