//! How long a call waits for the book: one lookup and one booking, alone and with fifty calls at
//! once, in SQLite alone and on Postgres with Redis, servers of the bench's own. Lookups are measured
//! in each tier: the database, Redis (what another node has read), this process.
//!
//! Fifty calls book in two ways. *At call pace*, each once a second at a moment of its own: fifty
//! bookings a second, more than any telephone brings. *All at once*, each at the very moment when the
//! last of the fifty before was done: the book has no pause, and the slowest waits for forty-nine.
//!
//! What counts are the slowest of many under load, so each number of the table is a quantile of the
//! times of single operations, with the limit that its p99 is held to. Criterion then follows each
//! operation alone, from run to run. Both databases sync to disk at every commit.

#[path = "../tests/src/postgres.rs"]
#[allow(dead_code, unreachable_pub)] // one file, two packages
mod postgres;
#[path = "../tests/src/redis.rs"]
#[allow(dead_code, unreachable_pub)] // one file, two packages
mod redis;

use std::sync::Arc;
use std::time::{Duration, Instant};

use control::nodes::{RedisAddress, Together};
use control::observe::Metrics;
use criterion::Criterion;
use jiff::{SignedDuration, Timestamp};
use storage::appointment::{NewAppointment, Party};
use storage::customer::{Address as Home, CustomerId, NewCustomer, Phone};
use storage::vehicle::{NewVehicle, VehicleId};
use storage::{Address, Store};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// What the 99th percentile of an operation is held to.
mod limits {
    use std::time::Duration;

    pub(crate) const IN_PROCESS: Duration = Duration::from_micros(20);
    pub(crate) const CACHED: Duration = Duration::from_millis(2);
    pub(crate) const UNCACHED: Duration = Duration::from_millis(30);
    pub(crate) const BOOKING: Duration = Duration::from_millis(50);
}

const CALLS: usize = 50;
const ROUNDS: usize = 20;
/// Of lookups that take microseconds there are as many more.
const MORE: usize = 50;
const CUSTOMERS: usize = 2_000;
/// How long bookings come at call pace.
const SECONDS: usize = 10;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.expect("threads");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = Address::Sqlite(folder.path().join("book.db"));
    let postgres = postgres::durable();
    let redis = redis::redis();
    let shared = redis
        .as_ref()
        .map(|redis| RedisAddress::parse(&redis.address()));
    let mut books = vec![("SQLite", file, None)];
    if let Some(server) = &postgres {
        let address = Address::parse(&server.database()).expect("an address");
        books.push(("Postgres", address, shared.transpose().expect("an address")));
    }
    let mut criterion = Criterion::default().configure_from_args();
    println!(
        "{:<46} {:>9} {:>9} {:>9} {:>9}",
        "", "p50 ms", "p99 ms", "max ms", "limit"
    );
    for (name, address, redis) in books {
        // Not on the thread that waits: it would be a third on two cores.
        let store = runtime.block_on(runtime.spawn(measure(name, address, redis)));
        let store = store.expect("measured");
        follow(&mut criterion, &runtime, name, &store);
        runtime.block_on(store.backend.close());
    }
    criterion.final_summary();
}

/// Each operation alone, in a process that keeps what it has read.
fn follow(criterion: &mut Criterion, runtime: &Runtime, name: &str, store: &Store) {
    let kept = runtime.block_on(node(store, None)).store;
    runtime.block_on(lookups(&kept, 1, ROUNDS * CALLS)); // warm
    let sum = |times: Vec<Duration>| times.iter().sum::<Duration>();
    let mut weeks = 1_000..;
    let mut group = criterion.benchmark_group(name);
    group.bench_function("lookup in the database", |bencher| {
        bencher.iter_custom(|n| sum(runtime.block_on(lookups(store, 1, n as usize))));
    });
    group.bench_function("lookup in the process", |bencher| {
        bencher.iter_custom(|n| sum(runtime.block_on(lookups(&kept, 1, n as usize))));
    });
    group.bench_function("booking", |bencher| {
        bencher.iter_custom(|n| {
            let weeks = weeks.by_ref().take(n as usize);
            sum(runtime.block_on(bookings(&kept, 1, weeks)))
        });
    });
    group.finish();
}

async fn measure(name: &'static str, address: Address, redis: Option<RedisAddress>) -> Store {
    let store = Store::open(&address).await.expect("an empty book");
    fill(&store).await;
    lookups(&store, CALLS, ROUNDS).await; // warm
    let alone = lookups(&store, 1, ROUNDS * CALLS).await;
    report(name, "lookup, alone", alone, limits::UNCACHED);
    let crowd = lookups(&store, CALLS, ROUNDS).await;
    report(
        name,
        &format!("lookup, {CALLS} calls"),
        crowd,
        limits::UNCACHED,
    );
    tiers(name, &store, redis.as_ref()).await;
    let kept = node(&store, redis.as_ref()).await.store;
    let mut weeks = 1..;
    bookings(&kept, CALLS, weeks.by_ref().take(1)).await; // warm
    let alone = bookings(&kept, 1, weeks.by_ref().take(250)).await;
    report(name, "booking, alone", alone, limits::BOOKING);
    let paced = bookings_at_call_pace(&kept, weeks.by_ref().take(SECONDS)).await;
    report(
        name,
        &format!("booking, {CALLS} calls at call pace"),
        paced,
        limits::BOOKING,
    );
    let crowd = bookings(&kept, CALLS, weeks.by_ref().take(ROUNDS)).await;
    report(
        name,
        &format!("booking, {CALLS} calls all at once"),
        crowd,
        limits::BOOKING,
    );
    store
}

