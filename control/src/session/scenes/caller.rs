//! The caller's side of the line, sample by sample.

use dsp::{FRAME_SAMPLES, MulawFrame, mulaw};

use super::script::{Act, Script};

/// "Wait, wait, hold on.", from where the voice begins.
const VOICE: &[u8] = include_bytes!("../../../../tests/audio/barge-01.wav");
const HEADER_BYTES: usize = 58;
const BEGINS_MS: usize = 300;

/// When and how long the caller makes sounds, and what comes back of the agent's.
pub(super) struct CallersLine {
    /// From and until, in samples.
    sounds: Vec<(u64, u64)>,
    echo: Option<(f32, usize)>,
    noise: Option<f32>,
    seed: u32,
}

impl CallersLine {
    pub(super) fn new(script: &Script) -> Self {
        let sounds = script.acts.iter().filter_map(|(at, act)| {
            let length = match act {
                Act::Says { length, .. } | Act::Coughs { length } => length,
                Act::Presses(_) => return None,
            };
            Some((at * 8, (at + length) * 8))
        });
        Self {
            sounds: sounds.collect(),
            echo: script
                .echo
                .map(|(db, late)| (factor(db), late as usize * 8)),
            noise: script.noise.map(factor),
            seed: 7,
        }
    }

    /// The caller makes a sound at this sample of the line.
    pub(super) fn sounds_at(&self, sample: u64) -> bool {
        let sounds = self.sounds.iter();
        sounds
            .clone()
            .any(|&(from, until)| (from..until).contains(&sample))
    }

    /// The frame that begins at this sample. `played` is what the telephone has played, with its
    /// pauses, up to where the frame ends.
    pub(super) fn frame(&mut self, begin: u64, played: &[u8]) -> MulawFrame {
        std::array::from_fn(|n| {
            let at = begin + n as u64;
            let sound = self
                .sounds
                .iter()
                .find(|(from, until)| (*from..*until).contains(&at));
            let mut value = sound.map_or(0.0, |(from, _)| {
                let place = (at - from) as usize % (1_400 * 8);
                let code = VOICE.get(HEADER_BYTES + BEGINS_MS * 8 + place).copied();
                f32::from(mulaw::decode(code.unwrap_or(mulaw::SILENCE)))
            });
            if let Some((factor, late)) = self.echo {
                let ago = FRAME_SAMPLES - n + late;
                let echoed = played.len().checked_sub(ago).and_then(|at| played.get(at));
                value += factor * f32::from(mulaw::decode(echoed.copied().unwrap_or(0xFF)));
            }
            if let Some(factor) = self.noise {
                self.seed = self
                    .seed
                    .wrapping_mul(1_664_525)
                    .wrapping_add(1_013_904_223);
                value += factor * ((self.seed >> 16) as f32 - 32_768.0);
            }
            mulaw::encode(value.clamp(-32_000.0, 32_000.0) as i16)
        })
    }
}

fn factor(db: f32) -> f32 {
    10.0_f32.powf(-db / 20.0)
}
