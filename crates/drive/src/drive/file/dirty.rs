//! Bytes that were written to an open file and are not in the draft yet.

use std::collections::BTreeMap;
use std::ops::Range;

/// What a range costs beside its bytes: many small ones must count as well.
const RANGE_BYTES: usize = 64;

/// Changed ranges of a file, apart from each other, by their offsets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dirty {
    ranges: BTreeMap<u64, Vec<u8>>,
    bytes: usize,
}

fn end(start: u64, bytes: &[u8]) -> u64 {
    start.saturating_add(bytes.len() as u64)
}

fn index(distance: u64) -> usize {
    usize::try_from(distance).unwrap_or(usize::MAX)
}

impl Dirty {
    /// Memory that the ranges take.
    pub(super) fn weight(&self) -> usize {
        self.bytes.saturating_add(self.ranges.len().saturating_mul(RANGE_BYTES))
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Lays bytes over what is there.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let (start, mut merged) = match self.ranges.range_mut(..=offset).next_back() {
            Some((&start, before)) if offset <= end(start, before) => {
                let at = index(offset - start);
                if let Some(place) = before.get_mut(at..).and_then(|b| b.get_mut(..bytes.len())) {
                    place.copy_from_slice(bytes);
                    return;
                }
                let mut before = self.ranges.remove(&start).unwrap_or_default();
                self.bytes -= before.len();
                before.truncate(at);
                before.extend_from_slice(bytes);
                (start, before)
            }
            _ => (offset, bytes.to_vec()),
        };
        // What begins within the new range, or right behind it, becomes part of it.
        while let Some((&next, _)) = self.ranges.range(start..=end(start, &merged)).next() {
            let after = self.ranges.remove(&next).unwrap_or_default();
            self.bytes -= after.len();
            let covered = index(end(start, &merged) - next);
            merged.extend_from_slice(after.get(covered..).unwrap_or_default());
        }
        self.bytes += merged.len();
        self.ranges.insert(start, merged);
    }

    /// Forgets what lies at or after `length`.
    pub(super) fn truncate(&mut self, length: u64) {
        for (start, mut bytes) in self.ranges.split_off(&length) {
            self.bytes -= bytes.len();
            bytes.truncate(index(length.saturating_sub(start)));
        }
        if let Some((&start, last)) = self.ranges.iter_mut().next_back() {
            let before = last.len();
            last.truncate(index(length - start));
            self.bytes -= before - last.len();
        }
    }

    /// One past the last byte that was written; 0 when none was.
    pub(super) fn end(&self) -> u64 {
        self.ranges.last_key_value().map_or(0, |(&start, bytes)| end(start, bytes))
    }

    /// Moves what was written at or after `from` so that it begins at `to`.
    pub(super) fn shift(&mut self, from: u64, to: u64) {
        let moved = self.ranges.split_off(&from).into_iter();
        self.ranges.extend(moved.map(|(start, bytes)| (to.saturating_add(start - from), bytes)));
    }

    /// Lays what was written over `bytes`, which begin at `offset` of the file.
    pub(super) fn overlay(&self, offset: u64, bytes: &mut [u8]) {
        let wanted = offset..end(offset, bytes);
        for (start, written) in self.within(&wanted) {
            let from = start.max(wanted.start);
            let to = end(start, written).min(wanted.end);
            let source = written.get(index(from - start)..index(to - start));
            let target = bytes.get_mut(index(from - offset)..index(to - offset));
            if let (Some(source), Some(target)) = (source, target) {
                target.copy_from_slice(source);
            }
        }
    }

    /// Whether anything within a range was written.
    pub(super) fn touches(&self, range: &Range<u64>) -> bool {
        self.within(range).next().is_some()
    }

    /// Whether all of a range was written.
    pub(super) fn covers(&self, range: &Range<u64>) -> bool {
        let first = self.within(range).next();
        let whole = first
            .is_some_and(|(start, bytes)| start <= range.start && range.end <= end(start, bytes));
        range.is_empty() || whole
    }

    /// Where the next written byte is, at or after `offset`.
    pub(super) fn next(&self, offset: u64) -> Option<u64> {
        self.within(&(offset..u64::MAX)).next().map(|(start, _)| start.max(offset))
    }

    fn within(&self, range: &Range<u64>) -> impl Iterator<Item = (u64, &Vec<u8>)> {
        let before = self.ranges.range(..range.start).next_back();
        let before = before.filter(|(start, bytes)| range.start < end(**start, bytes));
        let end = range.end.max(range.start);
        let inside = self.ranges.range(range.start..end);
        before.into_iter().chain(inside).map(|(&start, bytes)| (start, bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_lie_over_a_file_as_writes_do(
            writes in prop::collection::vec((0_u64..200, 0_usize..60, any::<u8>(), any::<bool>()), 1..40),
        ) {
            let (mut dirty, mut model) = (Dirty::default(), vec![None; 300]);
            for (offset, length, byte, truncate) in writes {
                if truncate && byte < 40 {
                    dirty.truncate(offset);
                    model.iter_mut().skip(usize::try_from(offset).unwrap()).for_each(|b| *b = None);
                } else {
                    dirty.write(offset, &vec![byte; length]);
                    let at = usize::try_from(offset).unwrap();
                    model[at..at + length].fill(Some(byte));
                }
                let mut bytes = vec![0xEE; 150];
                dirty.overlay(75, &mut bytes);
                let expected: Vec<u8> =
                    model[75..225].iter().map(|byte: &Option<u8>| byte.unwrap_or(0xEE)).collect();
                prop_assert_eq!(bytes, expected);
                let held = model.iter().filter(|byte| byte.is_some()).count();
                prop_assert_eq!(dirty.bytes, held);
                let touched = model[100..120].iter().any(Option::is_some);
                prop_assert_eq!(dirty.touches(&(100..120)), touched);
                let covered = model[100..120].iter().all(Option::is_some);
                prop_assert_eq!(dirty.covers(&(100..120)), covered);
                let next = model.iter().skip(50).position(Option::is_some).map(|at| at as u64 + 50);
                prop_assert_eq!(dirty.next(50), next);
            }
        }
    }
}
