//! Joins runs of blocks that touch.

use std::iter::Peekable;
use std::ops::Range;

/// Runs in order, those that touch joined into one.
pub(super) struct Joined<I: Iterator<Item = Range<u64>>> {
    runs: Peekable<I>,
}

impl<I: Iterator<Item = Range<u64>>> Joined<I> {
    pub(super) fn new(runs: I) -> Self {
        Self { runs: runs.peekable() }
    }
}

impl<I: Iterator<Item = Range<u64>>> Iterator for Joined<I> {
    type Item = Range<u64>;

    fn next(&mut self) -> Option<Range<u64>> {
        let mut run = self.runs.next()?;
        while let Some(next) = self.runs.next_if(|next| next.start == run.end) {
            run.end = next.end;
        }
        Some(run)
    }
}
