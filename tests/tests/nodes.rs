//! What nodes share, with Redis and without: the same sentences over both.

#[path = "../../storage/tests/contract/holds.rs"]
mod holds;

use std::sync::Arc;
use std::time::{Duration, Instant};

use control::nodes::{
    CallNews, CallsHere, CallsInRedis, Link, LiveCalls, RedisAddress, Shared, Stage, Together,
};
use control::observe::Metrics;
use control::session::{Ending, Occasion, Parties, Purpose};
use control::telephony::CallSid;
use storage::appointment::{AppointmentId, NewAppointment, Party};
use storage::customer::{Customer, CustomerId, NewCustomer, Phone};
use storage::reminder::AttemptId;
use storage::vehicle::NewVehicle;
use storage::{Address, Store};
use tests::postgres::postgres;
use tests::redis::{Redis, redis};

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a message may take from one node to another on a machine that does much else.
const MESSAGE: Duration = Duration::from_secs(5);

/// One process of several.
struct Node {
    together: Together,
    metrics: Arc<Metrics>,
}

impl Node {
    async fn start(redis: Option<&Redis>, store: Store) -> Self {
        let metrics = Arc::new(Metrics::new(Arc::default()));
        let address = redis.map(|redis| RedisAddress::parse(&redis.address()).expect("an address"));
        let together = Together::start(address, store, Arc::clone(&metrics)).await;
        Self {
            together: together.expect("a book with a name"),
            metrics,
        }
    }

    fn store(&self) -> &Store {
        &self.together.store
    }

    fn link(&self) -> &Link {
        self.together.redis.as_deref().expect("a link")
    }

    async fn vehicles(&self, of: CustomerId) -> usize {
        let all = self.store().vehicles.of_customer(of).await;
        all.expect("readable").len()
    }

    async fn by_phone(&self, last_four: u16) -> Option<Customer> {
        let found = self.store().customers.by_phone(&phone(last_four)).await;
        found.expect("readable")
    }

    /// How many lookups were answered there.
    fn found_in(&self, tier: &str) -> u64 {
        let page = self.metrics.encode();
        let start = format!("otto_customer_lookup_seconds_count{{tier=\"{tier}\"}} ");
        let line = page.lines().find_map(|line| line.strip_prefix(&start));
        line.map_or(0, |count| count.parse().expect("a count"))
    }
}

/// Two nodes with one book on Postgres and one Redis.
async fn two_nodes() -> Option<(Redis, Node, Node)> {
    let (server, redis) = (postgres()?, redis()?);
    let address = Address::parse(&server.database()).expect("an address");
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let store = Store::open(&address).await.expect("a book");
        nodes.push(Node::start(Some(&redis), store).await);
    }
    let (b, a) = (nodes.pop()?, nodes.pop()?);
    Some((redis, a, b))
}

fn phone(last_four: u16) -> Phone {
    Phone::parse(&format!("217555{last_four:04}")).expect("a number")
}

