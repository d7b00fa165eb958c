//! Calls of ours, whole: `otto serve` with a runner of its own, a network that rings a telephone and
//! behaves as Twilio does, somebody who answers in real time, and a dealership's calendar.

use std::sync::Arc;
use std::time::{Duration, Instant};

use control::caller::Ending;
use control::caller::voice::{Buzzed, Voice};
use storage::Store;
use storage::appointment::{Appointment, AppointmentId, NewAppointment, Party, Status};
use storage::call_log::{CallLog, Direction, Speaker};
use storage::consent::Channel;
use storage::customer::Phone;
use storage::reminder::{Kind, Outcome, Reminder, State};
use tests::port::free_port;
use tests::postgres::postgres;
use tests::program::{NOW, Program, command, engine_voice, printed};
use tests::vendors::google::{Event, Google};
use tests::vendors::twilio::{ACCOUNT_SID, AUTH_TOKEN, Callee, Carried, Twilio, value};

const OTTO: &str = env!("CARGO_BIN_EXE_otto-under-test");
const OURS: &str = "+12175550100";
const JOHN: &str = "+12175550101";
/// Whose appointment is seeded, for ten o'clock on the day after [`NOW`].
const MARIA: &str = "+12175550102";
const APPOINTMENT: AppointmentId = AppointmentId(1);
const PATIENCE: Duration = Duration::from_secs(60);

