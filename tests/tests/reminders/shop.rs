//! A seeded book, the account to reach its people with, and a server on it.

use std::process::Output;
use std::time::{Duration, Instant};

use control::clock::BusinessClock;
use control::config::{Config, Sources};
use control::server::Server;
use storage::appointment::AppointmentId;
use storage::reminder::{Kind, Reminder, State};
use storage::{Address, Store};
use tempfile::TempDir;
use tests::program::{NOW, command};
use tests::vendors::twilio::{ACCOUNT_SID, AUTH_TOKEN, Placed, Twilio, signed_form, value};

pub(super) const OTTO: &str = env!("CARGO_BIN_EXE_otto-under-test");
pub(super) const OURS: &str = "+12175550100";
/// Whose appointment is seeded, for the day after [`NOW`].
pub(super) const MARIA: &str = "+12175550102";
pub(super) const HOOKS: &str = "/api/v1/webhooks";
/// How long anything may take that a test waits for.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// A seeded book, and the account to reach its people with.
pub(super) struct Shop {
    pub(super) folder: TempDir,
    pub(super) twilio: Twilio,
}

impl Shop {
    pub(super) async fn new() -> Self {
        let shop = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            twilio: Twilio::start().await,
        };
        let seeded = command(OTTO, shop.folder.path(), &["seed", "--now", NOW]).output();
        assert!(seeded.expect("it starts").status.success());
        shop
    }

    pub(super) fn settings(&self) -> Vec<(&'static str, String)> {
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
    pub(super) async fn remind(
        &self,
        now: &str,
        flags: &[&str],
        settings: &[(&str, &str)],
    ) -> Output {
        let mut process = command(OTTO, self.folder.path(), &["remind", "--now", now]);
        process.args(flags).envs(self.settings());
        for (key, setting) in settings {
            process.env(key, setting);
        }
        let ended = tokio::task::spawn_blocking(move || process.output());
        ended.await.expect("no panic").expect("it starts")
    }

    pub(super) async fn store(&self) -> Store {
        let book = Address::Sqlite(self.folder.path().join("otto.db"));
        Store::open(&book).await.expect("a book")
    }

    pub(super) async fn rows(&self) -> Vec<Reminder> {
        let store = self.store().await;
        let rows = store.reminders.of_appointment(AppointmentId(1)).await;
        store.backend.close().await;
        rows.expect("readable")
    }

    pub(super) async fn row(&self, kind: Kind) -> Reminder {
        let found = self.rows().await.into_iter().find(|row| row.kind == kind);
        found.expect("planned with the booking")
    }
}

/// A server on the shop's book.
pub(super) async fn serve(shop: &Shop) -> Server {
    serve_with(shop, &[]).await
}

pub(super) async fn serve_with(shop: &Shop, settings: &[(&'static str, &str)]) -> Server {
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
pub(super) async fn hook(server: &Server, path: &str, form: &[(&str, &str)]) -> (u16, String) {
    let signature = signed_form(&format!("https://otto.example{path}"), form);
    let request = reqwest::Client::new()
        .post(format!("http://{}{path}", server.address()))
        .header("X-Twilio-Signature", signature)
        .form(form);
    let answer = request.send().await.expect("answered");
    let status = answer.status().as_u16();
    (status, answer.text().await.expect("text"))
}

pub(super) async fn loop_until<T>(look: impl Fn() -> Option<T>) -> T {
    let patience = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < patience, "it never came");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(super) async fn loop_rows(shop: &Shop, kind: Kind, state: State) -> Reminder {
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

pub(super) fn attempt_of(call: &Placed) -> String {
    let url = value(&call.form, "Url").expect("given");
    url.split_once("attempt=").expect("named").1.to_owned()
}
