//! Who has an appointment already: what they hear of it, and what they hear where it is not theirs to
//! hear.

use storage::Locations;
use storage::appointment::{NewAppointment, Party};
use storage::vehicle::VehicleId;

use super::*;
use crate::tools::error::NotBookable;

/// John's Accord, for a brake inspection from ten to eleven on Friday.
async fn has_booked(call: &Call, location: &str) {
    let at = |text: &str| text.parse().expect("an instant");
    let booking = NewAppointment {
        party: Party::Known {
            customer: CustomerId(1),
            vehicle: VehicleId(1),
        },
        location: location.to_owned(),
        service: "brake_inspection".to_owned(),
        starts_at: at("2026-11-27T10:00:00-06:00"),
        ends_at: at("2026-11-27T11:00:00-06:00"),
        bays: 3,
        notes: None,
        idempotency_key: "before".to_owned(),
        booked_by: "test".to_owned(),
        booked_from: None,
    };
    call.store.appointments.book(&booking).await.expect("free");
}

fn at(time: &str) -> Value {
    let mut arguments = known(1, 1);
    arguments["scheduled_at"] = json!(time);
    arguments
}

#[tokio::test]
async fn a_busy_vehicle_is_a_taken_time_for_whoever_is_not_verified() {
    let half_past = at("2026-11-27T10:30");
    for verified in [false, true] {
        let mut call = if verified {
            Call::verified().await
        } else {
            Call::claimed().await
        };
        has_booked(&call, "main").await;
        let refused = call.asks("book_appointment", &half_past).await;
        match (verified, refused) {
            (false, Err(Refusal::Tool(ToolError::NotBookable { why, nearest }))) => {
                assert_eq!(why, NotBookable::Taken);
                assert!(!nearest.is_empty());
                for slot in nearest {
                    let again = at(&slot.starts_at.datetime().to_string());
                    let booked = call.asks("book_appointment", &again).await;
                    assert!(booked.is_ok(), "{again}: {booked:?}");
                    call = Call::claimed().await;
                    has_booked(&call, "main").await;
                }
            }
            (true, Err(Refusal::Tool(ToolError::AlreadyBooked(visit)))) => {
                assert_eq!(visit.service_type, "brake_inspection");
            }
            (_, other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn whoever_is_not_verified_cannot_tell_from_an_answer_whether_there_is_an_appointment() {
    let on = |day: &str| {
        let mut wish = at(&format!("{day}T14:00"));
        wish["service_type"] = json!("brake_inspection");
        wish
    };
    // The same day, the days around it, and weeks from it.
    for day in ["2026-11-25", "2026-11-27", "2026-12-01", "2026-12-30"] {
        let mut answers = Vec::new();
        for is_booked in [false, true] {
            let mut call = Call::claimed().await;
            if is_booked {
                has_booked(&call, "main").await;
            }
            let answer = call.asks("book_appointment", &on(day)).await;
            let Ok(Answer::Booked(visit)) = answer else {
                panic!("{day}, {is_booked}: {answer:?}");
            };
            answers.push((visit.scheduled_at, visit.vehicle));
        }
        assert_eq!(answers[0], answers[1], "{day}");
    }
}

#[tokio::test]
async fn a_vehicle_that_may_be_the_one_on_file_is_asked_about() {
    let describes = |model: &str| {
        json!({
            "customer_id": 1,
            "add_vehicle": {"year": 2021, "make": "honda", "model": model},
            "service_type": "brake_inspection",
            "scheduled_at": "2026-11-27T11:30",
        })
    };
    let mut call = Call::verified().await;
    has_booked(&call, "main").await;
    for model in ["accord", "Accord Hybrid"] {
        let refused = call.asks("book_appointment", &describes(model)).await;
        let Err(Refusal::Tool(ToolError::AlreadyBooked(known))) = refused else {
            panic!("{model}: {refused:?}");
        };
        assert_eq!(known.scheduled_at.hour(), 10);
    }
    let his = call.store.vehicles.of_customer(CustomerId(1)).await;
    assert_eq!(his.expect("readable").len(), 1);
    let another = call.asks("book_appointment", &describes("Civic")).await;
    assert!(another.is_ok(), "{another:?}");
}

#[tokio::test]
async fn a_call_that_another_process_goes_on_with_books_the_same_once_and_anything_else_beside_it()
{
    let wish = |service: &str, time: &str| {
        let mut wish = at(time);
        wish["service_type"] = json!(service);
        wish
    };
    let oil = wish("oil_change", "2026-11-27T09:00");
    let tires = wish("tire_rotation", "2026-11-27T14:00");
    let mut call = Call::claimed().await;
    let first = call.asks("book_appointment", &oil).await.expect("free");
    for _ in 0..2 {
        call.begins_anew().await;
        let beside = call.asks("book_appointment", &tires).await;
        let Ok(Answer::Booked(beside)) = beside else {
            panic!("{beside:?}");
        };
        assert_eq!(beside.service_type, "tire_rotation");
    }
    call.begins_anew().await;
    assert_eq!(call.asks("book_appointment", &oil).await, Ok(first));
    let his = call.store.appointments.of_customer(CustomerId(1)).await;
    assert_eq!(his.expect("readable").len(), 2);
}

#[tokio::test]
async fn a_date_that_is_over_is_refused_for_itself_and_not_for_the_model_year() {
    let mut call = Call::begun().await;
    let mut past = booking();
    past["scheduled_at"] = json!("2019-11-27T09:00");
    let refused = call.asks("book_appointment", &past).await;
    let Err(Refusal::Tool(ToolError::NotBookable { why, .. })) = &refused else {
        panic!("{refused:?}");
    };
    assert!(matches!(why, NotBookable::Rule(_)), "{why}");
    call.wrote_nothing().await;
}

#[tokio::test]
async fn what_is_at_a_stricter_location_is_read_by_its_rules() {
    let north = include_str!("../../../../storage/locations/ottos-north.toml");
    let north = Location::parse(north).expect("the second example is valid");
    let both = |proofs: u8| {
        let mut north = north.clone();
        north.verification.read = proofs;
        Locations::several(vec![Location::example(), north]).expect("two locations")
    };
    let mut call = Call::verified().await;
    let clock = BusinessClock::starting_at(NOW.parse().expect("an instant"));
    call.toolbox = Toolbox::new(call.store.clone(), both(2), clock);
    has_booked(&call, &north.key).await;
    let own = json!({"customer_id": 1});
    call.is_refused("get_upcoming_appointments", &own, "not verified")
        .await;
    let repeated = call.asks("book_appointment", &at("2026-11-27T10:30")).await;
    let Err(Refusal::Tool(ToolError::NotBookable { why, .. })) = repeated else {
        panic!("{repeated:?}");
    };
    assert_eq!(why, NotBookable::VehicleBusy, "and no more is said of it");
    // Where one proof is enough, it is read.
    call.toolbox = Toolbox::new(call.store.clone(), both(1), clock);
    let read = call.asks("get_upcoming_appointments", &own).await;
    let Ok(Answer::Upcoming(visits)) = read else {
        panic!("{read:?}");
    };
    assert_eq!(visits.len(), 1);
}
