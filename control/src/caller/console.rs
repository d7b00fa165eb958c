//! A call in a plain terminal, line by line as it happens.
//!
//! Pure: turns what happened into lines of text; who prints them decides about colours. Calls that
//! run side by side have a label in front of every line.

use std::time::Duration;

use storage::call_log::TurnTimings;

use super::ear::{Noticed, Overlap};
use super::line::Line;
use super::record::{Happened, Happening};
use super::waterfall::{self, StageKind};
use crate::feed::{FeedEvent, FeedLine};

/// Milliseconds for which a waterfall bar has one character.
const MS_PER_CHARACTER: f64 = 50.0;

/// Longest waterfall bar, in characters.
const BAR_CHARACTERS: usize = 60;

/// Writes one call's lines.
#[derive(Debug)]
pub struct Console {
    /// In front of every line; empty for a single call.
    label: String,
    colours: bool,
    /// What the caller said last, to compare with what was recognised.
    said: Option<String>,
    state: Option<(String, String)>,
}

/// How a piece of text is shown where there are colours.
#[derive(Clone, Copy)]
enum Ink {
    Plain,
    Faint,
    Caller,
    Agent,
    Tool,
    Warning,
    Trouble,
    Stage(StageKind),
}

impl Console {
    #[must_use]
    pub fn new(label: &str, colours: bool) -> Self {
        Self {
            label: label.to_owned(),
            colours,
            said: None,
            state: None,
        }
    }

    /// The lines that tell what happened; none for what is not worth a line.
    pub fn lines(&mut self, event: &Happened) -> Vec<String> {
        let at = event.at;
        let line = match &event.what {
            Happening::Dialling { from, to } => {
                self.line(at, "call", Ink::Faint, &format!("{from} dials {to}"))
            }
            Happening::StreamOpened { .. } => {
                self.line(at, "call", Ink::Faint, "the media stream is open")
            }
            Happening::NoFeed { reason } => {
                let text = format!("no live feed ({reason}); going on by ear");
                self.line(at, "call", Ink::Warning, &text)
            }
            Happening::Says { line, interrupting } => {
                let text = match line {
                    Line::Speech(words) => words.clone(),
                    other => other.to_string(),
                };
                let who = if *interrupting { "caller!" } else { "caller" };
                let shown = self.line(at, who, Ink::Caller, &text);
                self.said = Some(text);
                shown
            }
            Happening::Speechless { line, reason } => {
                let text = format!("cannot say {line}: {reason}");
                self.line(at, "caller", Ink::Trouble, &text)
            }
            Happening::Feed(line) => return self.feed(line).into_iter().collect(),
            Happening::Noticed(Noticed::Overlap(overlap)) => {
                let (ink, text) = overlap_in_words(overlap);
                self.line(at, "barge-in", ink, &text)
            }
            Happening::Noticed(Noticed::Turn(turn)) => {
                let text = format!("the answer is heard after {} ms", turn.latency.as_millis());
                self.line(at, "ear", Ink::Faint, &text)
            }
            Happening::Noticed(Noticed::ClearUnasked) => {
                self.line(at, "ear", Ink::Warning, "cleared, and nobody had spoken")
            }
            Happening::Invalid { reason } => self.line(
                at,
                "call",
                Ink::Trouble,
                &format!("from the agent: {reason}"),
            ),
            Happening::SaidByNetwork { text } => self.line(at, "network", Ink::Agent, text),
            Happening::Ended(ending) => {
                self.line(at, "call", Ink::Faint, &format!("over: {ending}"))
            }
            Happening::Noticed(_) | Happening::Mark { .. } | Happening::Clear { .. } => {
                return Vec::new();
            }
        };
        vec![line]
    }

