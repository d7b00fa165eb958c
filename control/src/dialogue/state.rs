//! Where a dialogue stands: one enum, each of whose variants owns what is known there.
//!
//! Greeting, verification, intent detection, slot collection, confirmation, execution, closing, and
//! escalation from anywhere.

use jiff::Zoned;
use jiff::civil::Date;
use storage::customer::Phone;
use storage::location::{Action, Proof};
use storage::vehicle::VehicleId;

use super::ToolId;
use crate::nlu::date_time::When;
use crate::nlu::name::Name;
use crate::nlu::vehicle::SpokenVehicle;
use crate::tools::cancel_appointment::Reason;
use crate::tools::new_customer::AddVehicle;
use crate::tools::suggest_service::Suggestion;
use crate::tools::visit::Visit;

#[derive(Clone, Debug)]
pub(super) enum State {
    /// Nobody has been greeted yet. `lookup` finds out who calls.
    Greeting { lookup: Option<ToolId> },
    /// A call of ours: the appointment, and whether its customer will come.
    Reminder(Reminding),
    /// A call of ours: was all well at that visit?
    FollowUp(FollowingUp),
    /// An errand that touches the record waits for proof of who calls.
    Verification { errand: Errand, step: Proving },
    /// "How can I help you?"
    IntentDetection,
    /// Which of these appointments is the errand about?
    Choosing { errand: Errand, among: Vec<Visit> },
    /// Something is still missing for the task.
    SlotCollection { task: Task, asks: Asks },
    /// Everything is there; only a yes is missing.
    Confirmation(Task),
    /// The task is being written into the book. `leaving`: the caller has said goodbye meanwhile.
    Execution {
        task: Task,
        tool: ToolId,
        leaving: bool,
    },
    /// No human answered: shall one call back? `tool` notes it.
    CallBack { tool: Option<ToolId> },
    /// "Is there anything else?"
    Closing,
    /// The caller goes to a human.
    Escalation,
    /// It is written down that they want no more calls.
    OptingOut { tool: ToolId },
    /// A machine took our message, whatever it says.
    Message,
    /// We have said goodbye.
    Over,
}

/// The steps of a call that reminds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reminding {
    /// What is it about? `machine`: by now a machine has answered.
    Reading { tool: ToolId, machine: bool },
    /// "Can you make it?"
    WillCome(Visit),
    /// They cannot: another time, or not at all?
    MoveOrCancel(Visit),
    /// It is noted that they will.
    Confirming { tool: ToolId },
}

/// The steps of a call that follows a visit up.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FollowingUp {
    /// Which visit? `machine`: by now a machine has answered.
    Reading { tool: ToolId, machine: bool },
    /// "Was everything all right?"
    AllWell,
}

/// What an errand on the record is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Errand {
    /// With the new time, as far as it was said already.
    Reschedule(Option<When>),
    Cancel(Option<Reason>),
    /// To be read out.
    Check,
}

impl Errand {
    /// What the caller must be verified for.
    pub(super) fn action(&self) -> Action {
        match self {
            Self::Reschedule(_) => Action::Move,
            Self::Cancel(_) => Action::Cancel,
            Self::Check => Action::Read,
        }
    }
}

/// The steps of a verification.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Proving {
    /// Which number is the account under? `misses` accounts were not found so far.
    Number {
        misses: u8,
    },
    LookingUp {
        tool: ToolId,
        misses: u8,
    },
    /// Under which name, then?
    Name {
        said: Name,
        misses: u8,
    },
    Searching {
        tool: ToolId,
        misses: u8,
    },
    /// What is your date of birth, or whatever else proves it?
    Proof(Proof),
    Checking(ToolId),
    /// Proved: what does the book hold?
    Reading(ToolId),
}

/// What the caller wants done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Task {
    Book(Booking),
    Reschedule(Move),
    Cancel(Cancellation),
}

/// A new appointment as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Booking {
    /// Key in the location file.
    pub(super) service: Option<String>,
    /// The name of where it is to be, if that is not where the caller called.
    pub(super) place: Option<String>,
    /// The caller wants it beside what they have booked already.
    pub(super) another: bool,
    /// Days on which nothing was free that they wanted, where there is a waiting list.
    pub(super) full: Option<Days>,
    /// Services asked for in the same breath; they go into the notes.
    pub(super) also: Vec<String>,
    pub(super) time: Wish,
    pub(super) vehicle: Chosen,
    /// For a caller who is new to the book.
    pub(super) name: Name,
    pub(super) phone: Option<Phone>,
    pub(super) born: Born,
}

/// A new customer's date of birth, which they may keep to themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Born {
    #[default]
    Unasked,
    Unsaid,
    On(Date),
}

/// A time, as said and as found in the book.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wish {
    pub(super) said: Option<When>,
    /// Free when it was last looked at.
    pub(super) start: Option<Zoned>,
}

/// Which vehicle a booking is for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Chosen {
    #[default]
    Unsaid,
    /// As much as the caller said of it.
    Described(SpokenVehicle),
    /// "No, the other one."
    OtherThan(VehicleId),
    /// One of the caller's, as the caller called it; `other` than the one that was talked of.
    Known {
        vehicle: VehicleId,
        called: SpokenVehicle,
        other: bool,
    },
    /// Not in the book yet, and not fully described.
    Unknown(SpokenVehicle),
    /// Not in the book yet.
    New(AddVehicle),
}

