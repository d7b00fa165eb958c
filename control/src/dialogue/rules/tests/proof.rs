//! What proves who calls, as the location has it; and who guesses.

use storage::Location;
use storage::appointment::Status;
use storage::customer::{CustomerId, NewCustomer, Phone};
use storage::location::Proof;
use storage::vehicle::NewVehicle;

use super::scene::{End, JOHN, MARIA, Scene};
use crate::dialogue::{Question, TransferReason};
use crate::tools::get_upcoming_appointments;
use crate::tools::{Assurance, ToolCall, ToolError, verify_customer};

const MOVE: &str = "i would like to reschedule my appointment";
const CANCEL: &str = "i need to cancel my appointment";
const RIGHT: &str = "july second nineteen ninety";
const WRONG: &str = "march fourth nineteen eighty five";
const TRUCK: &str = "1FTEW1E50KFA00001";

#[tokio::test]
async fn a_street_address_proves_it_as_well_as_a_date_of_birth() {
    for said in [
        "four oh two oak avenue",
        "402 Oak Ave.",
        "i live at 402 oak avenue",
    ] {
        let mut call = Scene::new(Some(MARIA)).await;
        call.opens().await;
        call.says_in_turn(&[MOVE, said]).await;
        call.hears("You have an oil change");
        assert_eq!(call.context.assurance(), Assurance::Verified, "{said}");
    }
}

#[tokio::test]
async fn part_of_an_address_proves_nothing() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says(MOVE).await;
    for part in ["", "o", "oak", "402", "oak avenue", "springfield"] {
        let proof = verify_customer::Arguments::Address(part.to_owned());
        let refused = call.run(ToolCall::VerifyCustomer(proof)).await;
        assert!(
            matches!(
                refused,
                Err(ToolError::BadArgument {
                    field: "address",
                    ..
                })
            ),
            "{part:?}: {refused:?}"
        );
    }
    assert_eq!(call.context.assurance(), Assurance::Claimed);
}

#[tokio::test]
async fn a_vin_is_a_proof_where_nothing_else_is_on_file() {
    let mut call = Scene::new(Some("+12175550142")).await;
    grace(&call, true).await;
    call.opens().await;
    call.hears("Hello Grace");
    call.says(CANCEL).await;
    call.is_asked(Question::Vin);
    call.says("it's one foxtrot tango echo whiskey one echo five oh k f as in frank a double zero double zero two")
        .await;
    call.hears("that does not match our records");
    call.is_asked(Question::Vin);
    call.says("one foxtrot tango echo whiskey one echo five oh k f as in frank a double zero double zero one")
        .await;
    call.hears("I do not see any upcoming appointment for you.");
}

#[tokio::test]
async fn a_caller_of_whom_nothing_is_on_file_is_given_to_a_human() {
    let mut call = Scene::new(Some("+12175550142")).await;
    grace(&call, false).await;
    call.opens().await;
    call.says(CANCEL).await;
    assert_eq!(call.ended, Some(End::Transferred(TransferReason::Complex)));
}

#[tokio::test]
async fn where_two_proofs_are_needed_one_opens_nothing() {
    let mut call = Scene::in_a_shop(two_to_read, Some(MARIA)).await;
    call.opens().await;
    call.says(MOVE).await;
    call.is_asked(Question::DateOfBirth);
    call.says(RIGHT).await;
    call.is_asked(Question::Address);
    call.hears_not("oil change");
    assert_eq!(call.context.assurance(), Assurance::Claimed);
    let read = ToolCall::GetUpcomingAppointments(get_upcoming_appointments::Arguments {
        customer_id: CustomerId(2),
    });
    assert_eq!(call.run(read.clone()).await, Err(ToolError::NotVerified));
    // The same proof again is no second one.
    call.says(RIGHT).await;
    call.is_asked(Question::Address);
    assert_eq!(call.run(read.clone()).await, Err(ToolError::NotVerified));
    call.says("four oh two oak avenue").await;
    call.hears("You have an oil change");
    assert_eq!(call.context.assurance(), Assurance::Verified);
    assert!(call.run(read).await.is_ok());
}

