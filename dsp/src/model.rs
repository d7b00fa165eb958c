//! The fitted model: how likely is it that a step of 10 ms is speech?
//!
//! One hidden layer of rectified units. The weights in [`weights`] are fitted by
//! `dsp/fit/fit.py` to synthetic voices and generated noise; they are not edited by hand.

mod weights;

use crate::features::{INPUTS, Inputs};

pub(crate) const HIDDEN: usize = 32;

/// A layer of [`HIDDEN`] units and the one behind it.
#[derive(Debug)]
pub(crate) struct Weights {
    /// By input, so that a step's sums run along the units.
    inputs: [[f32; HIDDEN]; INPUTS],
    offsets: [f32; HIDDEN],
    output: [f32; HIDDEN],
    offset: f32,
}

/// The logarithm of the odds that the step is speech: 0 is even, 2.3 ten to one.
#[must_use]
pub(crate) fn log_odds(inputs: &Inputs) -> f32 {
    let weights = &weights::FITTED;
    let mut units = weights.offsets;
    for (input, weights) in inputs.iter().zip(&weights.inputs) {
        for (unit, weight) in units.iter_mut().zip(weights) {
            *unit += input * weight;
        }
    }
    let sum: f32 = units
        .iter()
        .zip(&weights.output)
        .map(|(unit, weight)| unit.max(0.0) * weight)
        .sum();
    sum + weights.offset
}
