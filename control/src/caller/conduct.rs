//! When the caller says what: the manners of a caller with a script.
//!
//! It answers the question that the agent asked last, a moment after the agent has been *heard* to
//! the end; it interrupts where the script says so; it hangs up when there is nothing left to say.
//! Questions come from the live feed. Without a feed only silence tells that it is the caller's
//! turn, and the script's lines are said in order. Where the agent says that it did not understand,
//! the caller says the same again, as people do. Pure: told of feed lines and of every 20 ms.

use std::time::Duration;

use super::limits::{
    ANSWER_AFTER, ANSWER_AFTER_WITHOUT_FEED, HANG_UP_AFTER, MAX_REPEATS, SPEAK_UNASKED_AFTER,
};
use super::line::Line;
use super::script::{Answer, Prompter};
use crate::feed::FeedEvent;

/// The name that the feed gives to an utterance that asks nothing.
const NO_QUESTION: &str = "none";

/// The name of the question whether anybody is there.
const STILL_THERE: &str = "still_there";

/// What agents say when they did not understand, in lower case.
const NOT_UNDERSTOOD: [&str; 6] = [
    "did not catch",
    "didn't catch",
    "did not understand",
    "didn't understand",
    "say that again",
    "say it once more",
];

/// What the caller hears and does at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Since the stream began.
    pub now: Duration,
    /// Nothing of the agent is playing or waits to be played.
    pub agent_idle: bool,
    /// The agent's voice is heard, short gaps included.
    pub agent_heard: bool,
    /// The caller speaks, or is about to.
    pub caller_busy: bool,
}

/// What the caller does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Do {
    Say(Line),
    /// Say it over the agent.
    Interrupt(Line),
    HangUp(WhyHangUp),
}

/// Why the caller ends the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyHangUp {
    /// Everything has been said and the agent is silent.
    Done,
    /// This question was asked too often.
    GivenUp(String),
    /// The script holds no answer to this question.
    NoAnswer(String),
}

impl std::fmt::Display for WhyHangUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done => f.write_str("nothing left to say"),
            Self::GivenUp(question) => write!(f, "asked too often for `{question}`"),
            Self::NoAnswer(question) => write!(f, "the script has no answer to `{question}`"),
        }
    }
}

/// A scripted caller in a call.
#[derive(Debug)]
pub struct Conduct {
    prompter: Prompter,
    /// The feed has delivered something.
    fed: bool,
    /// The agent's latest utterance.
    utterance: Option<Utterance>,
    /// Utterances so far.
    utterances: usize,
    /// The question that waits for an answer.
    question: Option<Asked>,
    /// The question that the caller spoke over: it waits again where the agent goes on with it.
    spoken_over: Option<Asked>,
    /// The agent was heard since the caller last spoke.
    agent_spoke: bool,
    /// Since when neither side makes a sound.
    quiet_since: Duration,
    /// The script had no answer to this question.
    stuck: Option<WhyHangUp>,
    /// What the caller said last, and how often in a row it was repeated.
    last: Option<Line>,
    repeats: usize,
}

#[derive(Debug)]
struct Utterance {
    id: u32,
    question: String,
    /// Its first frame has left the agent.
    started: bool,
    /// When the caller first heard it.
    heard_since: Option<Duration>,
}

#[derive(Debug)]
struct Asked {
    utterance: u32,
    question: String,
    /// The agent knows that it was heard to the end.
    finished: bool,
    /// It is asked again because the last answer was not understood.
    again: bool,
}

impl Conduct {
    #[must_use]
    pub fn new(prompter: Prompter) -> Self {
        Self {
            prompter,
            fed: false,
            utterance: None,
            utterances: 0,
            question: None,
            spoken_over: None,
            agent_spoke: false,
            quiet_since: Duration::ZERO,
            stuck: None,
            last: None,
            repeats: 0,
        }
    }

