//! Requests of this side.

use ply_drive::Want;
use ply_engine::Engine;
use ply_proto::{self as proto, message::What};
use ply_types::Time;

use super::plan::Plan;
use super::question::Question;
use super::{Failure, Output, RequestId, Session};
use crate::error::SessionError;

/// A request of this side.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) kind: RequestKind,
    /// The request that this one is a step of.
    pub(super) part_of: Option<u64>,
    /// When its answer last moved.
    pub(super) moved: Time,
    /// Blocks of its answer were dropped, for they are of a tree that was another by then.
    pub(super) misfits: bool,
}

/// What a request does.
#[derive(Debug)]
pub(super) enum RequestKind {
    /// One message asks, and its answer is the end.
    Single,
    /// A question about a path, which may be asked again.
    Question(Question),
    /// Everything, in steps.
    Plan(Plan),
}

impl RequestKind {
    pub(super) fn plan(&self) -> Option<&Plan> {
        if let Self::Plan(plan) = self { Some(plan) } else { None }
    }

    pub(super) fn plan_mut(&mut self) -> Option<&mut Plan> {
        if let Self::Plan(plan) = self { Some(plan) } else { None }
    }
}

impl<E: Engine> Session<E> {
    /// Starts a request.
    pub(super) fn begin(&mut self, want: Want, part_of: Option<u64>) -> Result<u64, SessionError> {
        match want {
            Want::Heads => {
                let number = self.number(RequestKind::Single, part_of);
                let summary = self.summarize(number)?;
                self.send(What::Summary(summary));
                Ok(number)
            }
            Want::Blocks { log, blocks } => {
                let request = self.number(RequestKind::Single, part_of);
                let spans = vec![proto::Span { start: blocks.start, end: blocks.end, within: 0 }];
                self.send(What::Get(proto::Get { request, log: log.0.to_vec(), spans, length: 0 }));
                Ok(request)
            }
            Want::Everything => {
                let number = self.number(RequestKind::Plan(Plan::new()), part_of);
                self.begin_round(number)?;
                Ok(number)
            }
            question => self.ask(question, part_of),
        }
    }

    /// Lists a request that is about to be sent; says its number.
    pub(super) fn number(&mut self, kind: RequestKind, part_of: Option<u64>) -> u64 {
        let number = self.next_request;
        self.next_request += 1;
        let request = Request { kind, part_of, moved: self.now, misfits: false };
        self.requests.insert(number, request);
        number
    }

    /// Ends a request, and counts it off its plan if it is a step.
    pub(super) fn finish(&mut self, number: u64, result: Result<(), Failure>) {
        let Some(request) = self.requests.remove(&number) else { return };
        self.claims.release(number);
        match request.part_of {
            None => self.outbox.push_back(Output::Finished(RequestId(number), result)),
            Some(whole) => self.step_is_over(whole, request.misfits),
        }
    }
}
