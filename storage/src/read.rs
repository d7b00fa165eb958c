//! From rows to the types of the book, whichever database they come from. What cannot be read names
//! its table, column and row.

pub(crate) mod calendar;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::appointment::{Appointment, AppointmentId, Busy};
use crate::asked_text::AskedText;
use crate::audit::{AuditLine, Entry};
use crate::call_log::{CallEvent, CallLog, CallSummary, NetworkStatus, NewCallLog};
use crate::consent::Standing;
use crate::customer::{Address, Customer, CustomerId, Phone};
use crate::error::StorageError;
use crate::reminder::{Attempt, AttemptId, Reminder, ReminderId};
use crate::service_history::ServiceRecord;
use crate::vehicle::{Vehicle, VehicleId};
use crate::waitlist::{Offer, Wait, WaitId};

/// What a row of either database can give; `None` where the column is NULL.
pub(crate) trait BookRow {
    fn integer(&self, column: &str) -> Result<Option<i64>, Unread>;
    fn small(&self, column: &str) -> Result<i16, Unread>;
    fn text(&self, column: &str) -> Result<Option<String>, Unread>;
    fn flag(&self, column: &str) -> Result<bool, Unread>;
    fn instant(&self, column: &str) -> Result<Option<Timestamp>, Unread>;
    fn date(&self, column: &str) -> Result<Option<Date>, Unread>;
    /// A JSON document.
    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Unread>;
}

/// Why a column was not read.
pub(crate) enum Unread {
    Database(sqlx::Error),
    /// It holds this. What may be personal is not repeated.
    Corrupt(String),
}

impl From<sqlx::Error> for Unread {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<serde_json::Error> for Unread {
    /// The document may quote callers.
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(format!("{:?} error in JSON", error.classify()))
    }
}

pub(crate) fn customer(row: &impl BookRow) -> Result<Customer, StorageError> {
    let columns = Columns::of("customers", row)?;
    let address = columns.maybe_text("street")?.map(|street| {
        Ok::<_, StorageError>(Address {
            street,
            city: columns.text("city")?,
            state: columns.text("state")?,
            zip: columns.text("zip")?,
        })
    });
    Ok(Customer {
        id: CustomerId(columns.id),
        phone: Phone::parse(&columns.text("phone")?)
            .map_err(|_| columns.corrupt("phone", "what is not a telephone number"))?,
        first_name: columns.text("first_name")?,
        last_name: columns.text("last_name")?,
        email: columns.maybe_text("email")?,
        date_of_birth: columns.date("date_of_birth")?,
        address: address.transpose()?,
    })
}

pub(crate) fn vehicle(row: &impl BookRow) -> Result<Vehicle, StorageError> {
    let columns = Columns::of("vehicles", row)?;
    Ok(Vehicle {
        id: VehicleId(columns.id),
        customer: CustomerId(columns.integer("customer_id")?),
        year: columns.read("year", row.small("year"))?,
        make: columns.text("make")?,
        model: columns.text("model")?,
        vin: columns.maybe_text("vin")?,
    })
}

pub(crate) fn appointment(row: &impl BookRow) -> Result<Appointment, StorageError> {
    let columns = Columns::of("appointments", row)?;
    Ok(Appointment {
        id: AppointmentId(columns.id),
        customer: CustomerId(columns.integer("customer_id")?),
        vehicle: VehicleId(columns.integer("vehicle_id")?),
        location: columns.text("location")?,
        service: columns.text("service")?,
        starts_at: columns.instant("starts_at")?,
        ends_at: columns.instant("ends_at")?,
        bay: columns.integer("bay")?,
        status: columns.word("status")?,
        cancellation_reason: columns.maybe_text("cancellation_reason")?,
        notes: columns.maybe_text("notes")?,
    })
}

pub(crate) fn busy(row: &impl BookRow) -> Result<Busy, StorageError> {
    let columns = Columns::of("appointments", row)?;
    Ok(Busy {
        appointment: AppointmentId(columns.id),
        bay: columns.integer("bay")?,
        starts_at: columns.instant("starts_at")?,
        ends_at: columns.instant("ends_at")?,
    })
}

pub(crate) fn service_record(row: &impl BookRow) -> Result<ServiceRecord, StorageError> {
    let columns = Columns::of("service_history", row)?;
    Ok(ServiceRecord {
        vehicle: VehicleId(columns.integer("vehicle_id")?),
        appointment: columns.maybe_integer("appointment_id")?.map(AppointmentId),
        performed_on: columns
            .date("performed_on")?
            .ok_or_else(|| columns.corrupt("performed_on", "nothing"))?,
        service: columns.text("service")?,
        mileage: columns.maybe_integer("mileage")?,
        notes: columns.maybe_text("notes")?,
    })
}

