//! The time of day of a [`When`](super::When).

use super::{Asked, Clock, Half, Part, Time};
use crate::nlu::number;
use crate::nlu::words::Words;

/// Finds the time. Words marked in `taken` already said the day.
pub(super) fn find(words: &Words, taken: &[bool], asked: Asked) -> Option<Time> {
    if let Some(time) = extreme(words) {
        return Some(time);
    }
    if let Some((clock, from)) = (0..words.len()).find_map(|i| {
        let (clock, to) = read(words, i, asked)?;
        let free = !taken.iter().take(to).skip(i).any(|&t| t);
        free.then_some((clock, i))
    }) {
        let before = if from == 0 { "" } else { words.at(from - 1) };
        return Some(match before {
            "after" | "past" | "from" | "between" => Time::After(clock),
            "before" | "by" | "until" | "till" => Time::Before(clock),
            _ if words.has("or later") => Time::After(clock),
            _ if words.has("or earlier") => Time::Before(clock),
            _ => Time::At(clock),
        });
    }
    part(words)
}

/// First, last or any.
fn extreme(words: &Words) -> Option<Time> {
    if words.has_any(&[
        "earliest",
        "soonest",
        "as soon as possible",
        "first available",
        "next available",
        "first thing",
        "first time you have",
        "first one you have",
        "first opening",
        "asap",
        "as early as possible",
    ]) {
        return Some(Time::Earliest);
    }
    if words.has_any(&[
        "latest you have",
        "latest time",
        "last thing",
        "as late as possible",
    ]) {
        return Some(Time::Latest);
    }
    if words.has_any(&[
        "any time",
        "anytime",
        "whenever",
        "whatever time",
        "does not matter",
        "do not care",
        "whatever works",
        "all day",
    ]) && !words.has("any time in the")
    {
        return Some(Time::Any);
    }
    if words.has("same time") {
        return Some(Time::Same);
    }
    None
}

fn part(words: &Words) -> Option<Time> {
    let one_pm = Clock {
        hour: 1,
        minute: 0,
        half: Some(Half::Pm),
    };
    if words.has_any(&["after lunch", "after noon"]) {
        return Some(Time::After(one_pm));
    }
    if words.has_any(&["before lunch", "before noon"]) {
        return Some(Time::Part(Part::Morning));
    }
    if words.has_any(&["after work"]) {
        return Some(Time::After(Clock {
            hour: 5,
            minute: 0,
            half: Some(Half::Pm),
        }));
    }
    if words.has("good morning") || words.has("good afternoon") || words.has("good evening") {
        let rest = words.slice(words.position("good").map_or(0, |at| at + 2), words.len());
        return if rest.is_empty() { None } else { part(&rest) };
    }
    if words.has_any(&["morning", "mornings"]) {
        return Some(Time::Part(Part::Morning));
    }
    if words.has_any(&["afternoon", "afternoons"]) {
        return Some(Time::Part(Part::Afternoon));
    }
    if words.has_any(&["evening", "evenings", "tonight"]) {
        return Some(Time::Part(Part::Evening));
    }
    None
}

/// A clock time that begins at word `i`, and the index after its last word.
fn read(words: &Words, i: usize, asked: Asked) -> Option<(Clock, usize)> {
    let (clock, to, certain) = named(words, i)
        .or_else(|| relative(words, i))
        .or_else(|| colon(words, i))
        .or_else(|| plain(words, i))?;
    let (adjacent, to) = half_after(words, to);
    let half = clock.half.or(adjacent).or_else(|| half_elsewhere(words));
    let half = half.filter(|_| (1..=12).contains(&clock.hour));
    let clock = Clock { half, ..clock };
    let before = if i == 0 { "" } else { words.at(i - 1) };
    let introduced = matches!(
        before,
        "at" | "around" | "about" | "by" | "before" | "after" | "until" | "till" | "past"
    );
    let counted = matches!(
        words.at(to),
        "day"
            | "days"
            | "week"
            | "weeks"
            | "car"
            | "cars"
            | "tires"
            | "minutes"
            | "hours"
            | "month"
            | "months"
            | "things"
            | "of"
            | "people"
    ) || matches!(before, "minus" | "number" | "option");
    let enough = certain || adjacent.is_some() || introduced || asked == Asked::ForATime;
    (enough && !counted).then_some((clock, to))
}

/// "Noon", "midnight".
fn named(words: &Words, i: usize) -> Option<(Clock, usize, bool)> {
    let before = if i == 0 { "" } else { words.at(i - 1) };
    let half = match words.at(i) {
        // "Before noon" is the morning, "after noon" the afternoon.
        "noon" | "midday" if !matches!(before, "before" | "after") => Half::Pm,
        "midnight" => Half::Am,
        _ => return None,
    };
    Some((
        Clock {
            hour: 12,
            minute: 0,
            half: Some(half),
        },
        i + 1,
        true,
    ))
}

