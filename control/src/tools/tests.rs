//! Tools as a language model asks for them, in John's call: they act for whoever this call is about, and
//! for nobody else.

mod arguments;
mod booked;
mod proofs;
mod texts;

use std::sync::Arc;

use serde_json::{Value, json};
use storage::appointment::AppointmentId;
use storage::customer::{CustomerId, Phone};
use storage::{Location, Store};

pub(crate) use self::texts::Outbox;
use super::request::{self, InvalidRequest};
use super::{Answer, Assurance, CallContext, ToolError, Toolbox};
use crate::clock::BusinessClock;
use crate::llm::ToolRequest;

const NOW: &str = "2026-11-23T09:00:00-06:00";
const JOHN: &str = "+12175550101";

/// John's call.
struct Call {
    store: Store,
    toolbox: Toolbox,
    context: CallContext,
}

#[derive(Debug, PartialEq)]
enum Refusal {
    Request(InvalidRequest),
    Tool(ToolError),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Request(why) => why.fmt(f),
            Self::Tool(why) => why.fmt(f),
        }
    }
}

impl Call {
    /// Nobody is bound yet.
    async fn begun() -> Self {
        let store = Store::open_in_memory().await.expect("a book");
        let location = Arc::new(Location::example());
        let now: jiff::Timestamp = NOW.parse().expect("an instant");
        storage::seed::seed(&store, &location, &location.local(now))
            .await
            .expect("seeds");
        let number = Phone::parse(JOHN).expect("a number");
        Self {
            toolbox: Toolbox::new(store.clone(), location, BusinessClock::starting_at(now)),
            context: CallContext::new("CA0001", Some(number)),
            store,
        }
    }

    async fn claimed() -> Self {
        let mut call = Self::begun().await;
        call.is_claimed().await;
        call
    }

    /// As a process that knows nothing of it goes on with it, or as another call.
    async fn begins_anew(&mut self) {
        self.context = CallContext::new("CA0001", Some(Phone::parse(JOHN).expect("a number")));
        self.is_claimed().await;
    }

    async fn is_claimed(&mut self) {
        let who = json!({"phone_number": JOHN});
        self.asks("lookup_customer", &who).await.expect("seeded");
    }

    async fn verified() -> Self {
        let mut call = Self::claimed().await;
        let proof = json!({"date_of_birth": "1985-03-14"});
        call.asks("verify_customer", &proof).await.expect("right");
        assert_eq!(call.context.assurance(), Assurance::Verified);
        call
    }

    async fn asks(&mut self, name: &str, arguments: &Value) -> Result<Answer, Refusal> {
        let request = ToolRequest {
            id: "call_1".to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_string(),
        };
        let here = Location::example();
        let given = request::specs(&here, &here.clone().into());
        let call = request::parse(&request, &given).map_err(Refusal::Request)?;
        let done = self.toolbox.run(&mut self.context, call).await;
        done.map_err(Refusal::Tool)
    }

    /// Refused in a short sentence with these words in it.
    async fn is_refused(&mut self, name: &str, arguments: &Value, words: &str) {
        let refusal = match self.asks(name, arguments).await {
            Err(refusal) => refusal.to_string(),
            Ok(done) => panic!("{name} {arguments}: {done:?}"),
        };
        assert!(refusal.contains(words), "{name} {arguments}: {refusal}");
        assert!(refusal.len() < 600, "{refusal}");
        for internal in ["sqlx", "sqlite", "panicked", "CHECK constraint", ".rs:"] {
            assert!(!refusal.contains(internal), "{refusal}");
        }
    }

    async fn wrote_nothing(&self) {
        let lines = self.store.audit.of_call("CA0001").await.expect("readable");
        assert_eq!(lines, []);
        assert_eq!(self.store.customers.count().await.expect("readable"), 6);
        let second = self.store.appointments.by_id(AppointmentId(2)).await;
        assert_eq!(second.expect("readable"), None);
    }
}

/// A good booking of a newcomer, for one member of it to be spoiled.
fn booking() -> Value {
    json!({
        "create_customer": {"first_name": "Ann", "last_name": "Bell", "phone_number": "2175550177"},
        "add_vehicle": {"year": 2021, "make": "Honda", "model": "Accord"},
        "service_type": "oil_change",
        "scheduled_at": "2026-11-27T09:00",
    })
}

