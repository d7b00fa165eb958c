//! What is booked already, and what is due: facts that a model gets from its tools.

use super::scene::{Scene, runs, says};

const FIRST: &str = r#"{"customer_id": 1, "vehicle_id": 1, "create_customer": null,
    "add_vehicle": null, "service_type": "oil_change", "scheduled_at": "2026-11-24T09:00",
    "notes": null, "location": null, "another": null}"#;
const SECOND: &str = r#"{"customer_id": 1, "vehicle_id": 1, "create_customer": null,
    "add_vehicle": null, "service_type": "oil_change", "scheduled_at": "2026-11-27T09:00",
    "notes": null, "location": null, "another": null}"#;
const SHALL_I: &str = "Shall I book your oil change for tomorrow at nine?";
const SHALL_I_TOO: &str = "Shall I book your oil change for Friday at nine?";

#[tokio::test]
async fn a_second_booking_of_the_same_is_refused_with_what_there_is() {
    let both = SECOND.replace("\"another\": null", "\"another\": true");
    let mut scene = Scene::of_john([
        says(SHALL_I),
        runs("", &[("book_appointment", FIRST)]),
        says("It is booked."),
        says(SHALL_I_TOO),
        runs("", &[("book_appointment", SECOND)]),
        says("You have one tomorrow at nine. Shall I book Friday at nine, too?"),
        runs("", &[("book_appointment", &both)]),
        says("Both are booked."),
    ])
    .await;
    scene.hears("An oil change tomorrow at nine.").await;
    scene.hears("Yes.").await;
    scene.hears("And on Friday at nine.").await;
    scene.hears("Yes.").await;
    let told = scene.told_of_tool();
    assert!(told.contains("booked_already"), "{told}");
    assert!(told.contains("Tuesday 2026-11-24T09:00"), "{told}");
    assert_eq!(scene.appointments_of_john().await.len(), 1);
    scene.hears("Yes, both.").await;
    assert_eq!(scene.appointments_of_john().await.len(), 2);
}

#[tokio::test]
async fn what_is_due_is_nothing_for_whoever_is_not_verified() {
    let ask = r#"{"vehicle_id": 1, "beside": [], "mileage": null, "location": null}"#;
    let mut scene = Scene::of_john([
        runs("", &[("suggest_service", ask)]),
        says("What is your date of birth?"),
    ])
    .await;
    scene.hears("I need a tire rotation.").await;
    assert!(scene.told_of_tool().contains("not verified"));
}

#[tokio::test]
async fn a_list_that_nobody_works_through_takes_nobody() {
    let join = r#"{"described_as": "", "service_type": "oil_change", "first_day": "2026-11-24",
        "last_day": "2026-11-25", "location": null}"#;
    let mut scene = Scene::of_john([
        says("Shall I put you on the waiting list for tomorrow?"),
        runs("", &[("join_waitlist", join)]),
        says("I am sorry, I cannot."),
    ])
    .await;
    scene.hears("Is there nothing tomorrow?").await;
    scene.hears("Yes.").await;
    assert!(scene.told_of_tool().contains("no waiting list"));
    let list = scene.store.waitlist.waiting("main", None, 9).await;
    assert_eq!(list.expect("readable"), []);
}
