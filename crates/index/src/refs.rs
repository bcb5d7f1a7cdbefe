//! What points at a page, and what is known of the rows beneath it.

use std::iter::Sum;
use std::ops::Add;

use ply_types::{LogKey, PageHash};

/// Where a page is said to lie: a block of a log. A hint, checked by fetching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Where {
    /// The log.
    pub log: LogKey,
    /// Position of the block in it, from 0.
    pub block: u64,
}

/// A page by name, and the hint where to find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageRef {
    /// What the page must hash to.
    pub hash: PageHash,
    /// Where it is said to lie.
    pub place: Where,
}

/// What lies beneath a page: sums of [`Weigh`](crate::Weigh) over all its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Totals {
    /// Number of rows that count.
    pub count: u64,
    /// Bytes they stand for.
    pub bytes: u64,
}

impl Where {
    /// The place of a page of which nobody has said where it is.
    pub const UNKNOWN: Self = Self { log: LogKey([0; 32]), block: u64::MAX };
}

impl Add for Totals {
    type Output = Self;

    /// Stops at the largest number: a hostile writer may state any totals.
    fn add(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

impl Sum for Totals {
    fn sum<I: Iterator<Item = Self>>(totals: I) -> Self {
        totals.fold(Self::default(), Add::add)
    }
}
