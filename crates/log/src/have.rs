//! Which blocks of a log are held.
//!
//! Most logs are held from their start up to some block, and cost one number. What is held beyond
//! the first gap is kept in pages of [`PAGE_BLOCKS`] blocks, each a compressed bitmap, so that one
//! new block changes one small page.
//!
//! Equal sets are equal maps: the prefix is as long as it can be, and no page is empty.

mod codec;
mod runs;

use std::collections::BTreeMap;
use std::ops::Range;

use ply_merkle::LENGTH_MAX;
use roaring::RoaringBitmap;

pub use codec::{HAVE_BYTES_MAX, HAVE_PAGES_MAX, HaveError};
pub(crate) use codec::{page_from_bytes, page_to_bytes};
use runs::Joined;

/// Blocks of one page: as many as make one container of a roaring bitmap, at most 8 KiB.
pub const PAGE_BLOCKS: u64 = 1 << 16;

/// A set of blocks of one log. Blocks at or beyond [`LENGTH_MAX`] are never in it.
///
/// Invariants: block `contiguous` is not held; pages hold only blocks behind it, and none is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HaveMap {
    contiguous: u64,
    /// Page number → blocks, counted from the start of the page.
    pages: BTreeMap<u32, RoaringBitmap>,
}

/// The page of a block and the block's place in it.
fn split(block: u64) -> (u32, u32) {
    let page = u32::try_from(block / PAGE_BLOCKS).unwrap_or(u32::MAX);
    // Below 2^16, so the conversion never fails.
    (page, u32::try_from(block % PAGE_BLOCKS).unwrap_or(0))
}

/// The first block of a page.
fn page_start(page: u32) -> u64 {
    u64::from(page) * PAGE_BLOCKS
}

/// Cuts a range at the ends of pages: the page, and the blocks in it, counted from its start.
fn pages_of(range: Range<u64>) -> impl Iterator<Item = (u32, Range<u32>)> {
    let mut start = range.start;
    std::iter::from_fn(move || {
        let (page, from) = (start < range.end).then(|| split(start))?;
        let end = range.end.min(page_start(page) + PAGE_BLOCKS);
        let to = from + u32::try_from(end - start).unwrap_or(0);
        start = end;
        Some((page, from..to))
    })
}

/// The blocks that can exist.
fn clip(range: &Range<u64>) -> Range<u64> {
    range.start.min(LENGTH_MAX)..range.end.min(LENGTH_MAX)
}

impl HaveMap {
    /// No block.
    pub const fn new() -> Self {
        Self { contiguous: 0, pages: BTreeMap::new() }
    }

    /// The first block that is not held: all before it are.
    pub const fn contiguous(&self) -> u64 {
        self.contiguous
    }

    /// Whether no block is held.
    pub fn is_empty(&self) -> bool {
        self.contiguous == 0 && self.pages.is_empty()
    }

    /// How many blocks are held.
    pub fn count(&self) -> u64 {
        self.contiguous + self.pages.values().map(RoaringBitmap::len).sum::<u64>()
    }

    /// One past the last block that is held.
    pub fn end(&self) -> u64 {
        let last = self.pages.last_key_value();
        let last = last.and_then(|(&page, bits)| Some(page_start(page) + u64::from(bits.max()?)));
        last.map_or(self.contiguous, |last| last + 1)
    }

    /// Whether a block is held.
    pub fn contains(&self, block: u64) -> bool {
        let (page, at) = split(block);
        block < self.contiguous || self.pages.get(&page).is_some_and(|bits| bits.contains(at))
    }

    /// Adds blocks. Behind a gap this takes memory for each page, so the range must be of blocks
    /// that are really there; what a peer says is read with [`HaveMap::decode`].
    pub fn insert_range(&mut self, range: Range<u64>) {
        let range = clip(&range);
        if range.is_empty() {
            return;
        }
        if self.contiguous < range.start {
            for (page, blocks) in pages_of(range) {
                self.pages.entry(page).or_default().insert_range(blocks);
            }
        } else {
            self.contiguous = self.contiguous.max(range.end);
            self.swallow();
        }
    }

