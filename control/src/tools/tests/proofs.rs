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

/// To hear of an appointment takes one proof, to cancel it two.
fn one_and_two() -> Verification {
    Verification {
        cancel: 2,
        ..Location::example().verification
    }
}

impl Call {
    async fn proves(&mut self, born: &str) -> Result<Answer, Refusal> {
        let proof = json!({"date_of_birth": born});
        self.asks("verify_customer", &proof).await
    }

    async fn lives_at(&mut self, street: &str) -> Result<Answer, Refusal> {
        let proof = json!({"address": street});
        self.asks("verify_customer", &proof).await
    }
}

#[tokio::test]
async fn whoever_knows_one_proof_has_no_more_guesses_at_another_than_anybody() {
    let one = Location::example().verification;
    // The second proof is asked for here, or at the other location alone.
    for (here, there) in [(one_and_two(), one.clone()), (one.clone(), one_and_two())] {
        let mut call = between(here, there).await;
        for street in [
            "1 Elm Street",
            "2 Elm Street",
            "3 Elm Street",
            "4 Elm Street",
        ] {
            call.begins_anew().await;
            call.proves("1985-03-14").await.expect("right");
            call.lives_at(street).await.expect_err("wrong");
        }
        call.begins_anew().await;
        call.proves("1985-03-14").await.expect("right");
        let locked = Err(Refusal::Tool(ToolError::TooManyFailures));
        assert_eq!(call.lives_at("5 Elm Street").await, locked, "the fifth");
        call.begins_anew().await;
        assert_eq!(
            call.lives_at("18 Elm Street").await,
            locked,
            "the right one"
        );
        assert_eq!(call.proves("1985-03-14").await, locked);
    }
}

#[tokio::test]
async fn whoever_has_proved_all_may_be_wrong_again_as_often_as_anybody() {
    let mut call = between(one_and_two(), one_and_two()).await;
    for _ in 0..3 {
        call.begins_anew().await;
        for street in ["1 Elm Street", "2 Elm Street"] {
            call.lives_at(street).await.expect_err("wrong");
        }
        call.proves("1985-03-14").await.expect("right");
        call.lives_at("18 Elm Street").await.expect("right");
    }
}
