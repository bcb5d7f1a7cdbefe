//! Asking the peer: one question, or all that it takes to have everything.

use std::ops::Range;

use ply_chunk::Kind;
use ply_drive::{DriveError, Want};
use ply_engine::Engine;
use ply_log::Head;
use ply_proto::{self as proto, message::What, resolve_path};
use ply_types::{LogKey, Time};

use super::answer::known_mark;
use super::{Failure, Output, RequestId, Session};
use crate::error::SessionError;
use crate::limits::{GET_BYTES, GETS_UNDER_WAY, KNOWN_MAX, TREES_MAX};

/// A request of this side.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) kind: RequestKind,
    /// The request that this one is a step of.
    pub(super) part_of: Option<u64>,
    /// When its answer last moved.
    pub(super) moved: Time,
}

/// What a request does.
#[derive(Debug)]
pub(super) enum RequestKind {
    /// One message asks, and its answer is the end.
    Single,
    /// Everything, in steps.
    Plan(Plan),
}

/// Getting everything: heads, then metadata, then content.
#[derive(Debug)]
pub(super) struct Plan {
    stage: PlanStage,
    /// Blocks still to be asked for.
    gaps: Vec<(Head, Range<u64>)>,
    /// Steps whose answers are under way.
    under_way: usize,
    /// The peer lacked something.
    partial: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlanStage {
    Heads,
    Metadata,
    Content,
}

impl<E: Engine> Session<E> {
    /// Starts a request.
    pub(super) fn begin(&mut self, want: Want, part_of: Option<u64>) -> Result<u64, SessionError> {
        let number = self.next_request;
        self.next_request += 1;
        let mut kind = RequestKind::Single;
        match want {
            Want::Heads => {
                let summary = self.summarize(number)?;
                self.send(What::Summary(summary));
            }
            Want::Blocks { log, blocks } => {
                let spans = vec![proto::Span { start: blocks.start, end: blocks.end, within: 0 }];
                let log = log.0.to_vec();
                self.send(What::Get(proto::Get { request: number, log, spans, length: 0 }));
            }
            Want::Everything => {
                kind = RequestKind::Plan(Plan {
                    stage: PlanStage::Heads,
                    gaps: Vec::new(),
                    under_way: 0,
                    partial: false,
                });
            }
            question => {
                let path = self.question(&question)?;
                self.send(What::Resolve(proto::Resolve { request: number, path, summary: None }));
            }
        }
        let is_plan = matches!(kind, RequestKind::Plan(_));
        self.requests.insert(number, Request { kind, part_of, moved: self.now });
        if is_plan {
            let heads = self.begin(Want::Heads, Some(number))?;
            debug_assert!(number < heads, "steps come after their plan");
            if let Some(plan) = self.plan(number) {
                plan.under_way = 1;
            }
        }
        Ok(number)
    }

    /// A sealed question about a path, with what is held of its answer already.
    fn question(&self, want: &Want) -> Result<Vec<u8>, SessionError> {
        let mut question = proto::ResolvePath::default();
        let (path, kind) = match want {
            Want::Stat(path) => (path, resolve_path::Want::Stat),
            Want::List(path) => (path, resolve_path::Want::List),
            Want::Tree(path) => (path, resolve_path::Want::Tree),
            Want::Data { path, bytes } => {
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
                question.trees.push(proto::HeadMark { log: log.0.to_vec(), length });
            }
        }
        Ok(self.replica.seal(Kind::Request, &proto::encode(&question))?)
    }

    fn plan(&mut self, number: u64) -> Option<&mut Plan> {
        match self.requests.get_mut(&number) {
            Some(Request { kind: RequestKind::Plan(plan), .. }) => Some(plan),
            _ => None,
        }
    }

    /// Ends a request, and counts it off its plan if it is a step.
    pub(super) fn finish(&mut self, number: u64, result: Result<(), Failure>) {
        let Some(request) = self.requests.remove(&number) else { return };
        match request.part_of {
            None => self.outbox.push_back(Output::Finished(RequestId(number), result)),
            Some(whole) => {
                let now = self.now;
                if let Some(request) = self.requests.get_mut(&whole) {
                    request.moved = now;
                }
                if let Some(plan) = self.plan(whole) {
                    plan.under_way = plan.under_way.saturating_sub(1);
                    plan.partial |= result.is_err();
                }
            }
        }
    }

