//! What one turn means, given what was asked; and whether two readings of it mean the same.
//!
//! A recogniser that is bound to a grammar cannot say "that was none of my sentences": out of
//! grammar it mishears. A second, freer reading of the same audio errs differently. So a turn counts
//! only where both come to the same concept; wording may differ.

use jiff::civil::Date;
use pipeline::message::Expectation;

use super::address::{self, SpokenAddress};
use super::date_of_birth;
use super::date_time::{self, Asked, Time, When};
use super::intent::{self, Intent, Request};
use super::name::{self, Name};
use super::phone::{self, TenDigits};
use super::service::Vocabulary;
use super::vehicle::{self, SpokenVehicle};
use super::wish;
use super::words::Words;
use super::yes_no::{self, Answer, Reply};

/// The meaning of one turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concept {
    /// A request or question, or what counts in every state: a human, "repeat that", goodbye.
    Request(Request),
    Reply(Reply),
    When(When),
    Phone(TenDigits),
    DateOfBirth(Date),
    Address(SpokenAddress),
    Name(Name),
    /// A description; [`vehicle::choose`] says which of the caller's vehicles it fits.
    Vehicle(SpokenVehicle),
}

/// What the words mean where any workshop's services are known; see [`concept_at`].
#[must_use]
pub fn concept(expectation: Expectation, text: &str) -> Option<Concept> {
    concept_at(Vocabulary::standard(), expectation, text)
}

/// What the words mean, given what was asked and what the location offers. `None` where they answer
/// nothing and ask for nothing: to be asked again.
///
/// In this order: what overrides everything (a human, anger, "start over", "repeat that"); then the
/// answer to what was asked; then any other request, yes or no, or answer out of turn.
#[must_use]
pub fn concept_at(
    vocabulary: &Vocabulary,
    expectation: Expectation,
    text: &str,
) -> Option<Concept> {
    let words = Words::new(text);
    let request = || {
        let request = intent::parse_words(&words, vocabulary)?;
        // Where a time stands already, it takes more than the mention of another one.
        let wished = expectation != Expectation::YesNo || wish::instead(&words).is_some();
        let when = request.when.filter(|_| wished);
        Some(Request { when, ..request })
    };
    if expectation == Expectation::Open {
        return open(&words, request());
    }
    if let Some(global) = interrupts(&words, expectation) {
        return request().map(|request| {
            Concept::Request(Request {
                intent: global,
                ..request
            })
        });
    }
    answer(expectation, &words, text)
        .or_else(|| {
            request()
                .filter(|r| r.intent != Intent::Greeting)
                .map(Concept::Request)
        })
        .or_else(|| yes_no::parse_words(&words).map(Concept::Reply))
        .or_else(|| request().map(Concept::Request))
}

/// The concept that both readings of a turn come to; `None` where they differ or mean nothing.
/// Without a second reading the first decides.
#[must_use]
pub fn agree(
    vocabulary: &Vocabulary,
    expectation: Expectation,
    reading: &str,
    second_opinion: Option<&str>,
) -> Option<Concept> {
    let concept = concept_at(vocabulary, expectation, reading)?;
    match second_opinion {
        None => Some(concept),
        Some(other) => {
            let second = concept_at(vocabulary, expectation, other)?;
            if ends_the_call(reading, &concept) && ends_the_call(other, &second) {
                return Some(NO);
            }
            (second == concept).then_some(concept)
        }
    }
}

/// "That is all", with a no that one reading may have misheard ("november, that is all"): nothing
/// more is wanted, and nothing is changed by hearing so.
fn ends_the_call(text: &str, concept: &Concept) -> bool {
    let says_so = Words::new(text).has_any(&["that is all", "that is it", "that will be all"]);
    let no = |reply: &Reply| reply.answer == Answer::No;
    says_so && matches!(concept, Concept::Reply(reply) if no(reply))
}

/// Whether two readings mean the same, and mean anything.
#[must_use]
pub fn same_meaning(expectation: Expectation, reading: &str, second_opinion: &str) -> bool {
    agree(
        Vocabulary::standard(),
        expectation,
        reading,
        Some(second_opinion),
    )
    .is_some()
}

