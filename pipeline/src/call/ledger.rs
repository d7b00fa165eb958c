//! The played ledger: what the caller has heard, as opposed to what was sent.
//!
//! Two witnesses. A *mark* follows every message and comes back when the far end has played it:
//! certain, but late by the way back, and only every 100 ms. The *playout clock* assumes that the
//! far end plays what it gets without a pause: exact between marks. The clock is believed as long
//! as marks come back in time. After a `clear` the far end returns all marks at once, though their
//! audio was never played; so every `clear` begins a new *generation* of mark names, and marks of
//! an older one prove nothing.

use std::collections::VecDeque;
use std::io::Write;
use std::time::Duration;

use dsp::{LINE_RATE_HZ, Samples};

use crate::limits::{MARK_OVERDUE, MARKS_OUTSTANDING};
use crate::message::UtteranceId;
use crate::time::Mono;

/// Names one mark of one call: written `generation.sequence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkName {
    generation: u32,
    sequence: u32,
}

impl MarkName {
    /// Bytes of the longest name.
    pub const MAX_BYTES: usize = 21;

    /// Reads a name as the far end returns it. `None` for a name that is not one of ours.
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        let (generation, sequence) = std::str::from_utf8(name).ok()?.split_once('.')?;
        Some(Self {
            generation: generation.parse().ok()?,
            sequence: sequence.parse().ok()?,
        })
    }

    /// Writes the name, without an allocation.
    pub fn write(self, room: &mut [u8; Self::MAX_BYTES]) -> &str {
        let mut rest = &mut room[..];
        // A name has at most `MAX_BYTES` bytes, so this cannot fail.
        let _ = write!(rest, "{}.{}", self.generation, self.sequence);
        let len = Self::MAX_BYTES - rest.len();
        std::str::from_utf8(&room[..len]).unwrap_or_default()
    }
}

/// So much of an utterance has been heard; `finished` when that is all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    pub utterance: UtteranceId,
    pub samples: Samples,
    pub finished: bool,
}

/// Why a returned mark proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkRejected {
    /// It was sent before the last `clear`.
    Cleared,
    /// It was never sent, or has come back before.
    Unknown,
}

/// What was sent and not yet heard.
#[derive(Debug)]
pub struct Ledger {
    generation: u32,
    next_sequence: u32,
    /// In the order of playing; never more than [`MARKS_OUTSTANDING`], so it never grows.
    on_the_way: VecDeque<Sent>,
    /// When the far end will have played everything sent, by the playout clock.
    plays_until: Mono,
}

/// One message of agent audio.
#[derive(Clone, Copy, Debug)]
struct Sent {
    sequence: u32,
    utterance: UtteranceId,
    from: Samples,
    until: Samples,
    /// When its last sample will have been played, by the playout clock.
    plays_until: Mono,
    /// Whether the utterance ends with it.
    last: bool,
}

impl Sent {
    fn heard(&self) -> Heard {
        Heard {
            utterance: self.utterance,
            samples: self.until,
            finished: self.last,
        }
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            generation: 0,
            next_sequence: 0,
            on_the_way: VecDeque::with_capacity(MARKS_OUTSTANDING),
            plays_until: Mono::default(),
        }
    }
}

