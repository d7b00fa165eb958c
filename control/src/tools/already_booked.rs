//! What a customer has booked already: a vehicle that comes for the same service within days hardly
//! comes twice. They are asked before the book is.

use storage::appointment::{Appointment, Party};
use storage::location::Service;
use storage::slots::Interval;

use super::limits::SAME_SERVICE_WITHIN;
use super::{Assurance, CallContext, ToolError, Toolbox};

/// # Errors
/// [`ToolError::AlreadyBooked`] with what there is, as far as this caller may hear of it.
pub(super) async fn check(
    tools: &Toolbox,
    context: &CallContext,
    party: &Party,
    service: &Service,
    wished: Interval,
) -> Result<(), ToolError> {
    let Party::Known { customer, vehicle } = party else {
        return Ok(());
    };
    let now = tools.now().timestamp();
    let upcoming = tools.store().appointments.upcoming(*customer, now).await?;
    let clashes = |known: &&Appointment| {
        let repeated = context.has_booked(known.id) && known.starts_at == wished.starts_at;
        known.vehicle == *vehicle && !repeated && clash(known, service, wished)
    };
    let Some(known) = upcoming.iter().find(clashes) else {
        return Ok(());
    };
    if context.assurance() == Assurance::Verified || context.has_booked(known.id) {
        let visit = tools.visit(context, known.clone()).await?;
        return Err(ToolError::AlreadyBooked(Some(Box::new(visit))));
    }
    if at_once(known, wished) {
        // It cannot be had beside the other; the database says so, and no more.
        return Ok(());
    }
    Err(ToolError::AlreadyBooked(None))
}

/// Whether a wish for the same vehicle is likely one that is in the book.
pub(crate) fn clash(known: &Appointment, service: &Service, wished: Interval) -> bool {
    let apart = known.starts_at.duration_since(wished.starts_at).abs();
    at_once(known, wished) || (known.service == service.key && apart < SAME_SERVICE_WITHIN)
}

fn at_once(known: &Appointment, wished: Interval) -> bool {
    let its = Interval {
        starts_at: known.starts_at,
        ends_at: known.ends_at,
    };
    its.overlaps(wished)
}
