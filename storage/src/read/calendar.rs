//! Rows of the calendar's outbox, and of appointments as its keeper sees them.

use super::{BookRow, Columns, appointment};
use crate::appointment::AppointmentId;
use crate::calendar::{CalendarBooking, EventRef, OutboxDepth, OutboxEntry};
use crate::error::StorageError;

pub(crate) fn calendar_booking(row: &impl BookRow) -> Result<CalendarBooking, StorageError> {
    let columns = Columns::of("appointments", row)?;
    let etag = columns.maybe_text("calendar_etag")?;
    let id = columns.maybe_text("calendar_event_id")?;
    Ok(CalendarBooking {
        appointment: appointment(row)?,
        key: columns.text("idempotency_key")?,
        event: id.map(|id| EventRef { id, etag }),
        underway: columns.read("underway", row.flag("underway"))?,
    })
}

/// An entry's id, appointment, sequence and attempts, for whoever takes it.
pub(crate) fn taken(row: &impl BookRow) -> Result<(i64, AppointmentId, i64, i64), StorageError> {
    let columns = Columns::of("calendar_outbox", row)?;
    Ok((
        columns.id,
        AppointmentId(columns.integer("appointment_id")?),
        columns.integer("sequence")?,
        columns.integer("attempts")?,
    ))
}

pub(crate) fn outbox_entry(row: &impl BookRow) -> Result<OutboxEntry, StorageError> {
    let columns = Columns::of("calendar_outbox", row)?;
    Ok(OutboxEntry {
        appointment: AppointmentId(columns.integer("appointment_id")?),
        sequence: columns.integer("sequence")?,
        state: columns.word("state")?,
        attempts: columns.integer("attempts")?,
        last_error: columns.maybe_text("last_error")?,
    })
}

/// Two counts; `id` is no row's.
pub(crate) fn outbox_depth(row: &impl BookRow) -> Result<OutboxDepth, StorageError> {
    let columns = Columns::of("calendar_outbox", row)?;
    Ok(OutboxDepth {
        pending: columns.integer("pending")?.unsigned_abs(),
        dead: columns.integer("dead")?.unsigned_abs(),
    })
}
