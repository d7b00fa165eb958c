//! What the tools work with: the book, the location's facts, the business clock.

use std::sync::Arc;

use jiff::Zoned;
use jiff::civil::Date;
use storage::appointment::{Appointment, AppointmentId, Busy, ChangeError};
use storage::customer::CustomerId;
use storage::location::{Action, Location, Locations, Service};
use storage::slots::{self, Interval, Slot};
use storage::{Store, audit, waitlist};
use tokio::sync::RwLock;

use super::error::NotBookable;
use super::field;
use super::limits::ALTERNATIVES;
use super::visit::{Elsewhere, Visit};
use super::{
    Assurance, CallContext, Effect, ToolCall, ToolError, ToolOutcome, add_vehicle,
    book_appointment, cancel_appointment, confirm_appointment, create_customer, decode_vin,
    end_call, find_vehicle, forget_customer, get_available_slots, get_upcoming_appointments,
    join_waitlist, lookup_customer, open_follow_up, open_reminder, reschedule_appointment,
    search_customers_by_name, send_sms, stop_reminders, suggest_service, transfer_to_human,
    verify_customer,
};
use crate::calendar::{Checked, Outlook};
use crate::clock::BusinessClock;
use crate::nhtsa::Nhtsa;
use crate::reminders::{Messenger, Owed};

/// Runs tools; one serves every call. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Toolbox {
    store: Store,
    locations: Locations,
    /// Whose facts count, unless a tool names another one.
    location: Arc<Location>,
    clock: BusinessClock,
    /// The location's.
    outlook: Outlook,
    outlooks: Arc<[Outlook]>,
    /// Whether somebody works through the waiting list.
    offers: bool,
    owed: Option<Owed>,
    vins: Option<Nhtsa>,
    messenger: Option<Arc<dyn Messenger>>,
}

impl Toolbox {
    #[must_use]
    pub fn new(store: Store, locations: impl Into<Locations>, clock: BusinessClock) -> Self {
        let locations = locations.into();
        Self {
            store,
            location: Arc::clone(locations.first()),
            locations,
            clock,
            outlook: Outlook::default(),
            outlooks: Arc::default(),
            offers: false,
            owed: None,
            vins: None,
            messenger: None,
        }
    }

    /// With a way to send what callers want to have in writing.
    #[must_use]
    pub fn with_messenger(mut self, messenger: Arc<dyn Messenger>) -> Self {
        self.messenger = Some(messenger);
        self
    }

    /// With a service that knows vehicles by their numbers.
    #[must_use]
    pub fn with_vins(mut self, vins: Nhtsa) -> Self {
        self.vins = Some(vins);
        self
    }

    /// With a calendar that has a say in what is free at its location, and is told of bookings.
    #[must_use]
    pub fn with_outlook(mut self, outlook: Outlook) -> Self {
        let others = self.outlooks.iter().cloned();
        self.outlooks = others.chain([outlook]).collect();
        let here = Arc::clone(&self.location);
        self.at(&here)
    }

    /// Where somebody works through the waiting list, so that customers may be put on it.
    #[must_use]
    pub fn with_waitlist(self) -> Self {
        Self {
            offers: true,
            ..self
        }
    }

    /// For calls that this location answers.
    #[must_use]
    pub fn at(&self, location: &Arc<Location>) -> Self {
        let its = |outlook: &&Outlook| outlook.is_of(location);
        Self {
            outlook: self.outlooks.iter().find(its).cloned().unwrap_or_default(),
            location: Arc::clone(location),
            ..self.clone()
        }
    }

    /// For what concerns a location that a caller has named; absent, the one that they called.
    pub(super) fn there(&self, key: Option<&str>) -> Result<Self, ToolError> {
        let Some(key) = key else {
            return Ok(self.clone());
        };
        let found = self.locations.by_key(key).map(|location| self.at(location));
        found.ok_or_else(|| {
            let keys: Vec<&str> = self.locations.iter().map(|l| l.key.as_str()).collect();
            ToolError::BadArgument {
                field: "location",
                remedy: format!("there is no such location; use one of {}", keys.join(", ")),
            }
        })
    }

    /// For what concerns an appointment: it stays where it is.
    pub(super) fn where_it_is(&self, appointment: &Appointment) -> Self {
        self.at(self.locations.of(&appointment.location))
    }

    /// With a place for what callers ask for while the book is away.
    #[must_use]
    pub fn with_owed(mut self, owed: Owed) -> Self {
        self.owed = Some(owed);
        self
    }

    /// Where there is one.
    pub(super) fn owed(&self) -> Option<&Owed> {
        self.owed.as_ref()
    }

