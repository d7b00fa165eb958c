//! When a service can start: examples, and properties over every day of a year with both DST changes.

use jiff::civil::{Date, date, time};
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use proptest::prelude::*;
use storage::Location;
use storage::appointment::{AppointmentId, Busy};
use storage::location::{Hours, Service};
use storage::slots::{self, Slot, SlotRefusal};

/// Monday before Thanksgiving.
const MONDAY_TEN: &str = "2026-11-23T10:00:00-06:00[America/Chicago]";

#[test]
fn a_day_is_offered_on_the_grid_until_the_service_no_longer_fits() {
    let otto = Location::example();
    let saturday = date(2026, 11, 28);
    let brakes = slots::available(
        &otto,
        service(&otto, "brake_service"),
        saturday,
        saturday,
        &[],
        &now(),
    );
    let starts: Vec<String> = brakes.iter().map(clock).collect();
    assert_eq!(starts.first().map(String::as_str), Some("28 09:00"));
    assert_eq!(
        starts.last().map(String::as_str),
        Some("28 13:30"),
        "ends at closing"
    );
    assert_eq!(starts.len(), 10);
}

#[test]
fn today_is_offered_from_the_shortest_notice_on() {
    let otto = Location::example();
    let today = date(2026, 11, 23);
    let oil = service(&otto, "oil_change");
    let slots = slots::available(&otto, oil, today, today, &[], &now());
    assert_eq!(clock(&slots[0]), "23 11:00");
    let late = at("2026-11-23T10:00:01-06:00[America/Chicago]");
    let slots = slots::available(&otto, oil, today, today, &[], &late);
    assert_eq!(clock(&slots[0]), "23 11:30");
}

#[test]
fn closed_days_and_the_past_are_not_offered() {
    let otto = Location::example();
    let oil = service(&otto, "oil_change");
    for day in [
        date(2026, 11, 26),
        date(2026, 11, 29),
        date(2026, 11, 22),
        date(2027, 11, 23),
    ] {
        assert_eq!(
            slots::available(&otto, oil, day, day, &[], &now()),
            [],
            "{day}"
        );
    }
    let backwards = slots::available(
        &otto,
        oil,
        date(2026, 11, 28),
        date(2026, 11, 24),
        &[],
        &now(),
    );
    assert_eq!(backwards, []);
}

#[test]
fn a_start_is_offered_while_one_bay_is_free_for_all_of_it() {
    let otto = Location::example();
    let oil = service(&otto, "oil_change");
    let friday = date(2026, 11, 27);
    let from = "2026-11-27T10:15:00-06:00[America/Chicago]";
    let mut busy = vec![taken(1, from, 60), taken(2, from, 60)];
    assert!(offered(
        &slots::available(&otto, oil, friday, friday, &busy, &now()),
        "27 10:30"
    ));
    busy.push(taken(3, from, 60));
    let slots = slots::available(&otto, oil, friday, friday, &busy, &now());
    for (start, free) in [
        ("27 09:30", true),
        ("27 10:00", false),
        ("27 10:30", false),
        ("27 11:00", false),
        ("27 11:30", true),
    ] {
        assert_eq!(offered(&slots, start), free, "{start}");
    }
}

#[test]
fn a_held_time_takes_the_first_bay_that_is_free_whichever_was_booked_meanwhile() {
    let mut otto = Location::example();
    otto.bays = 2;
    let nine = slots::Interval {
        starts_at: at("2026-11-27T09:00:00-06:00[America/Chicago]").timestamp(),
        ends_at: at("2026-11-27T10:00:00-06:00[America/Chicago]").timestamp(),
    };
    let bays = |held: &[slots::Interval], busy: &[Busy]| -> Vec<i64> {
        let taken = slots::bays_of_held(&otto, held, busy);
        taken.iter().map(|taken| taken.bay).collect()
    };
    let first = taken(1, "2026-11-27T09:30:00-06:00[America/Chicago]", 60);
    let second = taken(2, "2026-11-27T09:30:00-06:00[America/Chicago]", 60);
    let later = taken(1, "2026-11-27T10:00:00-06:00[America/Chicago]", 60);
    assert_eq!(bays(&[nine], &[]), [1]);
    assert_eq!(bays(&[nine], &[first]), [2]);
    assert_eq!(
        bays(&[nine], &[later]),
        [1],
        "one may start when another ends"
    );
    assert_eq!(bays(&[nine, nine], &[]), [1, 2]);
    assert_eq!(bays(&[nine, nine, nine], &[]), [1, 2], "there is no third");
    assert_eq!(bays(&[nine], &[first, second]), [] as [i64; 0]);
}

