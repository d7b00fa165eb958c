//! Customers, vehicles, and what was done to them.

use jiff::civil::date;
use storage::Store;
use storage::appointment::Party;
use storage::customer::{CreateCustomerError, NewCustomer};
use storage::service_history::ServiceRecord;
use storage::vehicle::NewVehicle;

use super::scene::{at, booked, booking_by, person, regular, sedan};

pub(crate) async fn a_customer_is_found_by_number(store: Store) {
    let new = person(142);
    assert_eq!(
        store
            .customers
            .by_phone(&new.phone)
            .await
            .expect("readable"),
        None
    );
    let created = store.customers.create(&new).await.expect("free");
    let found = store.customers.by_phone(&new.phone).await;
    let found = found.expect("readable").expect("created");
    assert_eq!(found, created);
    assert_eq!(found.first_name, new.first_name);
    assert_eq!(found.last_name, new.last_name);
    assert_eq!(found.date_of_birth, new.date_of_birth);
    assert_eq!(found.address, new.address);
    let same = store.customers.by_id(created.id).await.expect("readable");
    assert_eq!(same, Some(created));
}

pub(crate) async fn two_customers_cannot_have_one_number(store: Store) {
    store.customers.create(&person(142)).await.expect("free");
    let twin = store.customers.create(&person(142)).await;
    assert!(
        matches!(twin, Err(CreateCustomerError::PhoneTaken)),
        "{twin:?}"
    );
    assert_eq!(store.customers.count().await.expect("readable"), 1);
}

pub(crate) async fn names_are_the_same_in_any_case_and_without_accents(store: Store) {
    named(&store, 101, "Maria", "Lopez").await;
    named(&store, 102, "María", "Núñez").await;
    named(&store, 103, "Marian", "Stone").await;
    named(&store, 104, "Jean-Luc", "O'Neil").await;
    let marias = found(&store, Some("MARIA"), None).await;
    assert_eq!(marias, ["Lopez", "Núñez"], "and no Marian");
    assert_eq!(found(&store, Some("maría"), Some("nunez")).await, ["Núñez"]);
    assert_eq!(found(&store, None, Some(" lópez ")).await, ["Lopez"]);
    assert_eq!(
        found(&store, Some("jean luc"), Some("o’neil")).await,
        ["O'Neil"]
    );
    assert_eq!(found(&store, None, Some("ope")).await, [""; 0]);
    assert_eq!(found(&store, Some("maria"), Some("king")).await, [""; 0]);
    assert_eq!(found(&store, None, None).await, [""; 0]);
    assert_eq!(found(&store, Some(" "), Some("")).await, [""; 0]);
}

pub(crate) async fn wildcards_in_a_name_are_letters(store: Store) {
    named(&store, 101, "Maria", "Lopez").await;
    named(&store, 102, "100%", "O_Neil").await;
    assert_eq!(found(&store, Some("100%"), None).await, ["O_Neil"]);
    assert_eq!(found(&store, None, Some("o_neil")).await, ["O_Neil"]);
    for name in ["%", "_____", "\\", "' OR 1=1 --"] {
        assert_eq!(found(&store, None, Some(name)).await, [""; 0], "{name}");
    }
}

pub(crate) async fn whatever_a_caller_is_called_is_only_text(store: Store) {
    let names = [
        "O'Brien",
        "Robert'); DROP TABLE customers;--",
        "<Response><Hangup/></Response>",
        "Zoë Müller-Łukasz 🚗",
        "$1 \\ %s {}",
    ];
    for (last_four, name) in (101..).zip(names) {
        named(&store, last_four, "Ann", name).await;
        assert_eq!(found(&store, None, Some(name)).await, [name]);
    }
    // What a database cannot hold is no reason to lose the caller.
    named(&store, 142, "Nul", "left\0right").await;
    let found = found(&store, Some("nul"), None).await;
    assert!(found[0].starts_with("left") && found[0].ends_with("right"));
}