    /// Removes blocks.
    pub fn remove_range(&mut self, range: Range<u64>) {
        let range = clip(&range);
        if range.is_empty() {
            return;
        }
        let prefix = self.contiguous;
        if range.start < prefix {
            self.contiguous = range.start;
            for (page, blocks) in pages_of(range.end..prefix) {
                self.pages.entry(page).or_default().insert_range(blocks);
            }
        }
        // Pages that do not exist are not asked for, however long the range.
        let (first, last) = (split(range.start).0, split(range.end - 1).0);
        self.pages.range_mut(first..=last).for_each(|(&page, bits)| {
            let (start, end) = (page_start(page), page_start(page) + PAGE_BLOCKS);
            for (_, blocks) in pages_of(range.start.max(start)..range.end.min(end)) {
                bits.remove_range(blocks);
            }
        });
        self.pages.retain(|_, bits| !bits.is_empty());
    }

    /// The blocks of a range that are held, as runs that do not touch, in order.
    pub fn held(&self, range: Range<u64>) -> impl Iterator<Item = Range<u64>> + '_ {
        let prefix = range.start..range.end.min(self.contiguous);
        let rest = clip(&(range.start.max(self.contiguous)..range.end));
        let first = split(rest.start).0;
        let pages = if rest.is_empty() {
            self.pages.range(0..0)
        } else {
            self.pages.range(first..=split(rest.end - 1).0)
        };
        let runs = pages.flat_map(move |(&page, bits)| {
            let start = page_start(page);
            let end = start + PAGE_BLOCKS;
            let blocks = pages_of(rest.start.max(start)..rest.end.min(end)).map(|(_, b)| b);
            blocks.flat_map(move |blocks| {
                let mut bits = bits.range(blocks);
                let run = move || {
                    let run = bits.next_range()?;
                    Some(start + u64::from(*run.start())..start + u64::from(*run.end()) + 1)
                };
                std::iter::from_fn(run)
            })
        });
        Joined::new(Some(prefix).into_iter().filter(|run| !run.is_empty()).chain(runs))
    }

    /// All blocks that are held, as runs that do not touch, in order.
    pub fn runs(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.held(0..self.end())
    }

    /// The blocks of a range that are not held, as runs that do not touch, in order.
    pub fn missing(&self, range: Range<u64>) -> impl Iterator<Item = Range<u64>> + '_ {
        let end = range.end;
        let mut start = range.start;
        // An empty run at the end closes the last gap.
        self.held(range).chain(Some(end..end)).filter_map(move |run| {
            let gap = start..run.start;
            start = run.end;
            (!gap.is_empty()).then_some(gap)
        })
    }

    /// The pages behind the prefix.
    pub(crate) fn pages(&self) -> &BTreeMap<u32, RoaringBitmap> {
        &self.pages
    }

    /// Puts a map together again; brings it into the form that equal sets share.
    pub(crate) fn from_pages(contiguous: u64, pages: BTreeMap<u32, RoaringBitmap>) -> Self {
        let mut map = Self { contiguous: contiguous.min(LENGTH_MAX), pages };
        map.swallow();
        map
    }

    /// Restores the invariants after the prefix grew.
    fn swallow(&mut self) {
        loop {
            let (page, at) = split(self.contiguous);
            self.pages = self.pages.split_off(&page);
            let Some(bits) = self.pages.get_mut(&page) else { return };
            bits.remove_range(..at);
            let run = bits.iter().next_range().filter(|run| *run.start() == at);
            if let Some(run) = &run {
                self.contiguous = page_start(page) + u64::from(*run.end()) + 1;
                bits.remove_range(run.clone());
            }
            if bits.is_empty() {
                self.pages.remove(&page);
            }
            if run.is_none() || split(self.contiguous).0 == page {
                return;
            }
        }
    }
}
