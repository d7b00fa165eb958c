//! A whole dealership for whole calls: the server, its book in either database, its calendar at a
//! simulated Google, its carrier, and speech by simulated vendors. Everything is a real socket.
//!
//! The voices speak many times as fast as people do, so that a call takes seconds.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use control::clock::BusinessClock;
use control::config::{Config, Sources};
use control::server::Server;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use storage::appointment::{Appointment, AppointmentId, Status};
use storage::calendar::{CalendarBooking, OutboxDepth};
use storage::call_log::{CallLog, CallSummary};
use storage::customer::{Customer, Phone};
use storage::{Location, Store};

use crate::caller::{Caller, Carrier, PATIENCE};
use crate::postgres::postgres;
use crate::shop::agree;
use crate::vendors::deepgram_stt::{self, DeepgramSttSim};
use crate::vendors::deepgram_tts::{self, DeepgramTtsSim};
use crate::vendors::front::deepgram_hearing;
use crate::vendors::google::{Event, Google};
use crate::vendors::openai::OpenAiServer;
use crate::vendors::twilio::{ACCOUNT_SID, AUTH_TOKEN, Twilio};

/// Business time of every scenario: a Monday in a week with a holiday, at ten.
pub const MONDAY: &str = "2026-11-23T10:00:00-06:00";

pub const JOHN: &str = "+12175550101";
pub const MARIA: &str = "+12175550102";
pub const SUE: &str = "+12175550103";
pub const DAVID: &str = "+12175550104";
/// Nobody's on file.
pub const STRANGER: &str = "+12175550177";

/// Maria's, of the day after [`MONDAY`] at ten, for her Camry.
pub const SEEDED: AppointmentId = AppointmentId(1);

/// The name that the server has in public, and is signed for.
const PUBLIC: &str = "https://otto.example";

/// Samples of a letter where the agent speaks about ten times as fast as people do.
pub const FAST: usize = 50;

const EXAMPLE: &str = include_str!("../../storage/locations/ottos-auto.toml");

/// How a dealership differs from the usual one, which has one bay and is led by rules.
#[derive(Clone, Debug)]
pub struct Plan {
    pub bays: u8,
    /// Lines of the location file, and what stands there instead.
    pub instead: Vec<(&'static str, &'static str)>,
    /// A language model leads.
    pub model: bool,
    /// How callers are heard.
    pub ear: deepgram_stt::Manner,
    pub samples_per_letter: usize,
    pub settings: Vec<(&'static str, &'static str)>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            bays: 1,
            instead: Vec::new(),
            model: false,
            ear: deepgram_stt::Manner::default(),
            samples_per_letter: FAST,
            settings: Vec::new(),
        }
    }
}

impl Plan {
    /// A language model leads; what it thinks is up to the test.
    #[must_use]
    pub fn with_model() -> Self {
        Self {
            model: true,
            ..Self::default()
        }
    }
}

/// An open dealership.
#[derive(Debug)]
pub struct Dealership {
    pub store: Store,
    pub google: Google,
    pub twilio: Twilio,
    pub hears: DeepgramSttSim,
    pub speaks: DeepgramTtsSim,
    pub thinks: OpenAiServer,
    pub carrier: Carrier,
    server: Server,
    calls: AtomicU32,
    folder: tempfile::TempDir,
}

/// Plays a scenario at the same time with its book in SQLite and in Postgres, where there is one on
/// this machine.
///
/// # Panics
/// As the scenario does, having said with which book.
pub async fn on_both_books(plan: Plan, scenario: impl AsyncFn(&Dealership)) {
    let play = async |book: &str, url: Option<String>| {
        // Boxed: a whole call is a large future, and so is a whole dealership.
        let played = Box::pin(async {
            let shop = Dealership::open(&plan, url).await;
            scenario(&shop).await;
            shop.close().await;
        });
        // Only to say which book it was.
        let played = AssertUnwindSafe(played).catch_unwind().await;
        if let Err(panic) = played {
            eprintln!("with the book in {book}");
            resume_unwind(panic);
        }
    };
    let server = postgres().map(crate::postgres::Postgres::database);
    tokio::join!(play("SQLite", None), async {
        if server.is_some() {
            play("Postgres", server).await;
        }
    });
}

