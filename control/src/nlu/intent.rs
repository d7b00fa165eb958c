//! What a caller wants: requests, questions, and what may be said at any point of a call.

mod courtesy;
mod hand_over;
#[cfg(test)]
mod tests;

use self::courtesy::asks_to_repeat;
pub use self::courtesy::courtesy;
use self::hand_over::{complaint, complex, human, upset};
use super::date_time::{self, Asked, When};
use super::service::Vocabulary;
use super::words::Words;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Intent {
    Book,
    Reschedule,
    /// Cancel an appointment.
    Cancel,
    /// "When is my appointment?"
    CheckAppointment,
    /// Opening hours.
    Hours,
    /// Where the location is.
    Location,
    Price,
    /// How long a service takes.
    Duration,
    /// A manager, a human, a transfer.
    Human,
    /// Anger or a threat: to a human.
    Upset,
    /// A complaint about earlier work: to a human.
    Complaint,
    /// Warranty, insurance, discounts, a disputed bill: to a human.
    Complex,
    Repeat,
    Wait,
    StartOver,
    /// "Cancel that", "never mind": drop what is being done.
    NeverMind,
    Goodbye,
    Thanks,
    Greeting,
    /// No more calls and messages of ours.
    StopCalling,
    /// What was just talked about, in a text message.
    TextThat,
    /// Where and when the location is open, in a text message.
    TextAddress,
    /// The one who was called is not the one who is meant.
    WrongPerson,
}

impl Intent {
    /// Whether it counts in every state of the dialogue.
    #[must_use]
    pub fn is_global(self) -> bool {
        !matches!(
            self,
            Self::Book | Self::CheckAppointment | Self::Greeting | Self::WrongPerson
        ) && !self.is_question()
    }

    /// Whether it is a question that is answered without leaving the present state.
    #[must_use]
    pub fn is_question(self) -> bool {
        matches!(
            self,
            Self::Hours | Self::Location | Self::Price | Self::Duration
        )
    }

    /// Whether a human takes over.
    #[must_use]
    pub fn escalates(self) -> bool {
        matches!(
            self,
            Self::Human | Self::Upset | Self::Complaint | Self::Complex
        )
    }
}

/// A request with what was said along with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub intent: Intent,
    /// Keys of the services that were named.
    pub services: Vec<String>,
    pub when: Option<When>,
}

/// Reads a request; `None` where the words ask for nothing.
#[must_use]
pub fn parse(text: &str, vocabulary: &Vocabulary) -> Option<Request> {
    parse_words(&Words::new(text), vocabulary)
}

/// [`parse`] of words that are already split.
#[must_use]
pub fn parse_words(words: &Words, vocabulary: &Vocabulary) -> Option<Request> {
    let services = vocabulary.find_in(words);
    let can_not_come = services.is_empty() && can_not_come(words);
    let intent = overriding(words)
        .or_else(|| about_appointments(words))
        .or_else(|| can_not_come.then_some(Intent::Reschedule))
        .or_else(|| (services.is_empty() && moves_it(words)).then_some(Intent::Reschedule))
        .or_else(|| question(words))
        .or_else(|| (!services.is_empty() || asks_to_book(words)).then_some(Intent::Book))
        .or_else(|| courtesy(words))?;
    let timely = matches!(
        intent,
        Intent::Book
            | Intent::Reschedule
            | Intent::Cancel
            | Intent::CheckAppointment
            | Intent::Hours
    );
    let asked = if intent == Intent::Reschedule {
        Asked::ForATime
    } else {
        Asked::Otherwise
    };
    let when = date_time::parse_words(words, asked)
        .map(|when| When {
            choice: None,
            ..when
        })
        .filter(|when| timely && *when != When::default())
        // The day on which the caller cannot come is not the one wished for.
        .filter(|_| !can_not_come || wishes_for_another(words));
    let about_services = matches!(intent, Intent::Book | Intent::Price | Intent::Duration);
    Some(Request {
        intent,
        services: if about_services { services } else { Vec::new() },
        when,
    })
}

