//! The server itself: what Postgres refuses whatever the program believes, how a database is opened
//! and brought up to date, and what stays of an operation that nobody waits for any more.

#[path = "../../tests/src/postgres.rs"]
#[allow(dead_code, unreachable_pub)] // one file, two packages
mod server;

use std::time::Duration;

use jiff::Timestamp;
use server::{Postgres, postgres};
use storage::appointment::{AppointmentId, BookingError, NewAppointment, Party};
use storage::customer::{NewCustomer, Phone};
use storage::migrations::{migrate, pending};
use storage::vehicle::NewVehicle;
use storage::{Address, OpenError, Store, Trouble};

/// A database, the program's view of it, and SQL behind the program's back.
struct Scene {
    server: &'static Postgres,
    url: String,
    address: Address,
}

impl Scene {
    /// An empty database; `None` where this machine has no Postgres.
    fn new() -> Option<Self> {
        let server = postgres()?;
        let url = server.database();
        Some(Self {
            server,
            address: Address::parse(&url).expect("an address"),
            url,
        })
    }

    async fn store(&self) -> Store {
        Store::open(&self.address).await.expect("it opens")
    }

    fn name(&self) -> &str {
        let (place, _) = self.url.split_once('?').expect("options");
        place.rsplit_once('/').expect("a database").1
    }

    fn sql(&self, sql: &str) -> String {
        self.server.sql(self.name(), sql)
    }

    fn refusal(&self, sql: &str) -> String {
        match self.server.try_sql(self.name(), sql) {
            Ok(_) => panic!("accepted: {sql}"),
            Err(refusal) => refusal,
        }
    }

    /// Customer 1 with vehicles 1 and 2, customer 2 with vehicle 3.
    fn people(&self) {
        self.sql(
            "INSERT INTO customers (phone, first_name, last_name) VALUES
                ('+12175550101', 'Ann', 'Hill'), ('+12175550102', 'Ben', 'King');
             INSERT INTO vehicles (customer_id, year, make, model) VALUES
                (1, 2020, 'Toyota', 'Camry'), (1, 2019, 'Ford', 'F-150'), (2, 2021, 'Honda', 'Civic')",
        );
    }
}

/// A row for a vehicle in a bay, from one hour of a day to another.
fn row(
    (customer, vehicle): (i64, i64),
    (from, to): (&str, &str),
    bay: i64,
    status: &str,
) -> String {
    format!(
        "INSERT INTO appointments
            (customer_id, vehicle_id, service, starts_at, ends_at, bay, status, idempotency_key, booked_by)
         VALUES ({customer}, {vehicle}, 'oil_change', '2026-11-24 {from}Z', '2026-11-24 {to}Z', {bay},
            '{status}', gen_random_uuid()::text, 'raw')"
    )
}