fn grace(last_four: u16) -> NewCustomer {
    NewCustomer {
        phone: phone(last_four),
        first_name: "Grace".into(),
        last_name: "Hill".into(),
        email: None,
        date_of_birth: Some(jiff::civil::date(1984, 2, 29)),
        address: None,
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

/// One of many: the book takes equal vehicles of a customer for one.
fn nth(n: usize) -> NewVehicle {
    NewVehicle {
        model: format!("Model {n}"),
        ..sedan()
    }
}

async fn until(what: &str, most: Duration, holds: impl AsyncFn() -> bool) {
    let patience = Instant::now() + most;
    while !holds().await {
        assert!(Instant::now() < patience, "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

// ---- holds -------------------------------------------------------------------

macro_rules! holds_in_redis {
    ($($name:ident),* $(,)?) => {
        mod in_redis {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let Some(redis) = super::redis() else { return };
                    let store = super::Store::open_in_memory().await.expect("a book");
                    let node = super::Node::start(Some(&redis), store).await;
                    super::holds::$name(node.store().clone()).await;
                }
            )*
        }
    };
}

holds_in_redis![
    a_held_time_is_not_free_for_others,
    as_many_hold_a_time_as_it_has_room_for,
    a_change_of_mind_frees_what_was_held,
    who_decides_between_overlapping_times_takes_one_bay,
    a_late_release_takes_nothing_newer_away,
    a_hold_runs_out_by_itself,
    racing_callers_hold_no_more_than_there_is_room_for,
];

#[tokio::test]
async fn without_redis_times_are_held_in_the_database() {
    let Some((mut redis, a, b)) = two_nodes().await else {
        return;
    };
    redis.kill();
    until("both are alone", PATIENCE, async || {
        !a.link().is_up() && !b.link().is_up()
    })
    .await;
    holds::a_held_time_is_not_free_for_others(a.store().clone()).await;
    let seen = holds::others(b.store(), "CA2").await;
    assert_eq!(seen.len(), 1, "by the other node, too");
}

// ---- calls -------------------------------------------------------------------

fn sid(text: &str) -> CallSid {
    CallSid::parse(text).expect("valid")
}

fn parties() -> Parties {
    Parties {
        from: Some(phone(101)),
        to: Some(phone(100)),
        occasion: Occasion::Ours {
            purpose: Purpose::FollowUp,
            appointment: AppointmentId(7),
            attempt: AttemptId::parse("0123456789abcdef0123456789abcdef"),
        },
    }
}

/// What every implementation promises; two nodes are one where there is one process.
async fn a_call_is_known_from_its_announcement_to_its_end(a: &dyn LiveCalls, b: &dyn LiveCalls) {
    let call = sid("CA1");
    assert_eq!(b.get(&call).await, None);
    b.tell(&call, CallNews::default().asked()).await;
    assert_eq!(
        b.get(&call).await,
        None,
        "a word about a stranger makes no call"
    );

    a.tell(&call, CallNews::announced(&parties(), 0)).await;
    let known = b.get(&call).await.expect("announced");
    assert_eq!((known.stage, known.returns), (Stage::Announced, 0));
    assert_eq!(known.parties, parties());
    assert!(b.live().await.is_empty(), "nobody leads it yet");

    let began = jiff::Timestamp::now();
    b.tell(&call, CallNews::live(&parties(), 0).started(began))
        .await;
    let state = CallNews::default()
        .state("slot_collection")
        .customer(Some(1));
    b.tell(&call, state).await;
    a.tell(&call, CallNews::announced(&parties(), 0)).await;
    let known = a.get(&call).await.expect("live");
    assert_eq!(known.stage, Stage::Live, "what is late changes nothing");
    assert_eq!(
        (known.state.as_str(), known.customer),
        ("slot_collection", Some(1))
    );
    let live = a.live().await;
    assert_eq!(live.len(), 1, "{live:?}");
    assert_eq!(live[0], known);

    b.tell(
        &call,
        CallNews::default().at(0, Stage::Ended(Ending::Transfer)),
    )
    .await;
    a.tell(&call, CallNews::default().asked()).await;
    let known = b.get(&call).await.expect("ended");
    assert_eq!(
        (known.stage, known.asked),
        (Stage::Ended(Ending::Transfer), true)
    );
    assert!(a.live().await.is_empty());

    a.tell(&call, CallNews::announced(&parties(), 1)).await;
    let known = b.get(&call).await.expect("back");
    assert_eq!((known.stage, known.returns), (Stage::Announced, 1));
    assert!(!known.asked, "that was about the part before");
    b.tell(
        &call,
        CallNews::default().at(0, Stage::Ended(Ending::Fault)),
    )
    .await;
    assert_eq!(b.get(&call).await.expect("back").stage, Stage::Announced);
}

#[tokio::test]
async fn a_call_is_known_here() {
    let here = CallsHere::new("a");
    a_call_is_known_from_its_announcement_to_its_end(&here, &here).await;
}

#[tokio::test]
async fn a_call_is_known_on_every_node() {
    let Some(redis) = redis() else { return };
    let (a, b) = (calls(&redis, "a").await, calls(&redis, "b").await);
    a_call_is_known_from_its_announcement_to_its_end(&a, &b).await;
    let left: i64 = redis
        .says(&["PTTL", &key(&redis, "*call:CA1")])
        .parse()
        .expect("a time");
    assert!((3_500_000..=3_600_000).contains(&left), "{left} ms");
}

async fn calls(redis: &Redis, node: &str) -> CallsInRedis {
    let address = RedisAddress::parse(&redis.address()).expect("an address");
    let metrics = Arc::new(Metrics::new(Arc::default()));
    let link = Arc::new(Link::start(address, metrics).await);
    let calls = CallsInRedis::start(Shared::new(link, "a-book"), node);
    until("the node is alive", PATIENCE, async || {
        !redis
            .says(&["--scan", "--pattern", &format!("*node:{node}")])
            .is_empty()
    })
    .await;
    calls
}

/// The one key that looks like this.
fn key(redis: &Redis, pattern: &str) -> String {
    let keys = redis.says(&["--scan", "--pattern", pattern]);
    assert_eq!(keys.lines().count(), 1, "{keys}");
    keys
}

#[tokio::test]
async fn racing_nodes_lose_nothing_of_what_they_tell() {
    let Some(redis) = redis() else { return };
    let (a, b) = (calls(&redis, "a").await, calls(&redis, "b").await);
    let call = sid("CA1");
    a.tell(&call, CallNews::live(&parties(), 0)).await;
    let (one, other) = tokio::join!(
        async {
            for n in 0..200 {
                a.tell(&call, CallNews::default().state(&n.to_string()))
                    .await;
            }
        },
        async {
            for _ in 0..200 {
                b.tell(&call, CallNews::default().asked()).await;
            }
        }
    );
    let ((), ()) = (one, other);
    let known = b.get(&call).await.expect("live");
    assert_eq!((known.state.as_str(), known.asked), ("199", true));
    assert_eq!((known.node.as_str(), known.parties), ("a", parties()));
}

#[tokio::test]
async fn a_redis_that_has_forgotten_everything_learns_a_call_again() {
    let Some(mut redis) = redis() else { return };
    let (a, b) = (calls(&redis, "a").await, calls(&redis, "b").await);
    let call = sid("CA1");
    a.tell(&call, CallNews::live(&parties(), 0)).await;
    redis.kill();
    a.tell(&call, CallNews::default().state("closing")).await;
    let known = a.get(&call).await.expect("by who leads it");
    assert_eq!(known.state, "closing");
    redis.start_again();
    until("it is known again", PATIENCE, async || {
        a.tell(&call, CallNews::default().customer(Some(2))).await;
        b.get(&call).await.is_some_and(|known| {
            known.parties == parties() && known.state == "closing" && known.customer == Some(2)
        })
    })
    .await;
}

// ---- who calls ---------------------------------------------------------------

#[tokio::test]
async fn a_customer_is_looked_up_in_the_database_once_and_then_remembered() {
    let Some((redis, a, b)) = two_nodes().await else {
        return;
    };
    a.store().customers.create(&grace(142)).await.expect("free");
    let looked_up = a.by_phone(142).await.expect("on file");
    assert_eq!(looked_up.first_name, "Grace");
    assert_eq!(b.by_phone(142).await, Some(looked_up.clone()));
    assert_eq!(b.by_phone(142).await, Some(looked_up));
    let found = |node: &Node| ["memory", "redis", "database"].map(|tier| node.found_in(tier));
    assert_eq!((found(&a), found(&b)), ([0, 0, 1], [1, 1, 0]));
    // A stranger is looked for each time: they may be on file any moment.
    assert_eq!(b.by_phone(143).await, None);
    a.store().customers.create(&grace(143)).await.expect("free");
    assert!(b.by_phone(143).await.is_some());
    // Whatever is personal goes away by itself.
    for key in redis.says(&["--scan", "--pattern", "*customer*"]).lines() {
        let left: i64 = redis.says(&["PTTL", key]).parse().expect("a time");
        assert!((1..=300_000).contains(&left), "{key}: {left} ms");
    }
}

#[tokio::test]
async fn without_redis_a_customer_is_remembered_in_the_process() {
    let store = Store::open_in_memory().await.expect("a book");
    let node = Node::start(None, store).await;
    let made = node
        .store()
        .customers
        .create(&grace(142))
        .await
        .expect("free");
    for _ in 0..3 {
        assert_eq!(node.by_phone(142).await.as_ref(), Some(&made));
        assert_eq!(node.vehicles(made.id).await, 0);
    }
    assert_eq!((node.found_in("memory"), node.found_in("database")), (2, 1));
    node.store()
        .vehicles
        .add(made.id, &sedan())
        .await
        .expect("theirs");
    assert_eq!(node.vehicles(made.id).await, 1);
    books(&node, made.id).await;
    assert_eq!(
        node.vehicles(made.id).await,
        2,
        "a booking brought one along"
    );
}

/// Books for a vehicle that is new to the book.
async fn books(node: &Node, customer: CustomerId) {
    let starts_at: jiff::Timestamp = "2026-11-24T15:00:00Z".parse().expect("an instant");
    let wish = NewAppointment {
        party: Party::NewVehicle {
            customer,
            vehicle: NewVehicle {
                model: "Corolla".into(),
                ..sedan()
            },
        },
        location: "main".into(),
        service: "oil_change".into(),
        starts_at,
        ends_at: starts_at + jiff::SignedDuration::from_hours(1),
        bays: 3,
        notes: None,
        idempotency_key: "nodes:1".into(),
        booked_by: "test".into(),
        booked_from: None,
    };
    node.store().appointments.book(&wish).await.expect("free");
}

#[tokio::test]
async fn what_one_node_writes_no_other_node_remembers_otherwise() {
    let Some((_redis, a, b)) = two_nodes().await else {
        return;
    };
    let made = a.store().customers.create(&grace(142)).await.expect("free");
    for count in 1..=50 {
        a.store()
            .vehicles
            .add(made.id, &nth(count))
            .await
            .expect("theirs");
        assert_eq!(a.vehicles(made.id).await, count, "by who wrote it, at once");
        until("the other node sees it", MESSAGE, async || {
            b.vehicles(made.id).await == count
        })
        .await;
    }
    books(&b, made.id).await;
    assert_eq!(b.vehicles(made.id).await, 51);
    until("both ways", MESSAGE, async || {
        a.vehicles(made.id).await == 51
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_race_with_a_writer_never_go_back_and_end_with_the_truth() {
    let Some((_redis, a, b)) = two_nodes().await else {
        return;
    };
    let made = a.store().customers.create(&grace(142)).await.expect("free");
    let (a, b) = (Arc::new(a), Arc::new(b));
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut readers = tokio::task::JoinSet::new();
    for node in [&a, &a, &b, &b] {
        let (node, done) = (Arc::clone(node), Arc::clone(&done));
        readers.spawn(async move {
            let mut seen = 0;
            while !done.load(std::sync::atomic::Ordering::Acquire) {
                let now = node.vehicles(made.id).await;
                assert!(now >= seen, "{now} after {seen}");
                seen = now;
                tokio::task::yield_now().await;
            }
        });
    }
    for n in 0..100 {
        a.store()
            .vehicles
            .add(made.id, &nth(n))
            .await
            .expect("theirs");
    }
    for node in [&a, &b] {
        until("the truth", MESSAGE, async || {
            node.vehicles(made.id).await == 100
        })
        .await;
    }
    done.store(true, std::sync::atomic::Ordering::Release);
    readers.join_all().await;
}

#[tokio::test]
async fn nothing_stale_survives_a_redis_that_was_away() {
    let Some((mut redis, a, b)) = two_nodes().await else {
        return;
    };
    let made = a.store().customers.create(&grace(142)).await.expect("free");
    a.store()
        .vehicles
        .add(made.id, &sedan())
        .await
        .expect("theirs");
    assert_eq!(
        (a.vehicles(made.id).await, b.vehicles(made.id).await),
        (1, 1)
    );
    redis.kill();
    until("both are alone", PATIENCE, async || {
        !a.link().is_up() && !b.link().is_up()
    })
    .await;
    let asked = Instant::now();
    a.store()
        .vehicles
        .add(made.id, &nth(1))
        .await
        .expect("theirs");
    assert_eq!(
        (a.vehicles(made.id).await, b.vehicles(made.id).await),
        (2, 2)
    );
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );
    redis.start_again();
    until("both are together", PATIENCE, async || {
        a.link().is_up() && b.link().is_up()
    })
    .await;
    assert_eq!(
        (a.vehicles(made.id).await, b.vehicles(made.id).await),
        (2, 2)
    );
    b.store()
        .vehicles
        .add(made.id, &nth(2))
        .await
        .expect("theirs");
    until("and tell each other again", MESSAGE, async || {
        a.vehicles(made.id).await == 3
    })
    .await;
}

#[tokio::test]
async fn two_books_on_one_redis_know_nothing_of_each_other() {
    let Some(redis) = redis() else { return };
    let mut nodes = Vec::new();
    for name in ["Grace", "Ada"] {
        let store = Store::open_in_memory().await.expect("a book");
        let node = Node::start(Some(&redis), store).await;
        let first_name = name.to_owned();
        let who = NewCustomer {
            first_name,
            ..grace(142)
        };
        node.store().customers.create(&who).await.expect("free");
        nodes.push((node, name));
    }
    for _ in 0..2 {
        for (node, name) in &nodes {
            let found = node.by_phone(142).await.expect("on file");
            assert_eq!(found.first_name, *name);
        }
    }
}