pub(crate) fn wait(row: &impl BookRow) -> Result<Wait, StorageError> {
    let columns = Columns::of("waitlist", row)?;
    let day = |column| {
        let found = columns.date(column)?;
        found.ok_or_else(|| columns.corrupt(column, "nothing"))
    };
    let until = columns.read("offer_until", row.instant("offer_until"))?;
    let offer = until.map(|until| {
        Ok::<_, StorageError>(Offer {
            starts_at: columns.instant("offer_starts_at")?,
            ends_at: columns.instant("offer_ends_at")?,
            until,
        })
    });
    Ok(Wait {
        id: WaitId(columns.id),
        customer: CustomerId(columns.integer("customer_id")?),
        vehicle: VehicleId(columns.integer("vehicle_id")?),
        location: columns.text("location")?,
        service: columns.text("service")?,
        first_day: day("first_day")?,
        last_day: day("last_day")?,
        state: columns.word("state")?,
        offer: offer.transpose()?,
    })
}

pub(crate) fn call_log(row: &impl BookRow) -> Result<CallLog, StorageError> {
    let columns = Columns::of("call_logs", row)?;
    let ended_at = columns.read("ended_at", row.instant("ended_at"))?;
    let summary = ended_at.map(|ended_at| summary(&columns, ended_at));
    Ok(CallLog {
        id: columns.id,
        call: NewCallLog {
            call_sid: columns.text("call_sid")?,
            direction: columns.word("direction")?,
            from_number: columns.maybe_text("from_number")?,
            to_number: columns.maybe_text("to_number")?,
            started_at: columns.instant("started_at")?,
        },
        summary: summary.transpose()?,
        network: network(&columns)?,
    })
}

fn summary(
    columns: &Columns<'_, impl BookRow>,
    ended_at: Timestamp,
) -> Result<CallSummary, StorageError> {
    Ok(CallSummary {
        ended_at,
        duration_ms: columns.integer("duration_ms")?.unsigned_abs(),
        outcome: columns.word("outcome")?,
        end_reason: columns.text("end_reason")?,
        customer: columns.maybe_integer("customer_id")?.map(CustomerId),
        appointment: columns.maybe_integer("appointment_id")?.map(AppointmentId),
        required_human_transfer: columns.read(
            "required_human_transfer",
            columns.row.flag("required_human_transfer"),
        )?,
        transcript: columns.json("transcript")?,
        turns: columns.json("turns")?,
        tools_used: columns.json("tools_used")?,
    })
}

fn network(columns: &Columns<'_, impl BookRow>) -> Result<Option<NetworkStatus>, StorageError> {
    // The sequence is written with the status.
    let Some(sequence) = columns.count("network_sequence")? else {
        return Ok(None);
    };
    Ok(Some(NetworkStatus {
        status: columns.word("network_status")?,
        duration_s: columns.count("network_duration_s")?,
        sequence,
    }))
}

pub(crate) fn call_event(row: &impl BookRow) -> Result<CallEvent, StorageError> {
    let columns = Columns::of("call_events", row)?;
    Ok(CallEvent {
        call_sid: columns.text("call_sid")?,
        kind: columns.text("kind")?,
        at: columns.instant("at")?,
        detail: columns.json("detail")?,
    })
}

pub(crate) fn audit_line(row: &impl BookRow) -> Result<AuditLine, StorageError> {
    let columns = Columns::of("audit_log", row)?;
    Ok(AuditLine {
        at: columns.instant("at")?,
        call_sid: columns.maybe_text("call_sid")?,
        entry: Entry {
            change: columns.word("change")?,
            customer: CustomerId(columns.integer("customer_id")?),
            vehicle: columns.maybe_integer("vehicle_id")?.map(VehicleId),
            appointment: columns.maybe_integer("appointment_id")?.map(AppointmentId),
            detail: columns.json("detail")?,
        },
    })
}

pub(crate) fn reminder(row: &impl BookRow) -> Result<Reminder, StorageError> {
    let columns = Columns::of("reminders", row)?;
    Ok(Reminder {
        id: ReminderId(columns.id),
        appointment: AppointmentId(columns.integer("appointment_id")?),
        kind: columns.word("kind")?,
        starts_at: columns.instant("starts_at")?,
        due_at: columns.instant("due_at")?,
        state: columns.word("state")?,
        outcome: columns.maybe_word("outcome")?,
        reason: columns.maybe_text("reason")?,
        attempts: columns.count("attempts")?.unwrap_or(0),
        attempt: match columns.maybe_text("attempt_id")? {
            Some(_) => Some(attempt_id(&columns)?),
            None => None,
        },
        written_at: columns.instant("created_at")?,
    })
}