impl Ledger {
    /// Whether another message can be recorded; otherwise [`Self::pop_oldest`] makes room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.on_the_way.len() >= MARKS_OUTSTANDING
    }

    /// Records a message that leaves now, and names the mark to send behind it. `on_line` is how
    /// long it sounds: a last frame is padded, so this may be more than `until - from`.
    pub fn record(
        &mut self,
        now: Mono,
        utterance: UtteranceId,
        from: Samples,
        until: Samples,
        on_line: Samples,
    ) -> MarkName {
        debug_assert!(!self.is_full(), "the caller makes room first");
        self.plays_until = self.plays_until.max(now).plus(duration(on_line));
        let sequence = self.next_sequence;
        self.next_sequence = self.next_sequence.wrapping_add(1);
        self.on_the_way.push_back(Sent {
            sequence,
            utterance,
            from,
            until,
            plays_until: self.plays_until,
            last: false,
        });
        MarkName {
            generation: self.generation,
            sequence,
        }
    }

    /// Notes that an utterance has no further audio. `Some` when it has been heard already.
    pub fn close(&mut self, utterance: UtteranceId, length: Samples) -> Option<Heard> {
        match self.on_the_way.back_mut() {
            Some(sent) if sent.utterance == utterance => {
                sent.last = true;
                None
            }
            _ => Some(Heard {
                utterance,
                samples: length,
                finished: true,
            }),
        }
    }

    /// Judges a mark that came back. What it proves is then read by [`Self::pop_through`].
    ///
    /// # Errors
    /// See [`MarkRejected`].
    pub fn handle_mark(&self, name: MarkName) -> Result<(), MarkRejected> {
        if name.generation < self.generation {
            return Err(MarkRejected::Cleared);
        }
        let known = name.generation == self.generation
            && self
                .on_the_way
                .iter()
                .any(|sent| sent.sequence == name.sequence);
        if known {
            Ok(())
        } else {
            Err(MarkRejected::Unknown)
        }
    }

    /// The next message that an accepted mark proves heard, oldest first.
    pub fn pop_through(&mut self, name: MarkName) -> Option<Heard> {
        let reaches = |sent: &Sent| sent.sequence.wrapping_sub(name.sequence).cast_signed() <= 0;
        self.pop_if(|sent| reaches(sent))
    }

    /// The next message whose mark is taken for lost: it must have been played long ago.
    pub fn pop_lost(&mut self, now: Mono) -> Option<Heard> {
        self.pop_if(|sent| sent.plays_until.plus(2 * MARK_OVERDUE) <= now)
    }

    /// The next message that the playout clock says has been played, while the clock is believed.
    pub fn pop_played(&mut self, now: Mono) -> Option<Heard> {
        if !self.clock_is_believed(now) {
            return None;
        }
        self.pop_if(|sent| sent.plays_until <= now)
    }

    /// Gives up waiting for the oldest mark.
    pub fn pop_oldest(&mut self) -> Option<Heard> {
        self.pop_if(|_| true)
    }

    /// Of the message that sounds now, the utterance and how much of that has been heard.
    #[must_use]
    pub fn sounding(&self, now: Mono) -> Option<(UtteranceId, Samples)> {
        let sent = self.on_the_way.front()?;
        let heard = if self.clock_is_believed(now) {
            let unplayed = samples(sent.plays_until.since(now));
            sent.until.saturating_sub(unplayed).max(sent.from)
        } else {
            sent.from
        };
        Some((sent.utterance, heard))
    }

    /// The far end has been told to forget what it has not played.
    pub fn clear(&mut self, now: Mono) {
        self.generation += 1;
        self.on_the_way.clear();
        self.plays_until = now;
    }

    /// How far what was sent reaches beyond what the caller hears now, by the playout clock.
    #[must_use]
    pub fn ahead(&self, now: Mono) -> Duration {
        self.plays_until.since(now)
    }

    /// Whether anything has been sent that is not known to be heard.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.on_the_way.is_empty()
    }

    /// Whether agent audio is in the air: sent and, as far as both witnesses know, not all played.
    #[must_use]
    pub fn in_the_air(&self, now: Mono) -> bool {
        !self.on_the_way.is_empty() && now < self.plays_until.plus(MARK_OVERDUE)
    }

    /// The utterance sent last, where it is not known to be heard.
    #[must_use]
    pub fn latest(&self) -> Option<UtteranceId> {
        self.on_the_way.back().map(|sent| sent.utterance)
    }

    fn clock_is_believed(&self, now: Mono) -> bool {
        self.on_the_way
            .front()
            .is_none_or(|oldest| now <= oldest.plays_until.plus(MARK_OVERDUE))
    }

    fn pop_if(&mut self, wanted: impl FnOnce(&Sent) -> bool) -> Option<Heard> {
        let oldest = self.on_the_way.front()?;
        let heard = wanted(oldest).then(|| oldest.heard())?;
        self.on_the_way.pop_front();
        Some(heard)
    }
}

fn duration(samples: Samples) -> Duration {
    Duration::from_nanos(samples.0 * 1_000_000_000 / u64::from(LINE_RATE_HZ))
}

