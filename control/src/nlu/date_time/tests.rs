use jiff::civil::{Date, Weekday, date, time};
use jiff::{Zoned, tz::TimeZone};

use super::*;
use crate::nlu::{number, say};
use storage::Language::English;

/// Monday, 23 November 2026, three in the afternoon, in Springfield.
fn now() -> Zoned {
    at(date(2026, 11, 23), 15, 0)
}

fn at(date: Date, hour: i8, minute: i8) -> Zoned {
    let zone = TimeZone::get("America/Chicago").expect("bundled zone");
    date.at(hour, minute, 0, 0)
        .to_zoned(zone)
        .expect("in range")
}

/// Monday to Friday 8 to 18, Saturday 9 to 15.
fn hours(date: Date) -> Option<Opening> {
    match date.weekday() {
        Weekday::Sunday => None,
        Weekday::Saturday => Some((time(9, 0, 0, 0), time(15, 0, 0, 0))),
        _ => Some((time(8, 0, 0, 0), time(18, 0, 0, 0))),
    }
}

fn resolved(text: &str) -> Result<Candidate, WhenError> {
    let when = parse(text, Asked::ForATime).unwrap_or_else(|| panic!("{text}: nothing read"));
    resolve(&when, &now(), hours)
}

#[test]
fn a_day_and_a_time_become_one_instant() {
    for (text, expected) in [
        (
            "next tuesday at ten thirty in the morning",
            at(date(2026, 12, 1), 10, 30),
        ),
        ("tuesday at ten", at(date(2026, 11, 24), 10, 0)),
        ("this tuesday at ten", at(date(2026, 11, 24), 10, 0)),
        ("monday at nine", at(date(2026, 11, 30), 9, 0)),
        ("friday at two p m", at(date(2026, 11, 27), 14, 0)),
        ("friday at two", at(date(2026, 11, 27), 14, 0)),
        ("friday at eight", at(date(2026, 11, 27), 8, 0)),
        (
            "the day after tomorrow at nine o'clock",
            at(date(2026, 11, 25), 9, 0),
        ),
        (
            "could we do wednesday at a quarter past eleven instead",
            at(date(2026, 11, 25), 11, 15),
        ),
        (
            "december fifteenth at eight a m",
            at(date(2026, 12, 15), 8, 0),
        ),
        ("this saturday at noon", at(date(2026, 11, 28), 12, 0)),
        (
            "november first two thousand twenty seven at ten",
            at(date(2027, 11, 1), 10, 0),
        ),
        (
            "Tuesday, November 24 at 10:30 AM.",
            at(date(2026, 11, 24), 10, 30),
        ),
        (
            "tomorrow at half past three",
            at(date(2026, 11, 24), 15, 30),
        ),
        (
            "tomorrow at quarter to four",
            at(date(2026, 11, 24), 15, 45),
        ),
        ("tomorrow at ten to one", at(date(2026, 11, 24), 12, 50)),
        ("the first of december at one", at(date(2026, 12, 1), 13, 0)),
        ("tomorrow afternoon at two", at(date(2026, 11, 24), 14, 0)),
        ("today at four", at(date(2026, 11, 23), 16, 0)),
        ("a week from tuesday at 9", at(date(2026, 12, 1), 9, 0)),
        ("tuesday next week at nine", at(date(2026, 12, 1), 9, 0)),
        ("in two weeks at nine", at(date(2026, 12, 7), 9, 0)),
        ("11/30 at 14:15", at(date(2026, 11, 30), 14, 15)),
        (
            "the thirtieth at four oh five",
            at(date(2026, 11, 30), 16, 5),
        ),
        ("the thirty first at eleven", at(date(2026, 12, 31), 11, 0)),
        ("not thursday, friday at ten", at(date(2026, 11, 27), 10, 0)),
    ] {
        assert_eq!(resolved(text), Ok(Candidate::At(expected)), "{text}");
    }
}

