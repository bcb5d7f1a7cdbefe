//! Content-defined cutting: where a chunk ends depends on the bytes before that place only.
//!
//! A rolling hash over the last 64 bytes runs along the data, and a chunk ends where enough bits of
//! it are zero. So an insertion moves the cuts near it and leaves the others on the same bytes. The
//! hash is the gear hash and the two masks are the normalised chunking of `FastCDC` (Xia et al.,
//! USENIX ATC 2016 and IEEE TPDS 2020): cuts are made unlikely before the wished size and likely
//! after it.
//!
//! # The rule, a protocol constant
//!
//! ```text
//! hash(0)   = 0
//! hash(i+1) = hash(i) * 2 + table[byte i]          modulo 2^64; older bytes fall out at the top
//!
//! a chunk of n bytes, n counted from its first byte, ends at the smallest n such that
//!   min ≤ n < avg   and the log2(avg) + 2 bits below the top bit of hash(n) are all zero, or
//!   avg ≤ n < max   and the log2(avg) - 2 bits below the top bit of hash(n) are all zero, or
//!   n = max, or the file ends at n.
//!
//! a file of at most avg bytes is one chunk
//! ```
//!
//! The table is 256 numbers of 64 bits from BLAKE3, one for all public drives and one for each key:
//! see `cut/table.rs`.
//!
//! The bits looked at lie at the top, where all of the last 63 bytes have had their say. The top
//! bit itself is left out, so that two bytes can be taken in one step: the hash of the first of
//! them is then seen shifted up by one. Changing anything here changes every cut: see the golden
//! test.

mod params;
mod table;

pub use params::{CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, CutParams, CutParamsError};

use std::fmt;

use table::Table;

/// How many bytes before a place decide whether a chunk ends there.
const WINDOW_BYTES: usize = 64;

/// By how many bits the masks differ from log2(avg); level 2 in the words of the paper.
const NORMAL_BITS: u32 = 2;

const _: () = assert!(WINDOW_BYTES <= CHUNK_BYTES_MIN as usize, "a window lies inside one chunk");

/// Whether bytes may follow those at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The file goes on.
    More,
    /// These are the last bytes of the file.
    Last,
}

/// Finds the ends of chunks. Holds 2 KiB of table: make one for each drive and keep it.
#[derive(Clone)]
pub struct Cutter {
    params: CutParams,
    table: Table,
    /// Set bits must be zero for a cut before the wished size.
    hard: u64,
    /// The same after it.
    easy: u64,
}

impl Cutter {
    /// Takes the parameters of the drive and, on sealed drives, the key of their table.
    ///
    /// With a key, the sizes of a file's chunks do not tell which known file it is.
    pub fn new(params: CutParams, key: Option<&[u8; 32]>) -> Self {
        let bits = params.avg().ilog2();
        Self {
            params,
            table: key.map_or_else(Table::public, Table::keyed),
            hard: mask(bits + NORMAL_BITS),
            easy: mask(bits - NORMAL_BITS),
        }
    }

    /// The parameters it was made with.
    pub fn params(&self) -> CutParams {
        self.params
    }

    /// The rule for small files: one of at most `avg` bytes is one chunk, whatever its content.
    ///
    /// It has then one hash, one frame and no list. [`Cutter::first`] keeps to this rule.
    pub fn whole(&self, file_bytes: u64) -> bool {
        file_bytes <= u64::from(self.params.avg())
    }

    /// Length of the first chunk of a file, whose first bytes these are.
    ///
    /// As [`Cutter::cut`], but for the rule of [`Cutter::whole`]: it asks for more bytes until it
    /// is clear that the file is not small.
    pub fn first(&self, bytes: &[u8], end: End) -> Option<usize> {
        if bytes.is_empty() || avg_bytes(self.params) < bytes.len() {
            return self.cut(bytes, end);
        }
        match end {
            End::More => None,
            End::Last => Some(bytes.len()),
        }
    }

