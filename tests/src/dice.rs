//! Chance that is the same in every run.

/// Knuth's linear congruential generator (MMIX): no secret, and no dependence on a library's version.
#[derive(Debug, Default)]
pub struct Dice(u64);

impl Dice {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number: 31 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}
