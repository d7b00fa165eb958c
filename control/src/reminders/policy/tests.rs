//! The policy by tables, and over a year with both changes of the clock.

mod year;

use jiff::SignedDuration;
use storage::appointment::AppointmentId;
use storage::consent::Standing;
use storage::customer::{Address, CustomerId};
use storage::reminder::{ReminderId, State};
use storage::vehicle::VehicleId;

use super::*;
use crate::config::{Key, Origin, Sources};

/// The example's file, as somebody would change it.
fn location(changes: &[(&str, &str)]) -> Arc<Location> {
    let mut text = include_str!("../../../../storage/locations/ottos-auto.toml").to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    Arc::new(Location::parse(&text).expect("a location"))
}

fn policy(settings: &[(Key, &str)], location: Arc<Location>) -> Policy {
    let mut sources = Sources::default();
    for (key, value) in settings {
        sources.set(*key, *value, Origin::Environment);
    }
    Policy::new(&Config::parse(&sources).expect("a configuration"), location)
}

/// A customer, an appointment and its reminder.
#[derive(Clone, Debug)]
struct Scene {
    reminder: Reminder,
    appointment: Appointment,
    customer: Customer,
    standing: Standing,
    booked_at: Option<Timestamp>,
}

impl Scene {
    /// An hour from this local time on, about which a row of this kind is.
    fn new(kind: Kind, starts_at: &str) -> Self {
        let starts_at = at(starts_at);
        let id = AppointmentId(1);
        Self {
            reminder: Reminder {
                id: ReminderId(1),
                appointment: id,
                kind,
                starts_at,
                due_at: starts_at - SignedDuration::from_hours(7 * 24),
                state: State::Leased,
                outcome: None,
                reason: None,
                attempts: 0,
                attempt: None,
                written_at: starts_at,
            },
            appointment: Appointment {
                id,
                customer: CustomerId(1),
                vehicle: VehicleId(1),
                location: "main".into(),
                service: "oil_change".to_owned(),
                starts_at,
                ends_at: starts_at + SignedDuration::from_hours(1),
                bay: 1,
                status: Status::Scheduled,
                cancellation_reason: None,
                notes: None,
            },
            customer: Customer {
                id: CustomerId(1),
                phone: Phone::parse("217-555-0142").expect("a number"),
                first_name: "Grace".to_owned(),
                last_name: "Hill".to_owned(),
                email: None,
                date_of_birth: None,
                address: None,
            },
            standing: Standing {
                consented: true,
                opted_out: false,
                attempts: 0,
                last_attempt: None,
            },
            booked_at: None,
        }
    }

    fn judged(&self, policy: &Policy, now: Timestamp) -> Verdict {
        let case = Case {
            reminder: &self.reminder,
            appointment: &self.appointment,
            customer: &self.customer,
            standing: self.standing,
            booked_at: self.booked_at,
        };
        policy.judge(&case, now)
    }

    fn called_from(mut self, number: &str, state: Option<&str>) -> Self {
        self.customer.phone = Phone::parse(number).expect("a number");
        self.customer.address = state.map(|state| Address {
            street: "7 Pine Court".to_owned(),
            city: "Springfield".to_owned(),
            state: state.to_owned(),
            zip: "62702".to_owned(),
        });
        self
    }
}

/// In Chicago.
fn at(local: &str) -> Timestamp {
    let zoned: jiff::Zoned = format!("{local}[America/Chicago]").parse().expect("a time");
    zoned.timestamp()
}

const PRODUCTION: &[(Key, &str)] = &[
    (Key::Env, "production"),
    (Key::BaseUrl, "https://otto.example"),
    (Key::AdminToken, "a token of the tests"),
    (Key::TwilioAuthToken, "an auth token of the tests"),
];

fn usual() -> Policy {
    policy(PRODUCTION, location(&[]))
}

fn waits(verdict: Verdict, until: &str) {
    let Verdict::Wait { until: found, .. } = verdict else {
        panic!("{verdict:?}, expected to wait until {until}");
    };
    assert_eq!(found, at(until), "{verdict:?}");
}

fn leaves(verdict: Verdict, why: &str) {
    let Verdict::Leave { why: found } = verdict else {
        panic!("{verdict:?}, expected to leave it: {why}");
    };
    assert!(found.contains(why), "{found}");
}

fn skips(verdict: Verdict, why: &str) {
    let Verdict::Skip { why: found } = verdict else {
        panic!("{verdict:?}, expected to skip: {why}");
    };
    assert!(found.contains(why), "{found}");
}

#[test]
fn a_call_is_due_at_the_hour_of_the_last_open_day_before() {
    // (appointment, when it is called)
    for (starts_at, due) in [
        ("2026-12-09T10:00", "2026-12-08T09:00"),
        // A Monday: on Sunday nobody is there.
        ("2026-12-07T10:00", "2026-12-05T09:00"),
        // The day after Thanksgiving.
        ("2026-11-27T10:00", "2026-11-25T09:00"),
    ] {
        let scene = Scene::new(Kind::Voice, starts_at);
        let early = scene.reminder.due_at;
        waits(scene.judged(&usual(), early), due);
        let second = SignedDuration::from_secs(1);
        waits(scene.judged(&usual(), at(due) - second), due);
        assert_eq!(scene.judged(&usual(), at(due)), Verdict::Act);
    }
}