/// What overrides anything else that was said: escalations, and orders about the talk itself.
#[must_use]
pub fn overriding(words: &Words) -> Option<Intent> {
    if upset(words) {
        Some(Intent::Upset)
    } else if complaint(words) {
        Some(Intent::Complaint)
    } else if human(words) {
        Some(Intent::Human)
    } else if complex(words) {
        Some(Intent::Complex)
    } else if words.has_any(&[
        "start over",
        "start again",
        "begin again",
        "from the beginning",
    ]) {
        Some(Intent::StartOver)
    } else if words.has_any(&["never mind", "nevermind", "forget it", "scratch that"])
        && courtesy(words) == Some(Intent::Goodbye)
    {
        Some(Intent::Goodbye)
    } else if words.has_any(&["never mind", "nevermind", "forget it", "scratch that"])
        || (words.has_any(&["cancel that", "cancel this"]) && !words.has("appointment"))
    {
        Some(Intent::NeverMind)
    } else if stop_calling(words) {
        Some(Intent::StopCalling)
    } else if wrong_person(words) {
        Some(Intent::WrongPerson)
    } else if asks_to_repeat(words) {
        Some(Intent::Repeat)
    } else {
        wants_text(words)
    }
}

/// "Can you text me that", "send me the address". Not "text me when it is ready".
fn wants_text(words: &Words) -> Option<Intent> {
    const PLACE: [&str; 5] = [
        "address",
        "hours",
        "directions",
        "location",
        "where you are",
    ];
    const WHAT: [&str; 4] = ["appointment", "details", "confirmation", "send me that"];
    let place = words.has_any(&PLACE);
    let asks = words.has_any(&[
        "text me",
        "text it to me",
        "text that to me",
        "text this to me",
        "send me a text",
        "send me a message",
        "send it to me",
        "send that to me",
        "send it to my phone",
        "send that to my phone",
    ]) || (words.has("send me") && (place || words.has_any(&WHAT)));
    let otherwise = words.has_any(&[
        "not text",
        "not send",
        "text me back",
        "text me when",
        "text me if",
        "text me before",
        "text me once",
        "text me as soon",
    ]);
    let wanted = if place {
        Intent::TextAddress
    } else {
        Intent::TextThat
    };
    (asks && !otherwise).then_some(wanted)
}

/// Move, cancel or look up an appointment.
#[must_use]
pub fn about_appointments(words: &Words) -> Option<Intent> {
    let named = words.has_any(&["appointment", "appointments", "booking", "reservation"]);
    if words.has_any(&["reschedule", "rescheduled", "rescheduling", "postpone"])
        || (named
            && words.has_any(&[
                "move my",
                "move the",
                "move an",
                "move appointment",
                "change my",
                "change the",
                "change an",
                "change appointment",
                "push back",
                "different day",
                "different time",
                "another day",
                "another time",
            ])
            && !words.has("change my oil"))
    {
        return Some(Intent::Reschedule);
    }
    if words.has_any(&["cancel", "cancelled", "canceled", "cancellation"]) {
        return Some(Intent::Cancel);
    }
    let looks_up = words.has_any(&[
        "i have an",
        "you have an appointment for me",
        "check appointment",
        "when is my",
        "what time is my",
        "what day is my",
        "do i have an",
        "do i have any",
        "check my",
        "check on my",
        "confirm my",
        "upcoming",
        "my next",
        "about my",
    ]);
    (named && looks_up).then_some(Intent::CheckAppointment)
}

/// "I can't make it tomorrow": an appointment is to be moved, whatever else follows.
fn can_not_come(words: &Words) -> bool {
    words.has_any(&[
        "can not make it",
        "cannot make it",
        "not be able to make it",
        "can not come",
        "cannot come",
        "rather not come",
        "not going to make it",
    ])
}

/// "I can't make it, later this week": the time that follows is one they can.
fn wishes_for_another(words: &Words) -> bool {
    words.has_any(&[
        "later this week",
        "instead",
        "how about",
        "what about",
        "could we do",
        "can we do",
        "could i do",
        "can i do",
        "could i come",
        "can i come",
    ])
}

/// "Stop calling me": whoever says it is heeded in any call, and where it is only in one of two
/// readings of what was said.
#[must_use]
pub fn wants_no_calls(text: &str, second_opinion: Option<&str>) -> bool {
    let says = |text: &str| stop_calling(&Words::new(text));
    says(text) || second_opinion.is_some_and(says)
}

