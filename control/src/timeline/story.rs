//! What there is to tell of a call, on one time axis in seconds since the media stream began.

use dsp::{FRAME_MS, FRAME_SAMPLES};

use super::floor::{Dip, Floor};
use crate::caller::ear;
use crate::caller::ear::Overlap;
use crate::caller::line::Line;
use crate::caller::playout::Frame;
use crate::caller::waterfall::{self, Stage};
use crate::caller::{CallRecord, Happening};
use crate::feed::FeedEvent;

/// Pauses shorter than this are part of speech, in seconds.
const PAUSE_S: f64 = 0.2;

/// A caller's-ear turn belongs to an agent's one that ended within this many seconds of it: the
/// agent's detector and the ear's energy threshold see the last syllable differently.
const SAME_TURN_S: f64 = 0.4;

/// Everything that a page shows of a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Story {
    pub length_s: f64,
    pub caller_voice: Vec<Span>,
    pub agent_voice: Vec<Span>,
    pub said: Vec<Said>,
    pub utterances: Vec<Utterance>,
    pub states: Vec<State>,
    pub tools: Vec<Tool>,
    pub marks: Vec<Mark>,
    pub cuts: Vec<Overlap>,
    /// When the agent fell silent for a sound over it.
    pub dips: Vec<Dip>,
    pub turns: Vec<Turn>,
    pub troubles: Vec<Trouble>,
    pub outcome: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub from_s: f64,
    pub to_s: f64,
}

/// Something the caller said.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub at_s: f64,
    pub words: String,
    pub interrupting: bool,
    pub understood: Understood,
}

/// What the agent made of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Understood {
    /// Nothing was reported (yet).
    Unknown,
    Unclear,
    Recognised(String),
    Typed(String),
}

/// Something the agent said.
#[derive(Clone, Debug, PartialEq)]
pub struct Utterance {
    id: u32,
    pub span: Span,
    /// What the caller heard of it.
    pub heard: String,
    /// What the caller did not hear.
    pub unheard: String,
    pub question: String,
}

impl Utterance {
    /// More words. They count as heard where the caller hears the utterance already, as all of it
    /// does until the caller speaks over it.
    fn goes_on(&mut self, more: &str, question: &str) {
        let words = if self.heard.is_empty() {
            &mut self.unheard
        } else {
            &mut self.heard
        };
        if !words.is_empty() && !more.is_empty() {
            words.push(' ');
        }
        words.push_str(more);
        question.clone_into(&mut self.question);
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub span: Span,
    pub state: String,
    pub expects: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    pub span: Span,
    pub name: String,
    pub ok: bool,
    pub took_ms: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub at_s: f64,
    pub name: String,
    pub cleared: bool,
}

/// A turn as the agent timed it, and as the caller's ear did.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    pub speech_end_s: f64,
    pub stages: Vec<Stage>,
    pub ear_ms: Option<f64>,
    /// What the caller had said.
    pub words: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    pub at_s: f64,
    pub what: String,
}

impl Story {
    /// Reads a record.
    #[must_use]
    pub fn of(record: &CallRecord) -> Self {
        let mut story = Self {
            length_s: record.length().as_secs_f64(),
            caller_voice: voice(&record.caller),
            agent_voice: voice(&record.agent),
            cuts: record.overlaps.clone(),
            ..Self::default()
        };
        let mut floor = Floor::default();
        for happened in &record.happened {
            let at_s = happened.at.as_secs_f64();
            match &happened.what {
                Happening::Says { line, interrupting } => story.said.push(Said {
                    at_s,
                    words: match line {
                        Line::Speech(words) => words.clone(),
                        other => other.to_string(),
                    },
                    interrupting: *interrupting,
                    understood: Understood::Unknown,
                }),
                Happening::Feed(line) => {
                    let at_s = line.t_ms as f64 / 1_000.0;
                    floor.feed(at_s, &line.what);
                    story.feed(at_s, &line.what);
                }
                Happening::Mark { name, cleared } => story.marks.push(Mark {
                    at_s,
                    name: name.clone(),
                    cleared: *cleared,
                }),
                Happening::SaidByNetwork { text } => story.utterances.push(Utterance {
                    id: u32::MAX,
                    span: Span {
                        from_s: at_s,
                        to_s: at_s,
                    },
                    heard: text.clone(),
                    unheard: String::new(),
                    question: "network".to_owned(),
                }),
                Happening::Invalid { reason } | Happening::Speechless { reason, .. } => {
                    story.trouble(at_s, reason);
                }
                _ => {}
            }
        }
        floor.close(story.length_s);
        if record.caller.is_empty() && record.agent.is_empty() {
            (story.caller_voice, story.agent_voice) = (floor.caller, floor.agent);
        }
        story.dips = floor.dips;
        story.settle(record);
        story
    }

