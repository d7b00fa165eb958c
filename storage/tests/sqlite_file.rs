//! The file itself: what SQLite refuses whatever the program believes, how a file is opened, and
//! what stays when the process does not.

use std::path::Path;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Row};
use storage::appointment::{ChangeError, NewAppointment, Party, Status};
use storage::calendar::EntryState;
use storage::call_log::{Direction, NewCallLog};
use storage::customer::{NewCustomer, Phone};
use storage::vehicle::NewVehicle;
use storage::{OpenError, Store};
use tempfile::TempDir;

/// A file with customer 1 (vehicles 1 and 2) and customer 2 (vehicle 3), the program's own view of
/// it, and a connection behind the program's back.
struct Scene {
    _folder: TempDir,
    store: Store,
    raw: SqliteConnection,
}

const APPOINTMENT: &str = "INSERT INTO appointments
    (customer_id, vehicle_id, service, starts_at, ends_at, bay, status, idempotency_key, booked_by)
    VALUES ($1, $2, 'oil_change', $3, $4, $5, $6, hex(randomblob(8)), 'raw') RETURNING id";

impl Scene {
    async fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("book.db");
        let store = Store::open_sqlite(&path).await.expect("a new book");
        for (number, vehicles) in [("217-555-0101", 2), ("217-555-0102", 1)] {
            let customer = NewCustomer {
                phone: Phone::parse(number).expect("a number"),
                first_name: "Grace".into(),
                last_name: "Hill".into(),
                email: None,
                date_of_birth: None,
                address: None,
            };
            let customer = store.customers.create(&customer).await.expect("free");
            for year in 2020..2020 + vehicles {
                let vehicle = NewVehicle { year, ..sedan() };
                let vehicle = store.vehicles.add(customer.id, &vehicle).await;
                vehicle.expect("theirs");
            }
        }
        let raw = connection(&path).await;
        Self {
            _folder: folder,
            store,
            raw,
        }
    }

    /// Writes a row without asking the program. Returns its id, or what the database says.
    async fn row(
        &mut self,
        (customer, vehicle): (i64, i64),
        (from, to): (i64, i64),
        bay: i64,
        status: &str,
    ) -> Result<i64, String> {
        let row = sqlx::query(APPOINTMENT)
            .bind(customer)
            .bind(vehicle)
            .bind(from)
            .bind(to)
            .bind(bay)
            .bind(status)
            .fetch_one(&mut self.raw)
            .await;
        row.map(|row| row.get("id")).map_err(refusal)
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), String> {
        let done = sqlx::query(sql).execute(&mut self.raw).await;
        done.map(drop).map_err(refusal)
    }
}

#[tokio::test]
async fn no_insert_can_overlap_in_a_bay() {
    let mut scene = Scene::new().await;
    scene
        .row((1, 1), (1000, 2000), 1, "scheduled")
        .await
        .expect("free");
    for times in [
        (1000, 2000),
        (1999, 3000),
        (500, 1001),
        (1200, 1300),
        (0, 9000),
    ] {
        let refused = scene.row((2, 3), times, 1, "scheduled").await;
        assert_eq!(refused, Err("bay_overlap".into()), "{times:?}");
    }
    for status in ["confirmed", "in_progress", "completed", "no_show"] {
        let refused = scene.row((2, 3), (1000, 2000), 1, status).await;
        assert_eq!(refused, Err("bay_overlap".into()), "{status}");
    }
    scene
        .row((2, 3), (1000, 2000), 1, "cancelled")
        .await
        .expect("holds nothing");
    scene
        .row((2, 3), (2000, 3000), 1, "scheduled")
        .await
        .expect("starts when the other ends");
    scene
        .row((2, 3), (0, 1000), 1, "scheduled")
        .await
        .expect("ends when the other starts");
    scene
        .row((2, 3), (1000, 2000), 2, "scheduled")
        .await
        .expect("another bay");
}

#[tokio::test]
async fn no_insert_can_overlap_for_a_vehicle() {
    let mut scene = Scene::new().await;
    scene
        .row((1, 1), (1000, 2000), 1, "scheduled")
        .await
        .expect("free");
    for bay in [1, 2] {
        let refused = scene.row((1, 1), (1500, 2500), bay, "scheduled").await;
        assert_eq!(refused, Err("vehicle_overlap".into()));
    }
    scene
        .row((1, 2), (1500, 2500), 2, "scheduled")
        .await
        .expect("another vehicle");
    scene
        .row((1, 1), (2000, 2500), 1, "scheduled")
        .await
        .expect("starts when the other ends");
}

