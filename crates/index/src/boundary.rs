//! Where a page ends.
//!
//! After each row a die is cast: the hash of (level, key) against a threshold. The threshold is
//! zero until the page spans [`SPAN_BYTES_MIN`], then grows with the span, and at
//! [`SPAN_BYTES_MAX`] the page ends in any case. Because the hazard grows, sizes stay near the
//! mean; a constant one would scatter them over the whole width.
//!
//! The threshold is also proportional to the row's own share of the span. The chance that a page
//! ends inside a given byte of span is then the same for long keys and short ones, and so is the
//! mean page.
//!
//! Only keys enter. A changed value moves no boundary, and neither does a changed child hash.

use crate::limits::{FANOUT_MIN, ROW_OVERHEAD_BYTES, SPAN_BYTES_MAX, SPAN_BYTES_MIN};

/// Key of the hash, so that these dice are cast for nothing else.
const DICE_KEY: &[u8; 32] = b"plywood 2026-11 index boundaries";

/// Growth of the hazard, in 2⁻⁶⁴ per byte of row and byte of span beyond the minimum.
///
/// A hazard of c·x gives a mean of √(π/2c). For 6 KiB beyond the minimum of 2, c is π/2 / 6144² =
/// 4.16e-8. One page in 40,000 then reaches [`SPAN_BYTES_MAX`].
const HAZARD: u64 = 767_600_000_000;

/// The rows since the last boundary of a level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    level: u8,
    row_count: usize,
    bytes: usize,
}

impl Span {
    pub(crate) fn new(level: u8) -> Self {
        Self { level, row_count: 0, bytes: 0 }
    }

    /// Counts a row in, and says whether the page ends after it.
    pub(crate) fn ends_after(&mut self, key: &[u8]) -> bool {
        let row_bytes = key.len() + ROW_OVERHEAD_BYTES;
        self.row_count += 1;
        self.bytes += row_bytes;
        if self.level != 0 && self.row_count < FANOUT_MIN {
            return false;
        }
        if SPAN_BYTES_MAX <= self.bytes {
            return true;
        }
        let beyond_bytes = self.bytes.saturating_sub(SPAN_BYTES_MIN);
        let threshold = HAZARD.saturating_mul(row_bytes as u64).saturating_mul(beyond_bytes as u64);
        threshold != 0 && cast(self.level, key) < threshold
    }
}

fn cast(level: u8, key: &[u8]) -> u64 {
    let mut hasher = blake3::Hasher::new_keyed(DICE_KEY);
    hasher.update(&[level]).update(key);
    let mut face = [0; 8];
    hasher.finalize_xof().fill(&mut face);
    u64::from_le_bytes(face)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spans of the pages that a million rows with keys of `key_bytes` are cut into.
    fn spans(level: u8, key_bytes: usize) -> Vec<usize> {
        let (mut spans, mut span) = (Vec::new(), Span::new(level));
        for number in 0..200_000_u64 {
            let mut key = vec![b'k'; key_bytes - 8];
            key.extend(number.to_be_bytes());
            if span.ends_after(&key) {
                spans.push(span.bytes);
                span = Span::new(level);
            }
        }
        spans
    }

    #[test]
    fn pages_span_eight_kib_whatever_the_length_of_keys() {
        for key_bytes in [8, 40, 120, 400] {
            let spans = spans(0, key_bytes);
            let mean = spans.iter().sum::<usize>() / spans.len();
            assert!((7_900..8_700).contains(&mean), "keys of {key_bytes}: mean of {mean}");
            assert!(spans.iter().all(|&bytes| SPAN_BYTES_MIN < bytes));
            assert!(spans.iter().all(|&bytes| bytes < SPAN_BYTES_MAX + 48 + key_bytes));
        }
    }

    #[test]
    fn an_inner_page_has_four_children_even_when_keys_are_longest() {
        let mut span = Span::new(1);
        let key = [b'k'; crate::KEY_BYTES_MAX];
        let ends: Vec<bool> = (0..4).map(|_| span.ends_after(&key)).collect();
        assert_eq!(ends, [false, false, false, true]);
    }

    #[test]
    fn levels_cast_their_own_dice() {
        assert_ne!(cast(0, b"a"), cast(1, b"a"));
    }
}
