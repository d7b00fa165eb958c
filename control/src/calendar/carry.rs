//! One entry of the outbox, carried over: afterwards the calendar agrees with the book.

use storage::appointment::Status;
use storage::calendar::{CalendarBooking, CalendarTask, EventRef};
use storage::{Locations, StorageError, Store};

use super::event::{self, Event};
use super::google::{CalendarError, Google};
use crate::limits;

#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Makes the calendar agree with a task's booking, however often it is tried. Gives the event that
/// stands for it; `None` where there is to be none.
///
/// # Errors
/// What kept it from that. The calendar may have changed all the same.
pub async fn carry(
    google: &Google,
    store: &Store,
    locations: &Locations,
    task: &CalendarTask,
) -> Result<Option<EventRef>, CarryError> {
    let booking = &task.booking;
    let appointment = &booking.appointment;
    let location = locations.of(&appointment.location);
    let google = &google.of(location);
    if appointment.status == Status::Cancelled {
        take_away(google, booking).await?;
        return Ok(None);
    }
    let customer = store.customers.by_id(appointment.customer).await?;
    let vehicle = store.vehicles.by_id(appointment.vehicle).await?;
    let (Some(customer), Some(vehicle)) = (customer, vehicle) else {
        // Rows refer to each other; a row cannot go alone.
        return Err(StorageError::Corrupt {
            table: "appointments",
            column: "customer_id",
            id: appointment.id.0,
            found: "nobody".to_owned(),
        }
        .into());
    };
    let mut event = Event::of(booking, task.sequence, &customer, &vehicle, location);
    if let Some(known) = &booking.event {
        match change(google, &event, known.etag.as_deref()).await {
            Ok(written) => return Ok(Some(written)),
            Err(CalendarError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    for generation in 0..limits::CALENDAR_GENERATIONS {
        event.id = event::id(&booking.key, generation);
        match add(google, &event).await {
            Ok(written) => return Ok(Some(written)),
            // The id is spent, its event gone for good.
            Err(CalendarError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(CalendarError::NotFound.into())
}

/// Deletes a booking's event. An insertion whose answer was lost may be there under an id that we did
/// not keep; but no id is used while the event of another is there, so the first that is found is all.
async fn take_away(google: &Google, booking: &CalendarBooking) -> Result<(), CalendarError> {
    let kept = booking.event.iter().map(|known| known.id.clone());
    let derived = (0..limits::CALENDAR_GENERATIONS).map(|n| event::id(&booking.key, n));
    for id in kept.chain(derived) {
        if google.delete(&id).await? {
            break;
        }
    }
    Ok(())
}

/// Adds an event, or changes the one that is there under its id: it is ours, from an attempt whose
/// answer we never got.
async fn add(google: &Google, event: &Event) -> Result<EventRef, CalendarError> {
    match google.insert(event).await {
        Err(CalendarError::Exists) => change(google, event, None).await,
        inserted => inserted,
    }
}

/// Changes an event that is at `etag`, or at whatever version it has come to since: the book decides
/// when an appointment is. Naming the version keeps a request that was late on its way from undoing a
/// later one.
async fn change(
    google: &Google,
    event: &Event,
    etag: Option<&str>,
) -> Result<EventRef, CalendarError> {
    if let Some(etag) = etag {
        match google.patch(event, Some(etag)).await {
            Err(CalendarError::Changed) => {}
            patched => return patched,
        }
    }
    let current = google.version(&event.id).await?;
    let current = current.ok_or(CalendarError::NotFound)?;
    google.patch(event, current.etag.as_deref()).await
}
