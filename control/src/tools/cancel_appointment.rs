//! `cancel_appointment`: for a verified caller, one of their own; for any other, one booked in this
//! call.

use storage::appointment::AppointmentId;
use storage::call_log::Outcome;
use storage::location::Action;

use super::{Answer, CallContext, Effect, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;

pub const EFFECT: Effect = Effect::IdempotentWrite;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    pub appointment_id: AppointmentId,
    #[serde(default)]
    pub reason: Reason,
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    ScheduleConflict,
    GotServiceElsewhere,
    VehicleSold,
    IssueResolved,
    #[default]
    Other,
}

impl Reason {
    /// As the book records it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ScheduleConflict => "schedule_conflict",
            Self::GotServiceElsewhere => "got_service_elsewhere",
            Self::VehicleSold => "vehicle_sold",
            Self::IssueResolved => "issue_resolved",
            Self::Other => "other",
        }
    }
}

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    let reasons = [
        Reason::ScheduleConflict,
        Reason::GotServiceElsewhere,
        Reason::VehicleSold,
        Reason::IssueResolved,
        Reason::Other,
    ];
    ToolSpec {
        name: "cancel_appointment",
        description:
            "Cancels an appointment, after the caller has said yes to a question that named \
                      it."
            .to_owned(),
        parameters: schema::object([
            (
                "appointment_id",
                schema::number("From get_upcoming_appointments, or as booked."),
            ),
            (
                "reason",
                schema::optional(schema::one_of(reasons.map(Reason::as_str))),
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
    tools.to_change(context, id, Action::Cancel).await?;
    let cancelled = tools
        .store()
        .appointments
        .cancel(id, arguments.reason.as_str())
        .await
        .map_err(Toolbox::change_refused)?;
    context.settle(Outcome::Cancelled, cancelled.id);
    Ok(Answer::Cancelled(tools.visit(context, cancelled).await?))
}
