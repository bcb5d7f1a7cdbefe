//! What changed between two trees, without reading what they share.

use std::cmp::Ordering;

use crate::cursor::Row;
use crate::error::TreeError;
use crate::page::Child;
use crate::range::KeyRange;
use crate::refs::PageRef;
use crate::seam::Pages;
use crate::trail::{Here, Trail};

/// A key whose values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub key: Vec<u8>,
    /// Its value in the first tree, if it is there.
    pub before: Option<Vec<u8>>,
    /// Its value in the second tree, if it is there.
    pub after: Option<Vec<u8>>,
}

/// The changes of a range in order of keys, found as they are asked for.
///
/// Subtrees that hang in both trees under one hash are stepped over unread. The trees may differ in
/// height, and each comes through a door of its own; both doors have the same error, since which of
/// them a page was missing from rarely matters to who asked.
#[derive(Debug)]
pub struct Diff<A, B> {
    before: Trail<A>,
    after: Trail<B>,
    range: KeyRange,
}

/// What to do, once both sides have been looked at.
enum Move {
    Done,
    /// The same page is ahead of both.
    SkipBoth,
    EnterBefore,
    EnterAfter,
    EnterBoth,
    Report(Side),
}

/// Which sides have the row that differs.
enum Side {
    Before,
    After,
    Both,
}

impl<A: Pages, B: Pages<Error = A::Error>> Diff<A, B> {
    /// Compares two trees in `range`. Reads nothing yet.
    pub fn new(
        (before_pages, before): (A, Option<PageRef>),
        (after_pages, after): (B, Option<PageRef>),
        range: KeyRange,
    ) -> Self {
        let (before, after) = (Trail::new(before_pages, before), Trail::new(after_pages, after));
        Self { before, after, range }
    }

    /// The next change; `None` when there is no other.
    pub async fn next(&mut self) -> Result<Option<Change>, TreeError<A::Error>> {
        loop {
            match self.next_move() {
                Move::Done => return Ok(None),
                Move::SkipBoth => {
                    self.before.skip();
                    self.after.skip();
                }
                Move::EnterBefore => drop(self.before.enter(&self.range.start).await?),
                Move::EnterAfter => drop(self.after.enter(&self.range.start).await?),
                Move::EnterBoth => {
                    self.before.enter(&self.range.start).await?;
                    self.after.enter(&self.range.start).await?;
                }
                Move::Report(side) => return Ok(Some(self.take(&side))),
            }
        }
    }

    /// The side with more beneath what is ahead goes down; on one level both do.
    fn next_move(&self) -> Move {
        match (ahead(&self.before, &self.range), ahead(&self.after, &self.range)) {
            (Here::End, Here::End) => Move::Done,
            (
                Here::Root(before) | Here::Child { child: Child { page: before, .. }, .. },
                Here::Root(after) | Here::Child { child: Child { page: after, .. }, .. },
            ) if before.hash == after.hash => Move::SkipBoth,
            (Here::Root(_), Here::Root(_)) => Move::EnterBoth,
            (Here::Root(_), _) => Move::EnterBefore,
            (_, Here::Root(_)) => Move::EnterAfter,
            (Here::Child { level: before, .. }, Here::Child { level: after, .. }) => {
                match before.cmp(&after) {
                    Ordering::Less => Move::EnterAfter,
                    Ordering::Equal => Move::EnterBoth,
                    Ordering::Greater => Move::EnterBefore,
                }
            }
            (Here::Child { .. }, _) => Move::EnterBefore,
            (_, Here::Child { .. }) => Move::EnterAfter,
            (Here::Row { .. }, Here::End) => Move::Report(Side::Before),
            (Here::End, Here::Row { .. }) => Move::Report(Side::After),
            (Here::Row { key: before, value: old }, Here::Row { key: after, value: new }) => {
                match before.cmp(after) {
                    Ordering::Less => Move::Report(Side::Before),
                    Ordering::Greater => Move::Report(Side::After),
                    Ordering::Equal if old == new => Move::SkipBoth,
                    Ordering::Equal => Move::Report(Side::Both),
                }
            }
        }
    }

    fn take(&mut self, side: &Side) -> Change {
        let before = match side {
            Side::Before | Side::Both => take_row(&mut self.before),
            Side::After => None,
        };
        let after = match side {
            Side::After | Side::Both => take_row(&mut self.after),
            Side::Before => None,
        };
        let key = before.as_ref().or(after.as_ref()).map(|(key, _)| key.clone());
        Change {
            key: key.unwrap_or_default(),
            before: before.map(|(_, value)| value),
            after: after.map(|(_, value)| value),
        }
    }
}

/// What is ahead of a trail inside the range.
fn ahead<'t, P: Pages>(trail: &'t Trail<P>, range: &KeyRange) -> Here<'t> {
    match trail.here() {
        Here::Child { .. } if range.is_over_after(trail.lower()) => Here::End,
        Here::Row { key, .. } if range.is_before(key) => Here::End,
        here => here,
    }
}

fn take_row<P: Pages>(trail: &mut Trail<P>) -> Option<Row> {
    let Here::Row { key, value } = trail.here() else { return None };
    let row = (key.to_vec(), value.to_vec());
    trail.skip();
    Some(row)
}
