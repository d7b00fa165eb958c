//! The rules in the model's place: in a turn that it does not answer, and until it speaks again.

use std::sync::Arc;

use jiff::Zoned;

use super::{Asking, Lead, ModelBrain, asked, work};
use crate::dialogue::{Action, Brain as _, Input, Question, RuleBrain};

impl ModelBrain {
    /// The model gives no answer: the rules do.
    pub(super) fn take_over(&mut self, asking: Asking, now: &Zoned) -> Lead {
        self.close(&asking);
        self.history.agent(&asking.said);
        match self.standby.take() {
            Some(rules) => {
                let heard = Input::Heard {
                    text: self.words.text.clone(),
                    second_opinion: self.words.second_opinion.clone(),
                };
                self.by_rules(rules, heard, now)
            }
            None => {
                let location = Arc::clone(&self.location);
                let known = self.known.clone();
                let rules = RuleBrain::taking_over(location, known, self.expects);
                let mut rules = rules.among(self.locations.clone());
                let actions = match self.untold.take() {
                    Some((done, _)) => rules.report(&done, now),
                    None => {
                        let asked = self.history.question_to_the_caller();
                        let asked = asked.map_or(Question::None, |a| asked::asked(a.text).0);
                        rules.catch_up(self.gist.to_answer(asked), now)
                    }
                };
                self.led_by_rules(&rules, actions);
                Lead::Rules(Box::new(rules))
            }
        }
    }

    /// A machine has taken a call of ours: what it is told needs no model.
    pub(super) fn machine(&mut self, lead: Lead, now: &Zoned) -> Lead {
        if !self.known.is_our_call() {
            return lead;
        }
        let rules = self.in_the_middle(lead);
        self.by_rules(rules, Input::Machine, now)
    }

    /// The caller wants no more calls of ours: the rules see to it.
    pub(super) fn opt_out(
        &mut self,
        lead: Lead,
        text: String,
        second_opinion: Option<String>,
        now: &Zoned,
    ) -> Lead {
        self.history.caller(&text);
        let rules = self.in_the_middle(lead);
        let heard = Input::Heard {
            text,
            second_opinion,
        };
        self.by_rules(rules, heard, now)
    }

    /// Rules that lead from here on, whatever the model is doing.
    fn in_the_middle(&mut self, lead: Lead) -> Box<RuleBrain> {
        match lead {
            Lead::Rules(rules) => return rules,
            Lead::Asking(asking) => {
                self.out.push(Action::StopAsking);
                self.close(&asking);
                self.history.agent(&asking.said);
            }
            Lead::Listening | Lead::Working(_) | Lead::Over | Lead::HandedOn => {}
        }
        let location = Arc::clone(&self.location);
        let known = self.known.clone();
        let rules = RuleBrain::taking_over(location, known, self.expects);
        Box::new(rules.among(self.locations.clone()))
    }

    pub(super) fn by_rules(
        &mut self,
        mut rules: Box<RuleBrain>,
        input: Input,
        now: &Zoned,
    ) -> Lead {
        match &input {
            Input::Interrupted { heard } => self.history.cut(heard),
            Input::ToolFinished { outcome, .. } if work::settled(outcome).is_some() => {
                self.gist.settled();
            }
            _ => {}
        }
        let actions = rules.handle(input, now);
        self.led_by_rules(&rules, actions);
        Lead::Rules(rules)
    }

    /// Carries out what the rules want; the model is told of it when it is asked again.
    fn led_by_rules(&mut self, rules: &RuleBrain, actions: Vec<Action>) {
        for action in &actions {
            match action {
                Action::Say { text, .. } => self.history.agent(text),
                Action::Expect(expects) => self.expects = *expects,
                _ => {}
            }
        }
        self.known = rules.known().clone();
        self.out.extend(actions);
    }
}