/// "Quarter past two", "half past two", "ten to three", "quarter of three".
fn relative(words: &Words, i: usize) -> Option<(Clock, usize, bool)> {
    let (minutes, used) = match words.at(i) {
        "quarter" => (15, 1),
        "half" => (30, 1),
        _ => {
            let (n, used) = number::below_hundred(words.list().get(i..)?)?;
            let unit = usize::from(words.at(i + used) == "minutes");
            (
                i8::try_from(n).ok().filter(|n| (1..=29).contains(n))?,
                used + unit,
            )
        }
    };
    let past = match words.at(i + used) {
        "past" | "after" => true,
        "to" | "till" | "of" | "before" if minutes != 30 => false,
        _ => return None,
    };
    let (hour, more) = hour(words, i + used + 1)?;
    let clock = if past {
        Clock {
            hour,
            minute: minutes,
            half: None,
        }
    } else {
        Clock {
            hour: if hour == 1 { 12 } else { hour - 1 },
            minute: 60 - minutes,
            half: None,
        }
    };
    Some((clock, i + used + 1 + more, true))
}

/// "10:30", "14:30".
fn colon(words: &Words, i: usize) -> Option<(Clock, usize, bool)> {
    let (hour, minute) = words.at(i).split_once(':')?;
    let hour: i8 = hour.parse().ok().filter(|h| (0..=23).contains(h))?;
    let minute: i8 = minute.parse().ok().filter(|m| (0..=59).contains(m))?;
    Some((
        Clock {
            hour,
            minute,
            half: None,
        },
        i + 1,
        true,
    ))
}

/// "Ten", "ten thirty", "ten oh five", "ten o'clock", "1030".
fn plain(words: &Words, i: usize) -> Option<(Clock, usize, bool)> {
    if let Some(clock) = four_figures(words, i) {
        return Some((clock, i + 1, false));
    }
    let (hour, used) = hour(words, i)?;
    let before = if i == 0 { "" } else { words.at(i - 1) };
    // "The one on Thursday", "that one", "the second one".
    let pronoun = words.at(i) == "one"
        && (matches!(
            before,
            "the"
                | "that"
                | "this"
                | "which"
                | "no"
                | "earlier"
                | "later"
                | "last"
                | "early"
                | "other"
                | "any"
                | "either"
                | "next"
                | "another"
                | "have"
                | "need"
                | "want"
        ) || number::ordinal(words.list().get(i.wrapping_sub(1)..i).unwrap_or(&[])).is_some());
    let to = i + used;
    if words.at(to) == "o'clock" {
        return Some((
            Clock {
                hour,
                minute: 0,
                half: None,
            },
            to + 1,
            true,
        ));
    }
    let minute = minute(words, to);
    // "The one thirty" is a time.
    if pronoun && minute.is_none() {
        return None;
    }
    match minute {
        Some((minute, more)) => Some((
            Clock {
                hour,
                minute,
                half: None,
            },
            to + more,
            false,
        )),
        None => Some((
            Clock {
                hour,
                minute: 0,
                half: None,
            },
            to,
            false,
        )),
    }
}

fn four_figures(words: &Words, i: usize) -> Option<Clock> {
    let word = words.at(i);
    if !(3..=4).contains(&word.len()) || !word.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let n: u16 = word.parse().ok()?;
    let (hour, minute) = (i8::try_from(n / 100).ok()?, i8::try_from(n % 100).ok()?);
    ((1..=23).contains(&hour) && minute < 60).then_some(Clock {
        hour,
        minute,
        half: None,
    })
}

/// 1 to 12.
fn hour(words: &Words, i: usize) -> Option<(i8, usize)> {
    let list = words.list().get(i..)?;
    let n = match list.first()?.parse::<u32>() {
        Ok(n) => n,
        Err(_) => {
            number::below_hundred(list)
                .filter(|&(_, used)| used == 1)?
                .0
        }
    };
    i8::try_from(n)
        .ok()
        .filter(|h| (1..=12).contains(h))
        .map(|h| (h, 1))
}

/// 10 to 59, or "oh five". The hour has been read.
fn minute(words: &Words, i: usize) -> Option<(i8, usize)> {
    if matches!(words.at(i), "oh" | "o" | "zero") {
        let n = number::digit(words.at(i + 1))?;
        return i8::try_from(n).ok().map(|n| (n, 2));
    }
    let list = words.list().get(i..)?;
    let (n, used) = match list.first()?.parse::<u32>() {
        Ok(n) => (n, 1),
        Err(_) => number::below_hundred(list)?,
    };
    i8::try_from(n)
        .ok()
        .filter(|m| (10..=59).contains(m))
        .map(|m| (m, used))
}

/// The half of the day said right after a clock time, and the index after it.
fn half_after(words: &Words, i: usize) -> (Option<Half>, usize) {
    match words.at(i) {
        "am" => return (Some(Half::Am), i + 1),
        "pm" => return (Some(Half::Pm), i + 1),
        _ => {}
    }
    let rest = words.slice(i, i + 3);
    let said = |phrases: &[&str]| phrases.iter().any(|p| rest.position(p) == Some(0));
    if said(&["in the morning", "this morning", "tomorrow morning"]) {
        (Some(Half::Am), i)
    } else if said(&[
        "in the afternoon",
        "in the evening",
        "this afternoon",
        "this evening",
        "at night",
        "tomorrow afternoon",
        "tomorrow evening",
        "tonight",
    ]) {
        (Some(Half::Pm), i)
    } else {
        (None, i)
    }
}

/// "Tomorrow afternoon at two": the part of the day stands elsewhere.
fn half_elsewhere(words: &Words) -> Option<Half> {
    match part(words)? {
        Time::Part(Part::Morning) if !words.has("before noon") => Some(Half::Am),
        Time::Part(Part::Afternoon | Part::Evening) => Some(Half::Pm),
        _ => None,
    }
}