#[test]
fn a_wish_is_refused_for_the_reason_a_caller_understands() {
    let otto = Location::example();
    let brakes = service(&otto, "brake_service");
    let refused = |start: &str| slots::check(&otto, brakes, &at(start), &now()).expect_err(start);
    let chicago = |wall: &str| format!("{wall}[America/Chicago]");
    assert_eq!(
        refused(&chicago("2026-11-23T09:00:00-06:00")),
        SlotRefusal::Past
    );
    assert_eq!(
        refused(&chicago("2026-11-22T09:00:00-06:00")),
        SlotRefusal::Past
    );
    assert_eq!(
        refused(&chicago("2026-11-29T09:00:00-06:00")),
        SlotRefusal::ClosedWeekday
    );
    assert_eq!(
        refused(&chicago("2026-11-26T09:00:00-06:00")),
        SlotRefusal::Holiday("Thanksgiving Day".into())
    );
    for early_or_late in [
        "2026-11-24T07:30:00-06:00",
        "2026-11-24T18:00:00-06:00",
        "2026-11-28T15:00:00-06:00",
    ] {
        let refused = refused(&chicago(early_or_late));
        assert!(
            matches!(refused, SlotRefusal::OutsideHours(_)),
            "{refused:?}"
        );
    }
    let refused_late = refused(&chicago("2026-11-24T17:00:00-06:00"));
    assert!(
        matches!(refused_late, SlotRefusal::EndsAfterClosing(_)),
        "{refused_late:?}"
    );
    assert_eq!(
        refused(&chicago("2026-11-23T10:30:00-06:00")),
        SlotRefusal::TooSoon {
            earliest: at(&chicago("2026-11-23T11:00:00-06:00")).timestamp()
        }
    );
    assert_eq!(
        refused(&chicago("2026-11-24T10:10:00-06:00")),
        SlotRefusal::OffGrid
    );
    assert_eq!(
        refused(&chicago("2026-11-24T10:00:01-06:00")),
        SlotRefusal::OffGrid
    );
    assert_eq!(
        refused(&chicago("2027-11-23T10:00:00-06:00")),
        SlotRefusal::TooFar {
            last: date(2027, 2, 21)
        }
    );
}

#[test]
fn nothing_is_worked_on_during_a_break_whenever_it_begins() {
    let mut otto = Location::example();
    otto.breaks = vec![Hours {
        open: time(12, 0, 0, 0),
        close: time(13, 0, 0, 0),
    }];
    let brakes = service(&otto, "brake_service");
    let check = |wall: &str| {
        let start = at(&format!("2026-11-24T{wall}:00-06:00[America/Chicago]"));
        slots::check(&otto, brakes, &start, &now())
    };
    for during in ["11:00", "11:30", "12:00", "12:30"] {
        let refused = check(during).expect_err(during);
        assert_eq!(refused, SlotRefusal::Break(otto.breaks[0]), "{during}");
    }
    for around in ["10:30", "13:00"] {
        assert!(check(around).is_ok(), "{around}");
    }
}

#[test]
fn a_wish_in_another_zone_is_the_same_instant_here() {
    let otto = Location::example();
    let new_york = at("2026-11-24T11:00:00-05:00[America/New_York]");
    let oil = service(&otto, "oil_change");
    let interval = slots::check(&otto, oil, &new_york, &now()).expect("ten o'clock here");
    assert_eq!(
        interval.starts_at,
        at("2026-11-24T10:00:00-06:00[America/Chicago]").timestamp()
    );
    assert_eq!(
        interval.ends_at,
        interval.starts_at + SignedDuration::from_mins(30)
    );
}