impl Dealership {
    /// Opens with the fictional customers in an empty book: a file of its own, or this database.
    ///
    /// # Panics
    /// Where it cannot open.
    pub async fn open(plan: &Plan, database: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let google = Google::start().await;
        let twilio = Twilio::start().await;
        let (hears, speaks, deepgram) = deepgram_hearing(
            plan.ear,
            deepgram_tts::Manner {
                samples_per_letter: plan.samples_per_letter,
                ..deepgram_tts::Manner::default()
            },
        )
        .await;
        let thinks = OpenAiServer::start().await;
        let text = location(plan);
        let file = folder.path().join("location.toml");
        std::fs::write(&file, &text).expect("written");

        let mut settings = vec![
            ("PORT", "0".to_owned()),
            ("BASE_URL", PUBLIC.to_owned()),
            ("OTTO_DATA_DIR", folder.path().display().to_string()),
            ("OTTO_LOCATION", file.display().to_string()),
            ("OTTO_DRAIN_SECONDS", "1".to_owned()),
            ("TWILIO_ACCOUNT_SID", ACCOUNT_SID.to_owned()),
            ("TWILIO_AUTH_TOKEN", AUTH_TOKEN.to_owned()),
            ("TWILIO_API_URL", twilio.origin()),
        ];
        settings.extend(deepgram);
        settings.extend(google.settings());
        settings.extend(database.map(|url| ("DATABASE_URL", url)));
        if plan.model {
            settings.push(("OPENAI_API_KEY", "a-key-of-no-account".to_owned()));
            settings.push(("OPENAI_BASE_URL", thinks.base_url()));
        }
        let other = plan.settings.iter();
        settings.extend(other.map(|(key, value)| (*key, (*value).to_owned())));
        let mut sources = Sources::default();
        let settings = settings.into_iter();
        let read = sources.environment(settings.map(|(key, value)| (key.into(), value.into())));
        read.expect("text");
        let config = Config::parse(&sources).expect("valid settings");
        let now: Timestamp = MONDAY.parse().expect("an instant");
        let server = Server::start(config, BusinessClock::starting_at(now)).await;
        let server = server.expect("a server");
        let store = server.store().clone();
        let location = Location::parse(&text).expect("a location");
        let seeded = storage::seed::seed(&store, &location, &location.local(now)).await;
        seeded.expect("an empty book");
        Self {
            carrier: Carrier::signing(&format!("http://{}", server.address()), PUBLIC),
            store,
            google,
            twilio,
            hears,
            speaks,
            thinks,
            server,
            calls: AtomicU32::new(1),
            folder,
        }
    }

    /// Where it listens, without a slash at the end.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Its data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How it says it is.
    ///
    /// # Panics
    /// Where it says nothing.
    pub async fn health(&self) -> String {
        let page = reqwest::get(format!("{}/health", self.address())).await;
        page.expect("served").text().await.expect("text")
    }

    /// The page of metrics.
    ///
    /// # Panics
    /// Where it is not served.
    pub async fn metrics(&self) -> String {
        let page = reqwest::get(format!("{}/metrics", self.address())).await;
        page.expect("served").text().await.expect("text")
    }

    /// Ends what is going on, and stops.
    pub async fn close(self) {
        self.server.stop(std::future::ready(())).await;
    }

    /// Somebody calls from this number.
    pub async fn rings(&self, from: &str) -> Caller {
        Caller::ring(&self.carrier, "inbound-call", &self.next_sid(), from).await
    }

    /// We call this number about an appointment.
    pub async fn reminds(&self, hook: &str, to: &str) -> Caller {
        Caller::ring(&self.carrier, hook, &self.next_sid(), to).await
    }

