//! One turn of the caller, as far as its meaning is certain.

use jiff::civil::Date;
use pipeline::message::Expectation;
use storage::customer::{InvalidPhone, Phone};
use storage::location::{Location, Service};

use crate::nlu::date_time::When;
use crate::nlu::detail::{self, Detail};
use crate::nlu::intent::{self, Intent};
use crate::nlu::language;
use crate::nlu::name::{self, Name};
use crate::nlu::service::Vocabulary;
use crate::nlu::vehicle::{self, SpokenVehicle};
use crate::nlu::words::Words;
use crate::nlu::yes_no::{self, Answer};
use crate::nlu::{self, Concept, address, date_of_birth, phone, vin};
use crate::tools::cancel_appointment::Reason;

/// How callers name the location's services.
pub(crate) fn vocabulary(location: &Location) -> Vocabulary {
    let names = |service: &Service| -> Vec<String> {
        let name = std::iter::once(service.name.clone());
        let others = location.spoken.languages().iter().flat_map(|language| {
            let names = location.spoken.names(service, *language).iter();
            names.map(|name| language::plain(*language, Expectation::Open, name))
        });
        name.chain(service.synonyms.iter().cloned())
            .chain(others)
            .collect()
    };
    let spoken: Vec<(&str, Vec<String>)> = location
        .services
        .iter()
        .map(|service| (service.key.as_str(), names(service)))
        .collect();
    Vocabulary::new(
        spoken
            .iter()
            .map(|(key, names)| (*key, names.iter().map(String::as_str))),
    )
}

/// What was said; what was not said is absent. A turn may say several things at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Turn {
    pub(super) intent: Option<Intent>,
    /// Keys of the services that were named.
    pub(super) services: Vec<String>,
    pub(super) answer: Option<Answer>,
    pub(super) when: Option<When>,
    pub(super) name: Option<Name>,
    pub(super) vehicle: Option<SpokenVehicle>,
    /// Ten digits, which may still be no number that exists.
    pub(super) phone: Option<Result<Phone, InvalidPhone>>,
    pub(super) born: Option<Date>,
    /// House number and street.
    pub(super) address: Option<String>,
    /// A vehicle's identification number.
    pub(super) vin: Option<String>,
    pub(super) reason: Option<Reason>,
    /// "Move it", "cancel that": what was just talked about.
    pub(super) points_back: bool,
    /// "The other car."
    pub(super) other_vehicle: bool,
    /// What of a booking that was read back is wrong.
    pub(super) wrong: Option<Detail>,
}

impl Turn {
    /// Reads a turn. `None` where it means nothing, or where a second reading means something else.
    pub(super) fn read(
        vocabulary: &Vocabulary,
        expects: Expectation,
        text: &str,
        second_opinion: Option<&str>,
    ) -> Option<Self> {
        let mut turn = Self::default();
        let besides = matches!(expects, Expectation::YesNo | Expectation::When);
        if besides {
            turn.read_details(text, second_opinion);
        }
        let Some(concept) = nlu::agree(vocabulary, expects, text, second_opinion) else {
            return (turn != Self::default()).then_some(turn);
        };
        match concept {
            Concept::Request(request) => {
                turn.intent = Some(request.intent);
                turn.services = request.services;
                turn.when = request.when;
            }
            Concept::Reply(reply) => {
                turn.answer = Some(reply.answer);
                turn.when = reply.correction;
            }
            Concept::When(when) => turn.when = Some(when),
            Concept::Phone(digits) => turn.phone = Some(digits.phone()),
            Concept::DateOfBirth(date) => turn.born = Some(date),
            Concept::Address(address) => turn.address = Some(address.line()),
            Concept::Name(name) => turn.name = Some(name),
            Concept::Vehicle(vehicle) => turn.vehicle = Some(vehicle),
        }
        let answerable = matches!(expects, Expectation::YesNo | Expectation::DateOfBirth);
        if answerable && turn.answer.is_none() && turn.born.is_none() {
            // "Yes, cancel it", "no, thank you".
            turn.answer = both(text, second_opinion, |text| {
                Some(yes_no::parse(text)?.answer)
            });
        }
        if turn.intent == Some(Intent::Book) {
            // "My truck needs an oil change."
            turn.vehicle = both(text, second_opinion, mentioned);
            // "My name is Anna Bell and I need an oil change."
            turn.name = both(text, second_opinion, name::introduced);
        }
        if besides {
            turn.read_beside(vocabulary, text, second_opinion);
        }
        if besides && turn.born.is_some() {
            turn.when = None;
        }
        turn.points_back = both(text, second_opinion, |text| {
            intent::points_back(text).then_some(())
        })
        .is_some();
        turn.reason = both(text, second_opinion, reason);
        Some(turn)
    }

