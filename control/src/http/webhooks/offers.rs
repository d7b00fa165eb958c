//! Answers to offers of the waiting list: a yes books, a no is the next one's chance.

use storage::appointment::{BookingError, NewAppointment, Party};
use storage::customer::{Customer, Phone};
use storage::waitlist::{Offer, Wait, WaitState};
use storage::{StorageError, audit};

use crate::http::App;
use crate::nlu::yes_no::{self, Answer};
use crate::reminders::{offers, texts};
use crate::telephony::CallSid;

/// Who the book says wrote an entry.
const BOOKED_BY: &str = "sms";

/// What a message says to the offer that stands for its sender; nothing where there is none, or where
/// it answers nothing.
pub(super) async fn answered(
    app: &App,
    sid: &CallSid,
    phone: &Phone,
    body: &str,
) -> Result<Option<String>, StorageError> {
    let Some(yes) = yes(body) else {
        return Ok(None);
    };
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
    let words = if yes {
        let booking = book(app, &wait, &offer, phone);
        match Box::pin(audit::by_call(sid.as_str(), booking)).await {
            Ok(()) => Words::Booked,
            Err(BookingError::Storage(error)) => return Err(error),
            Err(refused) => {
                tracing::info!(wait = wait.id.0, %refused, "an offer was taken too late");
                Words::Taken
            }
        }
    } else {
        Words::Declined
    };
    let becomes = match words {
        Words::Booked => WaitState::Booked,
        Words::Taken => WaitState::Waiting,
        Words::Declined => WaitState::Declined,
    };
    let list = &store.waitlist;
    list.close(wait.id, WaitState::Offered, becomes).await?;
    said(app, &customer, &wait, &offer, &words).await
}

enum Words {
    Booked,
    Taken,
    Declined,
}

/// As anybody is booked: the database judges, and the same offer is one booking however often it is
/// answered.
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
        at: offer.starts_at,
        until: None,
    };
    Ok(match words {
        Words::Booked if location.reminders.confirm_by_text => None,
        Words::Booked => texts::confirmation(location, &told),
        Words::Taken => texts::taken(location, &told),
        Words::Declined => texts::declined(location, &told),
    })
}

/// Whether it is a yes or a no, in either language.
fn yes(body: &str) -> Option<bool> {
    let word: String = body.chars().filter(|c| c.is_alphabetic()).collect();
    match word.to_lowercase().as_str() {
        "sí" | "si" => return Some(true),
        _ => {}
    }
    match yes_no::parse(body)?.answer {
        Answer::Yes => Some(true),
        Answer::No => Some(false),
        Answer::Unsure => None,
    }
}
