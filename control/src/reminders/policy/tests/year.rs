//! A year at dealerships in three zones, with customers in four: everybody is reminded once, at an
//! hour that is decent where they are.

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use storage::location::Location;

use super::{Kind, PRODUCTION, Policy, Scene, Verdict, location, policy};

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
        ]);
        let policy = policy(PRODUCTION, open.clone());
        let first = date(2027, 1, 4);
        let mut reminded = 0;
        for day in first.series(1.day()).take(365) {
            let Some(hours) = open.hours(day) else {
                continue;
            };
            for hour in hours.open.hour()..hours.close.hour() {
                let starts = open.at(day.at(hour, 0, 0, 0)).expect("a time").timestamp();
                for kind in [Kind::Voice, Kind::Sms] {
                    let scene = Scene::new(kind, "2027-01-01T00:00");
                    let mut scene = scene.called_from(number, None);
                    scene.appointment.starts_at = starts;
                    scene.appointment.ends_at = starts + SignedDuration::from_hours(1);
                    scene.reminder.starts_at = starts;
                    let at = acted(&policy, &scene, starts);
                    decent(&open, &scene, at, home);
                    reminded += 1;
                }
            }
        }
        assert!(reminded > 6_000, "{zone}: {reminded}");
    }
}

/// When the policy has it acted upon: once, after waiting for as long as it says.
fn acted(policy: &Policy, scene: &Scene, starts: Timestamp) -> Timestamp {
    let mut now = starts - SignedDuration::from_hours(7 * 24);
    for _ in 0..10 {
        match scene.judged(policy, now) {
            Verdict::Act => return now,
            Verdict::Wait { until, .. } => {
                assert!(until > now, "{scene:?} at {now}");
                now = until;
            }
            Verdict::Skip { why } => panic!("{why}: {starts} at {now}"),
        }
    }
    panic!("it never comes to an end: {starts}");
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
            assert!(here < day, "{at} for {starts}");
            assert!(
                before < SignedDuration::from_hours(3 * 24),
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
