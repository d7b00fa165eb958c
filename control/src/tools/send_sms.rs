//! `send_sms`: what the caller wants to have in writing, to the telephone that they call from.
//!
//! The words are the location's, never the dialogue's. It is asked for now, so it is sent now, at
//! whatever hour; but to nobody who has opted out, and of each kind once in a call.

use storage::appointment::{Appointment, Status};
use storage::asked_text::{Intended, State, Topic};
use storage::call_log::Outcome;
use storage::consent::Channel;
use storage::customer::Phone;
use storage::location::{Action, Location};

use super::error::NotTexted;
use super::{Answer, Assurance, CallContext, Effect, ToolError, ToolOutcome, Toolbox, schema};
use crate::llm::ToolSpec;
use crate::reminders::messenger::Delivery;
use crate::reminders::texts::{self, Told};

/// Nobody takes back what is sent.
pub const EFFECT: Effect = Effect::Irreversible;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    pub what: Topic,
}

/// For a language model; nothing where the location writes to nobody.
pub(super) fn spec(location: &Location) -> Option<ToolSpec> {
    location.reminders.texts.as_ref()?;
    Some(ToolSpec {
        name: "send_sms",
        description:
            "Sends a text message to the telephone that the caller is on, only when they ask for it: \
             the appointment that this call is about (of a verified caller, the next one), or our \
             address and opening hours. A booking is confirmed by text without it."
                .to_owned(),
        parameters: schema::object([(
            "what",
            schema::one_of(["appointment", "address_and_hours"]),
        )]),
    })
}

pub(super) async fn run(
    tools: &Toolbox,
    context: &CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let topic = arguments.what;
    let messenger = tools.messenger().ok_or(NotTexted::NotSetUp)?;
    let to = telephone(tools, context).await?;
    if !messenger.may_reach(&to) {
        return Err(NotTexted::NotSetUp.into());
    }
    // Whoever just asked to be left alone may be the one.
    if tools.owed().is_some_and(|owed| !owed.is_empty()) {
        return Err(NotTexted::Refused.into());
    }
    let body = match topic {
        Topic::Appointment => about_appointment(tools, context).await?,
        Topic::AddressAndHours => texts::address_and_hours(tools.location()),
    };
    let body = body.ok_or(NotTexted::NotSetUp)?;
    let sent = &tools.store().asked_texts;
    match sent.intend(context.call_sid(), topic, &to).await? {
        Intended::Committed => {}
        Intended::Repeated => return Ok(Answer::Texted(topic)),
        Intended::OptedOut => return Err(NotTexted::OptedOut.into()),
    }
    let delivery = messenger.send(&to, body).await;
    let state = match delivery {
        Delivery::Sent => State::Sent,
        Delivery::Unknown => State::Unknown,
        Delivery::OptedOut | Delivery::Refused => State::Refused,
    };
    sent.conclude(context.call_sid(), topic, state).await?;
    match delivery {
        Delivery::Sent | Delivery::Unknown => Ok(Answer::Texted(topic)),
        Delivery::Refused => Err(NotTexted::Refused.into()),
        Delivery::OptedOut => {
            let (consents, now) = (&tools.store().consents, tools.now().timestamp());
            consents.opt_out(&to, Channel::Sms, "network", now).await?;
            Err(NotTexted::OptedOut.into())
        }
    }
}

/// The number that they call from; where it is withheld, that of the customer whom they have proved to
/// be.
async fn telephone(tools: &Toolbox, context: &CallContext) -> Result<Phone, ToolError> {
    let number = match context.claimed_number() {
        Some(number) => number.clone(),
        None => {
            let verified = context.authorised(Assurance::Verified);
            let id = verified.map_err(|_| NotTexted::NoNumber)?;
            let customer = tools.store().customers.by_id(id).await?;
            customer.ok_or(NotTexted::NoNumber)?.phone
        }
    };
    match number.callable() {
        Ok(()) => Ok(number),
        Err(_) => Err(NotTexted::NoNumber.into()),
    }
}

/// In the words of a confirmation, of where it is.
async fn about_appointment(
    tools: &Toolbox,
    context: &CallContext,
) -> Result<Option<String>, ToolError> {
    let appointment = appointment(tools, context).await?;
    let customer = tools.store().customers.by_id(appointment.customer).await?;
    let vehicle = tools.store().vehicles.by_id(appointment.vehicle).await?;
    let (Some(customer), Some(vehicle)) = (customer, vehicle) else {
        return Err(ToolError::NoSuchAppointment);
    };
    let told = Told {
        customer: &customer,
        vehicle: &vehicle,
        service: &appointment.service,
        at: appointment.starts_at,
        until: None,
    };
    let there = tools.where_it_is(&appointment);
    Ok(texts::confirmation(there.location(), &told))
}

/// What this call has booked or moved, or was placed for; else the next one, for whoever may hear of it.
async fn appointment(tools: &Toolbox, context: &CallContext) -> Result<Appointment, ToolError> {
    let customer = context.authorised(Assurance::Claimed)?;
    let settled = context.settled();
    let stands = settled.filter(|done| done.outcome != Outcome::Cancelled);
    let of_this_call = stands.map(|done| done.appointment).or(context.reminds_of());
    if let Some(id) = of_this_call {
        let found = tools.own_appointment(customer, id).await?;
        if found.status != Status::Cancelled {
            return Ok(found);
        }
    }
    context.allowed(Action::Read, &tools.location().verification)?;
    let now = tools.now().timestamp();
    let upcoming = tools.store().appointments.upcoming(customer, now).await?;
    let next = upcoming.into_iter().next();
    next.ok_or(ToolError::NoSuchAppointment)
}