pub(crate) fn attempt(row: &impl BookRow) -> Result<Attempt, StorageError> {
    let columns = Columns::of("reminder_attempts", row)?;
    Ok(Attempt {
        id: attempt_id(&columns)?,
        reminder: ReminderId(columns.integer("reminder_id")?),
        channel: columns.word("channel")?,
        to: Phone::parse(&columns.text("to_number")?)
            .map_err(|_| columns.corrupt("to_number", "what is not a telephone number"))?,
        intent_at: columns.instant("intent_at")?,
        written_at: columns.instant("created_at")?,
        age: Duration::from_secs(columns.integer("age_s")?.max(0).unsigned_abs()),
        call_sid: columns.maybe_text("call_sid")?,
        result: columns.maybe_word("result")?,
        reason: columns.maybe_text("reason")?,
    })
}

fn attempt_id(columns: &Columns<'_, impl BookRow>) -> Result<AttemptId, StorageError> {
    let text = columns.text("attempt_id")?;
    AttemptId::parse(&text).ok_or_else(|| columns.corrupt("attempt_id", text))
}

pub(crate) fn asked_text(row: &impl BookRow) -> Result<AskedText, StorageError> {
    let columns = Columns::of("asked_texts", row)?;
    Ok(AskedText {
        call_sid: columns.text("call_sid")?,
        topic: columns.word("topic")?,
        to: Phone::parse(&columns.text("to_number")?)
            .map_err(|_| columns.corrupt("to_number", "what is not a telephone number"))?,
        state: columns.word("state")?,
    })
}

pub(crate) fn standing(row: &impl BookRow) -> Result<Standing, StorageError> {
    let columns = Columns {
        table: "consents",
        id: 0,
        row,
    };
    Ok(Standing {
        consented: columns.read("consented", row.flag("consented"))?,
        opted_out: columns.read("opted_out", row.flag("opted_out"))?,
        attempts: columns.count("attempts")?.unwrap_or(0),
        last_attempt: columns.read("last_attempt", row.instant("last_attempt"))?,
    })
}

/// One row of a named table.
struct Columns<'r, R> {
    table: &'static str,
    id: i64,
    row: &'r R,
}

impl<'r, R: BookRow> Columns<'r, R> {
    fn of(table: &'static str, row: &'r R) -> Result<Self, StorageError> {
        let mut columns = Self { table, id: 0, row };
        columns.id = columns.integer("id")?;
        Ok(columns)
    }

    fn read<T>(&self, column: &'static str, read: Result<T, Unread>) -> Result<T, StorageError> {
        read.map_err(|unread| match unread {
            Unread::Database(error) => error.into(),
            Unread::Corrupt(found) => self.corrupt(column, found),
        })
    }

    fn maybe_integer(&self, column: &'static str) -> Result<Option<i64>, StorageError> {
        self.read(column, self.row.integer(column))
    }

    fn integer(&self, column: &'static str) -> Result<i64, StorageError> {
        let found = self.maybe_integer(column)?;
        found.ok_or_else(|| self.corrupt(column, "nothing"))
    }

    fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StorageError> {
        self.read(column, self.row.text(column))
    }

    fn text(&self, column: &'static str) -> Result<String, StorageError> {
        let found = self.maybe_text(column)?;
        found.ok_or_else(|| self.corrupt(column, "nothing"))
    }

    fn instant(&self, column: &'static str) -> Result<Timestamp, StorageError> {
        let found = self.read(column, self.row.instant(column))?;
        found.ok_or_else(|| self.corrupt(column, "nothing"))
    }

    fn date(&self, column: &'static str) -> Result<Option<Date>, StorageError> {
        self.read(column, self.row.date(column))
    }

    /// A count that is never negative and small.
    fn count(&self, column: &'static str) -> Result<Option<u32>, StorageError> {
        let found = self.maybe_integer(column)?;
        let count = |found| u32::try_from(found).map_err(|_| self.corrupt(column, found));
        found.map(count).transpose()
    }

    /// A value of a closed set, as serde names it.
    fn word<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StorageError> {
        let text = self.text(column)?;
        serde_json::from_value(Value::String(text.clone())).map_err(|_| self.corrupt(column, text))
    }

    fn maybe_word<T: DeserializeOwned>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StorageError> {
        match self.maybe_text(column)? {
            Some(_) => self.word(column).map(Some),
            None => Ok(None),
        }
    }

    fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StorageError> {
        self.read(column, self.row.json(column))
    }

    fn corrupt(&self, column: &'static str, found: impl ToString) -> StorageError {
        StorageError::Corrupt {
            table: self.table,
            column,
            id: self.id,
            found: found.to_string(),
        }
    }
}
