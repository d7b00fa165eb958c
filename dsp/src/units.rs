//! Units of the telephone line.

use std::ops::{Add, AddAssign, Sub};

/// Sample rate of the telephone line, in hertz.
pub const LINE_RATE_HZ: u32 = 8_000;

/// Samples (and, in mu-law, bytes) in one frame.
pub const FRAME_SAMPLES: usize = 160;

/// Length of one frame, in milliseconds.
pub const FRAME_MS: u64 = 20;

/// Media time: a position or a length on the line, counted in samples at [`LINE_RATE_HZ`].
///
/// Media time advances only with audio. It is neither monotonic time (`pipeline::Mono`) nor wall
/// time (`jiff::Timestamp`), and the three do not convert into one another by accident.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct Samples(pub u64);

impl Samples {
    /// The start of the stream.
    pub const ZERO: Self = Self(0);

    /// A length in whole milliseconds.
    #[must_use]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms * (LINE_RATE_HZ as u64) / 1_000)
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub const fn as_ms(self) -> u64 {
        self.0 * 1_000 / (LINE_RATE_HZ as u64)
    }

    /// The difference, or zero where `other` is later.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Samples {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Samples {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Samples {
    type Output = Self;
    /// Panics in debug builds when `other` is later; use [`Samples::saturating_sub`] for peers.
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_milliseconds_are_one_frame() {
        assert_eq!(Samples::from_ms(FRAME_MS), Samples(FRAME_SAMPLES as u64));
        assert_eq!(Samples(FRAME_SAMPLES as u64).as_ms(), FRAME_MS);
    }

    #[test]
    fn an_earlier_position_less_a_later_one_is_zero() {
        assert_eq!(Samples(5).saturating_sub(Samples(9)), Samples::ZERO);
    }
}
