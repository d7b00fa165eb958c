//! In which language a model is to answer.

use storage::Language;

use super::{Lead, ModelBrain};
use crate::dialogue::Action;
use crate::nlu::intent::wants_no_calls;
use crate::nlu::language;

impl ModelBrain {
    /// The caller has spoken: where they wish for another language, all that is said from here on is
    /// in that one, the model's words and the fixed ones. Rules that keep the lead see to it
    /// themselves.
    pub(super) fn heed_language(&mut self, lead: &Lead, text: &str, second: Option<&str>) {
        let rules_keep_the_lead = match lead {
            Lead::Rules(rules) => !rules.may_yield(),
            Lead::HandedOn | Lead::Over => true,
            Lead::Listening | Lead::Asking(_) | Lead::Working(_) => false,
        };
        let Some(wish) = language::wished(text, second, self.known.language) else {
            return;
        };
        if rules_keep_the_lead || !self.location.spoken.has(wish.language) {
            return;
        }
        self.speak(wish.language);
        self.out.push(Action::Speak(wish.language));
    }

    /// All who speak for this call do so in this language from here on.
    fn speak(&mut self, language: Language) {
        self.known.language = language;
        if let Some(rules) = &mut self.standby {
            rules.speak(language);
        }
    }

    /// The caller's words as the readers of meaning know them.
    pub(super) fn plain(&self, text: &str) -> String {
        language::plain(self.known.language, self.expects, text)
    }

    pub(super) fn wants_no_calls(&self, text: &str, second: Option<&str>) -> bool {
        let second = second.map(|text| self.plain(text));
        wants_no_calls(&self.plain(text), second.as_deref())
    }
}
