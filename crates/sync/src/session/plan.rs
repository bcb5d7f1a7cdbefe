//! Getting everything: one request for heads, then many for blocks.

use std::ops::Range;

use ply_drive::{DriveError, Want};
use ply_engine::Engine;
use ply_log::Head;
use ply_proto::{self as proto, message::What};
use ply_types::{LogKey, StateHash, Time};

use super::request::RequestKind;
use super::{Failure, Session};
use crate::claims::Share;
use crate::error::SessionError;
use crate::limits::{GET_BYTES, GETS_UNDER_WAY, LOOK_AGAIN, ROUNDS_MAX, TAKE_OVER};

/// A block, or many, of a tree.
type Gap = (Head, Range<u64>);

/// Getting everything: heads, then metadata, then content, and again as long as news comes meanwhile.
#[derive(Debug)]
pub(super) struct Plan {
    stage: PlanStage,
    /// Blocks still to be asked for.
    gaps: Vec<Gap>,
    /// Those that are on their way from other peers.
    elsewhere: Vec<Gap>,
    /// When to look again at what is on its way from other peers.
    looks_at: Option<Time>,
    /// Since when nothing else is left.
    idle_since: Option<Time>,
    /// Steps whose answers are under way.
    under_way: usize,
    /// How often it began with the heads.
    rounds: u32,
    /// What counted when this round began to ask for blocks.
    state: Option<StateHash>,
    /// Blocks came in this round whose tree was another by then.
    misfits: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlanStage {
    Heads,
    Metadata,
    Content,
}

impl Plan {
    /// Before its first round.
    pub(super) fn new() -> Self {
        Self {
            stage: PlanStage::Heads,
            gaps: Vec::new(),
            elsewhere: Vec::new(),
            looks_at: None,
            idle_since: None,
            under_way: 0,
            rounds: 0,
            state: None,
            misfits: false,
        }
    }

    fn enter(&mut self, stage: PlanStage, mut gaps: Vec<Gap>) {
        // The last gap is asked for first.
        gaps.reverse();
        (self.stage, self.gaps) = (stage, gaps);
    }

    /// When it wants to look again.
    pub(super) fn looks_at(&self) -> Option<Time> {
        self.looks_at
    }

    /// Whether it waited long enough: what is on its way from other peers is asked for all the same.
    fn takes_over(&self, now: Time) -> bool {
        self.idle_since.is_some_and(|since| since + TAKE_OVER <= now)
    }

    /// Looks again at what was on its way from other peers, if it is time.
    pub(super) fn look_again(&mut self, now: Time) -> bool {
        let is_time = self.looks_at.is_some_and(|at| at <= now);
        if is_time {
            self.looks_at = None;
            self.gaps.append(&mut self.elsewhere);
            self.gaps.reverse();
        }
        is_time
    }
}

impl<E: Engine> Session<E> {
    fn plan(&mut self, number: u64) -> Option<&mut Plan> {
        self.requests.get_mut(&number)?.kind.plan_mut()
    }

    /// Moves plans on whose steps are over.
    pub(super) fn advance(&mut self) -> Result<(), SessionError> {
        let plans: Vec<u64> = self
            .requests
            .iter()
            .filter(|(_, request)| request.kind.plan().is_some())
            .map(|(&number, _)| number)
            .collect();
        for number in plans {
            self.advance_plan(number)?;
        }
        Ok(())
    }

    fn advance_plan(&mut self, number: u64) -> Result<(), SessionError> {
        let now = self.now;
        loop {
            let Some(plan) = self.plan(number) else { return Ok(()) };
            if plan.under_way < GETS_UNDER_WAY
                && let Some((tree, gap)) = plan.gaps.pop()
            {
                self.ask_part(number, tree, gap)?;
                continue;
            }
            if plan.under_way != 0 || plan.looks_at.is_some() {
                return Ok(());
            }
            if !plan.elsewhere.is_empty() {
                plan.looks_at = Some(now + LOOK_AGAIN);
                plan.idle_since.get_or_insert(now);
                return Ok(());
            }
            match plan.stage {
                PlanStage::Heads => {
                    let gaps = self.metadata_gaps()?;
                    let state = self.replica.state_hash();
                    if let Some(plan) = self.plan(number) {
                        plan.state = Some(state);
                        plan.enter(PlanStage::Metadata, gaps);
                    }
                }
                PlanStage::Metadata => {
                    let gaps = self.content_gaps()?;
                    if let Some(plan) = self.plan(number) {
                        plan.enter(PlanStage::Content, gaps);
                    }
                }
                PlanStage::Content => return self.end_round(number),
            }
        }
    }