    /// Takes note of a line of the live feed.
    pub fn feed(&mut self, event: &FeedEvent) {
        self.fed = true;
        match event {
            FeedEvent::Agent {
                utterance,
                text,
                question,
            } => {
                self.utterances += 1;
                self.utterance = Some(Utterance {
                    id: *utterance,
                    question: question.clone(),
                    started: false,
                    heard_since: None,
                });
                self.asked(*utterance, text, question);
            }
            FeedEvent::AgentGoesOn {
                utterance,
                text,
                question,
            } => {
                if let Some(current) = &mut self.utterance
                    && current.id == *utterance
                {
                    current.question.clone_from(question);
                }
                self.asked(*utterance, text, question);
            }
            FeedEvent::AgentStarted { utterance } => {
                if let Some(current) = &mut self.utterance
                    && current.id == *utterance
                {
                    current.started = true;
                }
            }
            FeedEvent::AgentFinished { utterance } => {
                // What was said after the question is heard as part of it.
                if let Some(asked) = &mut self.question
                    && asked.utterance <= *utterance
                {
                    asked.finished = true;
                }
            }
            // What the caller said over it answers nothing.
            FeedEvent::Resumed { utterance, .. } if self.question.is_none() => {
                let again = self.spoken_over.take();
                self.question = again.filter(|asked| asked.utterance == *utterance);
            }
            // The caller's voice cut the question off and is taken as the answer.
            FeedEvent::BargeIn { utterance, .. } if self.asked_in(*utterance) => {
                self.question = None;
            }
            _ => {}
        }
    }

    fn asked(&mut self, utterance: u32, text: &str, question: &str) {
        if question != NO_QUESTION {
            self.question = Some(Asked {
                utterance,
                question: question.to_owned(),
                finished: false,
                again: says_not_understood(text) || question == STILL_THERE,
            });
        }
    }

    /// Decides what to do, every 20 ms.
    pub fn tick(&mut self, moment: Moment) -> Option<Do> {
        if moment.caller_busy {
            self.quiet_since = moment.now;
            return None;
        }
        if !moment.agent_idle {
            self.quiet_since = moment.now;
            self.agent_spoke |= moment.agent_heard;
            return self.interrupt(moment);
        }
        let quiet = moment.now.saturating_sub(self.quiet_since);
        let answer = if self.fed {
            self.answer_fed(quiet)
        } else {
            self.answer_blind(quiet)
        };
        answer.or_else(|| {
            (quiet >= HANG_UP_AFTER).then(|| {
                let why = self.stuck.take().unwrap_or(WhyHangUp::Done);
                Do::HangUp(why)
            })
        })
    }

    fn interrupt(&mut self, moment: Moment) -> Option<Do> {
        let current = self.utterance.as_mut().filter(|u| u.started)?;
        if !moment.agent_heard {
            return None;
        }
        let since = *current.heard_since.get_or_insert(moment.now);
        let heard = moment.now.saturating_sub(since);
        let line = self
            .prompter
            .interrupt(self.utterances, &current.question, heard)?;
        let id = current.id;
        if self.asked_in(id) {
            self.spoken_over = self.question.take();
        }
        self.spoken(&line);
        Some(Do::Interrupt(line))
    }

    fn answer_fed(&mut self, quiet: Duration) -> Option<Do> {
        let Some(asked) = &self.question else {
            if quiet >= SPEAK_UNASKED_AFTER && self.agent_spoke && self.prompter.has_unasked() {
                return self.say(Answer::Nothing, None);
            }
            return None;
        };
        // Where the agent does not report the end (a lost mark), a long silence tells it too.
        let patience = if asked.finished {
            ANSWER_AFTER
        } else {
            2 * ANSWER_AFTER_WITHOUT_FEED
        };
        if quiet < patience || !self.agent_spoke {
            return None;
        }
        let asked = self.question.take()?;
        if asked.again
            && let Some(last) = self.last.clone()
        {
            self.repeats += 1;
            if self.repeats > MAX_REPEATS {
                return Some(Do::HangUp(WhyHangUp::GivenUp(asked.question)));
            }
            self.agent_spoke = false;
            return Some(Do::Say(last));
        }
        self.repeats = 0;
        let answer = self.prompter.answer(&asked.question);
        self.say(answer, Some(asked.question))
    }

    fn answer_blind(&mut self, quiet: Duration) -> Option<Do> {
        if quiet < ANSWER_AFTER_WITHOUT_FEED || !self.agent_spoke {
            return None;
        }
        match self.prompter.blind() {
            Answer::Line(line) => {
                self.spoken(&line);
                Some(Do::Say(line))
            }
            Answer::GivenUp | Answer::Nothing => None,
        }
    }

