//! The hours at which a customer may be called, by every clock that may be theirs.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use storage::customer::{Address, Phone};

use super::zones;
use crate::limits;

/// Where a customer may be: one zone or several. All their clocks must show a permitted hour, so no
/// hour is where one of them cannot be read.
#[derive(Clone, Debug)]
pub struct CallingHours(Option<Vec<TimeZone>>);

/// Every boundary of an hour, in every zone, is one of these.
const STEP: SignedDuration = SignedDuration::from_mins(15);

/// No stretch of forbidden hours is longer: two days on which a location is closed, and more.
const SEARCH: SignedDuration = SignedDuration::from_hours(24 * 8);

impl CallingHours {
    /// A mobile number moves with its owner, and an address may be old: both count. A number and an
    /// address that say nothing may be anywhere in the country.
    #[must_use]
    pub fn of(phone: &Phone, address: Option<&Address>) -> Self {
        let mut names: Vec<&str> = Vec::new();
        let by_number = zones::of_number(phone);
        let by_address = address.and_then(|address| zones::of_state(&address.state));
        for zone in by_number.into_iter().chain(by_address).flatten() {
            if !names.contains(zone) {
                names.push(zone);
            }
        }
        if by_number.is_none() {
            names.extend(zones::EVERYWHERE);
        }
        Self(names.iter().map(|name| TimeZone::get(name).ok()).collect())
    }

    #[must_use]
    pub fn allow(&self, at: Timestamp) -> bool {
        let (first, end) = limits::CALLING_HOURS;
        let permits = |zone: &TimeZone| (first..end).contains(&zone.to_datetime(at).hour());
        self.0
            .as_ref()
            .is_some_and(|zones| zones.iter().all(permits))
    }

    /// The first permitted time from `from` on, at which `also` holds too.
    #[must_use]
    pub fn next(&self, from: Timestamp, also: impl Fn(Timestamp) -> bool) -> Timestamp {
        let fits = |at: &Timestamp| self.allow(*at) && also(*at);
        if fits(&from) {
            return from;
        }
        let step = STEP.as_secs();
        let first = from.as_second().div_euclid(step) * step + step;
        let steps = SEARCH.as_secs() / step;
        (0..steps)
            .filter_map(|n| Timestamp::from_second(first + n * step).ok())
            .find(fits)
            .unwrap_or(from + SEARCH)
    }

    /// The last permitted time up to `until`. Where that is in the night, it is an hour before the
    /// night began: nobody wants to be written to in their last minute of it.
    #[must_use]
    pub fn last(&self, until: Timestamp) -> Timestamp {
        if self.allow(until) {
            return until;
        }
        let step = STEP.as_secs();
        let first = until.as_second().div_euclid(step) * step;
        let steps = SEARCH.as_secs() / step;
        (0..steps)
            .filter_map(|n| Timestamp::from_second(first - n * step).ok())
            .find(|at| self.allow(*at))
            .map_or(until, |end| end + STEP - SignedDuration::from_hours(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_hour_is_permitted_by_a_clock_that_cannot_be_read() {
        let noon = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(18);
        assert!(CallingHours(Some(vec![TimeZone::UTC])).allow(noon));
        let unreadable = CallingHours(None);
        assert!(!unreadable.allow(noon));
        assert_eq!(unreadable.next(noon, |_| true), noon + SEARCH);
    }
}
