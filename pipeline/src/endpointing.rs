//! Endpointing: when the caller's turn is over, and when it is likely to be.
//!
//! Three know something of it, and the first whose word counts ends the turn:
//!
//! - the voice thread's timer: a pause as long as what the dialogue waits for allows and as this
//!   caller needs ([`Pace`], over the table of [`crate::limits::turn_pause`]);
//! - the recogniser's own ends (Deepgram's `speech_final` and `UtteranceEnd`, Flux's `EndOfTurn`),
//!   where the words make sense as an answer ([`is_complete`]);
//! - final words that were asked for (`Finalize`) in a pause whose words do.
//!
//! What comes after is no news; `net/turns` sees to that by positions in the caller's audio. Before
//! any of them, words may be *likely* whole ([`Verdict::Likely`]): then a language model may think
//! about them, and nothing else may come of it.
//!
//! All of it is pure: [`judge`] draws the conclusion from one sign and what is known beside it.

mod complete;
mod pace;

use crate::message::Expectation;

pub(crate) use complete::expects_digits;
pub use complete::is_complete;
pub use complete::same_words;
pub use pace::Pace;

/// What has happened that may end a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The recogniser found the end of speech by silence, or was asked to (v1).
    Endpoint,
    /// A model that finds the ends of turns has found one (Flux).
    TurnEnd,
    /// That model thinks that there may be one.
    EagerEnd,
    /// A second without a word after the last one (v1).
    UtteranceEnd,
    /// The line is noisy, but there was no word for long.
    Wordless,
    /// New words, or the same ones for a while, or a change of the caller's voice.
    News,
}

/// What is known of the turn beside the sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) expectation: Expectation,
    /// All words of the turn so far.
    pub(crate) text: &'a str,
    /// None of them may change.
    pub(crate) settled: bool,
    /// They have been the same for a while.
    pub(crate) stable: bool,
    pub(crate) voice: Voice,
    /// This caller is known to pause for longer than others.
    pub(crate) slow: bool,
}

/// What the detector says of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// They speak, or did after what the sign is about.
    GoesOn,
    Speaks,
    /// They have been silent for a moment, which may lie within a word.
    Falters,
    /// They have paused.
    Pauses,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wait,
    /// The words are likely all there are.
    Likely,
    /// So likely that the recogniser should finish them.
    Finish,
    /// The turn is over.
    End,
}

/// What a sign means. Mistakes cost little: a pause that is too long, or a caller who speaks over
/// the agent.
#[must_use]
pub(crate) fn judge(sign: Sign, known: &Evidence<'_>) -> Verdict {
    if known.text.is_empty() || known.voice == Voice::GoesOn {
        return Verdict::Wait;
    }
    let whole = is_complete(known.text, known.expectation);
    // A caller who thinks in the middle of a sentence has said a whole one by then.
    let early = whole && !(known.slow && is_guess(known.expectation));
    let digits = expects_digits(known.expectation);
    match sign {
        Sign::Endpoint if known.settled && early => Verdict::End,
        // A model is believed, but for groups of digits.
        Sign::TurnEnd if known.settled && (whole || !digits) => Verdict::End,
        Sign::UtteranceEnd if whole || !digits => Verdict::End,
        Sign::Wordless => Verdict::End,
        Sign::EagerEnd if whole || !digits => Verdict::Likely,
        Sign::News => match known.voice {
            Voice::Pauses if early => Verdict::Finish,
            Voice::Pauses | Voice::Falters if whole && known.stable => Verdict::Likely,
            _ => Verdict::Wait,
        },
        Sign::Endpoint if whole => Verdict::Likely,
        Sign::Endpoint | Sign::TurnEnd | Sign::UtteranceEnd | Sign::EagerEnd => Verdict::Wait,
    }
}

/// Whether words that seem whole may yet be followed by more: only of a number or a yes it is
/// certain that they are.
fn is_guess(expectation: Expectation) -> bool {
    !expects_digits(expectation) && expectation != Expectation::YesNo
}

#[cfg(test)]
mod tests;
