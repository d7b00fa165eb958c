//! The dialogue: what to say and do next. Pure; the session task does the I/O.
//!
//! A [`Brain`] is fed [`Input`]s and answers with [`Action`]s. After each `handle` the caller carries
//! the actions out in order. Nothing here reads a clock, a socket or a database.

pub(crate) mod clauses;
pub mod heard;
mod keys;
mod known;
pub mod limits;
pub mod mask;
pub mod model_brain;
mod phrases;
pub mod rules;
mod speakable;
mod state;
mod turn;

pub use model_brain::ModelBrain;
pub use rules::RuleBrain;
pub(crate) use turn::vocabulary;

use pipeline::message::Expectation;
use storage::appointment::AppointmentId;
use storage::customer::Phone;

use crate::llm;
use crate::tools::{ToolCall, ToolOutcome};

/// What is said in the same words in every call in this language: greeting, questions, hints,
/// apologies, goodbye.
#[must_use]
pub fn fixed_phrases(language: storage::Language, location: &storage::Location) -> Vec<String> {
    phrases::fixed(language, location)
}

/// What the callee of a call hears that is about nothing.
#[must_use]
pub fn called_by_mistake(language: storage::Language) -> &'static str {
    phrases::CALLED_BY_MISTAKE.told_in(language)
}

/// Leads a conversation. The rule brain needs no network; a language model may stand in its place.
pub trait Brain: Send {
    /// Takes one input and says what to do. `now` is the business's local time.
    fn handle(&mut self, input: Input, now: &jiff::Zoned) -> Vec<Action>;

    /// Whether it answers anew, with all that was said, when the caller goes on before they have
    /// heard anything of its answer.
    fn thinks_again(&self) -> bool {
        false
    }

    /// What it would ask a language model if the caller had said this, and asked nothing else first;
    /// `None` where it would ask nothing, or do anything beside it. It is asked ahead of the turn,
    /// and [`Self::handle`] decides later: nothing changes by this.
    fn speculate(&self, _text: &str, _now: &jiff::Zoned) -> Option<llm::Request> {
        None
    }

    /// The times that the caller is deciding about, which nobody else is to be offered meanwhile.
    fn deciding(&self) -> Option<Offer> {
        None
    }

    /// The name of the present state, such as `slot_collection`, for the feed and the logs.
    fn state(&self) -> &'static str;
}

/// What happens to a dialogue.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Media flows. `caller` is the claimed number, absent where it was withheld or invalid.
    Opened { caller: Option<Phone> },
    /// As `Opened`, for a caller who was sent to a human in this very call and is back: nobody
    /// answered.
    Returned { caller: Option<Phone> },
    /// A call of ours about this appointment was answered.
    Reminding { appointment: AppointmentId },
    /// A call of ours about this visit, which is over, was answered.
    FollowingUp { appointment: AppointmentId },
    /// A machine has answered a call of ours, and takes a message now.
    Machine,
    /// The caller's words of one turn, and the second reading where the recogniser gave one.
    Heard {
        text: String,
        second_opinion: Option<String>,
    },
    /// The caller spoke, but no words were recognised.
    Unclear,
    /// A tool that this dialogue asked for is done.
    ToolFinished { id: ToolId, outcome: ToolOutcome },
    /// The caller interrupted; `heard` is how much of the agent's last words came across.
    Interrupted { heard: String },
    /// Nobody has spoken since the caller heard the agent's last word.
    Silence(Silence),
    /// A key on the caller's telephone.
    Keypad(char),
    /// More of the answer that was asked for by [`Action::Ask`].
    Model(llm::Answer),
    /// The caller has been waiting for a while for what is asked or looked up, and hears nothing.
    Slow,
}

/// How long the line has been silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// Long enough to ask whether the caller is still there.
    Prompt,
    /// Long enough to hang up.
    HangUp,
}

/// What a dialogue wants done, in this order.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a few live for a moment, and a booking's arguments are what is large"
)]
pub enum Action {
    /// Say this. `question` is what it asks the caller, for scripts, tests and the feed.
    Say { text: String, question: Question },
    /// The next clause of an utterance that grows while it is made; the first one begins it. `last`
    /// closes it, and may come without words. Until then nothing else is said.
    Clause {
        text: String,
        question: Question,
        last: bool,
    },
    /// Ask the language model this, and nothing that was asked before. It answers by
    /// [`Input::Model`].
    Ask(llm::Request),
    /// The model's answer is no longer wanted.
    StopAsking,
    /// Run a tool and report with [`Input::ToolFinished`].
    RunTool { id: ToolId, call: ToolCall },
    /// What this tool will answer is no longer wanted, and not to be told: it only reads.
    Abandon(ToolId),
    /// What was just said answers a question of the caller's. A caller who hears it and hangs up got
    /// what they called for.
    Answered,
    /// What was just said is the message for a machine. One that it took to the end is left.
    Message,
    /// From here on the caller is answered in this language.
    Speak(storage::Language),
    /// What the dialogue now waits for.
    Expect(Expectation),
    /// End the call once everything said has been heard.
    HangUp,
    /// Hand the caller to a human once everything said has been heard.
    Transfer { reason: TransferReason },
}

/// Times that were offered to the caller and are not in the book yet.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Offer {
    /// Key of the service in the location file; it decides how long a bay is needed.
    pub service: String,
    pub starts: Vec<jiff::Zoned>,
}

/// Pairs a tool's result with its request; rises within a call.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct ToolId(pub u32);

/// What the agent's words ask of the caller. Each is one step of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Nothing; a statement.
    None,
    /// How can I help you?
    Help,
    Service,
    When,
    WhichVehicle,
    Vehicle,
    Name,
    Phone,
    DateOfBirth,
    Address,
    /// A vehicle's identification number.
    Vin,
    WhichAppointment,
    Reason,
    /// Shall I do this?
    Confirm,
    /// Another time for the appointment, or no appointment?
    MoveOrCancel,
    /// Was everything all right at the visit?
    AllWell,
    /// Is there anything else?
    AnythingElse,
    /// Are you still there?
    StillThere,
}

/// Why a caller is handed to a human.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferReason {
    Requested,
    Upset,
    Complaint,
    Complex,
    /// We could not understand or verify the caller.
    NotUnderstood,
    /// A part that the call needs is broken.
    Trouble,
}
