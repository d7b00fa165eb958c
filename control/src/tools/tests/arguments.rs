//! Whatever a language model writes into the arguments of tools: what is wrong is refused by name, and
//! nothing is written.

use super::*;

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
