//! One customer, through every turn that a reminder takes.

use std::time::Duration;

use storage::consent::Channel;
use storage::customer::Phone;
use storage::reminder::{Kind, Outcome, State};
use tests::program::{NOW, printed};
use tests::vendors::twilio::{Fault, value};

use super::shop::{
    HOOKS, MARIA, OURS, Shop, attempt_of, hook, loop_rows, loop_until, serve, serve_with,
};

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
async fn a_process_that_may_call_nobody_or_another_says_so_and_leaves_everything_open() {
    let shop = Shop::new().await;
    let before = shop.rows().await;
    for (number, words) in [
        ("", "nobody is called"),
        ("+12175550199", "nobody but YOUR_TEST_NUMBER is called"),
    ] {
        let setting = [("YOUR_TEST_NUMBER", number)];
        let passed = shop.remind(NOW, &["--once"], &setting).await;
        let said = printed(&passed);
        assert!(passed.status.success(), "{said}");
        for part in [words, "left open", "test mode"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let rehearsed = shop.remind(NOW, &["--dry-run"], &setting).await;
        assert!(printed(&rehearsed).contains("left open"));
    }
    assert_eq!(shop.twilio.requests(), 0);
    assert_eq!(shop.rows().await, before, "as if nobody had looked");
    // Whoever may call finds all that there was.
    shop.remind(NOW, &["--once"], &[]).await;
    assert_eq!(shop.twilio.calls().len(), 1);
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
        (
            &["--once"],
            &[
                ("ENV", "production"),
                ("ADMIN_TOKEN", "a token of the tests"),
                ("YOUR_TEST_NUMBER", ""),
                ("TWILIO_API_URL", "https://api.twilio.invalid"),
            ],
            "--now: customers would really be called",
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

#[tokio::test(flavor = "multi_thread")]
async fn every_way_in_which_the_network_fails_ends_in_the_row_that_says_so() {
    // (fault, calls that there are, state, attempts that count)
    for (fault, calls, state, attempts) in [
        (Fault::TooMany(100), 0, State::Planned, 0),
        (Fault::Code(21_211), 0, State::Done, 1),
        (Fault::Status(500), 0, State::Dialling, 1),
        (Fault::DoneThenSilent, 1, State::Dialling, 1),
        (Fault::Garbage, 1, State::Dialling, 1),
    ] {
        let shop = Shop::new().await;
        shop.twilio.faults.inject(fault.clone());
        for _ in 0..2 {
            shop.remind(NOW, &["--once"], &[]).await;
        }
        let row = shop.row(Kind::Voice).await;
        let placed = shop.twilio.calls().len();
        assert_eq!(
            (placed, row.state, row.attempts),
            (calls, state, attempts),
            "{fault:?}: {row:?}"
        );
        let outcome = (state != State::Dialling).then_some(Outcome::Failed);
        assert_eq!(row.outcome, outcome, "{fault:?}");
        assert!(row.reason.is_some_and(|why| !why.is_empty()), "{fault:?}");
    }
}
