//! A booking as an event of the calendar. Pure.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use storage::Location;
use storage::calendar::CalendarBooking;
use storage::customer::Customer;
use storage::vehicle::Vehicle;

/// The private property that marks our events, and its value.
pub const MARK: (&str, &str) = ("otto", "booking");
/// The private property that names the appointment.
pub const APPOINTMENT: &str = "otto_appointment";
/// The private property that says which change of the booking was written last.
const SEQUENCE: &str = "otto_sequence";

/// What we write of an event. Whatever else people add to it stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub appointment: i64,
    pub sequence: i64,
    /// As the location's clock shows it, with its zone.
    start: Value,
    end: Value,
    summary: String,
    description: String,
}

/// The id of a booking's event: the same for the same booking, whoever asks and how often. Letters and
/// digits of Google's alphabet, 0–9 and a–v. `generation` counts from 0; another one is used where an
/// event was deleted for good and its id cannot be had again.
#[must_use]
pub fn id(key: &str, generation: u32) -> String {
    let mut digest = Sha256::new();
    digest.update(key.as_bytes());
    digest.update(generation.to_be_bytes());
    format!("otto{}", base32hex(&digest.finalize()))
}

impl Event {
    #[must_use]
    pub fn of(
        booking: &CalendarBooking,
        sequence: i64,
        customer: &Customer,
        vehicle: &Vehicle,
        location: &Location,
    ) -> Self {
        let appointment = &booking.appointment;
        let service = location.service(&appointment.service);
        let service = service.map_or(appointment.service.as_str(), |known| &known.name);
        let name = format!("{} {}", customer.first_name, customer.last_name);
        let name = name.trim();
        let mut lines = vec![
            format!("Customer: {name}"),
            format!("Phone: {}", customer.phone.as_str()),
            format!(
                "Vehicle: {} {} {}",
                vehicle.year, vehicle.make, vehicle.model
            ),
            format!("Service: {service}"),
            format!("Bay: {}", appointment.bay),
        ];
        lines.extend(vehicle.vin.as_ref().map(|vin| format!("VIN: {vin}")));
        lines.extend(
            appointment
                .notes
                .as_ref()
                .map(|notes| format!("Notes: {notes}")),
        );
        let moment = |at| {
            let at = location.local(at);
            json!({
                "dateTime": at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
                "timeZone": location.zone.iana_name(),
            })
        };
        Self {
            id: match &booking.event {
                Some(known) => known.id.clone(),
                None => id(&booking.key, 0),
            },
            appointment: appointment.id.0,
            sequence,
            start: moment(appointment.starts_at),
            end: moment(appointment.ends_at),
            summary: format!("{service} - {name}"),
            description: lines.join("\n"),
        }
    }

    /// As it is written; `confirmed` brings back one that was deleted.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({
            "summary": self.summary,
            "description": self.description,
            "start": self.start,
            "end": self.end,
            "status": "confirmed",
            "extendedProperties": {"private": {
                (MARK.0): MARK.1,
                (APPOINTMENT): self.appointment.to_string(),
                (SEQUENCE): self.sequence.to_string(),
            }},
        })
    }
}

/// RFC 4648 §7 in lower case, without padding.
fn base32hex(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(ALPHABET[(bits >> held) as usize & 31]));
        }
    }
    if held > 0 {
        text.push(char::from(ALPHABET[(bits << (5 - held)) as usize & 31]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32hex_is_that_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "co"),
            ("fo", "cpng"),
            ("foobar", "cpnmuoj1e8"),
        ] {
            assert_eq!(base32hex(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_booking_has_one_id_that_google_takes() {
        let first = id("CA1:0", 0);
        assert_eq!(first, id("CA1:0", 0));
        assert_ne!(first, id("CA1:1", 0));
        assert_ne!(first, id("CA1:0", 1));
        assert!((5..=1024).contains(&first.len()));
        let allowed = |b: u8| b.is_ascii_digit() || (b'a'..=b'v').contains(&b);
        assert!(first.bytes().all(allowed), "{first}");
    }
}
