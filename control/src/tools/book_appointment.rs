//! `book_appointment`: a new entry in the book, together with whoever is new to it.

use std::num::NonZeroU16;

use jiff::Zoned;
use serde::{Deserialize as _, Deserializer, de::Error as _};
use storage::appointment::{self, BookingError, NewAppointment};
use storage::call_log::Outcome;
use storage::customer::CustomerId;
use storage::location::{Location, Locations, Service};
use storage::vehicle::VehicleId;

use super::error::NotBookable;
use super::field;
use super::moment::Moment;
use super::new_customer::{AddVehicle, CreateCustomer, may_prove_later};
use super::{
    Answer, Assurance, CallContext, Effect, ToolError, ToolOutcome, Toolbox, already_booked, schema,
};
use crate::llm::ToolSpec;

/// Who the book says wrote an entry.
const BOOKED_BY: &str = "ai_voice";

/// The same booking asked for again in one call is the same booking.
pub const EFFECT: Effect = Effect::IdempotentWrite;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Arguments {
    /// Who comes, with what.
    #[serde(flatten)]
    pub party: Party,
    /// Key of a service in the location file, such as `oil_change`.
    pub service_type: String,
    #[serde(deserialize_with = "scheduled_at")]
    pub scheduled_at: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// What a model may add, though nobody asks it to: the service decides how long it takes. What
    /// is no length is refused all the same, since it tells that the wish was not understood.
    #[serde(default, deserialize_with = "duration_minutes", skip_serializing)]
    pub duration_minutes: Option<NonZeroU16>,
    /// Key of the location; absent, the one that the caller dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The caller wants it beside what they have booked already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub another: bool,
}

/// `customer_id` and `vehicle_id`; or `customer_id` and `add_vehicle`; or `create_customer` and
/// `add_vehicle`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Party {
    Known {
        customer_id: CustomerId,
        vehicle_id: VehicleId,
    },
    NewVehicle {
        customer_id: CustomerId,
        add_vehicle: AddVehicle,
    },
    NewCustomer {
        create_customer: CreateCustomer,
        add_vehicle: AddVehicle,
    },
}

/// For a language model. Strict schemas know no alternatives, so all members are there and those
/// of the other parties are null.
pub(super) fn spec(location: &Location, among: &Locations) -> ToolSpec {
    ToolSpec {
        name: "book_appointment",
        description:
            "Books an appointment, after the caller has said yes to a question that named \
                      the service, the day and the time. A known customer: customer_id, and either \
                      vehicle_id (from find_vehicle) or add_vehicle. A caller without an account: \
                      create_customer and add_vehicle. Everything else is null."
                .to_owned(),
        parameters: schema::object([
            (
                "customer_id",
                schema::optional(schema::number("Of this caller.")),
            ),
            (
                "vehicle_id",
                schema::optional(schema::number("From find_vehicle.")),
            ),
            ("create_customer", schema::optional(schema::new_customer())),
            (
                "add_vehicle",
                schema::optional(schema::object(schema::vehicle())),
            ),
            ("service_type", schema::service(location, among)),
            (
                "scheduled_at",
                schema::text("Local time, such as 2026-11-28T09:00."),
            ),
            (
                "notes",
                schema::optional(schema::text("What else the workshop should know.")),
            ),
            (
                "duration_minutes",
                schema::optional(schema::number("Null: the service says how long it takes.")),
            ),
            ("location", schema::location(among)),
            (
                "another",
                schema::flag("True only where the caller, asked, wants it beside what is booked."),
            ),
        ]),
    }
}

