//! How hard zstd tries.

use ply_types::Fault;
use thiserror::Error;

/// Chunks up to here are small to zstd: it searches them in tables of another size.
const SMALL_BYTES_MAX: usize = 16 << 10;

/// A compression level of zstd, 1 (fast) to 19 (small).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

/// Why a number is not a level.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("compression level {level} lies outside of 1..=19")]
pub struct LevelError {
    /// The number.
    pub level: i64,
}

impl LevelError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        Fault::Invalid
    }
}

impl Level {
    /// What zstd itself takes when nothing is said.
    pub const DEFAULT: Self = Self(3);

    /// Takes a level.
    pub fn new(level: i64) -> Result<Self, LevelError> {
        // Above 19 zstd wants windows of many MiB, for which a chunk has no use.
        match u8::try_from(level) {
            Ok(small @ 1..=19) => Ok(Self(small)),
            _ => Err(LevelError { level }),
        }
    }

    /// What zstd is told for a chunk of so many bytes.
    ///
    /// Of chunks above 16 KiB zstd's level 4 makes about 1.5 % less than level 3 in the same time; of
    /// smaller ones it takes half as long again for what it saves.
    pub(super) const fn for_chunk(self, bytes: usize) -> u8 {
        match self {
            Self::DEFAULT if SMALL_BYTES_MAX < bytes => 4,
            Self(level) => level,
        }
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_one_to_nineteen() {
        for level in [i64::MIN, -1, 0, 20, 22, 256 + 3, i64::MAX] {
            assert_eq!(Level::new(level), Err(LevelError { level }));
        }
        assert_eq!(Level::new(1).map(Level::number), Ok(1));
        assert_eq!(Level::new(19).map(Level::number), Ok(19));
        assert_eq!(Level::new(3), Ok(Level::DEFAULT));
    }

    #[test]
    fn only_the_default_depends_on_the_size_of_a_chunk() {
        let levels = |level: Level| [16 << 10, (16 << 10) + 1].map(|bytes| level.for_chunk(bytes));
        assert_eq!(levels(Level::DEFAULT), [3, 4]);
        for level in (1..=19).filter(|&level| level != 3) {
            assert_eq!(levels(Level(level)), [level; 2]);
        }
    }
}