#[test]
fn the_nearest_starts_come_first_and_the_earlier_of_two() {
    let otto = Location::example();
    let oil = service(&otto, "oil_change");
    let wish = at("2026-11-27T10:00:00-06:00[America/Chicago]");
    let near = |wish: &Zoned, busy: &[Busy]| -> Vec<String> {
        slots::nearest(&otto, oil, wish, busy, &now(), 3)
            .iter()
            .map(clock)
            .collect()
    };
    assert_eq!(near(&wish, &[]), ["27 10:00", "27 09:30", "27 10:30"]);
    let full: Vec<Busy> = (1..=3)
        .map(|bay| taken(bay, "2026-11-27T10:00:00-06:00[America/Chicago]", 30))
        .collect();
    assert_eq!(near(&wish, &full), ["27 09:30", "27 10:30", "27 09:00"]);
    let thanksgiving = at("2026-11-26T12:00:00-06:00[America/Chicago]");
    assert_eq!(near(&thanksgiving, &[])[0], "25 17:30");
    let long_ago = at("2026-01-05T12:00:00-06:00[America/Chicago]");
    assert_eq!(near(&long_ago, &[]), [""; 0]);
}

#[test]
fn what_the_book_is_asked_covers_what_is_searched() {
    let otto = Location::example();
    let wish = at("2026-11-27T10:00:00-06:00[America/Chicago]");
    let around = slots::around(&otto, &wish);
    let local = |at: Timestamp| otto.local(at).datetime().to_string();
    assert_eq!(local(around.starts_at), "2026-11-20T00:00:00");
    assert_eq!(local(around.ends_at), "2026-12-05T00:00:00");
    let day = slots::span(&otto, date(2027, 3, 14), date(2027, 3, 14));
    let length = day.ends_at.duration_since(day.starts_at);
    assert_eq!(
        length,
        SignedDuration::from_hours(23),
        "clocks go forward that day"
    );
    assert_eq!(
        slots::span(&otto, Date::MIN, Date::MAX).ends_at,
        Timestamp::MAX
    );
}

/// A garage that never sleeps, so that the hours a DST change takes or gives are business hours.
fn night_garage() -> Location {
    let text = include_str!("../locations/ottos-auto.toml")
        .replace("sunday = \"closed\"", "sunday = \"00:00-23:30\"")
        .replace("lead_time_min = 60", "lead_time_min = 0");
    Location::parse(&text).expect("a valid file")
}

#[test]
fn the_hour_that_spring_skips_is_not_offered() {
    let garage = night_garage();
    let sunday = date(2027, 3, 14);
    let now = at("2027-03-13T12:00:00-06:00[America/Chicago]");
    let oil = service(&garage, "oil_change");
    let slots = slots::available(&garage, oil, sunday, sunday, &[], &now);
    let early: Vec<String> = slots.iter().map(clock).take(6).collect();
    assert_eq!(
        early,
        [
            "14 00:00", "14 00:30", "14 01:00", "14 01:30", "14 03:00", "14 03:30"
        ]
    );
    assert_eq!(
        slots.len(),
        45,
        "47 half hours on the clock, two of which do not happen"
    );
    // Half past one is half an hour before three.
    let ends: Vec<String> = slots
        .iter()
        .map(|s| s.ends_at.strftime("%H:%M").to_string())
        .collect();
    assert_eq!(ends[3], "03:00");
}

#[test]
fn the_hour_that_autumn_repeats_is_offered_once() {
    let garage = night_garage();
    for (sunday, now) in [
        (
            date(2026, 11, 1),
            "2026-10-31T12:00:00-05:00[America/Chicago]",
        ),
        (
            date(2027, 11, 7),
            "2027-11-06T12:00:00-05:00[America/Chicago]",
        ),
    ] {
        let oil = service(&garage, "oil_change");
        let slots = slots::available(&garage, oil, sunday, sunday, &[], &at(now));
        assert_eq!(slots.len(), 47);
        let ones: Vec<&Slot> = slots
            .iter()
            .filter(|slot| slot.starts_at.hour() == 1)
            .collect();
        assert_eq!(ones.len(), 2);
        assert!(
            ones.iter()
                .all(|slot| slot.starts_at.offset().seconds() == -5 * 3600)
        );
    }
}