pub(super) async fn run(
    tools: &Toolbox,
    context: &mut CallContext,
    arguments: Arguments,
) -> ToolOutcome {
    let here = tools;
    let tools = &here.there(arguments.location.as_deref())?;
    let service = tools.service(&arguments.service_type)?;
    let start = arguments
        .scheduled_at
        .resolve(&tools.location().zone)
        .map_err(|why| ToolError::bad_moment("scheduled_at", &why))?;
    let notes = arguments.notes.as_deref().map(field::notes).transpose()?;
    let party = party(tools, context, &arguments.party).await?;
    let interval = tools.allowed(service, &start).await?;
    if !arguments.another {
        already_booked::check(here, context, &party, service, interval).await?;
    }
    let mut wanted = NewAppointment {
        party,
        location: tools.location().key.clone(),
        service: service.key.clone(),
        starts_at: interval.starts_at,
        ends_at: interval.ends_at,
        bays: tools.location().bays,
        notes,
        idempotency_key: context.booking_key(&arguments)?,
        booked_by: BOOKED_BY.to_owned(),
        booked_from: context.claimed_number().cloned(),
    };
    let mut made = tools.store().appointments.book(&wanted).await;
    while let Err(BookingError::KeyTaken) = made {
        context.key_is_taken(&arguments);
        wanted.idempotency_key = context.booking_key(&arguments)?;
        made = tools.store().appointments.book(&wanted).await;
    }
    match made {
        Ok(booked) => {
            // Whoever was just created is the caller.
            context.claim(booked.customer);
            context.settle(Outcome::Booked, booked.id);
            Ok(Answer::Booked(here.visit(context, booked).await?))
        }
        Err(error) => Err(refused(tools, context, error, service, &start).await),
    }
}

/// The party, if the call may book for it. Ids of other customers are refused.
async fn party(
    tools: &Toolbox,
    context: &CallContext,
    asked: &Party,
) -> Result<appointment::Party, ToolError> {
    let today = tools.now().date();
    match asked {
        Party::Known {
            customer_id,
            vehicle_id,
        } => {
            let customer = bound(context, *customer_id)?;
            let own = tools.store().vehicles.by_id(*vehicle_id).await?;
            if own.is_none_or(|vehicle| vehicle.customer != customer) {
                return Err(ToolError::NoSuchVehicle);
            }
            Ok(appointment::Party::Known {
                customer,
                vehicle: *vehicle_id,
            })
        }
        Party::NewVehicle {
            customer_id,
            add_vehicle,
        } => {
            let customer = bound(context, *customer_id)?;
            let mut vehicle = add_vehicle.checked(today.year())?;
            let policy = &tools.location().verification;
            vehicle.vin = vehicle.vin.filter(|_| may_prove_later(context, policy));
            Ok(appointment::Party::NewVehicle { customer, vehicle })
        }
        Party::NewCustomer {
            create_customer,
            add_vehicle,
        } => Ok(appointment::Party::NewCustomer {
            customer: create_customer.checked(today)?,
            vehicle: add_vehicle.checked(today.year())?,
        }),
    }
}

fn bound(context: &CallContext, asked: CustomerId) -> Result<CustomerId, ToolError> {
    let customer = context.authorised(Assurance::Claimed)?;
    if customer == asked {
        Ok(customer)
    } else {
        Err(ToolError::NotThisCaller)
    }
}

fn duration_minutes<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<NonZeroU16>, D::Error> {
    let minutes = i64::deserialize(deserializer)?;
    let length = u16::try_from(minutes).ok().and_then(NonZeroU16::new);
    length.map(Some).ok_or_else(|| {
        let why =
            format!("{minutes} is no length; leave it out, the service says how long it takes");
        D::Error::custom(format!("duration_minutes: {why}"))
    })
}

fn scheduled_at<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
    field::named("scheduled_at", deserializer)
}

async fn refused(
    tools: &Toolbox,
    context: &CallContext,
    error: BookingError,
    service: &Service,
    wished: &Zoned,
) -> ToolError {
    match error {
        BookingError::SlotTaken => {
            tools
                .not_bookable(NotBookable::Taken, service, wished)
                .await
        }
        BookingError::VehicleBusy => already_booked::busy(tools, context, service, wished).await,
        BookingError::NotTheirVehicle => ToolError::NoSuchVehicle,
        BookingError::UnknownCustomer => ToolError::NotThisCaller,
        BookingError::PhoneTaken => ToolError::NumberTaken,
        BookingError::Storage(error) => error.into(),
        error @ (BookingError::EmptyInterval | BookingError::KeyTaken) => {
            tracing::error!(%error, service = service.key, "a booking that cannot be");
            ToolError::Trouble
        }
    }
}