fn samples(duration: Duration) -> Samples {
    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    Samples(nanos / (1_000_000_000 / u64::from(LINE_RATE_HZ)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: UtteranceId = UtteranceId(1);
    const MESSAGE: Samples = Samples::from_ms(100);

    fn at(ms: u64) -> Mono {
        Mono::from_millis(ms)
    }

    fn ms(ms: u64) -> Samples {
        Samples::from_ms(ms)
    }

    /// A ledger to which messages of 100 ms were sent at once, at time zero.
    fn sent(messages: u64) -> (Ledger, Vec<MarkName>) {
        let mut ledger = Ledger::default();
        let marks = (0..messages)
            .map(|n| ledger.record(at(0), ONE, ms(n * 100), ms((n + 1) * 100), MESSAGE))
            .collect();
        (ledger, marks)
    }

    #[test]
    fn a_mark_proves_its_message_and_all_before_it() {
        let (mut ledger, marks) = sent(3);
        assert_eq!(ledger.handle_mark(marks[1]), Ok(()));
        let heard: Vec<_> = std::iter::from_fn(|| ledger.pop_through(marks[1]))
            .map(|heard| heard.samples)
            .collect();
        assert_eq!(heard, [ms(100), ms(200)]);
        assert_eq!(ledger.handle_mark(marks[1]), Err(MarkRejected::Unknown));
    }

    #[test]
    fn a_mark_returned_by_a_clear_was_not_played() {
        let (mut ledger, marks) = sent(2);
        ledger.clear(at(50));
        for mark in marks {
            assert_eq!(ledger.handle_mark(mark), Err(MarkRejected::Cleared));
        }
        // A new mark with the sequence of an old one is another mark.
        let fresh = ledger.record(at(60), ONE, ms(0), ms(100), MESSAGE);
        assert_eq!(ledger.handle_mark(fresh), Ok(()));
    }

    #[test]
    fn between_marks_the_clock_tells_how_much_was_heard() {
        let (mut ledger, _) = sent(2);
        assert_eq!(ledger.sounding(at(30)), Some((ONE, ms(30))));
        assert_eq!(ledger.pop_played(at(130)).map(|h| h.samples), Some(ms(100)));
        assert_eq!(ledger.sounding(at(130)), Some((ONE, ms(130))));
        assert_eq!(ledger.ahead(at(130)), Duration::from_millis(70));
    }

    #[test]
    fn a_far_end_that_returns_no_marks_in_time_is_not_believed_to_play() {
        let (mut ledger, _) = sent(10);
        let late = at(100).plus(MARK_OVERDUE).plus(Duration::from_millis(1));
        assert_eq!(ledger.pop_played(late), None);
        assert_eq!(ledger.sounding(late), Some((ONE, ms(0))));
        assert!(ledger.pop_lost(at(100).plus(2 * MARK_OVERDUE)).is_some());
    }

    #[test]
    fn audio_is_in_the_air_until_its_mark_is_back() {
        let (mut ledger, marks) = sent(1);
        assert!(
            ledger.in_the_air(at(120)),
            "played, but the mark is on its way"
        );
        ledger.pop_through(marks[0]);
        assert!(!ledger.in_the_air(at(120)));
    }

    #[test]
    fn an_utterance_closed_late_finishes_with_its_last_message() {
        let (mut ledger, marks) = sent(2);
        assert_eq!(ledger.close(ONE, ms(200)), None);
        assert!(!ledger.pop_through(marks[1]).expect("the first").finished);
        assert!(ledger.pop_through(marks[1]).expect("the last").finished);
        let closed_after = ledger.close(UtteranceId(2), ms(0));
        assert!(closed_after.is_some_and(|heard| heard.finished));
    }

    #[test]
    fn names_survive_the_way_there_and_back() {
        let name = MarkName {
            generation: u32::MAX,
            sequence: u32::MAX,
        };
        let mut room = [0; MarkName::MAX_BYTES];
        let written = name.write(&mut room);
        assert_eq!(written.len(), MarkName::MAX_BYTES);
        assert_eq!(MarkName::parse(written.as_bytes()), Some(name));
        for foreign in ["", "7", "a.b", "1.2.3", "-1.2", "4294967296.0"] {
            assert_eq!(MarkName::parse(foreign.as_bytes()), None, "{foreign}");
        }
    }
}
