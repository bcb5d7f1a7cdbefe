//! A machine whose clock and dice are told.

use std::sync::atomic::{AtomicU64, Ordering};

use ply_drive::Host;
use ply_types::Timestamp;

/// What a crash does not touch: the dice go on where they were, and so does the clock.
#[derive(Debug)]
pub struct Machine {
    seed: u64,
    throws: AtomicU64,
}

impl Machine {
    /// A machine with dice of its own.
    pub fn new(seed: u64) -> Self {
        Self { seed, throws: AtomicU64::new(0) }
    }
}

impl Host for Machine {
    fn now(&self) -> Timestamp {
        // Clocks of different machines are years apart, and some run backwards: none may matter.
        let throw = i64::try_from(self.throws.fetch_add(1, Ordering::Relaxed)).unwrap_or(0);
        let years = i64::try_from(self.seed % 7).unwrap_or(0) * 31_000_000;
        let pace = if self.seed.is_multiple_of(2) { throw } else { -throw };
        Timestamp { seconds: 1_700_000_000 + years + pace, nanos: 0 }
    }

    fn random(&self) -> [u8; 32] {
        let throw = self.throws.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0x5a; 32];
        bytes[..8].copy_from_slice(&self.seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&throw.to_le_bytes());
        bytes
    }
}
