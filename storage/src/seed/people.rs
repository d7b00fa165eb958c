//! Who is seeded. All live in Springfield and nowhere else.

use jiff::civil::{Date, date};

/// In the order of their ids, beginning with 1; so are their vehicles.
pub(super) const PEOPLE: [Person; 6] = [
    Person {
        phone: "+12175550101",
        first_name: "John",
        last_name: "Carter",
        born: date(1985, 3, 14),
        street: "18 Elm Street",
        zip: "62704",
        vehicles: &[Car {
            year: 2021,
            make: "Honda",
            model: "Accord",
            visits: &[
                visit(date(2025, 10, 6), "oil_change", 31_240),
                visit(date(2026, 4, 20), "tire_rotation", 37_905),
            ],
        }],
    },
    Person {
        phone: "+12175550102",
        first_name: "Maria",
        last_name: "Lopez",
        born: date(1990, 7, 2),
        street: "402 Oak Avenue",
        zip: "62703",
        vehicles: &[
            Car {
                year: 2019,
                make: "Ford",
                model: "F-150",
                visits: &[visit(date(2026, 2, 11), "brake_service", 64_310)],
            },
            Car {
                year: 2020,
                make: "Toyota",
                model: "Camry",
                visits: &[visit(date(2026, 5, 18), "oil_change", 48_770)],
            },
        ],
    },
    Person {
        phone: "+12175550103",
        first_name: "Sue",
        last_name: "Bennett",
        born: date(1978, 11, 30),
        street: "9 Lincoln Road",
        zip: "62702",
        vehicles: &[Car {
            year: 2018,
            make: "Subaru",
            model: "Outback",
            visits: &[visit(date(2026, 8, 3), "inspection", 82_415)],
        }],
    },
    Person {
        phone: "+12175550104",
        first_name: "David",
        last_name: "Kim",
        born: date(1969, 1, 8),
        street: "77 Walnut Street",
        zip: "62704",
        vehicles: &[
            Car {
                year: 2022,
                make: "Hyundai",
                model: "Tucson",
                visits: &[],
            },
            Car {
                year: 2015,
                make: "Chevrolet",
                model: "Silverado",
                visits: &[
                    visit(date(2025, 12, 1), "general_maintenance", 101_880),
                    visit(date(2026, 6, 22), "engine_diagnostics", 107_020),
                ],
            },
        ],
    },
    Person {
        phone: "+12175550105",
        first_name: "Priya",
        last_name: "Patel",
        born: date(1995, 9, 21),
        street: "230 Maple Drive",
        zip: "62701",
        vehicles: &[Car {
            year: 2023,
            make: "Nissan",
            model: "Rogue",
            visits: &[visit(date(2026, 9, 14), "oil_change", 22_130)],
        }],
    },
    Person {
        phone: "+12175550106",
        first_name: "Robert",
        last_name: "Greene",
        born: date(1952, 6, 17),
        street: "5 Chestnut Lane",
        zip: "62707",
        vehicles: &[Car {
            year: 2016,
            make: "Jeep",
            model: "Grand Cherokee",
            visits: &[visit(date(2026, 3, 9), "brake_inspection", 90_555)],
        }],
    },
];

pub(super) struct Person {
    pub(super) phone: &'static str,
    pub(super) first_name: &'static str,
    pub(super) last_name: &'static str,
    pub(super) born: Date,
    pub(super) street: &'static str,
    pub(super) zip: &'static str,
    pub(super) vehicles: &'static [Car],
}

pub(super) struct Car {
    pub(super) year: i16,
    pub(super) make: &'static str,
    pub(super) model: &'static str,
    /// Oldest first.
    pub(super) visits: &'static [Visit],
}

pub(super) struct Visit {
    pub(super) on: Date,
    pub(super) service: &'static str,
    pub(super) mileage: i64,
}

const fn visit(on: Date, service: &'static str, mileage: i64) -> Visit {
    Visit {
        on,
        service,
        mileage,
    }
}
