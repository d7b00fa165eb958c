//! The model brain: a language model leads the dialogue, and the rules stand behind it.
//!
//! The rules pick up, so that the greeting waits for nobody. Then every turn of the caller is asked
//! of the model, whose words are spoken clause by clause while it writes. Its tools are checked
//! here: what changes the book is run only after a yes that was heard. Where the model fails, the
//! rules answer the same turn, from what is known and was said so far; the next turn is the model's
//! again, as long as it speaks.

mod act;
mod asked;
mod consent;
mod gist;
mod history;
mod keypad;
mod language;
mod outcome;
mod prompt;
mod take_over;
#[cfg(test)]
mod tests;
mod work;

use std::sync::Arc;

use jiff::Zoned;
use pipeline::message::Expectation;
use storage::{Location, Locations};

use self::gist::Gist;
use self::history::History;
pub use self::prompt::Prompt;
use self::work::Work;
use super::clauses::Clauses;
use super::known::Known;
use super::limits::MISSES;
use super::phrases::Sayable;
use super::speakable::speakable;
use super::{Action, Brain, Input, Offer, Question, RuleBrain, Silence, TransferReason, phrases};
use crate::llm::{Answer, Request};
use crate::tools::{self, ToolCall, forget_customer};

/// A dialogue led by a language model. One per call.
#[derive(Debug)]
pub struct ModelBrain {
    /// That the caller dialled.
    location: Arc<Location>,
    /// All that they may choose among.
    locations: Locations,
    prompt: Arc<Prompt>,
    known: Known,
    history: History,
    gist: Gist,
    /// What the caller has said since they last heard the agent.
    words: Words,
    /// The rules that led the last turn. They go on where they were if the model fails again, until
    /// it has answered or changed something.
    standby: Option<Box<RuleBrain>>,
    lead: Lead,
    expects: Expectation,
    /// Turns in a row without words.
    misses: u8,
    /// Digits typed so far.
    keys: String,
    /// Which question's yes was acted on.
    consented_to: Option<u32>,
    /// A change of the book that the caller has not heard of, and the number of what they heard last.
    untold: Option<(tools::Answer, u32)>,
    /// What was found free last, until the book is changed.
    offer: Option<Offer>,
    /// What this step does.
    out: Vec<Action>,
}

/// As they were recognised.
#[derive(Debug, Default)]
struct Words {
    text: String,
    second_opinion: Option<String>,
    /// The number of what the agent had said.
    answers: Option<u32>,
}

/// Who leads, and what is being waited for.
#[derive(Debug)]
enum Lead {
    /// The rules: while greeting, and where the model could not answer.
    Rules(Box<RuleBrain>),
    /// The caller has the floor.
    Listening,
    /// The model writes.
    Asking(Asking),
    /// Tools run that the model asked for.
    Working(Work),
    /// We have said goodbye.
    Over,
    /// The caller goes to a human; nothing that is said changes that.
    HandedOn,
}

/// An answer that is being written.
#[derive(Debug)]
struct Asking {
    clauses: Clauses,
    /// What was said of it so far.
    said: String,
    /// How many rounds of tools there were before it.
    round: u8,
}

impl ModelBrain {
    /// A dialogue that has not begun; [`Input::Opened`] begins it.
    #[must_use]
    pub fn new(location: Arc<Location>, prompt: Arc<Prompt>) -> Self {
        let rules = Box::new(RuleBrain::new(Arc::clone(&location)));
        Self {
            locations: Arc::clone(&location).into(),
            known: Known::speaking(location.spoken.first()),
            location,
            prompt,
            history: History::default(),
            gist: Gist::default(),
            words: Words::default(),
            standby: None,
            lead: Lead::Rules(rules),
            expects: Expectation::Open,
            misses: 0,
            keys: String::new(),
            consented_to: None,
            untold: None,
            offer: None,
            out: Vec::new(),
        }
    }

    /// Callers may choose among these.
    #[must_use]
    pub fn among(mut self, locations: Locations) -> Self {
        let rules = RuleBrain::new(Arc::clone(&self.location)).among(locations.clone());
        self.lead = Lead::Rules(Box::new(rules));
        self.locations = locations;
        self
    }
}