    /// What a new customer is asked for, put right beside an answer or instead of one: "no, my name is
    /// Jane Doe", "the number is wrong".
    fn read_details(&mut self, text: &str, second_opinion: Option<&str>) {
        self.name = both(text, second_opinion, name::introduced);
        let number = |text: &str| Some(phone::parse(text).ok()?.phone());
        self.phone = both(text, second_opinion, number);
        // Said so: any other date is when they want to come.
        let born = |text: &str| {
            let said_so = Words::new(text).has_any(&["born", "birth", "birthday"]);
            date_of_birth::parse(text).ok().filter(|_| said_so)
        };
        self.born = both(text, second_opinion, born);
        self.wrong = both(text, second_opinion, detail::wrong);
    }

    /// A correction beside an answer: "no, I mean a tire rotation", "no, the Toyota".
    fn read_beside(&mut self, vocabulary: &Vocabulary, text: &str, second_opinion: Option<&str>) {
        if self.services.is_empty() && self.intent.is_none() {
            let named = |text: &str| Some(vocabulary.find(text)).filter(|keys| !keys.is_empty());
            self.services = both(text, second_opinion, named).unwrap_or_default();
        }
        let other = |text: &str| vehicle::names_the_other(text).then_some(());
        self.other_vehicle = both(text, second_opinion, other).is_some();
        if self.vehicle.is_none() && !self.other_vehicle {
            // "Yes, bring the car in" names none.
            let agrees = self.answer == Some(Answer::Yes);
            self.vehicle = both(text, second_opinion, mentioned).filter(|said| {
                let named = said.make.is_some() || said.year.is_some();
                named || (said.body.is_some() && !agrees)
            });
        }
    }

    /// This and what was said after it; the later word counts.
    pub(super) fn and(self, later: Self) -> Self {
        let services = if later.services.is_empty() {
            self.services
        } else {
            later.services
        };
        Self {
            intent: later.intent.or(self.intent),
            services,
            answer: later.answer,
            when: joined(later.when, self.when, When::or),
            name: joined(later.name, self.name, Name::or),
            vehicle: later.vehicle.or(self.vehicle),
            phone: later.phone.or(self.phone),
            born: later.born.or(self.born),
            address: later.address.or(self.address),
            vin: later.vin.or(self.vin),
            reason: later.reason.or(self.reason),
            points_back: later.points_back,
            other_vehicle: later.other_vehicle,
            wrong: later.wrong,
        }
    }

    /// Reads a VIN and nothing else: its digits are no year and no time.
    pub(super) fn read_vin(text: &str, second_opinion: Option<&str>) -> Option<Self> {
        let vin = both(text, second_opinion, |text| vin::parse(text).ok());
        vin.map(|vin| Self {
            vin: Some(vin),
            ..Self::default()
        })
    }

    /// Reads a turn in which the caller is to prove who they are: by what was asked for, or by
    /// something else that proves it.
    pub(super) fn read_proof(
        vocabulary: &Vocabulary,
        expects: Expectation,
        text: &str,
        second_opinion: Option<&str>,
    ) -> Option<Self> {
        if let Some(turn) = Self::read_vin(text, second_opinion) {
            return Some(turn);
        }
        let turn = Self::read(vocabulary, expects, text, second_opinion);
        if turn.as_ref().is_some_and(|turn| turn.intent.is_some()) {
            return turn;
        }
        let mut proof = turn.unwrap_or_default();
        let born = both(text, second_opinion, |text| date_of_birth::parse(text).ok());
        if proof.born.is_none() && born.is_some() {
            proof = Self {
                born,
                ..Self::default()
            };
        } else if proof.born.is_none() && proof.address.is_none() {
            // Unasked, only what is called a street is one.
            let street = |text: &str| address::parse(text).filter(|said| said.kind.is_some());
            proof.address = both(text, second_opinion, street).map(|said| said.line());
        }
        (proof != Self::default()).then_some(proof)
    }

