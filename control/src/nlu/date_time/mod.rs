//! When: a day, a time, or both, as a caller says them; and which instants that means.
//!
//! Reading ([`parse`]) and deciding ([`resolve`]) are apart: what was said does not depend on the
//! calendar, so two readings of one turn can be compared, and a correction ("no, Thursday") can
//! change one half of an earlier wish ([`When::or`]).
//!
//! **Weekdays.** Weeks run from Monday to Sunday. "Tuesday" is the next Tuesday after today;
//! "this Tuesday" is the one of this week, today included; "next Tuesday" is the one of next week,
//! also where this week's is still to come. The date is always read back, so a caller who meant it
//! differently hears it.

mod clock;
mod day;
mod feast;
mod resolve;

use jiff::civil::Weekday;

pub(crate) use day::{date as said_date, month};
pub use feast::Nth;
pub use resolve::{Candidate, Opening, WhenError, resolve};

use super::words::Words;

/// What a caller said about when. At least one part is present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct When {
    pub day: Option<Day>,
    pub time: Option<Time>,
    /// One of the times that were just offered.
    pub choice: Option<Choice>,
}

/// A day or a stretch of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// This many days from today; 0 is today.
    InDays(u16),
    Weekday(Week, Weekday),
    ThisWeek,
    NextWeek,
    EndOfWeek,
    Weekend(Week),
    NextMonth,
    /// "The last Monday of December", Thanksgiving: the coming one, or the day so many days after it.
    NthWeekday {
        nth: Nth,
        weekday: Weekday,
        /// 1 to 12; absent for the present month.
        month: Option<i8>,
        days_after: i8,
    },
    /// A whole month, 1 to 12.
    Month(i8),
    /// A date, possibly one that does not exist. What was not said is absent.
    Date {
        year: Option<i16>,
        month: Option<i8>,
        day: i8,
        /// "Tuesday the 24th".
        weekday: Option<Weekday>,
    },
    /// A day was named, and not in a way that tells which: "the week after Easter".
    Unclear,
}

/// Which week a weekday is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Week {
    /// Not said: the first after today.
    Coming,
    This,
    Next,
    /// "A week from Tuesday": seven days after the coming one.
    AfterComing,
    /// "In two weeks on Tuesday": the one of that week.
    InWeeks(u8),
}

/// A time of day or a stretch of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    At(Clock),
    After(Clock),
    Before(Clock),
    Part(Part),
    /// The first free time there is.
    Earliest,
    /// The last free time there is.
    Latest,
    /// Any will do.
    Any,
    /// The time of day that the appointment has now.
    Same,
}

/// A time on the clock as it was said. `hour` is 1 to 12 unless `half` is `None` and the caller
/// used the 24-hour clock (0 or 13 to 23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    pub hour: i8,
    pub minute: i8,
    pub half: Option<Half>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    Am,
    Pm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Morning,
    Afternoon,
    Evening,
}

/// One of several offered times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Counted from 1.
    Nth(u8),
    Last,
    Earlier,
    Later,
    /// "That one": the one offered last, or the only one.
    That,
}

/// How much a bare number means a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// We asked for a time: "ten works" is ten o'clock.
    ForATime,
    /// We did not: only "at ten", "ten a.m." and the like are times.
    Otherwise,
}

impl When {
    /// This wish, with what it leaves open taken from an earlier one. A new day keeps the earlier
    /// time and a new time the earlier day: after "the earliest", "Friday" is the earliest on Friday.
    /// "The same time" is the earlier one, where there is one.
    #[must_use]
    pub fn or(self, earlier: Self) -> Self {
        let other = self
            .time
            .filter(|time| *time != Time::Same || earlier.time.is_none());
        Self {
            day: self.day.or(earlier.day),
            time: other.or(earlier.time),
            choice: self.choice,
        }
    }

