//! The fixtures that outsiders rely on.

use jiff::Zoned;
use storage::appointment::{AppointmentId, Status};
use storage::customer::{CustomerId, NewCustomer, Phone};
use storage::seed::{SeedError, Seeded, seed};
use storage::slots;
use storage::vehicle::VehicleId;
use storage::{Location, Store};

/// Wednesday before Thanksgiving: the next day is a holiday.
const WEDNESDAY: &str = "2026-11-25T09:00:00-06:00[America/Chicago]";

fn now() -> Zoned {
    WEDNESDAY.parse().expect("an instant")
}

async fn seeded() -> Store {
    let store = Store::open_in_memory().await.expect("a temporary book");
    seed(&store, &Location::example(), &now())
        .await
        .expect("an empty book can be seeded");
    store
}

#[tokio::test]
async fn the_first_two_customers_are_the_fixtures() {
    let store = seeded().await;
    let expected = [
        (
            1,
            "John",
            "Carter",
            "+12175550101",
            "1985-03-14",
            "18 Elm Street",
            "62704",
        ),
        (
            2,
            "Maria",
            "Lopez",
            "+12175550102",
            "1990-07-02",
            "402 Oak Avenue",
            "62703",
        ),
    ];
    for (id, first, last, phone, born, street, zip) in expected {
        let person = store
            .customers
            .by_id(CustomerId(id))
            .await
            .expect("readable")
            .expect("seeded");
        assert_eq!(person.first_name, first);
        assert_eq!(person.last_name, last);
        assert_eq!(person.phone.as_str(), phone);
        assert_eq!(person.date_of_birth, Some(born.parse().expect("a date")));
        let address = person.address.expect("an address");
        assert_eq!(address.street, street);
        assert_eq!(
            (address.city.as_str(), address.state.as_str()),
            ("Springfield", "IL")
        );
        assert_eq!(address.zip, zip);
    }
    let expected = [
        (1, 1, 2021, "Honda", "Accord"),
        (2, 2, 2019, "Ford", "F-150"),
        (3, 2, 2020, "Toyota", "Camry"),
    ];
    for (id, owner, year, make, model) in expected {
        let vehicle = store
            .vehicles
            .by_id(VehicleId(id))
            .await
            .expect("readable")
            .expect("seeded");
        assert_eq!(vehicle.customer, CustomerId(owner));
        assert_eq!(vehicle.year, year);
        assert_eq!(
            (vehicle.make.as_str(), vehicle.model.as_str()),
            (make, model)
        );
    }
}

#[tokio::test]
async fn the_one_appointment_is_the_camrys_on_the_next_working_day_at_ten() {
    let store = seeded().await;
    let location = Location::example();
    let appointment = store
        .appointments
        .by_id(AppointmentId(1))
        .await
        .expect("readable")
        .expect("seeded");
    assert_eq!(appointment.customer, CustomerId(2));
    assert_eq!(appointment.vehicle, VehicleId(3));
    assert_eq!(appointment.service, "oil_change");
    assert_eq!(appointment.status, Status::Scheduled);
    let start = location.local(appointment.starts_at);
    assert_eq!(
        start.datetime(),
        "2026-11-27T10:00".parse().expect("Friday")
    );

    let service = location.service("oil_change").expect("offered");
    let interval = slots::check(&location, service, &start, &now()).expect("a proper slot");
    assert_eq!(interval.ends_at, appointment.ends_at);

    let all = slots::span(
        &location,
        now().date(),
        now().date().saturating_add(jiff::Span::new().days(80)),
    );
    let busy = store
        .appointments
        .busy("main", all.starts_at, all.ends_at)
        .await
        .expect("readable");
    assert_eq!(busy.len(), 1);
}

#[tokio::test]
async fn seeding_twice_changes_nothing() {
    let store = seeded().await;
    let moved = store
        .appointments
        .cancel(AppointmentId(1), "vehicle_sold")
        .await
        .expect("it can be cancelled");
    let next_week: Zoned = "2026-12-02T09:00:00-06:00[America/Chicago]"
        .parse()
        .expect("an instant");
    let again = seed(&store, &Location::example(), &next_week)
        .await
        .expect("it was seeded before");
    assert_eq!(
        again,
        Seeded {
            customers: 6,
            vehicles: 8
        }
    );
    assert_eq!(store.customers.count().await.expect("readable"), 6);
    let maria = CustomerId(2);
    assert_eq!(
        store
            .appointments
            .of_customer(maria)
            .await
            .expect("readable"),
        [moved]
    );
    for (vehicle, visits) in [(1, 2), (2, 1), (3, 1)] {
        let history = store
            .service_history
            .of_vehicle(VehicleId(vehicle))
            .await
            .expect("readable");
        assert_eq!(history.len(), visits);
    }
}

#[tokio::test]
async fn an_interrupted_seed_is_completed_with_the_same_ids() {
    let store = Store::open_in_memory().await.expect("a temporary book");
    let john = seeded()
        .await
        .customers
        .by_id(CustomerId(1))
        .await
        .expect("readable")
        .expect("seeded");
    store
        .customers
        .create(&NewCustomer {
            phone: john.phone,
            first_name: john.first_name,
            last_name: john.last_name,
            email: None,
            date_of_birth: john.date_of_birth,
            address: john.address,
        })
        .await
        .expect("the book is empty");
    seed(&store, &Location::example(), &now())
        .await
        .expect("it can be completed");
    let camry = store
        .vehicles
        .by_id(VehicleId(3))
        .await
        .expect("readable")
        .expect("seeded");
    assert_eq!(camry.model, "Camry");
}

#[tokio::test]
async fn a_book_with_other_people_is_not_seeded() {
    let store = Store::open_in_memory().await.expect("a temporary book");
    store
        .customers
        .create(&NewCustomer {
            phone: Phone::parse("217-555-0142").expect("a number"),
            first_name: "Grace".into(),
            last_name: "Hill".into(),
            email: None,
            date_of_birth: None,
            address: None,
        })
        .await
        .expect("the book is empty");
    let refused = seed(&store, &Location::example(), &now()).await;
    assert!(matches!(refused, Err(SeedError::NotEmpty)), "{refused:?}");
    assert_eq!(store.customers.count().await.expect("readable"), 1);
}
