//! What a customer has booked already: a vehicle that comes for the same service within days hardly
//! comes twice. They are asked before the book is.
//!
//! Only who may hear of the record is asked. Whoever has the number alone would learn from the question
//! that there is an appointment, and when; they book like anybody, and the database refuses a vehicle
//! that is elsewhere at that time.

use jiff::Zoned;
use storage::appointment::{Appointment, Party};
use storage::location::{Action, Service};
use storage::slots::Interval;
use storage::vehicle::{NewVehicle, Vehicle, VehicleId};

use super::error::NotBookable;
use super::limits::SAME_SERVICE_WITHIN;
use super::{Assurance, CallContext, ToolError, Toolbox};

/// # Errors
/// [`ToolError::AlreadyBooked`] with what there is that this caller may hear of.
pub(super) async fn check(
    tools: &Toolbox,
    context: &CallContext,
    party: &Party,
    service: &Service,
    wished: Interval,
) -> Result<(), ToolError> {
    let (customer, vehicles) = match party {
        Party::Known { customer, vehicle } => (customer, vec![*vehicle]),
        Party::NewVehicle { customer, vehicle } => {
            let own = tools.store().vehicles.of_customer(*customer).await?;
            let same = own.iter().filter(|own| may_be(own, vehicle));
            (customer, same.map(|own| own.id).collect::<Vec<VehicleId>>())
        }
        Party::NewCustomer { .. } => return Ok(()),
    };
    let now = tools.now().timestamp();
    let upcoming = tools.store().appointments.upcoming(*customer, now).await?;
    let clashes = |known: &&Appointment| {
        let repeated = context.has_booked(known.id) && known.starts_at == wished.starts_at;
        vehicles.contains(&known.vehicle) && !repeated && clash(known, service, wished)
    };
    let may_hear = |known: &&Appointment| {
        let its = tools.where_it_is(known);
        let policy = &its.location().verification;
        let verified = context.assurance() == Assurance::Verified
            && context.allowed(Action::Read, policy).is_ok();
        verified || context.has_booked(known.id)
    };
    let mut theirs = upcoming.iter().filter(may_hear);
    let Some(known) = theirs.find(clashes) else {
        return Ok(());
    };
    let visit = tools.visit(context, known.clone()).await?;
    Err(ToolError::AlreadyBooked(Box::new(visit)))
}

/// The database has refused a vehicle that is booked at that time. Whoever is not verified hears of it
/// what they hear of any time that is taken: not that this vehicle has an appointment. What is offered
/// instead is never beside one.
pub(super) async fn busy(
    tools: &Toolbox,
    context: &CallContext,
    service: &Service,
    wished: &Zoned,
) -> ToolError {
    let refused = tools
        .not_bookable(NotBookable::VehicleBusy, service, wished)
        .await;
    let (ToolError::NotBookable { mut nearest, why }, Some(customer)) =
        (refused, context.customer())
    else {
        return ToolError::Trouble;
    };
    let now = tools.now().timestamp();
    let upcoming = match tools.store().appointments.upcoming(customer, now).await {
        Ok(upcoming) => upcoming,
        Err(error) => return error.into(),
    };
    nearest.retain(|slot| !upcoming.iter().any(|own| at_once(own, slot.interval())));
    let why = match context.assurance() {
        Assurance::Verified => why,
        Assurance::None | Assurance::Claimed => NotBookable::Taken,
    };
    ToolError::NotBookable { why, nearest }
}

/// Whether a vehicle that a caller describes may be this one: of its year and make, and of its model
/// as far as both say it, such as a "Camry" and a "Camry Hybrid".
fn may_be(known: &Vehicle, said: &NewVehicle) -> bool {
    let words = |model: &str| -> Vec<String> {
        let words = model.split(|c: char| !c.is_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let (one, other) = (words(&known.model), words(&said.model));
    known.year == said.year
        && known.make.eq_ignore_ascii_case(&said.make)
        && (one.starts_with(&other) || other.starts_with(&one))
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