#[tokio::test]
async fn no_update_can_overlap() {
    let mut scene = Scene::new().await;
    scene
        .row((1, 1), (1000, 2000), 1, "scheduled")
        .await
        .expect("id 1");
    scene
        .row((2, 3), (1000, 2000), 2, "scheduled")
        .await
        .expect("id 2");
    scene
        .row((1, 2), (5000, 6000), 1, "scheduled")
        .await
        .expect("id 3");
    scene
        .row((2, 3), (1000, 2000), 1, "cancelled")
        .await
        .expect("id 4");
    let bay = Err("bay_overlap".into());
    let vehicle = Err("vehicle_overlap".into());
    for (sql, said) in [
        ("UPDATE appointments SET bay = 1 WHERE id = 2", &bay),
        (
            "UPDATE appointments SET starts_at = 1999, ends_at = 2999 WHERE id = 3",
            &bay,
        ),
        (
            "UPDATE appointments SET starts_at = 1999 WHERE id = 3",
            &bay,
        ),
        (
            "UPDATE appointments SET starts_at = 1999, bay = 3, vehicle_id = 1 WHERE id = 3",
            &vehicle,
        ),
        (
            "UPDATE appointments SET status = 'scheduled', bay = 3 WHERE id = 4",
            &vehicle,
        ),
        (
            "UPDATE appointments SET customer_id = 1, vehicle_id = 2, status = 'scheduled' WHERE id = 4",
            &bay,
        ),
        (
            "INSERT OR REPLACE INTO appointments (id, customer_id, vehicle_id, service, starts_at, \
          ends_at, bay, idempotency_key, booked_by) \
          SELECT id, customer_id, vehicle_id, service, 1500, 2500, bay, idempotency_key, booked_by \
          FROM appointments WHERE id = 3",
            &bay,
        ),
        (
            "UPDATE OR IGNORE appointments SET bay = 1 WHERE id = 2",
            &bay,
        ),
    ] {
        assert_eq!(&scene.run(sql).await, said, "{sql}");
    }
    scene
        .run("UPDATE appointments SET notes = 'late' WHERE id = 1")
        .await
        .expect("no overlap");
    scene
        .run("UPDATE appointments SET bay = 3 WHERE id = 2")
        .await
        .expect("free");
}

#[tokio::test]
async fn nonsense_is_refused() {
    let mut scene = Scene::new().await;
    scene
        .row((1, 1), (2000, 2000), 1, "scheduled")
        .await
        .expect_err("takes no time");
    scene
        .row((1, 1), (2000, 1000), 1, "scheduled")
        .await
        .expect_err("runs backwards");
    scene
        .row((1, 1), (1000, 2000), 0, "scheduled")
        .await
        .expect_err("bays count from 1");
    scene
        .row((1, 1), (1000, 2000), 1, "maybe")
        .await
        .expect_err("no such status");
    scene
        .row((1, 3), (1000, 2000), 1, "scheduled")
        .await
        .expect_err("not their vehicle");
    scene
        .row((9, 9), (1000, 2000), 1, "scheduled")
        .await
        .expect_err("nobody");
    for sql in [
        "UPDATE customers SET phone = '2175550101' WHERE id = 1",
        "UPDATE customers SET date_of_birth = '1985-02-30' WHERE id = 1",
        "UPDATE customers SET street = '18 Elm Street' WHERE id = 1",
        "UPDATE vehicles SET year = 21 WHERE id = 1",
        "UPDATE vehicles SET vin = 'SHORT' WHERE id = 1",
        "DELETE FROM customers WHERE id = 1",
    ] {
        scene.run(sql).await.expect_err(sql);
    }
}

