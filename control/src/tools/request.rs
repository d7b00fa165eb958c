//! A tool as a language model asks for it: a name and JSON that nobody has checked.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use storage::{Location, Locations};

use super::field::quoted;
use super::new_customer::{AddVehicle, CreateCustomer};
use super::{
    ToolCall, add_vehicle, book_appointment, cancel_appointment, confirm_appointment,
    create_customer, decode_vin, end_call, find_vehicle, forget_customer, get_available_slots,
    get_upcoming_appointments, join_waitlist, lookup_customer, reschedule_appointment, schema,
    search_customers_by_name, send_sms, stop_reminders, suggest_service, transfer_to_human,
    verify_customer,
};
use crate::llm::{ToolRequest, ToolSpec};

/// Every tool, as it is described to a model.
#[must_use]
pub fn specs(location: &Location, among: &Locations) -> Arc<[ToolSpec]> {
    let always = [
        lookup_customer::spec(),
        search_customers_by_name::spec(),
        verify_customer::spec(),
        forget_customer::spec(),
        create_customer::spec(),
        add_vehicle::spec(),
        find_vehicle::spec(),
        decode_vin::spec(),
        get_available_slots::spec(location, among),
        book_appointment::spec(location, among),
        get_upcoming_appointments::spec(),
        reschedule_appointment::spec(),
        cancel_appointment::spec(),
        confirm_appointment::spec(),
        join_waitlist::spec(location, among),
        suggest_service::spec(among),
        stop_reminders::spec(),
        transfer_to_human::spec(),
        end_call::spec(),
    ];
    always.into_iter().chain(send_sms::spec(location)).collect()
}

/// Why a request is no tool call, in a sentence that a model can act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    #[error("There is no tool {0:?}. Use one of those you were given.")]
    UnknownTool(String),
    #[error("The arguments are not JSON: {0}. Write them as the schema says.")]
    NotJson(String),
    /// Its name, what is wrong with it, and what to do.
    #[error("{0}.")]
    WrongArgument(String),
    #[error(
        "Say who comes with what: customer_id and vehicle_id; or customer_id and add_vehicle; or \
         create_customer and add_vehicle."
    )]
    WrongParty,
    #[error(
        "Give one of date_of_birth, address and vin, as the caller said it, and null for the others."
    )]
    WrongProof,
}

/// Checks what a model asked for, by the schemas that it was given.
///
/// # Errors
/// [`InvalidRequest`] names what is wrong and how it is written.
pub fn parse(request: &ToolRequest, given: &[ToolSpec]) -> Result<ToolCall, InvalidRequest> {
    let spec = given.iter().find(|spec| spec.name == request.name);
    let spec = spec.ok_or_else(|| InvalidRequest::UnknownTool(quoted(&request.name)))?;
    let text = match request.arguments.trim() {
        "" => "{}",
        text => text,
    };
    let arguments: Value =
        serde_json::from_str(text).map_err(|why| InvalidRequest::NotJson(why.to_string()))?;
    let arguments = without_nulls(arguments);
    if let Some(fault) = schema::fault(&arguments, &spec.parameters) {
        return Err(InvalidRequest::WrongArgument(fault));
    }
    if spec.name == "verify_customer" && arguments.as_object().is_none_or(|one| one.len() != 1) {
        return Err(InvalidRequest::WrongProof);
    }
    let party = wrong_member(&arguments);
    let call = json!({"name": request.name, "arguments": arguments});
    serde_json::from_value(call).map_err(|why| match why.to_string() {
        why if why.contains("untagged enum") => {
            party.map_or(InvalidRequest::WrongParty, InvalidRequest::WrongArgument)
        }
        why => InvalidRequest::WrongArgument(why),
    })
}

/// Which member of a booking's party cannot be, and why.
fn wrong_member(arguments: &Value) -> Option<String> {
    fn fault<T: DeserializeOwned>(member: &Value) -> Option<serde_json::Error> {
        T::deserialize(member).err()
    }
    type Fault = fn(&Value) -> Option<serde_json::Error>;
    let members: [(&str, Fault); 2] = [
        ("create_customer", fault::<CreateCustomer>),
        ("add_vehicle", fault::<AddVehicle>),
    ];
    members.into_iter().find_map(|(name, fault)| {
        let why = fault(arguments.get(name)?)?;
        Some(format!("{name}.{why}"))
    })
}

