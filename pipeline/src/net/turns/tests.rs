//! The relay, the voice thread's turns and a recogniser, with their words on the way.

use std::collections::VecDeque;

use dsp::barge_in::Verdict;
use proptest::prelude::*;

use super::*;
use crate::call::turn::{Turn, TurnChange};

const PAUSE: Samples = Samples::from_ms(600);

/// What the voice thread reports.
#[derive(Clone, Copy, Debug)]
enum Report {
    Audio(Samples),
    Started(Samples),
    Ended(Samples),
}

/// What a recogniser is told, and may say.
#[derive(Clone, Copy, Debug)]
enum Said {
    Words { from: Samples, to: Samples },
    Nothing,
}

/// A recogniser that keeps to its contract: a turn that has ended is answered once, unless words
/// that reach beyond its start were given before.
#[derive(Default)]
struct Recogniser {
    on: Option<Samples>,
    through: Samples,
    /// It has the audio up to here, and with it all that was reported of it.
    position: Samples,
}

#[derive(Default)]
struct World {
    position: Samples,
    voice: Turn,
    last_voiced: Option<Samples>,
    words_through: Samples,
    reports: VecDeque<Report>,
    turns: Turns,
    orders: VecDeque<Samples>,
    inputs: VecDeque<Report>,
    recogniser: Recogniser,
    said: VecDeque<Said>,
    /// What the session was told: (S)tarted, (E)nded, (A)nswer.
    session: String,
}

impl World {
    /// 20 ms of the caller.
    fn frame(&mut self, voiced: bool) {
        let begin = self.position;
        self.position += Samples::from_ms(20);
        let verdict = match (voiced, self.last_voiced) {
            (true, None) => {
                self.last_voiced = Some(self.position);
                Verdict::Onset {
                    first_voiced: begin.saturating_sub(Samples::from_ms(40)),
                    sure: true,
                }
            }
            (true, Some(_)) => {
                self.last_voiced = Some(self.position);
                Verdict::Voice { sure: true }
            }
            (false, Some(last)) if self.position - last >= Samples::from_ms(200) => {
                self.last_voiced = None;
                Verdict::Ended {
                    first_voiced: last,
                    last_voiced: last,
                    sure: true,
                }
            }
            (false, Some(_)) => Verdict::Voice { sure: true },
            (false, None) => Verdict::Quiet,
        };
        self.reports.push_back(Report::Audio(self.position));
        let verdict = verdict.not_before(self.words_through);
        let change = self.voice.handle_verdict(verdict, self.position, PAUSE);
        self.report(change);
    }

    fn report(&mut self, change: Option<TurnChange>) {
        match change {
            Some(TurnChange::Began { first_voiced }) => {
                self.reports.push_back(Report::Started(first_voiced));
            }
            Some(TurnChange::Ended { .. }) => self.reports.push_back(Report::Ended(self.position)),
            _ => {}
        }
    }

    fn deliver_order(&mut self) {
        let Some(through) = self.orders.pop_front() else {
            return;
        };
        self.words_through = self.words_through.max(through);
        let was_on = self.voice.is_on();
        let change = self.voice.handle_end(through, self.last_voiced);
        if was_on && !self.voice.is_on() {
            self.last_voiced = None;
        }
        self.report(change);
    }

    fn deliver_report(&mut self) {
        match self.reports.pop_front() {
            Some(audio @ Report::Audio(_)) => self.inputs.push_back(audio),
            Some(Report::Started(position)) if self.turns.handle_started(position) => {
                self.session.push('S');
                self.inputs.push_back(Report::Started(position));
            }
            Some(Report::Ended(position)) if self.turns.handle_ended(position) => {
                self.session.push('E');
                self.inputs.push_back(Report::Ended(position));
            }
            _ => {}
        }
    }

    fn deliver_said(&mut self) {
        match self.said.pop_front() {
            Some(Said::Words { from, to }) => {
                let words = Transcript {
                    text: "words".into(),
                    second_opinion: None,
                    typed: false,
                    from,
                    to,
                };
                match self.turns.handle_words(&words) {
                    Given::Answer => self.session.push('A'),
                    Given::EndsTurn { through } => {
                        self.orders.push_back(through);
                        self.session.push_str("EA");
                    }
                    Given::Turn {
                        through, resumes, ..
                    } => {
                        self.orders.push_back(through);
                        // A turn of its own, in between.
                        self.session.push_str("sea");
                        assert!(resumes.is_none_or(|from| from >= through));
                    }
                }
            }
            Some(Said::Nothing) if self.turns.handle_nothing() => self.session.push('A'),
            _ => {}
        }
    }

