//! Calls of ours, from the webhook that they were answered to the row of their attempt.

use std::time::{Duration, Instant};

use control::clock::BusinessClock;
use storage::appointment::{AppointmentId, NewAppointment, Party, Status};
use storage::call_log::{Direction, Speaker};
use storage::consent::Channel;
use storage::reminder::{
    About, AttemptId, Claim, Intended, Intent, Kind, Outcome, Reminder, State,
};

use super::scene::{MARIA, OURS, PATIENCE, Scene, phone};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_is_about_an_appointment_that_is_to_come() {
    let scene = Scene::new().await;
    let store = scene.server.store();
    let location = storage::Location::example();
    let now = location.local(BusinessClock::real().now());
    storage::seed::seed(store, &location, &now)
        .await
        .expect("seeded");
    let maria = store.customers.by_phone(&phone(MARIA)).await;
    let maria = maria.expect("readable").expect("seeded").id;
    let booked = store.appointments.upcoming(maria, now.timestamp()).await;
    let booked = booked.expect("readable").first().expect("seeded").id;

    let mut form = [
        ("CallSid", "CA1"),
        ("From", OURS),
        ("To", MARIA),
        ("Direction", "outbound-api"),
    ];
    for (n, wrong) in ["", "0", "-1", "seven", "999999", "99999999999999999999"]
        .iter()
        .enumerate()
    {
        let mut form = form;
        let sid = format!("CA-{n}");
        form[0].1 = &sid;
        let hook = format!("/outbound-reminder?appointment_id={wrong}");
        let (status, xml) = scene.hook(&hook, &form).await;
        assert_eq!(status, 200, "{wrong}");
        assert!(
            xml.contains("<Say") && xml.contains("<Hangup/>"),
            "{wrong}: {xml}"
        );
        assert!(!xml.contains("<Stream"), "{wrong}: {xml}");
    }
    let hook = format!("/outbound-reminder?appointment_id={}", booked.0);
    let (_, xml) = scene.hook(&hook, &form).await;
    let mut line = scene.stream("CA1", &xml).await;
    // Whom we called is who is greeted.
    line.during(scene.fed("CA1", "Hello Maria")).await;
    line.hang_up().await;
    let row = scene.row("CA1", |row| row.summary.is_some()).await;
    assert_eq!(row.call.direction, Direction::Outbound);
    assert_eq!(row.call.to_number.as_deref(), Some(MARIA));

    store
        .appointments
        .cancel(booked, "sold")
        .await
        .expect("cancelled");
    form[0].1 = "CA2";
    let (_, xml) = scene.hook(&hook, &form).await;
    assert!(!xml.contains("<Stream"), "nothing to be reminded of: {xml}");
}

/// The reminder by voice of Maria's appointment, and an attempt at it that is under way.
async fn attempt_at_maria(scene: &Scene) -> (AppointmentId, AttemptId) {
    let store = scene.server.store();
    let location = storage::Location::example();
    let now = location.local(BusinessClock::real().now());
    let seeded = storage::seed::seed(store, &location, &now).await;
    seeded.expect("seeded");
    let maria = store.customers.by_phone(&phone(MARIA)).await;
    let maria = maria.expect("readable").expect("seeded").id;
    let upcoming = store.appointments.upcoming(maria, now.timestamp()).await;
    let appointment = upcoming.expect("readable").first().expect("seeded").id;
    let lease = Duration::from_secs(60);
    let claim = Claim {
        now: now.timestamp(),
        owner: "test",
        lease,
        limit: 100,
        only: None,
    };
    let rows = store.reminders.claim(&claim).await.expect("readable");
    let mut rows = rows.iter();
    let row = rows.find(|row| row.appointment == appointment && row.kind == Kind::Voice);
    let attempt = AttemptId::new(7);
    let intent = Intent {
        reminder: row.expect("written with the booking").id,
        owner: "test",
        attempt: &attempt,
        to: &phone(MARIA),
        channel: Channel::Voice,
        at: now.timestamp(),
        lease,
    };
    let intended = store.reminders.intend(&intent).await.expect("writable");
    assert_eq!(intended, Intended::Committed);
    (appointment, attempt)
}

