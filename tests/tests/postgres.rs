//! The program on Postgres, as its people meet it: migrated, seeded, examined, served, called.

use std::process::Output;

use storage::call_log::Outcome;
use tests::postgres::postgres;
use tests::program::{NOW, Program, command, printed, wait};

const OTTO: &str = env!("CARGO_BIN_EXE_otto-under-test");

fn otto(database: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    command(OTTO, folder.path(), arguments)
        .env("RUST_LOG", "off")
        .env("PORT", "0")
        .env("DATABASE_URL", database)
        .output()
        .expect("the program starts")
}

fn says(database: &str, arguments: &[&str]) -> String {
    let output = otto(database, arguments);
    let printed = printed(&output);
    assert!(output.status.success(), "{arguments:?}: {printed}");
    printed
}

/// What the doctor says of the database, and whether it is broken.
fn examined(database: &str) -> String {
    let all = printed(&otto(database, &["doctor", "--speech", "typed"]));
    all.lines()
        .find(|line| line.contains(" database: "))
        .unwrap_or_else(|| panic!("nothing of the database in {all}"))
        .to_owned()
}

#[test]
fn a_new_database_is_migrated_seeded_and_found_well() {
    let Some(server) = postgres() else { return };
    let database = server
        .database()
        .replace("postgres://", "postgresql+asyncpg://");
    let said = examined(&database);
    assert!(
        said.starts_with("weak") && said.contains("otto migrate"),
        "{said}"
    );
    for arguments in [&["migrate", "--dry-run"][..], &["migrate"]] {
        let said = says(&database, arguments);
        assert!(
            said.contains("0001 the book")
                && said.contains("0002 the network")
                && said.contains("0003 calendar outbox")
                && said.contains("0004 reminders")
                && said.contains("0005 verification")
                && said.contains("0006 namesakes")
                && said.contains("0007 nodes"),
            "{said}"
        );
    }
    for arguments in [&["migrate", "--dry-run"][..], &["migrate"]] {
        assert!(says(&database, arguments).contains("is up to date"));
    }
    let said = examined(&database);
    assert!(
        said.contains("is empty") && said.contains("otto seed"),
        "{said}"
    );
    assert!(says(&database, &["seed", "--now", NOW]).contains("seeded 6 customers"));
    let said = examined(&database);
    assert!(
        said.starts_with("ok") && said.contains("6 customers, answers in"),
        "{said}"
    );
}

#[test]
fn the_demos_five_calls_leave_what_they_should_on_postgres() {
    let Some(server) = postgres() else { return };
    let database = server.database();
    let demo = ["demo", "--speech", "typed", "--database", &database];
    let folder = tempfile::tempdir().expect("a temporary folder");
    let play = || {
        command(OTTO, folder.path(), &demo)
            .output()
            .expect("the program starts")
    };
    let played = play();
    let said = printed(&played);
    assert!(played.status.success(), "{said}");
    assert!(
        said.contains("demo: 5/5 scenarios, speech=typed, db=postgres://otto@/"),
        "{said}"
    );
    let again = play();
    assert!(!again.status.success());
    assert!(printed(&again).contains("wants an empty database"));
}

#[test]
fn a_dry_run_makes_no_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("book.db");
    let said = says(
        &format!("sqlite:{}", file.display()),
        &["migrate", "--dry-run"],
    );
    assert!(said.contains("0001 the book"), "{said}");
    assert!(!file.exists());
}

#[test]
fn what_is_wrong_with_a_database_is_one_sentence_with_key_and_remedy() {
    let Some(server) = postgres() else { return };
    let newer = server.database();
    says(&newer, &["migrate"]);
    let (_, name) = newer
        .split_once(&format!(":{}/", server.port()))
        .expect("a port");
    let (name, _) = name.split_once('?').expect("a socket");
    server.sql(
        name,
        "INSERT INTO _sqlx_migrations VALUES (9000, 'later', now(), TRUE, '', 0)",
    );
    for (database, remedy) in [
        (server.address("nowhere"), "createdb"),
        (
            "postgres://otto:s3cret@127.0.0.1:1/book".to_owned(),
            "start the server",
        ),
        (
            format!(
                "postgres://otto:s3cret@127.0.0.1:{}/postgres?sslmode=require",
                server.port()
            ),
            "sslmode",
        ),
        (newer, "newer version of otto"),
    ] {
        for arguments in [&["serve", "--speech", "typed"][..], &["migrate"], &["seed"]] {
            let output = otto(&database, arguments);
            let said = printed(&output);
            assert!(!output.status.success(), "{arguments:?}: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
            assert!(
                said.contains("DATABASE_URL") && said.contains(remedy),
                "{said}"
            );
            assert!(!said.contains("s3cret"), "{said}");
        }
        let said = examined(&database);
        assert!(
            said.starts_with("BROKEN") && said.contains(remedy),
            "{said}"
        );
        assert!(
            said.contains("DATABASE_URL") && !said.contains("s3cret"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_call_is_answered_and_logged_and_the_book_is_healthy() {
    let Some(server) = postgres() else { return };
    let otto = Program::serve_with(
        OTTO,
        &[
            ("OTTO_SPEECH", "typed"),
            ("DATABASE_URL", &server.database()),
        ],
    );
    let health = reqwest::get(format!("{}/health", otto.address())).await;
    let health = health.expect("answered").text().await.expect("text");
    assert_eq!(
        health,
        r#"{"status":"healthy","database":"connected","redis":"embedded"}"#
    );
    let mut caller = otto.call_by("help: what are your hours on saturday\nanything_else: /hangup");
    let _ = wait(&mut caller);
    let calls = otto
        .calls(|calls| calls.iter().any(|call| call.summary.is_some()))
        .await;
    let summary = calls[0].summary.as_ref().expect("closed");
    assert_eq!(summary.outcome, Outcome::Answered, "{summary:?}");
    assert!(summary.transcript.len() >= 2, "{summary:?}");
}
