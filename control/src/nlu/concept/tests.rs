use super::*;
use crate::nlu::date_time::{Choice, Clock, Day, Half, Part, Time, Week};
use crate::nlu::say;
use storage::Language::English;

const SENTENCES: &str = include_str!("sentences.tsv");

/// One row of the sentences: id, expectation, text, concept.
fn rows() -> impl Iterator<Item = (&'static str, Expectation, &'static str, &'static str)> {
    SENTENCES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [id, expectation, text, concept] = fields.as_slice() else {
                panic!("four fields: {line}");
            };
            let expectation = match *expectation {
                "open" => Expectation::Open,
                "yes_no" => Expectation::YesNo,
                "when" => Expectation::When,
                "phone" => Expectation::Phone,
                "date_of_birth" => Expectation::DateOfBirth,
                "address" => Expectation::Address,
                "name" => Expectation::Name,
                "vehicle" => Expectation::Vehicle,
                other => panic!("no expectation {other}"),
            };
            (*id, expectation, *text, *concept)
        })
}

/// A concept as the sentences file writes it.
fn written(concept: Option<&Concept>) -> String {
    match concept {
        None => "-".to_owned(),
        Some(Concept::Request(request)) => {
            let mut out = snake_case(&format!("{:?}", request.intent));
            for service in &request.services {
                out.push(' ');
                out.push_str(service);
            }
            request
                .when
                .map_or(out.clone(), |when| format!("{out}, {}", when_written(when)))
        }
        Some(Concept::Reply(reply)) => {
            let answer = match reply.answer {
                Answer::Yes => "yes",
                Answer::No => "no",
                Answer::Unsure => "unsure",
            };
            match reply.correction {
                None => answer.to_owned(),
                Some(when) => format!("{answer}, {}", when_written(when)),
            }
        }
        Some(Concept::When(when)) => when_written(*when),
        Some(Concept::Phone(digits)) => format!("phone {}", digits.as_str()),
        Some(Concept::DateOfBirth(date)) => format!("born {date}"),
        Some(Concept::Address(address)) => match &address.city {
            None => address.line(),
            Some(city) => format!("{}, {city}", address.line()),
        },
        Some(Concept::Name(name)) => [&name.first, &name.last]
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(" "),
        Some(Concept::Vehicle(vehicle)) => {
            let year = vehicle.year.map(|year| year.to_string());
            let parts = [
                Some("vehicle".to_owned()),
                year,
                vehicle.make.clone(),
                vehicle.model.clone(),
            ];
            parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
    }
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

fn when_written(when: When) -> String {
    let day = when.day.map(|day| match day {
        Day::InDays(n) => format!("in {n} days"),
        Day::Weekday(week, day) => {
            let week = match week {
                Week::Coming => "coming".to_owned(),
                Week::This => "this".to_owned(),
                Week::Next => "next".to_owned(),
                Week::AfterComing => "after coming".to_owned(),
                Week::InWeeks(weeks) => format!("in {weeks} weeks"),
            };
            format!("{week} {}", say::weekday(English, day).to_lowercase())
        }
        Day::NextWeek => "next week".to_owned(),
        Day::Date {
            month: Some(month),
            day,
            ..
        } => format!("{month}/{day}"),
        other => format!("{other:?}"),
    });
    let clock = |Clock { hour, minute, half }: Clock| {
        let half = match half {
            None => "",
            Some(Half::Am) => " am",
            Some(Half::Pm) => " pm",
        };
        format!("{hour}:{minute:02}{half}")
    };
    let time = when.time.map(|time| match time {
        Time::At(at) => clock(at),
        Time::After(at) => format!("after {}", clock(at)),
        Time::Before(at) => format!("before {}", clock(at)),
        Time::Part(Part::Morning) => "morning".to_owned(),
        Time::Part(Part::Afternoon) => "afternoon".to_owned(),
        Time::Part(Part::Evening) => "evening".to_owned(),
        Time::Earliest => "earliest".to_owned(),
        Time::Latest => "latest".to_owned(),
        Time::Any => "any".to_owned(),
        Time::Same => "same".to_owned(),
    });
    let choice = when.choice.map(|choice| match choice {
        Choice::Nth(n) => format!("choice {n}"),
        other => format!("choice {other:?}"),
    });
    [day, time, choice]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn every_sentence_means_what_the_file_says() {
    let wrong: Vec<String> = rows()
        .filter_map(|(id, expectation, text, expected)| {
            let read = written(concept(expectation, text).as_ref());
            (read != expected).then(|| format!("{id} {text:?}: {read:?}, expected {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows().count() >= 60);
}

#[test]
fn two_wordings_of_one_meaning_agree() {
    for (expectation, reading, other) in [
        (
            Expectation::Open,
            "i would like an oil change",
            "hello i need an oil change please",
        ),
        (
            Expectation::When,
            "next tuesday at ten thirty a m",
            "next tuesday at 10:30 in the morning",
        ),
        (
            Expectation::Phone,
            "two one seven five five five oh one oh one",
            "217 555 0101",
        ),
        (Expectation::YesNo, "yes", "yes that is correct"),
        (
            Expectation::Address,
            "eighteen elm street",
            "my address is 18 elm street",
        ),
        (
            Expectation::Open,
            "operator",
            "i want to talk to a real person",
        ),
    ] {
        assert!(
            same_meaning(expectation, reading, other),
            "{reading} / {other}"
        );
    }
}

#[test]
fn readings_that_differ_or_mean_nothing_are_not_accepted() {
    for (expectation, reading, other) in [
        (
            Expectation::Open,
            "i want to talk to the supervisor",
            "my car needs a tire rotation",
        ),
        (Expectation::When, "tuesday at ten", "thursday at ten"),
        (Expectation::When, "tuesday at ten", "tuesday at ten thirty"),
        (
            Expectation::Phone,
            "two one seven five five five oh one oh one",
            "two one seven five five five oh one oh nine",
        ),
        (Expectation::YesNo, "yes", "no"),
        (Expectation::Name, "john smith", "john smits"),
        (Expectation::YesNo, "purple", "purple"),
        (Expectation::YesNo, "yes", ""),
    ] {
        assert!(
            !same_meaning(expectation, reading, other),
            "{reading} / {other}"
        );
    }
}

#[test]
fn one_reading_alone_decides() {
    let shop = Vocabulary::standard();
    assert_eq!(
        agree(shop, Expectation::YesNo, "yes", None),
        concept(Expectation::YesNo, "yes")
    );
    assert_eq!(agree(shop, Expectation::YesNo, "purple", None), None);
}

#[test]
fn a_human_can_be_asked_for_in_every_state() {
    for expectation in Expectation::ALL {
        for (text, intent) in [
            ("i want to speak to a manager", Intent::Human),
            ("representative", Intent::Human),
            ("can you repeat that please", Intent::Repeat),
            ("start over", Intent::StartOver),
            ("cancel that", Intent::NeverMind),
            ("goodbye", Intent::Goodbye),
        ] {
            assert!(
                matches!(concept(expectation, text), Some(Concept::Request(r)) if r.intent == intent),
                "{expectation:?} {text}"
            );
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_text_has_a_meaning_or_none_but_never_a_panic(
        text in "\\PC{0,120}",
        expectation in 0..8_usize,
    ) {
        let expectation = [
            Expectation::Open, Expectation::YesNo, Expectation::When, Expectation::Phone,
            Expectation::DateOfBirth, Expectation::Address, Expectation::Name, Expectation::Vehicle,
        ][expectation];
        let _ = concept(expectation, &text);
    }

    #[test]
    fn any_mixture_of_known_sentences_is_read_without_a_panic(
        a in 0..60_usize,
        b in 0..60_usize,
        cut in 0..12_usize,
    ) {
        let texts: Vec<_> = rows().collect();
        let (_, expectation, first, _) = texts[a];
        let words = texts[b].2.split(' ').skip(cut);
        let mixed = format!("{first} {}", words.collect::<Vec<_>>().join(" "));
        let _ = concept(expectation, &mixed);
    }
}

#[test]
fn a_call_may_end_in_two_readings() {
    let no = Some(Concept::Reply(Reply {
        answer: Answer::No,
        correction: None,
    }));
    let agreed = |other| {
        let standard = Vocabulary::standard();
        agree(
            standard,
            Expectation::Open,
            "no thank you that is all",
            Some(other),
        )
    };
    assert_eq!(agreed("november you that is all"), no);
    assert_eq!(agreed("i need an oil change that is all"), None);
    assert_eq!(agreed("yes that is all right"), None);
}

#[test]
fn wording_that_means_the_same_is_the_same() {
    for (expectation, one, other) in [
        (
            Expectation::Open,
            "i want to speak to a manager",
            "i want to speak with the manager",
        ),
        (
            Expectation::When,
            "at ten thirty on friday",
            "about ten thirty friday",
        ),
        (Expectation::YesNo, "yes", "yes it is"),
        (
            Expectation::Open,
            "what are your hours on saturday",
            "what are the hours for saturday",
        ),
    ] {
        assert!(
            same_meaning(expectation, one, other),
            "{one:?} and {other:?}"
        );
    }
    for (expectation, one, other) in [
        (Expectation::When, "friday at ten", "friday at two"),
        (Expectation::YesNo, "yes", "no"),
        (Expectation::YesNo, "no", "no thursday"),
        (
            Expectation::Open,
            "cancel my appointment",
            "i need an appointment",
        ),
    ] {
        assert!(
            !same_meaning(expectation, one, other),
            "{one:?} and {other:?}"
        );
    }
}