const OF_OURS: [(&str, &str); 4] = [
    ("CallSid", "CA1"),
    ("From", OURS),
    ("To", MARIA),
    ("Direction", "outbound-api"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_who_says_that_they_will_come_is_confirmed_and_the_attempt_concluded() {
    let scene = Scene::new().await;
    let (appointment, attempt) = attempt_at_maria(&scene).await;
    let hook = format!(
        "/outbound-reminder?appointment_id={}&attempt={attempt}",
        appointment.0
    );
    let (_, xml) = scene.hook(&hook, &OF_OURS).await;
    let mut line = scene.stream("CA1", &xml).await;
    line.during(scene.heard("CA1", "Can you make it?")).await;
    line.press("1").await;
    line.closed().await;
    let row = scene.row("CA1", |row| row.summary.is_some()).await;
    let summary = row.summary.expect("closed");
    let said = |words: &str| {
        summary
            .transcript
            .iter()
            .any(|line| line.text.contains(words))
    };
    assert!(said("We will see you"), "{:?}", summary.transcript);
    assert_eq!(summary.appointment, Some(appointment));
    let store = scene.server.store();
    let booked = store.appointments.by_id(appointment).await;
    let status = booked.expect("readable").expect("there").status;
    assert_eq!(status, Status::Confirmed);
    let patience = Instant::now() + Duration::from_secs(10);
    loop {
        let known = store.reminders.attempt(&attempt).await.expect("readable");
        let known = known.expect("it was committed");
        assert_eq!(known.call_sid.as_deref(), Some("CA1"));
        if known.result == Some(Outcome::Confirmed) {
            break;
        }
        assert!(Instant::now() < patience, "{known:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_hears_the_message_in_place_of_the_question() {
    let scene = Scene::new().await;
    let (appointment, _) = attempt_at_maria(&scene).await;
    let hook = format!("/outbound-reminder?appointment_id={}", appointment.0);
    let (_, xml) = scene.hook(&hook, &OF_OURS).await;
    let mut line = scene.stream("CA1", &xml).await;
    line.during(scene.fed("CA1", "Hello Maria")).await;
    let machine = [("CallSid", "CA1"), ("AnsweredBy", "machine_end_beep")];
    let (status, _) = scene.hook("/amd", &machine).await;
    assert_eq!(status, 204);
    line.closed().await;
    let row = scene.row("CA1", |row| row.summary.is_some()).await;
    let said = row.summary.expect("closed").transcript;
    let message = "with a reminder of your appointment";
    assert!(
        said.iter().any(|line| line.text.contains(message)),
        "{said:?}"
    );
    assert!(said.iter().all(|line| line.speaker == Speaker::Agent));
}

/// The reminder, once its attempt has come to this.
async fn came_to(scene: &Scene, attempt: &AttemptId, outcome: Outcome) -> Reminder {
    let reminders = &scene.server.store().reminders;
    let patience = Instant::now() + PATIENCE;
    loop {
        let known = reminders.attempt(attempt).await.expect("readable");
        let known = known.expect("it was committed");
        if known.result == Some(outcome) {
            let about = About::Attempt(attempt.clone());
            let told = reminders.briefing(&about).await.expect("readable");
            return told.expect("there").reminder;
        }
        assert!(Instant::now() < patience, "{known:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The network says that the call is over.
async fn over(scene: &Scene, attempt: &AttemptId) {
    let hook = format!("/call-status?attempt={attempt}");
    let form = [OF_OURS.as_slice(), &[("CallStatus", "completed")]].concat();
    assert_eq!(scene.hook(&hook, &form).await.0, 204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_of_ours_that_nobody_of_us_took_is_made_again_later_and_is_a_new_attempt() {
    let scene = Scene::new().await;
    let (appointment, attempt) = attempt_at_maria(&scene).await;
    let hook = format!(
        "/outbound-reminder?appointment_id={}&attempt={attempt}",
        appointment.0
    );
    // The answer is lost on its way, and no stream comes.
    scene.hook(&hook, &OF_OURS).await;
    over(&scene, &attempt).await;
    let row = came_to(&scene, &attempt, Outcome::Failed).await;
    assert_eq!((row.state, row.attempts), (State::Planned, 1));
    let why = row.reason.as_deref();
    assert_eq!(why, Some("it was answered, and no word of ours was heard"));
    let soon = BusinessClock::real().now() + jiff::SignedDuration::from_mins(30);
    assert!(row.due_at > soon, "{row:?}");
    // What comes late does not have it dialled at once, nor counted twice.
    over(&scene, &attempt).await;
    let again = came_to(&scene, &attempt, Outcome::Failed).await;
    assert_eq!((again.due_at, again.attempts), (row.due_at, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_counts_as_left_once_the_machine_has_all_of_it() {
    for whole in [true, false] {
        let scene = Scene::new().await;
        let (appointment, attempt) = attempt_at_maria(&scene).await;
        let hook = format!(
            "/outbound-reminder?appointment_id={}&attempt={attempt}",
            appointment.0
        );
        let (_, xml) = scene.hook(&hook, &OF_OURS).await;
        let mut line = scene.stream("CA1", &xml).await;
        line.during(scene.fed("CA1", "Hello Maria")).await;
        let machine = [("CallSid", "CA1"), ("AnsweredBy", "machine_end_beep")];
        let amd = format!("/amd?attempt={attempt}");
        assert_eq!(scene.hook(&amd, &machine).await.0, 204);
        if whole {
            line.closed().await;
        } else {
            line.during(scene.fed("CA1", "with a reminder")).await;
            line.hang_up().await;
        }
        scene.row("CA1", |row| row.summary.is_some()).await;
        over(&scene, &attempt).await;
        let (outcome, state) = if whole {
            (Outcome::Voicemail, State::Done)
        } else {
            (Outcome::Failed, State::Planned)
        };
        let row = came_to(&scene, &attempt, outcome).await;
        assert_eq!((row.state, row.attempts), (state, 1), "whole: {whole}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_heard_us_and_hung_up_was_reached_whatever_the_network_says_first() {
    let scene = Scene::new().await;
    let (appointment, attempt) = attempt_at_maria(&scene).await;
    let hook = format!(
        "/outbound-reminder?appointment_id={}&attempt={attempt}",
        appointment.0
    );
    let (_, xml) = scene.hook(&hook, &OF_OURS).await;
    let mut line = scene.stream("CA1", &xml).await;
    line.during(scene.heard("CA1", "Can you make it?")).await;
    over(&scene, &attempt).await;
    came_to(&scene, &attempt, Outcome::Failed).await;
    line.hang_up().await;
    let row = came_to(&scene, &attempt, Outcome::Reached).await;
    assert_eq!(row.state, State::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follow_up_is_about_a_visit_that_is_over() {
    let scene = Scene::new().await;
    let (to_come, _) = attempt_at_maria(&scene).await;
    let store = scene.server.store();
    let maria = store.customers.by_phone(&phone(MARIA)).await;
    let maria = maria.expect("readable").expect("seeded").id;
    let vehicles = store.vehicles.of_customer(maria).await.expect("readable");
    let yesterday = BusinessClock::real().now() - jiff::SignedDuration::from_hours(24);
    let visit = NewAppointment {
        party: Party::Known {
            customer: maria,
            vehicle: vehicles.first().expect("seeded").id,
        },
        location: storage::Location::example().key,
        service: "oil_change".to_owned(),
        starts_at: yesterday,
        ends_at: yesterday + jiff::SignedDuration::from_hours(1),
        bays: 3,
        notes: None,
        idempotency_key: "yesterday".to_owned(),
        booked_by: "tests".to_owned(),
        booked_from: None,
    };
    let visit = store.appointments.book(&visit).await.expect("free");
    let hook = |id: i64| format!("/outbound-follow-up?appointment_id={id}");
    let mut form = OF_OURS;
    for (sid, other) in [("CA2", to_come.0), ("CA3", 999_999)] {
        form[0].1 = sid;
        let (_, xml) = scene.hook(&hook(other), &form).await;
        assert!(
            xml.contains("by mistake") && !xml.contains("<Stream"),
            "{xml}"
        );
    }
    let (_, xml) = scene.hook(&hook(visit.id.0), &OF_OURS).await;
    let mut line = scene.stream("CA1", &xml).await;
    line.during(scene.heard("CA1", "Was everything all right?"))
        .await;
    line.hang_up().await;
    let row = scene.row("CA1", |row| row.summary.is_some()).await;
    assert_eq!(row.call.direction, Direction::Outbound);
    assert_eq!(row.summary.expect("closed").tools_used, ["open_follow_up"]);
}
