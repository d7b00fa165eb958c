//! How a call ended, and what the telephone network is told to do next.

use pipeline::message::EndReason;
use storage::customer::Phone;

use crate::telephony::twiml::Verb;

/// How a media stream came to its end, as far as the caller is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// The answer to the telephone network's "the stream is over: what now?".
    #[must_use]
    pub fn verbs(self, human: &Phone) -> Vec<Verb> {
        match self {
            Self::HungUp => vec![Verb::Hangup],
            Self::Transfer => vec![Verb::Dial(human.clone())],
            Self::Fault => vec![
                Verb::Say(
                    "I am sorry, something went wrong on our side. Please hold while I connect \
                     you to a colleague."
                        .to_owned(),
                ),
                Verb::Dial(human.clone()),
            ],
            Self::Busy => vec![
                Verb::Say(
                    "Thank you for calling. All our lines are busy. Please hold while I connect \
                     you to a colleague."
                        .to_owned(),
                ),
                Verb::Dial(human.clone()),
            ],
        }
    }
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
    use super::*;

    #[test]
    fn whoever_may_still_be_on_the_line_reaches_a_human() {
        let human = Phone::parse("217-555-0100").expect("valid");
        for reason in [
            EndReason::SocketLost,
            EndReason::SocketStalled,
            EndReason::ProtocolViolation,
            EndReason::Fault,
            EndReason::ShuttingDown,
        ] {
            let verbs = Ending::of(reason, Some(Ending::HungUp)).verbs(&human);
            assert!(verbs.contains(&Verb::Dial(human.clone())), "{reason:?}");
        }
        let transfer = Ending::of(EndReason::AgentHungUp, Some(Ending::Transfer));
        assert_eq!(transfer.verbs(&human), [Verb::Dial(human.clone())]);
        let gone = Ending::of(EndReason::CallerHungUp, Some(Ending::Transfer));
        assert_eq!(gone.verbs(&human), [Verb::Hangup]);
    }
}
