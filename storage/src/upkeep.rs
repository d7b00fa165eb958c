//! What a vehicle is due for, by its service history, the location's intervals and the recalls that it
//! takes care of. Pure.
//!
//! Only what was done here once is spoken of: whoever has no oil change on record may well have had
//! it elsewhere. Mileage counts where the caller says it; none is guessed.

use jiff::civil::Date;
use jiff::{Unit, Zoned};

use crate::location::{Location, RECALL, Recall};
use crate::service_history::ServiceRecord;
use crate::vehicle::Vehicle;

/// A service whose interval has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Key in the location file.
    pub service: String,
    /// When it was done last.
    pub last_on: Date,
    /// Whole months since; at least 0.
    pub months: i32,
    /// Miles since, where both are known and it is they that make it due.
    pub miles: Option<i64>,
}

/// The one that is most overdue, `without` these services; of two equally, the earlier in the file.
/// `mileage` is what the odometer shows.
#[must_use]
pub fn due(
    location: &Location,
    history: &[ServiceRecord],
    mileage: Option<i64>,
    without: &[&str],
    now: &Zoned,
) -> Option<Due> {
    let today = location.local(now.timestamp()).date();
    let mut most: Option<(f64, Due)> = None;
    for service in &location.services {
        if without.contains(&service.key.as_str()) {
            continue;
        }
        let last = history
            .iter()
            .filter(|record| record.service == service.key);
        let Some(last) = last.max_by_key(|record| record.performed_on) else {
            continue;
        };
        let months = months_between(last.performed_on, today);
        let miles = mileage.zip(last.mileage).map(|(shown, then)| shown - then);
        let by_time = share(Some(months.into()), service.upkeep.months);
        let by_miles = share(miles, service.upkeep.miles);
        let overdue = by_time.max(by_miles);
        if overdue < 1.0 || most.as_ref().is_some_and(|(more, _)| *more >= overdue) {
            continue;
        }
        let due = Due {
            service: service.key.clone(),
            last_on: last.performed_on,
            months,
            miles: miles.filter(|_| by_miles > by_time),
        };
        most = Some((overdue, due));
    }
    most.map(|(_, due)| due)
}

/// The first recall that may concern the vehicle and was not taken care of here; none `without` it.
#[must_use]
pub fn recall<'a>(
    location: &'a Location,
    vehicle: &Vehicle,
    history: &[ServiceRecord],
    without: &[&str],
) -> Option<&'a Recall> {
    if without.contains(&RECALL) {
        return None;
    }
    let is_done = |recall: &Recall| {
        history
            .iter()
            .filter(|record| record.service == RECALL)
            .filter_map(|record| record.notes.as_deref())
            .any(|notes| notes.contains(&recall.campaign))
    };
    let mut recalls = location.recalls.iter();
    recalls.find(|recall| recall.concerns_vehicle(vehicle) && !is_done(recall))
}

/// How much of an interval has passed; 0 where there is none.
fn share(passed: Option<i64>, every: Option<u32>) -> f64 {
    match (passed, every) {
        (Some(passed), Some(every)) => {
            // Both are small: whole months, whole miles.
            let passed = i32::try_from(passed.max(0)).unwrap_or(i32::MAX);
            f64::from(passed) / f64::from(every.max(1))
        }
        _ => 0.0,
    }
}

/// Whole months from a day to a later one; 0 where it is not later.
fn months_between(from: Date, to: Date) -> i32 {
    from.until((Unit::Month, to))
        .map_or(0, |span| span.get_months())
        .max(0)
}
