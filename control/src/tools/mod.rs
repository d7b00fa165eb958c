//! The tools: everything a dialogue can do to the world, one file per tool.
//!
//! A [`ToolCall`] names a tool and carries its typed arguments; [`Toolbox::run`] answers with an
//! [`Answer`] or a [`ToolError`]. Whom a tool may act for is decided here, from the call's
//! [`CallContext`], and never by the words of a dialogue: a *claimed* caller may be greeted and may
//! book; whoever wants to read, move or cancel must be *verified*.

pub mod add_vehicle;
pub(crate) mod already_booked;
pub mod book_appointment;
pub mod cancel_appointment;
pub mod confirm_appointment;
pub mod context;
pub mod create_customer;
pub mod decode_vin;
pub mod end_call;
pub mod error;
mod field;
pub mod find_vehicle;
pub mod forget_customer;
pub mod get_available_slots;
pub mod get_upcoming_appointments;
mod holds;
pub mod join_waitlist;
pub mod limits;
pub mod lookup_customer;
pub mod moment;
pub mod new_customer;
pub mod open_follow_up;
pub mod open_reminder;
pub mod request;
pub mod reschedule_appointment;
mod schema;
pub mod search_customers_by_name;
pub mod send_sms;
pub mod stop_reminders;
pub mod suggest_service;
#[cfg(test)]
pub(crate) mod tests;
pub mod toolbox;
pub mod transfer_to_human;
pub mod verify_customer;
pub mod visit;

pub use context::{Assurance, CallContext};
pub use error::ToolError;
pub use toolbox::Toolbox;

/// A tool with its arguments.
///
/// As JSON: `{"name": "cancel_appointment", "arguments": {"appointment_id": 1}}`, which is how a
/// language model asks for one.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "name", content = "arguments", rename_all = "snake_case")]
pub enum ToolCall {
    LookupCustomer(lookup_customer::Arguments),
    SearchCustomersByName(search_customers_by_name::Arguments),
    VerifyCustomer(verify_customer::Arguments),
    ForgetCustomer(forget_customer::Arguments),
    CreateCustomer(create_customer::Arguments),
    AddVehicle(add_vehicle::Arguments),
    FindVehicle(find_vehicle::Arguments),
    DecodeVin(decode_vin::Arguments),
    GetAvailableSlots(get_available_slots::Arguments),
    BookAppointment(book_appointment::Arguments),
    GetUpcomingAppointments(get_upcoming_appointments::Arguments),
    RescheduleAppointment(reschedule_appointment::Arguments),
    CancelAppointment(cancel_appointment::Arguments),
    ConfirmAppointment(confirm_appointment::Arguments),
    OpenReminder(open_reminder::Arguments),
    OpenFollowUp(open_follow_up::Arguments),
    StopReminders(stop_reminders::Arguments),
    SuggestService(suggest_service::Arguments),
    JoinWaitlist(join_waitlist::Arguments),
    SendSms(send_sms::Arguments),
    TransferToHuman(transfer_to_human::Arguments),
    EndCall(end_call::Arguments),
}

/// What a tool answered: what it found or did, or why it refused.
pub type ToolOutcome = Result<Answer, ToolError>;

/// What a tool found or did.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Customer(lookup_customer::Lookup),
    Customers(search_customers_by_name::Found),
    Verified(lookup_customer::Caller),
    Forgotten,
    Vehicle(find_vehicle::Match),
    Decoded(crate::nhtsa::DecodedVehicle),
    Slots(get_available_slots::Slots),
    Booked(visit::Visit),
    Upcoming(Vec<visit::Visit>),
    Rescheduled(reschedule_appointment::Moved),
    Cancelled(visit::Visit),
    Confirmed(visit::Visit),
    Reminding(Box<open_reminder::Reminded>),
    /// The visit that its customer is asked about.
    FollowingUp(Box<open_reminder::Reminded>),
    /// On the waiting list.
    Waiting(join_waitlist::Waiting),
    /// What may be offered; at most once in a call.
    Suggestion(Option<suggest_service::Suggestion>),
    /// They get no more calls and messages.
    RemindersStopped,
    /// This was sent to them in writing.
    Texted(storage::asked_text::Topic),
    Transferring(crate::dialogue::TransferReason),
    Ending,
}

