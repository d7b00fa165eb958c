//! Calls of ours: the day before, about an appointment.

use jiff::{SignedDuration, Timestamp};
use storage::appointment::{NewAppointment, Party, Status};
use storage::consent::Channel;
use storage::customer::Phone;
use storage::reminder::{Kind, Outcome, Reminder, State};
use tests::caller::Caller;
use tests::dealership::{Dealership, JOHN, MARIA, MONDAY, Plan, SEEDED, at, on_both_books, until};
use tests::vendors::twilio::{Placed, value};

/// The shop reminds, and may call Maria, whose appointment is tomorrow.
fn reminding() -> Plan {
    Plan {
        settings: vec![
            ("TWILIO_PHONE_NUMBER", "+12175550100"),
            ("YOUR_TEST_NUMBER", MARIA),
            ("OTTO_DIALS_PER_SECOND", "100"),
        ],
        ..Plan::default()
    }
}

async fn row(shop: &Dealership, kind: Kind) -> Reminder {
    let rows = shop.store.reminders.of_appointment(SEEDED).await;
    let mut rows = rows.expect("readable").into_iter().rev();
    rows.find(|row| row.kind == kind)
        .expect("planned with the booking")
}

/// John comes in at the same time as Maria.
async fn books_for_john(shop: &Dealership, starts_at: Timestamp) {
    let john = shop.customer(JOHN).await.expect("seeded");
    let cars = shop.store.vehicles.of_customer(john.id).await;
    let wish = NewAppointment {
        party: Party::Known {
            customer: john.id,
            vehicle: cars.expect("readable")[0].id,
        },
        location: "main".into(),
        service: "inspection".into(),
        starts_at,
        ends_at: starts_at + SignedDuration::from_hours(1),
        bays: 3,
        notes: None,
        idempotency_key: "john".into(),
        booked_by: "test".into(),
        booked_from: Some(john.phone),
    };
    shop.store.appointments.book(&wish).await.expect("free");
}

/// Waits until Maria is dialled, and lets her take the call.
async fn maria_answers(shop: &Dealership) -> (Placed, Caller) {
    let dialled = |calls: &Vec<Placed>| !calls.is_empty();
    let placed = until("she is dialled", dialled, async || shop.twilio.calls()).await;
    let placed = placed[0].clone();
    assert_eq!(value(&placed.form, "To"), Some(MARIA));
    let url = value(&placed.form, "Url").expect("given");
    let (_, hook) = url.rsplit_once('/').expect("a path");
    assert!(
        hook.starts_with("outbound-reminder?appointment_id=1&"),
        "{hook}"
    );
    let caller = shop.reminds(hook, MARIA).await;
    (placed, caller)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_is_called_once_the_day_before_and_says_that_they_will_come() {
    on_both_books(reminding(), async |shop: &Dealership| {
        let (_, maria) = maria_answers(shop).await;
        let told = maria.is_told("Can you make it?").await;
        assert!(
            told.contains("tomorrow") && told.contains("10 a.m."),
            "{told}"
        );
        maria.says("yes").await;
        maria.is_told("We will see you").await;
        maria.is_let_go().await;
        assert_eq!(shop.appointment(SEEDED).await.status, Status::Confirmed);
        let done = |row: &Reminder| row.outcome == Some(Outcome::Confirmed);
        let row = until("the attempt is concluded", done, async || {
            row(shop, Kind::Voice).await
        });
        assert_eq!(row.await.state, State::Done);
        // However often anybody looks from now on, there is nothing to do.
        let due = shop.store.reminders.due(at(MONDAY), 100).await;
        let due = due.expect("readable").into_iter();
        assert_eq!(due.filter(|row| row.kind == Kind::Voice).count(), 0);
        assert_eq!(shop.twilio.calls().len(), 1);
        shop.calendar_agrees().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_cannot_make_it_is_offered_other_times_and_moved_with_the_event() {
    on_both_books(reminding(), async |shop: &Dealership| {
        let before = shop.calendar_agrees().await.remove(0);
        let (_, maria) = maria_answers(shop).await;
        maria.is_told("Can you make it?").await;
        maria.says("i can't make it later this week").await;
        let offer = maria.is_told("I have ").await;
        assert!(
            offer.contains("Friday") || offer.contains("Wednesday"),
            "{offer}"
        );
        maria.says("friday at two p m").await;
        maria.is_told("Shall I move it?").await;
        maria.says("yes").await;
        maria.is_told("2 p.m.").await;
        maria.hangs_up();
        let moved = shop.appointment(SEEDED).await;
        assert_eq!(moved.starts_at, at("2026-11-27T20:00:00Z"));
        let after = shop.calendar_agrees().await;
        assert_eq!(after[0].id, before.id, "the same event");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_gets_a_short_message_and_no_dialogue() {
    on_both_books(reminding(), async |shop: &Dealership| {
        let (_, machine) = maria_answers(shop).await;
        machine.hears("Hello Maria").await;
        let form = [
            ("CallSid", machine.sid()),
            ("AnsweredBy", "machine_end_beep"),
        ];
        let (status, _) = shop.carrier.hook("amd", &form).await.expect("answered");
        assert_eq!(status, 204);
        machine.is_told("with a reminder of your appointment").await;
        machine.is_let_go().await;
        let log = shop.log(&machine).await;
        let questions = log.transcript.iter().filter(|l| l.text.ends_with('?'));
        assert!(questions.count() <= 1, "{:?}", log.transcript);
        assert_eq!(shop.appointment(SEEDED).await.status, Status::Scheduled);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_called_who_said_stop_or_who_is_not_a_test_number() {
    let only_john = Plan {
        settings: vec![
            ("TWILIO_PHONE_NUMBER", "+12175550100"),
            ("YOUR_TEST_NUMBER", JOHN),
            ("OTTO_DIALS_PER_SECOND", "100"),
        ],
        ..Plan::default()
    };
    on_both_books(only_john, async |shop: &Dealership| {
        let marias = row(shop, Kind::Voice).await;
        books_for_john(shop, marias.starts_at).await;
        let dialled = |calls: &Vec<Placed>| !calls.is_empty();
        let placed = until("John is dialled", dialled, async || shop.twilio.calls()).await;
        assert_eq!(placed.len(), 1);
        assert_eq!(value(&placed[0].form, "To"), Some(JOHN));
        assert_eq!(
            row(shop, Kind::Voice).await,
            marias,
            "as if nobody had looked"
        );
    })
    .await;
    on_both_books(Plan::default(), async |shop: &Dealership| {
        let maria = shop.rings(MARIA).await;
        maria.is_told("How can I help you?").await;
        maria.says("please stop calling me").await;
        maria.is_told("no more calls or messages").await;
        maria.hangs_up();
        let number = Phone::parse(MARIA).expect("a number");
        let out = shop
            .store
            .consents
            .is_opted_out(&number, Channel::Voice)
            .await;
        assert!(out.expect("readable"));
    })
    .await;
}
