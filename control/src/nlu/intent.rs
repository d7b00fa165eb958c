//! What a caller wants: requests, questions, and what may be said at any point of a call.

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
        None
    }
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

/// "Stop calling me": whoever says it is heeded in any call.
#[must_use]
pub fn wants_no_calls(text: &str) -> bool {
    stop_calling(&Words::new(text))
}

fn stop_calling(words: &Words) -> bool {
    words.has_any(&[
        "stop calling",
        "quit calling",
        "not call me",
        "not call here",
        "not call this",
        "never call me",
        "no more calls",
        "no more reminders",
        "stop the reminders",
        "off your list",
        "off the list",
        "off your calling",
        "opt out",
        "unsubscribe",
    ]) && !words.has_any(&["not call me back", "did not call me", "you not call me"])
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

/// Waiting, thanks, goodbyes, greetings: they count only where nothing else was said.
#[must_use]
pub fn courtesy(words: &Words) -> Option<Intent> {
    let waits = words.has_any(&[
        "hold on",
        "hang on",
        "one moment",
        "one second",
        "one minute",
        "just a second",
        "just a minute",
        "just a moment",
        "give me a second",
        "give me a minute",
        "let me check",
        "let me see",
    ]) || words.is("wait")
        || words.is("stop")
        || words.has_any(&[
            "wait a second",
            "wait a minute",
            "wait please",
            "please wait",
        ]);
    if waits {
        return Some(Intent::Wait);
    }
    let cares_for_something = words.has("take care of");
    if words.has_any(&[
        "goodbye",
        "bye",
        "good bye",
        "see you",
        "have a good",
        "have a great",
        "have a nice",
        "talk to you later",
    ]) || (words.has("take care") && !cares_for_something)
    {
        return Some(Intent::Goodbye);
    }
    if words.has_any(&["thank you", "thanks", "appreciate it"]) {
        return Some(Intent::Thanks);
    }
    let greeting = [
        "hello",
        "hi",
        "hey",
        "good morning",
        "good afternoon",
        "good evening",
    ];
    (words.len() <= 4 && words.has_any(&greeting)).then_some(Intent::Greeting)
}

fn asks_to_repeat(words: &Words) -> bool {
    words.has_any(&[
        "repeat",
        "say that again",
        "say it again",
        "come again",
        "pardon",
        "not catch that",
        "not hear that",
        "not hear you",
        "not get that",
        "what did you say",
        "what was that",
        "who is this",
        "who is calling",
    ]) || ["what", "sorry", "huh", "excuse me", "i am sorry"]
        .iter()
        .any(|p| words.is(p))
}

/// Someone in charge, or anyone of flesh and blood.
fn human(words: &Words) -> bool {
    const POSTS: [&str; 8] = [
        "manager",
        "supervisor",
        "boss",
        "representative",
        "operator",
        "human",
        "real person",
        "receptionist",
    ];
    const ANYONE: [&str; 11] = [
        "someone",
        "somebody",
        "person",
        "people",
        "owner",
        "agent",
        "advisor",
        "technician",
        "mechanic",
        "human",
        "anyone",
    ];
    // "I am the office manager", "my boss said": the caller's own, not ours.
    let ours = |post: &str| {
        let own = [
            "my", "i am a", "i am the", "am an", "as a", "property", "office",
        ];
        words.has(post)
            && !own.iter().any(|own| words.has(&format!("{own} {post}")))
            && !words.has_any(&["not want to talk", "not need to talk", "not want to speak"])
    };
    let talks = words.has_any(&[
        "talk to",
        "talk with",
        "speak to",
        "speak with",
        "speaking to",
        "speaking with",
        "connect me",
        "put me through",
        "get me",
    ]);
    POSTS.iter().any(|post| ours(post))
        || (talks && ANYONE.iter().any(|who| words.has(who)))
        || words.has_any(&["transfer me", "talk to your boss", "speak to your boss"])
}

fn upset(words: &Words) -> bool {
    // "Sue" is also a name: only the verb counts.
    const THREATS: [&str; 9] = [
        "going to sue",
        "will sue",
        "want to sue",
        "have to sue",
        "sue you",
        "sue your",
        "suing",
        "lawsuit",
        "legal action",
    ];
    const SWEARING: [&str; 5] = ["bullshit", "crap", "fucking", "goddamn", "damn"];
    const MOODS: [&str; 8] = [
        "angry",
        "furious",
        "frustrated",
        "frustrating",
        "ridiculous",
        "unacceptable",
        "fed up",
        "pissed",
    ];
    let mood = |mood: &str| words.has(mood) && !words.has(&format!("not {mood}"));
    let lawyer = ["lawyer", "attorney"].iter().any(|post| {
        words.has(post)
            && !["a", "an", "the"]
                .iter()
                .any(|a| words.has(&format!("i am {a} {post}")))
    });
    words.has_any(&THREATS)
        || lawyer
        || MOODS.iter().any(|m| mood(m))
        || SWEARING.iter().any(|s| words.has(&format!("this is {s}")))
        || words.has_any(&["this is so damn", "bullshit", "fucking"])
}

fn complaint(words: &Words) -> bool {
    if words.has_any(&[
        "complaint",
        "complain",
        "complaining",
        "unhappy",
        "dissatisfied",
        "not happy with",
        "not satisfied",
        "never coming back",
        "never come back",
        "never using",
        "bad experience",
        "terrible service",
        "awful service",
        "horrible service",
        "poor service",
        "bad service",
    ]) {
        return true;
    }
    // "The last time was terrible", not "since the last service there is a terrible noise".
    ["last time", "last service", "last visit"]
        .iter()
        .any(|last| {
            words.after(last).is_some_and(|at| {
                let rest = words.slice(at, words.len());
                ["terrible", "awful", "horrible", "bad", "poor", "a disaster"]
                    .iter()
                    .any(|bad| {
                        [
                            "was",
                            "was so",
                            "was really",
                            "was very",
                            "you did a",
                            "it was",
                        ]
                        .iter()
                        .any(|was| rest.has(&format!("{was} {bad}")))
                    })
            })
        })
}

fn complex(words: &Words) -> bool {
    let disputes = words.has_any(&["why was", "why did", "why were", "why am"])
        && words.has_any(&[
            "charge", "charged", "cost", "price", "pay", "bill", "billed",
        ]);
    disputes
        || words.has_any(&[
            "is my car ready",
            "is my truck ready",
            "my car is ready",
            "is it ready",
            "status of my",
            "running late",
            "warranty",
            "insurance",
            "discount",
            "special case",
            "an exception",
            "refund",
        ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(text: &str) -> Option<Intent> {
        parse(text, Vocabulary::standard()).map(|request| request.intent)
    }

    #[test]
    fn requests_and_questions_are_told_apart() {
        for (text, expected) in [
            ("i would like to schedule an oil change", Intent::Book),
            ("can you fit me in", Intent::Book),
            ("someone told me my car is part of a recall", Intent::Book),
            ("please take care of my brakes", Intent::Book),
            (
                "i would like to reschedule my appointment",
                Intent::Reschedule,
            ),
            (
                "i need to move my appointment to friday",
                Intent::Reschedule,
            ),
            ("i'd like to change my appointment", Intent::Reschedule),
            ("i need to cancel my appointment please", Intent::Cancel),
            ("when is my appointment", Intent::CheckAppointment),
            (
                "do i have an appointment tomorrow",
                Intent::CheckAppointment,
            ),
            ("what are your hours on saturday", Intent::Hours),
            ("are you guys open on sunday at all", Intent::Hours),
            ("when do you guys close", Intent::Hours),
            ("where are you located exactly", Intent::Location),
            ("how do i get there", Intent::Location),
            ("how much is an oil change", Intent::Price),
            ("what does a brake job cost", Intent::Price),
            ("how long does an oil change take", Intent::Duration),
            ("how much time does it take", Intent::Duration),
            ("how much is it and how long does it take", Intent::Price),
            ("can you repeat that please", Intent::Repeat),
            ("what", Intent::Repeat),
            ("hang on let me check", Intent::Wait),
            ("start over", Intent::StartOver),
            ("never mind", Intent::NeverMind),
            ("cancel that", Intent::NeverMind),
            ("thanks a lot goodbye", Intent::Goodbye),
            ("okay take care", Intent::Goodbye),
            ("thank you very much", Intent::Thanks),
            ("good morning", Intent::Greeting),
        ] {
            assert_eq!(intent(text), Some(expected), "{text}");
        }
        assert_eq!(intent("do you have anything open after work"), None);
        assert_eq!(intent("yes"), None);
        assert_eq!(intent(""), None);
    }

    #[test]
    fn a_caller_who_wants_or_needs_a_human_gets_one() {
        for (text, expected) in [
            ("i want to speak to a manager", Intent::Human),
            ("can i just talk to a real person please", Intent::Human),
            ("representative", Intent::Human),
            ("let me talk to somebody", Intent::Human),
            ("just let me talk to your boss", Intent::Human),
            ("transfer me", Intent::Human),
            ("this is ridiculous", Intent::Upset),
            ("i'm so frustrated with you", Intent::Upset),
            ("i'm going to sue you", Intent::Upset),
            ("you will hear from my lawyer", Intent::Upset),
            ("this is bullshit", Intent::Upset),
            ("i want to make a complaint", Intent::Complaint),
            ("last time it was terrible", Intent::Complaint),
            ("i am never coming back", Intent::Complaint),
            ("is it covered by the warranty", Intent::Complex),
            ("hi is my car ready yet", Intent::Complex),
            ("i'm running late for my appointment", Intent::Complex),
            ("why was i charged so much", Intent::Complex),
        ] {
            assert_eq!(intent(text), Some(expected), "{text}");
            assert!(expected.escalates() && expected.is_global());
        }
    }

    #[test]
    fn innocent_words_do_not_escalate() {
        for text in [
            "my name is sue",
            "this is sue johnson",
            "it's for my wife sue",
            "please take care of your brakes",
            "there is a terrible noise since the last service",
            "i am the owner of the car",
            "i am a lawyer",
            "my boss needs his car inspected",
            "i'm not angry",
            "i need a person's car serviced",
            "i manage it",
        ] {
            assert!(
                intent(text).is_none_or(|intent| !intent.escalates()),
                "{text}"
            );
        }
    }
}
