//! A conversation whose course is written down as it goes: what it is told, and what it does.

use std::time::Duration;

use pipeline::Mono;
use pipeline::message::{Command, Event, Expectation};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use storage::call_log::TurnTimings;

use super::conversation::{Conversation, Effect, Now, Thought};
use super::ending::Ending;
use super::record::Record;
use crate::dialogue::{Input, ToolId, mask};
use crate::events::{Given, Header, Line, What, hex};
use crate::feed::FeedEvent;
use crate::llm;
use crate::tools::ToolOutcome;

/// Takes the lines of a log.
pub(super) type Writing = Box<dyn FnMut(String) + Send>;

/// Writes down what happens in one call.
pub(super) struct Minutes {
    write: Writing,
    began: Mono,
    masked: bool,
    /// What the dialogue waits for: the best guide to what is personal.
    expects: Expectation,
}

impl Minutes {
    /// Begins a log with its header.
    pub(super) fn begin(mut write: Writing, header: &Header) -> Self {
        if let Ok(line) = serde_json::to_string(header) {
            write(line);
        }
        Self {
            write,
            began: Mono::from_nanos(header.mono_ns),
            masked: header.masked,
            expects: Expectation::default(),
        }
    }

    /// Something that was told of the call beside its conversation.
    pub(super) fn fact(&mut self, what: &FeedEvent, at: Mono) {
        self.line(What::Fact(what.clone()), at);
    }

    fn given(&mut self, given: Given, at: Mono) {
        let what = if self.masked {
            What::InMasked(without_personal_data(&given, self.expects))
        } else {
            What::In(given)
        };
        self.line(what, at);
    }

    fn effect(&mut self, effect: &Effect, at: Mono) {
        if let Effect::Send(Command::Expect(expects)) = effect {
            self.expects = *expects;
        }
        self.line(What::Out(told(effect, self.masked)), at);
    }

    fn line(&mut self, what: What, at: Mono) {
        let t = relative(at, self.began);
        // Plain data; what did not serialise would be missed by a replay, and told there.
        if let Ok(line) = serde_json::to_string(&Line { t, what }) {
            (self.write)(line);
        }
    }
}

/// Nanoseconds from one moment to another, which may lie before it.
fn relative(at: Mono, began: Mono) -> i64 {
    let nanos = |span: Duration| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
    nanos(at.since(began)) - nanos(began.since(at))
}

/// The moment of so many nanoseconds after another.
pub(super) fn moment(t: i64, began: Mono) -> Mono {
    let span = Duration::from_nanos(t.unsigned_abs());
    if t < 0 {
        began.minus(span)
    } else {
        began.plus(span)
    }
}

/// See the module's documentation. Without minutes it is the conversation alone.
pub(super) struct Recorded {
    conversation: Conversation,
    pub(super) minutes: Option<Minutes>,
    /// When the conversation was told something last: effects are of that moment.
    at: Mono,
}

impl Recorded {
    pub(super) fn new(conversation: Conversation, minutes: Option<Minutes>, now: Mono) -> Self {
        Self {
            conversation,
            minutes,
            at: now,
        }
    }

    pub(super) fn handle_opened(&mut self, opening: Input, now: &Now) {
        self.given(now, || Given::Opened(opening.clone()));
        self.conversation.handle_opened(opening, now);
    }

    pub(super) fn handle_machine(&mut self, now: &Now) {
        self.given(now, || Given::Machine);
        self.conversation.handle_machine(now);
    }

    pub(super) fn handle_event(&mut self, event: Event, now: &Now) {
        let began = self.minutes.as_ref().map_or(now.mono, |m| m.began);
        self.given(now, || Given::Event {
            at: relative(event.at, began),
            kind: event.kind.clone(),
        });
        self.conversation.handle_event(event, now);
    }

    pub(super) fn handle_model(&mut self, answer: llm::Answer, now: &Now) {
        self.given(now, || Given::Model(answer.clone()));
        self.conversation.handle_model(answer, now);
    }

    pub(super) fn handle_tool(&mut self, id: ToolId, outcome: ToolOutcome, now: &Now) {
        self.given(now, || Given::Tool {
            id,
            outcome: outcome.clone(),
        });
        self.conversation.handle_tool(id, outcome, now);
    }

    pub(super) fn handle_timeout(&mut self, now: &Now) {
        self.given(now, || Given::Timeout);
        self.conversation.handle_timeout(now);
    }