    /// Index of the chosen one among `offered` times in order of time, if there are that many.
    #[must_use]
    pub fn pick(self, offered: usize) -> Option<usize> {
        let last = offered.checked_sub(1)?;
        match self.choice? {
            Choice::Nth(n) => usize::from(n).checked_sub(1).filter(|&i| i <= last),
            Choice::Earlier => Some(0),
            Choice::Last | Choice::Later => Some(last),
            Choice::That => (last == 0).then_some(0),
        }
    }
}

/// Reads a day, a time or a choice; `None` where nothing of the kind was said.
#[must_use]
pub fn parse(text: &str, asked: Asked) -> Option<When> {
    parse_words(&Words::new(text), asked)
}

/// [`parse`] of words that are already split.
#[must_use]
pub fn parse_words(words: &Words, asked: Asked) -> Option<When> {
    let words = &without_refusals(&made_it(words));
    let choice = choice(words);
    let days = day::find(words, choice.is_some());
    let time = clock::find(words, &days.taken, asked);
    let when = When {
        day: days.day,
        time,
        // "The first one you have on Friday" is the earliest, not one of those offered.
        choice: choice.filter(|_| days.day.is_none() && !matches!(time, Some(Time::Earliest))),
    };
    (when != When::default()).then_some(when)
}

/// "Make that one thirty" is "make it one thirty", and no choice of "that one".
fn made_it(words: &Words) -> Words {
    let Some(at) = words.position("make that") else {
        return words.clone();
    };
    let mut list = words.list().to_vec();
    if let Some(that) = list.get_mut(at + 1) {
        "it".clone_into(that);
    }
    Words::new(&list.join(" "))
}

/// Drops the day after "not", "except", "can't do": it is the one the caller does not want.
fn without_refusals(words: &Words) -> Words {
    const REFUSALS: [&str; 8] = [
        "can not do",
        "can not make",
        "not on",
        "not",
        "except",
        "anything but",
        "instead of",
        "last",
    ];
    let mut kept: Vec<&str> = Vec::with_capacity(words.len());
    let mut i = 0;
    let nth = feast::nth_weekday(words).map(|(_, from, to)| from..to);
    while i < words.len() {
        let refused = REFUSALS.iter().find_map(|phrase| {
            let length = phrase.split(' ').count();
            let next = words.at(i + length);
            let here = words.slice(i, i + length).is(phrase);
            let a_day = day::weekday(next).is_some() || matches!(next, "today" | "tomorrow");
            // "The last Monday of December" is no refusal.
            let counted = nth.as_ref().is_some_and(|nth| nth.contains(&i));
            (here && a_day && !counted).then_some(length + 1)
        });
        match refused {
            Some(length) => i += length,
            None => {
                kept.push(words.at(i));
                i += 1;
            }
        }
    }
    Words::new(&kept.join(" "))
}

fn choice(words: &Words) -> Option<Choice> {
    const NOUNS: [&str; 6] = ["one", "time", "slot", "option", "appointment", "choice"];
    let ordinals = [
        ("first", Choice::Nth(1)),
        ("second", Choice::Nth(2)),
        ("third", Choice::Nth(3)),
        ("fourth", Choice::Nth(4)),
        ("last", Choice::Last),
        ("earlier", Choice::Earlier),
        ("later", Choice::Later),
        ("latter", Choice::Later),
        ("former", Choice::Earlier),
        ("that", Choice::That),
        ("this", Choice::That),
    ];
    for (word, choice) in ordinals {
        let named = NOUNS
            .iter()
            .any(|noun| words.has(&format!("{word} {noun}")));
        let standing_alone = words.len() <= 4
            && !matches!(choice, Choice::That)
            && words.list().last().is_some_and(|w| w == word)
            && words.has(&format!("the {word}"));
        if named || standing_alone {
            return Some(choice);
        }
    }
    let options = [
        ("option one", 1),
        ("option two", 2),
        ("option three", 3),
        ("number one", 1),
        ("number two", 2),
        ("number three", 3),
    ];
    options
        .iter()
        .find(|(phrase, _)| words.has(phrase))
        .map(|&(_, n)| Choice::Nth(n))
}

#[cfg(test)]
mod tests;