    fn feed(&mut self, at_s: f64, event: &FeedEvent) {
        match event {
            FeedEvent::State { state, expects } => {
                if let Some(last) = self.states.last_mut() {
                    if last.state == *state && last.expects == *expects {
                        return;
                    }
                    last.span.to_s = at_s;
                }
                self.states.push(State {
                    span: open(at_s),
                    state: state.clone(),
                    expects: expects.clone(),
                });
            }
            FeedEvent::Caller { text, typed, .. } => self.understand(if *typed {
                Understood::Typed(text.clone())
            } else {
                Understood::Recognised(text.clone())
            }),
            FeedEvent::Unclear => self.understand(Understood::Unclear),
            FeedEvent::Agent {
                utterance,
                text,
                question,
            } => self.utterances.push(Utterance {
                id: *utterance,
                // Until its first frame leaves, it begins and ends nowhere.
                span: Span {
                    from_s: at_s,
                    to_s: at_s,
                },
                heard: String::new(),
                unheard: text.clone(),
                question: question.clone(),
            }),
            FeedEvent::AgentGoesOn {
                utterance,
                text,
                question,
            } => {
                if let Some(said) = self.utterance(*utterance) {
                    said.goes_on(text, question);
                }
            }
            FeedEvent::AgentStarted { utterance } => {
                if let Some(said) = self.utterance(*utterance) {
                    said.span = open(at_s);
                    said.heard = std::mem::take(&mut said.unheard);
                }
            }
            FeedEvent::AgentFinished { utterance } => {
                if let Some(said) = self.utterance(*utterance) {
                    said.span.to_s = at_s;
                }
            }
            FeedEvent::BargeIn {
                utterance, heard, ..
            } => {
                if let Some(said) = self.utterance(*utterance) {
                    said.span.to_s = at_s;
                    let whole = format!("{}{}", said.heard, said.unheard);
                    (said.heard, said.unheard) = split_heard(&whole, heard);
                }
            }
            FeedEvent::ToolStarted { tool } => self.tools.push(Tool {
                span: open(at_s),
                name: tool.clone(),
                ok: true,
                took_ms: None,
            }),
            FeedEvent::ToolFinished { tool, ok, took_ms } => {
                self.tool_finished(at_s, tool, *ok, *took_ms);
            }
            FeedEvent::Turn(timings) => self.turns.push(Turn {
                speech_end_s: timings.speech_end_at_ms as f64 / 1_000.0,
                stages: waterfall::stages(timings),
                ear_ms: None,
                words: String::new(),
            }),
            FeedEvent::Trouble { what } => self.trouble(at_s, what),
            FeedEvent::Ended { outcome, .. } => {
                let name = serde_json::to_value(outcome).ok();
                self.outcome = name.and_then(|v| v.as_str().map(str::to_owned));
            }
            _ => {}
        }
    }

    fn tool_finished(&mut self, at_s: f64, tool: &str, ok: bool, took_ms: f64) {
        let running = |t: &&mut Tool| t.name == tool && t.took_ms.is_none();
        if let Some(run) = self.tools.iter_mut().rev().find(running) {
            run.span.to_s = at_s;
            run.ok = ok;
            run.took_ms = Some(took_ms);
        }
    }

    fn trouble(&mut self, at_s: f64, what: &str) {
        self.troubles.push(Trouble {
            at_s,
            what: what.to_owned(),
        });
    }

    fn understand(&mut self, understood: Understood) {
        // A second reading of the same words (a noise after them) does not replace the first.
        if let Some(said) = self.said.last_mut()
            && said.understood == Understood::Unknown
        {
            said.understood = understood;
        }
    }

    fn utterance(&mut self, id: u32) -> Option<&mut Utterance> {
        self.utterances.iter_mut().rev().find(|u| u.id == id)
    }

    /// Closes what was still open when the call ended, and pairs what was timed twice.
    fn settle(&mut self, record: &CallRecord) {
        let end = self.length_s;
        let spans = self.states.iter_mut().map(|s| &mut s.span);
        let spans = spans.chain(self.utterances.iter_mut().map(|u| &mut u.span));
        for span in spans.chain(self.tools.iter_mut().map(|t| &mut t.span)) {
            span.to_s = span.to_s.min(end).max(span.from_s);
        }
        for turn in &mut self.turns {
            let ended = turn.speech_end_s;
            let near = record.turns.iter().min_by(|a, b| {
                let distance = |t: &ear::Turn| (t.speech_end.as_secs_f64() - ended).abs();
                distance(a).total_cmp(&distance(b))
            });
            turn.ear_ms = near
                .filter(|t| (t.speech_end.as_secs_f64() - ended).abs() < SAME_TURN_S)
                .map(|t| t.latency.as_secs_f64() * 1_000.0);
            let before = self.said.iter().rev().find(|s| s.at_s < ended);
            turn.words = before.map_or_else(String::new, |s| s.words.clone());
        }
    }
}