    /// Any words at all are an answer to "may I ask why?".
    pub(super) fn read_reason(
        vocabulary: &Vocabulary,
        expects: Expectation,
        text: &str,
        second_opinion: Option<&str>,
    ) -> Self {
        let turn = Self::read(vocabulary, expects, text, second_opinion).unwrap_or_default();
        let why = both(text, second_opinion, reason).unwrap_or_default();
        match turn.intent {
            // "Because I can't make it" asks for nothing.
            Some(Intent::Reschedule) if why != Reason::Other => Self::because(why),
            Some(intent) if intent.is_global() && intent != Intent::Cancel => turn,
            _ => Self::because(why),
        }
    }

    fn because(why: Reason) -> Self {
        Self {
            reason: Some(why),
            ..Self::default()
        }
    }

    /// Something was said to that question, whatever it was.
    pub(super) fn of_no_reason() -> Self {
        Self::because(Reason::Other)
    }

    pub(super) fn answering(answer: Answer) -> Self {
        Self {
            answer: Some(answer),
            ..Self::default()
        }
    }

    /// A yes and nothing more.
    pub(super) fn is_bare_yes(&self) -> bool {
        *self == Self::answering(Answer::Yes)
    }

    /// Whether something is wanted beside the answer.
    pub(super) fn asks_for_something(&self) -> bool {
        !self.services.is_empty()
            || self.when.is_some()
            || self.vehicle.is_some()
            || self
                .intent
                .is_some_and(|i| i != Intent::Thanks && i != Intent::Greeting)
    }
}

/// A vehicle that nobody asked for.
fn mentioned(text: &str) -> Option<SpokenVehicle> {
    vehicle::mentioned(&Words::new(text))
}

/// Both, or the one there is.
fn joined<T>(later: Option<T>, earlier: Option<T>, join: impl FnOnce(T, T) -> T) -> Option<T> {
    match (later, earlier) {
        (Some(later), Some(earlier)) => Some(join(later, earlier)),
        (later, earlier) => later.or(earlier),
    }
}

/// What both readings of a turn give, where they give the same.
fn both<T: PartialEq>(
    text: &str,
    second_opinion: Option<&str>,
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let first = read(text);
    first.filter(|first| second_opinion.is_none_or(|other| read(other).as_ref() == Some(first)))
}

/// Why an appointment is given up, where the words tell.
fn reason(text: &str) -> Option<Reason> {
    let words = Words::new(text);
    let sold = words.has_any(&[
        "sold",
        "got rid of",
        "traded",
        "do not have the car",
        "totaled",
    ]);
    let elsewhere = words.has_any(&[
        "somewhere else",
        "elsewhere",
        "another shop",
        "other shop",
        "another place",
        "already had it done",
        "already got it done",
    ]);
    let resolved = words.has_any(&[
        "fixed itself",
        "fixed it",
        "is fixed",
        "went away",
        "resolved",
        "no longer need",
        "do not need it",
        "works again",
        "is fine now",
    ]);
    let busy = words.has_any(&[
        "schedule",
        "conflict",
        "busy",
        "can not make it",
        "cannot make it",
        "something came up",
        "have to work",
        "out of town",
        "no time",
    ]);
    match (sold, elsewhere, resolved, busy) {
        (true, ..) => Some(Reason::VehicleSold),
        (_, true, ..) => Some(Reason::GotServiceElsewhere),
        (_, _, true, _) => Some(Reason::IssueResolved),
        (.., true) => Some(Reason::ScheduleConflict),
        _ => None,
    }
}
