//! Reminders as customers and the network meet them: real processes against a simulated Twilio.

mod calls;

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use control::clock::BusinessClock;
use control::config::{Config, Sources};
use control::server::Server;
use storage::appointment::AppointmentId;
use storage::consent::Channel;
use storage::customer::Phone;
use storage::reminder::{Kind, Outcome, Reminder, State};
use storage::{Address, Store};
use tempfile::TempDir;
use tests::postgres::{Postgres, postgres};
use tests::program::{NOW, command, printed};
use tests::vendors::twilio::{ACCOUNT_SID, AUTH_TOKEN, Fault, Placed, Twilio, signed_form, value};

const OTTO: &str = env!("CARGO_BIN_EXE_otto-under-test");
const OURS: &str = "+12175550100";
/// Whose appointment is seeded, for the day after [`NOW`].
const MARIA: &str = "+12175550102";
const HOOKS: &str = "/api/v1/webhooks";
/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(120);

// ---- one customer -------------------------------------------------------------

/// A seeded book, and the account to reach its people with.
struct Shop {
    folder: TempDir,
    twilio: Twilio,
}

impl Shop {
    async fn new() -> Self {
        let shop = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            twilio: Twilio::start().await,
        };
        let seeded = command(OTTO, shop.folder.path(), &["seed", "--now", NOW]).output();
        assert!(seeded.expect("it starts").status.success());
        shop
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("TWILIO_ACCOUNT_SID", ACCOUNT_SID.to_owned()),
            ("TWILIO_AUTH_TOKEN", AUTH_TOKEN.to_owned()),
            ("TWILIO_PHONE_NUMBER", OURS.to_owned()),
            ("TWILIO_API_URL", self.twilio.origin()),
            ("BASE_URL", "https://otto.example".to_owned()),
            ("YOUR_TEST_NUMBER", MARIA.to_owned()),
            ("OTTO_DIALS_PER_SECOND", "100".to_owned()),
            ("RUST_LOG", "warn".to_owned()),
        ]
    }

    /// `otto remind` at this time, with other settings than the usual.
    async fn remind(&self, now: &str, flags: &[&str], settings: &[(&str, &str)]) -> Output {
        let mut process = command(OTTO, self.folder.path(), &["remind", "--now", now]);
        process.args(flags).envs(self.settings());
        for (key, setting) in settings {
            process.env(key, setting);
        }
        let ended = tokio::task::spawn_blocking(move || process.output());
        ended.await.expect("no panic").expect("it starts")
    }

    async fn store(&self) -> Store {
        let book = Address::Sqlite(self.folder.path().join("otto.db"));
        Store::open(&book).await.expect("a book")
    }

    async fn rows(&self) -> Vec<Reminder> {
        let store = self.store().await;
        let rows = store.reminders.of_appointment(AppointmentId(1)).await;
        store.backend.close().await;
        rows.expect("readable")
    }

    async fn row(&self, kind: Kind) -> Reminder {
        let found = self.rows().await.into_iter().find(|row| row.kind == kind);
        found.expect("planned with the booking")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_called_once_the_day_before_however_often_it_runs() {
    let shop = Shop::new().await;
    let rehearsed = shop.remind(NOW, &["--dry-run"], &[]).await;
    let said = printed(&rehearsed);
    assert!(
        rehearsed.status.success() && said.contains("sent now"),
        "{said}"
    );
    assert_eq!(shop.twilio.requests(), 0, "a rehearsal");
    for _ in 0..3 {
        let passed = shop.remind(NOW, &["--once"], &[]).await;
        assert!(passed.status.success(), "{}", printed(&passed));
    }
    let calls = shop.twilio.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let form = &calls[0].form;
    assert_eq!(
        (value(form, "To"), value(form, "From")),
        (Some(MARIA), Some(OURS))
    );
    let attempt = attempt_of(&calls[0]);
    let base = format!("https://otto.example{HOOKS}");
    let url = format!("{base}/outbound-reminder?appointment_id=1&attempt={attempt}");
    assert_eq!(value(form, "Url"), Some(url.as_str()));
    let status = format!("{base}/call-status?attempt={attempt}");
    assert_eq!(value(form, "StatusCallback"), Some(status.as_str()));
    assert_eq!(value(form, "AsyncAmd"), Some("true"));
    let machine = format!("{base}/amd?attempt={attempt}");
    assert_eq!(
        value(form, "AsyncAmdStatusCallback"),
        Some(machine.as_str())
    );
    let texts = shop.twilio.messages();
    assert_eq!(texts.len(), 1, "the confirmation: {texts:?}");
    let body = value(&texts[0], "Body").expect("words");
    assert!(
        body.contains("Maria") && body.contains("Tuesday, November 24 at 10:00 AM"),
        "{body}"
    );
    assert!(body.contains("STOP"), "{body}");
    let row = shop.row(Kind::Voice).await;
    assert_eq!((row.state, row.attempts), (State::Dialling, 1));
    assert_eq!(shop.row(Kind::Sms).await.state, State::Planned);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_network_tells_of_a_call_is_kept_and_nobody_answering_is_tried_again() {
    let shop = Shop::new().await;
    shop.remind(NOW, &["--once"], &[]).await;
    let call = shop.twilio.calls().remove(0);
    let attempt = attempt_of(&call);
    let server = serve(&shop).await;
    let status = format!("{HOOKS}/call-status?attempt={attempt}");
    let form = [("CallSid", call.sid.as_str()), ("CallStatus", "no-answer")];
    for _ in 0..2 {
        assert_eq!(hook(&server, &status, &form).await.0, 204);
    }
    server.stop(std::future::ready(())).await;
    let row = shop.row(Kind::Voice).await;
    assert_eq!(
        (row.state, row.outcome),
        (State::Planned, Some(Outcome::NoAnswer))
    );
    assert_eq!(row.reason.as_deref(), Some("nobody answered"));
    // Three hours later, once more and never again.
    for (now, calls) in [
        ("2026-11-23T10:00:00-06:00", 1),
        ("2026-11-23T12:30:00-06:00", 2),
        ("2026-11-23T16:30:00-06:00", 2),
    ] {
        let passed = shop.remind(now, &["--once"], &[]).await;
        assert_eq!(
            shop.twilio.calls().len(),
            calls,
            "{now}: {}",
            printed(&passed)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_unknown_outcome_is_found_and_not_placed_again() {
    let shop = Shop::new().await;
    shop.twilio.faults.inject(Fault::DoneThenDropped);
    let passed = shop.remind(NOW, &["--once"], &[]).await;
    assert!(
        printed(&passed).contains("in doubt"),
        "{}",
        printed(&passed)
    );
    assert_eq!(shop.twilio.calls().len(), 1);
    shop.twilio.faults.heal();
    // By the database's clock, which a test cannot set.
    tokio::time::sleep(control::limits::DOUBT_WAIT + Duration::from_secs(1)).await;
    let passed = shop.remind(NOW, &["--once"], &[]).await;
    assert!(
        printed(&passed).contains("the call goes on"),
        "{}",
        printed(&passed)
    );
    assert_eq!(shop.twilio.calls().len(), 1, "not a second time");
    let store = shop.store().await;
    let row = shop.row(Kind::Voice).await;
    let attempts = store.reminders.attempts(row.id).await.expect("readable");
    assert_eq!(attempts.len(), 1);
    assert_eq!(
        attempts[0].call_sid,
        Some(shop.twilio.calls()[0].sid.clone())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_writes_stop_is_left_alone_until_they_write_start() {
    let shop = Shop::new().await;
    // Without a number of its own it only listens.
    let server = serve_with(&shop, &[("TWILIO_PHONE_NUMBER", "")]).await;
    let sms = format!("{HOOKS}/sms");
    let write = async |body| {
        let form = [
            ("MessageSid", "SM1"),
            ("From", MARIA),
            ("To", OURS),
            ("Body", body),
        ];
        let (status, said) = hook(&server, &sms, &form).await;
        assert_eq!(status, 200);
        said
    };
    assert!(write("I will be late").await.ends_with("<Response/>"));
    assert!(write("HELP").await.contains("217-555-0100"));
    assert!(write("Alto").await.contains("no recibirá"));
    assert!(write("stop").await.contains("no more calls or messages"));
    let maria = Phone::parse(MARIA).expect("a number");
    let store = server.store().clone();
    let out = async || {
        let out = store.consents.is_opted_out(&maria, Channel::Voice).await;
        out.expect("readable")
    };
    assert!(out().await);
    let passed = shop.remind(NOW, &["--once"], &[]).await;
    assert!(
        printed(&passed).contains("opted out"),
        "{}",
        printed(&passed)
    );
    assert_eq!(
        (shop.twilio.calls().len(), shop.twilio.messages().len()),
        (0, 0)
    );
    assert!(write("START").await.contains("again"));
    assert!(!out().await);
    server.stop(std::future::ready(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_reminds_beside_its_calls_and_a_message_is_delivered() {
    let shop = Shop::new().await;
    let server = serve(&shop).await;
    let text = loop_until(|| shop.twilio.messages().pop()).await;
    let callback = value(&text, "StatusCallback").expect("given").to_owned();
    let path = callback.strip_prefix("https://otto.example").expect("ours");
    let row = loop_rows(&shop, Kind::Confirmation, State::Done).await;
    assert_eq!(row.outcome, Some(Outcome::Sent));
    let sid = "SM00000000000000000000000000000001";
    let form = [("MessageSid", sid), ("MessageStatus", "delivered")];
    assert_eq!(hook(&server, path, &form).await.0, 204);
    server.stop(std::future::ready(())).await;
    let row = shop.row(Kind::Confirmation).await;
    assert_eq!(row.outcome, Some(Outcome::Delivered));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_called_by_a_process_that_was_not_told_whom_it_may_call() {
    let shop = Shop::new().await;
    let passed = shop
        .remind(NOW, &["--once"], &[("YOUR_TEST_NUMBER", "")])
        .await;
    let said = printed(&passed);
    assert!(
        said.contains("nobody is called") && said.contains("YOUR_TEST_NUMBER"),
        "{said}"
    );
    assert_eq!(shop.twilio.requests(), 0);
    let row = shop.row(Kind::Voice).await;
    assert_eq!(row.state, State::Skipped);
    assert!(
        row.reason
            .is_some_and(|why| why.contains("YOUR_TEST_NUMBER"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_with_its_remedy() {
    let shop = Shop::new().await;
    for (flags, settings, words) in [
        (&[][..], &[][..], "--once"),
        (&["--worker", "--once"], &[], "cannot be used with"),
        (&["--once"], &[("BASE_URL", "")], "reminders need BASE_URL"),
        (
            &["--once"],
            &[("TWILIO_PHONE_NUMBER", "")],
            "TWILIO_PHONE_NUMBER",
        ),
        (
            &["--once"],
            &[("WORKER_REMINDER_HOUR", "25")],
            "use a whole number from 0 to 23",
        ),
        (
            &["--once"],
            &[("WORKER_REMINDER_TIMEZONE", "Springfield")],
            "America/Chicago",
        ),
        (
            &["--once"],
            &[("YOUR_TEST_NUMBER", "555")],
            "YOUR_TEST_NUMBER",
        ),
        (
            &["--once"],
            &[("OTTO_DIALS_PER_SECOND", "0")],
            "OTTO_DIALS_PER_SECOND",
        ),
    ] {
        let refused = shop.remind(NOW, flags, settings).await;
        let said = printed(&refused);
        assert!(
            !refused.status.success() && said.contains(words),
            "{words}: {said}"
        );
    }
    assert_eq!(shop.twilio.requests(), 0);
}

/// A server on the shop's book.
async fn serve(shop: &Shop) -> Server {
    serve_with(shop, &[]).await
}

async fn serve_with(shop: &Shop, settings: &[(&'static str, &str)]) -> Server {
    let mut sources = Sources::default();
    let usual = [
        ("OTTO_SPEECH", "typed".to_owned()),
        ("PORT", "0".to_owned()),
        ("OTTO_DATA_DIR", shop.folder.path().display().to_string()),
    ];
    let mut all = shop.settings();
    all.retain(|(key, _)| settings.iter().all(|(other, _)| other != key));
    let other = settings
        .iter()
        .map(|(key, value)| (*key, (*value).to_owned()));
    let settings = usual.into_iter().chain(all).chain(other);
    sources
        .environment(settings.map(|(key, value)| (key.into(), value.into())))
        .expect("text");
    let config = Config::parse(&sources).expect("valid settings");
    let clock = BusinessClock::starting_at(NOW.parse().expect("a time"));
    Server::start(config, clock).await.expect("a server")
}

/// A webhook as Twilio posts it.
async fn hook(server: &Server, path: &str, form: &[(&str, &str)]) -> (u16, String) {
    let signature = signed_form(&format!("https://otto.example{path}"), form);
    let request = reqwest::Client::new()
        .post(format!("http://{}{path}", server.address()))
        .header("X-Twilio-Signature", signature)
        .form(form);
    let answer = request.send().await.expect("answered");
    let status = answer.status().as_u16();
    (status, answer.text().await.expect("text"))
}

async fn loop_until<T>(look: impl Fn() -> Option<T>) -> T {
    let patience = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < patience, "it never came");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn loop_rows(shop: &Shop, kind: Kind, state: State) -> Reminder {
    let patience = Instant::now() + PATIENCE;
    loop {
        let row = shop.row(kind).await;
        if row.state == state {
            return row;
        }
        assert!(Instant::now() < patience, "{row:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn attempt_of(call: &Placed) -> String {
    let url = value(&call.form, "Url").expect("given");
    url.split_once("attempt=").expect("named").1.to_owned()
}

// ---- many customers, many runners ----------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn runners_that_die_dial_nobody_twice_and_leave_nobody_unaccounted() {
    storm(500).await;
}

/// As many as a large group of dealerships has in a day. `OTTO_REMINDERS` names another number.
#[ignore = "a measurement: minutes"]
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_are_dialled_once() {
    let many = std::env::var("OTTO_REMINDERS").map(|many| many.parse().expect("a number"));
    storm(many.unwrap_or(10_000)).await;
}

const RUNNERS: usize = 4;

/// Four runners on one server, killed at random, while Twilio refuses, fails, does things without
/// saying so, and lists calls late.
async fn storm(customers: u32) {
    let Some(server) = postgres() else { return };
    let address = server.database();
    let book = Book::filled(server, &address, customers).await;
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
    let mut killed = 0;
    // Each round starts later, so that what was put off is due again.
    for round in 0..12 {
        let now = format!("2026-12-08T{:02}:00:00-06:00", 9 + round / 2);
        let mut runners: Vec<Child> = (0..RUNNERS)
            .map(|_| runner(&shop, &address, &now))
            .collect();
        let deadline = Instant::now() + PATIENCE;
        let mut turn = round;
        while !runners.is_empty() {
            tokio::time::sleep(Duration::from_millis(400)).await;
            runners.retain_mut(|runner| runner.try_wait().expect("ours").is_none());
            turn += 1;
            // In the first rounds there is a death every other look.
            if round < 4 && turn % 2 == 0 && !runners.is_empty() {
                let mut victim = runners.swap_remove(turn % runners.len());
                victim.kill().expect("SIGKILL");
                victim.wait().expect("dead");
                killed += 1;
                runners.push(runner(&shop, &address, &now));
            }
            if turn > round + 20 && round < 4 {
                for mut runner in runners.drain(..) {
                    runner.kill().expect("SIGKILL");
                    runner.wait().expect("dead");
                    killed += 1;
                }
            }
            assert!(Instant::now() < deadline, "round {round} does not end");
        }
        if round == 4 {
            shop.twilio.faults.heal();
            // Everybody hangs up in the end.
            shop.twilio.end_calls("completed");
        }
        book.time_passes();
        if round > 5 && book.open() == 0 {
            break;
        }
    }
    let calls = shop.twilio.calls();
    println!(
        "{customers} customers, {} calls, {killed} runners killed, {:.1} s: {:?}",
        calls.len(),
        began.elapsed().as_secs_f64(),
        book.states()
    );
    book.accounts_for(&calls, customers);
}

fn runner(shop: &Shop, book: &str, now: &str) -> Child {
    command(
        OTTO,
        shop.folder.path(),
        &["remind", "--once", "--now", now],
    )
    .envs(shop.settings())
    .envs([
        ("ENV", "production"),
        ("ADMIN_TOKEN", "a token of the tests"),
    ])
    .env("YOUR_TEST_NUMBER", "")
    .env("OTTO_DIALS_PER_SECOND", "200")
    .env("DATABASE_URL", book)
    .stdout(Stdio::null())
    .stderr(Stdio::inherit())
    .spawn()
    .expect("it starts")
}

/// A book of customers who are all to be called, and what is read of it behind the program's back.
struct Book {
    server: &'static Postgres,
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
