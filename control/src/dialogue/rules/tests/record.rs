//! Reading, moving and cancelling: only after proof, only one's own.

use storage::appointment::{AppointmentId, Status};
use storage::vehicle::VehicleId;

use super::scene::{End, JOHN, MARIA, Scene, at};
use crate::dialogue::{Input, Question, TransferReason};
use crate::tools::cancel_appointment::{self, Reason};
use crate::tools::moment::Moment;
use crate::tools::{Assurance, ToolCall, ToolError, reschedule_appointment};

#[tokio::test]
async fn an_appointment_is_moved_after_the_right_date_of_birth() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says("i would like to reschedule my appointment").await;
    call.is_asked(Question::DateOfBirth);
    call.says("march fourth nineteen eighty five").await;
    call.hears("that does not match our records");
    call.is_asked(Question::DateOfBirth);
    call.hears_not("oil change");
    assert_eq!(call.context.assurance(), Assurance::Claimed);
    call.says("july second nineteen ninety").await;
    call.hears(
        "You have an oil change for your Toyota Camry, tomorrow, Tuesday, November 24 at 10 a.m.",
    );
    call.is_asked(Question::When);
    call.says("friday at three p m").await;
    call.hears("I would move your oil change to Friday, November 27 at 3 p.m.");
    call.is_asked(Question::Confirm);
    let before = call.appointment(1).await;
    assert_eq!(before.starts_at, at("2026-11-24T16:00:00Z"));
    call.says("yes").await;
    call.hears("Your oil change is now Friday, November 27 at 3 p.m.");

    let moved = call.appointment(1).await;
    assert_eq!(moved.starts_at, at("2026-11-27T21:00:00Z"));
    assert_eq!(moved.status, Status::Scheduled);
    assert_eq!(moved.vehicle, VehicleId(3));
    assert!(call.booked().await.is_empty(), "moved, not booked anew");
}

#[tokio::test]
async fn three_wrong_dates_of_birth_lead_to_a_human_and_no_further() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says("i need to cancel my appointment please").await;
    for _ in 0..3 {
        assert_eq!(call.ended, None);
        call.says("march fourth nineteen eighty five").await;
        call.hears_not("oil");
    }
    assert_eq!(
        call.ended,
        Some(End::Transferred(TransferReason::NotUnderstood))
    );
    assert_eq!(call.appointment(1).await.status, Status::Scheduled);
}

#[tokio::test]
async fn the_digits_that_found_an_account_do_not_prove_it() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[
        "i would like to reschedule my appointment",
        "zero one zero two",
    ])
    .await;
    call.is_asked(Question::DateOfBirth);
    assert_eq!(call.context.assurance(), Assurance::Claimed);
}

#[tokio::test]
async fn an_appointment_is_cancelled_with_its_reason() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says("i need to cancel my appointment").await;
    call.says("july second nineteen ninety").await;
    call.is_asked(Question::Reason);
    call.says("i sold the car").await;
    call.hears("I would cancel your oil change, tomorrow, Tuesday, November 24 at 10 a.m.");
    call.is_asked(Question::Confirm);
    assert_eq!(call.appointment(1).await.status, Status::Scheduled);
    call.says("yes").await;
    call.hears("cancelled");
    let cancelled = call.appointment(1).await;
    assert_eq!(cancelled.status, Status::Cancelled);
    assert_eq!(
        cancelled.cancellation_reason.as_deref(),
        Some("vehicle_sold")
    );

    call.says("i need to cancel my appointment").await;
    call.hears("I do not see any upcoming appointment");
    let again = ToolCall::CancelAppointment(cancel_appointment::Arguments {
        appointment_id: AppointmentId(1),
        reason: Reason::Other,
    });
    assert_eq!(call.run(again).await, Err(ToolError::AlreadyCancelled));
}

#[tokio::test]
async fn yes_cancel_that_cancels_and_cancel_that_alone_is_asked_about() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[
        "i need to cancel my appointment",
        "july second nineteen ninety",
    ])
    .await;
    call.input(Input::Unclear).await;
    call.is_asked(Question::Confirm);
    call.says("cancel that").await;
    call.is_asked(Question::Confirm);
    assert_eq!(call.appointment(1).await.status, Status::Scheduled);
    call.says("yes cancel that").await;
    let cancelled = call.appointment(1).await;
    assert_eq!(cancelled.status, Status::Cancelled);
    assert_eq!(cancelled.cancellation_reason.as_deref(), Some("other"));
}

#[tokio::test]
async fn a_no_leaves_the_appointment_as_it_is() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[
        "i need to cancel my appointment",
        "july second nineteen ninety",
        "i have to work",
        "no",
    ])
    .await;
    call.is_asked(Question::AnythingElse);
    assert_eq!(call.appointment(1).await.status, Status::Scheduled);
}

