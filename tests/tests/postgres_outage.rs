//! A database server that goes away during the day, and comes back.

use std::time::{Duration, Instant};

use tests::postgres::postgres;
use tests::program::Program;

const OTTO: &str = env!("CARGO_BIN_EXE_otto-under-test");

/// How long anything may take that is not what the test measures.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn health_tells_of_an_outage_within_its_deadline_and_of_its_end() {
    let Some(server) = postgres() else { return };
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