#[test]
fn a_vague_time_becomes_a_stretch_of_opening_hours() {
    let within = |first: Date, last: Date, from: i8, to: i8| Candidate::Within {
        first_day: first,
        last_day: last,
        from: time(from, 0, 0, 0),
        to: time(to, 0, 0, 0),
        latest: false,
    };
    let (tuesday, thursday) = (date(2026, 11, 24), date(2026, 11, 26));
    for (text, expected) in [
        ("tomorrow afternoon", within(tuesday, tuesday, 12, 17)),
        ("tomorrow morning", within(tuesday, tuesday, 8, 12)),
        ("tomorrow", within(tuesday, tuesday, 8, 18)),
        (
            "do you have anything on thursday after lunch",
            within(thursday, thursday, 13, 18),
        ),
        ("thursday after three", within(thursday, thursday, 15, 18)),
        ("thursday before ten", within(thursday, thursday, 8, 10)),
        ("thursday after work", within(thursday, thursday, 17, 18)),
        ("first thing tomorrow", within(tuesday, tuesday, 8, 18)),
        (
            "any time next week",
            within(date(2026, 11, 30), date(2026, 12, 6), 8, 18),
        ),
        (
            "the earliest you have next week",
            within(date(2026, 11, 30), date(2026, 12, 6), 8, 18),
        ),
        (
            "sometime in the afternoon",
            within(date(2026, 11, 23), date(2026, 12, 23), 12, 17),
        ),
        (
            "the end of the week",
            within(thursday, date(2026, 11, 27), 8, 18),
        ),
        (
            "this weekend",
            within(date(2026, 11, 28), date(2026, 11, 29), 9, 15),
        ),
        (
            "sometime in december",
            within(date(2026, 12, 1), date(2026, 12, 31), 8, 18),
        ),
    ] {
        assert_eq!(resolved(text), Ok(expected), "{text}");
    }
    assert!(matches!(
        resolved("today"),
        Ok(Candidate::Within { from, .. }) if from == time(15, 1, 0, 0)
    ));
    assert!(matches!(
        resolved("the latest you have tomorrow"),
        Ok(Candidate::Within { latest: true, .. })
    ));
}

#[test]
fn what_cannot_be_booked_says_why() {
    let closed = |d: Date| WhenError::Closed { date: d };
    for (text, expected) in [
        (
            "june thirty first at ten",
            WhenError::NoSuchDate { month: 6, day: 31 },
        ),
        (
            "february thirtieth",
            WhenError::NoSuchDate { month: 2, day: 30 },
        ),
        (
            "february twenty ninth",
            WhenError::NoSuchDate { month: 2, day: 29 },
        ),
        (
            "today at nine",
            WhenError::Past {
                date: date(2026, 11, 23),
            },
        ),
        (
            "today at two p m",
            WhenError::Past {
                date: date(2026, 11, 23),
            },
        ),
        (
            "this morning",
            WhenError::Past {
                date: date(2026, 11, 23),
            },
        ),
        (
            "march fourth two thousand twenty",
            WhenError::Past {
                date: date(2020, 3, 4),
            },
        ),
        (
            "january third two thousand twenty eight",
            WhenError::TooFar {
                date: date(2028, 1, 3),
            },
        ),
        ("sunday at ten", closed(date(2026, 11, 29))),
        ("ten thirty", WhenError::DayMissing),
        ("the second one", WhenError::NothingSaid),
        (
            "tuesday at eight p m",
            WhenError::OutsideHours {
                date: date(2026, 11, 24),
                opens: time(8, 0, 0, 0),
                closes: time(18, 0, 0, 0),
            },
        ),
        (
            "wednesday the twenty fourth",
            WhenError::WrongWeekday {
                date: date(2026, 11, 24),
                said: Weekday::Wednesday,
            },
        ),
    ] {
        assert_eq!(resolved(text), Err(expected), "{text}");
    }
}

#[test]
fn a_date_that_has_passed_is_next_years() {
    assert_eq!(
        resolved("january fourth at four forty five p m"),
        Ok(Candidate::At(at(date(2027, 1, 4), 16, 45)))
    );
    assert_eq!(
        resolved("november twenty second"),
        resolved("november twenty second two thousand twenty seven")
    );
}