/// An appointment to be moved.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Move {
    pub(super) visit: Visit,
    pub(super) time: Wish,
    /// What was asked for: another appointment, which a no asks for again.
    pub(super) rather_than: Option<Box<Booking>>,
}

/// An appointment to be given up.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cancellation {
    pub(super) visit: Visit,
    pub(super) reason: Option<Reason>,
}

/// What is asked for next, or looked up.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asks {
    Service,
    /// A day and a time, or one of the `offered` ones.
    When {
        offered: Vec<Zoned>,
    },
    Name,
    /// Which of the caller's vehicles.
    WhichVehicle,
    /// Year, make and model of a new one.
    Vehicle,
    Phone,
    /// When a new customer was born: once, and they need not say it.
    Born,
    Reason,
    /// The book is asked for free times.
    FreeTimes {
        tool: ToolId,
        search: Search,
    },
    /// The book is asked which vehicle is meant.
    TheirVehicle {
        tool: ToolId,
    },
    /// Nothing is free on these days: shall they be told when something is?
    Waitlist(Days),
    /// They are put on the waiting list.
    Joining {
        tool: ToolId,
    },
    /// The book is asked what the vehicle is due for.
    WhatIsDue {
        tool: ToolId,
    },
    /// This service is due: shall it be done, too?
    AddWhatIsDue {
        due: Suggestion,
    },
    /// Which vehicle has the number that the caller read out?
    Decoded {
        tool: ToolId,
        vin: String,
    },
    /// The book is asked whether a new caller's number is known.
    TheirNumber {
        tool: ToolId,
        phone: Phone,
    },
}

/// A run of days, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) first: Date,
    pub(super) last: Date,
}

/// Which free times are wanted.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Search {
    /// This one.
    At(Zoned),
    /// Some between these times of day, local; `to` excluded.
    Within {
        from: jiff::civil::Time,
        to: jiff::civil::Time,
        pick: Pick,
    },
    /// Whatever is close to what was refused. The reason has been said.
    Instead { of: Option<Zoned> },
}

/// How to choose among many free times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    /// Spread over what there is.
    Some,
    Earliest,
    Latest,
}

impl State {
    /// As the feed shows it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Greeting { .. } => "greeting",
            Self::Reminder(_) => "reminder",
            Self::FollowUp(_) => "follow_up",
            Self::Verification { .. } => "verification",
            Self::IntentDetection => "intent_detection",
            Self::Choosing { .. } | Self::SlotCollection { .. } => "slot_collection",
            Self::Confirmation(_) | Self::CallBack { .. } => "confirmation",
            Self::Execution { .. } | Self::OptingOut { .. } => "execution",
            Self::Closing | Self::Over | Self::Message => "closing",
            Self::Escalation => "escalation",
        }
    }

    /// The tool whose answer this state waits for.
    pub(super) fn awaits(&self) -> Option<ToolId> {
        match self {
            Self::Greeting { lookup } => *lookup,
            Self::CallBack { tool } => *tool,
            Self::Reminder(step) => match step {
                Reminding::Reading { tool, .. } | Reminding::Confirming { tool } => Some(*tool),
                Reminding::WillCome(_) | Reminding::MoveOrCancel(_) => None,
            },
            Self::FollowUp(step) => match step {
                FollowingUp::Reading { tool, .. } => Some(*tool),
                FollowingUp::AllWell => None,
            },
            Self::Verification { step, .. } => match step {
                Proving::LookingUp { tool, .. }
                | Proving::Searching { tool, .. }
                | Proving::Checking(tool)
                | Proving::Reading(tool) => Some(*tool),
                Proving::Number { .. } | Proving::Name { .. } | Proving::Proof(_) => None,
            },
            Self::SlotCollection { asks, .. } => match asks {
                Asks::FreeTimes { tool, .. }
                | Asks::TheirVehicle { tool }
                | Asks::WhatIsDue { tool }
                | Asks::Joining { tool }
                | Asks::Decoded { tool, .. }
                | Asks::TheirNumber { tool, .. } => Some(*tool),
                _ => None,
            },
            Self::Execution { tool, .. } | Self::OptingOut { tool } => Some(*tool),
            Self::IntentDetection
            | Self::Choosing { .. }
            | Self::Confirmation(_)
            | Self::Closing
            | Self::Escalation
            | Self::Message
            | Self::Over => None,
        }
    }
}

impl Task {
    /// The service, where it is known.
    pub(super) fn service(&self) -> Option<&str> {
        match self {
            Self::Book(booking) => booking.service.as_deref(),
            Self::Reschedule(m) => Some(&m.visit.service_type),
            Self::Cancel(c) => Some(&c.visit.service_type),
        }
    }

    /// The wished time, for a task that has one.
    pub(super) fn time(&mut self) -> Option<&mut Wish> {
        match self {
            Self::Book(booking) => Some(&mut booking.time),
            Self::Reschedule(m) => Some(&mut m.time),
            Self::Cancel(_) => None,
        }
    }
}
