//! A year at dealerships in three zones, with customers in four: everybody is reminded once, and
//! rung once more where nobody answered, at hours that are decent where they are.

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use storage::location::Location;

use super::{
    Channel, Kind, Next, Outcome, PRODUCTION, Policy, Scene, Verdict, after, location, policy,
};

/// A dealership's zone; a customer's number and where that is.
const PLACES: [(&str, &str, &str); 6] = [
    ("America/New_York", "212-555-0142", "America/New_York"),
    ("America/New_York", "808-555-0142", "Pacific/Honolulu"),
    ("America/Chicago", "217-555-0142", "America/Chicago"),
    ("America/Chicago", "602-555-0142", "America/Phoenix"),
    ("America/Los_Angeles", "213-555-0142", "America/Los_Angeles"),
    ("America/Los_Angeles", "212-555-0142", "America/New_York"),
];

#[test]
fn everybody_is_reminded_once_and_nobody_in_the_night() {
    for (zone, number, home) in PLACES {
        let open = location(&[
            ("zone = \"America/Chicago\"", &format!("zone = \"{zone}\"")),
            // The clock changes on Sundays.
            ("sunday = \"closed\"", "sunday = \"09:00-15:00\""),
            ("follow_up = false", "follow_up = \"call\""),
        ]);
        let policy = policy(PRODUCTION, open.clone());
        let first = date(2027, 1, 4);
        let (mut reminded, mut again) = (0, 0);
        for day in first.series(1.day()).take(365) {
            let Some(hours) = open.hours(day) else {
                continue;
            };
            for hour in hours.open.hour()..hours.close.hour() {
                let starts = open.at(day.at(hour, 0, 0, 0)).expect("a time").timestamp();
                for kind in [Kind::Voice, Kind::Sms, Kind::FollowUp] {
                    let scene = Scene::new(kind, "2027-01-01T00:00");
                    let mut scene = scene.called_from(number, None);
                    scene.appointment.starts_at = starts;
                    scene.appointment.ends_at = starts + SignedDuration::from_hours(1);
                    scene.reminder.starts_at = starts;
                    let week = SignedDuration::from_hours(7 * 24);
                    let at = acted(&policy, &scene, starts - week);
                    decent(&open, &scene, at, home);
                    reminded += 1;
                    again += u32::from(rung_again(&policy, scene, at, &open, home));
                }
            }
        }
        assert!(reminded > 9_000, "{zone}: {reminded}");
        // In a few cases no hour is left for it.
        assert!(again > 5_000, "{zone}: {again}");
    }
}

/// When the policy has it acted upon: once, after waiting for as long as it says.
fn acted(policy: &Policy, scene: &Scene, from: Timestamp) -> Timestamp {
    let starts = scene.appointment.starts_at;
    let mut now = from;
    for _ in 0..10 {
        match scene.judged(policy, now) {
            Verdict::Act => return now,
            Verdict::Wait { until, .. } => {
                assert!(until > now, "{scene:?} at {now}");
                now = until;
            }
            Verdict::Skip { why } | Verdict::Leave { why } => {
                panic!("{why}: {starts} at {now}")
            }
        }
    }
    panic!("it never comes to an end: {starts}");
}

/// Nobody answered a call: whether there is another. After it there is none.
fn rung_again(
    policy: &Policy,
    mut scene: Scene,
    at: Timestamp,
    open: &Location,
    home: &str,
) -> bool {
    if policy.channel(scene.reminder.kind) != Channel::Voice {
        return false;
    }
    let Next::Again(due) = after(Outcome::NoAnswer, at) else {
        panic!("nobody answered, and that was all");
    };
    scene.reminder.outcome = Some(Outcome::NoAnswer);
    scene.reminder.attempts = 1;
    scene.standing.attempts = 1;
    scene.standing.last_attempt = Some(at);
    if let Verdict::Skip { .. } = scene.judged(policy, due) {
        return false;
    }
    let second = acted(policy, &scene, due);
    decent(open, &scene, second, home);
    scene.reminder.attempts = 2;
    let third = scene.judged(policy, second + SignedDuration::from_hours(3));
    assert!(matches!(third, Verdict::Skip { .. }), "{third:?}");
    true
}

/// By clocks that the policy does not read.
fn decent(open: &Location, scene: &Scene, at: Timestamp, home: &str) {
    let starts = scene.appointment.starts_at;
    let theirs = at.in_tz(home).expect("a zone");
    assert!((8..21).contains(&theirs.hour()), "{theirs} for {starts}");
    let before = starts.duration_since(at);
    let (here, day) = (open.local(at).date(), open.local(starts).date());
    match scene.reminder.kind {
        Kind::Voice => {
            let again = scene.reminder.attempts > 0;
            assert!(here < day || again, "{at} for {starts}");
            assert!(before >= SignedDuration::from_hours(2), "{at} for {starts}");
            assert!(
                before < SignedDuration::from_hours(3 * 24),
                "{at} for {starts}"
            );
            assert!(open.hours(here).is_some(), "{at} for {starts}");
        }
        Kind::FollowUp => {
            assert!(here > day, "{at} for {starts}");
            assert!(
                before > SignedDuration::from_hours(-4 * 24),
                "{at} for {starts}"
            );
            assert!(open.hours(here).is_some(), "{at} for {starts}");
        }
        _ => assert!(
            before >= SignedDuration::from_hours(2) && before < SignedDuration::from_hours(20),
            "{at} for {starts}"
        ),
    }
}
