//! `confirm_appointment`: the customer will come. For a verified caller, one of their own; for any
//! other, one that was booked in this call or that we called about.

use storage::appointment::AppointmentId;
use storage::location::Action;

use super::{Answer, CallContext, Effect, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;

pub const EFFECT: Effect = Effect::IdempotentWrite;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    pub appointment_id: AppointmentId,
}

/// For a language model.
pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: "confirm_appointment",
        description:
            "Notes that the customer will come to an appointment, after they have said so."
                .to_owned(),
        parameters: schema::object([(
            "appointment_id",
            schema::number("The one the call is about, or from get_upcoming_appointments."),
        )]),
    }
}

pub(super) async fn run(
    tools: &Toolbox,
    context: &mut CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let id = arguments.appointment_id;
    // Whoever may move it may say that they come.
    tools.to_change(context, id, Action::Move).await?;
    let confirmed = tools.store().appointments.confirm(id).await;
    let confirmed = confirmed.map_err(Toolbox::change_refused)?;
    context.confirmed(confirmed.id);
    Ok(Answer::Confirmed(tools.visit(context, confirmed).await?))
}
