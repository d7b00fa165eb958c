//! What will be in the call log: the transcript, the turns, the tools.

use jiff::Timestamp;
use pipeline::message::Expectation;
use storage::call_log::{CallSummary, Line, Outcome, Speaker, TurnTimings};
use storage::reminder;

use super::ending::Ending;
use crate::dialogue::mask;
use crate::limits::MAX_TRANSCRIPT_LINES;
use crate::tools::CallContext;

/// Kept while the call goes on, bounded by [`MAX_TRANSCRIPT_LINES`].
#[derive(Debug, Default)]
pub(super) struct Record {
    lines: Vec<Line>,
    turns: Vec<TurnTimings>,
    tools: Vec<String>,
    /// The caller said something.
    heard_caller: bool,
    /// Lines of the agent's that answer a question of the caller's.
    answers: Vec<usize>,
    /// The call ended because nobody spoke.
    fell_silent: bool,
    message: Message,
}

/// What a machine that took a call of ours has of our message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Message {
    /// A person listens, as far as we know.
    #[default]
    None,
    /// This line.
    Begun(usize),
    Left,
}

/// How the call ended, for its log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing<'a> {
    pub(super) ending: Ending,
    pub(super) reason: &'a str,
    /// The caller ended it, not we.
    pub(super) by_caller: bool,
    pub(super) ended_at: Timestamp,
    pub(super) duration_ms: u64,
}

impl Record {
    /// What the caller said, masked.
    pub(super) fn caller(&mut self, at_ms: u64, text: &str, expected: Expectation) -> String {
        let text = mask::masked(text, expected);
        self.heard_caller = true;
        self.push(Line {
            at_ms,
            speaker: Speaker::Caller,
            text: text.clone(),
        });
        text
    }

    /// A line for what the agent is about to say; empty until it is known how much was heard.
    pub(super) fn agent(&mut self, at_ms: u64) -> usize {
        self.push(Line {
            at_ms,
            speaker: Speaker::Agent,
            text: String::new(),
        })
    }

    /// So much of an agent's line was heard, and from then on.
    pub(super) fn heard(&mut self, line: usize, heard: &str) {
        if let Some(line) = self.lines.get_mut(line) {
            line.text = mask::masked(heard, Expectation::Open);
        }
    }

    /// An agent's line was heard to its end.
    pub(super) fn heard_whole(&mut self, line: usize, text: &str) {
        self.heard(line, text);
        if self.message == Message::Begun(line) {
            self.message = Message::Left;
        }
    }

    /// This line is the message for a machine.
    pub(super) fn leaves_message(&mut self, line: usize) {
        self.message = Message::Begun(line);
    }

    /// What came of a call of ours in which nothing was decided; nothing where it reached nobody: no
    /// word of it was heard, or a machine has only a part of the message.
    pub(super) fn reached(&self) -> Option<reminder::Outcome> {
        match self.message {
            Message::Left => Some(reminder::Outcome::Voicemail),
            Message::Begun(_) => None,
            Message::None => self
                .lines
                .iter()
                .any(|line| line.speaker == Speaker::Agent && !line.text.is_empty())
                .then_some(reminder::Outcome::Reached),
        }
    }

    pub(super) fn started(&mut self, line: usize, at_ms: u64) {
        if let Some(line) = self.lines.get_mut(line) {
            line.at_ms = at_ms;
        }
    }

    pub(super) fn turn(&mut self, timings: TurnTimings) {
        if self.turns.len() < MAX_TRANSCRIPT_LINES {
            self.turns.push(timings);
        }
    }

    pub(super) fn tool(&mut self, name: &str) {
        if self.tools.len() < MAX_TRANSCRIPT_LINES {
            self.tools.push(name.to_owned());
        }
    }

    /// This line of the agent's answers a question of the caller's.
    pub(super) fn answers(&mut self, line: usize) {
        if self.answers.len() < MAX_TRANSCRIPT_LINES {
            self.answers.push(line);
        }
    }

    pub(super) fn fell_silent(&mut self) {
        self.fell_silent = true;
    }

    /// The finished log.
    pub(super) fn close(self, context: &CallContext, closing: Closing<'_>) -> CallSummary {
        let settled = context.settled();
        let outcome = self.outcome(context, closing);
        let mut lines = self.lines;
        // Nothing of these was heard.
        lines.retain(|line| !line.text.is_empty());
        lines.sort_by_key(|line| line.at_ms);
        CallSummary {
            ended_at: closing.ended_at,
            duration_ms: closing.duration_ms,
            outcome,
            end_reason: closing.reason.to_owned(),
            customer: context.customer(),
            appointment: settled.map(|settled| settled.appointment),
            required_human_transfer: context.needs_human() || closing.ending == Ending::Transfer,
            transcript: lines,
            turns: self.turns,
            tools_used: self.tools,
        }
    }

    fn outcome(&self, context: &CallContext, closing: Closing<'_>) -> Outcome {
        if let Some(settled) = context.settled() {
            return settled.outcome;
        }
        match closing.ending {
            Ending::Transfer => Outcome::Transferred,
            Ending::Fault | Ending::Busy => Outcome::Failed,
            Ending::HungUp if self.heard_an_answer() => Outcome::Answered,
            Ending::HungUp if closing.by_caller => Outcome::Abandoned,
            Ending::HungUp if self.fell_silent || !self.heard_caller => Outcome::Failed,
            // They left with a good-bye and without anything they came for.
            Ending::HungUp => Outcome::Abandoned,
        }
    }

    /// At least the beginning of an answer came across.
    fn heard_an_answer(&self) -> bool {
        let came_across = |line: &usize| self.lines.get(*line).is_some_and(|l| !l.text.is_empty());
        self.answers.iter().any(came_across)
    }

    /// Adds a line and gives its place. When full, the last line is overwritten: the beginning of
    /// a call explains it best, and its end is told by the outcome.
    fn push(&mut self, line: Line) -> usize {
        if self.lines.len() >= MAX_TRANSCRIPT_LINES {
            self.lines.pop();
        }
        self.lines.push(line);
        self.lines.len() - 1
    }
}