impl Brain for ModelBrain {
    fn handle(&mut self, input: Input, now: &Zoned) -> Vec<Action> {
        let now = &self.location.local(now.timestamp());
        let lead = std::mem::replace(&mut self.lead, Lead::Listening);
        self.lead = self.step(lead, input, now);
        std::mem::take(&mut self.out)
    }

    fn speculate(&self, text: &str, now: &Zoned) -> Option<Request> {
        let known = match &self.lead {
            Lead::Listening => &self.known,
            Lead::Rules(rules) if rules.may_yield() => rules.known(),
            _ => return None,
        };
        // What is acted upon at once is no matter for the model alone.
        if self.wants_no_calls(text, None) || known.is_denied_by(&self.plain(text)) {
            return None;
        }
        let mut history = self.history.clone();
        history.caller(text);
        let now = &self.location.local(now.timestamp());
        Some(self.request(&history, known, now))
    }

    fn thinks_again(&self) -> bool {
        !matches!(self.lead, Lead::Rules(_) | Lead::Over | Lead::HandedOn)
    }

    fn deciding(&self) -> Option<Offer> {
        match &self.lead {
            Lead::Rules(rules) => rules.deciding(),
            Lead::Listening | Lead::Asking(_) | Lead::Working(_) => self.offer.clone(),
            Lead::Over | Lead::HandedOn => None,
        }
    }

    fn state(&self) -> &'static str {
        match &self.lead {
            Lead::Rules(rules) => rules.state(),
            Lead::Listening | Lead::Asking(_) => "conversation",
            Lead::Working(_) => "execution",
            Lead::Over => "closing",
            Lead::HandedOn => "escalation",
        }
    }
}

impl ModelBrain {
    fn step(&mut self, lead: Lead, input: Input, now: &Zoned) -> Lead {
        if let Input::Heard {
            text,
            second_opinion,
        } = &input
        {
            self.heed_language(&lead, text, second_opinion.as_deref());
        }
        match (lead, input) {
            (Lead::HandedOn, _) => Lead::HandedOn,
            // What the law wants done at once waits for no model.
            (
                lead,
                Input::Heard {
                    text,
                    second_opinion,
                },
            ) if self.wants_no_calls(&text, second_opinion.as_deref()) => {
                self.opt_out(lead, text, second_opinion, now)
            }
            (
                Lead::Rules(rules),
                Input::Heard {
                    text,
                    second_opinion,
                },
            ) if rules.may_yield() => {
                let language = self.known.language;
                self.known = rules.known().clone();
                self.known.language = language;
                let mut rules = rules;
                rules.speak(language);
                self.standby = Some(rules);
                self.hear(text, second_opinion);
                self.ask(0, now)
            }
            (Lead::Rules(rules), input) => {
                if let Input::Heard { text, .. } = &input {
                    self.history.caller(text);
                }
                self.by_rules(rules, input, now)
            }
            (
                lead,
                Input::Heard {
                    text,
                    second_opinion,
                },
            ) => {
                self.hear(text, second_opinion);
                self.answer(lead, now)
            }
            (lead, Input::Interrupted { heard }) => self.interrupted(lead, &heard),
            (Lead::Asking(asking), Input::Model(answer)) => self.write(asking, answer, now),
            (Lead::Working(work), Input::ToolFinished { id, outcome }) => {
                self.tool_finished(work, id, &outcome, now)
            }
            (lead @ (Lead::Asking(_) | Lead::Working(_)), Input::Slow) => {
                let text = phrases::ONE_MOMENT.said_in(self.known.language);
                self.history.aside(&text);
                self.out.push(Action::Say {
                    text,
                    question: Question::None,
                });
                lead
            }
            (Lead::Listening, Input::Unclear) => self.missed(),
            // A month may begin with a zero; one that nothing follows asks for a human.
            (Lead::Listening, Input::Silence(Silence::Prompt)) if self.keys == "0" => {
                self.escalate(TransferReason::Requested)
            }
            (Lead::Listening, Input::Silence(Silence::Prompt)) => {
                self.say(phrases::STILL_THERE, Question::StillThere);
                Lead::Listening
            }
            (Lead::Listening, Input::Silence(Silence::HangUp)) => {
                self.say(phrases::NOBODY_THERE, Question::None);
                self.out.push(Action::HangUp);
                Lead::Over
            }
            (lead, Input::Keypad(key)) => self.key(lead, key, now),
            (lead @ (Lead::Listening | Lead::Asking(_) | Lead::Working(_)), Input::Machine) => {
                self.machine(lead, now)
            }
            // Late, or of no account while something is under way.
            (
                lead,
                Input::Opened { .. }
                | Input::Returned { .. }
                | Input::Reminding { .. }
                | Input::FollowingUp { .. }
                | Input::Machine
                | Input::Unclear
                | Input::ToolFinished { .. }
                | Input::Silence(_)
                | Input::Model(_)
                | Input::Slow,
            ) => lead,
        }
    }