/// A span whose end is not known yet.
fn open(at_s: f64) -> Span {
    Span {
        from_s: at_s,
        to_s: f64::INFINITY,
    }
}

/// Where there is voice, by energy.
fn voice(mulaw: &[u8]) -> Vec<Span> {
    let frame_s = FRAME_MS as f64 / 1_000.0;
    let mut spans: Vec<Span> = Vec::new();
    for (n, frame) in mulaw.chunks_exact(FRAME_SAMPLES).enumerate() {
        let Ok(frame) = <&Frame>::try_from(frame) else {
            continue;
        };
        if !ear::is_audible(frame) {
            continue;
        }
        let from_s = n as f64 * frame_s;
        let to_s = from_s + frame_s;
        match spans.last_mut() {
            Some(last) if from_s - last.to_s < PAUSE_S => last.to_s = to_s,
            _ => spans.push(Span { from_s, to_s }),
        }
    }
    spans
}

/// Splits what was to be said into what was heard and the rest, word by word: the heard part may
/// have been trimmed or spaced differently.
fn split_heard(whole: &str, heard: &str) -> (String, String) {
    let words = heard.split_whitespace().count();
    let mut rest = whole;
    for _ in 0..words {
        rest = rest.trim_start();
        rest = rest.find(char::is_whitespace).map_or("", |at| &rest[at..]);
    }
    let split = whole.len() - rest.len();
    (whole[..split].to_owned(), rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fed, record};
    use super::*;
    use storage::call_log::TurnTimings;

    fn agent(utterance: u32, text: &str) -> FeedEvent {
        FeedEvent::Agent {
            utterance,
            text: text.into(),
            question: "none".into(),
        }
    }

    #[test]
    fn an_interrupted_utterance_is_split_where_the_caller_stopped_hearing() {
        let story = Story::of(&record(vec![
            fed(100, agent(4, "We have Tuesday at ten, or Friday.")),
            fed(150, FeedEvent::AgentStarted { utterance: 4 }),
            fed(
                600,
                FeedEvent::BargeIn {
                    utterance: 4,
                    heard: "We have  Tuesday".into(),
                    reaction_ms: 20.0,
                },
            ),
        ]));
        let said = &story.utterances[0];
        assert_eq!(said.heard, "We have Tuesday");
        assert_eq!(said.unheard, " at ten, or Friday.");
        assert_eq!((said.span.from_s, said.span.to_s), (0.15, 0.6));
    }

    #[test]
    fn what_never_began_was_never_heard() {
        let story = Story::of(&record(vec![fed(100, agent(0, "Never mind."))]));
        assert_eq!(story.utterances[0].heard, "");
        assert_eq!(story.utterances[0].unheard, "Never mind.");
    }

    #[test]
    fn states_follow_one_another_and_last_until_the_end() {
        let state = |name: &str| FeedEvent::State {
            state: name.into(),
            expects: "open".into(),
        };
        let story = Story::of(&record(vec![
            fed(0, state("greeting")),
            fed(200, state("greeting")),
            fed(400, state("closing")),
        ]));
        let states: Vec<(&str, f64, f64)> = story
            .states
            .iter()
            .map(|s| (s.state.as_str(), s.span.from_s, s.span.to_s))
            .collect();
        assert_eq!(states, [("greeting", 0.0, 0.4), ("closing", 0.4, 1.0)]);
    }

    #[test]
    fn a_turn_carries_the_words_and_what_the_ear_measured() {
        let mut record = record(vec![
            (
                100,
                Happening::Says {
                    line: Line::Speech("an oil change".into()),
                    interrupting: false,
                },
            ),
            fed(
                900,
                FeedEvent::Turn(TurnTimings {
                    speech_end_at_ms: 500,
                    endpoint_ms: Some(300.0),
                    ..TurnTimings::default()
                }),
            ),
        ]);
        record.turns.push(ear::Turn {
            speech_end: std::time::Duration::from_millis(480),
            latency: std::time::Duration::from_millis(640),
        });
        let turn = &Story::of(&record).turns[0];
        assert_eq!(turn.words, "an oil change");
        assert_eq!(turn.ear_ms, Some(640.0));
        assert_eq!(turn.stages.len(), 1);
    }

    #[test]
    fn voice_is_where_there_is_energy() {
        let loud = dsp::mulaw::encode(5_000);
        let mut mulaw = vec![0xFF; 1_600];
        mulaw[160..320].fill(loud);
        mulaw[480..640].fill(loud);
        assert_eq!(
            voice(&mulaw),
            [Span {
                from_s: 0.02,
                to_s: 0.08
            }]
        );
    }
}
