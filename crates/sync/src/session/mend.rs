//! Blocks of metadata logs that are damaged on this disk: asked of each peer that says it has their logs.
//!
//! What counts follows from commits, and many of them are read only when a drive is opened. So nobody
//! may come to ask for such a block later.

use ply_engine::Engine;
use ply_proto::{self as proto, message::What};

use super::Session;
use super::request::RequestKind;
use crate::limits::SPANS_MAX;

impl<E: Engine> Session<E> {
    /// Asks for the damaged blocks that the peer should have, once at a time for each log. What comes is
    /// proven and stored like anything that was not here.
    pub(super) fn mend(&mut self) {
        for log in self.replica.published_logs() {
            let theirs = self.theirs.length(&log);
            let damaged = self.replica.logs().damaged(&log);
            let runs = damaged.held(0..theirs).take(SPANS_MAX);
            let spans: Vec<proto::Span> =
                runs.map(|run| proto::Span { start: run.start, end: run.end, within: 0 }).collect();
            let under_way = self.mending.get(&log);
            if spans.is_empty() || under_way.is_some_and(|asked| self.requests.contains_key(asked))
            {
                continue;
            }
            let request = self.number(RequestKind::Single, None);
            self.mending.insert(log, request);
            self.send(What::Get(proto::Get { request, log: log.0.to_vec(), spans, length: 0 }));
        }
    }
}
