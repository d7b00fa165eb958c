//! A database server that goes away during the day, and comes back.

use std::time::{Duration, Instant};

use tests::dealership::{Dealership, JOHN, MARIA, Plan, SUE, until};
use tests::postgres::postgres;
use tests::program::{NOW, Program, command, printed};
use tests::vendors::twilio::{ACCOUNT_SID, AUTH_TOKEN, Twilio, signed_form};
use tokio::sync::Mutex;

const OTTO: &str = env!("CARGO_BIN_EXE_otto-under-test");

/// How long anything may take that is not what the test measures.
const PATIENCE: Duration = Duration::from_secs(30);

/// There is one server to stop.
static TURN: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn health_tells_of_an_outage_within_its_deadline_and_of_its_end() {
    let Some(server) = postgres() else { return };
    let _turn = TURN.lock().await;
    let otto = Program::serve_with(
        OTTO,
        &[
            ("OTTO_SPEECH", "typed"),
            ("DATABASE_URL", &server.database()),
        ],
    );
    assert_eq!(health(&otto).await, (200, "connected".to_owned()));
    server.stop();
    let asked = Instant::now();
    assert_eq!(health(&otto).await, (503, "disconnected".to_owned()));
    assert!(
        asked.elapsed() < Duration::from_secs(4),
        "{:?}",
        asked.elapsed()
    );
    // Calls are still answered: the caller hears an apology, not a busy line.
    let answer = reqwest::Client::new()
        .post(format!("{}/api/v1/webhooks/inbound-call", otto.address()))
        .form(&[("CallSid", "CA00000000000000000000000000000001")])
        .send()
        .await
        .expect("answered");
    assert!(answer.status().is_success(), "{answer:?}");
    server.start_again();
    let patience = Instant::now() + PATIENCE;
    while health(&otto).await.0 != 200 {
        assert!(
            Instant::now() < patience,
            "the server is back, and not used"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn health(otto: &Program) -> (u16, String) {
    let answer = reqwest::get(format!("{}/health", otto.address())).await;
    let answer = answer.expect("answered");
    let status = answer.status().as_u16();
    let body: serde_json::Value = answer.json().await.expect("JSON");
    let database = body["database"].as_str().expect("a word").to_owned();
    (status, database)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_during_an_outage_hears_an_apology_goes_to_a_human_and_is_not_forgotten() {
    let Some(server) = postgres() else { return };
    let _turn = TURN.lock().await;
    let shop = Dealership::open(&Plan::default(), Some(server.database())).await;
    let john = shop.rings(JOHN).await;
    john.is_told("How can I help you?").await;
    john.says("i need an oil change on friday at two p m").await;
    john.is_told("Shall I book it?").await;
    server.stop();
    let stopped = Instant::now();
    john.says("yes").await;
    john.is_told("I am sorry").await;
    let xml = john.is_let_go().await;
    assert!(xml.contains("<Dial "), "{xml}");
    // Whoever calls now is answered, too, and what they said is on the disk in the end.
    let sue = shop.rings(SUE).await;
    sue.is_told("How can I help you?").await;
    sue.hangs_up();
    let kept = shop.folder().join("unsaved-calls.jsonl");
    let both = |text: &String| text.contains(JOHN) && text.contains(SUE);
    until("both calls are kept", both, async || {
        std::fs::read_to_string(&kept).unwrap_or_default()
    })
    .await;
    let down_for = Duration::from_secs(10);
    tokio::time::sleep(down_for.saturating_sub(stopped.elapsed())).await;
    server.start_again();
    let is_there = |page: &String| page.contains("\"database\":\"connected\"");
    until("the database is used again", is_there, async || {
        shop.health().await
    })
    .await;

    // The next call goes through, and brings the others into the book.
    let john_again = shop.rings(JOHN).await;
    john_again.is_told("How can I help you?").await;
    john_again
        .says("i need an oil change on friday at two p m")
        .await;
    john_again.is_told("Shall I book it?").await;
    john_again.says("yes").await;
    john_again.is_told("You are booked").await;
    john_again.hangs_up();
    shop.log(&john_again).await;
    let log = shop.log(&john).await;
    assert!(log.required_human_transfer, "{log:?}");
    shop.log(&sue).await;
    assert!(!kept.exists());
    assert_eq!(shop.booked().await.len(), 1, "and nothing of what failed");
    shop.calendar_agrees().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_stop_during_an_outage_is_answered_and_never_dialled() {
    let Some(server) = postgres() else { return };
    let _turn = TURN.lock().await;
    let twilio = Twilio::start().await;
    let book = server.database();
    let account = [
        ("TWILIO_ACCOUNT_SID", ACCOUNT_SID),
        ("TWILIO_AUTH_TOKEN", AUTH_TOKEN),
        ("TWILIO_PHONE_NUMBER", "+12175550100"),
        ("TWILIO_API_URL", &twilio.origin()),
        ("YOUR_TEST_NUMBER", MARIA),
        ("DATABASE_URL", &book),
        ("OTTO_SPEECH", "typed"),
    ];
    // The server only listens: it knows no address of its own to be called back at.
    let otto = Program::serve_with(OTTO, &account);
    server.stop();
    let url = format!("{}/api/v1/webhooks/sms", otto.address());
    let form = [("MessageSid", "SM1"), ("From", MARIA), ("Body", "STOP")];
    let answer = reqwest::Client::new()
        .post(&url)
        .header("X-Twilio-Signature", signed_form(&url, &form))
        .form(&form)
        .send();
    let answer = answer.await.expect("answered");
    assert_eq!(answer.status().as_u16(), 200);
    let said = answer.text().await.expect("text");
    assert!(said.contains("no more calls or messages"), "{said}");
    let owed = otto.folder().join("owed");
    let waiting = || std::fs::read_dir(&owed).map_or(0, Iterator::count);
    assert_eq!(waiting(), 1, "it is on the disk");
    // While the book is away nobody is dialled at all.
    let remind = || {
        command(OTTO, otto.folder(), &["remind", "--once", "--now", NOW])
            .envs(account)
            .env("BASE_URL", "https://otto.example")
            .output()
            .expect("it starts")
    };
    assert!(!remind().status.success());
    server.start_again();
    let passed = remind();
    let said = printed(&passed);
    assert!(passed.status.success(), "{said}");
    assert!(said.contains("the customer has opted out"), "{said}");
    assert_eq!(twilio.calls().len() + twilio.messages().len(), 0);
    let none = |count: &usize| *count == 0;
    until("the wish is in the book", none, async || waiting()).await;
}
