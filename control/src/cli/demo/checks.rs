//! What the database must hold after each call of the demo.

use jiff::civil::{DateTime, Weekday};
use jiff::{Timestamp, Zoned};
use storage::appointment::{Appointment, AppointmentId};
use storage::call_log::{CallLog, CallSummary, Outcome, Speaker};
use storage::customer::Phone;
use storage::vehicle::VehicleId;
use storage::{Location, StorageError, Store};
use tokio::time::{Duration, Instant, sleep};

use super::scenario::{Expects, Scenario};
use crate::caller::{CallRecord, Ending};
use crate::timeline::Check;

/// A call's log is closed within this time after the call.
const LOG_DEADLINE: Duration = Duration::from_secs(5);

/// How often it is looked for meanwhile.
const LOG_PERIOD: Duration = Duration::from_millis(50);

/// The appointment that the seed made for Maria Lopez's second vehicle.
const SEEDED_APPOINTMENT: AppointmentId = AppointmentId(1);

/// The book, to be judged.
#[derive(Debug)]
pub(super) struct Book<'a> {
    pub(super) store: &'a Store,
    pub(super) location: &'a Location,
    /// When the demo's business day began.
    pub(super) morning: &'a Zoned,
}

impl Book<'_> {
    /// Everything that should be true of this call.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub(super) async fn judge(
        &self,
        scenario: &Scenario,
        record: &CallRecord,
    ) -> Result<Vec<Check>, StorageError> {
        let summary = self.summary(&record.call_sid).await?;
        let mut checks = Checks(Vec::new());
        let phone = Phone::parse(scenario.from).ok();
        let customer = match &phone {
            Some(phone) => self.store.customers.by_phone(phone).await?,
            None => None,
        };
        let theirs = match &customer {
            Some(customer) => self.store.appointments.of_customer(customer.id).await?,
            None => Vec::new(),
        };
        let outcome = |o: Outcome| format!("{o:?}").to_lowercase();
        let found = summary
            .as_ref()
            .map_or_else(|| "no closed call log".to_owned(), |s| outcome(s.outcome));
        checks.equal(
            "call log",
            &outcome(wanted_outcome(scenario.expects)),
            &found,
        );
        match scenario.expects {
            Expects::OilChangeBooked => {
                let starts = self.next(Weekday::Friday, 15);
                self.booked(&mut checks, &theirs, "oil_change", &starts);
                self.vehicle(&mut checks, &theirs, "2021 Honda Accord")
                    .await?;
                interrupted(&mut checks, record);
            }
            Expects::NewCustomerBooked => {
                let name = customer.map_or_else(
                    || "nobody".to_owned(),
                    |c| format!("{} {}", c.first_name, c.last_name),
                );
                checks.equal("new customer", "Michael Brown", &name);
                let starts = self.next(Weekday::Wednesday, 9);
                self.booked(&mut checks, &theirs, "brake_inspection", &starts);
                self.vehicle(&mut checks, &theirs, "2019 Toyota Camry")
                    .await?;
            }
            Expects::AppointmentMoved => self.moved(&mut checks, summary.as_ref()).await?,
            Expects::OnlyAnswers => {
                checks.equal("appointments", "0", &theirs.len().to_string());
                answered(&mut checks, summary.as_ref());
            }
            Expects::HumanTransfer => self.handed_on(&mut checks, summary.as_ref(), record),
        }
        Ok(checks.0)
    }

    /// Exactly one appointment, for this service, at that time.
    fn booked(&self, checks: &mut Checks, theirs: &[Appointment], service: &str, starts: &str) {
        checks.equal("appointments", "1", &theirs.len().to_string());
        if let Some(appointment) = theirs.first() {
            checks.equal("service", service, &appointment.service);
            checks.equal("starts", starts, &self.local(appointment.starts_at));
        }
    }

    async fn vehicle(
        &self,
        checks: &mut Checks,
        theirs: &[Appointment],
        expected: &str,
    ) -> Result<(), StorageError> {
        let vehicle = match theirs.first() {
            Some(appointment) => self.store.vehicles.by_id(appointment.vehicle).await?,
            None => None,
        };
        let found = vehicle.map_or_else(
            || "none".to_owned(),
            |v| format!("{} {} {}", v.year, v.make, v.model),
        );
        checks.equal("vehicle", expected, &found);
        Ok(())
    }

    async fn moved(
        &self,
        checks: &mut Checks,
        summary: Option<&CallSummary>,
    ) -> Result<(), StorageError> {
        let appointment = self.store.appointments.by_id(SEEDED_APPOINTMENT).await?;
        let found = appointment.as_ref();
        let starts = found.map_or_else(String::new, |a| self.local(a.starts_at));
        let expected = self.next(Weekday::Friday, 14);
        checks.equal("appointment 1 starts", &expected, &starts);
        let vehicle = found.map_or(VehicleId(0), |a| a.vehicle);
        checks.equal("its vehicle", "3", &vehicle.0.to_string());
        let attempts = summary.map_or(0, |s| {
            let verify = |tool: &&String| *tool == "verify_customer";
            s.tools_used.iter().filter(verify).count()
        });
        checks.equal("dates of birth checked", "2", &attempts.to_string());
        Ok(())
    }

    fn handed_on(&self, checks: &mut Checks, summary: Option<&CallSummary>, record: &CallRecord) {
        let required = summary.is_some_and(|s| s.required_human_transfer);
        checks.equal("human transfer required", "true", &required.to_string());
        let number = self.location.transfer_to.as_str();
        let expected = Ending::Transferred {
            to: number.to_owned(),
        };
        checks.equal(
            "the caller was",
            &expected.to_string(),
            &record.ending.to_string(),
        );
    }

    /// The call's log, once it is closed.
    async fn summary(&self, call_sid: &str) -> Result<Option<CallSummary>, StorageError> {
        let deadline = Instant::now() + LOG_DEADLINE;
        loop {
            let log = self.store.call_logs.by_sid(call_sid).await?;
            if let Some(CallLog {
                summary: Some(summary),
                ..
            }) = log
            {
                return Ok(Some(summary));
            }
            if Instant::now() > deadline {
                return Ok(None);
            }
            sleep(LOG_PERIOD).await;
        }
    }

    /// The first such weekday after today, at this hour, as [`Self::local`] writes it.
    fn next(&self, weekday: Weekday, hour: i8) -> String {
        let day = self.morning.date().nth_weekday(1, weekday);
        day.map_or_else(
            |error| error.to_string(),
            |day| in_words(day.at(hour, 0, 0, 0)),
        )
    }

    fn local(&self, at: Timestamp) -> String {
        in_words(self.location.local(at).datetime())
    }
}

