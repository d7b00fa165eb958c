//! A point in time as an argument: with its offset, or as the shop's clock shows it.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::field;

/// ISO 8601 on the wire: `2026-11-28T09:00:00-06:00` and `2026-11-28T15:00:00Z` are instants,
/// converted and never stripped; `2026-11-28T09:00` is the location's local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Moment {
    Instant(Timestamp),
    Local(DateTime),
}

/// Why a moment cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMoment {
    #[error("{0:?} is not a date and time; write it as 2026-11-28T09:00")]
    Syntax(String),
    #[error("the clocks go forward then: that hour does not exist on this day")]
    Skipped,
}

impl Moment {
    /// The instant, in the location's zone.
    ///
    /// # Errors
    /// [`InvalidMoment::Skipped`] for a local time that a change to summer time leaves out.
    pub fn resolve(self, zone: &TimeZone) -> Result<Zoned, InvalidMoment> {
        match self {
            Self::Instant(t) => Ok(t.to_zoned(zone.clone())),
            Self::Local(local) => {
                let found = local
                    .to_zoned(zone.clone())
                    .map_err(|_| InvalidMoment::Skipped)?;
                if found.datetime() == local {
                    Ok(found)
                } else {
                    Err(InvalidMoment::Skipped)
                }
            }
        }
    }
}

impl TryFrom<String> for Moment {
    type Error = InvalidMoment;
    fn try_from(text: String) -> Result<Self, InvalidMoment> {
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok(Self::Instant(instant));
        }
        text.parse::<DateTime>()
            .map(Self::Local)
            .map_err(|_| InvalidMoment::Syntax(field::quoted(&text)))
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        match moment {
            Moment::Instant(t) => t.to_string(),
            Moment::Local(local) => local.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chicago() -> TimeZone {
        TimeZone::get("America/Chicago").expect("the zone is bundled")
    }

    fn resolve(text: &str) -> Result<Timestamp, InvalidMoment> {
        let moment = Moment::try_from(text.to_owned())?;
        moment.resolve(&chicago()).map(|z| z.timestamp())
    }

    #[test]
    fn an_offset_is_converted_and_not_stripped() {
        let nine = resolve("2026-11-28T09:00:00-06:00");
        assert_eq!(nine, resolve("2026-11-28T15:00:00Z"));
        assert_eq!(nine, resolve("2026-11-28T09:00"));
        assert_eq!(nine, resolve("2026-11-28T10:00:00-05:00"));
    }

    #[test]
    fn an_hour_that_summer_time_leaves_out_is_refused() {
        assert_eq!(resolve("2027-03-14T02:30"), Err(InvalidMoment::Skipped));
    }

    #[test]
    fn words_are_not_a_moment() {
        assert!(matches!(resolve("saturday"), Err(InvalidMoment::Syntax(_))));
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for text in ["2026-11-28T15:00:00Z", "2026-11-28T09:00:00"] {
            let moment = Moment::try_from(text.to_owned()).expect("both are valid");
            assert_eq!(String::from(moment), text);
        }
    }
}