    /// Of a call that has not begun.
    pub fn next_sid(&self) -> String {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        format!("CA{number:032}")
    }

    /// The appointments that were not seeded, in the order in which they were made.
    ///
    /// # Panics
    /// Where the book cannot be read.
    pub async fn booked(&self) -> Vec<Appointment> {
        let bookings = self.bookings().await.into_iter();
        let mut booked: Vec<Appointment> = bookings
            .map(|booking| booking.appointment)
            .filter(|appointment| appointment.id != SEEDED)
            .collect();
        booked.sort_by_key(|appointment| appointment.id.0);
        booked
    }

    /// An appointment as it is now.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn appointment(&self, id: AppointmentId) -> Appointment {
        let found = self.store.appointments.by_id(id).await;
        found.expect("readable").expect("such a row")
    }

    /// Who has this number.
    ///
    /// # Panics
    /// Where the book cannot be read.
    pub async fn customer(&self, phone: &str) -> Option<Customer> {
        let phone = Phone::parse(phone).expect("a number");
        let found = self.store.customers.by_phone(&phone).await;
        found.expect("readable")
    }

    /// What the calendar's keeper knows of everything to come.
    ///
    /// # Panics
    /// Where the book cannot be read.
    pub async fn bookings(&self) -> Vec<CalendarBooking> {
        let now = MONDAY.parse().expect("an instant");
        let bookings = self.store.calendar.bookings(now).await;
        bookings.expect("readable")
    }

    /// Waits until the calendar was told of everything. It then holds exactly one event for each
    /// booking that stands, at its time, under the id that the book keeps. Gives these events.
    ///
    /// # Panics
    /// Where it does not.
    pub async fn calendar_agrees(&self) -> Vec<Event> {
        let carried = |depth: &OutboxDepth| depth.pending == 0;
        let depth = until("the calendar is told", carried, async || {
            self.store.calendar.depth().await.expect("readable")
        })
        .await;
        assert_eq!(depth.dead, 0, "{depth:?}");
        agree(&self.bookings().await, self.google.events())
    }

    /// How a call ended, once its log is closed.
    ///
    /// # Panics
    /// Where it is never closed.
    pub async fn log(&self, caller: &Caller) -> CallSummary {
        let closed = |row: &Option<CallLog>| row.as_ref().is_some_and(|row| row.summary.is_some());
        let row = until("the call's log is closed", closed, async || {
            let row = self.store.call_logs.by_sid(caller.sid()).await;
            row.expect("readable")
        })
        .await;
        row.and_then(|row| row.summary).expect("closed")
    }

    /// Bookings that stand, by start.
    ///
    /// # Panics
    /// Where the book cannot be read.
    pub async fn standing(&self) -> Vec<Timestamp> {
        let bookings = self.bookings().await.into_iter();
        let mut starts: Vec<Timestamp> = bookings
            .filter(|b| b.appointment.status != Status::Cancelled)
            .map(|b| b.appointment.starts_at)
            .collect();
        starts.sort();
        starts
    }
}

/// Looks until it is so.
///
/// # Panics
/// Where that never comes to pass.
pub async fn until<T: std::fmt::Debug>(
    what: &str,
    is_so: impl Fn(&T) -> bool,
    look: impl AsyncFn() -> T,
) -> T {
    let patience = Instant::now() + PATIENCE;
    loop {
        let seen = look().await;
        if is_so(&seen) {
            return seen;
        }
        assert!(Instant::now() < patience, "{what}: never; {seen:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// An instant, as it is written.
///
/// # Panics
/// Where it is none.
#[must_use]
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn location(plan: &Plan) -> String {
    let mut text = EXAMPLE.to_owned();
    let bays = format!("bays = {}", plan.bays);
    for (line, other) in [("bays = 3", bays.as_str())].iter().chain(&plan.instead) {
        assert!(text.contains(line), "{line} is not in the location file");
        text = text.replace(line, other);
    }
    text
}
