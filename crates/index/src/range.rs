//! Half-open ranges of keys.

/// All keys from `start` up to, and not including, `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key inside. Empty: from the beginning, since no key is empty.
    pub start: Vec<u8>,
    /// The first key behind. `None`: to the end.
    pub end: Option<Vec<u8>>,
}

impl KeyRange {
    /// Every key.
    pub const fn all() -> Self {
        Self { start: Vec::new(), end: None }
    }

    /// From `start` up to `end`.
    pub fn new(start: impl Into<Vec<u8>>, end: impl Into<Vec<u8>>) -> Self {
        Self { start: start.into(), end: Some(end.into()) }
    }

    /// The keys that begin with `prefix`.
    pub fn prefix(prefix: impl Into<Vec<u8>>) -> Self {
        let start = prefix.into();
        let mut end = start.clone();
        while end.pop_if(|last| *last == u8::MAX).is_some() {}
        match end.last_mut() {
            Some(last) => *last += 1,
            None => return Self { start, end: None },
        }
        Self { start, end: Some(end) }
    }

    /// The range that holds just one key.
    pub fn one(key: impl Into<Vec<u8>>) -> Self {
        let start = key.into();
        let mut end = start.clone();
        end.push(0);
        Self { start, end: Some(end) }
    }

    /// Whether `key` lies inside.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.start.as_slice() <= key && !self.is_before(key)
    }

    /// Whether the range ends at or before `key`.
    pub(crate) fn is_before(&self, key: &[u8]) -> bool {
        self.end.as_deref().is_some_and(|end| end <= key)
    }

    /// Whether no key that follows `lower` is inside. `None` stands for what precedes every key.
    pub(crate) fn is_over_after(&self, lower: Option<&[u8]>) -> bool {
        self.end.as_deref().is_some_and(|end| nothing_between(lower, end))
    }

    /// Whether every key that follows `lower` has reached the start.
    pub(crate) fn is_open_after(&self, lower: Option<&[u8]>) -> bool {
        nothing_between(lower, &self.start)
    }
}

/// Whether no key is greater than `lower` and less than `bound`.
fn nothing_between(lower: Option<&[u8]>, bound: &[u8]) -> bool {
    let lower = lower.unwrap_or_default();
    bound <= lower || bound.strip_prefix(lower) == Some(&[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_takes_in_all_that_begins_with_it() {
        let range = KeyRange::prefix("ab");
        assert_eq!(range, KeyRange::new("ab", "ac"));
        assert!(range.contains(b"ab") && range.contains(b"ab\xff\xff") && !range.contains(b"ac"));
        assert_eq!(KeyRange::prefix(b"a\xff\xff"), KeyRange::new(*b"a\xff\xff", "b"));
        assert_eq!(KeyRange::prefix(b"\xff"), KeyRange { start: vec![0xff], end: None });
        assert_eq!(KeyRange::prefix(""), KeyRange::all());
    }

    #[test]
    fn a_range_of_one_key_is_over_after_it() {
        let range = KeyRange::one("k");
        assert!(range.contains(b"k") && !range.contains(b"k\0") && !range.contains(b"j"));
        assert!(range.is_over_after(Some(b"k")));
        assert!(!range.is_over_after(Some(b"j")));
        assert!(!range.is_over_after(None));
        assert!(KeyRange::all().is_open_after(None));
        assert!(KeyRange::one("k").is_open_after(Some(b"k")));
        assert!(!KeyRange::one("k").is_open_after(Some(b"j")));
    }
}
