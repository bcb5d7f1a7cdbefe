//! How large chunks may be: a property of the drive, fixed when it is created.

use std::fmt;

use ply_types::Fault;
use thiserror::Error;

const KIB: u32 = 1024;

/// No drive cuts smaller than this: below it the hashes outweigh what sharing saves.
pub const CHUNK_BYTES_MIN: u32 = KIB;

/// No drive cuts larger than this: it bounds the memory that one chunk may ask for anywhere.
pub const CHUNK_BYTES_MAX: u32 = 1024 * KIB;

/// The least, wished and greatest size of a chunk, in bytes.
///
/// All are whole KiB, `min < avg < max`, and `avg` is a power of two because it becomes a mask. The
/// last chunk of a file may be smaller than `min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CutParams {
    min: u32,
    avg: u32,
    max: u32,
}

/// Why three numbers are not cut parameters.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CutParamsError {
    /// Not of the form `16/64/256`.
    #[error("expected three sizes in KiB such as 16/64/256, got '{text}'")]
    NotThree {
        /// The start of what was given.
        text: String,
    },
    /// A size is not a multiple of 1 KiB.
    #[error("{bytes} bytes are not whole KiB")]
    NotKib {
        /// The size.
        bytes: u32,
    },
    /// The sizes do not grow from least to greatest.
    #[error("sizes must grow: {min} < {avg} < {max} bytes does not hold")]
    Order {
        /// The least size.
        min: u32,
        /// The wished size.
        avg: u32,
        /// The greatest size.
        max: u32,
    },
    /// The wished size is not a power of two.
    #[error("the wished size, {avg} bytes, is not a power of two")]
    AvgNotPowerOfTwo {
        /// The wished size.
        avg: u32,
    },
    /// A size lies outside of what any drive may use.
    #[error("{bytes} bytes lie outside of {CHUNK_BYTES_MIN}..={CHUNK_BYTES_MAX}")]
    OutOfBounds {
        /// The size.
        bytes: u64,
    },
}

impl CutParamsError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotThree { .. }
            | Self::NotKib { .. }
            | Self::Order { .. }
            | Self::AvgNotPowerOfTwo { .. }
            | Self::OutOfBounds { .. } => Fault::Invalid,
        }
    }
}

impl CutParams {
    /// 16, 64 and 256 KiB: about 16 chunks a MiB, and 2 MiB of hashes for 4 GiB.
    pub const DEFAULT: Self = Self { min: 16 * KIB, avg: 64 * KIB, max: 256 * KIB };

    /// Takes sizes in bytes. See [`CutParams`] for what must hold.
    pub fn new(min: u32, avg: u32, max: u32) -> Result<Self, CutParamsError> {
        for bytes in [min, avg, max] {
            if !(CHUNK_BYTES_MIN..=CHUNK_BYTES_MAX).contains(&bytes) {
                return Err(CutParamsError::OutOfBounds { bytes: bytes.into() });
            }
            if !bytes.is_multiple_of(KIB) {
                return Err(CutParamsError::NotKib { bytes });
            }
        }
        if avg <= min || max <= avg {
            return Err(CutParamsError::Order { min, avg, max });
        }
        if !avg.is_power_of_two() {
            return Err(CutParamsError::AvgNotPowerOfTwo { avg });
        }
        Ok(Self { min, avg, max })
    }

    /// Parses what [`CutParams`] prints: `16/64/256`, in KiB.
    pub fn parse(text: &str) -> Result<Self, CutParamsError> {
        let mut sizes = text.split('/').map(kib);
        match (sizes.next(), sizes.next(), sizes.next(), sizes.next()) {
            (Some(Some(min)), Some(Some(avg)), Some(Some(max)), None) => {
                Self::new(bytes(min)?, bytes(avg)?, bytes(max)?)
            }
            _ => Err(CutParamsError::NotThree { text: text.chars().take(32).collect() }),
        }
    }

    /// Least bytes of a chunk that is not the last.
    pub const fn min(self) -> u32 {
        self.min
    }

    /// The size that chunks are drawn to; also the size up to which a file is one chunk.
    pub const fn avg(self) -> u32 {
        self.avg
    }

    /// Greatest bytes of a chunk.
    pub const fn max(self) -> u32 {
        self.max
    }
}

/// One size of a text. Digits only: `+16` must not be a second way to write `16`.
fn kib(text: &str) -> Option<u32> {
    if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn bytes(kib: u32) -> Result<u32, CutParamsError> {
    kib.checked_mul(KIB)
        .ok_or(CutParamsError::OutOfBounds { bytes: u64::from(kib) * u64::from(KIB) })
}

impl fmt::Display for CutParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.min / KIB, self.avg / KIB, self.max / KIB)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_back_what_they_print() {
        assert_eq!(CutParams::DEFAULT.to_string(), "16/64/256");
        for text in ["16/64/256", "1/2/3", "100/512/1024"] {
            let params = CutParams::parse(text).expect("valid sizes");
            assert_eq!(params.to_string(), text);
        }
    }

    #[test]
    fn texts_that_are_not_three_sizes_are_refused() {
        for text in ["", "16", "16/64", "16/64/256/", "16/64/256/512", "a/b/c", "+16/64/256"] {
            let refused = CutParams::parse(text);
            assert!(matches!(refused, Err(CutParamsError::NotThree { .. })), "{text}");
        }
        assert!(CutParams::parse("016/64/256").is_err());
        assert!(CutParams::parse("4294967295/64/256").is_err());
    }

    #[test]
    fn sizes_that_cannot_work_are_refused() {
        let refused = |min, avg, max| CutParams::new(min, avg, max).expect_err("refused");
        assert_eq!(refused(512, 2048, 4096), CutParamsError::OutOfBounds { bytes: 512 });
        assert_eq!(refused(1025, 2048, 4096), CutParamsError::NotKib { bytes: 1025 });
        assert_eq!(refused(1024, 3072, 4096), CutParamsError::AvgNotPowerOfTwo { avg: 3072 });
        assert!(matches!(refused(2048, 2048, 4096), CutParamsError::Order { .. }));
        assert!(matches!(refused(1024, 4096, 4096), CutParamsError::Order { .. }));
        assert!(matches!(refused(1024, 2048, 1 << 21), CutParamsError::OutOfBounds { .. }));
        assert_eq!(refused(0, 0, 0).fault(), Fault::Invalid);
    }

    #[test]
    fn the_default_passes_its_own_check() {
        let CutParams { min, avg, max } = CutParams::DEFAULT;
        assert_eq!(CutParams::new(min, avg, max), Ok(CutParams::DEFAULT));
    }
}