    // ---- the caller ---------------------------------------------------------

    fn hear(&mut self, text: String, second_opinion: Option<String>) {
        let last = self.history.last_said();
        let answers = last.map(|said| said.number);
        if let (Some(said), Some((_, since))) = (last, &self.untold)
            && said.number > *since
            && said.heard * 2 >= said.text.len()
        {
            self.untold = None;
        }
        let plain = self.plain(&text);
        let second = second_opinion.as_deref().map(|text| self.plain(text));
        let denied = |text: &str| self.known.is_denied_by(text);
        if denied(&plain) || second.as_deref().is_some_and(denied) {
            self.disown();
        }
        self.history.caller(&text);
        self.gist.heard(
            &self.prompt.vocabulary,
            self.expects,
            &plain,
            second.as_deref(),
        );
        self.words = if answers == self.words.answers {
            std::mem::take(&mut self.words).and(&text, second_opinion.as_deref())
        } else {
            Words {
                text,
                second_opinion,
                answers,
            }
        };
        self.misses = 0;
        self.keys.clear();
    }

    /// The caller is not whom they were taken for. That does not wait for the model to see it.
    fn disown(&mut self) {
        self.known.disown();
        let id = self.known.next_tool();
        let call = ToolCall::ForgetCustomer(forget_customer::Arguments {});
        self.out.push(Action::RunTool { id, call });
    }

    /// The caller has said something: the model is to answer.
    fn answer(&mut self, lead: Lead, now: &Zoned) -> Lead {
        match lead {
            // Over our goodbye, or after it.
            Lead::Over if self.gist.was_goodbye() => Lead::Over,
            Lead::Working(mut work) => {
                work.caller_went_on = true;
                if work.interrupted {
                    self.abandon(&mut work);
                }
                self.go_on(work, now)
            }
            Lead::Asking(asking) => {
                self.close(&asking);
                self.ask(0, now)
            }
            Lead::HandedOn => Lead::HandedOn,
            Lead::Rules(_) | Lead::Listening | Lead::Over => self.ask(0, now),
        }
    }

    /// The caller spoke over the agent, or went on before it spoke.
    fn interrupted(&mut self, lead: Lead, heard: &str) -> Lead {
        let asking = match lead {
            Lead::Asking(asking) => asking,
            Lead::Working(mut work) => {
                self.history.cut(heard);
                work.interrupted = true;
                return Lead::Working(work);
            }
            lead => {
                self.history.cut(heard);
                return lead;
            }
        };
        self.out.push(Action::StopAsking);
        self.history.agent(&asking.said);
        // Where nothing of it was said, what was said before it was heard to its end.
        if !(heard.is_empty() && asking.said.is_empty()) {
            self.history.cut(heard);
        }
        Lead::Listening
    }

    /// The caller spoke, and nobody knows what: asked again, and given a human in the end.
    fn missed(&mut self) -> Lead {
        self.misses += 1;
        if self.misses >= MISSES {
            return self.escalate(TransferReason::NotUnderstood);
        }
        let language = self.known.language;
        let again = [phrases::NOT_CAUGHT, phrases::SAY_AGAIN];
        let again = again.map(|phrase| phrase.told_in(language)).join(" ");
        self.say(again, Question::None);
        Lead::Listening
    }

