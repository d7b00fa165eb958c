//! `open_reminder`: what a call of ours is about. It binds the customer whom we called.

use storage::appointment::{Appointment, AppointmentId};

use super::lookup_customer::{self, Caller};
use super::visit::Visit;
use super::{Answer, CallContext, Effect, ToolError, ToolOutcome, Toolbox};

pub const EFFECT: Effect = Effect::ThisCall;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    pub appointment_id: AppointmentId,
}

/// An appointment that its customer is reminded of.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Reminded {
    pub customer: Caller,
    /// With its vehicle: we called the number on file about this very appointment.
    pub visit: Visit,
}

/// Only for the appointment that the call was placed for.
pub(super) async fn run(
    tools: &Toolbox,
    context: &mut CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let id = arguments.appointment_id;
    if context.reminds_of() != Some(id) {
        return Err(ToolError::NoSuchAppointment);
    }
    let found = tools.store().appointments.by_id(id).await?;
    let appointment = found.ok_or(ToolError::NoSuchAppointment)?;
    let appointment = appointment.changeable().map_err(Toolbox::change_refused)?;
    let reminded = reminded(tools, context, appointment).await?;
    Ok(Answer::Reminding(Box::new(reminded)))
}

/// Binds the customer whom we called.
pub(super) async fn reminded(
    tools: &Toolbox,
    context: &mut CallContext,
    appointment: Appointment,
) -> Result<Reminded, ToolError> {
    let customer = tools.store().customers.by_id(appointment.customer).await?;
    let customer = customer.ok_or(ToolError::NoSuchAppointment)?;
    let vehicle = tools.store().vehicles.by_id(appointment.vehicle).await?;
    context.claim(customer.id);
    let visit = tools.visit(context, appointment).await?;
    Ok(Reminded {
        customer: lookup_customer::describe(tools, context, customer).await?,
        visit: Visit {
            vehicle: vehicle.map(Into::into),
            ..visit
        },
    })
}