#[test]
fn opening_is_the_same_on_the_wall_before_and_after_a_dst_change() {
    let otto = Location::example();
    let oil = service(&otto, "oil_change");
    for (monday, now, utc) in [
        (
            date(2026, 10, 30),
            "2026-10-29T12:00:00-05:00[America/Chicago]",
            "2026-10-30T13:00:00Z",
        ),
        (
            date(2026, 11, 2),
            "2026-10-29T12:00:00-05:00[America/Chicago]",
            "2026-11-02T14:00:00Z",
        ),
        (
            date(2027, 3, 12),
            "2027-03-11T12:00:00-06:00[America/Chicago]",
            "2027-03-12T14:00:00Z",
        ),
        (
            date(2027, 3, 15),
            "2027-03-11T12:00:00-06:00[America/Chicago]",
            "2027-03-15T13:00:00Z",
        ),
    ] {
        let slots = slots::available(&otto, oil, monday, monday, &[], &at(now));
        assert_eq!(
            slots[0].starts_at.timestamp(),
            utc.parse().expect("an instant")
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Days of a year with both DST changes, any service, any busy bays.
    #[test]
    fn what_is_offered_is_open_long_enough_free_and_accepted(
        (location, which, now, ahead, busy) in scenes(),
    ) {
        let service = &location.services[which];
        let day = now.date().saturating_add(ahead.days());
        let slots = slots::available(&location, service, day, day, &busy, &now);
        for slot in &slots {
            let hours = location.hours(day).expect("only open days are offered");
            prop_assert_eq!(slot.starts_at.date(), day);
            prop_assert_eq!(slot.ends_at.date(), day);
            prop_assert!(slot.starts_at.time() >= hours.open);
            prop_assert!(slot.ends_at.time() <= hours.close);
            prop_assert_eq!(slot.starts_at.duration_until(&slot.ends_at), service.duration);
            prop_assert!(slot.starts_at.timestamp() >= now.timestamp() + location.lead_time);
            let accepted = slots::check(&location, service, &slot.starts_at, &now);
            prop_assert_eq!(accepted, Ok(slot.interval()));
            if location.bays == 1 {
                let overlap = busy.iter().any(|taken| taken.bay == 1
                    && taken.starts_at < slot.ends_at.timestamp()
                    && taken.ends_at > slot.starts_at.timestamp());
                prop_assert!(!overlap, "{slot:?}");
            }
        }
        prop_assert!(slots.is_sorted_by_key(|slot| slot.starts_at.timestamp()));
    }

    /// The other way round: what is accepted and free is offered.
    #[test]
    fn what_is_accepted_and_free_is_offered(
        (location, which, now, ahead, busy) in scenes(),
        minute in minutes(),
    ) {
        let service = &location.services[which];
        let day = now.date().saturating_add(ahead.days());
        let wall = day.at(0, 0, 0, 0).saturating_add(minute.minutes());
        let start = location.at(wall).expect("an instant");
        let offered = slots::available(&location, service, day, day, &busy, &now)
            .iter()
            .any(|slot| slot.starts_at.timestamp() == start.timestamp());
        let bookable = slots::check(&location, service, &start, &now)
            .is_ok_and(|interval| slots::free_bays(&location, interval, &busy) > 0);
        prop_assert_eq!(offered, bookable, "{}", start);
    }

    #[test]
    fn alternatives_are_offered_slots_nearest_first(
        (location, which, now, ahead, busy) in scenes(),
        minute in minutes(),
    ) {
        let service = &location.services[which];
        let wall = now.date().saturating_add(ahead.days()).at(0, 0, 0, 0);
        let wish = location.at(wall.saturating_add(minute.minutes())).expect("an instant");
        let near = slots::nearest(&location, service, &wish, &busy, &now, 5);
        let away = |slot: &Slot| slot.starts_at.duration_since(&wish).abs();
        prop_assert!(near.len() <= 5);
        prop_assert!(near.is_sorted_by_key(away));
        let window = slots::around(&location, &wish);
        for slot in &near {
            prop_assert!(window.overlaps(slot.interval()));
            prop_assert!(slots::free_bays(&location, slot.interval(), &busy) > 0);
            prop_assert_eq!(slots::check(&location, service, &slot.starts_at, &now), Ok(slot.interval()));
        }
    }

    #[test]
    fn free_bays_are_those_that_nothing_touches(
        (location, which, now, ahead, busy) in scenes(),
    ) {
        let day = now.date().saturating_add(ahead.days());
        let noon = location.at(day.at(12, 0, 0, 0)).expect("an instant").timestamp();
        let interval = slots::Interval {
            starts_at: noon,
            ends_at: noon + location.services[which].duration,
        };
        let mut taken: Vec<i64> = busy
            .iter()
            .filter(|busy| busy.bay <= location.bays && busy.interval().overlaps(interval))
            .map(|busy| busy.bay)
            .collect();
        taken.sort_unstable();
        taken.dedup();
        let free = slots::free_bays(&location, interval, &busy);
        prop_assert_eq!(free + taken.len(), usize::try_from(location.bays).expect("few"));
    }
}

/// A minute of the day; every other one lies on the grid.
fn minutes() -> impl Strategy<Value = i64> {
    prop_oneof![
        0..24 * 60_i64,
        (0..48_i64).prop_map(|half_hour| half_hour * 30)
    ]
}

type Scene = (Location, usize, Zoned, i64, Vec<Busy>);

/// A location with one to three bays, open on Sundays too (the days on which clocks change), a
/// service, a `now` between October 2026 and November 2027, a day soon after, and busy bays.
fn scenes() -> impl Strategy<Value = Scene> {
    let around_changes = prop_oneof![
        // Seconds since 2026-10-01T00:00:00Z: anywhere, and around the three changes.
        0..35_000_000_i64,
        2_500_000..2_900_000_i64,
        14_000_000..14_300_000_i64,
        34_500_000..34_900_000_i64,
    ];
    let busy = prop::collection::vec((1..=4_i64, 0..10 * 24 * 60_i64, 1..300_i64), 0..40);
    (1..=3_i64, 0..7_usize, around_changes, 0..8_i64, busy).prop_map(
        |(bays, which, second, ahead, busy)| {
            let mut location = night_garage();
            location.bays = bays;
            location.lead_time = SignedDuration::from_mins(45);
            let start: Timestamp = "2026-10-01T00:00:00Z".parse().expect("an instant");
            let now = location.local(start + SignedDuration::from_secs(second));
            let busy = busy
                .into_iter()
                .map(|(bay, from, length)| {
                    let starts_at = now.timestamp() + SignedDuration::from_mins(from - 24 * 60);
                    Busy {
                        appointment: AppointmentId(1),
                        bay,
                        starts_at,
                        ends_at: starts_at + SignedDuration::from_mins(length),
                    }
                })
                .collect();
            (location, which, now, ahead, busy)
        },
    )
}

fn service<'l>(location: &'l Location, key: &str) -> &'l Service {
    location.service(key).expect("offered")
}

fn now() -> Zoned {
    at(MONDAY_TEN)
}

fn at(text: &str) -> Zoned {
    text.parse().expect("an instant")
}

fn taken(bay: i64, from: &str, minutes: i64) -> Busy {
    let starts_at = at(from).timestamp();
    Busy {
        appointment: AppointmentId(bay),
        bay,
        starts_at,
        ends_at: starts_at + SignedDuration::from_mins(minutes),
    }
}

/// Day and time on the wall: `27 10:30`.
fn clock(slot: &Slot) -> String {
    slot.starts_at.strftime("%d %H:%M").to_string()
}

fn offered(slots: &[Slot], start: &str) -> bool {
    slots.iter().any(|slot| clock(slot) == start)
}
