//! A buzz that a voice detector takes for speech: pulses of a glottis through three formants, in
//! syllables, as long as the words would take.

use std::f32::consts::TAU;

use dsp::{LINE_RATE_HZ, mulaw};

use crate::local::Voice;

/// How fast one speaks, in letters.
const LETTERS_PER_SECOND: f32 = 15.0;

/// Even a "yes" lasts as long as this.
const SHORTEST_SECONDS: f32 = 0.35;

/// A longer text buzzes no longer than this.
const LONGEST_SECONDS: f32 = 30.0;

const SYLLABLES_PER_SECOND: f32 = 4.0;

/// The vowels that take turns: first, second and third formant, in hertz ("ah", "eh", "oo", "ee").
const VOWELS: [[f32; 3]; 4] = [
    [700.0, 1_200.0, 2_500.0],
    [550.0, 1_800.0, 2_500.0],
    [350.0, 900.0, 2_300.0],
    [300.0, 2_200.0, 2_900.0],
];

/// Mu-law audio at 8 kHz for `text`. The same text and voice make the same audio.
#[must_use]
pub fn buzz(text: &str, voice: Voice) -> Vec<u8> {
    let letters = text.chars().filter(|c| !c.is_whitespace()).count();
    if letters == 0 {
        return Vec::new();
    }
    let rate = LINE_RATE_HZ as f32;
    let seconds = (letters as f32 / LETTERS_PER_SECOND).clamp(SHORTEST_SECONDS, LONGEST_SECONDS);
    let length = (seconds * rate) as usize;
    let pitch = pitch_hz(voice);
    let mut glottis = 0.0_f32;
    (0..length)
        .map(|n| {
            let time = n as f32 / rate;
            // The pitch falls over the sentence and sways a little, as a voice's does.
            let hz = pitch * (1.05 - 0.15 * time / seconds + 0.02 * (TAU * 3.1 * time).sin());
            glottis = (glottis + hz / rate).fract();
            let syllable = time * SYLLABLES_PER_SECOND;
            let vowel = VOWELS[syllable as usize % VOWELS.len()];
            let swell = 0.65 - 0.35 * (TAU * syllable).cos();
            mulaw::encode((tone(glottis, hz, vowel) * swell * 9_000.0) as i16)
        })
        .collect()
}

/// The fundamental, in hertz: one can tell who speaks.
const fn pitch_hz(voice: Voice) -> f32 {
    match voice {
        Voice::Slt => 190.0,
        Voice::Rms => 105.0,
        Voice::Awb => 120.0,
        Voice::Kal16 => 95.0,
    }
}

/// The sum of harmonics up to 3.4 kHz, each as loud as the formants let it through; about -1 to 1.
fn tone(phase: f32, hz: f32, formants: [f32; 3]) -> f32 {
    let mut sum = 0.0;
    let mut harmonic = 1.0;
    while harmonic * hz < 3_400.0 {
        let frequency = harmonic * hz;
        let gain: f32 = formants
            .iter()
            .zip([1.0, 0.6, 0.3])
            .map(|(formant, gain)| gain / (1.0 + ((frequency - formant) / 120.0).powi(2)))
            .sum();
        sum += (gain + 0.03) * (TAU * harmonic * phase).sin();
        harmonic += 1.0;
    }
    sum / 3.0
}

#[cfg(test)]
mod tests {
    use dsp::FRAME_SAMPLES;
    use dsp::vad::{Mode, Vad as _, WebrtcVad};

    use super::*;

    /// The share of frames that the detector takes for voice.
    fn voiced(audio: &[u8]) -> f32 {
        let mut vad = WebrtcVad::new(Mode::VeryAggressive);
        let frames = audio.chunks_exact(FRAME_SAMPLES);
        let count = frames.len();
        let voiced = frames
            .filter(|frame| {
                let mut pcm = [0; FRAME_SAMPLES];
                mulaw::decode_slice(frame, &mut pcm);
                vad.is_voice(&pcm)
            })
            .count();
        voiced as f32 / count as f32
    }

    #[test]
    fn the_strictest_detector_takes_every_voice_for_speech() {
        for voice in Voice::ALL {
            let share = voiced(&buzz("Thank you for calling, how can I help you?", voice));
            assert!(share > 0.95, "{voice:?}: {share}");
        }
    }

    #[test]
    fn more_words_take_longer_and_no_words_nothing() {
        assert!(buzz("  ", Voice::Rms).is_empty());
        let yes = buzz("yes", Voice::Rms).len();
        let sentence = buzz("I need an oil change on Friday", Voice::Rms).len();
        assert!(yes >= 2_800 && sentence > 3 * yes, "{yes} {sentence}");
    }

    #[test]
    fn an_endless_text_does_not_buzz_endlessly() {
        assert!(buzz(&"word ".repeat(10_000), Voice::Slt).len() <= 240_000);
    }

    #[test]
    fn agent_and_caller_differ() {
        assert_ne!(buzz("hello", Voice::AGENT), buzz("hello", Voice::CALLER));
    }
}