    fn deliver_input(&mut self) {
        let recogniser = &mut self.recogniser;
        match self.inputs.pop_front() {
            Some(Report::Audio(position)) => recogniser.position = position,
            Some(Report::Started(from)) if from >= recogniser.through => recogniser.on = Some(from),
            Some(Report::Ended(to)) => {
                if let Some(from) = recogniser.on.take() {
                    self.said.push_back(match to.0 / 160 % 3 {
                        0 => Said::Nothing,
                        _ => Said::Words { from, to },
                    });
                }
            }
            _ => {}
        }
    }

    /// The recogniser finds an end by itself, some frames ago.
    fn find_end(&mut self, frames_ago: u64) {
        let recogniser = &mut self.recogniser;
        let to = recogniser
            .position
            .saturating_sub(Samples::from_ms(60 + 20 * frames_ago))
            .max(recogniser.through);
        match recogniser.on {
            // Of a turn that began later it has nothing to say.
            Some(from) if from >= to => return,
            Some(from) => self.said.push_back(Said::Words { from, to }),
            None => self.said.push_back(Said::Words { from: to, to }),
        }
        recogniser.on = None;
        recogniser.through = to;
    }

    fn settle(&mut self) {
        for _ in 0..100 {
            self.frame(false);
            while !(self.reports.is_empty()
                && self.inputs.is_empty()
                && self.said.is_empty()
                && self.orders.is_empty())
            {
                self.deliver_report();
                self.deliver_input();
                self.deliver_said();
                self.deliver_order();
            }
        }
    }
}

proptest! {
    /// Whoever ends a turn, and whatever was on its way meanwhile: the session is told of each
    /// turn's start, end and one answer, and nobody waits for anybody in the end.
    #[test]
    fn every_turn_is_told_and_answered_once(
        steps in prop::collection::vec((0_u8..7, 1_u64..30), 0..200),
    ) {
        let mut world = World::default();
        for (step, n) in steps {
            match step {
                0 => (0..n).for_each(|_| world.frame(true)),
                1 => (0..n).for_each(|_| world.frame(false)),
                2 => (0..n).for_each(|_| world.deliver_report()),
                3 => (0..n).for_each(|_| world.deliver_input()),
                4 => world.deliver_said(),
                5 => world.deliver_order(),
                _ => world.find_end(n % 10),
            }
        }
        world.settle();
        prop_assert_eq!(world.turns.on, None, "{}", &world.session);
        prop_assert!(world.turns.owed.is_empty(), "{}", &world.session);
        prop_assert!(!world.voice.is_on());
        prop_assert_eq!(world.recogniser.on, None);
        let own = world.session.replace("sea", "");
        let count = |what| own.chars().filter(|told| *told == what).count();
        prop_assert_eq!(count('E'), count('A'), "{}", &world.session);
        // A turn that goes on after its words begins again without an end between.
        prop_assert!(count('S') >= count('E'), "{}", &world.session);
    }
}

fn words(from_ms: u64, to_ms: u64) -> Transcript {
    Transcript {
        text: "yes".into(),
        second_opinion: None,
        typed: false,
        from: Samples::from_ms(from_ms),
        to: Samples::from_ms(to_ms),
    }
}

#[test]
fn the_end_of_a_turn_that_its_words_have_ended_is_no_news() {
    let mut turns = Turns::default();
    assert!(turns.handle_started(Samples::from_ms(100)));
    let through = Samples::from_ms(700);
    assert_eq!(
        turns.handle_words(&words(100, 700)),
        Given::EndsTurn { through }
    );
    assert!(!turns.handle_ended(Samples::from_ms(900)));
    assert!(!turns.handle_nothing());
    assert!(!turns.handle_started(Samples::from_ms(600)), "known words");
    assert!(turns.handle_started(Samples::from_ms(950)));
    assert!(turns.handle_ended(Samples::from_ms(1_600)));
    assert_eq!(turns.handle_words(&words(950, 1_600)), Given::Answer);
}
