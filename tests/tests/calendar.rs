//! The book and the dealership's calendar: what is booked is there once, whatever fails on the way,
//! and what others put there closes slots.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use control::calendar::google::{Credentials, ServiceAccount};
use control::calendar::{Checked, Google, GoogleAccount, Outlook, Worker, event, reconcile};
use control::tools::get_available_slots::Slots;
use control::tools::{Answer, CallContext, ToolError};
use serde_json::json;
use storage::appointment::{AppointmentId, BookingError, NewAppointment, Party};
use storage::calendar::EntryState;
use storage::customer::{NewCustomer, Phone};
use storage::slots::{Interval, Slot};
use storage::vehicle::NewVehicle;
use storage::{Address, Store};
use tests::postgres::postgres;
use tests::program::NOW;
use tests::shop::Shop;
use tests::vendors::google::{CALENDAR_ID, CLIENT_ID, CLIENT_SECRET, Fault, REFRESH_TOKEN};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

fn id_of(answer: Answer) -> i64 {
    match answer {
        Answer::Booked(visit) | Answer::Cancelled(visit) => visit.appointment_id.0,
        Answer::Rescheduled(moved) => moved.visit.appointment_id.0,
        other => panic!("{other:?}"),
    }
}

async fn booked(shop: &Shop, context: &mut CallContext, at: &str) -> i64 {
    id_of(shop.books(context, at).await.expect("free"))
}

async fn slots(shop: &Shop, day: &str) -> Slots {
    let mut nobody = CallContext::new("CA9", None);
    let asked = json!({"date": day, "service_type": "oil_change"});
    match shop.tool(&mut nobody, "get_available_slots", asked).await {
        Ok(Answer::Slots(slots)) => slots,
        other => panic!("{other:?}"),
    }
}

fn starts(slots: &Slots) -> Vec<String> {
    let all = slots.available_slots.iter();
    all.map(|slot| slot.starts_at.strftime("%H:%M").to_string())
        .collect()
}

#[tokio::test]
async fn a_booking_is_one_event_that_moves_with_it_and_goes_with_it() {
    let shop = Shop::open().await;
    let mut call = shop.john("CA1").await;
    let id = booked(&shop, &mut call, "2026-11-25T09:00").await;
    shop.catch_up().await;
    let events = shop.agrees().await;
    let event = events.iter().find(|e| e.appointment() == Some(id));
    let event = event.expect("an event").clone();
    assert_eq!(event.body["summary"], "oil change - John Carter");
    assert_eq!(event.body["start"]["timeZone"], "America/Chicago");
    assert_eq!(event.body["start"]["dateTime"], "2026-11-25T09:00:00-06:00");

    let to = json!({"appointment_id": id, "new_datetime": "2026-11-25T14:00"});
    let moved = shop.tool(&mut call, "reschedule_appointment", to).await;
    assert_eq!(id_of(moved.expect("free")), id);
    shop.catch_up().await;
    let events = shop.agrees().await;
    assert!(events.iter().any(|e| e.id == event.id), "the same event");

    let which = json!({"appointment_id": id, "reason": "vehicle_sold"});
    let cancelled = shop.tool(&mut call, "cancel_appointment", which).await;
    cancelled.expect("it can be");
    shop.catch_up().await;
    let events = shop.agrees().await;
    assert!(events.iter().all(|e| e.id != event.id));
    assert_eq!(shop.google.tokens(), 1, "a token is used until it expires");
    let page = shop.metrics.encode();
    for op in ["insert", "patch", "delete"] {
        assert!(
            page.contains(&format!("otto_calendar_seconds_count{{op=\"{op}\"}}")),
            "{op}"
        );
    }
    assert!(
        page.contains("otto_calendar_outbox{state=\"pending\"} 0"),
        "{page}"
    );
}

