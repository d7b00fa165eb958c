//! What is said in calls of ours.

use jiff::Zoned;
use jiff::civil::Date;
use storage::Location;

use super::{a, moment, sentence, service_name};
use crate::dialogue::known::Known;
use crate::nlu::say;
use crate::tools::visit::Visit;

pub(in crate::dialogue) const CAN_YOU_MAKE_IT: &str = "Can you make it?";
pub(in crate::dialogue) const MOVE_OR_CANCEL: &str =
    "Would you like another time, or shall I cancel it?";
pub(in crate::dialogue) const HINT_MOVE_OR_CANCEL: &str =
    "You can say, for example, Friday at two p.m., or, cancel it.";
pub(in crate::dialogue) const CALLED_BY_MISTAKE: &str =
    "I am sorry, I called you by mistake. Goodbye.";
pub(in crate::dialogue) const NO_MORE_CALLS: &str = "I am sorry for the trouble. You will get no \
     more calls or messages about your appointments.";
pub(in crate::dialogue) const OPT_OUT_BY_TEXT: &str = "I cannot see your number. Please send us the \
     word stop as a text message, and you will hear nothing more from us.";

/// Who calls, and why.
pub(in crate::dialogue) fn reminder(
    location: &Location,
    first_name: &str,
    visit: &Visit,
    now: &Zoned,
) -> String {
    let what = what(location, visit);
    let at = moment(&visit.scheduled_at, now.date());
    sentence(&format!(
        "Hello {first_name}, this is {}, an automated assistant of {}. I am calling about your \
         appointment: {what}, {at}",
        location.agent, location.name
    ))
}

pub(in crate::dialogue) fn see_you(visit: &Visit, today: Date) -> String {
    let at = moment(&visit.scheduled_at, today);
    sentence(&format!("Wonderful. We will see you {at}"))
}

/// For a machine: everything in one breath. Nothing where what the call is about is gone.
pub(in crate::dialogue) fn message(
    location: &Location,
    known: &Known,
    now: &Zoned,
) -> Option<String> {
    let Some(visit) = &known.reminded else {
        return super::follow_up::message(location, known);
    };
    let hello = match &known.caller {
        Some(caller) => format!("Hello {}", caller.first_name),
        None => "Hello".to_owned(),
    };
    let reminder = sentence(&format!(
        "{hello}, this is {} with a reminder of your appointment: {}, {}",
        location.name,
        what(location, visit),
        moment(&visit.scheduled_at, now.date()),
    ));
    let number = say::ten_digits(location.phone.national());
    Some(format!(
        "{reminder} To move or cancel it, please call us at {number}. Goodbye."
    ))
}

/// "an oil change for your Toyota Camry"
pub(super) fn what(location: &Location, visit: &Visit) -> String {
    let service = a(&service_name(location, Some(&visit.service_type)));
    match &visit.vehicle {
        Some(vehicle) => format!("{service} for your {} {}", vehicle.make, vehicle.model),
        None => service,
    }
}
