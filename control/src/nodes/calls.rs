//! What every node knows of a call that one of them holds.
//!
//! The telephone network asks whichever node it reaches: what now, that the stream is over; has this
//! call been announced, and by whom? The node that holds the call tells the others the little they
//! need for an answer. The call itself, its audio and its words, stay where they are.

mod here;
mod in_redis;

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use storage::appointment::AppointmentId;
use storage::reminder::AttemptId;

pub use here::CallsHere;
pub use in_redis::CallsInRedis;

use crate::session::{Ending, Occasion, Parties, Purpose};
use crate::telephony::CallSid;

/// The calls of all nodes. Nothing here fails: without Redis a node knows its own calls.
#[async_trait]
pub trait LiveCalls: Send + Sync + std::fmt::Debug {
    /// Joins what is new of a call to what is known of it, in one step, and renews its life
    /// ([`limits::CALL_KNOWN_FOR`](crate::limits::CALL_KNOWN_FOR)). CallNews of an earlier stage than the
    /// known one change nothing, and news without a stage make no call.
    async fn tell(&self, sid: &CallSid, news: CallNews);

    /// What is known of a call.
    async fn get(&self, sid: &CallSid) -> Option<KnownCall>;

    /// The calls that nodes hold now, the longest first; at most
    /// [`limits::MAX_LISTED_CALLS`](crate::limits::MAX_LISTED_CALLS).
    async fn live(&self) -> Vec<KnownCall>;
}

/// How far a call is. It only advances, but for a caller who comes back: that is another part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Announced,
    Live,
    Ended(Ending),
}

/// What is new of a call: fields that replace what was known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallNews(BTreeMap<&'static str, String>);

/// A call, as every node may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCall {
    pub call_sid: String,
    /// How often it came back from a human who did not answer.
    pub returns: u8,
    pub stage: Stage,
    pub parties: Parties,
    /// The node that holds it.
    pub node: String,
    /// The dialogue's, such as `slot_collection`; empty before there is one.
    pub state: String,
    /// Who was bound to it.
    pub customer: Option<i64>,
    /// The network has asked what to do with the caller, or said that they are gone.
    pub asked: bool,
    pub started_at: Option<Timestamp>,
    pub last_activity: Option<Timestamp>,
}

/// Orders news: the higher is the later.
const PLACE: &str = "place";
const ENDING: &str = "ending";
const FROM: &str = "from";
const TO: &str = "to";
const APPOINTMENT: &str = "appointment";
const ATTEMPT: &str = "attempt";
const PURPOSE: &str = "purpose";
const NODE: &str = "node";
const STATE: &str = "state";
const CUSTOMER: &str = "customer";
const ASKED: &str = "asked";
const STARTED: &str = "started_at";
const ACTIVE: &str = "last_activity";

/// Stages of one part of a call.
const PLACES: i64 = 10;

impl CallNews {
    /// A call's webhook was answered.
    #[must_use]
    pub fn announced(parties: &Parties, returns: u8) -> Self {
        Self::of(parties, returns, Stage::Announced)
    }

    /// A node holds the call.
    #[must_use]
    pub fn live(parties: &Parties, returns: u8) -> Self {
        Self::of(parties, returns, Stage::Live)
    }

    fn of(parties: &Parties, returns: u8, stage: Stage) -> Self {
        let mut news = Self::default().at(returns, stage);
        for (field, phone) in [(FROM, &parties.from), (TO, &parties.to)] {
            if let Some(phone) = phone {
                news.0.insert(field, phone.as_str().to_owned());
            }
        }
        if let Occasion::Ours {
            purpose,
            appointment,
            attempt,
        } = &parties.occasion
        {
            news.0.insert(PURPOSE, purpose.word().to_owned());
            news.0.insert(APPOINTMENT, appointment.0.to_string());
            if let Some(attempt) = attempt {
                news.0.insert(ATTEMPT, attempt.as_str().to_owned());
            }
        }
        news
    }

    /// How far the call is now.
    #[must_use]
    pub fn at(mut self, returns: u8, stage: Stage) -> Self {
        let rank = match stage {
            Stage::Announced => 0,
            Stage::Live => 1,
            Stage::Ended(_) => 2,
        };
        let place = i64::from(returns) * PLACES + rank;
        self.0.insert(PLACE, place.to_string());
        if let Stage::Ended(ending) = stage {
            self.0.insert(ENDING, word(ending).to_owned());
        }
        self
    }

