//! The far end of a Media Stream: the queue that Twilio plays to the caller.
//!
//! The queue holds audio and marks in the order they came and is played one frame of 20 ms at a
//! time, in real time. A mark comes back when everything queued before it has been played; `clear`
//! empties the queue and brings all its marks back at once. Pure: the driver calls
//! [`Playout::play`] every 20 ms and sends what [`Playout::poll_mark`] yields.

use std::collections::VecDeque;

use dsp::{FRAME_SAMPLES, Samples};

/// Mu-law silence. Zero would be a loud click.
pub const MULAW_SILENCE: u8 = 0xFF;

/// One frame as the caller hears it.
pub type Frame = [u8; FRAME_SAMPLES];

/// The queue between the agent's messages and the caller's ear.
#[derive(Debug, Default)]
pub struct Playout {
    queue: VecDeque<Item>,
    /// Samples in `queue`.
    queued: u64,
    /// Marks whose audio is in the frame that plays now; they are due when the next one begins.
    passing: Vec<String>,
    /// Marks that are due, and why.
    returned: VecDeque<ReturnedMark>,
    /// Whether the frame that plays now holds any of the agent's audio.
    in_the_air: bool,
}

#[derive(Debug)]
enum Item {
    /// Mu-law bytes and how many of them have been played.
    Audio {
        mulaw: Vec<u8>,
        played: usize,
    },
    Mark(String),
}

/// A mark on its way back to the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnedMark {
    pub name: String,
    /// It came back because of a `clear`; the audio before it was not heard.
    pub cleared: bool,
}

impl Playout {
    /// Queues mu-law audio; any length.
    pub fn media(&mut self, mulaw: Vec<u8>) {
        if mulaw.is_empty() {
            return;
        }
        self.queued += mulaw.len() as u64;
        self.queue.push_back(Item::Audio { mulaw, played: 0 });
    }

    /// Queues a mark. On a quiet line it is due at once.
    pub fn mark(&mut self, name: String) {
        if self.queue.is_empty() && !self.in_the_air {
            self.due(name, false);
        } else if self.queue.is_empty() {
            self.passing.push(name);
        } else {
            self.queue.push_back(Item::Mark(name));
        }
    }

    /// Empties the queue and returns its marks. The frame that plays now is heard to its end.
    /// The result is how much audio was thrown away.
    pub fn clear(&mut self) -> Samples {
        let dropped = Samples(self.queued);
        self.queued = 0;
        for name in std::mem::take(&mut self.passing) {
            self.due(name, true);
        }
        for item in std::mem::take(&mut self.queue) {
            if let Item::Mark(name) = item {
                self.due(name, true);
            }
        }
        dropped
    }

    /// Plays the next 20 ms: what the caller hears from now on, padded with silence. The result is
    /// how many samples of it are the agent's.
    pub fn play(&mut self, frame: &mut Frame) -> usize {
        for name in std::mem::take(&mut self.passing) {
            self.due(name, false);
        }
        frame.fill(MULAW_SILENCE);
        let mut filled = 0;
        while let Some(item) = self.queue.front_mut() {
            match item {
                Item::Audio { mulaw, played } => {
                    let rest = mulaw.get(*played..).unwrap_or_default();
                    let n = rest.len().min(FRAME_SAMPLES - filled);
                    if n == 0 {
                        break;
                    }
                    frame[filled..filled + n].copy_from_slice(&rest[..n]);
                    filled += n;
                    *played += n;
                    if *played == mulaw.len() {
                        self.queue.pop_front();
                    }
                }
                Item::Mark(_) => {
                    let Some(Item::Mark(name)) = self.queue.pop_front() else {
                        break;
                    };
                    // Nothing played before it in this frame: it was already passed.
                    if filled == 0 {
                        self.due(name, false);
                    } else {
                        self.passing.push(name);
                    }
                }
            }
        }
        self.queued -= filled as u64;
        self.in_the_air = filled > 0;
        filled
    }

    /// The next mark to send back, in the order they are due.
    pub fn poll_mark(&mut self) -> Option<ReturnedMark> {
        self.returned.pop_front()
    }

    /// Audio that waits to be played, without the frame in the air.
    #[must_use]
    pub fn queued(&self) -> Samples {
        Samples(self.queued)
    }