/// Of John's own call, whatever the dialogue believes.
#[tokio::test]
async fn nobody_elses_ids_open_anything() {
    let mut call = Call::claimed().await;
    let maria_reads = json!({"customer_id": 2});
    call.is_refused("get_upcoming_appointments", &maria_reads, "not verified")
        .await;
    call.is_refused(
        "cancel_appointment",
        &json!({"appointment_id": 1}),
        "not verified",
    )
    .await;

    let mut call = Call::verified().await;
    let theirs = [
        (
            "get_upcoming_appointments",
            maria_reads,
            ToolError::NotThisCaller,
        ),
        (
            "cancel_appointment",
            json!({"appointment_id": 1}),
            ToolError::NoSuchAppointment,
        ),
        (
            "reschedule_appointment",
            json!({"appointment_id": 1, "new_datetime": "2026-11-27T09:00"}),
            ToolError::NoSuchAppointment,
        ),
        ("book_appointment", known(2, 2), ToolError::NotThisCaller),
        ("book_appointment", known(2, 1), ToolError::NotThisCaller),
        ("book_appointment", known(1, 2), ToolError::NoSuchVehicle),
    ];
    for (name, arguments, refused) in theirs {
        let refused = Err(Refusal::Tool(refused));
        assert_eq!(
            call.asks(name, &arguments).await,
            refused,
            "{name} {arguments}"
        );
    }
    call.wrote_nothing().await;
}

/// The book would refuse it too, but not before the time was looked at: the tool's own check is the
/// one that keeps a stranger from hearing anything about a vehicle that is not theirs.
#[tokio::test]
async fn somebody_elses_vehicle_is_refused_before_anything_else_is_looked_at() {
    let mut call = Call::verified().await;
    for closed in ["2026-11-29T10:00", "2026-11-26T10:00", "2020-01-01T10:00"] {
        let mut arguments = known(1, 2);
        arguments["scheduled_at"] = json!(closed);
        let refused = call.asks("book_appointment", &arguments).await;
        assert_eq!(
            refused,
            Err(Refusal::Tool(ToolError::NoSuchVehicle)),
            "{closed}"
        );
        arguments["vehicle_id"] = json!(999);
        let unknown = call.asks("book_appointment", &arguments).await;
        assert_eq!(unknown, refused, "nothing tells the two apart");
    }
    // The same times with his own vehicle are refused for what they are.
    let mut own = known(1, 1);
    own["scheduled_at"] = json!("2026-11-29T10:00");
    let refused = call.asks("book_appointment", &own).await;
    assert!(
        matches!(refused, Err(Refusal::Tool(ToolError::NotBookable { .. }))),
        "{refused:?}"
    );
    call.wrote_nothing().await;
}

/// Else a number that a caller made up would prove on the next call that they are John.
#[tokio::test]
async fn a_vin_proves_later_only_where_whoever_gave_it_was_entitled_to() {
    let vin = "1HGCM82633A004352";
    let accord = json!({"year": 2003, "make": "Honda", "model": "Accord", "vin": vin});
    let mut call = Call::claimed().await;
    let mut wish = known(1, 1);
    wish["vehicle_id"] = json!(null);
    wish["add_vehicle"] = accord.clone();
    call.asks("book_appointment", &wish).await.expect("booked");
    let his = call.store.vehicles.of_customer(CustomerId(1)).await;
    let numbers: Vec<_> = his.expect("readable").into_iter().map(|v| v.vin).collect();
    assert_eq!(numbers[1], None, "John's number was only claimed");

    let mut call = Call::begun().await;
    let mut wish = booking();
    wish["add_vehicle"] = accord;
    let booked = call.asks("book_appointment", &wish).await;
    let Ok(Answer::Booked(visit)) = booked else {
        panic!("{booked:?}");
    };
    let hers = call.store.vehicles.of_customer(visit.customer_id).await;
    assert_eq!(hers.expect("readable")[0].vin.as_deref(), Some(vin));
}