    pub(super) fn poll_effect(&mut self) -> Option<Effect> {
        let effect = self.conversation.poll_effect()?;
        if let Some(minutes) = &mut self.minutes {
            minutes.effect(&effect, self.at);
        }
        Some(effect)
    }

    pub(super) fn poll_timeout(&self) -> Option<Mono> {
        self.conversation.poll_timeout()
    }

    pub(super) fn intended(&self) -> Option<Ending> {
        self.conversation.intended()
    }

    pub(super) fn elapsed_ms(&self, now: Mono) -> u64 {
        self.conversation.elapsed_ms(now)
    }

    /// See [`Conversation::thought_at_the_end`].
    pub(super) fn thought_at_the_end(&mut self) -> Option<Thought> {
        self.conversation.thought_at_the_end()
    }

    pub(super) fn into_record(self) -> (Record, Option<TurnTimings>) {
        self.conversation.into_record()
    }

    fn given(&mut self, now: &Now, given: impl FnOnce() -> Given) {
        self.at = now.mono;
        if let Some(minutes) = &mut self.minutes {
            minutes.given(given(), now.mono);
        }
    }
}

// ---- in words -----------------------------------------------------------------

/// An effect as a log has it.
fn told(effect: &Effect, masked: bool) -> Value {
    let shown = |text: &str| mask::masked(text, Expectation::Open);
    match effect {
        Effect::Send(Command::Say {
            utterance,
            text,
            last,
        }) if masked => {
            let say = json!({"utterance": utterance, "text": shown(text), "last": last});
            json!({ "send": { "say": say } })
        }
        Effect::Send(command) => json!({ "send": command }),
        Effect::RunTool { id, call } if masked => json!({"tool": {"id": id, "name": call.name()}}),
        Effect::RunTool { id, call } => json!({"tool": {"id": id, "call": call}}),
        Effect::Ask(request) => json!({ "ask": asked(request) }),
        Effect::Publish(FeedEvent::Keypad { .. }) if masked => {
            json!({ "publish": FeedEvent::Keypad { key: '·' } })
        }
        Effect::Publish(what) => json!({ "publish": what }),
        Effect::Hold(offer) => json!({ "hold": offer }),
        Effect::Turn(timings) => json!({ "turn": timings }),
        // What carries no words of anybody.
        plain => json!({ "does": format!("{plain:?}") }),
    }
}

/// A request is long, and most of it the same each time: how much of what, and a hash.
fn asked(request: &llm::Request) -> Value {
    let mut hash = Sha256::new();
    for message in &request.messages {
        hash.update(format!("{message:?}"));
    }
    for tool in request.tools.iter() {
        hash.update(format!("{tool:?}"));
    }
    json!({
        "messages": request.messages.len(),
        "tools": request.tools.len(),
        "hash": hex(&hash.finalize()),
    })
}

/// What was given, as far as it is nobody's own.
fn without_personal_data(given: &Given, expects: Expectation) -> Value {
    match given {
        Given::Opened(_) => json!("opened"),
        Given::Event { at, kind } => {
            let mut kind = json!(kind);
            mask_words(&mut kind, expects);
            json!({"event": {"at": at, "kind": kind}})
        }
        Given::Model(answer) => match answer {
            llm::Answer::Text(text) => {
                json!({"model": {"text": mask::masked(text, Expectation::Open)}})
            }
            llm::Answer::Finished { tool_calls, .. } => {
                let tools: Vec<&str> = tool_calls.iter().map(|call| call.name.as_str()).collect();
                json!({"model": {"finished": tools}})
            }
            llm::Answer::Failed(failure) => json!({"model": {"failed": failure.kind}}),
        },
        Given::Tool { id, outcome } => json!({"tool": {"id": id, "ok": outcome.is_ok()}}),
        Given::Machine => json!("machine"),
        Given::Timeout => json!("timeout"),
    }
}

/// Masks whatever holds words or keys of the caller's, at any depth.
fn mask_words(value: &mut Value, expects: Expectation) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), &mut *value) {
                    ("key", Value::String(key)) => "·".clone_into(key),
                    (_, Value::String(text)) => *text = mask::masked(text, expects),
                    (_, other) => mask_words(other, expects),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|v| mask_words(v, expects)),
        _ => {}
    }
}

/// How a replay writes an effect, to compare it with the log.
pub(super) fn line_of(effect: &Effect, t: i64) -> String {
    let what = What::Out(told(effect, false));
    serde_json::to_string(&Line { t, what }).unwrap_or_default()
}