    /// Everything that this round knew of was asked for. If news came meanwhile there may be more.
    fn end_round(&mut self, number: u64) -> Result<(), SessionError> {
        let is_whole = self.metadata_gaps()?.is_empty() && self.content_gaps()?.is_empty();
        let state = self.replica.state_hash();
        let Some(plan) = self.plan(number) else { return Ok(()) };
        let is_stale = plan.misfits || plan.state != Some(state);
        if is_whole || !is_stale || plan.rounds == ROUNDS_MAX {
            let result = if is_whole { Ok(()) } else { Err(Failure::NoSource) };
            self.finish(number, result);
            return Ok(());
        }
        self.begin_round(number)
    }

    /// Asks for heads, with which a round begins.
    pub(super) fn begin_round(&mut self, number: u64) -> Result<(), SessionError> {
        if let Some(plan) = self.plan(number) {
            plan.rounds += 1;
            plan.misfits = false;
            plan.under_way = 1;
            plan.enter(PlanStage::Heads, Vec::new());
        }
        let heads = self.begin(Want::Heads, Some(number))?;
        debug_assert!(number < heads, "steps come after their plan");
        Ok(())
    }

    /// A step is over.
    pub(super) fn step_is_over(&mut self, whole: u64, misfits: bool) {
        let now = self.now;
        if let Some(request) = self.requests.get_mut(&whole) {
            request.moved = now;
        }
        self.filled(whole);
        if let Some(plan) = self.plan(whole) {
            plan.under_way = plan.under_way.saturating_sub(1);
            plan.misfits |= misfits;
            plan.idle_since = None;
        }
    }

    /// Asks for the first part of a gap that nobody else fetches, and puts the rest back.
    fn ask_part(&mut self, whole: u64, tree: Head, gap: Range<u64>) -> Result<(), SessionError> {
        let mut part = gap.clone();
        if self.claims.has_others() {
            // It may have come from another peer since the gap was seen.
            let have = self.replica.logs().have(&tree.log).map_err(DriveError::from)?;
            let Some(missing) = have.missing(gap.clone()).next() else { return Ok(()) };
            part = missing;
        }
        let now = self.now;
        let takes_over = self.plan(whole).is_some_and(|plan| plan.takes_over(now));
        let share = if takes_over {
            Share { claimed: part.start..part.start, free: part }
        } else {
            self.claims.share(&tree.log, part)
        };
        let mean = (tree.bytes / tree.length.max(1)).max(1);
        let count = (GET_BYTES / mean).max(1);
        let part = share.free.start..share.free.end.min(share.free.start.saturating_add(count));
        let Some(plan) = self.plan(whole) else { return Ok(()) };
        if !share.claimed.is_empty() {
            plan.elsewhere.push((tree, share.claimed));
        }
        if part.end < gap.end {
            plan.gaps.push((tree, part.end..gap.end));
        }
        if part.is_empty() {
            return Ok(());
        }
        plan.under_way += 1;
        self.ask_blocks(whole, tree, part)
    }

    fn ask_blocks(&mut self, whole: u64, tree: Head, part: Range<u64>) -> Result<(), SessionError> {
        let number = self.number(RequestKind::Single, Some(whole));
        self.claims.claim(&tree.log, part.clone(), number);
        let mut spans = Vec::new();
        let held = self.held_length(&tree.log)?;
        if 0 < held && held < tree.length && part.start != held {
            // First of all, the proof that the tree held here grew into this one.
            spans.push(proto::Span { start: held, end: held, within: 0 });
        }
        spans.push(proto::Span { start: part.start, end: part.end, within: 0 });
        self.send(What::Get(proto::Get {
            request: number,
            log: tree.log.0.to_vec(),
            spans,
            length: tree.length,
        }));
        Ok(())
    }

    /// Length of the tree that is held of a log.
    pub(super) fn held_length(&self, log: &LogKey) -> Result<u64, SessionError> {
        Ok(self.replica.logs().roots(log).map_err(DriveError::from)?.length())
    }

    fn metadata_gaps(&self) -> Result<Vec<Gap>, SessionError> {
        let mut trees = Vec::new();
        for log in self.replica.published_logs() {
            let signed = if log == self.replica.writer_key() {
                // All of it is here, but for what is damaged or came back after a restore.
                self.replica.logs().head(&log).map_err(DriveError::from)?
            } else {
                self.replica.signed_head(&log)?
            };
            trees.extend(signed.map(|signed| signed.head));
        }
        self.gaps(trees)
    }

    fn content_gaps(&self) -> Result<Vec<Gap>, SessionError> {
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

    fn gaps(&self, trees: impl IntoIterator<Item = Head>) -> Result<Vec<Gap>, SessionError> {
        let mut gaps = Vec::new();
        for tree in trees {
            let have = self.replica.logs().have(&tree.log).map_err(DriveError::from)?;
            gaps.extend(have.missing(0..tree.length).map(|gap| (tree, gap)));
        }
        Ok(gaps)
    }
}
