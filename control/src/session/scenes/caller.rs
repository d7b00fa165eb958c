//! The caller's side of the line, sample by sample.

use dsp::{FRAME_SAMPLES, MulawFrame, mulaw};

use super::script::{Act, Script};
use super::voices::{CALLER, voice};

/// In the background, as many as blur into one another.
const TALKERS: usize = 8;
/// Of full scale, at the beginning of a cough.
const COUGH: f32 = 0.3;

/// From and until are in samples.
#[derive(Clone, Copy)]
struct Sound {
    from: u64,
    until: u64,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Voice,
    /// A burst of noise that dies away.
    Cough,
}

/// When and how long the caller makes sounds, and what comes back of the agent's.
pub(super) struct CallersLine {
    sounds: Vec<Sound>,
    echo: Option<(f32, usize)>,
    /// Amplitudes, of the loudest sample and of each talker.
    noise: Option<f32>,
    babble: Option<f32>,
    seed: u32,
}

impl CallersLine {
    pub(super) fn new(script: &Script) -> Self {
        Self {
            sounds: Vec::new(),
            echo: script
                .echo
                .map(|(db, late)| (factor(db), late as usize * 8)),
            // Of even noise the RMS is so much less than the peak.
            noise: script.noise.map(|db| factor(db) * 3.0_f32.sqrt()),
            babble: script.babble.map(|db| factor(db) / babble_rms()),
            seed: 7,
        }
    }

    /// The caller does this at this time.
    pub(super) fn handle(&mut self, at: u64, act: &Act) {
        let kind = match act {
            Act::Says { .. } => Kind::Voice,
            Act::Coughs { .. } => Kind::Cough,
            Act::Presses(_) => return,
        };
        self.sounds.push(Sound {
            from: at * 8,
            until: (at + act.length()) * 8,
            kind,
        });
    }

    /// The caller makes a sound at this sample of the line.
    pub(super) fn sounds_at(&self, sample: u64) -> bool {
        self.sound_at(sample).is_some()
    }

    /// The frame that begins at this sample. `played` is what the telephone has played, with its
    /// pauses, up to where the frame ends.
    pub(super) fn frame(&mut self, begin: u64, played: &[u8]) -> MulawFrame {
        std::array::from_fn(|n| {
            let at = begin + n as u64;
            let mut value = match self.sound_at(at) {
                None => 0.0,
                Some(Sound {
                    from,
                    kind: Kind::Voice,
                    ..
                }) => f32::from(mulaw::decode(voice(CALLER, (at - from) as usize))),
                Some(Sound {
                    from,
                    until,
                    kind: Kind::Cough,
                }) => {
                    let left = (until - at) as f32 / (until - from) as f32;
                    COUGH * left * self.noise()
                }
            };
            if let Some((factor, late)) = self.echo {
                let ago = FRAME_SAMPLES - n + late;
                let echoed = played.len().checked_sub(ago).and_then(|at| played.get(at));
                value += factor * f32::from(mulaw::decode(echoed.copied().unwrap_or(0xFF)));
            }
            if let Some(factor) = self.noise {
                value += factor * self.noise();
            }
            if let Some(factor) = self.babble {
                value += factor * babble(at as usize);
            }
            mulaw::encode(value.clamp(-32_000.0, 32_000.0) as i16)
        })
    }

    fn sound_at(&self, sample: u64) -> Option<Sound> {
        let mut sounds = self.sounds.iter();
        sounds
            .find(|sound| (sound.from..sound.until).contains(&sample))
            .copied()
    }

    /// White noise at full scale.
    fn noise(&mut self) -> f32 {
        self.seed = self
            .seed
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        (self.seed >> 16) as f32 - 32_768.0
    }
}

/// Many who talk at once, none of whom is loudest for long.
fn babble(at: usize) -> f32 {
    let talkers = 0..TALKERS;
    let codes = talkers.map(|n| voice(n % 2, at + n * 2_803));
    codes.map(|code| f32::from(mulaw::decode(code))).sum()
}

/// Of full scale.
fn babble_rms() -> f32 {
    let seconds = 0..16_000;
    let energy: f32 = seconds.map(|at| babble(at).powi(2) / 16_000.0).sum();
    energy.sqrt() / 32_768.0
}

fn factor(db: f32) -> f32 {
    10.0_f32.powf(-db / 20.0)
}
