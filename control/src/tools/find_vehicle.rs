//! `find_vehicle`: which of the caller's vehicles is "the truck"?
//!
//! Tells an id and nothing else, so that a merely claimed caller can book for the right one of
//! several vehicles without hearing what is on file.

use storage::vehicle::{Vehicle, VehicleId};

use super::{Answer, Assurance, CallContext, Effect, ToolOutcome, Toolbox};

pub const EFFECT: Effect = Effect::Read;

/// As much of a vehicle as the caller named. Nothing named matches every vehicle.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Arguments {
    pub year: Option<i16>,
    pub make: Option<String>,
    pub model: Option<String>,
    pub kind: Option<Kind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Car,
    Truck,
    Suv,
    Van,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    One(VehicleId),
    Several,
    None,
}

pub(super) async fn run(
    tools: &Toolbox,
    context: &CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let customer = context.authorised(Assurance::Claimed)?;
    let vehicles = tools.store().vehicles.of_customer(customer).await?;
    let mut matching = vehicles.iter().filter(|v| arguments.describes(v));
    Ok(Answer::Vehicle(match (matching.next(), matching.next()) {
        (Some(one), None) => Match::One(one.id),
        (Some(_), Some(_)) => Match::Several,
        (None, _) => Match::None,
    }))
}

impl Arguments {
    fn describes(&self, vehicle: &Vehicle) -> bool {
        let same = |wanted: &Option<String>, found: &str| {
            wanted
                .as_deref()
                .is_none_or(|w| spelling(w) == spelling(found))
        };
        self.year.is_none_or(|year| year == vehicle.year)
            && same(&self.make, &vehicle.make)
            && same(&self.model, &vehicle.model)
            && self.kind.is_none_or(|kind| kind == kind_of(&vehicle.model))
    }
}

/// A model name without what differs between spellings: `F-150`, `F 150`, `f150`.
fn spelling(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// What people call a model of this name. Anything unlisted is a car.
fn kind_of(model: &str) -> Kind {
    let model = spelling(model);
    let is = |names: &[&str]| names.contains(&model.as_str());
    if is(TRUCKS) {
        Kind::Truck
    } else if is(SUVS) {
        Kind::Suv
    } else if is(VANS) {
        Kind::Van
    } else {
        Kind::Car
    }
}

const TRUCKS: &[&str] = &[
    "f150",
    "f250",
    "f350",
    "ranger",
    "maverick",
    "silverado",
    "colorado",
    "sierra",
    "canyon",
    "ram",
    "1500",
    "2500",
    "3500",
    "tacoma",
    "tundra",
    "frontier",
    "titan",
    "ridgeline",
    "gladiator",
    "santacruz",
    "cybertruck",
];

const SUVS: &[&str] = &[
    "rav4",
    "crv",
    "hrv",
    "pilot",
    "passport",
    "highlander",
    "4runner",
    "sequoia",
    "escape",
    "explorer",
    "expedition",
    "edge",
    "bronco",
    "equinox",
    "traverse",
    "tahoe",
    "suburban",
    "blazer",
    "trailblazer",
    "rogue",
    "murano",
    "pathfinder",
    "armada",
    "kicks",
    "tucson",
    "santafe",
    "palisade",
    "kona",
    "sportage",
    "sorento",
    "telluride",
    "seltos",
    "soul",
    "cx5",
    "cx9",
    "cx30",
    "cx50",
    "cherokee",
    "grandcherokee",
    "wrangler",
    "compass",
    "renegade",
    "durango",
    "outback",
    "forester",
    "crosstrek",
    "ascent",
    "tiguan",
    "atlas",
    "terrain",
    "acadia",
    "yukon",
];

const VANS: &[&str] = &[
    "sienna",
    "odyssey",
    "pacifica",
    "carnival",
    "transit",
    "caravan",
    "grandcaravan",
    "sedona",
    "express",
    "savana",
    "promaster",
    "quest",
];

#[cfg(test)]
mod tests {
    use super::*;
    use storage::customer::CustomerId;

    fn pickup() -> Vehicle {
        Vehicle {
            id: VehicleId(2),
            customer: CustomerId(2),
            year: 2019,
            make: "Ford".to_owned(),
            model: "F-150".to_owned(),
            vin: None,
        }
    }

    #[test]
    fn a_pickup_is_the_truck_the_ford_and_the_f_150() {
        let truck = Arguments {
            kind: Some(Kind::Truck),
            ..Arguments::default()
        };
        let ford = Arguments {
            make: Some("ford".to_owned()),
            ..Arguments::default()
        };
        let model = Arguments {
            model: Some("f 150".to_owned()),
            ..Arguments::default()
        };
        for words in [truck, ford, model] {
            assert!(words.describes(&pickup()), "{words:?}");
        }
    }

    #[test]
    fn a_pickup_is_neither_the_car_nor_a_toyota() {
        let car = Arguments {
            kind: Some(Kind::Car),
            ..Arguments::default()
        };
        let toyota = Arguments {
            make: Some("Toyota".to_owned()),
            ..Arguments::default()
        };
        for words in [car, toyota] {
            assert!(!words.describes(&pickup()), "{words:?}");
        }
    }
}
