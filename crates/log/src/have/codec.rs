//! Have-maps as bytes.
//!
//! ```text
//! map    ┌────────────────┬────────────────┬──────┐
//!        │ contiguous: u64│ page count: u16│ pages│
//!        └────────────────┴────────────────┴──────┘
//! page   ┌──────────────┬─────┐
//!        │ number: u32  │ body│                      numbers ascend
//!        └──────────────┴─────┘
//! body   ┌───────────────┬──────────────────────────────┐
//!        │ run count: u16│ (first: u16, last: u16) each │  up to RUNS_MAX runs, apart, ascending
//!        ├───────────────┼──────────────────────────────┤
//!        │ 0: u16        │ 8192 bytes, lowest bit first │  for more runs than that
//!        └───────────────┴──────────────────────────────┘
//! ```
//!
//! Integers are little-endian. A set has one encoding only; any other is refused.

use std::collections::BTreeMap;

use ply_merkle::LENGTH_MAX;
use ply_types::Fault;
use roaring::RoaringBitmap;
use thiserror::Error;

use super::{HaveMap, PAGE_BLOCKS, page_start, split};
use crate::cursor::Cursor;

/// Most pages in one encoded map. Behind the first gap that is room for 2^28 blocks.
pub const HAVE_PAGES_MAX: usize = 4096;

/// Bytes of a page written as bits.
const BITS_BYTES: usize = (PAGE_BLOCKS / 8) as usize;

/// Most runs that are written as such: at four bytes each, as long as the bits would be.
const RUNS_MAX: usize = BITS_BYTES / 4;

/// Longest encoded map: every page written as bits. 32 MiB.
pub const HAVE_BYTES_MAX: usize = 8 + 2 + HAVE_PAGES_MAX * (4 + 2 + BITS_BYTES);

/// Number of pages of the longest log.
const PAGES_OF_LOG_MAX: u64 = LENGTH_MAX / PAGE_BLOCKS;

/// Why bytes are not a have-map.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HaveError {
    /// They end too early, or go on after the last page.
    #[error("a have-map has the wrong length")]
    Size,
    /// More pages than a map may have.
    #[error("a have-map of {found} pages exceeds {HAVE_PAGES_MAX}")]
    TooManyPages {
        /// How many are promised.
        found: usize,
    },
    /// The prefix or a page lies beyond the longest log.
    #[error("a have-map names block {block}, beyond the longest log")]
    Beyond {
        /// A block that cannot exist.
        block: u64,
    },
    /// Pages or runs do not ascend, touch, or could have been written shorter.
    #[error("page {page} of a have-map is not in its one form")]
    NotCanonical {
        /// The page.
        page: u32,
    },
}

impl HaveError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// How many runs of one bits a page has, counted up to one more than are written as runs.
fn run_count(bits: &RoaringBitmap) -> usize {
    let mut bits = bits.iter();
    std::iter::from_fn(|| bits.next_range()).take(RUNS_MAX + 1).count()
}

/// The body of a page.
pub(crate) fn page_to_bytes(bits: &RoaringBitmap) -> Vec<u8> {
    let count = run_count(bits);
    let mut bytes = Vec::with_capacity(2 + BITS_BYTES.min(4 * count));
    match u16::try_from(count) {
        Ok(short) if count <= RUNS_MAX => {
            bytes.extend(short.to_le_bytes());
            let mut bits = bits.iter();
            for run in std::iter::from_fn(|| bits.next_range()) {
                for end in [*run.start(), *run.end()] {
                    // Blocks of a page are below 2^16.
                    bytes.extend(end.to_le_bytes().into_iter().take(2));
                }
            }
        }
        _ => {
            bytes.extend([0, 0]);
            let byte = |at: u32| {
                (0..8).fold(0, |byte, bit| byte | u8::from(bits.contains(8 * at + bit)) << bit)
            };
            bytes.extend((0_u32..).map(byte).take(BITS_BYTES));
        }
    }
    bytes
}

/// Reads the body of a page. `None` when it is cut short or not in its one form; which of them does
/// not matter to anyone.
fn take_page(cursor: &mut Cursor<'_>) -> Option<RoaringBitmap> {
    let mut bits = RoaringBitmap::new();
    let count = usize::from(cursor.u16()?);
    if RUNS_MAX < count {
        return None;
    }
    if count == 0 {
        let bytes = cursor.slice(BITS_BYTES)?;
        let bits = RoaringBitmap::from_lsb0_bytes(0, bytes);
        return (RUNS_MAX < run_count(&bits)).then_some(bits);
    }
    let mut free = 0;
    for _ in 0..count {
        let (first, last) = (u32::from(cursor.u16()?), u32::from(cursor.u16()?));
        if first < free || last < first {
            return None;
        }
        bits.insert_range(first..=last);
        // One block must stay out between two runs.
        free = last + 2;
    }
    Some(bits)
}

/// Reads what [`page_to_bytes`] wrote, and nothing else.
pub(crate) fn page_from_bytes(bytes: &[u8]) -> Option<RoaringBitmap> {
    let mut cursor = Cursor::new(bytes);
    take_page(&mut cursor).filter(|_| cursor.is_empty())
}

impl HaveMap {
    /// The encoded form, at most [`HAVE_BYTES_MAX`] long. Pages beyond [`HAVE_PAGES_MAX`] are left
    /// out: a reader then knows of fewer blocks, and of none that is not held.
    pub fn encode(&self) -> Vec<u8> {
        let pages = self.pages.iter().take(HAVE_PAGES_MAX);
        let mut bytes = self.contiguous.to_le_bytes().to_vec();
        let count = u16::try_from(pages.len()).unwrap_or(u16::MAX);
        bytes.extend(count.to_le_bytes());
        for (page, bits) in pages {
            bytes.extend(page.to_le_bytes());
            bytes.extend(page_to_bytes(bits));
        }
        bytes
    }

    /// Reads what [`HaveMap::encode`] wrote, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Self, HaveError> {
        let mut cursor = Cursor::new(bytes);
        let contiguous = cursor.u64().ok_or(HaveError::Size)?;
        if LENGTH_MAX < contiguous {
            return Err(HaveError::Beyond { block: contiguous });
        }
        let found = usize::from(cursor.u16().ok_or(HaveError::Size)?);
        if HAVE_PAGES_MAX < found {
            return Err(HaveError::TooManyPages { found });
        }
        let mut pages = BTreeMap::new();
        let mut free = split(contiguous).0;
        for _ in 0..found {
            let page = cursor.u32().ok_or(HaveError::Size)?;
            if PAGES_OF_LOG_MAX <= u64::from(page) {
                return Err(HaveError::Beyond { block: page_start(page) });
            }
            let bits = take_page(&mut cursor).filter(|_| free <= page);
            let bits = bits.ok_or(HaveError::NotCanonical { page })?;
            let first = bits.min().map_or(0, |first| page_start(page) + u64::from(first));
            if first <= contiguous {
                return Err(HaveError::NotCanonical { page });
            }
            pages.insert(page, bits);
            free = page + 1;
        }
        if !cursor.is_empty() {
            return Err(HaveError::Size);
        }
        Ok(Self { contiguous, pages })
    }
}

#[cfg(test)]
mod fuzz;
