//! How a call's stream ended, and what the telephone network is told to do next.

use pipeline::message::EndReason;
use storage::Language;

use crate::telephony::twiml::{Dial, Verb};

/// How a media stream came to its end, as far as the caller is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Said and done: nobody waits on the line.
    HungUp,
    /// The caller goes on to a human.
    Transfer,
    /// Something of ours broke while a caller may still be there.
    Fault,
    /// There was no room for this call.
    Busy,
}

impl Ending {
    /// From the data plane's reason, and what we ourselves had in mind.
    #[must_use]
    pub fn of(reason: EndReason, intended: Option<Self>) -> Self {
        match reason {
            EndReason::CallerHungUp => Self::HungUp,
            EndReason::AgentHungUp => intended.unwrap_or(Self::HungUp),
            EndReason::SocketLost
            | EndReason::SocketStalled
            | EndReason::ProtocolViolation
            | EndReason::Fault
            | EndReason::ShuttingDown => Self::Fault,
        }
    }

    /// The answer to the telephone network's "the stream is over: what now?". `human` is rung where
    /// somebody still waits on the line.
    #[must_use]
    pub fn verbs(self, language: Language, human: Dial) -> Vec<Verb> {
        let excuse = match (self, language) {
            (Self::HungUp, _) => return vec![Verb::Hangup],
            (Self::Transfer, _) => return vec![Verb::Dial(human)],
            (Self::Fault, Language::English) => {
                "I am sorry, something went wrong on our side. Please hold while I connect you to \
                 a colleague."
            }
            (Self::Fault, Language::Spanish) => {
                "Lo siento, algo falló de nuestro lado. No cuelgue, por favor, le comunico con uno \
                 de mis colegas."
            }
            (Self::Busy, Language::English) => {
                "Thank you for calling. All our lines are busy. Please hold while I connect you to \
                 a colleague."
            }
            (Self::Busy, Language::Spanish) => {
                "Gracias por llamar. Todas nuestras líneas están ocupadas. No cuelgue, por favor, \
                 le comunico con uno de mis colegas."
            }
        };
        vec![Verb::say(language, excuse), Verb::Dial(human)]
    }

    /// Whether a caller comes back to the agent when the human they were sent to does not answer.
    /// Where there was no room there still may be none.
    #[must_use]
    pub fn may_return(self) -> bool {
        matches!(self, Self::Transfer | Self::Fault)
    }
}

/// What a caller hears when neither a human nor the agent can take the call.
#[must_use]
pub fn nobody_there(language: Language) -> Vec<Verb> {
    let apology = match language {
        Language::English => {
            "I am sorry, nobody can take your call right now. Please call us again later. Goodbye."
        }
        Language::Spanish => {
            "Lo siento, en este momento nadie puede atender su llamada. Llámenos más tarde, por \
             favor. Hasta luego."
        }
    };
    vec![Verb::say(language, apology), Verb::Hangup]
}

/// The data plane's reason in words, for logs, the feed and the call log.
#[must_use]
pub(super) fn in_words(reason: EndReason) -> &'static str {
    match reason {
        EndReason::CallerHungUp => "the caller hung up",
        EndReason::AgentHungUp => "we hung up",
        EndReason::SocketLost => "the media stream broke off",
        EndReason::SocketStalled => "the media stream took no more audio",
        EndReason::ProtocolViolation => "the media stream broke the protocol",
        EndReason::Fault => "the call's audio failed",
        EndReason::ShuttingDown => "the process stopped",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use storage::customer::Phone;

    use super::*;

    #[test]
    fn whoever_may_still_be_on_the_line_reaches_a_human() {
        let human = Dial {
            number: Phone::parse("217-555-0100").expect("valid"),
            timeout: Duration::from_secs(25),
            action: "https://otto.example/dial-result".to_owned(),
            caller_id: None,
        };
        let rung = || Verb::Dial(human.clone());
        for reason in [
            EndReason::SocketLost,
            EndReason::SocketStalled,
            EndReason::ProtocolViolation,
            EndReason::Fault,
            EndReason::ShuttingDown,
        ] {
            let verbs =
                Ending::of(reason, Some(Ending::HungUp)).verbs(Language::English, human.clone());
            assert!(verbs.contains(&rung()), "{reason:?}");
        }
        let transfer = Ending::of(EndReason::AgentHungUp, Some(Ending::Transfer));
        assert_eq!(transfer.verbs(Language::English, human.clone()), [rung()]);
        let gone = Ending::of(EndReason::CallerHungUp, Some(Ending::Transfer));
        assert_eq!(gone.verbs(Language::English, human.clone()), [Verb::Hangup]);
    }
}
