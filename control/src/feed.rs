//! The live feed of a call: what happens, as it happens, in words.
//!
//! The session publishes; the console of `otto call`, the timeline page and the call log read.
//! Personal data is masked before it gets here.

mod lines;

pub use lines::{CallFeed, Numbered};
use storage::call_log::{Outcome, TurnTimings};

/// One thing that happened in a call. On the wire: one JSON object per server-sent event.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FeedLine {
    pub call_sid: String,
    /// Milliseconds since the media stream started.
    pub t_ms: u64,
    #[serde(flatten)]
    pub what: FeedEvent,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum FeedEvent {
    /// Media flows. `speech` is `recognised` or `typed`.
    Started {
        speech: String,
    },
    /// The dialogue changed its state; `expects` is what it now waits for.
    State {
        state: String,
        expects: String,
    },
    /// The caller's voice began or ended, as the data plane's detector saw it.
    CallerSpeech {
        speaking: bool,
    },
    /// Words that may still change.
    Partial {
        text: String,
    },
    /// What the caller said, and the second reading where there was one.
    Caller {
        text: String,
        second_opinion: Option<String>,
        typed: bool,
    },
    /// The recogniser found no words in a turn.
    Unclear,
    /// The agent begins an utterance. `question` names what it asks, such as `when` or `none`.
    Agent {
        utterance: u32,
        text: String,
        question: String,
    },
    /// More words of an utterance that is made while it is heard. `question` as above, known with
    /// the last of them.
    AgentGoesOn {
        utterance: u32,
        text: String,
        question: String,
    },
    /// The first frame of the utterance left.
    AgentStarted {
        utterance: u32,
    },
    /// The utterance was heard to its end.
    AgentFinished {
        utterance: u32,
    },
    /// The caller makes a sound over the agent, which has fallen silent for it.
    Ducked {
        utterance: u32,
        reaction_ms: f64,
    },
    /// The sound came to nothing: the agent goes on with the utterance.
    Resumed {
        utterance: u32,
        silent_ms: f64,
    },
    /// The caller spoke over the agent, and has the floor. `heard` is what was heard of the utterance.
    BargeIn {
        utterance: u32,
        heard: String,
        reaction_ms: f64,
    },
    /// A tool began.
    ToolStarted {
        tool: String,
    },
    ToolFinished {
        tool: String,
        ok: bool,
        took_ms: f64,
    },
    Keypad {
        key: char,
    },
    /// The latencies of a finished turn.
    Turn(TurnTimings),
    /// A part failed and the call went on.
    Trouble {
        what: String,
    },
    /// The last line of a call.
    Ended {
        outcome: Outcome,
        reason: String,
        duration_ms: u64,
    },
}
