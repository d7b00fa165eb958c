//! The agent's words, as a recogniser hears them come back from the caller's end.

use std::collections::VecDeque;

use dsp::{Samples, mulaw};
use pipeline::net::edge::SttInput;

use super::script::Script;

/// Whatever the agent says sounds like this, which would take the floor from it.
const WORD: &str = "tuesday";
/// A word takes so many periods of 10 ms.
const PERIODS: u64 = 20;
/// The agent's RMS, in dB below full scale.
const AGENT_DB: f32 = 25.0;
/// A voice's samples are this large on average; between words they are not.
const LOUD: u64 = 500;

const PERIOD: Samples = Samples::from_ms(10);

/// Hears words in the echo, and leaves out those that the data plane explains: where it has told of
/// echo, and of no voice.
pub(super) struct Echoes {
    /// By which the agent's voice comes back, in milliseconds.
    late: u64,
    /// For how many periods the agent has been loud.
    periods: u64,
    /// From where until where, in the caller's audio.
    words: VecDeque<(Samples, Samples)>,
    /// In which stretches the caller speaks, and is all that can be made out.
    caller: Vec<(Samples, Samples)>,
    told_echo: Vec<(Samples, Samples)>,
    told_voice: Vec<(Samples, Samples)>,
}

impl Echoes {
    /// Where there is an echo and a recogniser that hears the whole line. What is fainter than the
    /// line's noise is no word to it.
    pub(super) fn of(script: &Script) -> Option<Self> {
        let (db, late) = script.echo.filter(|_| script.hears_whole_line)?;
        let is_heard = script.noise.is_none_or(|noise| AGENT_DB + db < noise);
        is_heard.then(|| Self::new(late))
    }

    fn new(late: u64) -> Self {
        Self {
            late,
            periods: 0,
            words: VecDeque::new(),
            caller: Vec::new(),
            told_echo: Vec::new(),
            told_voice: Vec::new(),
        }
    }

    /// The caller says something.
    pub(super) fn handle_caller(&mut self, from: Samples, to: Samples) {
        self.caller.push((from, to));
    }

    /// What was heard of the agent in a period that ends now.
    pub(super) fn handle_agent(&mut self, now: u64, played: &[u8]) {
        let sizes = played
            .iter()
            .map(|code| mulaw::decode(*code).unsigned_abs());
        let sum: u64 = sizes.map(u64::from).sum();
        let sounds = sum > LOUD * PERIOD.0;
        self.periods = if sounds { self.periods + 1 } else { 0 };
        if self.periods == PERIODS {
            self.periods = 0;
            let to = now + self.late;
            let word = [to - PERIODS * 10, to].map(Samples::from_ms);
            self.words.push_back((word[0], word[1]));
        }
    }

    /// What the data plane tells of the line.
    pub(super) fn handle(&mut self, input: &SttInput) {
        match *input {
            SttInput::Echo { from, until } => self.told_echo.push((from, until)),
            SttInput::SpeechStarted { position } | SttInput::SpeechResumed { position } => {
                self.told_voice.push((position, Samples(u64::MAX)));
            }
            SttInput::SpeechPaused { last_voiced, .. } => self.end_voice(last_voiced),
            SttInput::SpeechEnded { position } => self.end_voice(position),
            _ => {}
        }
    }

    fn end_voice(&mut self, at: Samples) {
        if let Some((_, until)) = self.told_voice.last_mut() {
            *until = at.min(*until);
        }
    }

    /// The next word that is taken for the caller's, of those that were over by `heard`.
    pub(super) fn poll(&mut self, heard: u64) -> Option<(Samples, Samples, String)> {
        while let Some((from, to)) = self.words.front().copied()
            && to <= Samples::from_ms(heard)
        {
            self.words.pop_front();
            let middle = Samples(from.0.midpoint(to.0));
            let holds = |(from, until): &(Samples, Samples)| (*from..*until).contains(&middle);
            let is_known = self.told_echo.iter().any(holds) && !self.told_voice.iter().any(holds);
            if !is_known && !self.caller.iter().any(holds) {
                return Some((from, to, WORD.to_owned()));
            }
        }
        None
    }
}
