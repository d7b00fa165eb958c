//! The conversation as a language model is told it: what was said and heard, and what tools did.

use std::collections::VecDeque;

use crate::dialogue::limits::{HISTORY_TOKENS, LETTERS_PER_TOKEN, TOOL_ANSWER_LETTERS};
use crate::llm::{Message, ToolRequest};

/// Oldest first, bounded by [`HISTORY_TOKENS`].
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    entries: VecDeque<Entry>,
    /// How many things the agent has said.
    said: u32,
}

/// What the caller's last words answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked<'a> {
    /// Rises within a call.
    pub(super) number: u32,
    pub(super) text: &'a str,
    /// How many letters of it were heard.
    pub(super) heard: usize,
}

#[derive(Clone, Debug)]
enum Entry {
    Caller(String),
    Agent(Said),
    /// What was asked of tools in one answer, and what was said before. One entry, so that a
    /// request is never told without its result.
    Tools {
        said: Said,
        calls: Vec<Call>,
    },
}

/// Words of the agent's.
#[derive(Clone, Debug)]
struct Said {
    number: u32,
    text: String,
    /// Only that it takes a moment: nothing that was said to the matter.
    aside: bool,
    /// How many letters of it were heard, where the caller spoke over it.
    heard: Option<usize>,
}

#[derive(Clone, Debug)]
struct Call {
    request: ToolRequest,
    result: Option<String>,
}

impl History {
    pub(super) fn caller(&mut self, words: &str) {
        self.entries.push_back(Entry::Caller(words.to_owned()));
        self.trim();
    }

    /// The agent said this, or is about to.
    pub(super) fn agent(&mut self, text: &str) {
        if !text.is_empty() {
            let said = self.saying(text);
            self.entries.push_back(Entry::Agent(said));
        }
    }

    /// The agent said that it takes a moment.
    pub(super) fn aside(&mut self, text: &str) {
        let said = Said {
            aside: true,
            ..self.saying(text)
        };
        self.entries.push_back(Entry::Agent(said));
    }

    fn saying(&mut self, text: &str) -> Said {
        self.said += 1;
        Said {
            number: self.said,
            text: text.to_owned(),
            aside: false,
            heard: None,
        }
    }

    /// The agent said this and asked for tools.
    pub(super) fn tools(&mut self, text: &str, calls: &[ToolRequest]) {
        let said = self.saying(text);
        let calls = calls.iter().cloned().map(|mut request| {
            if request.arguments.len() > TOOL_ANSWER_LETTERS {
                request.arguments = "{}".to_owned();
            }
            Call {
                request,
                result: None,
            }
        });
        self.entries.push_back(Entry::Tools {
            said,
            calls: calls.collect(),
        });
    }

    /// What a tool of the last answer gave.
    pub(super) fn result(&mut self, call: usize, content: String) {
        let last = self.entries.iter_mut().rev().find_map(|entry| match entry {
            Entry::Tools { calls, .. } => Some(calls),
            _ => None,
        });
        if let Some(call) = last.and_then(|calls| calls.get_mut(call)) {
            call.result = Some(content);
        }
    }

    /// The caller spoke over the agent, of whose words only this came across.
    pub(super) fn cut(&mut self, heard: &str) {
        let since = |entry: &&mut Entry| !matches!(entry, Entry::Caller(_));
        let mut said: Vec<&mut Said> = self
            .entries
            .iter_mut()
            .rev()
            .take_while(since)
            .filter_map(Entry::said)
            .filter(|said| !said.text.is_empty())
            .collect();
        // Of several utterances, one was interrupted and the later ones were not begun.
        let interrupted = said.iter().position(|said| said.text.starts_with(heard));
        let Some(at) = interrupted else { return };
        for (n, said) in said.iter_mut().enumerate().take(at + 1) {
            said.heard = Some(if n == at { heard.len() } else { 0 });
        }
    }

    /// What the agent said last before the caller's last words.
    pub(super) fn question_to_the_caller(&self) -> Option<Asked<'_>> {
        let before = self.entries.iter().rev();
        before
            .skip_while(|entry| !matches!(entry, Entry::Caller(_)))
            .find_map(Entry::asked)
    }

    /// What the agent said last, as far as it was heard.
    pub(super) fn last_said(&self) -> Option<Asked<'_>> {
        self.entries.iter().rev().find_map(Entry::asked)
    }

    /// As a request: the instructions, the conversation, and the context beside the caller's last
    /// words.
    pub(super) fn messages(&self, instructions: &str, context: &str) -> Vec<Message> {
        let last = self
            .entries
            .iter()
            .rposition(|entry| matches!(entry, Entry::Caller(_)));
        let mut messages = vec![Message::System(instructions.to_owned())];
        for (n, entry) in self.entries.iter().enumerate() {
            match entry {
                Entry::Caller(words) if Some(n) == last => {
                    messages.push(Message::User(format!("{words}\n\n{context}")));
                }
                Entry::Caller(words) => messages.push(Message::User(words.clone())),
                Entry::Agent(said) if said.aside => {}
                Entry::Agent(said) => messages.push(Message::Assistant {
                    text: said.came_across(),
                    tool_calls: Vec::new(),
                }),
                Entry::Tools { said, calls } => {
                    messages.push(Message::Assistant {
                        text: said.came_across(),
                        tool_calls: calls.iter().map(|call| call.request.clone()).collect(),
                    });
                    messages.extend(calls.iter().filter_map(|call| {
                        Some(Message::Tool {
                            id: call.request.id.clone(),
                            content: call.result.clone()?,
                        })
                    }));
                }
            }
        }
        messages
    }

    fn trim(&mut self) {
        let mut tokens: usize = self.entries.iter().map(Entry::tokens).sum();
        if tokens <= HISTORY_TOKENS {
            return;
        }
        while tokens > HISTORY_TOKENS / 2 && self.entries.len() > 1 {
            tokens -= self.entries.pop_front().map_or(0, |entry| entry.tokens());
        }
    }
}

