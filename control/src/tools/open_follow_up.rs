//! `open_follow_up`: which visit a call of ours is about. It binds the customer whom we called, who may
//! book again; of what is on record they hear nothing but that visit.

use storage::appointment::{AppointmentId, Status};

use super::open_reminder::reminded;
use super::{Answer, CallContext, Effect, ToolError, ToolOutcome, Toolbox};

pub const EFFECT: Effect = Effect::ThisCall;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    pub appointment_id: AppointmentId,
}

/// Only for the visit that the call was placed for.
pub(super) async fn run(
    tools: &Toolbox,
    context: &mut CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let id = arguments.appointment_id;
    if context.follows_up() != Some(id) {
        return Err(ToolError::NoSuchAppointment);
    }
    let found = tools.store().appointments.by_id(id).await?;
    let visit = found.ok_or(ToolError::NoSuchAppointment)?;
    match visit.status {
        Status::Cancelled => Err(ToolError::AlreadyCancelled),
        Status::NoShow => Err(ToolError::NoSuchAppointment),
        _ => {
            let visited = reminded(tools, context, visit).await?;
            Ok(Answer::FollowingUp(Box::new(visited)))
        }
    }
}
