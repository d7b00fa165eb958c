//! What the caller's telephone is playing: the reference by which its echo is known.
//!
//! The far end plays what it gets without a pause, so audio that was sent has its place on the
//! clock. The caller's frames have theirs: each holds what the microphone heard in the 20 ms before
//! it arrived. But arrivals jitter, and an echo is found to the sample or not at all, so frames are
//! placed by their media time, at an offset from the clock that is changed as seldom as possible.

use dsp::{FRAME_SAMPLES, PcmFrame, Samples, mulaw};

use crate::limits::{ARRIVAL_DRIFT, ARRIVAL_WINDOW_FRAMES, REFERENCE_SAMPLES};
use crate::time::Mono;

/// The agent's audio of the last second, what was sent ahead included, by the playout clock.
#[derive(Debug)]
pub(super) struct Reference {
    /// By clock position, modulo its length. Behind `end` it holds what is long past.
    ring: Box<[u8]>,
    /// How far audio has been sent.
    end: Samples,
    offset: Option<Offset>,
}

/// Where the caller's media time lies on the clock.
#[derive(Clone, Copy, Debug)]
struct Offset {
    /// The clock position of the caller's first sample, as it is believed.
    believed: Samples,
    /// The earliest that was seen in the present window: a frame can be late, but not early.
    earliest: Samples,
    /// Frames that are still to come in this window.
    frames_left: u32,
}

impl Default for Reference {
    fn default() -> Self {
        Self {
            ring: vec![mulaw::SILENCE; REFERENCE_SAMPLES].into(),
            end: Samples::ZERO,
            offset: None,
        }
    }
}

impl Reference {
    /// Audio leaves for the far end, which plays it behind all it has.
    pub(super) fn play(&mut self, now: Mono, audio: &[u8]) {
        let begin = self.end.max(on_clock(now));
        let gap = (begin - self.end).0.min(REFERENCE_SAMPLES as u64);
        for position in begin.0 - gap..begin.0 {
            self.ring[place(position)] = mulaw::SILENCE;
        }
        for (position, &code) in (begin.0..).zip(audio) {
            self.ring[place(position)] = code;
        }
        self.end = begin + Samples(audio.len() as u64);
    }

    /// The far end forgets what it has not played.
    pub(super) fn clear(&mut self, now: Mono) {
        self.end = self.end.min(on_clock(now));
    }

    /// What was playing in the time of the caller's frame that begins at `begin` and arrives now;
    /// `None` while nothing sounds.
    pub(super) fn handle_frame(&mut self, now: Mono, begin: Samples) -> Option<PcmFrame> {
        let from = self.believe(now, begin) + begin;
        let known = from < self.end && self.end.0 - from.0 <= REFERENCE_SAMPLES as u64;
        if !known {
            return None;
        }
        let mut frame = [0; FRAME_SAMPLES];
        let mut sounds = false;
        for (sample, position) in frame.iter_mut().zip(from.0..self.end.0) {
            let code = self.ring[place(position)];
            sounds |= code != mulaw::SILENCE;
            *sample = mulaw::decode(code);
        }
        sounds.then_some(frame)
    }

    /// Where the caller's media time begins on the clock, by what this arrival adds.
    fn believe(&mut self, now: Mono, begin: Samples) -> Samples {
        let whole = begin + Samples(FRAME_SAMPLES as u64);
        let seen = on_clock(now).saturating_sub(whole);
        let offset = self.offset.get_or_insert(Offset {
            believed: seen,
            earliest: seen,
            frames_left: ARRIVAL_WINDOW_FRAMES,
        });
        offset.earliest = offset.earliest.min(seen);
        offset.frames_left -= 1;
        let has_moved = |to: Samples| to.0.abs_diff(offset.believed.0) > ARRIVAL_DRIFT.0;
        let early = seen < offset.believed && has_moved(seen);
        if early || offset.frames_left == 0 && has_moved(offset.earliest) {
            // Media came sooner than it can, or has stopped for a while, or the clocks differ.
            offset.believed = offset.earliest;
        }
        if offset.frames_left == 0 {
            offset.earliest = Samples(u64::MAX);
            offset.frames_left = ARRIVAL_WINDOW_FRAMES;
        }
        offset.believed
    }
}

