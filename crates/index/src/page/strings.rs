//! Many short byte strings in two allocations.

use std::ops::Range;

/// Byte strings, end to end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Strings {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

/// Where the string at `index` lies, given where each one ends.
pub(super) fn span(ends: &[u32], index: usize) -> Option<Range<usize>> {
    let end = *ends.get(index)?;
    let start = match index.checked_sub(1) {
        Some(before) => *ends.get(before)?,
        None => 0,
    };
    Some(start as usize..end as usize)
}

impl Strings {
    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn at(&self, index: usize) -> Option<&[u8]> {
        self.bytes.get(span(&self.ends, index)?)
    }

    /// The last one, empty if there is none.
    pub(super) fn last(&self) -> &[u8] {
        self.count().checked_sub(1).and_then(|index| self.at(index)).unwrap_or_default()
    }

    /// Appends a string made of the first `shared` bytes of the last one, and `suffix`.
    pub(super) fn push(&mut self, shared: usize, suffix: &[u8]) {
        let last = self.bytes.len() - self.last().len();
        self.bytes.extend_from_within(last..last + shared);
        self.bytes.extend_from_slice(suffix);
        self.end();
    }

    /// Number of strings before the first that is not less than `key`, if they ascend.
    pub(super) fn lower_bound(&self, key: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low.midpoint(high);
            if self.at(middle).is_some_and(|string| string < key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn end(&mut self) {
        // A page's keys and values are far below 4 GiB.
        self.ends.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_by_position_and_by_order() {
        let mut strings = Strings::default();
        assert_eq!((strings.last(), strings.at(0)), (b"".as_slice(), None));
        strings.push(0, b"abc");
        strings.push(2, b"d");
        strings.push(3, b"e");
        assert_eq!(
            (0..4).map(|at| strings.at(at)).collect::<Vec<_>>(),
            [Some(b"abc".as_slice()), Some(b"abd"), Some(b"abde"), None]
        );
        let bounds =
            [&b"a"[..], b"abc", b"abcd", b"abde", b"b"].map(|key| strings.lower_bound(key));
        assert_eq!(bounds, [0, 0, 1, 2, 3]);
    }
}
