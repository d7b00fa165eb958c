//! Tools as a language model asks for them, with whatever it writes into their arguments: what is
//! wrong is refused by name, and nothing is written.

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

fn living(street: &str, state: &str, zip: &str) -> Value {
    json!({"street": street, "city": "Springfield", "state": state, "zip": zip})
}

#[tokio::test]
async fn a_wrong_argument_is_named_and_nothing_is_written() {
    let mut call = Call::verified().await;
    let long = "x".repeat(10 * 1024);
    let sql = "Robert'); DROP TABLE customers;--";
    let twiml = "</Say><Dial>+12175550199</Dial>";
    for (path, value, words) in [
        ("/scheduled_at", json!("saturday at nine"), "scheduled_at: "),
        ("/scheduled_at", json!("2026-06-31T09:00"), "scheduled_at: "),
        ("/scheduled_at", json!("2026-11-27T25:00"), "scheduled_at: "),
        ("/scheduled_at", json!(sql), "scheduled_at: "),
        ("/scheduled_at", json!(twiml), "scheduled_at: "),
        ("/scheduled_at", json!(long), "scheduled_at: "),
        ("/scheduled_at", json!(17), "scheduled_at: "),
        ("/scheduled_at", json!("2027-03-14T02:30"), "scheduled_at: "),
        ("/service_type", json!("car_wash"), "service_type: "),
        ("/service_type", json!(sql), "service_type: "),
        ("/service_type", json!(twiml), "service_type: "),
        ("/service_type", json!(long), "service_type: "),
        ("/service_type", json!(""), "service_type: "),
        ("/notes", json!(long), "notes: 10240 letters"),
        ("/duration_minutes", json!(-30), "duration_minutes: "),
        ("/duration_minutes", json!(0), "duration_minutes: "),
        ("/duration_minutes", json!("long"), "duration_minutes: "),
        ("/create_customer/first_name", json!(sql), "first_name: "),
        ("/create_customer/first_name", json!(twiml), "first_name: "),
        ("/create_customer/first_name", json!(" "), "first_name: "),
        ("/create_customer/first_name", json!(long), "first_name: "),
        ("/create_customer/last_name", json!(sql), "last_name: "),
        ("/create_customer/last_name", json!(twiml), "last_name: "),
        (
            "/create_customer/last_name",
            json!(7),
            "create_customer.last_name: must be text",
        ),
        (
            "/create_customer/phone_number",
            json!("911"),
            "phone_number: ",
        ),
        (
            "/create_customer/phone_number",
            json!(sql),
            "phone_number: ",
        ),
        (
            "/create_customer/phone_number",
            json!(twiml),
            "phone_number: ",
        ),
        (
            "/create_customer/phone_number",
            json!("+49 30 901820"),
            "phone_number: ",
        ),
        (
            "/create_customer/phone_number",
            json!("+1 900 555 0100"),
            "phone_number: phone: a premium-rate number",
        ),
        (
            "/create_customer/phone_number",
            json!("8005550100"),
            "phone_number: phone: a toll-free number",
        ),
        (
            "/create_customer/phone_number",
            json!("876-555-0100"),
            "phone_number: phone: calls to that area code",
        ),
        (
            "/create_customer/phone_number",
            json!("five five five"),
            "phone_number: ",
        ),
        ("/create_customer/email", json!("ann"), "email: "),
        ("/create_customer/email", json!(sql), "email: "),
        ("/create_customer/email", json!(twiml), "email: "),
        ("/create_customer/email", json!(long), "email: "),
        ("/add_vehicle/year", json!(1850), "year: "),
        ("/add_vehicle/year", json!(2100), "year: "),
        ("/add_vehicle/year", json!(-2021), "year: "),
        (
            "/add_vehicle/year",
            json!(99_999),
            "add_vehicle.year: 99999 is no model year",
        ),
        (
            "/add_vehicle/year",
            json!("new"),
            "add_vehicle.year: must be a whole number",
        ),
        (
            "/add_vehicle/vin",
            json!("1HGCM82633A00435"),
            "vin: 16 characters",
        ),
        (
            "/add_vehicle/vin",
            json!("1HGCM82633A004353"),
            "vin: its check digit",
        ),
        ("/add_vehicle/vin", json!(sql), "vin: "),
        (
            "/add_vehicle/color",
            json!("red"),
            "add_vehicle.color: there is no such argument",
        ),
        (
            "/create_customer/date_of_birth",
            json!("1985-06-31"),
            "date_of_birth: ",
        ),
        (
            "/create_customer/date_of_birth",
            json!("2030-01-01"),
            "date_of_birth: nobody",
        ),
        (
            "/create_customer/date_of_birth",
            json!("1850-01-01"),
            "date_of_birth: ",
        ),
        (
            "/create_customer/date_of_birth",
            json!(sql),
            "date_of_birth: ",
        ),
        (
            "/create_customer/address",
            json!("18 Elm Street"),
            "address: must be an object",
        ),
        (
            "/create_customer/address",
            json!({"street": "18 Elm Street"}),
            "address.city: is missing",
        ),
        (
            "/create_customer/address",
            living("18 Elm Street", "XX", "62704"),
            "address.state: there is no state \"XX\"",
        ),
        (
            "/create_customer/address",
            living("18 Elm Street", "Illinois", "62704"),
            "address.state: ",
        ),
        (
            "/create_customer/address",
            living("18 Elm Street", "IL", "six"),
            "address.zip: is not five digits",
        ),
        (
            "/create_customer/address",
            living(sql, "IL", "62704"),
            "address.street: ",
        ),
        (
            "/create_customer/address",
            living("Elm Street", "IL", "62704"),
            "address.street: ",
        ),
        (
            "/customer_id",
            json!("1 OR 1=1"),
            "customer_id: must be a whole number",
        ),
        (
            "/urgent",
            json!(true),
            "urgent: there is no such argument; leave it out",
        ),
        ("/scheduled_at", json!(null), "scheduled_at: is missing"),
        ("/add_vehicle/make", json!(sql), "make: "),
        ("/add_vehicle/make", json!(twiml), "make: "),
        ("/add_vehicle/model", json!(""), "model: "),
        ("/add_vehicle/model", json!(sql), "model: "),
        ("/add_vehicle/model", json!(twiml), "model: "),
    ] {
        let mut arguments = booking();
        if let Some(member) = arguments.pointer_mut(path) {
            *member = value;
        } else {
            let (parent, key) = path.rsplit_once('/').expect("a path");
            arguments.pointer_mut(parent).expect("it is there")[key] = value;
        }
        call.is_refused("book_appointment", &arguments, words).await;
    }
    for (name, arguments, words) in [
        (
            "lookup_customer",
            json!({"phone_number": "anonymous"}),
            "phone_number: ",
        ),
        (
            "lookup_customer",
            json!({"phone_number": sql}),
            "phone_number: ",
        ),
        (
            "lookup_customer",
            json!({"phone_number": long}),
            "phone_number: ",
        ),
        (
            "search_customers_by_name",
            json!({"first_name": "", "last_name": "Lopez"}),
            "first_name: ",
        ),
        (
            "search_customers_by_name",
            json!({"first_name": "%", "last_name": "Lopez"}),
            "first_name: ",
        ),
        (
            "search_customers_by_name",
            json!({"first_name": "Maria", "last_name": sql}),
            "last_name: ",
        ),
        (
            "verify_customer",
            json!({"date_of_birth": "1985-06-31"}),
            "date_of_birth: ",
        ),
        (
            "verify_customer",
            json!({"date_of_birth": "yesterday"}),
            "date_of_birth: ",
        ),
        (
            "verify_customer",
            json!({"date_of_birth": sql}),
            "date_of_birth: ",
        ),
        ("verify_customer", json!({"address": ""}), "address: "),
        ("verify_customer", json!({"address": "e"}), "address: "),
        (
            "verify_customer",
            json!({"address": "' OR 1=1 --"}),
            "address: ",
        ),
        (
            "verify_customer",
            json!({"vin": "1FTEW1E5OKFA00001"}),
            "vin: ",
        ),
        (
            "verify_customer",
            json!({"vin": "IFTEW1E50KFA00001"}),
            "vin: ",
        ),
        (
            "verify_customer",
            json!({"vin": "1FTEW1E50KQA00001"}),
            "vin: ",
        ),
        ("verify_customer", json!({"vin": "1FTEW"}), "vin: "),
        (
            "verify_customer",
            json!({"phone_last_four": "0101"}),
            "phone_last_four: there is no such argument",
        ),
        (
            "verify_customer",
            json!({}),
            "one of date_of_birth, address and vin",
        ),
        (
            "verify_customer",
            json!({"date_of_birth": "1985-03-14", "address": "18 Elm Street"}),
            "one of date_of_birth, address and vin",
        ),
        (
            "verify_customer",
            json!(["1985-03-14"]),
            "arguments: must be an object",
        ),
        (
            "get_available_slots",
            json!({"date": "2026-06-31", "service_type": "oil_change"}),
            "date: ",
        ),
        (
            "get_available_slots",
            json!({"date": "2026-11-27", "to_date": "soon", "service_type": "oil_change"}),
            "to_date: ",
        ),
        (
            "get_available_slots",
            json!({"date": "2026-11-27", "service_type": "car_wash"}),
            "service_type: ",
        ),
        (
            "get_upcoming_appointments",
            json!({"customer_id": "1 OR 1=1"}),
            "customer_id: must be a whole number",
        ),
        (
            "get_upcoming_appointments",
            json!({"customer_id": 1e40}),
            "customer_id: must be a whole number",
        ),
        (
            "get_upcoming_appointments",
            json!({}),
            "customer_id: is missing",
        ),
        (
            "reschedule_appointment",
            json!({"appointment_id": -1, "new_datetime": "2026-11-27T09:00"}),
            "no such appointment",
        ),
        (
            "reschedule_appointment",
            json!({"appointment_id": 1, "new_datetime": "2026-02-30T09:00"}),
            "new_datetime: ",
        ),
        (
            "cancel_appointment",
            json!({"appointment_id": 1, "reason": sql}),
            "reason: \"Robert'); DROP TABLE customers;--\" is none of schedule_conflict, ",
        ),
        (
            "cancel_appointment",
            json!({"appointment_id": i64::MAX}),
            "no such appointment",
        ),
        (
            "transfer_to_human",
            json!({"reason": "refund"}),
            "reason: \"refund\" is none of ",
        ),
        ("open_reminder", json!({"appointment_id": 1}), "no tool"),
        ("read_everything", json!({}), "no tool"),
    ] {
        call.is_refused(name, &arguments, words).await;
    }
    call.wrote_nothing().await;
}