#[test]
fn a_bare_hour_with_two_open_readings_is_asked_back() {
    let when = parse("tomorrow at seven", Asked::ForATime).expect("read");
    let long_day = |_| Some((time(6, 0, 0, 0), time(21, 0, 0, 0)));
    let tomorrow = date(2026, 11, 24);
    assert_eq!(
        resolve(&when, &now(), long_day),
        Err(WhenError::AmbiguousHalf {
            am: tomorrow.at(7, 0, 0, 0),
            pm: tomorrow.at(19, 0, 0, 0)
        })
    );
}

#[test]
fn an_hour_that_the_clocks_skip_is_not_offered_and_one_they_repeat_is_the_first() {
    let all_day = |_| Some((time(0, 0, 0, 0), time(23, 59, 0, 0)));
    let spring = at(date(2027, 3, 13), 12, 0);
    let when = parse("tomorrow at two thirty a m", Asked::ForATime).expect("read");
    assert_eq!(
        resolve(&when, &spring, all_day),
        Err(WhenError::SkippedByClockChange(
            date(2027, 3, 14).at(2, 30, 0, 0)
        ))
    );
    let autumn = at(date(2026, 10, 31), 12, 0);
    let when = parse("tomorrow at one thirty a m", Asked::ForATime).expect("read");
    let Ok(Candidate::At(first)) = resolve(&when, &autumn, all_day) else {
        panic!("one thirty exists twice");
    };
    assert_eq!(first.offset().seconds(), -5 * 3600);
    // Nine in the morning is nine in the morning on both sides of the change.
    let when = parse("tomorrow at nine", Asked::ForATime).expect("read");
    let shop = |_| Some((time(8, 0, 0, 0), time(18, 0, 0, 0)));
    let Ok(Candidate::At(nine)) = resolve(&when, &autumn, shop) else {
        panic!("nine is in hours");
    };
    assert_eq!((nine.hour(), nine.offset().seconds()), (9, -6 * 3600));
}

#[test]
fn offered_times_are_chosen_by_order() {
    for (text, offered, index) in [
        ("the second one", 3, Some(1)),
        ("the second one", 1, None),
        ("the first one please", 3, Some(0)),
        ("the last one", 3, Some(2)),
        ("the later one", 2, Some(1)),
        ("that one", 1, Some(0)),
        ("that one", 2, None),
        ("option two", 2, Some(1)),
        ("the second", 2, Some(1)),
    ] {
        let when = parse(text, Asked::ForATime).expect(text);
        assert_eq!((when.day, when.time), (None, None), "{text}");
        assert_eq!(when.pick(offered), index, "{text}");
    }
}

#[test]
fn a_correction_changes_only_what_it_names() {
    let first = parse("tuesday at ten", Asked::ForATime).expect("read");
    let then = parse("no thursday", Asked::ForATime).expect("read");
    assert_eq!(
        Some(then.or(first)),
        parse("thursday at ten", Asked::ForATime)
    );
    let then = parse("make it two thirty p m", Asked::ForATime).expect("read");
    assert_eq!(
        Some(then.or(first)),
        parse("tuesday at two thirty p m", Asked::ForATime)
    );
}