    /// The network needs no answer any more.
    #[must_use]
    pub fn asked(mut self) -> Self {
        self.0.insert(ASKED, "1".to_owned());
        self
    }

    #[must_use]
    pub fn state(mut self, state: &str) -> Self {
        self.0.insert(STATE, state.to_owned());
        self
    }

    #[must_use]
    pub fn customer(mut self, customer: Option<i64>) -> Self {
        // Whoever denies to be a customer is nobody again.
        let customer = customer.map_or(String::new(), |id| id.to_string());
        self.0.insert(CUSTOMER, customer);
        self
    }

    #[must_use]
    pub fn started(mut self, at: Timestamp) -> Self {
        self.0.insert(STARTED, at.to_string());
        self
    }

    /// Where and when it was told.
    fn stamped(mut self, node: &str, now: Timestamp) -> Self {
        if self.place().is_some_and(|place| place % PLACES == 1) {
            self.0.insert(NODE, node.to_owned());
        }
        self.0.insert(ACTIVE, now.to_string());
        self
    }

    fn place(&self) -> Option<i64> {
        self.0.get(PLACE)?.parse().ok()
    }
}

/// What was known, with what is new; nothing where the news are too old to count.
fn joined(
    known: Option<BTreeMap<&'static str, String>>,
    news: &CallNews,
) -> Option<BTreeMap<&'static str, String>> {
    let Some(mut fields) = known else {
        return news.place().map(|_| news.0.clone());
    };
    let before = fields
        .get(PLACE)
        .and_then(|place| place.parse::<i64>().ok());
    match (before, news.place()) {
        (Some(before), Some(place)) if place < before => return None,
        // Another part: what was asked about the one before is answered.
        (Some(before), Some(place)) if place / PLACES > before / PLACES => {
            fields.remove(ENDING);
            fields.remove(ASKED);
        }
        _ => {}
    }
    fields.extend(news.0.iter().map(|(field, value)| (*field, value.clone())));
    Some(fields)
}

impl KnownCall {
    /// From the fields of its news; nothing where they make no call.
    fn read<'f>(call_sid: &str, field: impl Fn(&str) -> Option<&'f str>) -> Option<Self> {
        let field = |name| field(name).filter(|text| !text.is_empty());
        let phone = |name| storage::customer::Phone::parse(field(name)?).ok();
        let at = |name| field(name)?.parse().ok();
        let place: i64 = field(PLACE)?.parse().ok()?;
        let stage = match place % PLACES {
            0 => Stage::Announced,
            1 => Stage::Live,
            _ => Stage::Ended(ending(field(ENDING).unwrap_or_default())),
        };
        let appointment = field(APPOINTMENT).and_then(|id| id.parse().ok());
        Some(Self {
            call_sid: call_sid.to_owned(),
            returns: u8::try_from(place / PLACES).unwrap_or(u8::MAX),
            stage,
            parties: Parties {
                from: phone(FROM),
                to: phone(TO),
                occasion: appointment.map_or(Occasion::Inbound, |id| Occasion::Ours {
                    purpose: field(PURPOSE).and_then(Purpose::parse).unwrap_or_default(),
                    appointment: AppointmentId(id),
                    attempt: field(ATTEMPT).and_then(AttemptId::parse),
                }),
            },
            node: field(NODE).unwrap_or_default().to_owned(),
            state: field(STATE).unwrap_or_default().to_owned(),
            customer: field(CUSTOMER).and_then(|id| id.parse().ok()),
            asked: field(ASKED).is_some(),
            started_at: at(STARTED),
            last_activity: at(ACTIVE),
        })
    }
}

const ENDINGS: [(Ending, &str); 4] = [
    (Ending::HungUp, "hung_up"),
    (Ending::Transfer, "transfer"),
    (Ending::Fault, "fault"),
    (Ending::Busy, "busy"),
];

fn word(ending: Ending) -> &'static str {
    let known = ENDINGS.iter().find(|(known, _)| *known == ending);
    known.map_or("fault", |(_, word)| *word)
}

/// What we do not know is a fault: whoever is still on the line reaches a human.
fn ending(word: &str) -> Ending {
    let known = ENDINGS.iter().find(|(_, known)| *known == word);
    known.map_or(Ending::Fault, |(ending, _)| *ending)
}
