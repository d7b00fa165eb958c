//! Real Fourier transforms of the two lengths that the detector needs, with their working memory.

use std::fmt;
use std::sync::{Arc, LazyLock};

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// One bin of a spectrum.
pub(crate) type Bin = Complex<f32>;

/// A transform of `N` real samples and its inverse. Allocates only in [`Self::new`].
pub(crate) struct Fft {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    scratch: Box<[Bin]>,
}

/// Tables of a length that all calls share.
struct Plan {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

static FRAME: LazyLock<Plan> = LazyLock::new(|| Plan::new(256));
static BLOCK: LazyLock<Plan> = LazyLock::new(|| Plan::new(320));

impl Plan {
    fn new(len: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        Self {
            forward: planner.plan_fft_forward(len),
            inverse: planner.plan_fft_inverse(len),
        }
    }
}

impl Fft {
    /// Of 256 samples: a window of 20 ms, padded.
    pub(crate) fn of_a_window() -> Self {
        Self::new(&FRAME)
    }

    /// Of 320 samples: two frames.
    pub(crate) fn of_two_frames() -> Self {
        Self::new(&BLOCK)
    }

    fn new(plan: &Plan) -> Self {
        let len = plan
            .forward
            .get_scratch_len()
            .max(plan.inverse.get_scratch_len());
        Self {
            forward: plan.forward.clone(),
            inverse: plan.inverse.clone(),
            scratch: vec![Bin::default(); len].into(),
        }
    }

    /// The spectrum of `samples`, which are overwritten. Not scaled.
    pub(crate) fn forward(&mut self, samples: &mut [f32], spectrum: &mut [Bin]) {
        let done = self
            .forward
            .process_with_scratch(samples, spectrum, &mut self.scratch);
        debug_assert!(done.is_ok(), "the lengths are those of the plan");
    }

    /// The samples of `spectrum`, which is overwritten; `N` times too large.
    pub(crate) fn inverse(&mut self, spectrum: &mut [Bin], samples: &mut [f32]) {
        // The first and the last bin of a real signal are real.
        if let [first, .., last] = spectrum {
            first.im = 0.0;
            last.im = 0.0;
        }
        let done = self
            .inverse
            .process_with_scratch(spectrum, samples, &mut self.scratch);
        debug_assert!(done.is_ok(), "the lengths are those of the plan");
    }
}

impl fmt::Debug for Fft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fft")
            .field("len", &self.forward.len())
            .finish_non_exhaustive()
    }
}