    /// Runs one tool for one call.
    ///
    /// # Errors
    /// [`ToolError`] says in a sentence, and by its variant, why the tool refused and what to do.
    pub async fn run(&self, context: &mut CallContext, call: ToolCall) -> ToolOutcome {
        let sid = context.call_sid().to_owned();
        let writes = call.effect() == Effect::IdempotentWrite;
        // Boxed: a booking is a large future, and most tools are none.
        let outcome = audit::by_call(&sid, Box::pin(self.dispatch(context, call))).await;
        if writes && outcome.is_ok() {
            self.outlook.booked();
        }
        outcome
    }

    async fn dispatch(&self, context: &mut CallContext, call: ToolCall) -> ToolOutcome {
        match call {
            ToolCall::LookupCustomer(a) => lookup_customer::run(self, context, a).await,
            ToolCall::SearchCustomersByName(a) => {
                search_customers_by_name::run(self, context, a).await
            }
            ToolCall::VerifyCustomer(a) => verify_customer::run(self, context, a).await,
            ToolCall::ForgetCustomer(a) => forget_customer::run(context, a),
            ToolCall::CreateCustomer(a) => create_customer::run(self, context, a).await,
            ToolCall::AddVehicle(a) => add_vehicle::run(self, context, a).await,
            ToolCall::FindVehicle(a) => find_vehicle::run(self, context, a).await,
            ToolCall::DecodeVin(a) => decode_vin::run(self, a).await,
            ToolCall::GetAvailableSlots(a) => get_available_slots::run(self, a).await,
            ToolCall::BookAppointment(a) => book_appointment::run(self, context, a).await,
            ToolCall::GetUpcomingAppointments(a) => {
                get_upcoming_appointments::run(self, context, a).await
            }
            ToolCall::RescheduleAppointment(a) => {
                reschedule_appointment::run(self, context, a).await
            }
            ToolCall::CancelAppointment(a) => cancel_appointment::run(self, context, a).await,
            ToolCall::ConfirmAppointment(a) => confirm_appointment::run(self, context, a).await,
            ToolCall::OpenReminder(a) => open_reminder::run(self, context, a).await,
            ToolCall::OpenFollowUp(a) => open_follow_up::run(self, context, a).await,
            ToolCall::JoinWaitlist(a) => join_waitlist::run(self, context, a).await,
            ToolCall::SendSms(a) => send_sms::run(self, context, a).await,
            ToolCall::SuggestService(a) => suggest_service::run(self, context, a).await,
            ToolCall::StopReminders(_) => stop_reminders::run(self, context).await,
            ToolCall::TransferToHuman(a) => transfer_to_human::run(context, a),
            ToolCall::EndCall(a) => end_call::run(a),
        }
    }