    fn feed(&mut self, line: &FeedLine) -> Option<String> {
        let at = Duration::from_millis(line.t_ms);
        Some(match &line.what {
            FeedEvent::Started { speech } => {
                let text = format!("speech is {speech}");
                self.line(at, "call", Ink::Faint, &text)
            }
            FeedEvent::State { state, expects } => {
                let new = (state.clone(), expects.clone());
                if self.state.as_ref() == Some(&new) {
                    return None;
                }
                let text = format!("{state}, waiting for {expects}");
                self.state = Some(new);
                self.line(at, "state", Ink::Faint, &text)
            }
            FeedEvent::Partial { text } => self.line(at, "hears", Ink::Faint, &format!("{text} …")),
            FeedEvent::Caller {
                text,
                second_opinion,
                typed,
            } => {
                let same = self.said.as_deref() == Some(text.as_str());
                let note = match (typed, second_opinion) {
                    (true, _) => " (typed, not recognised)".to_owned(),
                    (false, Some(second)) if second != text => format!(", or “{second}”"),
                    (false, _) if same => " (every word)".to_owned(),
                    (false, _) => String::new(),
                };
                self.line(at, "hears", Ink::Faint, &format!("“{text}”{note}"))
            }
            FeedEvent::Unclear => self.line(at, "hears", Ink::Warning, "nothing it understands"),
            FeedEvent::AgentGoesOn { text, .. } if text.is_empty() => return None,
            FeedEvent::Agent { text, .. } | FeedEvent::AgentGoesOn { text, .. } => {
                self.line(at, "agent", Ink::Agent, text)
            }
            FeedEvent::Ducked { reaction_ms, .. } => {
                let text = format!("the agent is silent after {reaction_ms:.0} ms");
                self.line(at, "duck", Ink::Faint, &text)
            }
            FeedEvent::Resumed { silent_ms, .. } => {
                let text = format!("the agent goes on after {silent_ms:.0} ms");
                self.line(at, "resume", Ink::Faint, &text)
            }
            FeedEvent::BargeIn { heard, .. } => {
                let text = format!("the agent counts as heard: “{heard}”");
                self.line(at, "barge-in", Ink::Faint, &text)
            }
            FeedEvent::ToolFinished { tool, ok, took_ms } => {
                let (ink, end) = if *ok {
                    (Ink::Tool, "")
                } else {
                    (Ink::Warning, ", refused")
                };
                self.line(at, "tool", ink, &format!("{tool} in {took_ms:.0} ms{end}"))
            }
            FeedEvent::Keypad { key } => self.line(at, "hears", Ink::Faint, &format!("key {key}")),
            FeedEvent::Turn(turn) => self.turn(at, turn)?,
            FeedEvent::Trouble { what } => self.line(at, "trouble", Ink::Trouble, what),
            FeedEvent::Ended { outcome, .. } => {
                let outcome = serde_json::to_value(outcome).ok();
                let name = outcome.as_ref().and_then(|v| v.as_str()).unwrap_or("?");
                self.line(at, "call", Ink::Faint, &format!("outcome: {name}"))
            }
            FeedEvent::CallerSpeech { .. }
            | FeedEvent::AgentStarted { .. }
            | FeedEvent::AgentFinished { .. }
            | FeedEvent::ToolStarted { .. } => return None,
        })
    }

    /// The waterfall of one turn in one line.
    fn turn(&self, at: Duration, turn: &TurnTimings) -> Option<String> {
        let stages = waterfall::stages(turn);
        let total = stages.last()?.to_ms;
        let mut bar = String::new();
        let mut drawn = 0;
        let mut legend = Vec::new();
        for stage in &stages {
            let end = ((stage.to_ms / MS_PER_CHARACTER).round() as usize).min(BAR_CHARACTERS);
            let cells = block(stage.kind).repeat(end.saturating_sub(drawn));
            bar.push_str(&self.ink(Ink::Stage(stage.kind), &cells));
            drawn = drawn.max(end);
            legend.push(format!("{} {:.0}", stage.kind.name(), stage.length_ms()));
        }
        let text = format!("{bar} {total:.0} ms = {}", legend.join(" + "));
        Some(self.put(at, "turn", Ink::Plain, &text))
    }

    fn line(&self, at: Duration, who: &str, ink: Ink, text: &str) -> String {
        // What a peer wrote must not steer the terminal.
        let clean: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        self.put(at, who, ink, &self.ink(ink, &clean))
    }

    /// A line whose text is ready for the terminal.
    fn put(&self, at: Duration, who: &str, ink: Ink, text: &str) -> String {
        let seconds = at.as_secs();
        let tenths = at.subsec_millis() / 100;
        let clock = format!("{:02}:{:02}.{tenths}", seconds / 60, seconds % 60);
        let clock = self.ink(Ink::Faint, &clock);
        let who = self.ink(ink, &format!("{who:<9}"));
        format!("{}{clock}  {who} {text}", self.label)
    }