#[tokio::test]
async fn a_spoofed_number_opens_no_account() {
    let mut call = Call::claimed().await;
    assert_eq!(call.context.customer(), Some(CustomerId(1)));
    assert_eq!(call.context.assurance(), Assurance::Claimed);
    let own = json!({"customer_id": 1});
    call.is_refused("get_upcoming_appointments", &own, "not verified")
        .await;
    let booked = call.asks("book_appointment", &known(1, 1)).await;
    let Ok(Answer::Booked(visit)) = booked else {
        panic!("a claim is enough for a booking: {booked:?}");
    };
    assert_eq!(visit.vehicle, None, "but not to hear what is on record");
}

#[tokio::test]
async fn an_account_is_made_once_and_takes_vehicles_in_the_call_that_made_it() {
    let mut call = Call::begun().await;
    let ann = json!({"first_name": "Ann", "last_name": "Bell", "phone_number": "2175550177"});
    let made = call.asks("create_customer", &ann).await;
    let made = made.expect("nobody has the number");
    assert_eq!(call.asks("create_customer", &ann).await, Ok(made));
    assert_eq!(call.context.customer(), Some(CustomerId(7)));
    let mut truck = json!({"customer_id": 7, "year": 2019, "make": "Ford", "model": "F-150"});
    for _ in 0..2 {
        call.asks("add_vehicle", &truck).await.expect("hers");
    }
    let hers = call.store.vehicles.of_customer(CustomerId(7)).await;
    assert_eq!(hers.expect("readable").len(), 1);
    truck["customer_id"] = json!(1);
    call.is_refused("add_vehicle", &truck, "not the one of this call")
        .await;
    let theirs = json!({"first_name": "Ann", "last_name": "Bell", "phone_number": JOHN});
    call.is_refused(
        "create_customer",
        &theirs,
        "Another customer has this number",
    )
    .await;
    let lines = call.store.audit.of_call("CA0001").await.expect("readable");
    assert_eq!(lines.len(), 2, "one customer, one vehicle");
}

#[tokio::test]
async fn a_vehicle_is_added_only_for_a_verified_caller() {
    let civic = json!({"customer_id": 1, "year": 2019, "make": "Honda", "model": "Civic"});
    let mut call = Call::claimed().await;
    call.is_refused("add_vehicle", &civic, "not verified").await;
    let mut call = Call::verified().await;
    let mut hers = civic.clone();
    hers["customer_id"] = json!(2);
    call.is_refused("add_vehicle", &hers, "not the one of this call")
        .await;
    call.wrote_nothing().await;
    call.asks("add_vehicle", &civic).await.expect("his own");
    let his = call.store.vehicles.of_customer(CustomerId(1)).await;
    assert_eq!(his.expect("readable").len(), 2);
}

fn known(customer: i64, vehicle: i64) -> Value {
    json!({
        "customer_id": customer,
        "vehicle_id": vehicle,
        "service_type": "oil_change",
        "scheduled_at": "2026-11-27T09:00",
    })
}

#[tokio::test]
async fn what_one_caller_decides_about_is_not_offered_to_another() {
    let mut location = Location::example();
    location.bays = 1;
    let mut john = Call::claimed().await;
    let now: jiff::Timestamp = NOW.parse().expect("an instant");
    let clock = BusinessClock::starting_at(now);
    john.toolbox = Toolbox::new(john.store.clone(), Arc::new(location), clock);
    let maria = || CallContext::new("CA0002", None);
    let friday = json!({"name": "get_available_slots",
        "arguments": {"date": "2026-11-27", "service_type": "oil_change"}});
    let friday: super::ToolCall = serde_json::from_value(friday).expect("a tool");
    let toolbox = john.toolbox.clone();
    let free = async |context: &mut CallContext| match toolbox.run(context, friday.clone()).await {
        Ok(Answer::Slots(slots)) => slots.available_slots,
        other => panic!("{other:?}"),
    };
    let before = free(&mut maria()).await;
    let offer = crate::dialogue::Offer {
        service: "oil_change".to_owned(),
        starts: vec![before[0].starts_at.clone()],
    };
    let fence = toolbox.hold("CA0001", &offer).await.expect("held");
    let (hers, his) = (free(&mut maria()).await, free(&mut john.context).await);
    assert!(!hers.contains(&before[0]), "{hers:?}");
    assert_eq!(his, before, "he may still choose it");
    // Only advice: who asks for it by name gets it, and the book decides.
    toolbox.release("CA0001", fence).await.expect("released");
    assert_eq!(free(&mut maria()).await, before);
}