#[tokio::test]
async fn with_the_calendar_down_the_book_decides_and_the_calendar_catches_up() {
    let shop = Shop::open().await;
    shop.catch_up().await;
    let mut call = shop.john("CA1").await;
    for fault in [
        Fault::Dead,
        Fault::Unauthorized,
        Fault::TooMany(1),
        Fault::UserRate,
        Fault::Failing(100),
    ] {
        shop.google.faults.inject(fault.clone());
        let free = slots(&shop, "2026-11-25").await;
        assert!(!free.available_slots.is_empty(), "{fault:?}");
        let at = free.available_slots[0].starts_at.strftime("%Y-%m-%dT%H:%M");
        let id = booked(&shop, &mut call, &at.to_string()).await;
        assert!(shop.carry().await > 0, "{fault:?}: it waits");
        let entries = shop.store.calendar.entries(AppointmentId(id)).await;
        let entries = entries.expect("readable");
        assert_eq!(entries.len(), 1, "{fault:?}");
        let which = json!({"appointment_id": id});
        let cancelled = shop.tool(&mut call, "cancel_appointment", which).await;
        cancelled.expect("it can be");
        shop.google.faults.heal();
        shop.catch_up().await;
    }
    let id = booked(&shop, &mut call, "2026-11-25T09:00").await;
    shop.catch_up().await;
    let events = shop.agrees().await;
    assert!(events.iter().any(|e| e.appointment() == Some(id)));
    let dead = shop.store.calendar.dead_letters().await.expect("readable");
    assert!(dead.is_empty(), "an outage kills no entry: {dead:?}");
}

#[tokio::test]
async fn a_consent_that_is_worth_nothing_holds_bookings_back_and_gives_none_up() {
    let shop = Shop::open().await;
    shop.google.faults.inject(Fault::Revoked);
    let mut call = shop.john("CA1").await;
    let id = booked(&shop, &mut call, "2026-11-25T09:00").await;
    assert_eq!(
        shop.carry().await,
        2,
        "the seeded booking and this one wait"
    );
    let entries = shop.store.calendar.entries(AppointmentId(id)).await;
    let entries = entries.expect("readable");
    assert_eq!(entries[0].state, EntryState::Pending);
    let error = entries[0].last_error.as_deref().expect("a reason");
    assert!(error.contains("invalid_grant") && error.contains("GOOGLE_REFRESH_TOKEN"));
    assert!(!error.contains("otto@shop.example"), "{error}");
}

#[tokio::test]
async fn an_answer_that_was_lost_never_doubles_an_event() {
    let shop = Shop::open().await;
    let mut call = shop.john("CA1").await;
    let id = booked(&shop, &mut call, "2026-11-25T09:00").await;
    shop.google.faults.inject(Fault::DoneThenSilent);
    assert!(shop.carry().await > 0, "nobody knows that it was done");
    assert_eq!(
        shop.google.events().len(),
        2,
        "it was done: the seeded booking and this one"
    );
    let to = json!({"appointment_id": id, "new_datetime": "2026-11-25T14:00"});
    let moved = shop.tool(&mut call, "reschedule_appointment", to).await;
    moved.expect("free");
    shop.google.faults.heal();
    shop.catch_up().await;
    assert_eq!(shop.agrees().await.len(), 2);

    let which = json!({"appointment_id": id});
    shop.google.faults.inject(Fault::DoneThenSilent);
    let cancelled = shop.tool(&mut call, "cancel_appointment", which).await;
    cancelled.expect("it can be");
    shop.carry().await;
    shop.google.faults.heal();
    shop.catch_up().await;
    assert_eq!(shop.agrees().await.len(), 1);
}

#[tokio::test]
async fn with_half_of_all_requests_failing_every_booking_has_its_one_event() {
    let shop = Shop::open().await;
    shop.google.faults.inject(Fault::Failing(50));
    let mut call = shop.john("CA1").await;
    let mut ids = Vec::new();
    for (day, hour) in [
        (24, 9),
        (24, 14),
        (25, 9),
        (25, 14),
        (27, 9),
        (27, 14),
        (30, 9),
        (30, 14),
    ] {
        let at = format!("2026-11-{day}T{hour:02}:00");
        ids.push(booked(&shop, &mut call, &at).await);
        shop.carry().await;
    }
    for id in &ids[..3] {
        let which = json!({"appointment_id": id});
        let cancelled = shop.tool(&mut call, "cancel_appointment", which).await;
        cancelled.expect("it can be");
    }
    for (id, at) in [(ids[3], "2026-12-01T09:00"), (ids[4], "2026-12-01T14:00")] {
        let to = json!({"appointment_id": id, "new_datetime": at});
        let moved = shop.tool(&mut call, "reschedule_appointment", to).await;
        moved.expect("free");
    }
    shop.catch_up().await;
    assert_eq!(
        shop.agrees().await.len(),
        6,
        "the seeded booking and five of these"
    );
}