#[tokio::test]
async fn an_action_may_need_more_proofs_than_reading_does() {
    let two_to_cancel = |location: &mut Location| location.verification.cancel = 2;
    let mut call = Scene::in_a_shop(two_to_cancel, Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[MOVE, RIGHT]).await;
    call.hears("You have an oil change");
    call.says(CANCEL).await;
    call.is_asked(Question::Address);
    call.says("four oh two oak avenue").await;
    call.is_asked(Question::Reason);
    call.says_in_turn(&["i sold the car", "yes"]).await;
    assert_eq!(call.appointment(1).await.status, Status::Cancelled);
}

#[tokio::test]
async fn what_the_location_does_not_take_is_no_proof() {
    let only_birth =
        |location: &mut Location| location.verification.proofs = vec![Proof::DateOfBirth];
    let mut call = Scene::in_a_shop(only_birth, Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[MOVE, "402 oak avenue"]).await;
    call.is_asked(Question::DateOfBirth);
    let proof = verify_customer::Arguments::Address("402 oak avenue".to_owned());
    let refused = call.run(ToolCall::VerifyCustomer(proof)).await;
    assert!(
        matches!(
            refused,
            Err(ToolError::BadArgument {
                field: "address",
                ..
            })
        ),
        "{refused:?}"
    );
    assert_eq!(call.context.assurance(), Assurance::Claimed);
}

#[tokio::test]
async fn wrong_answers_count_across_calls_until_nobody_may_guess() {
    let mut first = Scene::new(Some(MARIA)).await;
    first.opens().await;
    first.says_in_turn(&[MOVE, WRONG, WRONG]).await;
    assert_eq!(first.ended, None);

    // The next call knows nothing of the first one, but the book does.
    let mut second = first.another_call(Some(MARIA));
    second.opens().await;
    second.says_in_turn(&[MOVE, WRONG, WRONG]).await;
    assert_eq!(second.ended, None);
    second.says(WRONG).await;
    let handed_on = Some(End::Transferred(TransferReason::NotUnderstood));
    assert_eq!(second.ended, handed_on);

    // From another telephone, by the spoken number, and with the right answer: no difference.
    let mut third = first.another_call(None);
    third.opens().await;
    third
        .says_in_turn(&[MOVE, "two one seven five five five oh one oh two", RIGHT])
        .await;
    assert_eq!(third.ended, handed_on);
    third.hears("I cannot verify you over the telephone just now.");
    assert_eq!(third.words(), second.words(), "nothing tells the two apart");
    assert_eq!(third.context.assurance(), Assurance::Claimed);
    assert_eq!(third.appointment(1).await.status, Status::Scheduled);

    // Others are not kept out by it.
    let mut john = first.another_call(Some(JOHN));
    john.opens().await;
    john.says_in_turn(&[MOVE, "march fourteenth nineteen eighty five"])
        .await;
    assert_eq!(john.context.assurance(), Assurance::Verified);
}

#[tokio::test]
async fn a_lock_ends_with_its_time() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[MOVE, WRONG, WRONG, WRONG]).await;
    let mut call = call.another_call(Some(MARIA));
    call.opens().await;
    call.says_in_turn(&[MOVE, WRONG, WRONG]).await;
    assert!(call.ended.is_some());
    let mut early = call.another_call_after(59, Some(MARIA));
    early.opens().await;
    early.says_in_turn(&[MOVE, RIGHT]).await;
    assert_eq!(early.context.assurance(), Assurance::Claimed);
    let mut later = call.another_call_after(61, Some(MARIA));
    later.opens().await;
    later.says_in_turn(&[MOVE, RIGHT]).await;
    later.hears("You have an oil change");
}

#[tokio::test]
async fn a_right_answer_forgets_the_wrong_ones() {
    let mut call = Scene::new(Some(MARIA)).await;
    for _ in 0..4 {
        call = call.another_call(Some(MARIA));
        call.opens().await;
        call.says_in_turn(&[MOVE, WRONG, WRONG, RIGHT]).await;
        call.hears("You have an oil change");
    }
}

#[tokio::test]
async fn a_name_is_no_way_around_a_lock() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&[MOVE, WRONG, WRONG, WRONG]).await;
    let mut call = call.another_call(None);
    call.opens().await;
    call.says_in_turn(&[
        MOVE,
        "two one seven five five five oh one seven seven",
        "my name is maria lopez",
        WRONG,
        WRONG,
    ])
    .await;
    let handed_on = Some(End::Transferred(TransferReason::NotUnderstood));
    assert_eq!(call.ended, handed_on);
}