    fn ink(&self, ink: Ink, text: &str) -> String {
        if !self.colours || text.is_empty() {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Plain => return text.to_owned(),
            Ink::Faint => "2",
            Ink::Caller => "1;34",
            Ink::Agent => "1;32",
            Ink::Tool => "35",
            Ink::Warning => "33",
            Ink::Trouble => "1;31",
            Ink::Stage(StageKind::Pause) => "90",
            Ink::Stage(StageKind::Words) => "34",
            Ink::Stage(StageKind::Model) => "95",
            Ink::Stage(StageKind::Thought) => "35",
            Ink::Stage(StageKind::Voice) => "32",
            Ink::Stage(StageKind::Frame) => "33",
            Ink::Stage(StageKind::Line) => "36",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// A character for each stage, told apart without colours, too.
fn block(kind: StageKind) -> &'static str {
    match kind {
        StageKind::Pause => "░",
        StageKind::Words => "▒",
        StageKind::Model => "▞",
        StageKind::Thought => "▓",
        StageKind::Voice => "█",
        StageKind::Frame => "▚",
        StageKind::Line => "▬",
    }
}

fn overlap_in_words(overlap: &Overlap) -> (Ink, String) {
    match (overlap.to_clear, overlap.to_silence) {
        (Some(clear), Some(silence)) => {
            let text = format!(
                "clear after {} ms, silence after {} ms",
                clear.as_millis(),
                silence.as_millis()
            );
            (Ink::Warning, text)
        }
        (Some(clear), None) => {
            let text = format!("clear after {} ms", clear.as_millis());
            (Ink::Warning, text)
        }
        (None, Some(_)) => (
            Ink::Faint,
            "the agent was about to end by itself".to_owned(),
        ),
        (None, None) => (Ink::Trouble, "the agent talked on".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::ear::Turn;

    fn happened(at_ms: u64, what: Happening) -> Happened {
        let at = Duration::from_millis(at_ms);
        Happened { at, what }
    }

    fn fed(t_ms: u64, what: FeedEvent) -> Happened {
        let call_sid = "CA".to_owned();
        happened(
            t_ms,
            Happening::Feed(FeedLine {
                call_sid,
                t_ms,
                what,
            }),
        )
    }

    #[test]
    fn a_turn_is_one_line_whose_bar_is_as_long_as_the_wait() {
        let turn = TurnTimings {
            endpoint_ms: Some(300.0),
            transcript_ms: Some(400.0),
            first_clause_ms: Some(450.0),
            first_audio_ms: Some(600.0),
            ..TurnTimings::default()
        };
        let lines = Console::new("1 ", false).lines(&fed(62_345, FeedEvent::Turn(turn)));
        assert_eq!(
            lines,
            ["1 01:02.3  turn      ░░░░░░▒▒▓███ 600 ms = \
                 pause 300 + words 100 + thought 50 + voice 150"]
        );
    }

    #[test]
    fn what_was_recognised_is_compared_with_what_was_said() {
        let mut console = Console::new("", false);
        let says = Happening::Says {
            line: Line::Speech("next tuesday".into()),
            interrupting: false,
        };
        assert!(console.lines(&happened(1_000, says))[0].ends_with("caller    next tuesday"));
        let heard = |text: &str| FeedEvent::Caller {
            text: text.into(),
            second_opinion: None,
            typed: false,
        };
        let same = console.lines(&fed(2_000, heard("next tuesday")));
        assert!(same[0].ends_with("“next tuesday” (every word)"), "{same:?}");
        let other = console.lines(&fed(2_000, heard("next thursday")));
        assert!(!other[0].contains("every word"));
    }

    #[test]
    fn a_barge_in_tells_its_reaction() {
        let overlap = Overlap {
            onset: Duration::from_secs(3),
            to_clear: Some(Duration::from_millis(62)),
            to_silence: Some(Duration::from_millis(80)),
        };
        let event = happened(3_100, Happening::Noticed(Noticed::Overlap(overlap)));
        let lines = Console::new("", false).lines(&event);
        assert!(lines[0].contains("clear after 62 ms, silence after 80 ms"));
    }

    #[test]
    fn a_peers_words_cannot_steer_the_terminal() {
        let event = fed(
            0,
            FeedEvent::Agent {
                utterance: 0,
                text: "\x1b[2Jhello\r\n".into(),
                question: "none".into(),
            },
        );
        let lines = Console::new("", false).lines(&event);
        assert!(!lines[0].contains(['\x1b', '\r', '\n']), "{lines:?}");
    }

    #[test]
    fn colours_come_only_where_they_are_wanted() {
        let turn = Turn {
            speech_end: Duration::ZERO,
            latency: Duration::from_millis(640),
        };
        let event = happened(640, Happening::Noticed(Noticed::Turn(turn)));
        assert!(!Console::new("", false).lines(&event)[0].contains('\x1b'));
        assert!(Console::new("", true).lines(&event)[0].contains('\x1b'));
    }
}