    /// Whether the caller hears nothing of the agent, now or soon.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.queued == 0 && !self.in_the_air
    }

    fn due(&mut self, name: String, cleared: bool) {
        self.returned.push_back(ReturnedMark { name, cleared });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays one frame and returns the agent's part of it.
    fn heard(playout: &mut Playout) -> Vec<u8> {
        let mut frame = [0; FRAME_SAMPLES];
        let n = playout.play(&mut frame);
        assert!(frame[n..].iter().all(|b| *b == MULAW_SILENCE));
        frame[..n].to_vec()
    }

    fn marks(playout: &mut Playout) -> Vec<(String, bool)> {
        std::iter::from_fn(|| playout.poll_mark())
            .map(|m| (m.name, m.cleared))
            .collect()
    }

    fn played(name: &str) -> (String, bool) {
        (name.to_owned(), false)
    }

    fn cleared(name: &str) -> (String, bool) {
        (name.to_owned(), true)
    }

    #[test]
    fn audio_is_heard_in_order_and_in_real_time() {
        let mut p = Playout::default();
        p.media(vec![1; 100]);
        p.media(vec![2; 300]);
        let mut all = heard(&mut p);
        assert_eq!(all.len(), FRAME_SAMPLES);
        all.extend(heard(&mut p));
        all.extend(heard(&mut p));
        assert_eq!(all, [vec![1; 100], vec![2; 300]].concat());
        assert!(heard(&mut p).is_empty());
    }

    #[test]
    fn a_mark_returns_only_once_the_audio_before_it_has_been_heard() {
        let mut p = Playout::default();
        p.media(vec![1; 320]);
        p.mark("end".into());
        heard(&mut p);
        assert!(marks(&mut p).is_empty());
        heard(&mut p); // the last sample is in the air until the next frame begins
        assert!(marks(&mut p).is_empty());
        heard(&mut p);
        assert_eq!(marks(&mut p), [played("end")]);
    }

    #[test]
    fn a_mark_in_the_middle_of_a_frame_is_never_early() {
        let mut p = Playout::default();
        p.media(vec![1; 40]);
        p.mark("a".into());
        p.media(vec![2; 400]);
        p.mark("b".into());
        heard(&mut p);
        assert!(marks(&mut p).is_empty());
        heard(&mut p);
        assert_eq!(marks(&mut p), [played("a")]);
        heard(&mut p);
        heard(&mut p);
        assert_eq!(marks(&mut p), [played("b")]);
    }

    #[test]
    fn a_mark_on_a_quiet_line_returns_at_once() {
        let mut p = Playout::default();
        p.mark("now".into());
        assert_eq!(marks(&mut p), [played("now")]);
    }

    #[test]
    fn a_mark_behind_the_frame_in_the_air_waits_for_its_end() {
        let mut p = Playout::default();
        p.media(vec![1; 160]);
        heard(&mut p);
        p.mark("end".into());
        assert!(marks(&mut p).is_empty());
        heard(&mut p);
        assert_eq!(marks(&mut p), [played("end")]);
    }

    #[test]
    fn clear_silences_at_the_next_frame_and_returns_every_mark_as_not_heard() {
        let mut p = Playout::default();
        p.media(vec![1; 200]);
        p.mark("a".into());
        p.media(vec![2; 800]);
        p.mark("b".into());
        heard(&mut p);
        assert_eq!(p.clear(), Samples(840));
        assert_eq!(marks(&mut p), [cleared("a"), cleared("b")]);
        assert!(heard(&mut p).is_empty());
        assert!(p.is_idle());
    }

    #[test]
    fn audio_after_a_clear_is_heard() {
        let mut p = Playout::default();
        p.media(vec![1; 400]);
        p.clear();
        p.media(vec![3; 160]);
        assert_eq!(heard(&mut p), vec![3; 160]);
    }

    #[test]
    fn the_line_is_idle_only_when_the_last_frame_has_ended() {
        let mut p = Playout::default();
        assert!(p.is_idle());
        p.media(vec![1; 160]);
        assert!(!p.is_idle());
        heard(&mut p);
        assert!(!p.is_idle());
        heard(&mut p);
        assert!(p.is_idle());
    }
}