#[test]
fn a_number_that_costs_extra_or_was_only_spoken_is_not_called() {
    let due = at("2026-12-08T09:00");
    let scene = Scene::new(Kind::Voice, "2026-12-09T10:00");
    assert_eq!(scene.judged(&usual(), due), Verdict::Act);
    for number in ["900-555-0100", "800-555-0100", "876-555-0100"] {
        for kind in [Kind::Voice, Kind::Sms, Kind::Confirmation] {
            let mut scene = scene.clone().called_from(number, None);
            scene.reminder.kind = kind;
            skips(scene.judged(&usual(), due), "costs extra");
        }
    }
    let mut spoken = scene;
    spoken.standing.consented = false;
    skips(spoken.judged(&usual(), due), "has not consented");
}

#[test]
fn the_hour_its_zone_and_a_locations_schedule_may_be_chosen() {
    let settings = |hour, zone| {
        let mut settings = PRODUCTION.to_vec();
        settings.push((Key::ReminderHour, hour));
        settings.push((Key::ReminderTimezone, zone));
        settings
    };
    let scene = Scene::new(Kind::Voice, "2026-12-09T10:00");
    let due =
        |policy: &Policy, expected| waits(scene.judged(policy, scene.reminder.due_at), expected);
    due(
        &policy(&settings("17", "America/Chicago"), location(&[])),
        "2026-12-08T17:00",
    );
    due(
        &policy(&settings("17", "America/New_York"), location(&[])),
        "2026-12-08T16:00",
    );
    let cron = location(&[(
        "# cron = \"0 9 * * MON-SAT\"",
        "cron = \"30 14 * * MON,FRI\"",
    )]);
    due(&policy(PRODUCTION, cron), "2026-12-07T14:30");
}

#[test]
fn nobody_is_called_at_an_hour_that_may_be_night_for_them() {
    // (number, state of the address, now, when instead)
    for (number, state, now, until) in [
        ("217-555-0142", None, "2026-12-08T21:00", "2026-12-09T08:00"),
        ("808-555-0142", None, "2026-12-08T09:00", "2026-12-08T12:00"),
        // A number from New York at an address in California: both.
        (
            "212-555-0142",
            Some("CA"),
            "2026-12-08T09:00",
            "2026-12-08T10:00",
        ),
        (
            "212-555-0142",
            Some("CA"),
            "2026-12-08T20:00",
            "2026-12-09T10:00",
        ),
        // A number that may be anywhere, from Hawaii to the east.
        ("416-555-0142", None, "2026-12-08T09:00", "2026-12-08T12:00"),
    ] {
        let scene = Scene::new(Kind::Voice, "2026-12-09T16:00").called_from(number, state);
        waits(scene.judged(&usual(), at(now)), until);
        assert_eq!(scene.judged(&usual(), at(until)), Verdict::Act);
    }
}

#[test]
fn a_text_comes_two_hours_before_and_never_in_the_night() {
    for (starts_at, sent) in [
        ("2026-12-09T14:00", "2026-12-09T12:00"),
        // Two hours before is six in the morning: the evening before.
        ("2026-12-09T08:00", "2026-12-08T20:00"),
    ] {
        let scene = Scene::new(Kind::Sms, starts_at);
        waits(scene.judged(&usual(), scene.reminder.due_at), sent);
        assert_eq!(scene.judged(&usual(), at(sent)), Verdict::Act);
        skips(scene.judged(&usual(), at(starts_at)), "too late");
    }
    let silent = policy(
        PRODUCTION,
        location(&[("text_before_min = 120", "text_before_min = 0")]),
    );
    let scene = Scene::new(Kind::Sms, "2026-12-09T14:00");
    skips(
        scene.judged(&silent, at("2026-12-09T12:00")),
        "reminds nobody by text",
    );
}

#[test]
fn a_confirmation_is_sent_at_once_and_a_follow_up_the_day_after() {
    let confirmation = Scene::new(Kind::Confirmation, "2026-12-09T14:00");
    assert_eq!(
        confirmation.judged(&usual(), at("2026-12-01T22:00")),
        Verdict::Act
    );
    let stale = Scene {
        booked_at: Some(at("2026-12-01T22:00")),
        ..confirmation
    };
    skips(stale.judged(&usual(), at("2026-12-03T09:00")), "too late");
    let late = stale.judged(&usual(), at("2026-12-01T22:14"));
    assert_eq!(late, Verdict::Act, "they are still on the telephone");
    // After an outage, nobody is woken by it.
    waits(
        stale.judged(&usual(), at("2026-12-02T03:00")),
        "2026-12-02T08:00",
    );

    let follows = policy(
        PRODUCTION,
        location(&[("follow_up = false", "follow_up = \"text\"")]),
    );
    let mut visit = Scene::new(Kind::FollowUp, "2026-12-05T10:00"); // a Saturday
    for status in [Status::Confirmed, Status::Completed] {
        visit.appointment.status = status;
        waits(
            visit.judged(&follows, at("2026-12-05T11:00")),
            "2026-12-07T09:00",
        );
        assert_eq!(visit.judged(&follows, at("2026-12-07T09:00")), Verdict::Act);
    }
    skips(
        visit.judged(&usual(), at("2026-12-07T09:00")),
        "follows nobody up",
    );
    visit.appointment.status = Status::NoShow;
    skips(
        visit.judged(&follows, at("2026-12-07T09:00")),
        "did not come",
    );
}