#[tokio::test]
async fn a_token_that_was_withdrawn_is_replaced() {
    let shop = Shop::open().await;
    shop.catch_up().await;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("refresh_token", REFRESH_TOKEN),
    ];
    let url = format!("{}/token", shop.google.origin());
    let other = reqwest::Client::new().post(url).form(&form).send().await;
    assert!(other.expect("answered").status().is_success());
    let mut call = shop.john("CA1").await;
    booked(&shop, &mut call, "2026-11-25T09:00").await;
    assert_eq!(shop.carry().await, 0, "carried over at once");
    assert_eq!(shop.google.tokens(), 3);
    shop.agrees().await;
}

#[tokio::test]
async fn a_service_account_opens_the_calendar_by_its_signature() {
    let shop = Shop::open().await;
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = pair.as_der().expect("PKCS 8");
    let body = base64_simd::STANDARD.encode_to_string(der.as_ref());
    let key = json!({"type": "service_account", "client_email": "otto@shop.example",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")});
    let service = ServiceAccount::parse(&key.to_string()).expect("an account");
    let account = GoogleAccount {
        credentials: Credentials::ServiceAccount(service),
        ..shop.google.account()
    };
    let (metrics, vendors) = (shop.metrics.clone(), Arc::default());
    let worker = Worker {
        google: Google::new(account, metrics, vendors),
        ..shop.worker
    };
    let drained = worker.drain(&CancellationToken::new()).await;
    assert_eq!(drained.expect("readable").pending, 0);
    assert_eq!(shop.google.events().len(), 1, "the seeded booking");
}

#[tokio::test]
async fn what_others_put_into_the_calendar_closes_slots_and_our_own_events_do_not() {
    let shop = Shop::open().await;
    let before = slots(&shop, "2026-11-25").await.available_slots;
    assert!(before.iter().any(|slot| slot.starts_at.hour() == 9));
    let mut call = shop.john("CA1").await;
    booked(&shop, &mut call, "2026-11-25T09:00").await;
    shop.catch_up().await;
    let shop = reopened(shop).await;
    let with_one = slots(&shop, "2026-11-25").await;
    assert_eq!(with_one.calendar, Checked::Yes);
    assert_eq!(
        with_one.available_slots, before,
        "two of three bays are free, also by the calendar"
    );

    // The foreign time coincides with our own event: merged, they are one busy time.
    let (from, to) = ("2026-11-25T09:00:00-06:00", "2026-11-25T10:00:00-06:00");
    shop.google.block(from, to);
    let transparent = json!({"status": "confirmed", "transparency": "transparent",
        "start": {"dateTime": "2026-11-25T13:00:00-06:00"},
        "end": {"dateTime": "2026-11-25T17:00:00-06:00"}});
    shop.google.add("transparent", transparent);
    let shop = reopened(shop).await;
    let closed = Interval {
        starts_at: from.parse().expect("an instant"),
        ends_at: to.parse().expect("an instant"),
    };
    let open: Vec<Slot> = before
        .iter()
        .filter(|slot| !slot.interval().overlaps(closed))
        .cloned()
        .collect();
    assert!(open.len() < before.len());
    assert_eq!(slots(&shop, "2026-11-25").await.available_slots, open);

    let mut call = shop.john("CA2").await;
    match shop.books(&mut call, "2026-11-25T09:30").await {
        Err(ToolError::NotBookable { nearest, .. }) => assert!(!nearest.is_empty()),
        other => panic!("{other:?}"),
    }
}

/// The same dealership a moment later: nothing is remembered of what others had in the calendar.
async fn reopened(shop: Shop) -> Shop {
    let location = shop.worker.locations.first().clone();
    let outlook = Outlook::new(
        shop.worker.google.clone(),
        location.clone(),
        shop.worker.booked.clone(),
    );
    let tools = control::tools::Toolbox::new(shop.store.clone(), location, shop.worker.clock);
    Shop {
        tools: tools.with_outlook(outlook),
        ..shop
    }
}

#[tokio::test]
async fn a_calendar_that_cannot_be_asked_in_time_leaves_it_to_the_book_and_that_is_said() {
    let shop = Shop::open().await;
    let by_the_book = starts(&slots(&shop, "2026-11-25").await);
    for fault in [
        Fault::CalendarError("notFound"),
        Fault::CalendarError("internalError"),
        Fault::Slow(Duration::from_secs(30)),
        Fault::Dead,
    ] {
        let shop = Shop::open().await;
        shop.google.faults.inject(fault.clone());
        let asked = Instant::now();
        let free = slots(&shop, "2026-11-25").await;
        assert!(
            asked.elapsed() < Duration::from_secs(3),
            "{fault:?}: {:?}",
            asked.elapsed()
        );
        assert_eq!(free.calendar, Checked::Unreachable, "{fault:?}");
        assert_eq!(starts(&free), by_the_book, "{fault:?}: nothing is invented");
    }
}

#[tokio::test]
async fn what_was_changed_by_hand_is_found_and_corrected_and_what_is_strange_is_left_alone() {
    let shop = Shop::open().await;
    let mut call = shop.john("CA1").await;
    let mut ids = Vec::new();
    for hour in [9, 11, 14] {
        ids.push(booked(&shop, &mut call, &format!("2026-11-25T{hour:02}:00")).await);
    }
    shop.catch_up().await;
    let event = |id: i64| {
        let events = shop.google.events();
        let found = events.into_iter().find(|e| e.appointment() == Some(id));
        found.expect("an event").id
    };
    shop.google.erase(&event(ids[0]));
    let later = json!({"start": {"dateTime": "2026-11-25T16:00:00-06:00"},
        "end": {"dateTime": "2026-11-25T17:00:00-06:00"}, "description": "Call first"});
    shop.google.edit(&event(ids[1]), &later);
    let mut strange = shop.google.events()[0].body.clone();
    strange["extendedProperties"]["private"]["otto_appointment"] = json!("999");
    shop.google.add("strange", strange);
    let now = NOW.parse().expect("an instant");
    let worker = &shop.worker;
    let drift = reconcile::drift(&worker.google, &shop.store, &worker.locations, now).await;
    let drift = drift.expect("comparable");
    assert_eq!(
        drift.missing.iter().map(|id| id.0).collect::<Vec<_>>(),
        [ids[0]]
    );
    assert_eq!(
        drift.changed.iter().map(|id| id.0).collect::<Vec<_>>(),
        [ids[1]]
    );
    assert_eq!(drift.orphans, ["strange"]);

    // A worker compares when it starts.
    let stopping = CancellationToken::new();
    let Shop {
        google,
        store,
        worker,
        ..
    } = shop;
    let locations = worker.locations.clone();
    let client = worker.google.clone();
    let working = tokio::spawn(worker.run(stopping.clone()));
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        let drift = reconcile::drift(&client, &store, &locations, now).await;
        let drift = drift.expect("comparable");
        let depth = store.calendar.depth().await.expect("readable");
        if drift.to_correct().count() == 0 && depth.pending == 0 {
            assert_eq!(drift.orphans, ["strange"], "it may be somebody else's");
            break;
        }
        assert!(Instant::now() < patience, "{drift}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stopping.cancel();
    working.await.expect("it stops");
    assert_eq!(google.events().len(), 5);
}

#[tokio::test]
async fn an_event_that_is_gone_for_good_comes_back_under_another_id() {
    let shop = Shop::open().await;
    let mut call = shop.john("CA1").await;
    let id = booked(&shop, &mut call, "2026-11-25T09:00").await;
    shop.catch_up().await;
    let of_booking = || {
        let events = shop.google.events();
        let found = events.into_iter().find(|e| e.appointment() == Some(id));
        found.expect("an event").id
    };
    let first = of_booking();
    shop.google.purge(&first);
    let again = shop.store.calendar.enqueue(AppointmentId(id)).await;
    again.expect("writable");
    shop.catch_up().await;
    shop.agrees().await;
    let second = of_booking();
    assert_ne!(second, first);
    let which = json!({"appointment_id": id});
    let cancelled = shop.tool(&mut call, "cancel_appointment", which).await;
    cancelled.expect("it can be");
    shop.catch_up().await;
    assert_eq!(shop.agrees().await.len(), 1, "the seeded booking");
}

#[tokio::test]
async fn an_event_that_came_back_unheard_goes_with_its_booking() {
    let shop = Shop::open().await;
    let mut call = shop.john("CA1").await;
    let deleted = || {
        let asked = shop.google.asked();
        asked.iter().filter(|a| *a == "DELETE event").count()
    };
    for (at, comes_back) in [("2026-11-25T09:00", false), ("2026-11-27T09:00", true)] {
        let id = booked(&shop, &mut call, at).await;
        shop.catch_up().await;
        let bookings = shop.bookings().await;
        let booking = bookings.iter().find(|b| b.appointment.id.0 == id);
        let key = &booking.expect("booked").key;
        if comes_back {
            // Gone for good, inserted again, and the answer to that was lost.
            let events = shop.google.events();
            let event = events.iter().find(|e| e.appointment() == Some(id));
            let event = event.expect("an event");
            shop.google.purge(&event.id);
            shop.google.add(&event::id(key, 1), event.body.clone());
        }
        let which = json!({"appointment_id": id});
        let cancelled = shop.tool(&mut call, "cancel_appointment", which).await;
        cancelled.expect("it can be");
        shop.catch_up().await;
        assert_eq!(shop.agrees().await.len(), 1, "the seeded booking");
        if !comes_back {
            assert_eq!(deleted(), 1, "nothing is looked for that is not there");
        }
    }
}

#[tokio::test]
async fn a_wrong_calendar_is_the_accounts_trouble_and_named() {
    let shop = Shop::open().await;
    let mut account = shop.google.account();
    account.calendar_id = "other@group.calendar.google.com".to_owned();
    let client = Google::new(account, shop.metrics.clone(), Arc::default());
    let day = storage::slots::Interval {
        starts_at: NOW.parse().expect("an instant"),
        ends_at: "2026-11-24T09:00:00-06:00".parse().expect("an instant"),
    };
    let error = client.free_busy(day).await.expect_err("no such calendar");
    assert!(error.to_string().contains("GOOGLE_CALENDAR_ID"), "{error}");
    assert!(!error.to_string().contains(CALENDAR_ID));
}

// ---- a thousand callers -----------------------------------------------------------------

const CALLERS: usize = 1_000;
/// A thousand who waited for a connection together would give up together, at one slow moment.
const AT_ONCE: usize = 200;
const SLOTS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callers_for_a_hundred_slots_make_a_hundred_events() {
    thousand_callers(Store::open_in_memory().await.expect("a book")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callers_for_a_hundred_slots_make_a_hundred_events_on_postgres() {
    let Some(server) = postgres() else { return };
    let address = Address::parse(&server.database()).expect("an address");
    thousand_callers(Store::open(&address).await.expect("an empty database")).await;
}

async fn thousand_callers(store: Store) {
    let shop = Shop::over(store).await;
    let begin: jiff::Timestamp = "2026-12-01T15:00:00Z".parse().expect("an instant");
    let mut wishes = Vec::new();
    for caller in 0..CALLERS {
        let customer = NewCustomer {
            phone: Phone::parse(&format!("217555{:04}", 1_000 + caller)).expect("a number"),
            first_name: "Grace".into(),
            last_name: format!("Hill{caller}"),
            email: None,
            date_of_birth: None,
            address: None,
        };
        let customer = shop
            .store
            .customers
            .create(&customer)
            .await
            .expect("new")
            .id;
        let sedan = NewVehicle {
            year: 2020,
            make: "Toyota".into(),
            model: "Camry".into(),
            vin: None,
        };
        let vehicle = shop
            .store
            .vehicles
            .add(customer, &sedan)
            .await
            .expect("theirs")
            .id;
        let start = begin + jiff::SignedDuration::from_hours((caller % SLOTS) as i64);
        wishes.push(NewAppointment {
            party: Party::Known { customer, vehicle },
            location: "main".into(),
            service: "oil_change".into(),
            starts_at: start,
            ends_at: start + jiff::SignedDuration::from_hours(1),
            bays: 1,
            notes: None,
            idempotency_key: format!("CA{caller}:0"),
            booked_by: "race".into(),
            booked_from: None,
        });
    }
    let doors = Arc::new(Semaphore::new(AT_ONCE));
    let mut race = JoinSet::new();
    for wish in wishes {
        let (store, doors) = (shop.store.clone(), Arc::clone(&doors));
        race.spawn(async move {
            let _inside = doors.acquire().await.expect("they stay open");
            store.appointments.book(&wish).await
        });
    }
    let working = async {
        let mut won = 0;
        while let Some(done) = race.join_next().await {
            match done.expect("no panic") {
                Ok(_) => won += 1,
                Err(BookingError::SlotTaken) => {}
                Err(error) => panic!("{error}"),
            }
        }
        won
    };
    // Two workers, while the race is on.
    let (won, _, _) = tokio::join!(working, shop.carry(), shop.carry());
    assert_eq!(won, SLOTS);
    shop.catch_up().await;
    // One more was seeded.
    assert_eq!(shop.agrees().await.len(), SLOTS + 1);
}
