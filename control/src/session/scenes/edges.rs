//! A recogniser and a synthesiser that do what the scene says.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use dsp::Samples;
use pipeline::message::{Transcript, UtteranceId};
use pipeline::net::edge::{SttEvent, SttInput, TtsEvent, TtsInput};

use super::echoes::Echoes;
use super::script::{Act, Script};
use super::voices::{AGENT, voice};

/// Knows what the caller says, and gives it away when it would have been recognised.
pub(super) struct Recogniser {
    /// From where until where in the caller's audio which words reach.
    said: VecDeque<(Samples, Samples, String)>,
    partial: bool,
    eager: bool,
    /// A likely end was told of.
    told: bool,
    /// How many of the words have been shown before their turn has ended.
    shown: usize,
    late: u64,
    deaf: (u64, u64),
    fails: Option<u64>,
    /// What comes back of the agent, where it hears the whole line.
    echoes: Option<Echoes>,
    turn_from: Samples,
    due: VecDeque<(u64, SttEvent)>,
}

impl Recogniser {
    pub(super) fn new(script: &Script) -> Self {
        Self {
            said: VecDeque::new(),
            partial: script.hears_whole_line,
            eager: script.eager,
            told: false,
            shown: 0,
            late: script.recogniser_late,
            deaf: script.deaf,
            fails: script.recogniser_fails,
            echoes: Echoes::of(script),
            turn_from: Samples::ZERO,
            due: VecDeque::new(),
        }
    }

    /// The caller does this at this time; nothing before.
    pub(super) fn handle_act(&mut self, at: u64, act: &Act) {
        if let Act::Says { length, words } = act {
            let span = [at, at + length].map(Samples::from_ms);
            self.said.push_back((span[0], span[1], words.clone()));
            if let Some(echoes) = &mut self.echoes {
                echoes.handle_caller(span[0], span[1]);
            }
        }
    }

    /// What was heard of the agent in the 10 ms that end now.
    pub(super) fn handle_agent(&mut self, now: u64, played: &[u8]) {
        if let Some(echoes) = &mut self.echoes {
            echoes.handle_agent(now, played);
        }
    }

    pub(super) fn handle(&mut self, now: u64, input: SttInput) {
        if let Some(echoes) = &mut self.echoes {
            echoes.handle(&input);
        }
        match input {
            SttInput::SpeechStarted { position } => self.turn_from = position,
            SttInput::SpeechFaltered { last_voiced, .. } if self.eager => {
                let begun = self.said.iter().filter(|(from, ..)| *from < last_voiced);
                let over = begun.clone().all(|(_, to, _)| *to <= last_voiced + SLACK);
                let words: Vec<&str> = begun.map(|(.., words)| words.as_str()).collect();
                if over && !words.is_empty() {
                    self.told = true;
                    let text = words.join(" ");
                    let likely = SttEvent::LikelyEnd { text };
                    self.due.push_back((now + self.late, likely));
                }
            }
            SttInput::SpeechResumed { .. } if self.told => {
                self.told = false;
                self.due.push_back((now + self.late, SttEvent::WentOn));
            }
            SttInput::SpeechEnded { position } => {
                self.told = false;
                let mut words = Vec::new();
                while let Some((from, ..)) = self.said.front()
                    && *from < position
                    && let Some((.., said)) = self.said.pop_front()
                {
                    self.shown = self.shown.saturating_sub(1);
                    words.push(said);
                }
                let fails = self.fails.is_some_and(|at| at <= now);
                if fails {
                    let reason = "the scene says so".to_owned();
                    self.due
                        .push_back((now + self.late, SttEvent::Failed { reason }));
                }
                let answer = if words.is_empty() || fails {
                    SttEvent::Nothing { position }
                } else {
                    SttEvent::Final(Transcript {
                        text: words.join(" "),
                        second_opinion: None,
                        typed: false,
                        from: self.turn_from,
                        to: position,
                    })
                };
                self.due.push_back((now + self.late, answer));
            }
            _ => {}
        }
    }