#[test]
fn a_follow_up_call_keeps_the_hours_and_the_days_of_calls() {
    let calls = location(&[("follow_up = false", "follow_up = \"call\"")]);
    let calls = policy(PRODUCTION, calls);
    assert_eq!(calls.channel(Kind::FollowUp), Channel::Voice);
    assert_eq!(usual().channel(Kind::FollowUp), Channel::Sms);
    // Somebody in Hawaii, where it is too early for anybody to be asked how it was.
    let mut visit =
        Scene::new(Kind::FollowUp, "2026-12-08T10:00").called_from("808-555-0142", None);
    visit.appointment.status = Status::Completed;
    waits(
        visit.judged(&calls, at("2026-12-09T09:00")),
        "2026-12-09T12:00",
    );
    assert_eq!(visit.judged(&calls, at("2026-12-09T12:00")), Verdict::Act);
    // In the evening there it is the next day, and a Sunday passes without calls.
    waits(
        visit.judged(&calls, at("2026-12-09T03:00")),
        "2026-12-09T09:00",
    );
    let mut visit = Scene::new(Kind::FollowUp, "2026-12-04T10:00");
    visit.reminder.attempts = 1;
    visit.standing.attempts = 1;
    visit.standing.last_attempt = Some(at("2026-12-05T20:50"));
    waits(
        visit.judged(&calls, at("2026-12-05T20:55")),
        "2026-12-05T21:20",
    );
    waits(
        visit.judged(&calls, at("2026-12-05T21:20")),
        "2026-12-07T08:00",
    );
    visit.standing.opted_out = true;
    skips(visit.judged(&calls, at("2026-12-07T09:00")), "opted out");
}

#[test]
fn whoever_does_not_want_it_is_not_reached() {
    let due = at("2026-12-08T09:00");
    let fine = Scene::new(Kind::Voice, "2026-12-09T10:00");
    assert_eq!(fine.judged(&usual(), due), Verdict::Act);
    let judged = |change: &dyn Fn(&mut Scene)| {
        let mut scene = fine.clone();
        change(&mut scene);
        scene.judged(&usual(), due)
    };
    skips(judged(&|s| s.standing.opted_out = true), "opted out");
    skips(judged(&|s| s.standing.consented = false), "not consented");
    skips(judged(&|s| s.reminder.attempts = 2), "often enough");
    skips(
        judged(&|s| s.appointment.status = Status::Cancelled),
        "cancelled",
    );
    skips(
        judged(&|s| s.appointment.status = Status::Completed),
        "here already",
    );
    skips(judged(&|s| s.reminder.starts_at = due), "moved");
    waits(
        judged(&|s| {
            s.standing.attempts = 1;
            s.standing.last_attempt = Some(due - SignedDuration::from_mins(10));
        }),
        "2026-12-08T09:20",
    );
    // Three calls about three appointments are enough for a day.
    skips(
        judged(&|s| {
            s.standing.attempts = 3;
            s.standing.last_attempt = Some(due);
        }),
        "no hour is left",
    );
    waits(judged(&|s| s.booked_at = Some(due)), "2026-12-08T11:00");
    skips(fine.judged(&usual(), at("2026-12-09T08:00")), "too late");
}

#[test]
fn a_call_that_no_permitted_hour_is_left_for_is_not_made() {
    // Booked on Saturday evening for Monday morning: Sunday is closed, and eight is too late.
    let scene = Scene::new(Kind::Voice, "2026-12-07T10:00");
    skips(
        scene.judged(&usual(), at("2026-12-05T21:30")),
        "no hour is left",
    );
}

#[test]
fn outside_production_nobody_is_called_but_the_test_number() {
    let due = at("2026-12-08T09:00");
    let scene = Scene::new(Kind::Voice, "2026-12-09T10:00");
    let untold = policy(&[], location(&[]));
    assert_eq!(*untold.guard(), Guard::Nobody);
    leaves(scene.judged(&untold, due), "YOUR_TEST_NUMBER is not set");
    let told = policy(&[(Key::TestNumber, "+1 217 555 0199")], location(&[]));
    leaves(scene.judged(&told, due), "not YOUR_TEST_NUMBER");
    let theirs = scene.clone().called_from("217-555-0199", None);
    assert_eq!(theirs.judged(&told, due), Verdict::Act);
    // In production too, where it is set.
    let mut settings = PRODUCTION.to_vec();
    settings.push((Key::TestNumber, "+1 217 555 0199"));
    leaves(
        scene.judged(&policy(&settings, location(&[])), due),
        "not YOUR_TEST_NUMBER",
    );
}