#[test]
fn numbers_that_are_not_times_are_left_alone() {
    for text in [
        "i have two cars",
        "my car needs four new tires",
        "i would like an oil change",
        "may i speak to somebody",
        "good morning",
        "that is the one",
        "",
    ] {
        assert_eq!(parse(text, Asked::Otherwise), None, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in ".{0,120}") {
        if let Some(when) = parse(&text, Asked::ForATime) {
            let _ = resolve(&when, &now(), hours);
        }
    }

    #[test]
    fn any_string_of_calendar_words_is_read_without_a_panic(
        picks in proptest::collection::vec(0..WORDS.len(), 0..14),
    ) {
        let text: Vec<&str> = picks.iter().map(|&i| WORDS[i]).collect();
        if let Some(when) = parse(&text.join(" "), Asked::ForATime) {
            let _ = resolve(&when, &now(), hours);
        }
    }

    #[test]
    fn where_no_time_is_said_none_is_heard(
        text in "(my|car|needs|new|brakes|please|it|squeals|badly|thank|you| ){0,20}",
    ) {
        proptest::prop_assert_eq!(parse(&text, Asked::ForATime), None, "{}", text);
    }

    #[test]
    fn what_is_offered_is_neither_past_nor_outside_the_hours(
        picks in proptest::collection::vec(0..WORDS.len(), 1..8),
    ) {
        let text: Vec<&str> = picks.iter().map(|&i| WORDS[i]).collect();
        let text = text.join(" ");
        if let Some(when) = parse(&text, Asked::ForATime) {
            match resolve(&when, &now(), hours) {
                Ok(Candidate::At(start)) => {
                    proptest::prop_assert!(start >= now(), "{}: {}", text, start);
                    let (opens, closes) = hours(start.date()).expect("an open day");
                    let inside = opens <= start.time() && start.time() < closes;
                    proptest::prop_assert!(inside, "{}: {}", text, start);
                }
                Ok(Candidate::Within { first_day, last_day, .. }) => {
                    proptest::prop_assert!(first_day <= last_day, "{}", text);
                    proptest::prop_assert!(first_day >= now().date(), "{}", text);
                }
                Err(_) => {}
            }
        }
    }

    #[test]
    fn a_date_and_time_in_words_are_read_back(days in 1_i64..360, hour in 0_i8..24, minute in 0_i8..60) {
        let date = now().date().saturating_add(jiff::ToSpan::days(days));
        let (clock, half) = match hour {
            0 => (12, "a m"),
            1..12 => (hour, "a m"),
            12 => (12, "p m"),
            _ => (hour - 12, "p m"),
        };
        let minutes = match minute {
            0 => String::new(),
            1..10 => format!("oh {}", number::in_words(u32::try_from(minute)?)),
            _ => number::in_words(u32::try_from(minute)?),
        };
        let month = say::month(English, date.month()).to_lowercase();
        let day = number::ordinal_in_words(u32::try_from(date.day())?);
        let hour_words = number::in_words(u32::try_from(clock)?);
        let text = format!("{month} {day} at {hour_words} {minutes} {half}");
        let when = parse(&text, Asked::ForATime).expect("a date and a time");
        let all_day = |_| Some((time(0, 0, 0, 0), time(23, 59, 59, 0)));
        let expected = date.at(hour, minute, 0, 0);
        match resolve(&when, &now(), all_day) {
            Ok(Candidate::At(instant)) => proptest::prop_assert_eq!(instant.datetime(), expected, "{}", text),
            Err(WhenError::SkippedByClockChange(time)) => proptest::prop_assert_eq!(time, expected),
            other => proptest::prop_assert!(false, "{}: {:?}", text, other),
        }
    }

    #[test]
    fn what_the_agent_says_is_read_back(days in 1_i64..360, hour in 0_i8..24, minute in 0_i8..60) {
        let date = now().date().saturating_add(jiff::ToSpan::days(days));
        let text = format!(
            "{} at {}",
            say::date(English, date),
            say::time(English, time(hour, minute, 0, 0))
        );
        let when = parse(&text, Asked::ForATime).expect("a date and a time");
        let all_day = |_| Some((time(0, 0, 0, 0), time(23, 59, 59, 0)));
        match resolve(&when, &now(), all_day) {
            Ok(Candidate::At(instant)) => {
                proptest::prop_assert_eq!(instant.datetime(), date.at(hour, minute, 0, 0), "{}", text);
            }
            Err(WhenError::SkippedByClockChange(_)) => {}
            other => proptest::prop_assert!(false, "{}: {:?}", text, other),
        }
    }
}

const WORDS: [&str; 28] = [
    "next", "this", "tuesday", "sunday", "the", "second", "twenty", "first", "one", "of", "may",
    "february", "at", "ten", "thirty", "oh", "quarter", "past", "to", "half", "am", "pm", "in",
    "week", "days", "10:30", "12/31", "noon",
];