#[tokio::test]
async fn somebody_elses_appointment_looks_like_none() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    let theirs = |id| {
        ToolCall::CancelAppointment(cancel_appointment::Arguments {
            appointment_id: AppointmentId(id),
            reason: Reason::Other,
        })
    };
    assert_eq!(call.run(theirs(1)).await, Err(ToolError::NotVerified));
    call.says_in_turn(&[
        "i need to cancel my appointment",
        "march fourteenth nineteen eighty five",
    ])
    .await;
    assert_eq!(call.context.assurance(), Assurance::Verified);
    let theirs_now = call.run(theirs(1)).await;
    assert_eq!(theirs_now, Err(ToolError::NoSuchAppointment));
    assert_eq!(
        theirs_now,
        call.run(theirs(999)).await,
        "nothing tells the two apart"
    );
    let moved = ToolCall::RescheduleAppointment(reschedule_appointment::Arguments {
        appointment_id: AppointmentId(1),
        new_datetime: Moment::Instant(at("2026-11-27T21:00:00Z")),
    });
    assert_eq!(call.run(moved).await, Err(ToolError::NoSuchAppointment));
    assert_eq!(call.appointment(1).await.status, Status::Scheduled);
}

#[tokio::test]
async fn a_caller_from_another_number_is_found_by_the_spoken_one() {
    let mut call = Scene::new(None).await;
    call.opens().await;
    call.says("i would like to reschedule my appointment").await;
    call.is_asked(Question::Phone);
    call.says("two one seven five five five oh one oh two")
        .await;
    call.is_asked(Question::DateOfBirth);
    call.says("july second nineteen ninety").await;
    call.hears("You have an oil change");
}

#[tokio::test]
async fn a_caller_without_the_number_is_found_by_name_and_date_of_birth() {
    let mut call = Scene::new(None).await;
    call.opens().await;
    call.says_in_turn(&[
        "i would like to reschedule my appointment",
        "two one seven five five five oh one seven seven",
    ])
    .await;
    call.is_asked(Question::Name);
    call.says("my name is maria lopez").await;
    call.is_asked(Question::DateOfBirth);
    assert_eq!(
        call.context.assurance(),
        Assurance::None,
        "a name binds nobody"
    );
    call.says("july second nineteen ninety").await;
    call.hears("You have an oil change");
}

#[tokio::test]
async fn the_new_time_may_be_part_of_the_request() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[
        "i need to move my appointment to friday at three p m",
        "july second nineteen ninety",
    ])
    .await;
    call.is_asked(Question::Confirm);
    call.hears("Friday, November 27 at 3 p.m.");
}

#[tokio::test]
async fn who_is_verified_is_not_asked_again() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[
        "i would like to reschedule my appointment",
        "july second nineteen ninety",
        "friday at three p m",
        "yes",
        "i need to cancel my appointment",
    ])
    .await;
    call.is_asked(Question::Reason);
}

#[tokio::test]
async fn of_several_appointments_it_is_asked_which_is_meant() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[
        "my truck needs a tire rotation",
        "friday at nine a m",
        "yes",
    ])
    .await;
    call.says_in_turn(&[
        "i would like to reschedule my appointment",
        "july second nineteen ninety",
    ])
    .await;
    call.is_asked(Question::WhichAppointment);
    call.says("the second one").await;
    call.is_asked(Question::When);
    call.says_in_turn(&["saturday at ten a m", "yes"]).await;
    assert_eq!(
        call.appointment(2).await.starts_at,
        at("2026-11-28T16:00:00Z")
    );
    assert_eq!(
        call.appointment(1).await.starts_at,
        at("2026-11-24T16:00:00Z")
    );
}

#[tokio::test]
async fn a_date_of_birth_may_be_typed() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[
        "i would like to reschedule my appointment",
        "mumble",
        "mumble",
    ])
    .await;
    call.hears("keypad");
    call.presses("07021990").await;
    call.hears("You have an oil change");
}

#[tokio::test]
async fn nothing_is_booked_or_read_out_for_somebody_else() {
    use crate::tools::book_appointment::{Arguments, Party};
    use crate::tools::get_upcoming_appointments;
    use crate::tools::new_customer::AddVehicle;
    use storage::customer::CustomerId;

    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    assert_eq!(call.context.assurance(), Assurance::Claimed);
    let known = |customer, vehicle| Party::Known {
        customer_id: CustomerId(customer),
        vehicle_id: VehicleId(vehicle),
    };
    let new_vehicle = Party::NewVehicle {
        customer_id: CustomerId(2),
        add_vehicle: AddVehicle {
            year: 2019,
            make: "Toyota".to_owned(),
            model: "Camry".to_owned(),
            vin: None,
        },
    };
    for (party, refused) in [
        (known(2, 2), ToolError::NotThisCaller),
        (known(1, 2), ToolError::NoSuchVehicle),
        (new_vehicle, ToolError::NotThisCaller),
    ] {
        let book = ToolCall::BookAppointment(Arguments {
            party,
            service_type: "oil_change".to_owned(),
            scheduled_at: Moment::Instant(at("2026-11-27T15:00:00Z")),
            notes: None,
            duration_minutes: None,
            location: None,
            another: false,
        });
        assert_eq!(call.run(book).await, Err(refused));
    }
    assert_eq!(call.booked().await, []);
    let read = ToolCall::GetUpcomingAppointments(get_upcoming_appointments::Arguments {
        customer_id: CustomerId(1),
    });
    assert_eq!(call.run(read).await, Err(ToolError::NotVerified));
}
