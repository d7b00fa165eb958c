//! What a caller has proved, and what follows from it: at each location by its own rules, and across
//! calls.

use storage::Locations;
use storage::appointment::{NewAppointment, Party};
use storage::location::{Proof, Verification};
use storage::vehicle::VehicleId;

use super::*;

/// John's call to the first of two locations, whose rules are as given; the other's, too.
async fn between(here: Verification, there: Verification) -> Call {
    let mut call = Call::claimed().await;
    let north = include_str!("../../../../storage/locations/ottos-north.toml");
    let mut north = Location::parse(north).expect("the second example is valid");
    let mut main = Location::example();
    (main.verification, north.verification) = (here, there);
    let both = Locations::several(vec![main, north]).expect("two locations");
    let clock = BusinessClock::starting_at(NOW.parse().expect("an instant"));
    call.toolbox = Toolbox::new(call.store.clone(), both, clock);
    call
}

/// One of these proves enough.
fn one_of(proofs: &[Proof]) -> Verification {
    Verification {
        proofs: proofs.to_vec(),
        ..Location::example().verification
    }
}

/// John's Accord, in the north on Friday at ten.
async fn is_booked_in_the_north(call: &Call) -> AppointmentId {
    let at = |text: &str| text.parse().expect("an instant");
    let booking = NewAppointment {
        party: Party::Known {
            customer: CustomerId(1),
            vehicle: VehicleId(1),
        },
        location: "north".to_owned(),
        service: "oil_change".to_owned(),
        starts_at: at("2026-12-04T10:00:00-05:00"),
        ends_at: at("2026-12-04T11:00:00-05:00"),
        bays: 2,
        notes: None,
        idempotency_key: "before".to_owned(),
        booked_by: "test".to_owned(),
        booked_from: None,
    };
    let made = call.store.appointments.book(&booking).await;
    made.expect("free").id
}

#[tokio::test]
async fn a_proof_that_a_location_does_not_take_opens_nothing_there() {
    let born = one_of(&[Proof::DateOfBirth]);
    let vin = one_of(&[Proof::Vin]);
    for (theirs, opens) in [(vin, false), (born.clone(), true)] {
        let mut call = between(born.clone(), theirs).await;
        let id = is_booked_in_the_north(&call).await;
        let proof = json!({"date_of_birth": "1985-03-14"});
        call.asks("verify_customer", &proof).await.expect("right");
        let which = json!({"appointment_id": id});
        for (tool, arguments) in [
            ("get_upcoming_appointments", json!({"customer_id": 1})),
            ("confirm_appointment", which.clone()),
            (
                "reschedule_appointment",
                json!({"appointment_id": id, "new_datetime": "2026-12-04T14:00"}),
            ),
            ("cancel_appointment", which.clone()),
        ] {
            let answer = call.asks(tool, &arguments).await;
            let refused = answer == Err(Refusal::Tool(ToolError::NotVerified));
            assert_eq!(refused, !opens, "{tool}: {answer:?}");
        }
    }
}
