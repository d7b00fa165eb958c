//! Where the calendar and the book differ.
//!
//! The book is right: what is missing, moved or left over by hand or by accident is written again. An
//! event that bears our mark and belongs to no booking is only told of; it may be another book's.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use storage::appointment::{AppointmentId, Status};
use storage::calendar::CalendarBooking;
use storage::slots::Interval;
use storage::{Location, Locations, Store};

use super::carry::CarryError;
use super::event;
use super::google::{Google, Listed, When};
use crate::limits;

/// The differences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Bookings without an event.
    pub missing: Vec<AppointmentId>,
    /// Bookings whose event is at another time.
    pub changed: Vec<AppointmentId>,
    /// Cancelled bookings that still have one.
    pub left_over: Vec<AppointmentId>,
    /// Events of ours that no booking knows, by id.
    pub orphans: Vec<String>,
}

/// Compares what is still to come, calendar by calendar: locations may share one.
///
/// # Errors
/// Where either side cannot be read.
pub async fn drift(
    google: &Google,
    store: &Store,
    locations: &Locations,
    now: Timestamp,
) -> Result<Drift, CarryError> {
    let mut calendars: BTreeMap<String, Vec<&Location>> = BTreeMap::new();
    for location in locations.iter() {
        let calendar = google.of(location).calendar().to_owned();
        calendars.entry(calendar).or_default().push(location);
    }
    let mut drift = Drift::default();
    for sharing in calendars.values() {
        let found = drift_of(google, store, locations, sharing, now).await?;
        drift.missing.extend(found.missing);
        drift.changed.extend(found.changed);
        drift.left_over.extend(found.left_over);
        drift.orphans.extend(found.orphans);
    }
    Ok(drift)
}

/// Compares the calendar that these locations share with what is booked there.
async fn drift_of(
    google: &Google,
    store: &Store,
    locations: &Locations,
    sharing: &[&Location],
    now: Timestamp,
) -> Result<Drift, CarryError> {
    let Some(first) = sharing.first() else {
        return Ok(Drift::default());
    };
    let google = google.of(first);
    let horizons = sharing.iter().map(|location| location.horizon_days);
    let days = i64::from(horizons.max().unwrap_or_default()) + 2;
    let here = |key: &str| {
        let of = &locations.of(key).key;
        sharing.iter().any(|location| location.key == *of)
    };
    let span = Interval {
        starts_at: now,
        ends_at: now + SignedDuration::from_hours(24 * days),
    };
    // The events first: whatever is written meanwhile has its row before its event.
    let events = google.list(span, true).await?;
    let bookings = store.calendar.bookings(now).await?;
    let whole = bookings.len() < usize::try_from(storage::limits::CALENDAR_BOOKINGS).unwrap_or(0);
    let bookings: Vec<_> = bookings
        .into_iter()
        .filter(|booking| booking.appointment.starts_at < span.ends_at)
        .filter(|booking| here(&booking.appointment.location))
        .collect();
    let mut drift = compare(&bookings, &events);
    if !whole {
        // Bookings that were not read may own them.
        drift.orphans.clear();
    }
    Ok(drift)
}

/// Bookings with an entry under way are left out: they are being corrected.
fn compare(bookings: &[CalendarBooking], events: &[Listed]) -> Drift {
    let by_id: HashMap<&str, &Listed> = events.iter().map(|e| (e.id.as_str(), e)).collect();
    let mut drift = Drift::default();
    let mut known = std::collections::HashSet::new();
    for booking in bookings {
        let appointment = &booking.appointment;
        let mut ids: Vec<String> = (0..limits::CALENDAR_GENERATIONS)
            .map(|generation| event::id(&booking.key, generation))
            .collect();
        ids.extend(booking.event.as_ref().map(|event| event.id.clone()));
        let found = match &booking.event {
            Some(kept) => by_id.get(kept.id.as_str()),
            None => ids.iter().find_map(|id| by_id.get(id.as_str())),
        };
        known.extend(ids);
        if booking.underway {
            continue;
        }
        let id = appointment.id;
        match (appointment.status, found) {
            (Status::Cancelled, Some(_)) => drift.left_over.push(id),
            (Status::Cancelled, None) => {}
            (_, None) => drift.missing.push(id),
            (_, Some(event)) => {
                let when = When::Times(Interval {
                    starts_at: appointment.starts_at,
                    ends_at: appointment.ends_at,
                });
                if event.when != when {
                    drift.changed.push(id);
                }
            }
        }
    }
    let unknown = events.iter().filter(|event| !known.contains(&event.id));
    drift.orphans = unknown.map(|event| event.id.clone()).collect();
    drift
}

impl Drift {
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What writing it again corrects.
    pub fn to_correct(&self) -> impl Iterator<Item = AppointmentId> + '_ {
        let all = self.missing.iter().chain(&self.changed);
        all.chain(&self.left_over).copied()
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events missing, {} at another time, {} left over, {} of no booking",
            self.missing.len(),
            self.changed.len(),
            self.left_over.len(),
            self.orphans.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use storage::appointment::Appointment;
    use storage::calendar::EventRef;
    use storage::customer::CustomerId;
    use storage::vehicle::VehicleId;

    use super::*;

    fn hours(from: i64) -> Interval {
        let at = |hour: i64| Timestamp::from_second(1_800_000_000 + hour * 3_600).expect("valid");
        Interval {
            starts_at: at(from),
            ends_at: at(from + 1),
        }
    }

    fn booking(id: i64, hour: i64, status: Status) -> CalendarBooking {
        let when = hours(hour);
        CalendarBooking {
            appointment: Appointment {
                id: AppointmentId(id),
                customer: CustomerId(1),
                vehicle: VehicleId(1),
                location: "main".into(),
                service: "oil_change".into(),
                starts_at: when.starts_at,
                ends_at: when.ends_at,
                bay: 1,
                status,
                cancellation_reason: None,
                notes: None,
            },
            key: format!("CA1:{id}"),
            event: Some(EventRef {
                id: event::id(&format!("CA1:{id}"), 0),
                etag: None,
            }),
            underway: false,
        }
    }

    fn event(key: &str, hour: i64) -> Listed {
        Listed {
            id: event::id(key, 0),
            when: When::Times(hours(hour)),
            ours: Some(1),
            blocks: true,
        }
    }

    #[test]
    fn every_kind_of_difference_is_told_apart() {
        let mut underway = booking(5, 9, Status::Scheduled);
        underway.underway = true;
        let mut forgotten = booking(6, 6, Status::Scheduled);
        forgotten.event = None;
        let bookings = [
            booking(1, 1, Status::Scheduled),
            booking(2, 2, Status::Confirmed),
            booking(3, 3, Status::Scheduled),
            booking(4, 4, Status::Cancelled),
            underway,
            forgotten,
            booking(7, 7, Status::Cancelled),
        ];
        let events = [
            event("CA1:1", 1),
            event("CA1:2", 8),
            event("CA1:4", 4),
            event("CA1:6", 6),
            event("CA9:9", 9),
        ];
        let drift = compare(&bookings, &events);
        assert_eq!(drift.missing, [AppointmentId(3)]);
        assert_eq!(drift.changed, [AppointmentId(2)]);
        assert_eq!(drift.left_over, [AppointmentId(4)]);
        assert_eq!(drift.orphans, [event::id("CA9:9", 0)]);
        assert!(!drift.is_none());
        assert!(compare(&bookings[..1], &events[..1]).is_none());
    }
}