/// What a tool does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Changes nothing but what the call knows: whom it acts for, what it has offered.
    ThisCall,
    /// Changes the book; the same call again changes nothing more.
    IdempotentWrite,
    /// Cannot be taken back or repeated.
    Irreversible,
}

/// What becomes of a running tool when the caller speaks over the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenInterrupted {
    /// Its answer is no longer wanted and may be dropped.
    Abandon,
    /// It runs to its end and its answer is told: something was changed.
    Finish,
}

impl Effect {
    /// Reads may be abandoned; what has begun to change something is finished.
    #[must_use]
    pub fn when_interrupted(self) -> WhenInterrupted {
        match self {
            Self::Read => WhenInterrupted::Abandon,
            Self::ThisCall | Self::IdempotentWrite | Self::Irreversible => WhenInterrupted::Finish,
        }
    }
}

impl ToolCall {
    /// The tool's name, as metrics, feed and call log show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::LookupCustomer(_) => "lookup_customer",
            Self::SearchCustomersByName(_) => "search_customers_by_name",
            Self::VerifyCustomer(_) => "verify_customer",
            Self::ForgetCustomer(_) => "forget_customer",
            Self::CreateCustomer(_) => "create_customer",
            Self::AddVehicle(_) => "add_vehicle",
            Self::FindVehicle(_) => "find_vehicle",
            Self::DecodeVin(_) => "decode_vin",
            Self::GetAvailableSlots(_) => "get_available_slots",
            Self::BookAppointment(_) => "book_appointment",
            Self::GetUpcomingAppointments(_) => "get_upcoming_appointments",
            Self::RescheduleAppointment(_) => "reschedule_appointment",
            Self::CancelAppointment(_) => "cancel_appointment",
            Self::ConfirmAppointment(_) => "confirm_appointment",
            Self::OpenReminder(_) => "open_reminder",
            Self::OpenFollowUp(_) => "open_follow_up",
            Self::StopReminders(_) => "stop_reminders",
            Self::SuggestService(_) => "suggest_service",
            Self::JoinWaitlist(_) => "join_waitlist",
            Self::SendSms(_) => "send_sms",
            Self::TransferToHuman(_) => "transfer_to_human",
            Self::EndCall(_) => "end_call",
        }
    }

    /// Whether the caller must have said yes to it: it changes when they are expected, that they are,
    /// or what is on record of them.
    #[must_use]
    pub fn needs_consent(&self) -> bool {
        matches!(
            self,
            Self::BookAppointment(_)
                | Self::RescheduleAppointment(_)
                | Self::CancelAppointment(_)
                | Self::ConfirmAppointment(_)
                | Self::CreateCustomer(_)
                | Self::AddVehicle(_)
                | Self::JoinWaitlist(_)
        )
    }

    #[must_use]
    pub fn effect(&self) -> Effect {
        match self {
            Self::LookupCustomer(_) => lookup_customer::EFFECT,
            Self::SearchCustomersByName(_) => search_customers_by_name::EFFECT,
            Self::VerifyCustomer(_) => verify_customer::EFFECT,
            Self::ForgetCustomer(_) => forget_customer::EFFECT,
            Self::CreateCustomer(_) => create_customer::EFFECT,
            Self::AddVehicle(_) => add_vehicle::EFFECT,
            Self::FindVehicle(_) => find_vehicle::EFFECT,
            Self::DecodeVin(_) => decode_vin::EFFECT,
            Self::GetAvailableSlots(_) => get_available_slots::EFFECT,
            Self::BookAppointment(_) => book_appointment::EFFECT,
            Self::GetUpcomingAppointments(_) => get_upcoming_appointments::EFFECT,
            Self::RescheduleAppointment(_) => reschedule_appointment::EFFECT,
            Self::CancelAppointment(_) => cancel_appointment::EFFECT,
            Self::ConfirmAppointment(_) => confirm_appointment::EFFECT,
            Self::OpenReminder(_) => open_reminder::EFFECT,
            Self::OpenFollowUp(_) => open_follow_up::EFFECT,
            Self::StopReminders(_) => stop_reminders::EFFECT,
            Self::SuggestService(_) => suggest_service::EFFECT,
            Self::JoinWaitlist(_) => join_waitlist::EFFECT,
            Self::SendSms(_) => send_sms::EFFECT,
            Self::TransferToHuman(_) => transfer_to_human::EFFECT,
            Self::EndCall(_) => end_call::EFFECT,
        }
    }
}
