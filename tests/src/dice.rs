//! Chance that is the same on every machine.

/// The dice of the fuzz targets, with the throws that a history needs.
#[derive(Clone, Debug)]
pub struct Dice(ply_fuzz::Dice);

impl Dice {
    /// Dice that always fall alike for one seed.
    pub fn new(seed: u64) -> Self {
        Self(ply_fuzz::Dice::new(seed))
    }

    /// 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0.word()
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.below(end)
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len())]
    }

    /// The position of one of several weights, each as likely as it is heavy.
    pub fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut throw = self.below(weights.iter().sum());
        for (position, &weight) in weights.iter().enumerate() {
            if throw < weight {
                return position;
            }
            throw -= weight;
        }
        0
    }
}
