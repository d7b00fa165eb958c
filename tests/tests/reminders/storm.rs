//! Many customers, many runners, and deaths.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use control::reminders::callbacks::{self, News};
use futures_util::{StreamExt as _, stream};
use storage::reminder::{AttemptId, Outcome};
use storage::{Address, Store};
use tests::postgres::{Postgres, postgres};
use tests::program::command;
use tests::vendors::twilio::{Fault, Placed, Twilio, value};

use super::shop::{OTTO, PATIENCE, Shop, attempt_of};

/// What befalls a book.
struct Storm {
    customers: u32,
    /// How long runners die.
    deaths: Duration,
    /// Dials of one runner in a second.
    pace: &'static str,
}

#[tokio::test(flavor = "multi_thread")]
async fn runners_that_die_dial_nobody_twice_and_leave_nobody_unaccounted() {
    rages(&Storm {
        customers: 500,
        deaths: Duration::from_secs(8),
        pace: "20",
    })
    .await;
}

/// As many as a large group of dealerships has in a day. `OTTO_REMINDERS` names another number.
#[ignore = "a measurement: minutes"]
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_are_dialled_once_while_runners_die_for_a_minute() {
    let many = std::env::var("OTTO_REMINDERS").map(|many| many.parse().expect("a number"));
    rages(&Storm {
        customers: many.unwrap_or(10_000),
        deaths: Duration::from_secs(60),
        pace: "50",
    })
    .await;
}

const RUNNERS: usize = 4;

/// Four runners on one server, killed at random, while Twilio refuses, fails, does things without
/// saying so, and lists calls late.
async fn rages(storm: &Storm) {
    let Some(server) = postgres() else { return };
    let address = server.database();
    let book = Book::filled(server, &address, storm.customers).await;
    let twilio = Twilio::start().await;
    twilio.faults.inject(Fault::Storm {
        percent: 2,
        listed_after: Duration::from_secs(2),
    });
    let shop = Shop {
        folder: tempfile::tempdir().expect("a temporary folder"),
        twilio,
    };
    let began = Instant::now();
    let deaths = runners_die(&shop, &book, storm).await;
    let in_the_storm = shop.twilio.calls().len();
    shop.twilio.faults.heal();
    book.calls_end().await;
    // Whoever is left has a calm day. Each round is later, so that what was put off is due again.
    for round in 10..20 {
        let now = format!("2026-12-08T{round}:00:00-06:00");
        let deadline = Instant::now() + PATIENCE;
        book.time_passes();
        let mut runners: Vec<Child> = (0..RUNNERS)
            .map(|_| runner(&shop, &book, storm, &["--once", "--now", &now]))
            .collect();
        while !runners.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
            runners.retain_mut(|runner| runner.try_wait().expect("ours").is_none());
            assert!(Instant::now() < deadline, "round {round} does not end");
        }
        book.calls_end().await;
        if book.open() == 0 {
            break;
        }
    }
    let calls = shop.twilio.calls();
    println!(
        "{} customers; {} dials, {in_the_storm} of them in the storm; at most {} of one attempt; \
         {} runners killed, {} rows left behind by them; {:.1} s; {:?}",
        storm.customers,
        calls.len(),
        most_of_one_attempt(&calls),
        deaths.runners,
        deaths.rows_left,
        began.elapsed().as_secs_f64(),
        book.states()
    );
    book.accounts_for(&calls, storm.customers);
}

/// What came of the deaths.
#[derive(Default)]
struct Deaths {
    runners: u32,
    /// Rows that were leased by a runner when it died.
    rows_left: u32,
}