/// In strict mode a member that is left out is null.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> Arc<[ToolSpec]> {
        let here = Location::example();
        specs(&here, &here.clone().into())
    }

    fn asked(name: &str, arguments: &str) -> Result<ToolCall, InvalidRequest> {
        let request = ToolRequest {
            id: "call_1".to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        };
        parse(&request, &given())
    }

    /// Whether every member that a strict schema requires is there.
    fn is_whole(value: &Value, schema: &Value) -> bool {
        match (value, schema["properties"].as_object()) {
            (Value::Object(value), Some(properties)) => properties
                .iter()
                .all(|(name, schema)| value.get(name).is_some_and(|v| is_whole(v, schema))),
            _ => true,
        }
    }

    #[test]
    fn every_tool_can_be_asked_for_as_its_schema_says() {
        let examples = [
            ("lookup_customer", json!({"phone_number": "2175550101"})),
            (
                "search_customers_by_name",
                json!({"first_name": "John", "last_name": "Carter"}),
            ),
            (
                "verify_customer",
                json!({"date_of_birth": "1985-03-14", "address": null, "vin": null}),
            ),
            (
                "verify_customer",
                json!({"date_of_birth": null, "address": "18 Elm Street", "vin": null}),
            ),
            (
                "verify_customer",
                json!({"date_of_birth": null, "address": null, "vin": "1FTEW1E50KFA00001"}),
            ),
            ("forget_customer", json!({})),
            (
                "create_customer",
                json!({"first_name": "Ann", "last_name": "Bell", "phone_number": "2175550177",
                       "email": null, "date_of_birth": "1985-03-14",
                       "address": {"street": "18 Elm Street", "city": "Springfield",
                                   "state": "IL", "zip": "62704"}}),
            ),
            (
                "add_vehicle",
                json!({"customer_id": 1, "year": 2021, "make": "Honda", "model": "Accord",
                       "vin": "1HGCM82633A004352"}),
            ),
            ("find_vehicle", json!({"described_as": ""})),
            ("decode_vin", json!({"vin": "1HGCM82633A004352"})),
            (
                "get_available_slots",
                json!({"date": "2026-11-28", "to_date": null, "service_type": "oil_change",
                       "location": null}),
            ),
            (
                "book_appointment",
                json!({"customer_id": 1, "vehicle_id": 2, "create_customer": null,
                       "add_vehicle": null, "service_type": "oil_change",
                       "scheduled_at": "2026-11-28T09:00", "notes": null,
                       "duration_minutes": null, "location": null, "another": null}),
            ),
            (
                "book_appointment",
                json!({"customer_id": null, "vehicle_id": null,
                       "create_customer": {"first_name": "Ann", "last_name": "Bell",
                                           "phone_number": "2175550177", "email": null,
                                           "date_of_birth": null, "address": null},
                       "add_vehicle": {"year": 2021, "make": "Honda", "model": "Accord",
                                       "vin": null},
                       "service_type": "oil_change", "scheduled_at": "2026-11-28T09:00",
                       "notes": "waits", "duration_minutes": null, "location": null,
                       "another": null}),
            ),
            ("get_upcoming_appointments", json!({"customer_id": 1})),
            (
                "reschedule_appointment",
                json!({"appointment_id": 3, "new_datetime": "2026-11-28T09:00"}),
            ),
            (
                "cancel_appointment",
                json!({"appointment_id": 3, "reason": "vehicle_sold"}),
            ),
            ("confirm_appointment", json!({"appointment_id": 3})),
            (
                "join_waitlist",
                json!({"described_as": "", "service_type": "oil_change", "first_day": "2026-11-28",
                       "last_day": "2026-11-30", "location": null}),
            ),
            (
                "suggest_service",
                json!({"vehicle_id": 1, "beside": ["oil_change"], "mileage": 52_000, "location": null}),
            ),
            ("stop_reminders", json!({})),
            ("send_sms", json!({"what": "address_and_hours"})),
            ("transfer_to_human", json!({"reason": "requested"})),
            ("end_call", json!({})),
        ];
        let specs = given();
        for (name, arguments) in &examples {
            let spec = specs.iter().find(|spec| spec.name == *name);
            let spec = spec.expect("every example is of a tool");
            assert!(is_whole(arguments, &spec.parameters), "{name}: {arguments}");
            let call = asked(name, &arguments.to_string()).expect("what a schema allows is read");
            assert_eq!(call.name(), *name);
        }
        for spec in specs.iter() {
            assert!(
                examples.iter().any(|(name, _)| *name == spec.name),
                "{}",
                spec.name
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let said = |name, arguments| asked(name, arguments).expect_err("it is wrong").to_string();
        assert!(said("order_pizza", "{}").contains("order_pizza"));
        assert!(said("end_call", "{").contains("not JSON"));
        assert!(said("lookup_customer", "{}").contains("phone_number"));
        assert!(
            said(
                "cancel_appointment",
                r#"{"appointment_id": 1, "reason": "bored"}"#
            )
            .contains("bored")
        );
        let nobody = r#"{"customer_id": null, "service_type": "oil_change",
                         "scheduled_at": "2026-11-28T09:00"}"#;
        assert!(said("book_appointment", nobody).contains("create_customer"));
    }
}
