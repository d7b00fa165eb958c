//! One call as a pure machine: what the caller's bytes and the passing of time make of it.
//!
//! A [`Call`] is told everything by `handle_*` with the time, acts through an [`Outlet`], and says
//! by [`Call::ended`] when it is over. It reads no clock, socket or thread, so a whole call runs
//! under a virtual clock; and it allocates only in [`Call::default`], so the voice thread can run
//! it.
//!
//! One caller frame: [`Call::handle_media`] cuts the payload into frames of 20 ms, the detector
//! judges each, and where voice begins while the agent is audible [`playout`] clears the far end
//! before anything else happens. Then the [`turn`] is told, and the frame goes to the recogniser.
//! Whether the agent goes on, or has been interrupted for good, shows later ([`duck`]).

mod air;
#[doc(hidden)]
pub mod check;
mod duck;
pub mod ledger;
pub mod outlet;
pub mod playout;
mod quiet;
mod reference;
pub mod turn;

use std::time::Duration;

use dsp::barge_in::{BargeIn, Far, Verdict};
use dsp::frame::Framer;
use dsp::{FRAME_SAMPLES, MulawFrame, Samples, mulaw};

use self::outlet::Outlet;
use self::playout::{Caller, Playout, Sound};
use self::quiet::Quiet;
use self::turn::{Turn, TurnChange};
use crate::endpointing::Pace;
use crate::fact::{Order, Report};
use crate::limits::{MEDIA_GAP_GRACE, QUIET_BATCH_FRAMES, interjection_pause};
use crate::message::{EndReason, Expectation};
use crate::ring::CallerFrame;
use crate::time::Mono;

/// The state of one call.
#[derive(Debug, Default)]
pub struct Call {
    framer: Framer,
    detector: BargeIn,
    /// The agent's echo was heard since the last report of audio.
    echoed: bool,
    arrivals: Arrivals,
    turn: Turn,
    /// No turn begins before here: a recogniser has given the words up to this position.
    words_through: Samples,
    expectation: Expectation,
    /// How long this caller pauses.
    pace: Pace,
    quiet: Quiet,
    playout: Playout,
    ending: Ending,
}

/// Whether, how and why a call ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ending {
    #[default]
    NotYet,
    /// Once everything there is to say has been heard.
    AfterPlayout,
    Over(EndReason),
}

impl Call {
    /// Audio of the caller, of any length.
    pub fn handle_media(&mut self, now: Mono, mut payload: &[u8], out: &mut impl Outlet) {
        while let Some(frame) = self.framer.next_frame(&mut payload) {
            self.handle_frame(now, &frame, out);
        }
    }

    /// A mark came back from the far end.
    pub fn handle_mark(&mut self, name: &[u8], out: &mut impl Outlet) {
        self.playout.handle_mark(name, out);
        self.end_if_played_out(out);
    }

    /// The caller pressed a key: `0`-`9`, `*`, `#`, `A`-`D`.
    pub fn handle_key(&mut self, key: u8, out: &mut impl Outlet) {
        out.report(Report::Keypad { key });
    }

    /// The far end ended the stream.
    pub fn handle_stop(&mut self) {
        self.end(EndReason::CallerHungUp);
    }

    /// The net thread wants something.
    pub fn handle_order(&mut self, now: Mono, order: Order, out: &mut impl Outlet) {
        match order {
            Order::Audio => self.playout.handle_tick(now, self.caller(), out),
            Order::Retire { through } => self.playout.handle_retire(now, through, out),
            Order::Commit { utterance } => self.playout.handle_commit(now, utterance, out),
            Order::Resume { utterance } => self.playout.handle_resume(now, utterance, out),
            Order::Expect(expectation) => self.expectation = expectation,
            Order::EndTurn { through } => self.end_turn(now, through, out),
            Order::HangUp {
                after_playout: false,
            } => self.end(EndReason::AgentHungUp),
            Order::HangUp {
                after_playout: true,
            } => {
                if self.ending == Ending::NotYet {
                    self.ending = Ending::AfterPlayout;
                }
                self.end_if_played_out(out);
            }
        }
    }

    /// Time has passed: sends what is due, and ends a turn whose media has stopped.
    pub fn handle_tick(&mut self, now: Mono, out: &mut impl Outlet) {
        self.end_turn_without_media(now, out);
        self.playout.handle_tick(now, self.caller(), out);
        self.end_if_played_out(out);
    }

    /// How many of the caller's frames went through the echo canceller.
    #[must_use]
    pub fn cancelled_frames(&self) -> u64 {
        self.detector.cancelled_frames()
    }

    /// Why the call is over, once it is. Nothing needs to be handled from then on.
    #[must_use]
    pub fn ended(&self) -> Option<EndReason> {
        match self.ending {
            Ending::Over(reason) => Some(reason),
            Ending::NotYet | Ending::AfterPlayout => None,
        }
    }

    /// Ends the call for a reason of the world outside: its socket, or the process.
    pub fn end(&mut self, reason: EndReason) {
        if self.ended().is_none() {
            self.ending = Ending::Over(reason);
        }
    }

