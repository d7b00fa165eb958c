//! The rules of every location: each appointment is its own location's.

use storage::appointment::Appointment;
use storage::{Location, Locations};

use super::{Guard, Policy};
use crate::config::Config;

/// One policy for each location.
#[derive(Clone, Debug)]
pub struct Policies {
    locations: Locations,
    /// In the order of the locations; the first's is always there.
    first: Policy,
    others: Vec<Policy>,
}

impl Policies {
    #[must_use]
    pub fn new(config: &Config, locations: Locations) -> Self {
        let policy = |location: &_| Policy::new(config, std::sync::Arc::clone(location));
        Self {
            first: policy(locations.first()),
            others: locations.iter().skip(1).map(policy).collect(),
            locations,
        }
    }

    /// The rules of where the appointment is.
    #[must_use]
    pub fn of(&self, appointment: &Appointment) -> &Policy {
        self.at(self.locations.of(&appointment.location))
    }

    /// The rules of this location.
    #[must_use]
    pub fn at(&self, location: &Location) -> &Policy {
        let is_it = |policy: &&Policy| policy.location.key == location.key;
        self.others.iter().find(is_it).unwrap_or(&self.first)
    }

    /// The same for all: it is the installation's.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        self.first.guard()
    }
}
