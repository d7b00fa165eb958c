//! New appointments.

use control::feed::FeedEvent;
use serde_json::{Value, json};
use storage::appointment::Status;
use storage::customer::CustomerId;
use storage::vehicle::VehicleId;
use tests::caller::Caller;
use tests::dealership::{Dealership, FAST, JOHN, MARIA, Plan, STRANGER, SUE, at, on_both_books};
use tests::vendors::deepgram_tts::voice_at;
use tests::vendors::openai::Reply;

const WHEN: &str = "What day and time";
const SHALL_I: &str = "Shall I book it?";
const BOOKED: &str = "You are booked";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_caller_books_an_oil_change_for_saturday_at_nine() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        let john = shop.rings(JOHN).await;
        let greeting = john.is_told("How can I help you?").await;
        assert!(greeting.starts_with("Hello John, thank you for calling Otto's Auto."));
        hears_every_letter(&john, &greeting);
        john.says("i need an oil change").await;
        john.is_told(WHEN).await;
        john.says("this saturday at nine").await;
        john.is_told(SHALL_I).await;
        assert_eq!(shop.booked().await, [], "nothing before a yes");
        john.says("yes").await;
        john.is_told(BOOKED).await;
        john.says("no thank you that is all").await;
        assert!(john.is_let_go().await.contains("<Hangup/>"));

        let booked = shop.booked().await;
        assert_eq!(booked.len(), 1, "{booked:?}");
        let booked = &booked[0];
        assert_eq!(booked.customer, CustomerId(1));
        assert_eq!(booked.service, "oil_change");
        assert_eq!(booked.status, Status::Scheduled);
        // Nine in Springfield.
        assert_eq!(booked.starts_at, at("2026-11-28T15:00:00Z"));
        assert_eq!(booked.ends_at, at("2026-11-28T15:30:00Z"));
        let events = shop.calendar_agrees().await;
        assert_eq!(events.len(), 2, "this one and the seeded one");
        let lines = shop.store.audit.of_call(john.sid()).await;
        let lines = lines.expect("readable");
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0].entry.appointment, Some(booked.id));
        let log = shop.log(&john).await;
        assert_eq!(log.outcome, storage::call_log::Outcome::Booked);
        assert_eq!(log.appointment, Some(booked.id));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_back_from_a_human_who_did_not_answer_books_beside_what_they_booked_before() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        let john = shop.rings(JOHN).await;
        john.is_told("How can I help you?").await;
        john.says("i need an oil change this saturday at nine")
            .await;
        john.is_told(SHALL_I).await;
        john.says("yes").await;
        john.is_told(BOOKED).await;
        john.says("can i speak to a manager").await;
        assert!(john.is_let_go().await.contains("<Dial"));

        let john = john.comes_back().await;
        john.is_told("Shall one of them call you back?").await;
        john.says("no i need a tire rotation on friday at ten")
            .await;
        john.is_told(SHALL_I).await;
        john.says("yes").await;
        let told = john.is_told(BOOKED).await;
        assert!(told.contains("tire rotation"), "{told}");
        john.hangs_up();

        let booked = shop.booked().await;
        let services: Vec<&str> = booked.iter().map(|b| b.service.as_str()).collect();
        assert_eq!(services, ["oil_change", "tire_rotation"]);
        assert_eq!(booked[1].starts_at, at("2026-11-27T16:00:00Z"));
        shop.calendar_agrees().await;
    })
    .await;
}