#[tokio::test]
async fn a_right_first_proof_of_two_is_no_guess() {
    let mut call = Scene::in_a_shop(two_to_read, Some(MARIA)).await;
    // So often that the first proofs alone would be too many answers.
    for _ in 0..7 {
        call = call.another_call(Some(MARIA));
        call.opens().await;
        call.says_in_turn(&[MOVE, RIGHT]).await;
        call.is_asked(Question::Address);
    }
    call.says("four oh two oak avenue").await;
    call.hears("You have an oil change");
    // A right first proof forgets no wrong second one.
    for _ in 0..3 {
        let mut guess = call.another_call(Some(MARIA));
        guess.opens().await;
        guess
            .says_in_turn(&[MOVE, RIGHT, "one oak avenue", "two oak avenue"])
            .await;
    }
    let mut locked = call.another_call(Some(MARIA));
    locked.opens().await;
    locked.says_in_turn(&[MOVE, RIGHT]).await;
    let handed_on = Some(End::Transferred(TransferReason::NotUnderstood));
    assert_eq!(locked.ended, handed_on);
}

#[tokio::test]
async fn what_is_guessed_by_a_name_locks_none_of_those_who_bear_it() {
    let mut call = Scene::new(None).await;
    other_maria(&call).await;
    for _ in 0..3 {
        call = call.another_call(None);
        call.opens().await;
        call.says_in_turn(&BY_NAME).await;
        call.says_in_turn(&[WRONG, WRONG, WRONG]).await;
        assert!(call.ended.is_some());
    }
    let mut by_name = call.another_call(None);
    by_name.opens().await;
    by_name.says_in_turn(&BY_NAME).await;
    by_name.says(RIGHT).await;
    assert!(by_name.ended.is_some(), "the name is guessed at no more");
    let mut maria = call.another_call(Some(MARIA));
    maria.opens().await;
    maria.says_in_turn(&[MOVE, RIGHT]).await;
    maria.hears("You have an oil change");
}

#[tokio::test]
async fn a_locked_namesake_keeps_nobody_out_but_themselves() {
    let mut call = Scene::new(Some(MARIA)).await;
    other_maria(&call).await;
    for _ in 0..2 {
        call = call.another_call(Some(MARIA));
        call.opens().await;
        call.says_in_turn(&[MOVE, WRONG, WRONG, WRONG]).await;
    }
    let mut locked = call.another_call(None);
    locked.opens().await;
    locked.says_in_turn(&BY_NAME).await;
    locked.says(RIGHT).await;
    locked.hears("does not match");
    locked.says("may fifth nineteen seventy one").await;
    locked.hears("I do not see any upcoming appointment");
    assert_eq!(locked.context.assurance(), Assurance::Verified);
}

const BY_NAME: [&str; 3] = [
    MOVE,
    "two one seven five five five oh one seven seven",
    "my name is maria lopez",
];

/// Another customer of Maria's name.
async fn other_maria(call: &Scene) {
    let new = NewCustomer {
        phone: Phone::parse("+12175550143").expect("a number"),
        first_name: "Maria".to_owned(),
        last_name: "Lopez".to_owned(),
        email: None,
        date_of_birth: Some(jiff::civil::date(1971, 5, 5)),
        address: None,
    };
    call.store.customers.create(&new).await.expect("free");
}

fn two_to_read(location: &mut Location) {
    let policy = &mut location.verification;
    policy.read = 2;
    policy.reschedule = 2;
    policy.cancel = 2;
}

/// Grace, of whom the book knows her number, a truck, and perhaps its VIN.
async fn grace(call: &Scene, with_vin: bool) {
    let new = NewCustomer {
        phone: Phone::parse("+12175550142").expect("a number"),
        first_name: "Grace".to_owned(),
        last_name: "Hill".to_owned(),
        email: None,
        date_of_birth: None,
        address: None,
    };
    let grace = call.store.customers.create(&new).await.expect("free");
    let truck = NewVehicle {
        year: 2019,
        make: "Ford".to_owned(),
        model: "F-150".to_owned(),
        vin: with_vin.then(|| TRUCK.to_owned()),
    };
    call.store
        .vehicles
        .add(grace.id, &truck)
        .await
        .expect("hers");
}
