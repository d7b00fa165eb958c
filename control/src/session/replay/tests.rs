use storage::customer::Phone;

use super::*;
use crate::dialogue::Input;
use crate::events::{BadLog, FORMAT, Header};
use crate::session::conversation::Effect;
use crate::session::recorded::{Minutes, Recorded};
use pipeline::message::{Command, EventKind, Transcript};
use std::sync::Mutex;

const FROM: &str = "+12175550101";
const SAID: &str =
    "i need an oil change, my number is two one seven five five five zero one nine nine";

fn header(masked: bool) -> Header {
    Header {
        format: FORMAT,
        program: "test".to_owned(),
        call: "CA1".to_owned(),
        began: "2026-11-23T15:00:00.000000007Z".parse().expect("valid"),
        mono_ns: 5_000_000_123,
        location: "ottos-auto".to_owned(),
        locations: String::new(),
        led_by: LedBy::Rules,
        typed: true,
        masked,
    }
}

/// A caller who is greeted and says what they need; nobody finds their number in the book.
fn log_of_a_call(masked: bool) -> String {
    let header = header(masked);
    let location = Arc::new(Location::example());
    let began = Mono::from_nanos(header.mono_ns);
    let written = Arc::new(Mutex::new(Vec::new()));
    let write = Box::new({
        let written = Arc::clone(&written);
        move |line| written.lock().expect("one thread").push(line)
    });
    let brain = Box::new(RuleBrain::new(Arc::clone(&location)));
    let conversation = Conversation::new(brain, true, began);
    let minutes = Minutes::begin(write, &header);
    let mut call = Recorded::new(conversation, Some(minutes), began);
    let now = |ms: i64| Now {
        mono: moment(ms * 1_000_000 + 1, began),
        local: location.local(header.began + SignedDuration::from_nanos(ms * 1_000_000 + 1)),
    };
    let event = |ms, kind| Event {
        at: moment(ms * 1_000_000 - 7, began),
        kind,
    };
    let caller = Some(Phone::parse(FROM).expect("a number"));
    call.handle_opened(Input::Opened { caller }, &now(0));
    let mut tool = None;
    let mut said = None;
    while let Some(effect) = call.poll_effect() {
        match effect {
            Effect::RunTool { id, .. } => tool = Some(id),
            Effect::Send(Command::Say { utterance, .. }) => said = Some(utterance),
            _ => {}
        }
    }
    let found = crate::tools::Answer::Customer(crate::tools::lookup_customer::Lookup::NotFound);
    call.handle_tool(tool.expect("the number is looked up"), Ok(found), &now(3));
    while let Some(effect) = call.poll_effect() {
        if let Effect::Send(Command::Say { utterance, .. }) = effect {
            said = Some(utterance);
        }
    }
    let utterance = said.expect("the agent greets");
    let samples = dsp::Samples::from_ms(2_000);
    let words = Transcript {
        text: SAID.to_owned(),
        second_opinion: None,
        typed: true,
        from: dsp::Samples::from_ms(2_500),
        to: dsp::Samples::from_ms(3_500),
    };
    for (ms, kind) in [
        (100, EventKind::FirstAudio { utterance }),
        (110, EventKind::UtteranceStarted { utterance }),
        (2_200, EventKind::UtteranceFinished { utterance, samples }),
        (
            2_500,
            EventKind::SpeechStarted {
                position: words.from,
            },
        ),
        (
            4_000,
            EventKind::SpeechEnded {
                position: words.to,
                silence: dsp::Samples(1_234),
            },
        ),
        (4_050, EventKind::Transcript(words)),
    ] {
        call.handle_event(event(ms, kind), &now(ms));
        while call.poll_effect().is_some() {}
    }
    call.handle_timeout(&now(60_000));
    while call.poll_effect().is_some() {}
    let written = written.lock().expect("one thread");
    written.join("\n")
}

fn replayed(text: &str) -> Replayed {
    let log = Log::parse(text).expect("a log");
    let location = Arc::new(Location::example());
    replay(&log, &location, &Arc::clone(&location).into())
}

#[test]
fn a_call_goes_the_same_way_again() {
    let replayed = replayed(&log_of_a_call(false));
    assert_eq!(replayed.differences, []);
    assert_eq!(replayed.inputs, 9);
    assert!(replayed.effects > 12, "{replayed:?}");
}

#[test]
fn an_effect_that_was_another_is_told_with_its_line() {
    let log = log_of_a_call(false);
    let line = 1 + log
        .lines()
        .position(|line| line.contains("\"out\":{\"publish\":{\"event\":\"caller\""))
        .expect("the caller is heard");
    let altered = log.replace("\"event\":\"caller\"", "\"event\":\"unclear\"");
    let differences = replayed(&altered).differences;
    assert_eq!(differences.len(), 1, "{differences:?}");
    let difference = &differences[0];
    assert_eq!(difference.line, line);
    let shows = |side: &Option<String>, what: &str| side.as_ref().is_some_and(|s| s.contains(what));
    assert!(shows(&difference.expected, "unclear"));
    assert!(shows(&difference.got, "\"caller\""));
}

#[test]
fn an_effect_that_the_log_lacks_is_told_alone() {
    let log = log_of_a_call(false);
    let without: Vec<&str> = log
        .lines()
        .filter(|line| !line.contains("\"event\":\"caller\""))
        .collect();
    let differences = replayed(&without.join("\n")).differences;
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert_eq!(differences[0].expected, None);
}

#[test]
fn a_line_that_is_torn_is_told_by_its_number() {
    let log = log_of_a_call(false);
    let count = log.lines().count();
    let torn = format!("{}\n", &log[..log.len() - 5]);
    let error = Log::parse(&torn).expect_err("half a line");
    assert!(
        matches!(error, BadLog::Line { number, .. } if number == count),
        "{error}"
    );
    assert!(error.to_string().starts_with(&format!("line {count}: ")));
    assert!(matches!(Log::parse("hello"), Err(BadLog::Header { .. })));
    assert_eq!(Log::parse(""), Err(BadLog::Empty));
    let newer = log.replacen("\"format\":1", "\"format\":9", 1);
    assert_eq!(Log::parse(&newer), Err(BadLog::Format(9)));
}

#[test]
fn a_log_whose_program_was_killed_goes_the_same_way_as_far_as_it_goes() {
    let log = log_of_a_call(false);
    let header = log.find('\n').expect("more than a header");
    for end in (header..log.len()).step_by(7) {
        let differences = replayed(&log[..end]).differences;
        assert_eq!(differences, [], "{}", &log[..end]);
    }
}

#[test]
fn lines_that_were_reordered_are_told() {
    let log = log_of_a_call(false);
    let mut lines: Vec<&str> = log.lines().collect();
    lines.swap(2, 20);
    let error = Log::parse(&lines.join("\n")).expect_err("out of order");
    assert!(matches!(error, BadLog::Order { .. }), "{error}");
}

#[test]
fn a_masked_log_names_nobody_and_has_the_same_course() {
    let (masked, whole) = (log_of_a_call(true), log_of_a_call(false));
    for personal in ["2175550101", "0199", "seven five five"] {
        assert!(!masked.contains(personal), "{personal}: {masked}");
    }
    assert!(whole.contains("seven five five"));
    let (masked, whole) = (
        Log::parse(&masked).expect("a log"),
        Log::parse(&whole).expect("a log"),
    );
    let times = |log: &Log| -> Vec<i64> { log.lines.iter().map(|l| l.line.t).collect() };
    assert_eq!(times(&masked), times(&whole));
    assert!(masked.feed().eq(whole.feed()), "the feed is masked already");
}
