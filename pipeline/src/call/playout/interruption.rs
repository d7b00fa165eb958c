//! What becomes of the agent's words when the caller makes a sound.

use std::time::Duration;

use dsp::Samples;
use dsp::barge_in::Verdict;

use super::{Floor, Playout};
use crate::call::duck::{Duck, Interrupted, Outcome};
use crate::call::outlet::Outlet;
use crate::fact::Report;
use crate::limits::FALSE_ALARMS;
use crate::message::UtteranceId;
use crate::metrics::Oddity;
use crate::time::Mono;

/// What the detector makes of one frame of the caller.
#[derive(Clone, Copy, Debug)]
pub(in crate::call) struct Sound {
    pub(in crate::call) verdict: Verdict,
    /// When the frame arrived with which an onset began.
    pub(in crate::call) voiced_at: Mono,
    /// Where the present stretch of speech was voiced last.
    pub(in crate::call) last_voiced: Option<Samples>,
    /// How long the caller's turn may still last once they are quiet.
    pub(in crate::call) patience: Duration,
}

impl Playout {
    /// The caller makes a sound, or none. Where a voice begins over the agent, the agent falls
    /// silent now.
    pub(in crate::call) fn handle_sound(&mut self, now: Mono, sound: Sound, out: &mut impl Outlet) {
        if let Floor::Ducked(duck) = &mut self.floor {
            let Sound {
                verdict,
                last_voiced,
                patience,
                ..
            } = sound;
            let outcome = duck.handle_verdict(now, verdict, last_voiced, patience);
            return self.conclude(now, outcome, out);
        }
        match sound.verdict {
            Verdict::Onset { first_voiced, sure } if sure || !self.cries_wolf() => {
                self.duck(now, Some(sound.voiced_at), first_voiced, sure, out);
            }
            // What was taken for noise is a voice.
            Verdict::Voice { sure: true } => {
                let since = sound.last_voiced.unwrap_or_default();
                self.duck(now, None, since, true, out);
            }
            _ => {}
        }
    }

    /// The caller's stretch of speech was cut off, by media that stopped or by its words.
    pub(in crate::call) fn handle_gap(
        &mut self,
        now: Mono,
        last_voiced: Option<Samples>,
        out: &mut impl Outlet,
    ) {
        if let Floor::Ducked(duck) = &mut self.floor {
            let outcome = duck.handle_gap(now, last_voiced);
            self.conclude(now, outcome, out);
        }
    }

    /// The caller's words mean that this utterance, and what follows it, is not wanted any more.
    /// The agent may have gone on before they were known.
    pub fn handle_commit(&mut self, now: Mono, utterance: UtteranceId, out: &mut impl Outlet) {
        if let Floor::Ducked(_) = self.floor {
            self.conclude(now, Some(Outcome::Commit), out);
        } else {
            self.settle_played(now, out);
            if self.is_audible(now) && self.latest() >= Some(utterance) {
                out.clear(now, None);
                let interrupted = self.stop(now);
                self.give_up(interrupted, out);
            }
        }
        out.report(Report::Decided { utterance });
    }

    /// The caller's words only acknowledge this utterance: the agent goes on.
    pub fn handle_resume(&mut self, now: Mono, utterance: UtteranceId, out: &mut impl Outlet) {
        if let Floor::Ducked(duck) = &mut self.floor
            && duck.reaches(utterance)
        {
            let outcome = duck.handle_backchannel();
            self.conclude(now, outcome, out);
        }
    }

    /// The control plane takes an utterance, and all before it, back. What of them is already in
    /// the air in front of a later utterance is let go; it is less than the send horizon.
    pub fn handle_retire(&mut self, now: Mono, through: UtteranceId, out: &mut impl Outlet) {
        if self.latest().is_some_and(|latest| latest <= through) {
            let interrupted = match self.floor {
                Floor::Ducked(duck) => duck.interrupted,
                Floor::Speaking { .. } | Floor::Silent => {
                    out.clear(now, None);
                    self.settle_played(now, out);
                    self.stop(now)
                }
            };
            self.floor = Floor::Silent;
            for (utterance, samples) in interrupted.into_iter().flatten() {
                if self.note_heard(utterance, samples) {
                    out.report(Report::Heard { utterance, samples });
                }
            }
        }
        self.retire(through, out);
    }

    /// Whether the agent has fallen silent, perhaps for nothing.
    #[must_use]
    pub fn is_ducked(&self) -> bool {
        matches!(self.floor, Floor::Ducked(_))
    }

    /// Ends a duck of which nobody has said anything in time.
    pub(super) fn conclude_in_time(&mut self, now: Mono, out: &mut impl Outlet) {
        if let Floor::Ducked(duck) = &self.floor {
            self.conclude(now, duck.handle_tick(now), out);
        }
    }