/// A dealership that is about to remind Maria, and everybody it talks to.
struct Scene {
    otto: Program,
    twilio: Twilio,
    google: Google,
    settings: Vec<(&'static str, String)>,
    store: Store,
}

impl Scene {
    /// Otto serves, and whoever answers Maria's telephone is this one.
    async fn opens(callee: Callee, voice: Arc<dyn Voice>, more: &[(&'static str, &str)]) -> Self {
        let (twilio, google) = (Twilio::start().await, Google::start().await);
        twilio.connect(MARIA, callee, voice);
        let port = free_port();
        let mut settings = vec![
            ("PORT", port.to_string()),
            ("BASE_URL", format!("http://127.0.0.1:{port}")),
            ("OTTO_SPEECH", "typed".to_owned()),
            ("TWILIO_ACCOUNT_SID", ACCOUNT_SID.to_owned()),
            ("TWILIO_AUTH_TOKEN", AUTH_TOKEN.to_owned()),
            ("TWILIO_PHONE_NUMBER", OURS.to_owned()),
            ("TWILIO_API_URL", twilio.origin()),
            ("YOUR_TEST_NUMBER", MARIA.to_owned()),
            ("RUST_LOG", "warn".to_owned()),
        ];
        settings.extend(google.settings());
        settings.retain(|(key, _)| more.iter().all(|(other, _)| other != key));
        let more = more.iter().map(|(key, value)| (*key, (*value).to_owned()));
        settings.extend(more);
        let otto = {
            let settings: Vec<(&str, &str)> =
                settings.iter().map(|(k, v)| (*k, v.as_str())).collect();
            Program::serve_with(OTTO, &settings)
        };
        let store = Store::open(otto.book()).await.expect("a book");
        Self {
            otto,
            twilio,
            google,
            settings,
            store,
        }
    }

    /// Another process passes over what is due at this time.
    fn passes(&self, now: &str) -> String {
        let mut remind = command(
            OTTO,
            self.otto.folder(),
            &["remind", "--once", "--now", now],
        );
        let settings = self.settings.iter().map(|(k, v)| (*k, v.as_str()));
        let output = remind.envs(settings).output().expect("it starts");
        let said = printed(&output);
        assert!(output.status.success(), "{said}");
        said
    }

    /// The first call, once it is over and its row is written.
    async fn call(&self) -> (Carried, CallLog) {
        let call = self.twilio.carried(1).await.remove(0);
        assert_eq!(call.trouble, None);
        let logs = self.otto.calls(|calls| {
            let over = |call: &CallLog| call.summary.is_some() && call.network.is_some();
            calls.iter().any(over)
        });
        let log = logs.await.remove(0);
        assert_eq!(log.call.direction, Direction::Outbound);
        assert_eq!(log.call.to_number.as_deref(), Some(MARIA));
        (call, log)
    }

    async fn appointment(&self) -> Appointment {
        let found = self.store.appointments.by_id(APPOINTMENT).await;
        found.expect("readable").expect("seeded")
    }

    /// Its reminders of this kind, oldest first, once `until` holds for them.
    async fn rows(&self, kind: Kind, until: impl Fn(&[Reminder]) -> bool) -> Vec<Reminder> {
        let patience = Instant::now() + PATIENCE;
        loop {
            let rows = self.store.reminders.of_appointment(APPOINTMENT).await;
            let mut rows = rows.expect("readable");
            rows.retain(|row| row.kind == kind);
            if until(&rows) {
                return rows;
            }
            assert!(Instant::now() < patience, "{rows:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The first reminder by voice, once this came of it.
    async fn came_of_it(&self, outcome: Outcome) -> Reminder {
        let done = |rows: &[Reminder]| rows[0].outcome == Some(outcome);
        self.rows(Kind::Voice, done).await.remove(0)
    }

    /// The appointment's event in the calendar, once `until` holds for it.
    async fn event(&self, until: impl Fn(&Event) -> bool) -> Event {
        let patience = Instant::now() + PATIENCE;
        loop {
            let mut events = self.google.events();
            events.retain(|event| event.appointment() == Some(APPOINTMENT.0));
            assert!(events.len() < 2, "one appointment, one event: {events:?}");
            if let Some(event) = events.pop().filter(&until) {
                return event;
            }
            assert!(Instant::now() < patience, "{:?}", self.google.events());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whom the network was asked to ring, in order.
    fn rung(&self) -> Vec<String> {
        let calls = self.twilio.calls();
        let to = calls.iter().rev().map(|call| value(&call.form, "To"));
        to.map(|to| to.expect("given").to_owned()).collect()
    }
}

fn typed() -> Arc<dyn Voice> {
    Arc::new(Buzzed)
}

const LATER_THIS_WEEK: Callee = Callee::Person(
    "confirm: i can't make it later this week\n\
     when: friday at three p m\n\
     confirm: yes\n\
     anything_else: no thank you that is all",
);

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_make_it_is_offered_times_and_row_reminders_and_event_are_moved() {
    moves_to_friday(Scene::opens(LATER_THIS_WEEK, typed(), &[]).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_make_it_is_moved_on_postgres_too() {
    let Some(server) = postgres() else { return };
    let book = server.database();
    let settings = [("DATABASE_URL", book.as_str())];
    moves_to_friday(Scene::opens(LATER_THIS_WEEK, typed(), &settings).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_make_it_is_understood_by_their_voice_alone() {
    let Some(voice) = engine_voice(OTTO) else {
        return;
    };
    let settings = [("OTTO_SPEECH", "recognised")];
    moves_to_friday(Scene::opens(LATER_THIS_WEEK, Arc::new(voice), &settings).await).await;
}

async fn moves_to_friday(scene: Scene) {
    let event = scene.event(|_| true).await;
    assert_eq!(event.starts_at().to_string(), "2026-11-24T16:00:00Z");
    let (call, log) = scene.call().await;
    let said = call.agent();
    for words in [
        "Hello Maria, this is Sophie, an automated assistant of Otto's Auto.",
        "an oil change for your Toyota Camry, tomorrow, Tuesday, November 24 at 10 a.m.",
        "Which would you like?",
        "is now Friday, November 27 at 3 p.m.",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let friday = "2026-11-27T21:00:00Z".parse().expect("a time");
    let row = scene.appointment().await;
    assert_eq!((row.id, row.starts_at), (APPOINTMENT, friday));
    let moved = scene.event(|event| event.starts_at() == friday).await;
    assert_eq!(moved.id, event.id, "the same event");
    let reminder = scene.came_of_it(Outcome::Moved).await;
    assert_eq!((reminder.state, reminder.attempts), (State::Done, 1));
    for kind in [Kind::Voice, Kind::Sms, Kind::FollowUp] {
        let rows = scene.rows(kind, |_| true).await;
        let (open, old): (Vec<_>, Vec<_>) =
            rows.iter().partition(|row| row.state == State::Planned);
        assert_eq!(open.len(), 1, "{rows:?}");
        assert_eq!(open[0].starts_at, friday);
        assert!(old.iter().all(|row| row.starts_at != friday), "{rows:?}");
    }
    let summary = log.summary.expect("closed");
    assert_eq!(summary.appointment, Some(APPOINTMENT));
    // Nobody is rung about what was moved away.
    scene.passes("2026-11-23T14:00:00-06:00");
    assert_eq!(scene.rung(), [MARIA]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_stop_calling_me_hears_a_polite_word_and_is_never_called_again() {
    let stop = Callee::Person("confirm: stop calling me");
    let scene = Scene::opens(stop, typed(), &[]).await;
    let (call, _) = scene.call().await;
    let said = call.agent();
    assert!(said.contains("I am sorry for the trouble."), "{said}");
    assert!(
        said.contains("You will get no more calls or messages"),
        "{said}"
    );
    let reminder = scene.came_of_it(Outcome::OptedOut).await;
    assert_eq!(reminder.state, State::Done);
    let row = scene.appointment().await;
    assert_eq!(row.status, Status::Scheduled, "the visit itself stands");
    let maria = Phone::parse(MARIA).expect("a number");
    let out = scene.store.consents.is_opted_out(&maria, Channel::Voice);
    assert!(out.await.expect("readable"));
    // It is moved by somebody at the counter, so there is something to remind of again.
    let at = |hour| format!("2026-11-25T{hour}:00:00Z").parse().expect("a time");
    let appointments = &scene.store.appointments;
    let moved = appointments.reschedule(APPOINTMENT, at(16), at(17), 1);
    moved.await.expect("free");
    for now in ["2026-11-24T09:00:00-06:00", "2026-11-24T15:00:00-06:00"] {
        scene.passes(now);
    }
    assert_eq!(scene.rung(), [MARIA], "never again");
    let rows = scene.rows(Kind::Voice, |_| true).await;
    let last = rows.last().expect("planned anew");
    assert_eq!(last.state, State::Skipped);
    let why = last.reason.as_deref();
    assert_eq!(why, Some("the customer has opted out"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_confirms_the_row_and_however_often_the_job_runs_there_is_one_call() {
    let yes = Callee::Person("confirm: yes i will be there");
    let scene = Scene::opens(yes, typed(), &[]).await;
    for _ in 0..2 {
        scene.passes(NOW);
    }
    let (call, log) = scene.call().await;
    let said = call.agent();
    assert!(said.contains("We will see you tomorrow"), "{said}");
    let reminder = scene.came_of_it(Outcome::Confirmed).await;
    assert_eq!((reminder.state, reminder.attempts), (State::Done, 1));
    assert_eq!(scene.appointment().await.status, Status::Confirmed);
    let summary = log.summary.expect("closed");
    assert_eq!(summary.tools_used, ["open_reminder", "confirm_appointment"]);
    scene.passes(NOW);
    scene.passes("2026-11-23T16:00:00-06:00");
    assert_eq!(scene.rung(), [MARIA], "one call");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_gets_the_message_only() {
    let machine = Callee::Machine("hello you have reached maria please leave a message");
    let scene = Scene::opens(machine, typed(), &[]).await;
    let (call, log) = scene.call().await;
    let said = call.agent();
    let (_, message) = said
        .split_once("with a reminder of your appointment")
        .unwrap_or_else(|| panic!("no message: {said}"));
    assert!(
        message.contains("an oil change for your Toyota Camry"),
        "{said}"
    );
    assert!(message.trim_end().ends_with("Goodbye."), "{said}");
    assert!(!message.contains('?'), "no dialogue: {said}");
    let reminder = scene.came_of_it(Outcome::Voicemail).await;
    assert_eq!((reminder.state, reminder.attempts), (State::Done, 1));
    let row = scene.appointment().await;
    assert_eq!(row.status, Status::Scheduled, "nobody confirmed anything");
    assert_eq!(row.starts_at.to_string(), "2026-11-24T16:00:00Z");
    let summary = log.summary.expect("closed");
    assert_eq!(summary.tools_used, ["open_reminder"]);
    let last = summary.transcript.last().expect("lines");
    assert_eq!(last.speaker, Speaker::Agent);
    scene.passes("2026-11-23T16:00:00-06:00");
    assert_eq!(scene.rung(), [MARIA], "nor again");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_answer_is_tried_again_hours_later_and_then_left_alone() {
    let scene = Scene::opens(Callee::NoAnswer, typed(), &[]).await;
    scene.twilio.carried(1).await;
    let reminder = scene.came_of_it(Outcome::NoAnswer).await;
    assert_eq!((reminder.state, reminder.attempts), (State::Planned, 1));
    for (now, calls) in [
        ("2026-11-23T10:00:00-06:00", 1),
        ("2026-11-23T12:30:00-06:00", 2),
    ] {
        scene.passes(now);
        assert_eq!(scene.rung().len(), calls, "{now}");
    }
    // The pass that called may come by again before it ends, and leave them alone already.
    let tried = |rows: &[Reminder]| {
        rows[0].attempts == 2 && matches!(rows[0].state, State::Planned | State::Skipped)
    };
    scene.rows(Kind::Voice, tried).await;
    scene.passes("2026-11-23T16:30:00-06:00");
    let left_alone = |rows: &[Reminder]| rows[0].state == State::Skipped;
    scene.rows(Kind::Voice, left_alone).await;
    assert_eq!(scene.rung().len(), 2);
    // Every attempt is in the call log.
    let logs = scene.otto.calls(|calls| calls.len() == 2).await;
    for log in logs {
        let reason = log.summary.expect("closed").end_reason;
        assert_eq!(reason, "over before a word was said: no-answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_is_followed_up_by_a_call_and_whoever_has_trouble_goes_to_a_human() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let location = folder.path().join("calls.toml");
    let file = include_str!("../../../storage/locations/ottos-auto.toml");
    let file = file.replacen("follow_up = false", "follow_up = \"call\"", 1);
    std::fs::write(&location, file).expect("written");
    let settings = [
        ("OTTO_LOCATION", location.to_str().expect("text")),
        ("YOUR_TEST_NUMBER", JOHN),
    ];
    let scene = Scene::opens(Callee::NoAnswer, typed(), &settings).await;
    let trouble = Callee::Person("all_well: it still makes a noise");
    scene.twilio.connect(JOHN, trouble, typed());
    // He was there on Saturday.
    let john = Phone::parse(JOHN).expect("a number");
    let john = scene.store.customers.by_phone(&john).await;
    let john = john.expect("readable").expect("seeded").id;
    let vehicles = scene.store.vehicles.of_customer(john).await;
    let vehicle = vehicles.expect("readable").first().expect("seeded").id;
    let at = |time: &str| time.parse().expect("a time");
    let visit = NewAppointment {
        party: Party::Known {
            customer: john,
            vehicle,
        },
        location: storage::Location::example().key,
        service: "brake_inspection".to_owned(),
        starts_at: at("2026-11-21T16:00:00Z"),
        ends_at: at("2026-11-21T17:00:00Z"),
        bays: 3,
        notes: None,
        idempotency_key: "saturday".to_owned(),
        booked_by: "the counter".to_owned(),
        booked_from: Some(Phone::parse(JOHN).expect("a number")),
    };
    let visit = scene.store.appointments.book(&visit).await;
    let visit = visit.expect("free").id;
    scene.passes(NOW);
    let call = scene.twilio.carried(1).await.remove(0);
    assert_eq!(call.trouble, None);
    let said = call.agent();
    for words in [
        "I am calling about your visit: a brake inspection",
        "on Saturday, November 21",
        "Was everything all right?",
        "I am sorry about that. I will connect you with someone who can put it right.",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let record = call.heard.expect("he answered");
    assert!(
        matches!(record.ending, Ending::Transferred { .. }),
        "{:?}",
        record.ending
    );
    let over = |calls: &[CallLog]| calls.iter().any(|call| call.summary.is_some());
    let log = scene.otto.calls(over).await.remove(0);
    assert!(log.summary.expect("closed").required_human_transfer);
    let patience = Instant::now() + PATIENCE;
    let row = loop {
        let rows = scene.store.reminders.of_appointment(visit).await;
        let row = rows.expect("readable").into_iter();
        let row = row.last().expect("planned");
        if row.state == State::Done {
            break row;
        }
        assert!(Instant::now() < patience, "{row:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(
        (row.kind, row.outcome, row.attempts),
        (Kind::FollowUp, Some(Outcome::Reached), 1)
    );
    let why = row.reason.as_deref();
    assert_eq!(why, Some("they were spoken to, and wanted a human"));
    assert_eq!(scene.rung(), [JOHN]);
}