impl Entry {
    fn said(&mut self) -> Option<&mut Said> {
        match self {
            Self::Caller(_) => None,
            Self::Agent(said) | Self::Tools { said, .. } => Some(said),
        }
    }

    fn asked(&self) -> Option<Asked<'_>> {
        match self {
            Self::Agent(said) | Self::Tools { said, .. }
                if !said.text.is_empty() && !said.aside && said.heard != Some(0) =>
            {
                Some(Asked {
                    number: said.number,
                    text: &said.text,
                    heard: said.heard.unwrap_or(said.text.len()),
                })
            }
            _ => None,
        }
    }

    fn tokens(&self) -> usize {
        let letters = match self {
            Self::Caller(words) => words.len(),
            Self::Agent(said) => said.text.len(),
            Self::Tools { said, calls } => {
                let of = |call: &Call| {
                    call.request.arguments.len() + call.result.as_ref().map_or(0, String::len)
                };
                said.text.len() + calls.iter().map(of).sum::<usize>()
            }
        };
        letters / LETTERS_PER_TOKEN + OVERHEAD_TOKENS
    }
}

/// Of one message, beside its text.
const OVERHEAD_TOKENS: usize = 8;

impl Said {
    fn came_across(&self) -> String {
        match self.heard {
            None => self.text.clone(),
            Some(0) => String::new(),
            Some(letters) => format!("{}…", &self.text[..letters]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(history: &History) -> Vec<String> {
        let messages = history.messages("rules", "[now]");
        let lines = messages.into_iter().map(|message| match message {
            Message::System(text) => format!("system: {text}"),
            Message::User(text) => format!("caller: {text}"),
            Message::Assistant { text, tool_calls } => {
                let names: Vec<_> = tool_calls.into_iter().map(|call| call.name).collect();
                format!("agent: {text}{}", names.join(","))
            }
            Message::Tool { id, content } => format!("{id}: {content}"),
        });
        lines.collect()
    }

    fn request(id: &str, name: &str) -> ToolRequest {
        ToolRequest {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: "{}".to_owned(),
        }
    }

    #[test]
    fn the_context_stands_beside_the_last_words_of_the_caller_only() {
        let mut history = History::default();
        history.agent("How can I help you?");
        history.caller("An oil change.");
        history.agent("When?");
        history.caller("Monday.");
        history.tools("", &[request("call_1", "get_available_slots")]);
        history.result(0, "nine".to_owned());
        assert_eq!(
            told(&history),
            [
                "system: rules",
                "agent: How can I help you?",
                "caller: An oil change.",
                "agent: When?",
                "caller: Monday.\n\n[now]",
                "agent: get_available_slots",
                "call_1: nine",
            ]
        );
    }

    #[test]
    fn what_was_not_heard_was_not_said() {
        let mut history = History::default();
        history.caller("Hello?");
        history.agent("Sure, I have nine or ten. Which one?");
        history.cut("Sure, I have nine");
        assert_eq!(told(&history)[2], "agent: Sure, I have nine…");
        history.caller("Nine.");
        let asked = history.question_to_the_caller().expect("asked");
        assert_eq!(asked.text, "Sure, I have nine or ten. Which one?");
        assert_eq!(asked.heard, 17);
    }

    #[test]
    fn of_two_utterances_the_later_one_was_not_begun() {
        let mut history = History::default();
        history.caller("Is nine free?");
        history.tools("Let me see.", &[request("call_1", "get_available_slots")]);
        history.result(0, "nine".to_owned());
        history.agent("Nine is free.");
        history.cut("Let me");
        assert_eq!(told(&history)[2], "agent: Let me…get_available_slots");
        assert_eq!(told(&history)[4], "agent: ");
    }

    #[test]
    fn a_long_conversation_is_told_from_later_on_and_tools_keep_their_results() {
        let mut history = History::default();
        for turn in 0..400 {
            history.caller(&format!("turn {turn} {}", "word ".repeat(20)));
            history.tools("", &[request("call", "find_vehicle")]);
            history.result(0, "one".to_owned());
            history.agent("Here it is.");
        }
        let told = told(&history);
        let letters: usize = told.iter().map(String::len).sum();
        assert!(
            letters / LETTERS_PER_TOKEN < HISTORY_TOKENS * 3 / 2,
            "{letters}"
        );
        assert!(told.iter().any(|line| line.contains("turn 399")));
        assert!(!told.iter().any(|line| line.contains("turn 1 ")));
        let asked = told.iter().filter(|l| *l == "agent: find_vehicle").count();
        let answered = told.iter().filter(|l| *l == "call: one").count();
        assert_eq!(asked, answered);
    }
}