    fn conclude(&mut self, now: Mono, outcome: Option<Outcome>, out: &mut impl Outlet) {
        let (Floor::Ducked(duck), Some(outcome)) = (self.floor, outcome) else {
            return;
        };
        self.floor = Floor::Silent;
        match outcome {
            Outcome::Commit => self.give_up(duck.interrupted, out),
            Outcome::Resume => self.resume(now, duck, out),
        }
    }

    /// Falls silent, if the agent can be heard. The voice began at `since`, which had arrived at
    /// `voiced_at`, where the agent could have known it then.
    fn duck(
        &mut self,
        now: Mono,
        voiced_at: Option<Mono>,
        since: Samples,
        sure: bool,
        out: &mut impl Outlet,
    ) {
        // What the clock says was played needs no `clear`, though its marks may be on their way.
        self.settle_played(now, out);
        if !self.is_audible(now) {
            return;
        }
        let cleared_at = out.clear(now, voiced_at);
        let voiced_at = voiced_at.unwrap_or(now);
        self.reaction = (voiced_at, cleared_at);
        let interrupted = self.stop(now);
        let [Some((utterance, heard)), _] = interrupted else {
            return;
        };
        let mut duck = Duck::new(now, since, sure, interrupted);
        duck.goes_on = self.note_heard(utterance, heard);
        self.floor = Floor::Ducked(duck);
        out.report(Report::Ducked {
            utterance,
            voice: since,
            voiced_at,
            cleared_at,
        });
    }

    /// Goes on where the caller heard the agent last.
    fn resume(&mut self, now: Mono, duck: Duck, out: &mut impl Outlet) {
        // Of two that could be heard, one may have been retired meanwhile.
        let mut interrupted = duck.interrupted.into_iter().flatten();
        let Some((utterance, heard)) = interrupted.find(|(id, _)| !self.is_retired(*id)) else {
            return;
        };
        if !duck.sure {
            let so_far = match self.false_alarms {
                (Some(of), so_far) if of == utterance => so_far,
                _ => 0,
            };
            self.false_alarms = (Some(utterance), so_far + 1);
        }
        let from = self.air.rewind(utterance, heard, duck.goes_on);
        self.floor = Floor::Speaking {
            utterance,
            sent: heard,
            dry: true,
        };
        out.count(Oddity::FalseBargeIn);
        out.report(Report::Resumed {
            utterance,
            from,
            silent_for: now.since(duck.began),
        });
    }

    /// The caller has the floor: nothing of what was interrupted is said any more.
    fn give_up(&mut self, interrupted: Interrupted, out: &mut impl Outlet) {
        let (voiced_at, cleared_at) = self.reaction;
        for (utterance, heard) in interrupted.into_iter().flatten() {
            self.note_heard(utterance, heard);
            // More than this was heard before, where the agent was repeating itself.
            let known = self.heard.filter(|(id, _)| *id == utterance);
            out.report(Report::BargeIn {
                utterance,
                heard: known.map_or(heard, |(_, samples)| samples),
                voiced_at,
                cleared_at,
            });
            self.retire(utterance, out);
        }
    }

    /// Forgets what is in the air, which the far end has been told to do, too. Returns what of the
    /// interrupted utterances had been heard.
    fn stop(&mut self, now: Mono) -> Interrupted {
        let sounding = self.ledger.sounding(now);
        let latest = self.ledger.latest();
        self.ledger.clear(now);
        self.reference.clear(now);
        let sending = match std::mem::take(&mut self.floor) {
            Floor::Speaking {
                utterance, sent, ..
            } => Some((utterance, sent)),
            Floor::Silent | Floor::Ducked(_) => latest.map(|utterance| (utterance, Samples::ZERO)),
        };
        match (sounding, sending) {
            (Some(sounding), Some(sending)) if sounding.0 != sending.0 => {
                [Some(sounding), Some((sending.0, Samples::ZERO))]
            }
            // Nothing of it was in the air any more, so all that was sent had been heard.
            (None, sending) => [sending, None],
            (sounding, _) => [sounding, None],
        }
    }

    /// The utterance of which audio was sent last, where not all is known to be heard.
    fn latest(&self) -> Option<UtteranceId> {
        match self.floor {
            Floor::Speaking { utterance, .. } => Some(utterance),
            Floor::Ducked(duck) => duck.interrupted.iter().flatten().map(|&(id, _)| id).max(),
            Floor::Silent => self.ledger.latest(),
        }
    }

    /// Whether noise has interrupted this utterance so often that only what is certain to be a
    /// voice still may.
    fn cries_wolf(&self) -> bool {
        let (of, times) = self.false_alarms;
        of.is_some() && of == self.latest() && times >= FALSE_ALARMS
    }
}