#[tokio::test]
async fn what_is_under_way_or_over_cannot_be_moved_or_cancelled() {
    let mut scene = Scene::new().await;
    for (hour, status) in [(1, "in_progress"), (2, "completed"), (3, "no_show")] {
        let times = (hour * 3600, hour * 3600 + 1800);
        let id = scene.row((1, 1), times, 1, status).await.expect("free");
        let id = storage::appointment::AppointmentId(id);
        let cancelled = scene.store.appointments.cancel(id, "other").await;
        assert!(matches!(cancelled, Err(ChangeError::Over)), "{cancelled:?}");
        let moved = scene
            .store
            .appointments
            .reschedule(id, second(0), second(60), 3);
        let moved = moved.await;
        assert!(matches!(moved, Err(ChangeError::Over)), "{moved:?}");
    }
}

#[tokio::test]
async fn a_moved_confirmed_appointment_must_be_confirmed_again() {
    let mut scene = Scene::new().await;
    let id = scene
        .row((1, 1), (1000, 2000), 1, "confirmed")
        .await
        .expect("free");
    let id = storage::appointment::AppointmentId(id);
    let moved = scene
        .store
        .appointments
        .reschedule(id, second(5000), second(6000), 3);
    assert_eq!(moved.await.expect("free").status, Status::Scheduled);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_names_its_column() {
    let mut scene = Scene::new().await;
    scene
        .run("INSERT INTO call_logs (call_sid, direction, started_at, transcript, outcome, ended_at, duration_ms, end_reason) \
              VALUES ('CA1', 'inbound', 0, '[{\"text\":\"my number is\"}]', 'failed', 1, 1, 'x')")
        .await
        .expect("valid JSON, but no transcript");
    let error = scene
        .store
        .call_logs
        .by_sid("CA1")
        .await
        .expect_err("unreadable");
    let said = error.to_string();
    assert!(said.contains("call_logs.transcript of row 1"), "{said}");
    assert!(!said.contains("my number"), "{said}");
}

#[tokio::test]
async fn folders_and_file_are_created_and_the_book_outlives_the_process() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("data/springfield/book.db");
    let call = NewCallLog {
        call_sid: "CA1".into(),
        direction: Direction::Inbound,
        from_number: None,
        to_number: None,
        started_at: second(0),
    };
    let store = Store::open_sqlite(&path).await.expect("created");
    store.call_logs.open(&call).await.expect("written");
    store.backend.ping().await.expect("it answers");
    store.backend.close().await;
    store.backend.ping().await.expect_err("closed");
    store.call_logs.open(&call).await.expect_err("closed");

    let again = Store::open_sqlite(&path).await.expect("still there");
    let log = again.call_logs.by_sid("CA1").await.expect("readable");
    let log = log.expect("it outlived its process");
    assert_eq!(log.call, call);
    assert_eq!(log.summary, None);
}

#[tokio::test]
async fn a_book_that_was_never_closed_is_whole() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("book.db");
    let killed = Store::open_sqlite(&path).await.expect("created");
    let wish = newcomer();
    let made = killed.appointments.book(&wish).await.expect("free");
    // The other process is still there with its WAL, as after a kill.
    let next = Store::open_sqlite(&path).await.expect("readable");
    let found = next.appointments.by_id(made.id).await.expect("readable");
    assert_eq!(found, Some(made));
}

#[tokio::test]
async fn what_was_booked_before_there_was_an_outbox_is_in_it_if_it_is_still_to_come() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("book.db");
    let store = Store::open_sqlite(&path).await.expect("created");
    let made = store.appointments.book(&newcomer()).await.expect("free");
    store.backend.close().await;
    let mut raw = connection(&path).await;
    for undo in [
        "UPDATE appointments SET starts_at = unixepoch() + 60, ends_at = unixepoch() + 3660",
        "DROP TABLE calendar_outbox",
        "ALTER TABLE appointments DROP COLUMN calendar_event_id",
        "ALTER TABLE appointments DROP COLUMN calendar_etag",
        "DELETE FROM _sqlx_migrations WHERE version = 3",
    ] {
        sqlx::query(undo).execute(&mut raw).await.expect(undo);
    }
    let store = Store::open_sqlite(&path).await.expect("brought up to date");
    let entries = store.calendar.entries(made.id).await.expect("readable");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].state, EntryState::Pending);
}