pub(crate) async fn at_most_five_of_a_name_are_found_and_others_do_not_count(store: Store) {
    for last_four in 101..=105 {
        named(&store, last_four, "Joann", "Ashlee").await;
    }
    named(&store, 106, "Ann", "Lee").await;
    assert_eq!(found(&store, Some("ann"), Some("lee")).await, ["Lee"]);
    for last_four in 107..=112 {
        named(&store, last_four, "Grace", "Hill").await;
    }
    assert_eq!(
        found(&store, Some("grace"), Some("hill")).await,
        ["Hill"; 5]
    );
}

pub(crate) async fn vehicles_are_listed_in_the_order_they_came(store: Store) {
    let ann = regular(&store, 101).await;
    regular(&store, 102).await;
    let truck = NewVehicle {
        year: 2019,
        make: "Ford".into(),
        model: "F-150".into(),
        vin: Some("1FTEW1E50KFA00000".into()),
    };
    let truck = store.vehicles.add(ann.0.id, &truck).await.expect("hers");
    assert_eq!(truck.vin.as_deref(), Some("1FTEW1E50KFA00000"));
    let hers = store.vehicles.of_customer(ann.0.id).await;
    assert_eq!(hers.expect("readable"), [ann.1, truck.clone()]);
    let same = store.vehicles.by_id(truck.id).await.expect("readable");
    assert_eq!(same, Some(truck));
    let nobody = storage::customer::CustomerId(99);
    assert!(store.vehicles.add(nobody, &sedan()).await.is_err());
}

pub(crate) async fn a_vehicle_that_is_there_is_not_written_twice(store: Store) {
    let ann = regular(&store, 101).await;
    let again = NewVehicle {
        make: "TOYOTA".into(),
        ..sedan()
    };
    let mut race = tokio::task::JoinSet::new();
    let truck = NewVehicle {
        model: "Tacoma".into(),
        ..sedan()
    };
    for new in [again, truck.clone(), truck.clone(), truck] {
        let (store, customer) = (store.clone(), ann.0.id);
        race.spawn(async move { store.vehicles.add(customer, &new).await.expect("hers").id });
    }
    race.join_all().await;
    let hers = store.vehicles.of_customer(ann.0.id).await;
    let models: Vec<String> = hers
        .expect("readable")
        .into_iter()
        .map(|v| v.model)
        .collect();
    assert_eq!(models, ["Camry", "Tacoma"]);
    // Numbers tell two of a kind.
    for vin in ["1FTEW1E50KFA00000", "1FTEW1E51KFA00000"] {
        let numbered = NewVehicle {
            model: "Supra".into(),
            vin: Some(vin.into()),
            ..sedan()
        };
        store.vehicles.add(ann.0.id, &numbered).await.expect("hers");
    }
    let hers = store.vehicles.of_customer(ann.0.id).await;
    assert_eq!(hers.expect("readable").len(), 4);
    // Nor is one that a booking brings along.
    let party = Party::NewVehicle {
        customer: ann.0.id,
        vehicle: sedan(),
    };
    let wish = booking_by(party, at(9, 0), at(10, 0));
    let made = store.appointments.book(&wish).await.expect("free");
    assert_eq!(made.vehicle, ann.1.id);
}

pub(crate) async fn history_is_newest_first(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let visit = |day, appointment| ServiceRecord {
        vehicle: ann.1.id,
        appointment,
        performed_on: date(2026, 5, day),
        service: "oil_change".into(),
        mileage: Some(48_770),
        notes: Some("next in six months".into()),
    };
    let (older, newer) = (visit(4, None), visit(18, Some(made.id)));
    for record in [&newer, &older] {
        store.service_history.add(record).await.expect("written");
    }
    let history = store.service_history.of_vehicle(ann.1.id).await;
    assert_eq!(history.expect("readable"), [newer, older]);
}

async fn named(store: &Store, last_four: u16, first: &str, last: &str) {
    let new = NewCustomer {
        first_name: first.into(),
        last_name: last.into(),
        ..person(last_four)
    };
    store.customers.create(&new).await.expect("free");
}

async fn found(store: &Store, first: Option<&str>, last: Option<&str>) -> Vec<String> {
    let found = store
        .customers
        .by_name(first, last)
        .await
        .expect("readable");
    found
        .into_iter()
        .map(|customer| customer.last_name)
        .collect()
}
