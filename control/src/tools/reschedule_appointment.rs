//! `reschedule_appointment`: for a verified caller, one of their own; for any other, one booked in
//! this call. It keeps its identity.

use jiff::Zoned;
use serde::Deserializer;
use storage::appointment::{AppointmentId, ChangeError};
use storage::call_log::Outcome;
use storage::location::Action;

use super::error::NotBookable;
use super::field;
use super::moment::Moment;
use super::visit::Visit;
use super::{Answer, CallContext, Effect, ToolError, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;

pub const EFFECT: Effect = Effect::IdempotentWrite;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    pub appointment_id: AppointmentId,
    #[serde(deserialize_with = "new_datetime")]
    pub new_datetime: Moment,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Moved {
    pub from: Zoned,
    /// The visit as it now stands.
    pub visit: Visit,
}

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "reschedule_appointment",
        description:
            "Moves an appointment, after the caller has said yes to a question that named \
                      the new day and time."
                .to_owned(),
        parameters: schema::object([
            (
                "appointment_id",
                schema::number("From get_upcoming_appointments, or as booked."),
            ),
            (
                "new_datetime",
                schema::text("Local time, such as 2026-11-28T09:00."),
            ),
        ]),
    }
}

pub(super) async fn run(
    tools: &Toolbox,
    context: &mut CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let id = arguments.appointment_id;
    let (old, there) = tools.to_change(context, id, Action::Move).await?;
    let service = there.service(&old.service)?;
    let start = arguments
        .new_datetime
        .resolve(&there.location().zone)
        .map_err(|why| ToolError::bad_moment("new_datetime", &why))?;
    let interval = there.allowed(service, &start).await?;
    let moved = tools
        .store()
        .appointments
        .reschedule(
            old.id,
            interval.starts_at,
            interval.ends_at,
            there.location().bays,
        )
        .await;
    match moved {
        Ok(moved) => {
            context.settle(Outcome::Rescheduled, moved.id);
            Ok(Answer::Rescheduled(Moved {
                from: there.location().local(old.starts_at),
                visit: tools.visit(context, moved).await?,
            }))
        }
        Err(ChangeError::SlotTaken) => Err(there
            .not_bookable(NotBookable::Taken, service, &start)
            .await),
        Err(ChangeError::VehicleBusy) => Err(there
            .not_bookable(NotBookable::VehicleBusy, service, &start)
            .await),
        Err(error) => Err(Toolbox::change_refused(error)),
    }
}

fn new_datetime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
    field::named("new_datetime", deserializer)
}