    // ---- the model ----------------------------------------------------------

    fn ask(&mut self, round: u8, now: &Zoned) -> Lead {
        let request = self.request(&self.history, &self.known, now);
        self.out.push(Action::Ask(request));
        Lead::Asking(Asking {
            clauses: Clauses::default(),
            said: String::new(),
            round,
        })
    }

    fn request(&self, history: &History, known: &Known, now: &Zoned) -> Request {
        let context = prompt::context(&self.location, known, now);
        Request {
            messages: history.messages(&self.prompt.instructions, &context),
            tools: Arc::clone(&self.prompt.tools),
        }
    }

    fn write(&mut self, mut asking: Asking, answer: Answer, now: &Zoned) -> Lead {
        match answer {
            Answer::Text(text) => {
                asking.clauses.push(&text);
                while let Some(clause) = asking.clauses.pop() {
                    self.clause(&mut asking, &clause);
                }
                Lead::Asking(asking)
            }
            Answer::Failed(_) => self.take_over(asking, now),
            Answer::Finished {
                tool_calls, cut, ..
            } => {
                let rest = asking.clauses.finish();
                // A sentence that the model had no room to end.
                let broken = usize::from(cut && !asking.said.is_empty());
                for clause in &rest[..rest.len().saturating_sub(broken)] {
                    self.clause(&mut asking, clause);
                }
                if tool_calls.is_empty() {
                    self.written(asking, now)
                } else {
                    self.work(asking, tool_calls, now)
                }
            }
        }
    }

    fn clause(&mut self, asking: &mut Asking, clause: &str) {
        let text = speakable(self.known.language, clause);
        if text.is_empty() {
            return;
        }
        if !asking.said.is_empty() {
            asking.said.push(' ');
        }
        asking.said.push_str(&text);
        self.out.push(Action::Clause {
            text,
            question: Question::None,
            last: false,
        });
    }

    /// Ends what was being said.
    fn close(&mut self, asking: &Asking) {
        if asking.said.is_empty() {
            return;
        }
        let (question, _) = asked::asked(&asking.said);
        // The last clause, where it has not left yet.
        if let Some(Action::Clause {
            question: asks,
            last,
            ..
        }) = self.out.last_mut()
        {
            (*asks, *last) = (question, true);
        } else {
            self.out.push(Action::Clause {
                text: String::new(),
                question,
                last: true,
            });
        }
    }

    /// The answer is whole, and asks for no tools.
    fn written(&mut self, asking: Asking, now: &Zoned) -> Lead {
        if asking.said.is_empty() {
            return self.take_over(asking, now);
        }
        let (_, expects) = asked::asked(&asking.said);
        self.close(&asking);
        self.history.agent(&asking.said);
        self.standby = None;
        if self.gist.was_question() {
            self.out.push(Action::Answered);
        }
        self.expect(expects);
        Lead::Listening
    }

    fn expect(&mut self, expects: Expectation) {
        if expects != self.expects {
            self.expects = expects;
            // Before the words that ask for it.
            self.out.insert(0, Action::Expect(expects));
        }
    }

    fn say(&mut self, text: impl Sayable, question: Question) {
        let text = text.said_in(self.known.language);
        self.history.agent(&text);
        self.out.push(Action::Say { text, question });
    }

    fn escalate(&mut self, reason: TransferReason) -> Lead {
        self.say(phrases::handing_over(reason), Question::None);
        self.out.push(Action::Transfer { reason });
        Lead::HandedOn
    }
}

impl Words {
    /// These, and what was said after them.
    fn and(self, text: &str, second_opinion: Option<&str>) -> Self {
        let second = match (&self.second_opinion, second_opinion) {
            (None, None) => None,
            (first, second) => {
                let first = first.as_ref().unwrap_or(&self.text);
                Some(format!("{first} {}", second.unwrap_or(text)))
            }
        };
        Self {
            text: format!("{} {text}", self.text),
            second_opinion: second,
            ..self
        }
    }
}