fn place(position: u64) -> usize {
    // The remainder of a length that is a `usize`.
    (position % REFERENCE_SAMPLES as u64) as usize
}

fn on_clock(now: Mono) -> Samples {
    const NANOS_PER_SAMPLE: u64 = 1_000_000_000 / dsp::LINE_RATE_HZ as u64;
    let nanos = now.since(Mono::default());
    Samples(u64::try_from(nanos.as_nanos()).unwrap_or(u64::MAX) / NANOS_PER_SAMPLE)
}

// What is ahead has room, and so has what a late frame of the caller asks for.
const _: () =
    assert!(REFERENCE_SAMPLES as u128 / 8 >= crate::limits::SEND_HORIZON.as_millis() + 200);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Mono {
        Mono::from_millis(ms)
    }

    /// A tone of codes that says when it is played.
    fn audio(frames: u8) -> Vec<u8> {
        (1..=frames).flat_map(|n| [n; FRAME_SAMPLES]).collect()
    }

    /// The reference after calm arrivals up to frame `frames`, which comes at 20 ms a frame.
    fn heard(reference: &mut Reference, frames: std::ops::Range<u64>) -> Vec<Option<i16>> {
        frames
            .map(|n| {
                let begin = Samples(n * FRAME_SAMPLES as u64);
                let frame = reference.handle_frame(at(1_020 + 20 * n), begin);
                frame.map(|frame| frame[0])
            })
            .collect()
    }

    fn sound(n: u8) -> Option<i16> {
        Some(mulaw::decode(n))
    }

    #[test]
    fn what_is_sent_ahead_sounds_in_the_frames_of_its_time() {
        let mut reference = Reference::default();
        assert_eq!(heard(&mut reference, 0..5), [None; 5]);
        reference.play(at(1_100), &audio(3));
        reference.play(at(1_101), &audio(1));
        let heard = heard(&mut reference, 5..10);
        assert_eq!(heard, [sound(1), sound(2), sound(3), sound(1), None]);
    }

    #[test]
    fn what_was_cleared_does_not_sound() {
        let mut reference = Reference::default();
        heard(&mut reference, 0..5);
        reference.play(at(1_100), &audio(5));
        assert_eq!(heard(&mut reference, 5..6), [sound(1)]);
        reference.clear(at(1_140));
        assert_eq!(heard(&mut reference, 6..8), [sound(2), None]);
    }

    #[test]
    fn a_late_arrival_does_not_move_the_reference() {
        let mut reference = Reference::default();
        heard(&mut reference, 0..5);
        reference.play(at(1_100), &audio(4));
        let late = reference.handle_frame(at(1_133), Samples::from_ms(100));
        assert_eq!(late.map(|frame| frame[0]), sound(1));
        assert_eq!(heard(&mut reference, 6..8), [sound(2), sound(3)]);
    }

    #[test]
    fn media_that_paused_is_placed_anew_within_seconds() {
        let mut reference = Reference::default();
        heard(&mut reference, 0..5);
        // From here on every frame is two seconds late.
        let frames = u64::from(2 * ARRIVAL_WINDOW_FRAMES);
        for n in 5..5 + frames {
            reference.handle_frame(at(3_020 + 20 * n), Samples(160 * n));
        }
        let next = 5 + frames;
        reference.play(at(3_000 + 20 * next), &audio(2));
        let frame = reference.handle_frame(at(3_020 + 20 * next), Samples(160 * next));
        assert_eq!(frame.map(|frame| frame[0]), sound(1));
    }
}
