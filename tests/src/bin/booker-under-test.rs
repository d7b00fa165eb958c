//! Books one appointment after the other while the calendar's worker carries them over, and says what
//! was booked. Made to be killed in the middle.
//!
//! Arguments: the database's address, Google's origin, how many were booked before.

use std::io::Write as _;
use std::sync::Arc;

use control::calendar::{Google, Worker};
use control::clock::BusinessClock;
use control::config::{Config, Sources};
use control::observe::Metrics;
use storage::appointment::{NewAppointment, Party};
use storage::customer::CustomerId;
use storage::vehicle::VehicleId;
use storage::{Address, Location, Store};
use tests::program::NOW;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("three arguments");
    let address = Address::parse(&next()).expect("an address");
    let origin = next();
    let before: i64 = next().parse().expect("a number");
    let store = Store::open(&address).await.expect("a book");
    let mut sources = Sources::default();
    let settings = tests::vendors::google::settings(&origin);
    let settings = settings
        .into_iter()
        .map(|(key, value)| (key.into(), value.into()));
    sources.environment(settings).expect("text");
    let config = Config::parse(&sources).expect("valid settings");
    let data_plane = Arc::default();
    let metrics = Arc::new(Metrics::new(Arc::clone(&data_plane)));
    let account = config.google.expect("an account");
    let booked = Arc::<tokio::sync::Notify>::default();
    let worker = Worker {
        google: Google::new(account, Arc::clone(&metrics), data_plane),
        store: store.clone(),
        locations: Location::example().into(),
        clock: BusinessClock::starting_at(NOW.parse().expect("an instant")),
        metrics,
        booked: Arc::clone(&booked),
    };
    tokio::spawn(worker.run(CancellationToken::new()));
    let first: jiff::Timestamp = "2026-12-01T15:00:00Z".parse().expect("an instant");
    for number in before.. {
        let starts_at = first + jiff::SignedDuration::from_hours(number);
        let wish = NewAppointment {
            party: Party::Known {
                customer: CustomerId(1),
                vehicle: VehicleId(1),
            },
            location: "main".into(),
            service: "oil_change".into(),
            starts_at,
            ends_at: starts_at + jiff::SignedDuration::from_mins(30),
            bays: 1,
            notes: None,
            idempotency_key: format!("CAbooker:{number}"),
            booked_by: "booker".into(),
            booked_from: None,
        };
        store.appointments.book(&wish).await.expect("free");
        booked.notify_one();
        let mut out = std::io::stdout();
        writeln!(out, "{number}").expect("somebody reads");
        out.flush().expect("somebody reads");
    }
}
