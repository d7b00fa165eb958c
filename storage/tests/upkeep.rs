//! What a vehicle is due for.

use jiff::civil::{Date, date};
use storage::Location;
use storage::customer::CustomerId;
use storage::location::{RECALL, Recall};
use storage::service_history::ServiceRecord;
use storage::upkeep::{Due, due, recall};
use storage::vehicle::{Vehicle, VehicleId};

fn done(service: &str, performed_on: Date, mileage: i64) -> ServiceRecord {
    ServiceRecord {
        vehicle: VehicleId(1),
        appointment: None,
        performed_on,
        service: service.into(),
        mileage: Some(mileage),
        notes: None,
    }
}

fn due_on(day: Date, history: &[ServiceRecord], mileage: Option<i64>) -> Option<Due> {
    let location = Location::example();
    let noon = location.at(day.at(12, 0, 0, 0)).expect("a time");
    due(&location, history, mileage, &[], &noon)
}

#[test]
fn a_service_is_due_when_its_months_have_passed() {
    let history = [done("oil_change", date(2026, 3, 24), 30_000)];
    assert_eq!(due_on(date(2026, 9, 23), &history, None), None);
    let due = due_on(date(2026, 11, 24), &history, None).expect("due");
    assert_eq!((due.service.as_str(), due.months), ("oil_change", 8));
    assert_eq!(due.miles, None);
}

#[test]
fn miles_count_where_the_caller_says_them() {
    let history = [done("oil_change", date(2026, 9, 24), 30_000)];
    let day = date(2026, 11, 24);
    assert_eq!(due_on(day, &history, None), None);
    assert_eq!(due_on(day, &history, Some(34_999)), None);
    let due = due_on(day, &history, Some(37_500)).expect("due");
    assert_eq!(due.miles, Some(7_500));
}

#[test]
fn the_most_overdue_service_is_named_and_only_that_one() {
    let history = [
        done("oil_change", date(2026, 2, 1), 30_000),
        done("tire_rotation", date(2025, 6, 1), 25_000),
        // An older one does not count beside a newer.
        done("tire_rotation", date(2024, 6, 1), 20_000),
    ];
    let found = due_on(date(2026, 11, 24), &history, None).expect("due");
    assert_eq!(found.service, "tire_rotation");
    let location = Location::example();
    let now = location
        .at(date(2026, 11, 24).at(12, 0, 0, 0))
        .expect("a time");
    let without = due(&location, &history, None, &["tire_rotation"], &now);
    assert_eq!(without.expect("due").service, "oil_change");
}

#[test]
fn what_was_never_done_here_and_what_has_no_interval_is_not_spoken_of() {
    assert_eq!(due_on(date(2026, 11, 24), &[], Some(200_000)), None);
    let history = [done("engine_diagnostics", date(2020, 1, 1), 1_000)];
    assert_eq!(due_on(date(2026, 11, 24), &history, Some(200_000)), None);
}

#[test]
fn a_record_from_the_future_and_an_odometer_that_runs_backwards_do_no_harm() {
    let history = [done("oil_change", date(2027, 3, 24), 30_000)];
    assert_eq!(due_on(date(2026, 11, 24), &history, Some(-5)), None);
}

#[test]
fn a_recall_is_open_until_a_record_names_its_campaign() {
    let mut location = Location::example();
    let campaign = |number: &str, concerns: &str| Recall {
        campaign: number.into(),
        make: "Honda".into(),
        models: vec!["Accord".into()],
        years: 2020..=2022,
        concerns: concerns.into(),
    };
    location.recalls = vec![
        campaign("26V-101", "the fuel pump"),
        campaign("26V-102", "an airbag"),
    ];
    let accord = Vehicle {
        id: VehicleId(1),
        customer: CustomerId(1),
        year: 2021,
        make: "Honda".into(),
        model: "Accord".into(),
        vin: None,
    };
    let open = |history: &[ServiceRecord], without: &[&str]| {
        recall(&location, &accord, history, without).map(|recall| recall.concerns.as_str())
    };
    assert_eq!(open(&[], &[]), Some("the fuel pump"));
    assert_eq!(open(&[], &[RECALL]), None, "it is booked anyway");
    let mut repaired = done(RECALL, date(2026, 5, 1), 20_000);
    assert_eq!(
        open(std::slice::from_ref(&repaired), &[]),
        Some("the fuel pump")
    );
    repaired.notes = Some("Recall 26V-101: fuel pump replaced".into());
    assert_eq!(open(&[repaired], &[]), Some("an airbag"));
}
