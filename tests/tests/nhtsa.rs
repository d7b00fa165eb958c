//! Vehicles by their numbers: a simulated vPIC, the client, and a call in which a number is read out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use control::nhtsa::{DecodedVehicle, Nhtsa, VinRefused};
use control::nodes::{Link, RedisAddress, Shared};
use control::observe::Metrics;
use pipeline::vendor::{Vendor, VendorErrorKind};
use storage::Store;
use storage::customer::Phone;
use tests::program::Program;
use tests::redis::redis;
use tests::vendors::nhtsa::{Fault, Nhtsa as Simulator};

const OTTO: &str = env!("CARGO_BIN_EXE_otto-under-test");
const ACCORD: &str = "1HGCM82633A004352";
/// Well formed, and nobody's.
const NOBODYS: &str = "11111111111111111";

/// Whom nobody knows, with a car that is known by its number.
const ANN: &str = "\
help: i need an oil change
when: on friday at nine
name: my name is ann bell
vehicle: the number is one h g c m eight two six three three a zero zero four three five two
confirm: yes please
anything_else: no thank you goodbye
";

fn accord() -> DecodedVehicle {
    DecodedVehicle {
        year: 2003,
        make: "Honda".to_owned(),
        model: "Accord".to_owned(),
    }
}

#[tokio::test]
async fn a_number_is_decoded_once_and_remembered() {
    let vpic = Simulator::start().await;
    let client = Nhtsa::new(&vpic.base_url(), None, Arc::default());
    for _ in 0..3 {
        assert_eq!(client.decode(ACCORD).await, Ok(accord()));
    }
    assert_eq!(vpic.asked(), 1);
}

#[tokio::test]
async fn what_is_not_known_is_a_sentence_and_asked_again() {
    let vpic = Simulator::start().await;
    let client = Nhtsa::new(&vpic.base_url(), None, Arc::default());
    for _ in 0..2 {
        assert_eq!(client.decode(NOBODYS).await, Err(VinRefused::Unknown));
    }
    assert_eq!(vpic.asked(), 2);
}

#[tokio::test]
async fn a_service_that_fails_is_told_of_counted_and_used_again_when_it_is_well() {
    let vpic = Simulator::start().await;
    for (fault, kind) in [
        (Fault::Status(503), VendorErrorKind::Failed),
        (Fault::Status(429), VendorErrorKind::RateLimited),
        (Fault::Garbage, VendorErrorKind::Garbage),
        (Fault::Stall, VendorErrorKind::TimedOut),
    ] {
        let vendors = Arc::<pipeline::metrics::Metrics>::default();
        let client = Nhtsa::new(&vpic.base_url(), None, Arc::clone(&vendors));
        vpic.inject(fault.clone());
        let asked = Instant::now();
        let refused = client.decode(ACCORD).await;
        assert_eq!(refused, Err(VinRefused::Unreachable), "{fault:?}");
        assert!(asked.elapsed() < Duration::from_secs(6), "{fault:?}");
        let counted = vendors.vendor_errors.count_of(Vendor::Nhtsa, kind);
        assert_eq!(counted, 1, "{fault:?}");
        vpic.heal();
        assert_eq!(client.decode(ACCORD).await, Ok(accord()), "{fault:?}");
    }
}

#[tokio::test]
async fn what_one_node_decoded_no_other_asks_for() {
    let Some(redis) = redis() else { return };
    let vpic = Simulator::start().await;
    for _ in 0..2 {
        let address = RedisAddress::parse(&redis.address()).expect("an address");
        let metrics = Arc::new(Metrics::new(Arc::default()));
        let link = Arc::new(Link::start(address, metrics).await);
        let shared = Some(Shared::new(link, "a-book"));
        let client = Nhtsa::new(&vpic.base_url(), shared, Arc::default());
        assert_eq!(client.decode(ACCORD).await, Ok(accord()));
        assert_eq!(client.decode(NOBODYS).await, Err(VinRefused::Unknown));
    }
    assert_eq!(vpic.asked(), 3, "the accord once, nobody's each time");
    let key = redis.says(&["--scan", "--pattern", "*:vin:*"]);
    let left: i64 = redis.says(&["TTL", &key]).parse().expect("a time");
    assert!((604_000..=604_800).contains(&left), "{left} s of {key}");
}

#[tokio::test]
async fn a_caller_who_reads_out_a_number_need_not_describe_the_vehicle() {
    let vpic = Simulator::start().await;
    let settings = [
        ("OTTO_SPEECH", "typed"),
        ("NHTSA_API_URL", &vpic.base_url()),
    ];
    let otto = Program::serve_with(OTTO, &settings);
    let script = otto.folder().join("ann.txt");
    std::fs::write(&script, ANN).expect("a file");
    let script = script.to_str().expect("a path of ours");
    let mut call = otto.call(&[
        "--speech",
        "typed",
        "--from",
        "+12175550188",
        "--limit",
        "90",
        "--script",
        script,
    ]);
    // It is spoken in real time.
    let patience = Instant::now() + Duration::from_secs(150);
    while call.try_wait().expect("a process of ours").is_none() {
        assert!(Instant::now() < patience, "the call does not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let store = Store::open(otto.book()).await.expect("a book");
    let phone = Phone::parse("+12175550188").expect("a number");
    let ann = store.customers.by_phone(&phone).await.expect("readable");
    let ann = ann.expect("booked");
    let vehicles = store.vehicles.of_customer(ann.id).await.expect("readable");
    let named: Vec<String> = vehicles
        .iter()
        .map(|vehicle| format!("{} {} {}", vehicle.year, vehicle.make, vehicle.model))
        .collect();
    assert_eq!(named, ["2003 Honda Accord"]);
    // It proves on the next call that it is her, so nothing else was asked for.
    assert_eq!(vehicles[0].vin.as_deref(), Some(ACCORD));
    assert_eq!(vpic.asked(), 1);
}
