//! Answers to offers of the waiting list: a yes books, a no is the next one's chance.

use std::sync::Arc;

use jiff::Timestamp;
use pipeline::message::Expectation;
use storage::appointment::{Appointment, BookingError, NewAppointment, Party};
use storage::customer::{Customer, Phone};
use storage::slots::Interval;
use storage::waitlist::{Offer, Wait, WaitState};
use storage::{Language, Location, StorageError, audit};

use crate::dialogue::vocabulary;
use crate::http::App;
use crate::nlu::service::Vocabulary;
use crate::nlu::yes_no::{self, Answer};
use crate::nlu::{is_plain_yes, language};
use crate::reminders::{offers, texts};
use crate::telephony::CallSid;
use crate::tools::already_booked;

/// Who the book says wrote an entry.
const BOOKED_BY: &str = "sms";

/// What a message says to the offer that stands for its sender; nothing where there is none.
pub(super) async fn answered(
    app: &App,
    sid: &CallSid,
    phone: &Phone,
    body: &str,
) -> Result<Option<String>, StorageError> {
    let (store, now) = (&app.store, app.clock.now());
    let Some(customer) = store.customers.by_phone(phone).await? else {
        return Ok(None);
    };
    let Some(wait) = store.waitlist.offered_to(customer.id, now).await? else {
        return Ok(None);
    };
    let Some(offer) = wait.offer.filter(|offer| offers::stands(offer, now)) else {
        return Ok(None);
    };
    let location = app.locations.of(&wait.location);
    let words = match yes(&vocabulary(location), body) {
        None => Words::Unclear,
        Some(false) => Words::Declined,
        Some(true) => {
            let taking = take(app, location, &wait, &offer, phone);
            Box::pin(audit::by_call(sid.as_str(), taking)).await?
        }
    };
    let becomes = match words {
        Words::Unclear => return said(app, &customer, &wait, &offer, &words).await,
        Words::Booked => WaitState::Booked,
        Words::Taken => WaitState::Waiting,
        Words::Already(_) => WaitState::Left,
        Words::Declined => WaitState::Declined,
    };
    let list = &store.waitlist;
    list.close(wait.id, WaitState::Offered, becomes).await?;
    said(app, &customer, &wait, &offer, &words).await
}

enum Words {
    Booked,
    Taken,
    /// The vehicle comes for the same then, as they have arranged meanwhile.
    Already(Timestamp),
    Declined,
    /// Neither a yes nor a no.
    Unclear,
}

/// As anybody is booked: by the hours, the holidays and the calendar of the location, and by who has
/// booked the same already. The database judges, and the same offer is one booking however often it
/// is answered.
async fn take(
    app: &App,
    location: &Arc<Location>,
    wait: &Wait,
    offer: &Offer,
    from: &Phone,
) -> Result<Words, StorageError> {
    let Some(service) = location.service(&wait.service) else {
        return Ok(Words::Taken);
    };
    let interval = Interval {
        starts_at: offer.starts_at,
        ends_at: offer.ends_at,
    };
    let known = &app.store.appointments;
    let known = known.upcoming(wait.customer, app.clock.now()).await?;
    let clashes = |known: &&Appointment| {
        known.vehicle == wait.vehicle && already_booked::clash(known, service, interval)
    };
    match known.iter().find(clashes) {
        Some(known) if known.starts_at != offer.starts_at => {
            return Ok(Words::Already(known.starts_at));
        }
        // That one itself, perhaps: its key tells.
        _ => {}
    }
    let tools = app.sessions.tools().at(location);
    let start = location.local(offer.starts_at);
    if let Err(refused) = tools.allowed(service, &start).await {
        tracing::info!(wait = wait.id.0, %refused, "an offer stands against the rules by now");
        return Ok(Words::Taken);
    }
    match book(app, wait, offer, from).await {
        Ok(()) => Ok(Words::Booked),
        Err(BookingError::Storage(error)) => Err(error),
        Err(refused) => {
            tracing::info!(wait = wait.id.0, %refused, "an offer was taken too late");
            Ok(Words::Taken)
        }
    }
}

async fn book(app: &App, wait: &Wait, offer: &Offer, from: &Phone) -> Result<(), BookingError> {
    let wanted = NewAppointment {
        party: Party::Known {
            customer: wait.customer,
            vehicle: wait.vehicle,
        },
        location: wait.location.clone(),
        service: wait.service.clone(),
        starts_at: offer.starts_at,
        ends_at: offer.ends_at,
        bays: app.locations.of(&wait.location).bays,
        notes: None,
        idempotency_key: format!("waitlist:{}", wait.id.0),
        booked_by: BOOKED_BY.to_owned(),
        booked_from: Some(from.clone()),
    };
    app.store.appointments.book(&wanted).await.map(|_| ())
}

/// The answer. A booking is confirmed by a message of its own where the location confirms bookings.
async fn said(
    app: &App,
    customer: &Customer,
    wait: &Wait,
    offer: &Offer,
    words: &Words,
) -> Result<Option<String>, StorageError> {
    let location = app.locations.of(&wait.location);
    let Some(vehicle) = app.store.vehicles.by_id(wait.vehicle).await? else {
        return Ok(None);
    };
    let told = texts::Told {
        customer,
        vehicle: &vehicle,
        service: &wait.service,
        at: match words {
            Words::Already(known) => *known,
            _ => offer.starts_at,
        },
        until: None,
    };
    Ok(match words {
        Words::Unclear => texts::yes_or_no(location, &told),
        Words::Already(_) => texts::booked_already(location, &told),
        Words::Booked if location.reminders.confirm_by_text => None,
        Words::Booked => texts::confirmation(location, &told),
        Words::Taken => texts::taken(location, &told),
        Words::Declined => texts::declined(location, &told),
    })
}

/// Whether it is a plain yes or a no, in either language; nothing where it is something else.
fn yes(vocabulary: &Vocabulary, body: &str) -> Option<bool> {
    let read = |language| {
        let words = language::plain(language, Expectation::YesNo, body);
        let answer = yes_no::parse(&words)?.answer;
        Some((words, answer))
    };
    let (words, answer) = read(Language::English).or_else(|| read(Language::Spanish))?;
    match answer {
        Answer::Yes => is_plain_yes(vocabulary, &words).then_some(true),
        Answer::No => (!body.contains('?')).then_some(false),
        Answer::Unsure => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_takes_an_offer() {
        let vocabulary = vocabulary(&Location::example());
        for (body, answer) in [
            ("YES", Some(true)),
            ("Yes please!", Some(true)),
            ("ok", Some(true)),
            ("sure, book it", Some(true)),
            ("Sí", Some(true)),
            ("si", Some(true)),
            ("Sí, por favor", Some(true)),
            ("claro que sí", Some(true)),
            ("No", Some(false)),
            ("no thanks", Some(false)),
            ("No, gracias", Some(false)),
            ("I'd like to know if yes means I pay", None),
            ("Quiero saber si sí significa que pago", None),
            ("yes but at eleven", None),
            ("yes? how long does it take", None),
            ("is there no other day?", None),
            ("what is this about", None),
            ("maybe", None),
            ("", None),
        ] {
            assert_eq!(yes(&vocabulary, body), answer, "{body}");
        }
    }
}
