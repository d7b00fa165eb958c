//! The caller's audio that no final words cover yet, and how a connection's clock maps to it.

use std::collections::VecDeque;

use bytes::Bytes;
use dsp::{Samples, mulaw};

use crate::limits::{STT_BACKLOG, STT_STRETCHES};

/// The last of the caller's audio, at most [`STT_BACKLOG`], without gaps.
#[derive(Debug, Default)]
pub(super) struct Replay {
    audio: VecDeque<u8>,
    from: Samples,
}

impl Replay {
    /// Appends audio. What is known already is not taken again, and lost frames become silence, so
    /// that positions stay true. Returns how much old audio had to be dropped.
    #[must_use]
    pub(super) fn push(&mut self, position: Samples, mulaw: &[u8]) -> Samples {
        let longest = count(STT_BACKLOG);
        let gap = count(position.saturating_sub(self.until()));
        if gap > longest {
            self.audio.clear();
            self.from = position;
        } else {
            self.audio.extend(std::iter::repeat_n(mulaw::SILENCE, gap));
        }
        let known = count(self.until().saturating_sub(position)).min(mulaw.len());
        self.audio.extend(&mulaw[known..]);
        let excess = self.audio.len().saturating_sub(longest);
        self.forget_before(Samples(self.from.0.saturating_add(excess as u64)));
        Samples(excess as u64)
    }

    pub(super) fn forget_before(&mut self, position: Samples) {
        let old = count(position.saturating_sub(self.from)).min(self.audio.len());
        self.audio.drain(..old);
        self.from = Samples(self.from.0 + old as u64);
    }

    /// Where the audio that is kept begins.
    pub(super) fn from(&self) -> Samples {
        self.from
    }

    /// Where it ends.
    pub(super) fn until(&self) -> Samples {
        Samples(self.from.0.saturating_add(self.audio.len() as u64))
    }

    /// The audio between two positions, as far as it is still here.
    pub(super) fn copy(&self, from: Samples, to: Samples) -> Bytes {
        let place =
            |position: Samples| count(position.saturating_sub(self.from)).min(self.audio.len());
        let (from, to) = (place(from), place(to));
        self.audio.range(from.min(to)..to).copied().collect()
    }
}

/// Maps a connection's audio, which begins at zero, to positions in the caller's.
#[derive(Debug)]
pub(super) struct Timeline {
    /// Stretches of the caller's audio that were given without a break: where each begins, on the
    /// connection's clock and on ours.
    stretches: VecDeque<(Samples, Samples)>,
    /// How much the connection was given.
    given: Samples,
    /// Where the last stretch ends on our clock, unless silence of ours came after it.
    goes_on: Option<Samples>,
    until: Samples,
}

impl Timeline {
    /// A connection whose first audio begins at `from`.
    pub(super) fn new(from: Samples) -> Self {
        Self {
            stretches: VecDeque::from([(Samples::ZERO, from)]),
            given: Samples::ZERO,
            goes_on: Some(from),
            until: from,
        }
    }

    /// The connection was given this much of the caller's audio.
    pub(super) fn handle_audio(&mut self, from: Samples, length: Samples) {
        if self.goes_on != Some(from) {
            if self.stretches.len() >= STT_STRETCHES {
                self.stretches.pop_front();
            }
            self.stretches.push_back((self.given, from));
        }
        self.given += length;
        self.until = from + length;
        self.goes_on = Some(self.until);
    }

    /// The connection was given silence that is not the caller's.
    pub(super) fn handle_silence(&mut self, length: Samples) {
        self.given += length;
        self.goes_on = None;
    }

    /// Whether the connection was given anything.
    pub(super) fn is_fresh(&self) -> bool {
        self.given == Samples::ZERO
    }

    /// The caller's position at a time of the connection; never beyond what it was given.
    pub(super) fn position_of(&self, time: Samples) -> Samples {
        let at = self.stretches.partition_point(|(begin, _)| *begin <= time);
        let end = self.stretches.get(at).map_or(self.until, |next| next.1);
        match at.checked_sub(1).and_then(|at| self.stretches.get(at)) {
            Some((begin, ours)) => {
                let into = time.saturating_sub(*begin);
                Samples(ours.0.saturating_add(into.0)).min(end)
            }
            None => end,
        }
    }
}

fn count(samples: Samples) -> usize {
    usize::try_from(samples.0).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_seconds_are_kept_and_then_the_oldest_goes() {
        let mut replay = Replay::default();
        let second = vec![7; 8_000];
        let mut dropped = Samples::ZERO;
        for n in 0..40 {
            dropped += replay.push(Samples(n * 8_000), &second);
        }
        assert_eq!(dropped, Samples(80_000));
        assert_eq!(replay.from(), Samples(80_000));
        assert_eq!(replay.until(), Samples(320_000));
    }

    #[test]
    fn lost_frames_are_silence_and_repeated_ones_are_kept_once() {
        let mut replay = Replay::default();
        let _ = replay.push(Samples(0), b"ab");
        let _ = replay.push(Samples(4), b"ef");
        let _ = replay.push(Samples(4), b"efg");
        assert_eq!(
            replay.copy(Samples(1), Samples(9))[..],
            [b'b', 0xFF, 0xFF, b'e', b'f', b'g']
        );
    }

    #[test]
    fn a_jump_in_positions_takes_no_memory() {
        let mut replay = Replay::default();
        let _ = replay.push(Samples(0), b"ab");
        let _ = replay.push(Samples(u64::MAX - 1), b"c");
        assert_eq!(replay.from(), Samples(u64::MAX - 1));
    }

    #[test]
    fn a_connections_clock_begins_anew_and_stands_still_for_nobody() {
        let mut timeline = Timeline::new(Samples(1_000));
        timeline.handle_audio(Samples(1_000), Samples(500));
        timeline.handle_silence(Samples(100));
        timeline.handle_audio(Samples(1_500), Samples(500));
        for (time, position) in [
            (0, 1_000),
            (500, 1_500),
            (550, 1_500),
            (600, 1_500),
            (700, 1_600),
        ] {
            assert_eq!(
                timeline.position_of(Samples(time)),
                Samples(position),
                "{time}"
            );
        }
        assert_eq!(timeline.position_of(Samples(u64::MAX)), Samples(2_000));
    }
}
