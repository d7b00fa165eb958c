//! The ear: from the caller's frame and what was playing to how likely it is that somebody speaks.
//!
//! Cheapest first: a frame near the noise floor is nobody, and most frames are. Where agent audio
//! may be coming back the canceller takes it out, and what remains may turn out to be nobody, too.
//! Only then are the features computed and the model asked.

use crate::echo::{Block, Canceller};
use crate::features::{Echo, Features, Inputs, Look, OVER_ECHO, PITCH, STEPS};
use crate::frame::PcmFrame;
use crate::level::{self, Dbfs, NoiseFloor};
use crate::model;
use crate::units::FRAME_SAMPLES;
use crate::vad::{Vad, WebrtcVad};

/// What is thought of one step of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judgement {
    /// How likely it is speech: the logarithm of the odds.
    pub(crate) odds: f32,
    /// Whether it has a pitch. Speech need not, but seldom goes without for long.
    pub(crate) pitched: bool,
    /// Whether an echo was taken out of it. What is left of one resembles speech.
    pub(crate) over_echo: bool,
}

/// Listens to one call.
#[derive(Debug)]
pub(crate) struct Ear {
    vad: WebrtcVad,
    canceller: Canceller,
    features: Features,
    floor: NoiseFloor,
    /// Frames that have been through the canceller.
    cancelled: u64,
    /// Most of the latest frame may have been the far end's.
    hears_echo: bool,
}

impl Ear {
    /// How far a frame must stand above the line's noise to be worth a closer look, in decibels.
    const MARGIN_DB: f32 = 2.0;

    /// Fainter than this is nobody speaking into this telephone.
    const FAINTEST: Dbfs = Dbfs(-58.0);

    /// Frames by which the canceller knows that a line has no echo.
    const LEARNING_FRAMES: u64 = 50;

    /// What a quiet frame says.
    const QUIET: Judgement = Judgement {
        odds: -4.0,
        pitched: false,
        over_echo: false,
    };

    /// How strongly what has a pitch repeats itself; breath and hiss do by half as much.
    const PITCHED: f32 = 0.32;

    pub(crate) fn new() -> Self {
        Self {
            vad: WebrtcVad::default(),
            canceller: Canceller::new(),
            features: Features::new(),
            floor: NoiseFloor::default(),
            cancelled: 0,
            hears_echo: false,
        }
    }

    /// Forgets the call.
    pub(crate) fn reset(&mut self) {
        self.vad.reset();
        self.canceller.reset();
        self.features.reset();
        self.floor = NoiseFloor::default();
        self.cancelled = 0;
        self.hears_echo = false;
    }

    /// The line's noise as it is known by now.
    pub(crate) fn floor(&self) -> Dbfs {
        self.floor.level()
    }

    /// Frames that have been through the canceller.
    pub(crate) fn cancelled(&self) -> u64 {
        self.cancelled
    }

    /// Whether most of the latest frame may have been an echo of what was played.
    pub(crate) fn hears_echo(&self) -> bool {
        self.hears_echo
    }

    /// Judges one frame.
    pub(crate) fn hear(&mut self, near: &PcmFrame, far: Option<&PcmFrame>) -> [Judgement; STEPS] {
        let Some(inputs) = self.inputs(near, far) else {
            return [Self::QUIET; STEPS];
        };
        inputs.each_ref().map(|inputs| Judgement {
            odds: model::log_odds(inputs),
            pitched: inputs[PITCH] >= Self::PITCHED,
            over_echo: inputs[OVER_ECHO] > 0.0,
        })
    }

    /// The model's inputs for a frame, unless it is quiet.
    pub(crate) fn inputs(
        &mut self,
        near: &PcmFrame,
        far: Option<&PcmFrame>,
    ) -> Option<[Inputs; STEPS]> {
        self.canceller.handle_far(far.map(block).as_ref());
        let frame = block(near);
        self.hears_echo = false;
        let learning = self.cancelled < Self::LEARNING_FRAMES;
        let look = self.look(level::rms(near));
        if !self.canceller.may_hear() || (look == Look::Quiet && !learning) {
            return self.inputs_of(near, &frame, look, None);
        }
        self.cancelled += 1;
        let cancelled = self.canceller.cancel(&frame);
        self.hears_echo = look == Look::Loud && cancelled.may_be_most_of(&frame);
        let rest = pcm(&cancelled.rest);
        let look = self.look(level::rms(&rest));
        let echo = cancelled.matters_in(&frame).then(|| Echo {
            cancelled: &cancelled,
            near: &frame,
            far: Dbfs::from_amplitude(self.canceller.loudest().sqrt()).0,
        });
        self.inputs_of(&rest, &cancelled.rest, look, echo)
    }

    fn inputs_of(
        &mut self,
        heard: &PcmFrame,
        frame: &Block,
        look: Look,
        echo: Option<Echo<'_>>,
    ) -> Option<[Inputs; STEPS]> {
        let voted = self.vad.is_voice(heard);
        self.floor.observe(level::rms(heard), voted);
        if look == Look::Quiet {
            self.features.handle_quiet(frame);
            return None;
        }
        Some(self.features.of_frame(frame, echo, voted))
    }

    fn look(&self, level: Dbfs) -> Look {
        if level >= Self::FAINTEST && level.above(self.floor.level()) >= Self::MARGIN_DB {
            Look::Loud
        } else {
            Look::Quiet
        }
    }
}

fn block(frame: &PcmFrame) -> Block {
    frame.map(|sample| f32::from(sample) / 32_768.0)
}

fn pcm(block: &Block) -> PcmFrame {
    let mut frame = [0; FRAME_SAMPLES];
    for (sample, value) in frame.iter_mut().zip(block) {
        // A conversion of a float saturates.
        *sample = (value * 32_768.0) as i16;
    }
    frame
}
