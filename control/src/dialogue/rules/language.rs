//! In which language the call goes on.

use jiff::Zoned;
use storage::Language;

use super::RuleBrain;
use crate::dialogue::state::State;
use crate::dialogue::{Input, phrases};
use crate::nlu::language;

impl RuleBrain {
    /// The caller has said something, in whatever language: heeds a wish for another one, and reads
    /// the rest.
    pub(super) fn listen(
        &mut self,
        state: State,
        text: &str,
        second: Option<&str>,
        now: &Zoned,
    ) -> State {
        let over = matches!(state, State::Escalation | State::Message | State::Over);
        match language::wished(text, second, self.known.language) {
            Some(wish) if !over && self.location.spoken.has(wish.language) => {
                self.known.language = wish.language;
                if matches!(state, State::Greeting { .. }) {
                    return state;
                }
                match wish.besides {
                    Some(besides) => self.hear(state, &besides, None, now),
                    None => {
                        self.say(phrases::IN_THIS_LANGUAGE);
                        self.enter(state, now)
                    }
                }
            }
            // Nothing else was said, or it is not understood here.
            Some(wish) if !over && wish.besides.is_none() => {
                self.say(phrases::NOT_IN_THAT_LANGUAGE);
                self.enter(state, now)
            }
            _ => self.hear(state, text, second, now),
        }
    }

    /// The caller's words as the readers of meaning know them.
    fn hear(&mut self, state: State, text: &str, second: Option<&str>, now: &Zoned) -> State {
        let plain = |text: &str| language::plain(self.known.language, self.expects, text);
        let heard = Input::Heard {
            text: plain(text),
            second_opinion: second.map(plain),
        };
        self.step(state, heard, now)
    }

    /// From here on in this language, which those who speak for us know already.
    pub(in crate::dialogue) fn speak(&mut self, language: Language) {
        self.known.language = language;
        self.spoken = language;
    }

    /// Whether the language has changed since this was asked last.
    pub(super) fn language_changed(&mut self) -> Option<Language> {
        let language = self.known.language;
        let before = std::mem::replace(&mut self.spoken, language);
        (before != language).then_some(language)
    }
}