#[tokio::test]
async fn no_row_can_overlap_in_a_bay_or_for_a_vehicle_whoever_writes_it() {
    let Some(scene) = Scene::new() else { return };
    scene.store().await;
    scene.people();
    scene.sql(&row((1, 1), ("09:00", "10:00"), 1, "scheduled"));
    for times in [
        ("09:00", "10:00"),
        ("09:59:59", "11:00"),
        ("08:00", "09:00:01"),
        ("09:20", "09:40"),
        ("00:00", "23:00"),
    ] {
        for status in [
            "scheduled",
            "confirmed",
            "in_progress",
            "completed",
            "no_show",
        ] {
            let refused = scene.refusal(&row((2, 3), times, 1, status));
            assert!(refused.contains("bay_overlap"), "{refused}");
        }
        let refused = scene.refusal(&row((1, 1), times, 2, "scheduled"));
        assert!(refused.contains("vehicle_overlap"), "{refused}");
    }
    let both = scene.refusal(&row((1, 1), ("09:30", "10:30"), 1, "scheduled"));
    assert!(
        both.contains("vehicle_overlap"),
        "another bay cannot help: {both}"
    );
    scene.sql(&row((2, 3), ("09:00", "10:00"), 1, "cancelled"));
    scene.sql(&row((2, 3), ("10:00", "11:00"), 1, "scheduled"));
    scene.sql(&row((1, 2), ("09:00", "10:00"), 2, "scheduled"));
    for (sql, named) in [
        ("SET bay = 1 WHERE vehicle_id = 2", "bay_overlap"),
        (
            "SET status = 'scheduled' WHERE status = 'cancelled'",
            "bay_overlap",
        ),
        ("SET vehicle_id = 1 WHERE vehicle_id = 2", "vehicle_overlap"),
        (
            "SET starts_at = starts_at - interval '1 second' WHERE vehicle_id = 3 AND status = 'scheduled'",
            "bay_overlap",
        ),
    ] {
        let refused = scene.refusal(&format!("UPDATE appointments {sql}"));
        assert!(refused.contains(named), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn nonsense_is_refused() {
    let Some(scene) = Scene::new() else { return };
    scene.store().await;
    scene.people();
    for sql in [
        row((1, 1), ("09:00", "09:00"), 1, "scheduled"),
        row((1, 1), ("10:00", "09:00"), 1, "scheduled"),
        row((1, 1), ("09:00", "10:00"), 0, "scheduled"),
        row((1, 1), ("09:00", "10:00"), 1, "maybe"),
        row((1, 3), ("09:00", "10:00"), 1, "scheduled"),
        row((9, 9), ("09:00", "10:00"), 1, "scheduled"),
        "UPDATE customers SET phone = '2175550101' WHERE id = 1".into(),
        "UPDATE customers SET street = '18 Elm Street' WHERE id = 1".into(),
        "UPDATE customers SET id = 7 WHERE id = 1".into(),
        "UPDATE vehicles SET year = 21 WHERE id = 1".into(),
        "UPDATE vehicles SET vin = 'SHORT' WHERE id = 1".into(),
        "DELETE FROM customers WHERE id = 1".into(),
    ] {
        scene.refusal(&sql);
    }
}

#[tokio::test]
async fn instants_and_documents_are_of_the_servers_own_types() {
    let Some(scene) = Scene::new() else { return };
    let store = scene.store().await;
    let made = store
        .appointments
        .book(&newcomer("CA1:1", "2175550142"))
        .await;
    made.expect("free");
    assert_eq!(
        scene.sql("SELECT starts_at AT TIME ZONE 'America/Chicago', tstzrange(starts_at, ends_at) && tstzrange('2026-11-24 15:00Z', '2026-11-24 16:00Z') FROM appointments"),
        "2026-11-24 09:00:00|t"
    );
}

#[tokio::test]
async fn a_dry_run_tells_what_is_missing_and_writes_nothing() {
    let Some(scene) = Scene::new() else { return };
    let steps = pending(&scene.address).await.expect("readable");
    let versions: Vec<i64> = steps.iter().map(|step| step.version).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(scene.sql(tables), "0");
    assert_eq!(migrate(&scene.address).await.expect("migrated"), steps);
    assert_eq!(pending(&scene.address).await.expect("readable"), []);
    assert_eq!(migrate(&scene.address).await.expect("nothing to do"), []);
}

#[tokio::test]
async fn a_schema_from_the_future_is_refused_and_left_alone() {
    let Some(scene) = Scene::new() else { return };
    scene.store().await;
    scene.sql("INSERT INTO _sqlx_migrations VALUES (9000, 'later', now(), TRUE, '', 0)");
    for refused in [
        Store::open(&scene.address).await.expect_err("too new"),
        pending(&scene.address).await.expect_err("too new"),
    ] {
        assert!(matches!(
            refused,
            OpenError::SchemaTooNew { found: 9000, .. }
        ));
        let said = refused.to_string();
        assert!(said.contains(scene.name()), "{said}");
        assert!(said.contains("newer version of otto"), "{said}");
    }
}

#[tokio::test]
async fn a_step_that_was_edited_after_it_was_applied_is_refused() {
    let Some(scene) = Scene::new() else { return };
    scene.store().await;
    scene.sql("UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1");
    let refused = Store::open(&scene.address).await.expect_err("edited");
    assert!(
        matches!(
            refused,
            OpenError::Server {
                trouble: Trouble::Schema,
                ..
            }
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_failed_step_leaves_nothing_behind() {
    let Some(scene) = Scene::new() else { return };
    // In the way of the second step; the first would succeed.
    scene.sql("CREATE TABLE call_events (other INTEGER)");
    let refused = Store::open(&scene.address).await.expect_err("in the way");
    assert!(
        matches!(
            refused,
            OpenError::Server {
                trouble: Trouble::Schema,
                ..
            }
        ),
        "{refused:?}"
    );
    let tables =
        scene.sql("SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'");
    assert_eq!(tables, "call_events");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_may_open_one_new_database_at_once() {
    let Some(scene) = Scene::new() else { return };
    let mut race = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let address = scene.address.clone();
        race.spawn(async move {
            let store = Store::open(&address).await.expect("opened");
            let made = store
                .appointments
                .book(&newcomer("CA1:1", "2175550142"))
                .await;
            store.backend.close().await;
            made.expect("the same booking").id
        });
    }
    let ids = race.join_all().await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(scene.sql("SELECT count(*) FROM appointments"), "1");
}

#[tokio::test]
async fn a_user_who_may_only_use_the_tables_can_serve_and_one_who_may_not_is_told() {
    let Some(scene) = Scene::new() else { return };
    scene.store().await;
    let (name, clerk) = (scene.name(), format!("clerk_of_{}", scene.name()));
    let as_clerk = scene.url.replace("otto@", &format!("{clerk}@"));
    let as_clerk = Address::parse(&as_clerk).expect("an address");
    scene.sql(&format!("CREATE USER {clerk}"));
    let refused = Store::open(&as_clerk).await.expect_err("no rights");
    assert!(
        matches!(
            refused,
            OpenError::Server {
                trouble: Trouble::NotAllowed,
                ..
            }
        ),
        "{refused:?}"
    );
    scene.sql(&format!(
        "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {clerk}"
    ));
    let store = Store::open(&as_clerk).await.expect("no step is missing");
    let made = store
        .appointments
        .book(&newcomer("CA1:1", "2175550142"))
        .await;
    made.expect("free");
    store.backend.close().await;

    // An empty database that this user may not fill.
    let empty = format!("{name}_empty");
    scene.sql(&format!("CREATE DATABASE {empty}"));
    let there = scene
        .server
        .address(&empty)
        .replace("otto@", &format!("{clerk}@"));
    let there = Address::parse(&there).expect("an address");
    let refused = Store::open(&there).await.expect_err("no rights");
    assert!(
        matches!(
            refused,
            OpenError::Server {
                trouble: Trouble::NotAllowed | Trouble::NoBtreeGist,
                ..
            }
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_cannot_be_opened_says_what_kind_of_trouble_it_is_and_no_password() {
    let Some(scene) = Scene::new() else { return };
    let missing = scene.server.address("nowhere");
    let unreachable = "postgres://otto:s3cret@127.0.0.1:1/book".to_owned();
    let foreign = format!(
        "postgres://otto:s3cret@127.0.0.1:{}/nowhere",
        scene.server.port()
    );
    let no_tls = format!(
        "postgres://otto:s3cret@127.0.0.1:{}/postgres?sslmode=require",
        scene.server.port()
    );
    for (url, expected) in [
        (missing, Trouble::NoSuchDatabase),
        (unreachable, Trouble::Unreachable),
        (foreign, Trouble::NoSuchDatabase),
        (no_tls, Trouble::Tls),
    ] {
        let address = Address::parse(&url).expect("an address");
        let refused = Store::open(&address).await.expect_err("not to be opened");
        assert!(
            !format!("{refused} {refused:?}").contains("s3cret"),
            "{refused:?}"
        );
        match refused {
            OpenError::Server { trouble, .. } => assert_eq!(trouble, expected, "{url}"),
            other => panic!("{url}: {other}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_throws_everybody_out_is_used_again_at_once() {
    let Some(scene) = Scene::new() else { return };
    let store = scene.store().await;
    for round in 0..5 {
        store.backend.ping().await.expect("it answers");
        scene.server.sql(
            "postgres",
            &format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
                scene.name()
            ),
        );
        let key = format!("CA{round}:1");
        let phone = format!("217555{:04}", 1000 + round);
        let made = store.appointments.book(&newcomer(&key, &phone)).await;
        assert!(
            matches!(made, Ok(_) | Err(BookingError::SlotTaken)),
            "{made:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_up_half_way_leaves_no_lock_and_no_half_booking() {
    let Some(scene) = Scene::new() else { return };
    let store = scene.store().await;
    let mut given_up = 0;
    for round in 0..60_u64 {
        let wish = newcomer(
            &format!("CA{round}:1"),
            &format!("217555{:04}", 1000 + round),
        );
        let patience = Duration::from_micros(150 * round);
        let booking = store.appointments.book(&wish);
        given_up += u32::from(tokio::time::timeout(patience, booking).await.is_err());
    }
    assert!(given_up > 5, "only {given_up} were interrupted");
    // A move waits for every booking under way: it must not wait for what nobody does any more.
    let made = NewAppointment {
        starts_at: second(50 * 3600),
        ends_at: second(51 * 3600),
        ..newcomer("CA999:1", "2175552999")
    };
    let made = store.appointments.book(&made).await.expect("free");
    let moved = store
        .appointments
        .reschedule(made.id, second(60 * 3600), second(61 * 3600), 3);
    moved.await.expect("nobody holds a lock");
    assert_eq!(
        scene.sql(
            "SELECT count(*) FROM customers WHERE NOT EXISTS
                (SELECT FROM appointments WHERE customer_id = customers.id)"
        ),
        "0",
        "whoever came in a booking that failed"
    );
    store.backend.close().await;
    let still_there = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND xact_start IS NOT NULL
            AND pid <> pg_backend_pid()",
        scene.name()
    );
    assert_eq!(scene.sql(&still_there), "0");
}

#[tokio::test]
async fn whoever_waits_for_a_lock_forever_is_told_so_in_time() {
    let Some(scene) = Scene::new() else { return };
    let store = scene.store().await;
    let made = store
        .appointments
        .book(&newcomer("CA1:1", "2175550142"))
        .await;
    let id: AppointmentId = made.expect("free").id;
    // Somebody began to change the row in a shell, and went to lunch.
    let shell = scene.sql_in_the_background(
        "BEGIN; UPDATE appointments SET notes = 'hm'; SELECT pg_sleep(20); ROLLBACK",
    );
    let begun = std::time::Instant::now();
    let refused = store.appointments.cancel(id, "other").await;
    refused.expect_err("the row is taken");
    let waited = begun.elapsed();
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    drop(shell);
}

impl Scene {
    /// Runs SQL in a shell of its own until that is dropped; returns once it has a lock.
    fn sql_in_the_background(&self, sql: &str) -> Shell {
        let mut command = self.server.psql(self.name());
        let shell = Shell(command.args(["-c", sql]).spawn().expect("psql runs"));
        let sleeps = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        let patience = std::time::Instant::now() + Duration::from_secs(30);
        while self.sql(sleeps) == "0" {
            assert!(
                std::time::Instant::now() < patience,
                "the shell does not begin"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        shell
    }
}

struct Shell(std::process::Child);

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn newcomer(key: &str, phone: &str) -> NewAppointment {
    NewAppointment {
        party: Party::NewCustomer {
            customer: NewCustomer {
                phone: Phone::parse(phone).expect("a number"),
                first_name: "Grace".into(),
                last_name: "Hill".into(),
                email: None,
                date_of_birth: None,
                address: None,
            },
            vehicle: NewVehicle {
                year: 2020,
                make: "Toyota".into(),
                model: "Camry".into(),
                vin: None,
            },
        },
        location: "main".into(),
        service: "oil_change".into(),
        starts_at: second(15 * 3600),
        ends_at: second(16 * 3600),
        bays: 3,
        notes: None,
        idempotency_key: key.into(),
        booked_by: "voice".into(),
        booked_from: None,
    }
}

/// Seconds of one certain day.
fn second(second: i64) -> Timestamp {
    let midnight: Timestamp = "2026-11-24T00:00:00Z".parse().expect("an instant");
    Timestamp::from_second(midnight.as_second() + second).expect("an instant")
}