/// What was found so far.
struct Checks(Vec<Check>);

impl Checks {
    fn equal(&mut self, what: &str, expected: &str, found: &str) {
        self.0.push(Check {
            what: what.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        });
    }
}

fn wanted_outcome(expects: Expects) -> Outcome {
    match expects {
        Expects::OilChangeBooked | Expects::NewCustomerBooked => Outcome::Booked,
        Expects::AppointmentMoved => Outcome::Rescheduled,
        Expects::OnlyAnswers => Outcome::Answered,
        Expects::HumanTransfer => Outcome::Transferred,
    }
}

/// The caller interrupted, and the agent stopped for it.
fn interrupted(checks: &mut Checks, record: &CallRecord) {
    let stopped = record.overlaps.iter().any(|o| o.to_clear.is_some());
    checks.equal("stopped when interrupted", "true", &stopped.to_string());
}

/// The transcript holds the hours and the price of the location file.
fn answered(checks: &mut Checks, summary: Option<&CallSummary>) {
    let said: String = summary.map_or_else(String::new, |s| {
        let agent = s.transcript.iter().filter(|l| l.speaker == Speaker::Agent);
        agent.map(|line| format!("{} ", line.text)).collect()
    });
    for (what, words) in [
        ("said the hours", "from 9 a.m. to 3 p.m."),
        ("said the price", "40 to 80 dollars"),
    ] {
        let found = if said.contains(words) { words } else { &said };
        checks.equal(what, words, found.trim());
    }
}

fn in_words(at: DateTime) -> String {
    at.strftime("%a %Y-%m-%d %H:%M").to_string()
}
