//! `otto serve` is killed while callers book through it, again and again: no booking is lost of which
//! its caller has heard, none is there by half, and the calendar has each of them once.

use std::collections::BTreeMap;
use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use storage::Store;
use storage::appointment::{Appointment, Status};
use storage::audit::Change;
use storage::customer::{NewCustomer, Phone};
use storage::reminder::State;
use storage::vehicle::NewVehicle;
use tests::caller::{Caller, Carrier};
use tests::dealership::until;
use tests::dice::Dice;
use tests::postgres::postgres;
use tests::program::{NOW, Program};
use tests::shop::agree;
use tests::vendors::deepgram_stt::DeepgramSttSim;
use tests::vendors::deepgram_tts::{self, DeepgramTtsSim};
use tests::vendors::front::deepgram;
use tests::vendors::google::{Fault, Google};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

const OTTO: &str = env!("CARGO_BIN_EXE_otto-under-test");

/// How often the server is killed; `KILL_ROUNDS` overrides it.
const ROUNDS: u32 = 3;

/// Who call in one round. Every third of them is new to the book.
const CALLERS: u32 = 8;

/// Between these moments of a round, in milliseconds from its first call on, the server dies: at the
/// beginning nobody has agreed to anything, at the end everybody has.
const DIES: std::ops::Range<u64> = 2_500..9_000;

/// One round in so many lasts until somebody was told that they are booked, on however slow a machine.
const TELLS: u32 = 3;

/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The same deaths in every run. Where `KILL_ROUNDS` asks for more they are others each time, and those
/// of an earlier run where `KILL_SEED` names its seed.
const SEED: u64 = 20_261_123;

