//! Chance that falls alike for one seed.

/// `SplitMix64`: one word of state, every seed is a good one.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.word() % (end as u64).max(1)).unwrap_or(0)
    }

    /// A byte.
    pub fn byte(&mut self) -> u8 {
        self.word().to_le_bytes()[0]
    }

    /// One of several; `None` of none.
    pub fn pick<'a, T>(&mut self, among: &'a [T]) -> Option<&'a T> {
        among.get(self.below(among.len()))
    }

    /// A number that decoders stumble over: near zero, near a power of two, or near the greatest.
    pub fn extreme(&mut self) -> u64 {
        let near = 1_u64.checked_shl(u32::from(self.byte() % 64)).unwrap_or(0);
        match self.below(6) {
            0 => self.word() % 4,
            1 => near,
            2 => near.wrapping_sub(1),
            3 => near.wrapping_add(1),
            4 => u64::MAX - self.word() % 4,
            _ => self.word(),
        }
    }
}
