//! Written by `dsp/fit/fit.py`.

use super::{HIDDEN, Weights};
use crate::features::INPUTS;

pub(super) const FITTED: Weights = Weights {
    inputs: [[0.0; HIDDEN]; INPUTS],
    offsets: [0.0; HIDDEN],
    output: [0.0; HIDDEN],
    offset: 0.0,
};