    pub(super) fn poll(&mut self, now: u64) -> Option<SttEvent> {
        if (self.deaf.0..self.deaf.1).contains(&now) {
            return None;
        }
        let heard = now.saturating_sub(self.late);
        if let Some((from, to, text)) = self.echoes.as_mut().and_then(|echoes| echoes.poll(heard)) {
            return Some(SttEvent::Final(Transcript {
                text,
                second_opinion: None,
                typed: false,
                from,
                to,
            }));
        }
        if self.partial
            && let Some((_, to, words)) = self.said.get(self.shown)
            && to.as_ms() + self.late <= now
        {
            self.shown += 1;
            let text = words.clone();
            return Some(SttEvent::Partial { text });
        }
        let due = self.due.front().is_some_and(|(at, _)| *at <= now);
        due.then(|| self.due.pop_front().map(|(_, event)| event))?
    }
}

/// Words that end so much later than the voice may belong to it.
const SLACK: Samples = Samples::from_ms(60);

/// Speaks 60 ms for each letter.
pub(super) struct Synthesiser {
    late: u64,
    fails: Option<u64>,
    dumb: Option<u64>,
    due: VecDeque<(u64, TtsEvent)>,
    /// All that was said of each utterance.
    pub(super) said: BTreeMap<UtteranceId, Vec<u8>>,
}

impl Synthesiser {
    pub(super) fn new(script: &Script) -> Self {
        Self {
            late: script.synthesiser_late,
            fails: script.synthesiser_fails,
            dumb: script.synthesiser_dumb,
            due: VecDeque::new(),
            said: BTreeMap::new(),
        }
    }

    pub(super) fn handle(&mut self, now: u64, input: TtsInput) {
        match input {
            TtsInput::Language(_) => {}
            TtsInput::Speak { .. } if self.dumb.is_some_and(|at| at <= now) => {}
            TtsInput::Speak { utterance, .. } if self.fails.is_some_and(|at| at <= now) => {
                let reason = "the scene says so".to_owned();
                let failed = TtsEvent::Failed { utterance, reason };
                self.due.push_back((now + self.late, failed));
            }
            TtsInput::Speak {
                utterance,
                clause,
                text,
                last,
            } => {
                let at = now + self.late;
                let samples = text.chars().count() * 480;
                let said = self.said.entry(utterance).or_default();
                let mulaw: Bytes = speech(utterance.0, said.len(), samples).into();
                said.extend_from_slice(&mulaw);
                if samples > 0 {
                    self.due.push_back((at, TtsEvent::Audio { utterance, mulaw }));
                }
                let done = TtsEvent::ClauseDone {
                    utterance,
                    clause,
                    samples: Samples(samples as u64),
                };
                self.due.push_back((at, done));
                if last {
                    self.due.push_back((at, TtsEvent::Done { utterance }));
                }
            }
            TtsInput::Cancel { utterance } => self.due.retain(|(_, event)| {
                !matches!(event, TtsEvent::Audio { utterance: of, .. } if *of == utterance)
            }),
        }
    }

    pub(super) fn poll(&mut self, now: u64) -> Option<TtsEvent> {
        let due = self.due.front().is_some_and(|(at, _)| *at <= now);
        due.then(|| self.due.pop_front().map(|(_, event)| event))?
    }
}

/// A voice in whose lowest bits no stretch is like another one.
fn speech(seed: u32, from: usize, samples: usize) -> Vec<u8> {
    (from..from + samples)
        .map(|n| {
            let mut mixed = (n as u32).wrapping_mul(2_654_435_761) ^ seed.wrapping_mul(40_503);
            mixed ^= mixed >> 15;
            mixed = mixed.wrapping_mul(2_246_822_519);
            voice(AGENT, n) & 0xF0 | (mixed >> 28) as u8
        })
        .collect()
}