    /// As [`Self::run`], for tools of one call that run at the same time: those that only read who
    /// calls do not wait for each other.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_beside(&self, context: &RwLock<CallContext>, call: ToolCall) -> ToolOutcome {
        match call {
            ToolCall::GetAvailableSlots(a) => {
                let sid = context.read().await.call_sid().to_owned();
                audit::by_call(&sid, get_available_slots::run(self, a)).await
            }
            ToolCall::DecodeVin(a) => decode_vin::run(self, a).await,
            ToolCall::FindVehicle(a) => find_vehicle::run(self, &*context.read().await, a).await,
            ToolCall::GetUpcomingAppointments(a) => {
                get_upcoming_appointments::run(self, &*context.read().await, a).await
            }
            call => self.run(&mut *context.write().await, call).await,
        }
    }

    /// Whether the location has a waiting list.
    pub(super) fn has_waitlist(&self) -> bool {
        self.offers && self.location.reminders.waitlist().is_some()
    }

    /// Where there is one.
    pub(super) fn messenger(&self) -> Option<&dyn Messenger> {
        self.messenger.as_deref()
    }

    pub(super) fn vins(&self) -> Option<&Nhtsa> {
        self.vins.as_ref()
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    /// All that share the customers.
    pub(super) fn locations(&self) -> &Locations {
        &self.locations
    }

    /// Business time on the location's own clock.
    pub(super) fn now(&self) -> Zoned {
        self.location.local(self.clock.now())
    }

    pub(super) fn service(&self, key: &str) -> Result<&Service, ToolError> {
        self.location
            .service(key)
            .ok_or_else(|| ToolError::UnknownService(field::quoted(key)))
    }

    /// The starts that are free on these days, earliest first, and whether the calendar had a say.
    pub(crate) async fn free(
        &self,
        service: &Service,
        from: Date,
        to: Date,
        now: &Zoned,
    ) -> Result<(Vec<Slot>, Checked), ToolError> {
        let span = slots::span(&self.location, from, to);
        let (busy, checked) = self.busy(span).await?;
        let free = slots::available(&self.location, service, from, to, &busy, now);
        Ok((free, checked))
    }

    /// What is taken: by the book, by what others have put into the calendar, and for now by what
    /// other callers are deciding about.
    async fn busy(&self, span: Interval) -> Result<(Vec<Busy>, Checked), ToolError> {
        let (book, offers, (others, checked), held) = tokio::join!(
            self.store
                .appointments
                .busy(&self.location.key, span.starts_at, span.ends_at),
            self.store
                .waitlist
                .offers(&self.location.key, self.clock.now()),
            self.outlook.busy(span, self.clock.now()),
            self.held(span),
        );
        let mut busy = book?;
        waitlist::hold(&mut busy, &offers?, self.location.bays);
        busy.extend(others);
        let held = slots::bays_of_held(&self.location, &held, &busy);
        busy.extend(held);
        Ok((busy, checked))
    }

    /// The interval of a wished start, if the location's rules allow it.
    pub(crate) async fn allowed(
        &self,
        service: &Service,
        start: &Zoned,
    ) -> Result<Interval, ToolError> {
        match slots::check(&self.location, service, start, &self.now()) {
            // The book's own bookings are the database's to judge.
            Ok(interval) => match self.outlook.busy(interval, self.clock.now()).await {
                (others, _) if others.is_empty() => Ok(interval),
                _ => Err(self.not_bookable(NotBookable::Taken, service, start).await),
            },
            Err(refusal) => Err(self.not_bookable(refusal.into(), service, start).await),
        }
    }

    /// A refusal with the nearest free times.
    pub(super) async fn not_bookable(
        &self,
        why: NotBookable,
        service: &Service,
        wished: &Zoned,
    ) -> ToolError {
        let around = slots::around(&self.location, wished);
        let busy = match self.busy(around).await {
            Ok((busy, _)) => busy,
            Err(error) => return error,
        };
        let now = self.now();
        let mut nearest =
            slots::nearest(&self.location, service, wished, &busy, &now, ALTERNATIVES);
        if why == NotBookable::VehicleBusy {
            // A bay is free then, but the vehicle is elsewhere: what overlaps would be refused too.
            nearest.retain(|slot| slot.starts_at.duration_since(wished).abs() >= service.duration);
        }
        ToolError::NotBookable { why, nearest }
    }

    /// An appointment, if it is this customer's. Somebody else's looks like none at all.
    pub(super) async fn own_appointment(
        &self,
        customer: CustomerId,
        id: AppointmentId,
    ) -> Result<Appointment, ToolError> {
        self.store
            .appointments
            .by_id(id)
            .await?
            .filter(|found| found.customer == customer)
            .ok_or(ToolError::NoSuchAppointment)
    }

    /// An appointment that the call may change so, by the rules here and by those of where it is, and
    /// the tools of that place.
    pub(super) async fn to_change(
        &self,
        context: &CallContext,
        id: AppointmentId,
        action: Action,
    ) -> Result<(Appointment, Self), ToolError> {
        let customer = context.may_change(id, action, &self.location.verification)?;
        let own = self.own_appointment(customer, id).await?;
        let there = self.where_it_is(&own);
        context.may_change(id, action, &there.location.verification)?;
        Ok((own, there))
    }

    /// An appointment as far as the call's assurance allows it to be read.
    pub(super) async fn visit(
        &self,
        context: &CallContext,
        appointment: Appointment,
    ) -> Result<Visit, ToolError> {
        let vehicle = if context.assurance() == Assurance::Verified {
            self.store.vehicles.by_id(appointment.vehicle).await?
        } else {
            None
        };
        let length = appointment.ends_at.duration_since(appointment.starts_at);
        let location = self.locations.of(&appointment.location);
        let elsewhere = location.key != self.location.key;
        Ok(Visit {
            appointment_id: appointment.id,
            customer_id: appointment.customer,
            service_type: appointment.service,
            scheduled_at: location.local(appointment.starts_at),
            duration_minutes: length.as_mins(),
            vehicle: vehicle.map(Into::into),
            elsewhere: elsewhere.then(|| Elsewhere {
                key: location.key.clone(),
                name: location.name.clone(),
            }),
        })
    }

    /// Refusals of a change that do not depend on the wished time.
    pub(super) fn change_refused(error: ChangeError) -> ToolError {
        match error {
            ChangeError::Unknown => ToolError::NoSuchAppointment,
            ChangeError::AlreadyCancelled => ToolError::AlreadyCancelled,
            ChangeError::Over => ToolError::AlreadyOver,
            ChangeError::Storage(error) => error.into(),
            error @ (ChangeError::SlotTaken
            | ChangeError::VehicleBusy
            | ChangeError::EmptyInterval) => {
                tracing::error!(%error, "a change that names no time was refused for its time");
                ToolError::Trouble
            }
        }
    }
}