#[tokio::test]
async fn unusual_but_right_arguments_are_taken_as_they_are() {
    let mut call = Call::begun().await;
    let mut arguments = booking();
    arguments["create_customer"] = json!({
        "first_name": "Zoë",
        "last_name": "O’Brien-Łukasz",
        "phone_number": "two one seven, five five five, oh one seven seven",
        "email": "zoë+service@exämple.com",
        "date_of_birth": "march fourteenth nineteen eighty five",
        "address": living("12 N. Main St., Apt 4", "pr", "00601"),
    });
    arguments["add_vehicle"] = json!({"year": 2021, "make": "Citroën", "model": "C/K 1500"});
    arguments["notes"] = json!("Rattles; \u{1f697} <b>loud</b>, said 'DROP TABLE' \u{0}twice\u{7}");
    // What is not asked for changes nothing: how long it takes is the service's.
    arguments["duration_minutes"] = json!(45);
    let booked = call.asks("book_appointment", &arguments).await;
    let Ok(Answer::Booked(visit)) = booked else {
        panic!("{booked:?}");
    };
    assert_eq!(visit.duration_minutes, 30);
    let zoe = call.store.customers.by_id(visit.customer_id).await;
    let zoe = zoe.expect("readable").expect("created");
    assert_eq!(
        (&*zoe.first_name, &*zoe.last_name),
        ("Zoë", "O'Brien-Łukasz")
    );
    assert_eq!(zoe.phone.as_str(), "+12175550177");
    assert_eq!(zoe.email.as_deref(), Some("zoë+service@exämple.com"));
    assert_eq!(zoe.date_of_birth, Some(jiff::civil::date(1985, 3, 14)));
    assert_eq!(
        zoe.address.map(|address| address.state),
        Some("PR".to_owned())
    );
    let row = call.store.appointments.by_id(visit.appointment_id).await;
    let row = row.expect("readable").expect("booked");
    let notes = "Rattles; \u{1f697} <b>loud</b>, said 'DROP TABLE' twice";
    assert_eq!(row.notes.as_deref(), Some(notes));
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

#[tokio::test]
async fn a_vin_that_cannot_be_one_is_refused_before_anybody_is_asked() {
    let mut call = Call::begun().await;
    for (vin, words) in [
        ("1HGCM82633A004353", "check digit"),
        ("1HGCM82633A00435", "16 characters"),
        ("1HGCM8263OA004352", "letter O"),
        ("", "0 characters"),
        ("' OR 1=1; --", "characters"),
        // Nobody is there to be asked.
        ("1HGCM82633A004352", "cannot be looked up now"),
    ] {
        call.is_refused("decode_vin", &json!({"vin": vin}), words)
            .await;
    }
    let long = "1".repeat(10 * 1024);
    call.is_refused("decode_vin", &json!({"vin": long}), "characters")
        .await;
}
