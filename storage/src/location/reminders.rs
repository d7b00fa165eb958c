//! What a location tells its customers without being asked, and in which words.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use croner::Cron;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Zoned};

use crate::language::Language;

/// The reminders of one location.
#[derive(Clone, Debug, Default)]
pub struct ReminderRules {
    /// When reminder calls begin; absent: every day at the hour that the configuration names.
    pub schedule: Option<Schedule>,
    /// How long before an appointment a text message reminds of it; absent: none does.
    pub text_before: Option<SignedDuration>,
    /// Whether a booking, and a move, is confirmed by a text message.
    pub confirm_by_text: bool,
    /// How a visit is followed up; absent: nobody asks how it was.
    pub follow_up: Option<FollowUp>,
    /// The words of text messages; absent: none is sent.
    pub texts: Option<Texts>,
}

/// How customers are asked, after a visit, whether all was well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FollowUp {
    Text,
    Call,
}

/// The words of text messages, by language.
#[derive(Clone, Debug)]
pub struct Texts {
    /// What is spoken here; one of the others.
    pub(super) usual: Language,
    pub(super) by_language: BTreeMap<Language, Wording>,
}

/// Text messages in one language, with [`PLACEHOLDERS`] in them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    pub confirmation: String,
    pub reminder: String,
    pub follow_up: String,
    /// The answer to STOP.
    pub stopped: String,
    /// The answer to START.
    pub started: String,
    /// The answer to HELP.
    pub help: String,
    /// To whoever waits; absent: there is no waiting list where all wordings lack it.
    pub waitlist: Option<WaitlistWording>,
}

/// What is written to whoever waits for a time that comes free.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitlistWording {
    /// A time has come free, and is theirs until {until}.
    pub offer: String,
    /// They said yes, and it was too late.
    pub taken: String,
    /// They said no.
    pub declined: String,
}

/// What may stand in a text message in braces: the customer's first name, the vehicle, the service,
/// when, until when an offer stands, and whom it is from.
pub const PLACEHOLDERS: [&str; 8] = [
    "name", "vehicle", "service", "day", "time", "until", "location", "phone",
];

/// Days and times, as five fields of cron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Cron);

impl ReminderRules {
    /// The words for whoever waits, where there is a waiting list.
    #[must_use]
    pub fn waitlist(&self) -> Option<&WaitlistWording> {
        let texts = self.texts.as_ref()?;
        texts.wording(texts.usual).waitlist.as_ref()
    }
}

impl Schedule {
    /// # Errors
    /// What is wrong, fit to follow the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        // With a sixth they would be seconds, which nobody means.
        if text.split_whitespace().count() != 5 {
            return Err("has not five fields, like \"0 9 * * MON-FRI\"".to_owned());
        }
        let cron = Cron::from_str(text).map_err(|error| format!("is no schedule: {error}"))?;
        let some_day = jiff::civil::date(2026, 1, 1).to_zoned(TimeZone::UTC);
        match some_day.map(|day| cron.find_next_occurrence(&day, true)) {
            Ok(Ok(_)) => Ok(Self(cron)),
            Ok(Err(_)) | Err(_) => Err("never comes".to_owned()),
        }
    }

    /// Every day at this hour.
    ///
    /// # Panics
    /// Where `hour` is above 23.
    #[must_use]
    pub fn daily(hour: u8) -> Self {
        let cron = Cron::from_str(&format!("0 {hour} * * *"));
        Self(cron.expect("invariant: an hour of a day"))
    }

    /// The first time on this day; absent where there is none. What a DST change skips comes that
    /// much later.
    #[must_use]
    pub fn first_on(&self, day: Date, zone: &TimeZone) -> Option<Zoned> {
        let midnight = zone.to_ambiguous_zoned(day.into()).compatible().ok()?;
        let found = self.0.find_next_occurrence(&midnight, true).ok()?;
        (found.date() == day).then_some(found)
    }
}

impl Texts {
    /// The language of whoever said nothing about it.
    #[must_use]
    pub fn usual(&self) -> Language {
        self.usual
    }

    /// The words in this language, or in the usual one.
    #[must_use]
    pub fn wording(&self, language: Language) -> &Wording {
        self.by_language
            .get(&language)
            .or_else(|| self.by_language.get(&self.usual))
            .expect("invariant: checked when the file was read")
    }
}

impl Wording {
    /// Every text, by its name in the file.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let always = [
            ("confirmation", self.confirmation.as_str()),
            ("reminder", &self.reminder),
            ("follow_up", &self.follow_up),
            ("stopped", &self.stopped),
            ("started", &self.started),
            ("help", &self.help),
        ];
        let waitlist = self.waitlist.iter().flat_map(|waitlist| {
            [
                ("waitlist.offer", waitlist.offer.as_str()),
                ("waitlist.taken", &waitlist.taken),
                ("waitlist.declined", &waitlist.declined),
            ]
        });
        always.into_iter().chain(waitlist)
    }
}

/// The text with its placeholders filled in by `value`, which knows all of [`PLACEHOLDERS`].
#[must_use]
pub fn filled(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut written = String::with_capacity(text.len() + 40);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        written.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            written.push('{');
            rest = after;
            continue;
        };
        written.push_str(&value(name));
        rest = after;
    }
    written.push_str(rest);
    written
}

/// The names in braces.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('{')
        .skip(1)
        .map(|rest| match rest.split_once('}') {
            Some((name, _)) => name,
            None => rest,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_on(schedule: &str, day: &str) -> Option<String> {
        let zone = TimeZone::get("America/Chicago").expect("a zone");
        let schedule = Schedule::parse(schedule).expect("a schedule");
        let found = schedule.first_on(day.parse().expect("a day"), &zone);
        found.map(|found| found.timestamp().to_string())
    }

    #[test]
    fn a_schedule_has_its_first_time_of_a_day_or_none() {
        let nine = Some("2026-11-23T15:00:00Z".to_owned());
        assert_eq!(first_on("0 9 * * *", "2026-11-23"), nine);
        assert_eq!(first_on("0 9,16 * * MON-FRI", "2026-11-23"), nine);
        assert_eq!(first_on("0 9 * * MON-FRI", "2026-11-22"), None, "a Sunday");
        // The clock goes from 2:00 to 3:00.
        let skipped = Some("2027-03-14T08:00:00Z".to_owned());
        assert_eq!(first_on("30 2 * * *", "2027-03-14"), skipped);
    }

    #[test]
    fn what_is_no_schedule_is_explained() {
        for odd in [
            "",
            "9",
            "0 9 * *",
            "0 0 9 * * *",
            "0 25 * * *",
            "a b c d e",
            "0 9 30 2 *",
        ] {
            assert!(Schedule::parse(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn placeholders_are_filled_and_braces_that_are_none_stay() {
        let value = |name: &str| name.to_uppercase();
        assert_eq!(filled("Hi {name}: {day}.", value), "Hi NAME: DAY.");
        assert_eq!(filled("no end {name", value), "no end {name");
        assert_eq!(names("{a} {b} c").collect::<Vec<_>>(), ["a", "b"]);
    }
}