fn stop_calling(words: &Words) -> bool {
    words.has_any(&[
        "stop calling",
        "stop texting",
        "stop messaging",
        "stop writing",
        "stop contacting",
        "stop sending me",
        "stop the reminders",
        "quit calling",
        "quit texting",
        "quit messaging",
        "no more calls",
        "no more texts",
        "no more text messages",
        "no more messages",
        "no more reminders",
        "not call me again",
        "not call me any more",
        "not call me anymore",
        "not text me again",
        "not text me any more",
        "not text me anymore",
        "not send me any more",
        "leave me alone",
        "remove my number from",
        "off your list",
        "off the list",
        "off your calling",
        "opt out",
        "unsubscribe",
    ]) || (words.has_any(&[
        "not call me",
        "not call here",
        "not call this",
        "not text me",
        "not message me",
        "not contact me",
        "never call me",
        "never text me",
    ]) && !is_no_request(words))
}

/// "You did not call me", "you can not text me, it is a landline".
fn is_no_request(words: &Words) -> bool {
    ["call", "text", "message", "contact"].iter().any(|verb| {
        let without = ["did", "can", "could", "will", "would", "you"];
        let mut said = without
            .iter()
            .map(|before| format!("{before} not {verb} me"));
        said.any(|phrase| words.has(&phrase)) || words.has(&format!("not {verb} me back"))
    })
}

/// "You have the wrong number": said by whoever answers a call of ours.
fn wrong_person(words: &Words) -> bool {
    words.has_any(&[
        "wrong number",
        "wrong person",
        "nobody by that name",
        "no one by that name",
        "does not live here",
        "do not know who that is",
    ])
}

/// "Move it to Friday", "make that eleven": what was just talked about.
fn moves_it(words: &Words) -> bool {
    words.has_any(&[
        "move it",
        "move that",
        "change it to",
        "change that to",
        "change the time",
        "change the day",
        "push it",
        "push that",
        "make it",
        "make that",
        "switch it to",
    ])
}

/// Whether the words speak of what was just talked about rather than of something named.
#[must_use]
pub fn points_back(text: &str) -> bool {
    let words = Words::new(text);
    moves_it(&words) || words.has_any(&["cancel it", "cancel that", "cancel this"])
}

/// "Both", where one was asked for.
#[must_use]
pub fn wants_all(text: &str) -> bool {
    Words::new(text).has_any(&[
        "both",
        "all of them",
        "all three",
        "the two of them",
        "each of them",
    ])
}

/// Whether what was just given up is to stay after all.
#[must_use]
pub fn takes_back(text: &str) -> bool {
    Words::new(text).has_any(&[
        "keep it",
        "keep that",
        "keep the appointment",
        "keep my appointment",
        "do not cancel",
        "take that back",
        "take it back",
        "undo that",
        "undo it",
        "want it back",
        "changed my mind",
        "change my mind",
    ])
}

/// Questions about the location and its services.
#[must_use]
pub fn question(words: &Words) -> Option<Intent> {
    let price = words.has_any(&[
        "how much",
        "cost",
        "costs",
        "price",
        "prices",
        "pricing",
        "you charge",
        "a quote",
        "an estimate",
    ]);
    // "How much is it and how long does it take": the price is said first, and the time is asked again.
    if price && !words.has("how much time") {
        return Some(Intent::Price);
    }
    if words.has_any(&[
        "how long",
        "how much time",
        "how many hours",
        "how many minutes",
        "will it be done",
        "will it be ready",
        "will it be finished",
        "it be done by",
        "it be ready by",
        "do i need to stay",
        "do i have to stay",
        "do i need to wait",
        "do i have to wait",
    ]) {
        return Some(Intent::Duration);
    }
    if words.has_any(&[
        "your hours",
        "what hours",
        "opening hours",
        "business hours",
        "the hours",
        "are you open",
        "are you guys open",
        "are you closed",
        "you guys open",
        "you guys close",
        "do you open",
        "do you close",
        "open late",
        "open on the weekend",
        "you open on",
        "open on sunday",
        "open on saturday",
    ]) || words.is("hours")
    {
        return Some(Intent::Hours);
    }
    let place = words.has_any(&[
        "where are you",
        "where is the shop",
        "where is your",
        "where is the dealership",
        "located",
        "your address",
        "your location",
        "directions",
        "get there",
    ]);
    place.then_some(Intent::Location)
}

fn asks_to_book(words: &Words) -> bool {
    words.has_any(&[
        "appointment",
        "book",
        "schedule",
        "make a reservation",
        "come in",
        "bring my",
        "bring it in",
        "bring in my",
        "fit me in",
        "squeeze me in",
        "get me in",
        "look at my",
        "look at it",
        "take a look",
        "work on my",
        "service my",
        "car serviced",
        "my car needs",
        "drop off my",
        "drop my car",
    ])
}
