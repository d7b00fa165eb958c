//! Cuts a turn to its words with some silence around them, which is what the decoders want.

use dsp::{FRAME_SAMPLES, mulaw};

use super::limits::TURN_MARGIN;

/// A frame belongs to the words if it is this much of the loudest one, in amplitude (-32 dB):
/// below the faintest consonants of a clean line, above its noise.
const FAINTEST: f32 = 0.025;

/// The turn from [`TURN_MARGIN`] before its first sound to as much after its last. Where the turn
/// has not so much, silence is added.
pub(super) fn around_speech(turn: &[u8]) -> Vec<u8> {
    let margin = usize::try_from(TURN_MARGIN.0).unwrap_or(usize::MAX);
    let levels: Vec<f32> = turn.chunks(FRAME_SAMPLES).map(rms).collect();
    let threshold = levels.iter().copied().fold(0.0, f32::max) * FAINTEST;
    let sounds = |&level: &f32| level > threshold;
    let first = levels.iter().position(sounds).unwrap_or(0) * FRAME_SAMPLES;
    let last = levels.iter().rposition(sounds).unwrap_or(0) * FRAME_SAMPLES;
    let end = (last + FRAME_SAMPLES).min(turn.len());
    let before = first.min(margin);
    let after = (turn.len() - end).min(margin);
    let mut cut = vec![mulaw::SILENCE; margin - before];
    cut.extend_from_slice(&turn[first - before..end + after]);
    cut.resize(cut.len() + margin - after, mulaw::SILENCE);
    cut
}

fn rms(frame: &[u8]) -> f32 {
    let energy: f32 = frame
        .iter()
        .map(|&code| f32::from(mulaw::decode(code)).powi(2))
        .sum();
    (energy / frame.len() as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARGIN: usize = TURN_MARGIN.0 as usize;

    fn turn(silent_before: usize, loud: usize, silent_after: usize) -> Vec<u8> {
        let mut turn = vec![mulaw::SILENCE; silent_before];
        turn.extend(std::iter::repeat_n(mulaw::encode(8_000), loud));
        turn.resize(turn.len() + silent_after, mulaw::SILENCE);
        turn
    }

    #[test]
    fn long_silence_is_cut_to_the_margin() {
        assert_eq!(
            around_speech(&turn(8_000, 1_600, 16_000)),
            turn(MARGIN, 1_600, MARGIN)
        );
    }

    #[test]
    fn short_silence_is_filled_up_to_the_margin() {
        assert_eq!(
            around_speech(&turn(160, 1_600, 320)),
            turn(MARGIN, 1_600, MARGIN)
        );
    }

    #[test]
    fn words_between_pauses_all_stay() {
        let mut twice = turn(0, 1_600, 8_000);
        twice.extend(turn(0, 1_600, 0));
        assert_eq!(around_speech(&twice).len(), twice.len() + 2 * MARGIN);
    }

    #[test]
    fn nothing_becomes_nothing_but_silence() {
        assert_eq!(around_speech(&[]), vec![mulaw::SILENCE; 2 * MARGIN]);
        let silence = around_speech(&[mulaw::SILENCE; 8_000]);
        assert!(silence.iter().all(|&code| code == mulaw::SILENCE));
    }
}
