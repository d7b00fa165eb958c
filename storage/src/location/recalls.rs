//! Recalls that a location takes care of: vehicles that their maker has repaired at its own cost.
//!
//! Which vehicles of a model are really concerned, only the maker's list of numbers tells. So what is
//! kept here is a reason to have a look, and is said as one.

use std::ops::RangeInclusive;

use serde::Deserialize;

use super::{LocationError, file};
use crate::vehicle::Vehicle;

/// Key of the service that a recall's repair is booked as.
pub const RECALL: &str = "recall";

/// One campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recall {
    /// The authority's number, such as `26V-101`. A record of the repair names it in its notes.
    pub campaign: String,
    pub make: String,
    /// At least one.
    pub models: Vec<String>,
    /// Model years.
    pub years: RangeInclusive<i16>,
    /// What it is about, as the agent says it: "the fuel pump".
    pub concerns: String,
}

impl Recall {
    /// Whether it is about vehicles like this one.
    #[must_use]
    pub fn concerns_vehicle(&self, vehicle: &Vehicle) -> bool {
        let is_it = |model: &String| model.eq_ignore_ascii_case(&vehicle.model);
        self.make.eq_ignore_ascii_case(&vehicle.make)
            && self.models.iter().any(is_it)
            && self.years.contains(&vehicle.year)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    campaign: String,
    make: String,
    models: Vec<String>,
    years: [i16; 2],
    concerns: String,
}

/// `offered`: the location offers [`RECALL`] as a service.
pub(super) fn checked(entries: Vec<Entry>, offered: bool) -> Result<Vec<Recall>, LocationError> {
    if !entries.is_empty() && !offered {
        return Err(file::wrong(
            "recalls",
            format!("need a service whose key is {RECALL:?} to be booked as"),
        ));
    }
    entries
        .into_iter()
        .zip(0..)
        .map(|(entry, n)| entry.checked(n))
        .collect()
}

impl Entry {
    fn checked(self, n: usize) -> Result<Recall, LocationError> {
        let at = |field: &str| format!("recalls[{n}].{field}");
        let [first, last] = self.years;
        if first > last {
            let problem = format!("[{first}, {last}] must be [first, last]");
            return Err(file::wrong(at("years"), problem));
        }
        if self.models.is_empty() {
            return Err(file::wrong(at("models"), "at least one model is concerned"));
        }
        let models = self.models.into_iter();
        let models = models.map(|model| file::said(at("models"), model));
        Ok(Recall {
            campaign: file::spelled(at("campaign"), self.campaign)?,
            make: file::said(at("make"), self.make)?,
            models: models.collect::<Result<_, _>>()?,
            years: first..=last,
            concerns: file::said(at("concerns"), self.concerns)?,
        })
    }
}
