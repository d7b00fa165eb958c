//! What the control plane and the data plane say to each other about one call.
//!
//! [`Command`]s go in, [`Event`]s come out; text lives here, audio does not. Both travel by bounded
//! channels between the control runtime and a shard's net thread; the net thread relays to the voice
//! thread only small `Copy` facts.

use dsp::Samples;

use crate::time::Mono;

/// One thing the agent says, from its first clause to its last played sample.
///
/// Ids rise within a call and are never reused. Every audio chunk carries its utterance's id, so
/// audio of a retired utterance is dropped wherever it turns up.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct UtteranceId(pub u32);

/// What the dialogue waits for: chooses the local engine's grammar and language model, and how long
/// a pause ends the caller's turn.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Expectation {
    /// Anything: a request, a question, a greeting.
    #[default]
    Open,
    YesNo,
    /// A day, a time, or both; or a choice among offered ones.
    When,
    /// A ten-digit telephone number.
    Phone,
    DateOfBirth,
    /// A street address.
    Address,
    /// A person's first and last name.
    Name,
    /// Model year, make and model, or which of the caller's vehicles.
    Vehicle,
}

impl Expectation {
    /// All of them, in the order of their numbers on the wire to speech workers.
    pub const ALL: [Self; 8] = [
        Self::Open,
        Self::YesNo,
        Self::When,
        Self::Phone,
        Self::DateOfBirth,
        Self::Address,
        Self::Name,
        Self::Vehicle,
    ];
}

/// What the control plane asks of a call.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Speak one clause. The clauses of an utterance are played in order; `last` closes it.
    /// A clause of a retired utterance is ignored.
    Say {
        utterance: UtteranceId,
        text: String,
        last: bool,
    },
    /// Retire an utterance: nothing of it, or of any before it, is heard from now on.
    Retire { utterance: UtteranceId },
    /// What the dialogue waits for from now on.
    Expect(Expectation),
    /// What is said from now on is in this language (ISO 639-1, such as `es`), and for its voice,
    /// where the call has several.
    Language(&'static str),
    /// The words that the caller's next spoken turn stands for. Only with typed speech, where
    /// nothing is recognised; ignored (and counted) with any other recogniser.
    TypedWords(String),
    /// End the call once everything said so far has been heard, or at once.
    HangUp { after_playout: bool },
}

/// What a call reports. `at` is when it happened, on the data plane's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: Mono,
    pub kind: EventKind,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The voice thread has the caller's socket; media flows.
    Started,
    /// The caller began to speak, at this position of the caller's audio.
    SpeechStarted { position: Samples },
    /// The caller has paused long enough for the present expectation. `silence` is how long the
    /// pause had lasted when this was decided, so speech ended at `at - silence`.
    SpeechEnded { position: Samples, silence: Samples },
    /// Words that may still change. Show them; never act on them.
    Partial { text: String },
    /// All words of the turn, likely: it has not ended. Think about them; never act on them. At most
    /// once in a row for the same words.
    LikelyEnd { text: String },
    /// What was likely the end was none: the caller goes on.
    WentOn,
    /// Words of one caller turn.
    Transcript(Transcript),
    /// The recogniser gave nothing for a turn (noise, or words outside its grammar).
    NothingRecognised { position: Samples },
    /// The agent's first frame of this utterance left for the caller.
    UtteranceStarted { utterance: UtteranceId },
    /// The synthesiser delivered the first audio of this utterance to the net thread.
    FirstAudio { utterance: UtteranceId },
    /// All audio of one clause is known; `samples` is its length. Maps heard audio to words.
    ClauseSynthesised {
        utterance: UtteranceId,
        clause: u32,
        samples: Samples,
    },
    /// A mark came back: this much of the utterance has been heard by now.
    Heard {
        utterance: UtteranceId,
        samples: Samples,
    },
    /// Every sample of the utterance has been heard.
    UtteranceFinished {
        utterance: UtteranceId,
        samples: Samples,
    },
    /// Words of one caller turn that only acknowledge what the agent is saying. The agent goes on.
    Backchannel(Transcript),
    /// The caller makes a sound over the agent, which has fallen silent: the caller's buffer is
    /// cleared, the rest of the utterance is kept. `BargeIn` or `Resumed` follows. `reaction` runs
    /// from the arrival of the first voiced frame to the written `clear`.
    Ducked {
        utterance: UtteranceId,
        reaction: std::time::Duration,
    },
    /// The sound came to nothing: after `silent_for` the agent goes on at `from`, a little before
    /// where it was heard last.
    Resumed {
        utterance: UtteranceId,
        from: Samples,
        silent_for: std::time::Duration,
    },
    /// The caller has taken the floor from the agent: the utterance is retired. `heard` is how much of it the caller heard; `reaction` runs from the arrival of the first
    /// voiced frame to the written `clear`.
    BargeIn {
        utterance: UtteranceId,
        heard: Samples,
        reaction: std::time::Duration,
    },
    /// A key on the caller's telephone: `0`-`9`, `*`, `#`, `A`-`D`.
    Keypad { key: char },
    /// A speech edge failed. The call goes on; what was to be said or heard is lost unless retried.
    SpeechFailed {
        edge: SpeechEdge,
        utterance: Option<UtteranceId>,
        reason: String,
    },
    /// The call is over; the last event of a call.
    Ended { reason: EndReason },
}

/// Words of one caller turn, with what is needed to judge them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Transcript {
    pub text: String,
    /// A second, independent reading (the local engine's language model beside its grammar). The
    /// dialogue accepts a turn only where both mean the same.
    pub second_opinion: Option<String>,
    /// Whether the words were typed rather than recognised.
    pub typed: bool,
    /// Where in the caller's audio the turn began and ended.
    pub from: Samples,
    pub to: Samples,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpeechEdge {
    Stt,
    Tts,
}

/// Why a call ended, as the data plane saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The caller's side sent `stop` or a WebSocket close.
    CallerHungUp,
    /// We hung up on [`Command::HangUp`].
    AgentHungUp,
    /// The socket closed without a goodbye, or nothing came of it for too long.
    SocketLost,
    /// The socket took no byte for too long.
    SocketStalled,
    /// The peer broke the WebSocket protocol.
    ProtocolViolation,
    /// The call machine panicked; only this call ended.
    Fault,
    /// The process is stopping.
    ShuttingDown,
}