    fn handle_frame(&mut self, now: Mono, frame: &MulawFrame, out: &mut impl Outlet) {
        let begin = self.detector.position();
        self.arrivals.note(begin, now);
        let mut pcm = [0; FRAME_SAMPLES];
        mulaw::decode_slice(frame, &mut pcm);
        let playing = self.playout.reference.handle_frame(now, begin);
        let far = playing.as_ref().map_or(Far::Silent, Far::Audible);
        let verdict = self.detector.handle_frame(&pcm, far);
        let until = self.detector.position();
        self.echoed |= self.detector.hears_echo();
        let voiced_at = self.arrivals.of_onset(verdict);
        let verdict = verdict.not_before(self.words_through);
        // Before all else: this is what the caller waits for.
        let sound = self.sound(verdict, voiced_at);
        self.playout.handle_sound(now, sound, out);
        let was_on = self.turn.is_on();
        let change = self.turn.handle_verdict(verdict, until, self.pause());
        self.learn(now, verdict, until);
        out.caller_frame(CallerFrame {
            position: begin,
            mulaw: *frame,
        });
        let speech = was_on || self.turn.is_on();
        let frames = until.0 / FRAME_SAMPLES as u64;
        if speech || frames.is_multiple_of(QUIET_BATCH_FRAMES) {
            let echo = std::mem::take(&mut self.echoed);
            out.report(Report::Audio {
                until,
                speech,
                echo,
            });
        }
        self.report_change(change, out);
        if let Some(last_voiced) = self.turn.falters(self.detector.last_voiced(), until) {
            out.report(Report::SpeechFaltered {
                position: until,
                last_voiced,
            });
        }
    }

    /// Learns how long this caller pauses before they go on.
    fn learn(&mut self, now: Mono, verdict: Verdict, until: Samples) {
        let agent = self.contends(now);
        let pause = self
            .quiet
            .handle_verdict(verdict, until, agent, self.expectation);
        if let Some((pause, during)) = pause {
            self.pace.handle_pause(pause, during);
        }
    }

    /// The agent is audible, or waits to go on.
    fn contends(&self, now: Mono) -> bool {
        self.playout.is_audible(now) || self.playout.is_ducked()
    }

    fn report_change(&self, change: Option<TurnChange>, out: &mut impl Outlet) {
        match change {
            Some(TurnChange::Began { first_voiced }) => out.report(Report::SpeechStarted {
                position: first_voiced,
            }),
            Some(TurnChange::Paused { last_voiced }) => out.report(Report::SpeechPaused {
                position: self.detector.position(),
                last_voiced,
                slow: self.pace.is_slow(self.expectation),
            }),
            Some(TurnChange::Resumed { first_voiced }) => out.report(Report::SpeechResumed {
                position: first_voiced,
            }),
            Some(TurnChange::Ended { silence }) => out.report(Report::SpeechEnded {
                position: self.detector.position(),
                silence,
            }),
            None => {}
        }
    }

    /// The words of the caller's turn are known up to `through`.
    fn end_turn(&mut self, now: Mono, through: Samples, out: &mut impl Outlet) {
        self.words_through = self.words_through.max(through);
        let was_on = self.turn.is_on();
        let change = self.turn.handle_end(through, self.detector.last_voiced());
        if was_on && !self.turn.is_on() {
            // Voice from now on is the onset of another turn.
            self.cut_off(now, out);
        }
        self.report_change(change, out);
    }

    fn end_turn_without_media(&mut self, now: Mono, out: &mut impl Outlet) {
        let position = self.detector.position();
        let gap = now.since(self.arrivals.latest);
        let pause = self.pause();
        if !self.turn.is_on() || gap < Duration::from_millis(pause.as_ms()) + MEDIA_GAP_GRACE {
            return;
        }
        let gap = Samples::from_ms(u64::try_from(gap.as_millis()).unwrap_or(u64::MAX));
        self.cut_off(now, out);
        let change = self.turn.handle_gap(position, gap);
        self.report_change(change, out);
    }

    /// The stretch of speech that is on is over.
    fn cut_off(&mut self, now: Mono, out: &mut impl Outlet) {
        let last_voiced = self.detector.last_voiced();
        if !self.contends(now) {
            self.quiet.handle_cut(last_voiced, self.expectation);
        }
        self.detector.handle_gap();
        self.playout.handle_gap(now, last_voiced, out);
    }

    /// How long a pause ends the caller's turn.
    fn pause(&self) -> Samples {
        if self.playout.is_ducked() {
            interjection_pause(self.expectation)
        } else {
            self.pace.pause(self.expectation)
        }
    }

    fn sound(&self, verdict: Verdict, voiced_at: Mono) -> Sound {
        Sound {
            verdict,
            voiced_at,
            last_voiced: self.detector.last_voiced(),
            patience: Duration::from_millis(interjection_pause(self.expectation).as_ms()),
        }
    }

    fn end_if_played_out(&mut self, out: &impl Outlet) {
        if self.ending == Ending::AfterPlayout && self.playout.is_done(out) {
            self.ending = Ending::Over(EndReason::AgentHungUp);
        }
    }

    fn caller(&self) -> Caller {
        if self.turn.is_sustained(self.detector.last_voiced()) {
            Caller::HoldsTheFloor
        } else if self.turn.is_on() {
            Caller::Speaks
        } else {
            Caller::Listens
        }
    }
}

/// When the latest frames arrived, so that a reaction is counted from the first voiced one.
#[derive(Clone, Copy, Debug, Default)]
struct Arrivals {
    /// By frame number; the detector looks back at most five frames.
    recent: [Mono; 8],
    latest: Mono,
}

impl Arrivals {
    fn note(&mut self, begin: Samples, now: Mono) {
        self.recent[Self::place(begin)] = now;
        self.latest = now;
    }

    /// When the frame arrived that an onset began with; of any other verdict, its own frame.
    fn of_onset(&self, verdict: Verdict) -> Mono {
        match verdict {
            Verdict::Onset { first_voiced, .. } => self.recent[Self::place(first_voiced)],
            _ => self.latest,
        }
    }

    fn place(begin: Samples) -> usize {
        (begin.0 / FRAME_SAMPLES as u64 % 8) as usize
    }
}

#[cfg(test)]
mod tests;