/// Runners work, one of them dies every few tenths of a second, and another takes its place.
async fn runners_die(shop: &Shop, book: &Book, storm: &Storm) -> Deaths {
    let worker = ["--worker", "--now", "2026-12-08T09:00:00-06:00"];
    let start = || runner(shop, book, storm, &worker);
    let mut runners: Vec<Child> = (0..RUNNERS).map(|_| start()).collect();
    let mut deaths = Deaths::default();
    let mut kill = |mut victim: Child| {
        victim.kill().expect("SIGKILL");
        victim.wait().expect("dead");
        deaths.runners += 1;
        deaths.rows_left += book.left_by(victim.id());
    };
    let end = Instant::now() + storm.deaths;
    // The same in every run.
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    while Instant::now() < end {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        tokio::time::sleep(Duration::from_millis(200 + dice % 800)).await;
        let victim = usize::try_from(dice >> 32).expect("64 bits") % RUNNERS;
        kill(runners.swap_remove(victim));
        runners.push(start());
    }
    for runner in runners {
        kill(runner);
    }
    deaths
}

fn runner(shop: &Shop, book: &Book, storm: &Storm, flags: &[&str]) -> Child {
    command(OTTO, shop.folder.path(), &["remind"])
        .args(flags)
        .envs(shop.settings())
        .envs([
            ("ENV", "production"),
            ("ADMIN_TOKEN", "a token of the tests"),
            ("YOUR_TEST_NUMBER", ""),
            ("OTTO_DIALS_PER_SECOND", storm.pace),
            ("DATABASE_URL", &book.address),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("it starts")
}

fn most_of_one_attempt(calls: &[Placed]) -> usize {
    let mut dials: BTreeMap<String, usize> = BTreeMap::new();
    for call in calls {
        *dials.entry(attempt_of(call)).or_default() += 1;
    }
    dials.into_values().max().unwrap_or(0)
}

/// A book of customers who are all to be called, and what is read of it behind the program's back.
struct Book {
    server: &'static Postgres,
    address: String,
    database: String,
}

impl Book {
    async fn filled(server: &'static Postgres, address: &str, customers: u32) -> Self {
        let parsed = Address::parse(address).expect("an address");
        let store = Store::open(&parsed).await.expect("an empty book");
        store.backend.close().await;
        let (_, rest) = address.split_once("localhost:").expect("ours");
        let (_, rest) = rest.split_once('/').expect("ours");
        let (database, _) = rest.split_once('?').expect("ours");
        let book = Self {
            server,
            address: address.to_owned(),
            database: database.to_owned(),
        };
        book.sql(&format!(
            "INSERT INTO customers (phone, first_name, last_name)
                 SELECT '+1217555' || lpad(n::text, 4, '0'), 'Grace', 'Hill'
                   FROM generate_series(0, {customers} - 1) AS n;
             INSERT INTO vehicles (customer_id, year, make, model)
                 SELECT id, 2020, 'Toyota', 'Camry' FROM customers;
             INSERT INTO appointments (customer_id, vehicle_id, service, starts_at, ends_at, bay,
                     idempotency_key, booked_by)
                 SELECT v.customer_id, v.id, 'oil_change', '2026-12-09 20:00Z', '2026-12-09 21:00Z',
                        v.id, 'storm:' || v.id, 'tests' FROM vehicles AS v;
             INSERT INTO reminders (appointment_id, kind, starts_at, due_at)
                 SELECT id, 'voice', starts_at, starts_at - interval '7 days' FROM appointments;
             INSERT INTO consents (phone, channel, source, at)
                 SELECT phone, 'voice', 'tests', now() FROM customers;"
        ));
        book
    }

    fn sql(&self, sql: &str) -> String {
        self.server.sql(&self.database, sql)
    }

    async fn store(&self) -> Store {
        let address = Address::parse(&self.address).expect("an address");
        Store::open(&address).await.expect("the book")
    }

    /// Rows that a dead runner has left behind.
    fn left_by(&self, process: u32) -> u32 {
        let left = self.sql(&format!(
            "SELECT count(*) FROM reminders
             WHERE lease_owner LIKE '{process}-%' AND state IN ('leased', 'dialling')"
        ));
        left.parse().expect("a number")
    }

    /// Calls that are known by their names come to their ends, as their sessions tell.
    async fn calls_end(&self) {
        let known = self.sql(
            "SELECT tried.attempt_id || ' ' || tried.call_sid FROM reminder_attempts AS tried
             JOIN reminders AS reminder ON reminder.attempt_id = tried.attempt_id
             WHERE tried.call_sid IS NOT NULL AND reminder.state = 'dialling'",
        );
        let store = self.store().await;
        let reminders = &store.reminders;
        let ends = known.lines().map(|line| async move {
            let (attempt, sid) = line.split_once(' ').expect("two");
            let news = News {
                attempt: AttemptId::parse(attempt).expect("ours"),
                sid: sid.to_owned(),
                ended: Some(callbacks::spoken(Outcome::Reached, false)),
            };
            callbacks::keep(reminders.as_ref(), &news).await
        });
        let mut ends = stream::iter(ends).buffer_unordered(8);
        while let Some(end) = ends.next().await {
            end.expect("written");
        }
        store.backend.close().await;
    }

    /// By the database's clock: leases run out, doubts grow old.
    fn time_passes(&self) {
        self.sql(
            "UPDATE reminders SET lease_until = now() - interval '1 minute'
                 WHERE lease_until IS NOT NULL;
             UPDATE reminder_attempts SET created_at = created_at - interval '2 minutes'
                 WHERE call_sid IS NULL;",
        );
    }

    /// Rows of which nobody can say yet what came of them.
    fn open(&self) -> u32 {
        let open = self
            .sql("SELECT count(*) FROM reminders WHERE state IN ('planned', 'leased', 'dialling')");
        open.parse().expect("a number")
    }

    fn states(&self) -> BTreeMap<String, String> {
        let states = self.sql(
            "SELECT state || ' ' || coalesce(outcome, '-') || '=' || count(*) FROM reminders
             GROUP BY state, outcome",
        );
        let pairs = states.lines().filter_map(|line| line.split_once('='));
        pairs
            .map(|(state, count)| (state.to_owned(), count.to_owned()))
            .collect()
    }

    fn accounts_for(&self, calls: &[Placed], customers: u32) {
        assert_eq!(self.open(), 0, "{:?}", self.states());
        let mut attempts = BTreeSet::new();
        let mut dialled = BTreeSet::new();
        for call in calls {
            assert!(
                attempts.insert(attempt_of(call)),
                "an attempt was made twice"
            );
            let to = value(&call.form, "To").expect("given").to_owned();
            assert!(dialled.insert(to), "somebody was rung twice");
        }
        // Every attempt that was made was intended first.
        let intended = self.sql("SELECT attempt_id FROM reminder_attempts");
        let intended: BTreeSet<&str> = intended.lines().collect();
        assert!(attempts.iter().all(|made| intended.contains(made.as_str())));
        // Every call is known by its name, and is the right customer's.
        let known = self.sql(
            "SELECT call_sid || ' ' || to_number FROM reminder_attempts
             WHERE call_sid IS NOT NULL",
        );
        let known: BTreeSet<&str> = known.lines().collect();
        for call in calls {
            let to = value(&call.form, "To").expect("given");
            let found = known.contains(format!("{} {to}", call.sid).as_str());
            assert!(found, "a call that the book does not know: {}", call.sid);
        }
        assert_eq!(known.len(), calls.len());
        // Whoever was not rung has a row that says why.
        let silent = self.sql(
            "SELECT count(*) FROM reminders WHERE state <> 'done' AND coalesce(reason, '') = ''",
        );
        assert_eq!(silent, "0");
        let done = self.sql("SELECT count(*) FROM reminders WHERE state = 'done'");
        assert_eq!(done.parse::<usize>().expect("a number"), calls.len());
        let rows = self.sql("SELECT count(*) FROM reminders");
        assert_eq!(rows.parse::<u32>().expect("a number"), customers);
        // Most are reached all the same: few attempts meet a death or a silence.
        assert!(
            calls.len() * 10 >= customers as usize * 8,
            "{} calls",
            calls.len()
        );
    }
}