/// One process that has the book open.
async fn node(store: &Store, redis: Option<&RedisAddress>) -> Together {
    let metrics = Arc::new(Metrics::new(Arc::default()));
    let node = Together::start(redis.cloned(), store.clone(), metrics).await;
    node.expect("a book with a name")
}

/// The same lookups, where they were made before: on another node, and on this one.
async fn tiers(name: &str, store: &Store, redis: Option<&RedisAddress>) {
    for calls in [1, CALLS] {
        let rounds = ROUNDS * CALLS / calls;
        let (first, second) = (node(store, redis).await, node(store, redis).await);
        lookups(&first.store, calls, rounds).await;
        let times = lookups(&second.store, calls, rounds).await;
        if redis.is_some() {
            report(
                name,
                &format!("lookup in Redis, {calls} calls"),
                times,
                limits::CACHED,
            );
        }
        let times = lookups(&second.store, calls, rounds * MORE).await;
        let what = format!("lookup in the process, {calls} calls");
        report(name, &what, times, limits::IN_PROCESS);
    }
}

/// `limit` is that of the 99th percentile.
fn report(name: &str, what: &str, mut times: Vec<Duration>, limit: Duration) {
    times.sort_unstable();
    let at = |share: f64| {
        let index = ((times.len() - 1) as f64 * share).round() as usize;
        times[index].as_secs_f64() * 1_000.0
    };
    let what = format!("{name}: {what}");
    let limit = limit.as_secs_f64() * 1_000.0;
    let verdict = if at(0.99) > limit { " exceeded" } else { "" };
    println!(
        "{what:<46} {:>9.4} {:>9.4} {:>9.4} {limit:>9.4}{verdict}",
        at(0.5),
        at(0.99),
        at(1.0),
    );
}

async fn fill(store: &Store) {
    for n in 0..CUSTOMERS {
        let customer = NewCustomer {
            phone: phone(n),
            first_name: "Grace".into(),
            last_name: format!("Hill{n}"),
            email: None,
            date_of_birth: Some(jiff::civil::date(1984, 2, 29)),
            address: Some(Home {
                street: "7 Pine Court".into(),
                city: "Springfield".into(),
                state: "IL".into(),
                zip: "62702".into(),
            }),
        };
        let customer = store.customers.create(&customer).await.expect("free");
        let vehicle = NewVehicle {
            year: 2020,
            make: "Toyota".into(),
            model: "Camry".into(),
            vin: None,
        };
        let vehicle = store.vehicles.add(customer.id, &vehicle).await;
        assert_eq!(vehicle.expect("theirs").id.0, customer.id.0);
    }
}

/// Who is calling, and with what: what the greeting waits for.
async fn lookups(store: &Store, calls: usize, rounds: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for round in 0..rounds {
        let mut crowd = JoinSet::new();
        for call in 0..calls {
            let store = store.clone();
            crowd.spawn(async move {
                let begun = Instant::now();
                // More lookups are of the same customers.
                let n = (round * calls + call) % (ROUNDS * CALLS);
                let phone = phone(n * 7 % CUSTOMERS);
                let customer = store.customers.by_phone(&phone).await.expect("readable");
                let customer = customer.expect("known");
                let vehicles = store.vehicles.of_customer(customer.id).await;
                assert_eq!(vehicles.expect("readable").len(), 1);
                begun.elapsed()
            });
        }
        times.extend(crowd.join_all().await);
    }
    times
}

/// Each week's all at once, and the next when the last of them is done.
async fn bookings(store: &Store, calls: usize, weeks: impl Iterator<Item = i32>) -> Vec<Duration> {
    let mut times = Vec::new();
    for week in weeks {
        let mut crowd = JoinSet::new();
        for call in 0..calls {
            crowd.spawn(book(store.clone(), wish(week, call)));
        }
        times.extend(crowd.join_all().await);
    }
    times
}

/// Each week's within one second, each at a moment of its own.
async fn bookings_at_call_pace(store: &Store, weeks: impl Iterator<Item = i32>) -> Vec<Duration> {
    let begun = tokio::time::Instant::now();
    let mut crowd = JoinSet::new();
    for (second, week) in weeks.enumerate() {
        for call in 0..CALLS {
            let store = store.clone();
            let scattered = (second * CALLS + call) as u32;
            let scattered = scattered.wrapping_mul(0x9e37_79b1);
            let moment = second as f64 + f64::from(scattered) / f64::from(u32::MAX);
            crowd.spawn(async move {
                tokio::time::sleep_until(begun + Duration::from_secs_f64(moment)).await;
                book(store, wish(week, call)).await
            });
        }
    }
    crowd.join_all().await
}

async fn book(store: Store, wish: NewAppointment) -> Duration {
    let begun = Instant::now();
    store.appointments.book(&wish).await.expect("free");
    begun.elapsed()
}

/// Within a week each call has an hour, which three share, and a vehicle of its own.
fn wish(week: i32, call: usize) -> NewAppointment {
    let monday: Timestamp = "2026-11-23T14:00:00Z".parse().expect("an instant");
    let id = i64::try_from(call + 1).expect("few");
    let starts_at = monday
        + SignedDuration::from_hours(24 * 7) * week
        + SignedDuration::from_hours(1) * i32::try_from(call / 3).expect("few");
    NewAppointment {
        party: Party::Known {
            customer: CustomerId(id),
            vehicle: VehicleId(id),
        },
        location: "main".into(),
        service: "oil_change".into(),
        starts_at,
        ends_at: starts_at + SignedDuration::from_hours(1),
        bays: 3,
        notes: None,
        idempotency_key: format!("bench:{week}:{call}"),
        booked_by: "bench".into(),
        booked_from: None,
    }
}

fn phone(n: usize) -> Phone {
    Phone::parse(&format!("217555{n:04}")).expect("a number")
}