    /// Moves plans on whose steps are over.
    pub(super) fn advance(&mut self) -> Result<(), SessionError> {
        let plans: Vec<u64> = self
            .requests
            .iter()
            .filter(|(_, request)| matches!(request.kind, RequestKind::Plan(_)))
            .map(|(&number, _)| number)
            .collect();
        for number in plans {
            self.advance_plan(number)?;
        }
        Ok(())
    }

    fn advance_plan(&mut self, number: u64) -> Result<(), SessionError> {
        loop {
            let Some(plan) = self.plan(number) else { return Ok(()) };
            if plan.under_way < GETS_UNDER_WAY
                && let Some((tree, gap)) = plan.gaps.pop()
            {
                plan.under_way += 1;
                self.ask_part(number, tree, gap)?;
                continue;
            }
            if plan.under_way != 0 {
                return Ok(());
            }
            let (stage, partial) = (plan.stage, plan.partial);
            let next = match stage {
                PlanStage::Heads => PlanStage::Metadata,
                PlanStage::Metadata => PlanStage::Content,
                PlanStage::Content => {
                    let result = if partial { Err(Failure::NoSource) } else { Ok(()) };
                    self.finish(number, result);
                    return Ok(());
                }
            };
            let gaps = match next {
                PlanStage::Metadata => self.metadata_gaps()?,
                PlanStage::Heads | PlanStage::Content => self.content_gaps()?,
            };
            if let Some(plan) = self.plan(number) {
                plan.stage = next;
                plan.gaps = gaps;
                // The last gap is asked for first.
                plan.gaps.reverse();
            }
        }
    }

    /// Asks for the first part of a gap, and puts the rest back.
    fn ask_part(&mut self, whole: u64, tree: Head, gap: Range<u64>) -> Result<(), SessionError> {
        let mean = (tree.bytes / tree.length.max(1)).max(1);
        let count = (GET_BYTES / mean).max(1);
        let end = gap.end.min(gap.start.saturating_add(count));
        if end < gap.end
            && let Some(plan) = self.plan(whole)
        {
            plan.gaps.push((tree, end..gap.end));
        }
        let number = self.next_request;
        self.next_request += 1;
        let kind = RequestKind::Single;
        self.requests.insert(number, Request { kind, part_of: Some(whole), moved: self.now });
        let mut spans = Vec::new();
        let held = self.held_length(&tree.log)?;
        if 0 < held && held < tree.length && gap.start != held {
            // First of all, the proof that the tree held here grew into this one.
            spans.push(proto::Span { start: held, end: held, within: 0 });
        }
        spans.push(proto::Span { start: gap.start, end, within: 0 });
        self.send(What::Get(proto::Get {
            request: number,
            log: tree.log.0.to_vec(),
            spans,
            length: tree.length,
        }));
        Ok(())
    }

    /// Length of the tree that is held of a log.
    fn held_length(&self, log: &LogKey) -> Result<u64, SessionError> {
        Ok(self.replica.logs().roots(log).map_err(DriveError::from)?.length())
    }

    fn metadata_gaps(&self) -> Result<Vec<(Head, Range<u64>)>, SessionError> {
        let mut trees = Vec::new();
        for log in self.replica.published_logs() {
            if log != self.replica.writer_key() {
                trees.extend(self.replica.signed_head(&log)?.map(|signed| signed.head));
            }
        }
        self.gaps(trees)
    }

    fn content_gaps(&self) -> Result<Vec<(Head, Range<u64>)>, SessionError> {
        // Of each layer the longest tree that anybody names.
        let mut longest = std::collections::BTreeMap::<LogKey, Head>::new();
        for head in self.replica.layers()?.0 {
            let known = longest.entry(head.log).or_insert(head);
            if known.length < head.length {
                *known = head;
            }
        }
        self.gaps(longest.into_values())
    }

    fn gaps(
        &self,
        trees: impl IntoIterator<Item = Head>,
    ) -> Result<Vec<(Head, Range<u64>)>, SessionError> {
        let mut gaps = Vec::new();
        for tree in trees {
            let have = self.replica.logs().have(&tree.log).map_err(DriveError::from)?;
            gaps.extend(have.missing(0..tree.length).map(|gap| (tree, gap)));
        }
        Ok(gaps)
    }
}
