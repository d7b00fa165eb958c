//! A tool's outcome as a language model reads it: compact JSON, or a sentence that says what to do.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use storage::location::DayHours;
use storage::slots::Slot;

use super::prompt::in_short;
use crate::calendar::Checked;
use crate::dialogue::limits::TOOL_ANSWER_LETTERS;
use crate::tools::find_vehicle::Match;
use crate::tools::lookup_customer::{Caller, Lookup};
use crate::tools::suggest_service::{Suggestion, Why};
use crate::tools::{Answer, ToolError, ToolOutcome};

/// Never longer than [`TOOL_ANSWER_LETTERS`].
pub(super) fn written(outcome: &ToolOutcome) -> String {
    let value = match outcome {
        Ok(answer) => answered(answer),
        Err(error) => refused(error),
    };
    let text = value.to_string();
    if text.len() <= TOOL_ANSWER_LETTERS {
        return text;
    }
    json!({"error": "Too much to tell. Ask for fewer days."}).to_string()
}

fn answered(answer: &Answer) -> Value {
    match answer {
        Answer::Customer(Lookup::NotFound) => json!({
            "found": false,
            "next": "Ask for another number or the name; or treat the caller as new."
        }),
        Answer::Customer(Lookup::Found(caller)) | Answer::Verified(caller) => customer(caller),
        Answer::Customers(found) if found.found => json!({
            "found": true,
            "next": "Ask for what proves that it is them, and verify it."
        }),
        Answer::Customers(_) => json!({"found": false}),
        Answer::Forgotten => json!({
            "forgotten": true,
            "next": "Apologise in a few words. The caller is unknown; use no name that they did not say."
        }),
        Answer::Vehicle(Match::One(id)) => json!({"vehicle_id": id}),
        Answer::Vehicle(Match::Several) => json!({"error": "Several fit. Ask which one."}),
        Answer::Vehicle(Match::None) => json!({
            "error": "None on file fits. Ask for year, make and model, and use add_vehicle."
        }),
        Answer::Decoded(vehicle) => json!({
            "year": vehicle.year, "make": vehicle.make, "model": vehicle.model,
            "next": "Say it back, and ask whether that is the vehicle. Where you add it, give the VIN, too."
        }),
        Answer::Slots(slots) => {
            let mut told = json!({"available": by_day(&slots.available_slots)});
            match &slots.hours {
                DayHours::Open(_) => {}
                DayHours::ClosedWeekday => told["closed"] = json!(slots.date),
                DayHours::Holiday(name) => told["closed"] = json!([slots.date, name]),
            }
            if !slots.next.is_empty() {
                told["next_free"] = by_day(&slots.next);
            }
            if slots.waitlist && slots.available_slots.is_empty() {
                told["waitlist"] = json!("where none of these suits them, offer the waiting list");
            }
            if slots.calendar == Checked::Unreachable {
                told["calendar"] = json!("unreachable; these are by our own book");
            }
            told
        }
        Answer::Booked(visit) => json!({"booked": in_short(visit)}),
        Answer::Upcoming(visits) => {
            json!({"appointments": visits.iter().map(in_short).collect::<Vec<_>>()})
        }
        Answer::Rescheduled(moved) => json!({"moved_to": in_short(&moved.visit)}),
        Answer::Cancelled(visit) => json!({"cancelled": in_short(visit)}),
        Answer::Confirmed(visit) => json!({"confirmed": in_short(visit)}),
        Answer::Waiting(wait) => json!({
            "on_the_list": wait.service_type,
            "from": wait.first_day,
            "to": wait.last_day,
            "next": "Say that they will get a text message when something comes free, and that \
                     nothing is booked."
        }),
        Answer::Suggestion(None) => json!({"due": null}),
        Answer::Suggestion(Some(due)) => suggestion(due),
        Answer::Texted(_) => json!({"sent": true}),
        Answer::RemindersStopped => json!({"no_more_calls_or_messages": true}),
        Answer::Reminding(reminded) => json!({"reminds_of": in_short(&reminded.visit)}),
        Answer::FollowingUp(visited) => json!({"follows_up": in_short(&visited.visit)}),
        Answer::Transferring(_) => json!({"transferring": true}),
        Answer::Ending => json!({"ending": true}),
    }
}

fn suggestion(due: &Suggestion) -> Value {
    let next = "Offer it once, in half a sentence. If they want it, write it into notes.";
    match &due.why {
        Why::Recall { concerns } => json!({
            "due": due.service_type,
            "recall_of_such_vehicles_concerns": concerns,
            "costs": "nothing",
            "next": next
        }),
        Why::Interval {
            last_on,
            months,
            miles,
        } => json!({
            "due": due.service_type,
            "last_on": last_on,
            "months_ago": months,
            "miles_ago": miles,
            "next": next
        }),
    }
}

fn customer(caller: &Caller) -> Value {
    let mut told = json!({
        "customer_id": caller.customer_id,
        "first_name": caller.first_name,
        "vehicles_on_file": caller.vehicle_count,
        "verified": caller.vehicles.is_some(),
        "proofs_given": caller.proofs.given.len(),
    });
    if let (None, Some(proof)) = (&caller.vehicles, caller.proofs.next()) {
        told["ask_for"] = json!(proof);
    }
    if let Some(vehicles) = &caller.vehicles {
        let vehicles = vehicles.iter().map(|v| {
            json!({"vehicle_id": v.vehicle_id, "vehicle": format!("{} {} {}", v.year, v.make, v.model)})
        });
        told["vehicles"] = vehicles.collect();
    }
    told
}

fn refused(error: &ToolError) -> Value {
    let mut told = json!({"error": error.to_string()});
    if let ToolError::NotBookable { nearest, .. } = error {
        told["nearest"] = by_day(nearest);
    }
    if let ToolError::AlreadyBooked(visit) = error {
        told["booked_already"] = json!(in_short(visit));
    }
    told
}

/// `{"Tue 2026-11-24": ["09:00", "09:30"]}`
fn by_day(slots: &[Slot]) -> Value {
    let mut days: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for slot in slots {
        let at = &slot.starts_at;
        let times = days.entry(at.date()).or_default();
        times.push(at.strftime("%H:%M").to_string());
    }
    let days = days.into_iter().map(|(day, times)| {
        let name = day.strftime("%a %Y-%m-%d").to_string();
        (name, json!(times))
    });
    Value::Object(days.collect())
}