const BOOKED: &str = "You are booked";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_while_callers_book_loses_and_doubles_nothing() {
    dies_again_and_again("SQLite", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_while_callers_book_on_postgres_loses_and_doubles_nothing() {
    let Some(server) = postgres() else { return };
    dies_again_and_again("Postgres", Some(server.database())).await;
}

async fn dies_again_and_again(book: &str, database: Option<String>) {
    let asked = |name| {
        env::var(name)
            .ok()
            .map(|value| value.parse().expect("a number"))
    };
    let rounds: Option<u64> = asked("KILL_ROUNDS");
    let seed = match (asked("KILL_SEED"), rounds) {
        (Some(seed), _) => seed,
        (None, Some(_)) => RandomState::new().hash_one(book),
        (None, None) => SEED,
    };
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds as u32);
    println!("{book}: {rounds} rounds of seed {seed}");
    let began = Instant::now();
    let mut shop = Shop::open(database).await;
    let mut told = BTreeMap::new();
    let mut dice = Dice::new(seed);
    for round in 0..rounds {
        // One in five requests to the calendar fails, half of them after they were done.
        shop.google.faults.inject(Fault::Failing(20));
        told.extend(shop.round(round, dice.roll()).await);
        shop.otto.signal("KILL");
        shop.otto.wait();
        shop.holds(&told, round).await;
        shop.serves_again();
    }
    shop.google.faults.heal();
    let carried = |depth: &storage::calendar::OutboxDepth| depth.pending == 0;
    let depth = until("the calendar is told", carried, async || {
        shop.store.calendar.depth().await.expect("readable")
    })
    .await;
    assert_eq!(depth.dead, 0);
    let now = NOW.parse().expect("an instant");
    let bookings = shop.store.calendar.bookings(now).await.expect("readable");
    let events = agree(&bookings, shop.google.events());
    println!(
        "{book}: {rounds} kills, {} calls, {} booked of which {} were told, {} events, {:.0} s",
        rounds * CALLERS,
        bookings.len() - 1,
        told.len(),
        events.len(),
        began.elapsed().as_secs_f64()
    );
    assert!(bookings.len() > told.len(), "the seeded one is there, too");
    assert!(told.len() as u32 >= rounds / TELLS, "few were told");
}

/// The server, and what is left when it is dead.
struct Shop {
    otto: Program,
    settings: Vec<(&'static str, String)>,
    store: Store,
    google: Google,
    _hears: DeepgramSttSim,
    _speaks: DeepgramTtsSim,
    _folder: tempfile::TempDir,
    /// How many appointments were looked at already; they do not change any more.
    looked_at: usize,
}

impl Shop {
    async fn open(database: Option<String>) -> Self {
        let google = Google::start().await;
        let (hears, speaks, deepgram) = deepgram(deepgram_tts::Manner {
            samples_per_letter: 30,
            ..deepgram_tts::Manner::default()
        })
        .await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let location = include_str!("../../storage/locations/ottos-auto.toml");
        let location = location.replace("bays = 3", "bays = 100");
        let file = folder.path().join("location.toml");
        std::fs::write(&file, location).expect("written");
        let mut settings = google.settings();
        settings.extend(deepgram);
        settings.push(("OTTO_LOCATION", file.display().to_string()));
        settings.extend(database.map(|url| ("DATABASE_URL", url)));
        let otto = Program::serve_with(OTTO, &borrowed(&settings));
        let store = Store::open(otto.book()).await.expect("a book");
        Self {
            otto,
            settings,
            store,
            google,
            _hears: hears,
            _speaks: speaks,
            _folder: folder,
            looked_at: 1,
        }
    }

    fn serves_again(&mut self) {
        self.otto.serve_again(&borrowed(&self.settings));
    }

    /// Everybody calls at about the same time. Gives who has heard that they are booked, and when for,
    /// by the moment at which the server is to die.
    async fn round(&self, round: u32, dice: u64) -> BTreeMap<String, String> {
        let carrier = Carrier::unsigned(self.otto.address());
        let told = watch::Sender::<BTreeMap<String, String>>::default();
        let mut calls = JoinSet::new();
        for n in 0..CALLERS {
            let caller = round * CALLERS + n;
            let (number, wish) = (number(caller), wish(round));
            if n % 3 != 0 {
                self.is_regular(&number).await;
            }
            let (carrier, told) = (carrier.clone(), told.clone());
            calls.spawn(async move {
                tokio::time::sleep(Duration::from_millis(u64::from(n) * 150)).await;
                let sid = format!("CA{caller:032}");
                let hook = "inbound-call";
                let line = Caller::try_ring(&carrier, hook, &sid, &number).await;
                if let Some(line) = line
                    && is_booked(&line, &wish).await
                {
                    told.send_modify(|told| drop(told.insert(number, wish)));
                }
                // The line stays until everything is dead.
                std::future::pending::<()>().await;
            });
        }
        // The moment is the point of the round, and no waiting for anything.
        let moment = DIES.start + dice % (DIES.end - DIES.start);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        if round % TELLS == TELLS - 1 {
            let mut told = told.subscribe();
            let somebody = timeout(PATIENCE, told.wait_for(|told| !told.is_empty())).await;
            drop(
                somebody
                    .expect("somebody is told")
                    .expect("the sender is here"),
            );
        }
        told.borrow().clone()
    }

    async fn is_regular(&self, number: &str) {
        let new = NewCustomer {
            phone: Phone::parse(number).expect("a number"),
            first_name: "Grace".to_owned(),
            last_name: "Hill".to_owned(),
            email: None,
            date_of_birth: None,
            address: None,
        };
        let grace = self.store.customers.create(&new).await.expect("free");
        let car = NewVehicle {
            year: 2019,
            make: "Toyota".to_owned(),
            model: "Camry".to_owned(),
            vin: None,
        };
        self.store.vehicles.add(grace.id, &car).await.expect("hers");
    }

    /// Whoever was told is in the book, and whatever is in the book is there whole.
    async fn holds(&mut self, told: &BTreeMap<String, String>, round: u32) {
        for number in told.keys() {
            let phone = Phone::parse(number).expect("a number");
            let customer = self.store.customers.by_phone(&phone).await;
            let customer = customer.expect("readable");
            let customer = customer.unwrap_or_else(|| panic!("round {round}: {number} is lost"));
            let theirs = self.store.appointments.of_customer(customer.id).await;
            let theirs = theirs.expect("readable");
            assert_eq!(theirs.len(), 1, "round {round}: {number}: {theirs:?}");
            assert_eq!(theirs[0].status, Status::Scheduled);
        }
        let now = NOW.parse().expect("an instant");
        let bookings = self.store.calendar.bookings(now).await.expect("readable");
        for booking in &bookings {
            let at = format!("round {round}: {booking:?}");
            assert!(
                booking.underway || booking.event.is_some(),
                "{at}: no entry"
            );
        }
        let mut bookings: Vec<Appointment> = bookings.into_iter().map(|b| b.appointment).collect();
        bookings.sort_by_key(|appointment| appointment.id.0);
        for appointment in bookings.iter().skip(self.looked_at) {
            self.is_whole(appointment, round).await;
        }
        self.looked_at = bookings.len();
        // Nobody who is new was written without an appointment.
        for n in (0..CALLERS).step_by(3) {
            let phone = Phone::parse(&number(round * CALLERS + n)).expect("a number");
            let stranger = self.store.customers.by_phone(&phone).await;
            if let Some(stranger) = stranger.expect("readable") {
                let theirs = self.store.appointments.of_customer(stranger.id).await;
                assert_eq!(
                    theirs.expect("readable").len(),
                    1,
                    "round {round}: {stranger:?}"
                );
            }
        }
    }

    async fn is_whole(&self, appointment: &Appointment, round: u32) {
        let at = format!("round {round}: {appointment:?}");
        let lines = self.store.audit.of_customer(appointment.customer).await;
        let lines = lines.expect("readable");
        let mut of_this = lines
            .iter()
            .filter(|l| l.entry.appointment == Some(appointment.id));
        let change = of_this.next().map(|line| line.entry.change);
        assert_eq!(change, Some(Change::AppointmentBooked), "{at}: {lines:?}");
        assert_eq!(of_this.next(), None, "{at}");
        let rows = self.store.reminders.of_appointment(appointment.id).await;
        let rows = rows.expect("readable");
        assert!(rows.iter().any(|row| row.state == State::Planned), "{at}");
        let car = self.store.vehicles.by_id(appointment.vehicle).await;
        let car = car.expect("readable").expect("a vehicle");
        assert_eq!(car.customer, appointment.customer, "{at}");
    }
}

/// Answers what is asked until they hear that they are booked; false where the agent hangs up.
async fn is_booked(caller: &Caller, wish: &str) -> bool {
    for _ in 0..12 {
        let Some(asked) = caller.is_asked_or_told(BOOKED).await else {
            return true;
        };
        let words = match asked.as_str() {
            "help" => format!("i need an oil change on {wish}"),
            "when" => wish.to_owned(),
            "name" => "my name is sarah johnson".to_owned(),
            "vehicle" | "which_vehicle" => "twenty nineteen toyota camry".to_owned(),
            "date_of_birth" => "i would rather not".to_owned(),
            _ => "yes".to_owned(),
        };
        caller.says(&words).await;
    }
    false
}

/// Of a caller; nobody has these.
fn number(caller: u32) -> String {
    let area = 301 + caller / 100;
    format!("+1{area}55501{:02}", caller % 100)
}

/// What everybody wishes in a round: there is room for all.
fn wish(round: u32) -> String {
    const DAYS: [&str; 5] = [
        "november thirtieth",
        "december first",
        "december second",
        "december third",
        "december fourth",
    ];
    const TIMES: [&str; 4] = ["nine a m", "eleven a m", "one p m", "three p m"];
    let day = DAYS[round as usize / TIMES.len() % DAYS.len()];
    format!("{day} at {}", TIMES[round as usize % TIMES.len()])
}

fn borrowed<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    let settings = settings.iter();
    settings
        .map(|(key, value)| (*key, value.as_str()))
        .collect()
}