#[tokio::test]
async fn what_was_booked_before_there_were_several_locations_is_the_first_ones() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("book.db");
    let store = Store::open_sqlite(&path).await.expect("created");
    let made = store.appointments.book(&newcomer()).await.expect("free");
    store.backend.close().await;
    let mut raw = connection(&path).await;
    let first = include_str!("../migrations/sqlite/0001_the_book.sql");
    let triggers = first.split("CREATE TRIGGER ").skip(1).take(2);
    let triggers = triggers.map(|text| {
        let end = text.find("END;").expect("a trigger ends") + "END;".len();
        format!("CREATE TRIGGER {}", &text[..end])
    });
    let undo = [
        "DROP TRIGGER appointments_never_overlap_on_insert",
        "DROP TRIGGER appointments_never_overlap_on_update",
        "DROP TABLE waitlist",
        "DROP INDEX appointments_in_bay",
        "ALTER TABLE appointments DROP COLUMN location",
        "CREATE INDEX appointments_in_bay ON appointments (bay, ends_at)
            WHERE status <> 'cancelled'",
        "DELETE FROM _sqlx_migrations WHERE version = 8",
    ];
    for step in undo.map(str::to_owned).into_iter().chain(triggers) {
        sqlx::query(sqlx::AssertSqlSafe(step.clone()))
            .execute(&mut raw)
            .await
            .expect(&step);
    }
    let store = Store::open_sqlite(&path).await.expect("brought up to date");
    let found = store.appointments.by_id(made.id).await.expect("readable");
    assert_eq!(found, Some(made));
}

#[tokio::test]
async fn a_schema_from_the_future_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("book.db");
    Store::open_sqlite(&path)
        .await
        .expect("created")
        .backend
        .close()
        .await;
    let mut raw = connection(&path).await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9000, 'later', TRUE, x'00', 0)",
    )
    .execute(&mut raw)
    .await
    .expect("written");
    let refused = Store::open_sqlite(&path).await.expect_err("refused");
    assert!(matches!(
        refused,
        OpenError::SchemaTooNew { found: 9000, .. }
    ));
    let said = refused.to_string();
    assert!(
        said.contains("book.db") && said.contains("newer version of otto"),
        "{said}"
    );
}

#[tokio::test]
async fn what_is_no_database_is_refused_with_its_path() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "this is not a database, it is a shopping list").expect("written");
    let refused = Store::open_sqlite(&path).await.expect_err("refused");
    assert!(refused.to_string().contains("notes.txt"), "{refused}");
    let refused = Store::open_sqlite(path.join("book.db"))
        .await
        .expect_err("refused");
    assert!(matches!(refused, OpenError::Folder { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_may_open_one_new_file_at_once() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("book.db");
    let mut race = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let path = path.clone();
        race.spawn(async move {
            let store = Store::open_sqlite(&path).await.expect("opened");
            // Each is a writer of its own: SQLite's lock decides among them, not our pool.
            store
                .appointments
                .book(&newcomer())
                .await
                .expect("the same booking");
            store
        });
    }
    let stores = race.join_all().await;
    assert_eq!(stores[0].customers.count().await.expect("readable"), 1);
}

#[tokio::test]
async fn temporary_books_share_nothing() {
    let one = Store::open_in_memory().await.expect("opened");
    let two = Store::open_in_memory().await.expect("opened");
    one.appointments.book(&newcomer()).await.expect("free");
    assert_eq!(one.customers.count().await.expect("readable"), 1);
    assert_eq!(two.customers.count().await.expect("readable"), 0);
}

fn newcomer() -> NewAppointment {
    NewAppointment {
        party: Party::NewCustomer {
            customer: NewCustomer {
                phone: Phone::parse("217-555-0142").expect("a number"),
                first_name: "Grace".into(),
                last_name: "Hill".into(),
                email: None,
                date_of_birth: None,
                address: None,
            },
            vehicle: sedan(),
        },
        location: "main".into(),
        service: "oil_change".into(),
        starts_at: second(1000),
        ends_at: second(2000),
        bays: 3,
        notes: None,
        idempotency_key: "CA1:1".into(),
        booked_by: "voice".into(),
        booked_from: None,
    }
}

fn sedan() -> NewVehicle {
    NewVehicle {
        year: 2020,
        make: "Toyota".into(),
        model: "Camry".into(),
        vin: None,
    }
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("an instant")
}

async fn connection(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true);
    SqliteConnection::connect_with(&options)
        .await
        .expect("the file is there")
}

fn refusal(error: sqlx::Error) -> String {
    match error.as_database_error() {
        Some(refusal) => refusal.message().to_owned(),
        None => error.to_string(),
    }
}