    fn say(&mut self, answer: Answer, question: Option<String>) -> Option<Do> {
        let line = match (answer, question) {
            (Answer::Line(line), _) => line,
            (Answer::GivenUp, question) => {
                let why = WhyHangUp::GivenUp(question.unwrap_or_default());
                return Some(Do::HangUp(why));
            }
            (Answer::Nothing, Some(question)) => {
                self.stuck = Some(WhyHangUp::NoAnswer(question));
                return None;
            }
            (Answer::Nothing, None) => match self.prompter.unasked() {
                Answer::Line(line) => line,
                Answer::GivenUp | Answer::Nothing => return None,
            },
        };
        self.spoken(&line);
        Some(Do::Say(line))
    }

    fn spoken(&mut self, line: &Line) {
        self.last = Some(line.clone());
        self.agent_spoke = false;
        self.stuck = None;
    }

    fn asked_in(&self, utterance: u32) -> bool {
        self.question
            .as_ref()
            .is_some_and(|asked| asked.utterance == utterance)
    }
}

fn says_not_understood(text: &str) -> bool {
    let text = text.to_lowercase();
    NOT_UNDERSTOOD.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::script::Script;

    /// A call under a virtual clock.
    struct Call {
        conduct: Conduct,
        now: Duration,
    }

    impl Call {
        fn with(script: &str) -> Self {
            Self {
                conduct: Conduct::new(Prompter::new(Script::parse(script).unwrap())),
                now: Duration::ZERO,
            }
        }

        /// Lets `ms` pass; returns what the caller did and when, if anything.
        fn pass(&mut self, ms: u64, agent_talks: bool) -> Option<(Do, u64)> {
            for _ in 0..ms / 20 {
                self.now += Duration::from_millis(20);
                let did = self.conduct.tick(Moment {
                    now: self.now,
                    agent_idle: !agent_talks,
                    agent_heard: agent_talks,
                    caller_busy: false,
                });
                if let Some(did) = did {
                    return Some((did, self.now.as_millis() as u64));
                }
            }
            None
        }

        fn agent(&mut self, utterance: u32, question: &str) {
            self.agent_says(utterance, "some words", question);
        }

        fn agent_says(&mut self, utterance: u32, text: &str, question: &str) {
            self.conduct.feed(&FeedEvent::Agent {
                utterance,
                text: text.into(),
                question: question.into(),
            });
            self.conduct.feed(&FeedEvent::AgentStarted { utterance });
        }

        /// The agent says this to the end; what does the caller answer?
        fn answer_to(&mut self, utterance: u32, text: &str, question: &str) -> Option<Do> {
            self.agent_says(utterance, text, question);
            assert_eq!(self.pass(500, true), None);
            self.finished(utterance);
            self.pass(1_000, false).map(|(did, _)| did)
        }

        fn finished(&mut self, utterance: u32) {
            self.conduct.feed(&FeedEvent::AgentFinished { utterance });
        }
    }

    fn say(words: &str) -> Do {
        Do::Say(Line::Speech(words.into()))
    }

    #[test]
    fn an_answer_waits_until_the_agent_has_been_heard() {
        let mut call = Call::with("help: an oil change");
        call.agent(0, "help");
        assert_eq!(call.pass(2_000, true), None);
        call.finished(0);
        let (did, at) = call.pass(1_000, false).unwrap();
        assert_eq!(did, say("an oil change"));
        assert_eq!(at, 2_000 + ANSWER_AFTER.as_millis() as u64);
    }

    #[test]
    fn a_statement_is_not_answered_but_the_question_after_it_is() {
        let mut call = Call::with("when: monday");
        call.agent(0, "none");
        assert_eq!(call.pass(1_000, true), None);
        call.finished(0);
        assert_eq!(call.pass(2_000, false), None);
        call.agent(1, "when");
        assert_eq!(call.pass(1_000, true), None);
        call.finished(1);
        assert_eq!(call.pass(1_000, false).unwrap().0, say("monday"));
    }

    #[test]
    fn a_question_followed_by_a_statement_is_answered_after_both() {
        let mut call = Call::with("when: monday");
        call.agent(0, "when");
        assert_eq!(call.pass(1_000, true), None);
        call.agent(1, "none");
        assert_eq!(call.pass(1_000, true), None);
        call.finished(1);
        assert_eq!(call.pass(1_000, false).unwrap().0, say("monday"));
    }

    #[test]
    fn the_caller_interrupts_after_the_given_time_of_the_given_question() {
        let mut call = Call::with("barge-in after 900 ms of when: wait\nwhen: monday");
        call.agent(0, "when");
        let (did, at) = call.pass(3_000, true).unwrap();
        assert_eq!(did, Do::Interrupt(Line::Speech("wait".into())));
        assert_eq!(at, 20 + 900);
        // The agent stops, and asks again.
        assert_eq!(call.pass(1_000, false), None);
        call.agent(1, "when");
        assert_eq!(call.pass(3_000, true), None);
        call.finished(1);
        assert_eq!(call.pass(1_000, false).unwrap().0, say("monday"));
    }

    #[test]
    fn a_question_that_goes_on_after_an_uh_huh_is_answered() {
        let mut call = Call::with("barge-in after 900 ms of when: uh-huh\nwhen: monday");
        call.agent(0, "when");
        let (did, _) = call.pass(3_000, true).unwrap();
        assert_eq!(did, Do::Interrupt(Line::Speech("uh-huh".into())));
        call.conduct.feed(&FeedEvent::Resumed {
            utterance: 0,
            silent_ms: 400.0,
        });
        assert_eq!(call.pass(1_000, true), None);
        call.finished(0);
        assert_eq!(call.pass(1_000, false).unwrap().0, say("monday"));
    }

    #[test]
    fn a_lost_end_of_an_utterance_delays_the_answer_but_does_not_lose_it() {
        let mut call = Call::with("when: monday");
        call.agent(0, "when");
        assert_eq!(call.pass(1_000, true), None);
        assert_eq!(call.pass(1_900, false), None);
        assert_eq!(call.pass(200, false).unwrap().0, say("monday"));
    }

    #[test]
    fn what_was_not_understood_is_said_again_and_what_was_refused_is_not() {
        let mut call = Call::with("date_of_birth: wrong one\ndate_of_birth: right one");
        let question = "date_of_birth";
        assert_eq!(
            call.answer_to(0, "Your date of birth?", question),
            Some(say("wrong one"))
        );
        let missed = "I am sorry, I did not catch that. Please say the month first.";
        assert_eq!(call.answer_to(1, missed, question), Some(say("wrong one")));
        let refused = "That does not match. Your date of birth?";
        assert_eq!(call.answer_to(2, refused, question), Some(say("right one")));
    }

    #[test]
    fn a_caller_who_is_never_understood_gives_up() {
        let mut call = Call::with("help: mumble");
        assert_eq!(call.answer_to(0, "Hello?", "help"), Some(say("mumble")));
        for n in 1..=MAX_REPEATS as u32 {
            assert_eq!(
                call.answer_to(n, "I did not catch that.", "help"),
                Some(say("mumble"))
            );
        }
        assert_eq!(
            call.answer_to(99, "I did not catch that.", "help"),
            Some(Do::HangUp(WhyHangUp::GivenUp("help".into())))
        );
    }

    #[test]
    fn without_a_feed_the_lines_are_said_in_order_after_a_silence() {
        let mut call = Call::with("good morning\nthank you");
        assert_eq!(call.pass(3_000, false), None); // nobody has answered the telephone yet
        assert_eq!(call.pass(1_000, true), None);
        assert_eq!(call.pass(900, false), None);
        assert_eq!(call.pass(200, false).unwrap().0, say("good morning"));
        assert_eq!(call.pass(3_000, false), None);
        assert_eq!(call.pass(1_000, true), None);
        assert_eq!(call.pass(1_100, false).unwrap().0, say("thank you"));
    }

    #[test]
    fn the_caller_hangs_up_when_there_is_nothing_left_to_say() {
        let mut call = Call::with("help: hello");
        call.agent(0, "help");
        call.pass(500, true);
        call.finished(0);
        assert_eq!(call.pass(1_000, false).unwrap().0, say("hello"));
        call.agent(1, "name");
        call.pass(500, true);
        call.finished(1);
        assert_eq!(
            call.pass(20_000, false).unwrap().0,
            Do::HangUp(WhyHangUp::NoAnswer("name".into()))
        );
    }
}