/// What goes before the answer that was asked for. Where names and addresses are asked for, only
/// what cannot be a part of one.
fn interrupts(words: &Words, expectation: Expectation) -> Option<Intent> {
    let about_appointments = || {
        intent::about_appointments(words)
            .filter(|intent| matches!(intent, Intent::Cancel | Intent::Reschedule))
    };
    let question = || {
        let short_answers = matches!(
            expectation,
            Expectation::When | Expectation::YesNo | Expectation::Vehicle
        );
        intent::question(words).filter(|_| short_answers)
    };
    intent::overriding(words)
        .or_else(about_appointments)
        .or_else(question)
}

/// An open question: requests first, then whatever else was said.
fn open(words: &Words, request: Option<Request>) -> Option<Concept> {
    let asks_nothing =
        |r: &Request| matches!(r.intent, Intent::Greeting | Intent::Thanks | Intent::Wait);
    if let Some(request) = request.clone().filter(|r| !asks_nothing(r)) {
        return Some(Concept::Request(request));
    }
    let when = || date_time::parse_words(words, Asked::Otherwise);
    // "Thank you, that is all" ends the call; "no, Thursday" corrects.
    yes_no::parse_words(words)
        .map(Concept::Reply)
        .or_else(|| when().map(Concept::When))
        .or_else(|| vehicle::mentioned(words).map(Concept::Vehicle))
        .or_else(|| request.map(Concept::Request))
}

/// The answer to what was asked.
fn answer(expectation: Expectation, words: &Words, text: &str) -> Option<Concept> {
    match expectation {
        Expectation::Open => None,
        Expectation::YesNo => {
            let vehicle = || vehicle::mentioned(words);
            yes_no::parse_words(words)
                .map(Concept::Reply)
                // "Twenty twenty two" beside a make is no time.
                .or_else(|| {
                    vehicle()
                        .filter(|said| said.year.is_some())
                        .map(Concept::Vehicle)
                })
                // A correction alone: "thursday at ten", "make it eleven", "the truck".
                .or_else(|| wish::instead(words).map(Concept::When))
                .or_else(|| vehicle().map(Concept::Vehicle))
        }
        Expectation::When => {
            let timely = wish::without_figures(words);
            let when = date_time::parse_words(&timely, Asked::ForATime).map(Concept::When);
            when.or_else(|| asks_what_there_is(words).then_some(ANY_TIME))
                .or_else(|| yes_no::parse_words(words).map(Concept::Reply))
                .or_else(|| refuses_offers(words).then_some(NO))
        }
        Expectation::Phone => phone::parse_words(words).ok().map(Concept::Phone),
        Expectation::DateOfBirth => date_of_birth::parse_words(words)
            .ok()
            .map(Concept::DateOfBirth),
        Expectation::Address => address::parse_words(words).map(Concept::Address),
        Expectation::Name => name::parse(text).map(Concept::Name),
        Expectation::Vehicle => vehicle::parse_words(words)
            .map(Concept::Vehicle)
            .or_else(|| {
                // "The second one."
                date_time::parse_words(words, Asked::Otherwise)
                    .filter(|when| when.choice.is_some())
                    .map(Concept::When)
            }),
    }
}

const NO: Concept = Concept::Reply(Reply {
    answer: Answer::No,
    correction: None,
});

const ANY_TIME: Concept = Concept::When(When {
    day: None,
    time: Some(Time::Any),
    choice: None,
});

/// "I don't know, what do you have?"
fn asks_what_there_is(words: &Words) -> bool {
    words.has_any(&[
        "what do you have",
        "what have you got",
        "what is available",
        "what times",
        "what is open",
        "when are you free",
    ])
}

/// "What else do you have", "anything later": none of the offered times.
fn refuses_offers(words: &Words) -> bool {
    words.has_any(&[
        "none",
        "what else",
        "something else",
        "anything else",
        "anything earlier",
        "anything later",
        "anything sooner",
        "something earlier",
        "something later",
        "something sooner",
        "sooner",
    ])
}

#[cfg(test)]
mod tests;