/// All that was said came out of the earpiece, clause by clause, and nothing of it was cut off.
fn hears_every_letter(caller: &Caller, words: &str) {
    let heard = caller.phone().played();
    let clauses = words.split_inclusive(['.', '?', '!']);
    for clause in clauses {
        let voice = voice_at(clause, FAST);
        let length = voice.len();
        assert!(
            heard.windows(length).any(|window| window == voice),
            "{clause:?} was not heard whole"
        );
    }
    let cut = |what: &FeedEvent| matches!(what, FeedEvent::BargeIn { .. });
    assert!(!caller.told().iter().any(cut));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_caller_is_written_into_the_book_together_with_car_and_appointment() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        let sarah = shop.rings(STRANGER).await;
        sarah.is_told("Hello, thank you for calling").await;
        for (words, answer) in [
            ("i would like to schedule an oil change", WHEN),
            ("friday at two p m", "first and last name"),
            ("my name is sarah johnson", "year, make and model"),
            ("twenty nineteen toyota camry", "your date of birth"),
            ("march fourteenth nineteen eighty five", SHALL_I),
        ] {
            sarah.says(words).await;
            sarah.is_told(answer).await;
        }
        assert_eq!(shop.customer(STRANGER).await, None, "nobody before a yes");
        assert_eq!(shop.booked().await, []);
        sarah.says("yes").await;
        sarah.is_told(BOOKED).await;
        sarah.hangs_up();

        let customer = shop.customer(STRANGER).await.expect("written");
        assert_eq!(
            (customer.first_name.as_str(), customer.last_name.as_str()),
            ("Sarah", "Johnson")
        );
        assert!(customer.date_of_birth.is_some());
        let cars = shop.store.vehicles.of_customer(customer.id).await;
        let cars = cars.expect("readable");
        assert_eq!(cars.len(), 1);
        assert_eq!((cars[0].year, cars[0].model.as_str()), (2019, "Camry"));
        let booked = shop.booked().await;
        assert_eq!(booked.len(), 1);
        assert_eq!(
            (booked[0].customer, booked[0].vehicle),
            (customer.id, cars[0].id)
        );
        assert_eq!(booked[0].starts_at, at("2026-11-27T20:00:00Z"));
        shop.calendar_agrees().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_caller_gives_name_address_of_mail_and_car_to_a_model() {
    on_both_books(Plan::with_model(), async |shop: &Dealership| {
        shop.thinks.think(|asked| {
            if asked_for(asked, "book_appointment") {
                return Reply::saying(&["You are booked", " for Friday at two."]);
            }
            let said = last_words(asked);
            if said.contains("yes") {
                let wish = json!({
                    "customer_id": null, "vehicle_id": null,
                    "create_customer": {"phone_number": STRANGER, "first_name": "Sarah",
                        "last_name": "O'Neil", "email": "sarah.oneil+cars@example.com"},
                    "add_vehicle": {"year": 2019, "make": "Toyota", "model": "Camry"},
                    "service_type": "oil_change", "scheduled_at": "2026-11-27T14:00",
                    "notes": null});
                return Reply::asking_for("call_1", "book_appointment", &wish.to_string());
            }
            if said.contains("camry") {
                return Reply::saying(&[
                    "An oil change for Sarah O'Neil's 2019 Toyota Camry",
                    " on Friday, November 27 at 2 p.m.",
                    " Shall I book it?",
                ]);
            }
            Reply::saying(&["Your name, your e-mail and your car, please?"])
        });
        let sarah = shop.rings(STRANGER).await;
        sarah.is_told("How can I help you?").await;
        sarah.says("an oil change on friday at two").await;
        sarah.is_told("Your name, your e-mail").await;
        sarah
            .says("sarah o'neil sarah dot oneil plus cars at example dot com it is a twenty nineteen toyota camry")
            .await;
        sarah.is_told(SHALL_I).await;
        assert_eq!(shop.customer(STRANGER).await, None, "nobody before a yes");
        sarah.says("yes").await;
        sarah.is_told(BOOKED).await;
        sarah.hangs_up();
        let customer = shop.customer(STRANGER).await.expect("written");
        assert_eq!(customer.last_name, "O'Neil");
        assert_eq!(customer.email.as_deref(), Some("sarah.oneil+cars@example.com"));
        let booked = shop.booked().await;
        assert_eq!(booked.len(), 1);
        assert_eq!(booked[0].customer, customer.id);
        assert_eq!(booked[0].starts_at, at("2026-11-27T20:00:00Z"));
        shop.calendar_agrees().await;
    })
    .await;
}

/// What the caller has said last.
pub(super) fn last_words(asked: &Value) -> String {
    let messages = asked["messages"].as_array().expect("a conversation");
    let mut users = messages.iter().rev().filter(|m| m["role"] == "user");
    let last = users.next().map(|m| m["content"].to_string());
    last.unwrap_or_default().to_lowercase()
}

/// Whether the last thing in the conversation is the answer of this tool.
pub(super) fn asked_for(asked: &Value, tool: &str) -> bool {
    let messages = asked["messages"].as_array().expect("a conversation");
    let after_user = messages.iter().rposition(|m| m["role"] == "user");
    let since = messages.iter().skip(after_user.unwrap_or(0));
    since
        .flat_map(|m| m["tool_calls"].as_array().cloned().unwrap_or_default())
        .any(|call| call["function"]["name"] == tool)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_cars_the_truck_is_the_truck_and_it_is_asked_which_where_none_is_named() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        let maria = shop.rings(MARIA).await;
        maria.is_told("Hello Maria").await;
        maria
            .says("my truck needs an oil change on friday at nine")
            .await;
        maria.is_told(SHALL_I).await;
        maria.says("yes").await;
        maria.is_told(BOOKED).await;
        maria.says("i need a tire rotation").await;
        maria.is_told(WHEN).await;
        maria.says("friday at eleven").await;
        let asked = maria.is_told("Which vehicle is it for?").await;
        assert!(
            !asked.contains("Ford") && !asked.contains("Toyota"),
            "{asked}"
        );
        maria.says("the toyota").await;
        maria.is_told(SHALL_I).await;
        maria.says("yes").await;
        maria.is_told(BOOKED).await;
        maria.hangs_up();
        let cars: Vec<_> = shop.booked().await.iter().map(|b| b.vehicle).collect();
        assert_eq!(cars, [VehicleId(2), VehicleId(3)]);
        shop.calendar_agrees().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_callers_for_one_slot_one_has_it_and_the_other_is_offered_the_nearest() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        let (john, sue) = tokio::join!(shop.rings(JOHN), shop.rings(SUE));
        let wishes = async |caller: &Caller, told: &str| {
            caller.is_told("How can I help you?").await;
            caller
                .says("i need an oil change on friday at two p m")
                .await;
            caller.is_told(told).await
        };
        wishes(&john, SHALL_I).await;
        // It is his while he decides.
        let offered = wishes(&sue, "already taken").await;
        assert!(
            offered.contains("1:30 p.m.") && offered.contains("2:30 p.m."),
            "{offered}"
        );
        assert!(shop.booked().await.is_empty());
        john.says("yes").await;
        john.is_told(BOOKED).await;
        assert_eq!(shop.booked().await.len(), 1);
        assert_eq!(shop.calendar_agrees().await.len(), 2);

        sue.says("two thirty").await;
        sue.is_told(SHALL_I).await;
        sue.says("yes").await;
        sue.is_told(BOOKED).await;
        john.hangs_up();
        sue.hangs_up();
        let booked = shop.booked().await;
        let starts: Vec<_> = booked.iter().map(|b| b.starts_at).collect();
        assert_eq!(
            starts,
            [at("2026-11-27T20:00:00Z"), at("2026-11-27T20:30:00Z")]
        );
        assert_eq!(shop.calendar_agrees().await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_past_closed_or_too_long_is_neither_offered_nor_booked() {
    let lunch = Plan {
        instead: vec![(
            "horizon_days = 90 ",
            "breaks = [\"12:00-13:00\"]\nhorizon_days = 90 ",
        )],
        ..Plan::default()
    };
    on_both_books(lunch, async |shop: &Dealership| {
        let wishes = [
            (
                "an oil change",
                "this sunday at ten",
                "We are closed on Sunday",
            ),
            ("an oil change", "friday at noon", "from noon to 1 p.m."),
            (
                "new brakes",
                "friday at five thirty p m",
                "we close at 6 p.m.",
            ),
            ("an oil change", "yesterday at ten", "What day would you"),
            ("an oil change", "today at eight a m", "today"),
            ("an oil change", "thursday at ten", "Thanksgiving Day"),
        ];
        let calls = wishes.map(async |(service, wish, why)| {
            let caller = shop.rings(JOHN).await;
            caller.is_told("How can I help you?").await;
            caller.says(&format!("i need {service}")).await;
            caller.is_told(WHEN).await;
            caller.says(wish).await;
            caller.is_told(why).await;
            if wish != "yesterday at ten" {
                caller.is_told("I have ").await;
            }
            caller.says("yes").await;
            caller.is_told("").await;
            caller.hangs_up();
        });
        futures_util::future::join_all(calls).await;
        assert_eq!(shop.booked().await, []);
    })
    .await;
}