    /// Length of the chunk that starts where `bytes` start, somewhere inside a file.
    ///
    /// `None` means that more bytes are needed, never when there are `max` of them, or that there
    /// is nothing left.
    pub fn cut(&self, bytes: &[u8], end: End) -> Option<usize> {
        let found = self.find(bytes);
        match end {
            End::More => found,
            End::Last => found.or_else(|| Some(bytes.len()).filter(|&len| len != 0)),
        }
    }

    /// The chunks of a file that is in memory as a whole.
    pub fn pieces<'bytes>(&self, file: &'bytes [u8]) -> Pieces<'_, 'bytes> {
        Pieces { cutter: self, file, at: 0 }
    }

    /// The smallest length at which a chunk ends for a reason other than the end of the file.
    fn find(&self, bytes: &[u8]) -> Option<usize> {
        let min_bytes = usize::try_from(self.params.min()).ok()?;
        let avg_bytes = avg_bytes(self.params);
        let max_bytes = usize::try_from(self.params.max()).ok()?;

        // Bytes before the window of the first possible cut have no say: skip them.
        let mut hash = 0;
        for &byte in part(bytes, min_bytes - WINDOW_BYTES, min_bytes - 1) {
            hash = self.table.roll(hash, byte);
        }
        // A cut of n bytes is seen at the byte before it, at n - 1.
        let before = part(bytes, min_bytes - 1, avg_bytes - 1);
        if let Some(seen) = self.scan(&mut hash, before, self.hard) {
            return Some(min_bytes - 1 + seen);
        }
        let after = part(bytes, avg_bytes - 1, max_bytes - 1);
        if let Some(seen) = self.scan(&mut hash, after, self.easy) {
            return Some(avg_bytes - 1 + seen);
        }
        (max_bytes <= bytes.len()).then_some(max_bytes)
    }

    /// Rolls over `bytes`; the number of them taken when the masked bits first were zero.
    fn scan(&self, hash: &mut u64, bytes: &[u8], mask: u64) -> Option<usize> {
        let mut rolled = *hash;
        let (pairs, odd) = bytes.as_chunks::<2>();
        for (index, &[first, second]) in pairs.iter().enumerate() {
            // Two steps at once. After the first, everything stands one bit higher than it should.
            let shifted = self.table.step(first) << 1;
            let high = (rolled << 2).wrapping_add(shifted);
            if high & (mask << 1) == 0 {
                return Some(index * 2 + 1);
            }
            rolled = (rolled << 2).wrapping_add(shifted.wrapping_add(self.table.step(second)));
            if rolled & mask == 0 {
                return Some(index * 2 + 2);
            }
        }
        for &byte in odd {
            rolled = self.table.roll(rolled, byte);
            if rolled & mask == 0 {
                return Some(bytes.len());
            }
        }
        *hash = rolled;
        None
    }
}

/// So many bits, below the top bit.
const fn mask(bits: u32) -> u64 {
    (u64::MAX << (u64::BITS - bits)) >> 1
}

/// `bytes[start..end]`, or as much of that as there is.
fn part(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.get(start..end.min(bytes.len())).unwrap_or_default()
}

fn avg_bytes(params: CutParams) -> usize {
    usize::try_from(params.avg()).unwrap_or(usize::MAX)
}

/// The table follows from a secret: it is not shown.
impl fmt::Debug for Cutter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cutter").field("params", &self.params).finish_non_exhaustive()
    }
}

/// The chunks of a file, in order. Made by [`Cutter::pieces`].
#[derive(Clone, Debug)]
pub struct Pieces<'cutter, 'bytes> {
    cutter: &'cutter Cutter,
    file: &'bytes [u8],
    at: usize,
}

impl<'bytes> Iterator for Pieces<'_, 'bytes> {
    type Item = &'bytes [u8];

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.file.get(self.at..)?;
        let len = match self.at {
            0 => self.cutter.first(rest, End::Last),
            _ => self.cutter.cut(rest, End::Last),
        }?;
        self.at += len;
        rest.get(..len)
    }
}
