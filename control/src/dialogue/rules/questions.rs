//! What each state asks, what it expects in answer, and how it asks again.

use jiff::Zoned;
use pipeline::message::Expectation;
use storage::Language;
use storage::location::{Location, Proof};

use crate::dialogue::Question;
use crate::dialogue::phrases::{self, Phrase, Sayable as _};
use crate::dialogue::state::{Asks, Chosen, FollowingUp, Proving, Reminding, State, Task};

/// The state's question, in sentences of which the last one asks.
pub(super) fn of(
    language: Language,
    state: &State,
    location: &Location,
    now: &Zoned,
) -> Vec<(String, Question)> {
    let one = |text: Phrase, question| vec![(text.said_in(language), question)];
    match state {
        State::IntentDetection => one(phrases::HOW_CAN_I_HELP, Question::Help),
        State::CallBack { .. } => one(phrases::SHALL_THEY_CALL_BACK, Question::Confirm),
        State::Reminder(Reminding::WillCome(_)) => one(phrases::CAN_YOU_MAKE_IT, Question::Confirm),
        State::Reminder(Reminding::MoveOrCancel(_)) => {
            one(phrases::MOVE_OR_CANCEL, Question::MoveOrCancel)
        }
        State::FollowUp(FollowingUp::AllWell) => one(phrases::WAS_ALL_WELL, Question::AllWell),
        State::Closing => one(phrases::ANYTHING_ELSE, Question::AnythingElse),
        State::Verification { step, .. } => match step {
            Proving::Number { .. } => one(phrases::WHICH_NUMBER, Question::Phone),
            Proving::Name { said, .. } if said.first.is_some() => {
                one(phrases::LAST_NAME, Question::Name)
            }
            Proving::Name { .. } => one(phrases::ACCOUNT_NAME, Question::Name),
            Proving::Proof(Proof::DateOfBirth) => {
                one(phrases::DATE_OF_BIRTH, Question::DateOfBirth)
            }
            Proving::Proof(Proof::Address) => one(phrases::ADDRESS, Question::Address),
            Proving::Proof(Proof::Vin) => one(phrases::VIN, Question::Vin),
            Proving::LookingUp { .. }
            | Proving::Searching { .. }
            | Proving::Checking(_)
            | Proving::Reading(_) => Vec::new(),
        },
        State::Choosing { .. } => one(phrases::WHICH_APPOINTMENT, Question::WhichAppointment),
        State::SlotCollection { task, asks } => slot(language, task, asks, location, now),
        State::Confirmation(task) => confirmation(language, task, location, now),
        State::Greeting { .. }
        | State::Reminder(_)
        | State::FollowUp(FollowingUp::Reading { .. })
        | State::Execution { .. }
        | State::OptingOut { .. }
        | State::Escalation
        | State::Message
        | State::Over => Vec::new(),
    }
}

fn slot(
    language: Language,
    task: &Task,
    asks: &Asks,
    location: &Location,
    now: &Zoned,
) -> Vec<(String, Question)> {
    let (text, question) = match (asks, task) {
        (Asks::Service, _) => (phrases::WHICH_SERVICE.said_in(language), Question::Service),
        (Asks::When { offered }, _) if !offered.is_empty() => (
            phrases::offer(language, offered, now.date()),
            Question::When,
        ),
        (Asks::When { .. }, task) => (phrases::when(language, task), Question::When),
        (Asks::Name, Task::Book(booking)) if booking.name.first.is_some() => {
            (phrases::LAST_NAME.said_in(language), Question::Name)
        }
        (Asks::Name, _) => (phrases::NAME.said_in(language), Question::Name),
        (Asks::WhichVehicle, _) => (
            phrases::WHICH_VEHICLE.said_in(language),
            Question::WhichVehicle,
        ),
        (Asks::Vehicle, Task::Book(booking)) => match &booking.vehicle {
            Chosen::Unknown(known) => {
                (phrases::rest_of_vehicle(language, known), Question::Vehicle)
            }
            _ => (phrases::NEW_VEHICLE.said_in(language), Question::Vehicle),
        },
        (Asks::Vehicle, _) => (phrases::NEW_VEHICLE.said_in(language), Question::Vehicle),
        (Asks::Phone, _) => (phrases::PHONE.said_in(language), Question::Phone),
        (Asks::Born, _) => (phrases::BORN.said_in(language), Question::DateOfBirth),
        (Asks::Reason, _) => (phrases::REASON.said_in(language), Question::Reason),
        (Asks::Waitlist(days), _) => (
            phrases::shall_i_wait(language, days, now.date()),
            Question::Confirm,
        ),
        (Asks::AddWhatIsDue { due }, _) => {
            (phrases::due(language, location, due), Question::Confirm)
        }
        (
            Asks::FreeTimes { .. }
            | Asks::TheirVehicle { .. }
            | Asks::Decoded { .. }
            | Asks::TheirNumber { .. }
            | Asks::Joining { .. }
            | Asks::WhatIsDue { .. },
            _,
        ) => return Vec::new(),
    };
    vec![(text, question)]
}

fn confirmation(
    language: Language,
    task: &Task,
    location: &Location,
    now: &Zoned,
) -> Vec<(String, Question)> {
    let today = now.date();
    let (summary, question) = match task {
        Task::Book(booking) => (
            phrases::booking(language, location, booking, today),
            phrases::SHALL_I_BOOK,
        ),
        Task::Reschedule(moved) => (
            phrases::moving(language, location, moved, today),
            phrases::SHALL_I_MOVE,
        ),
        Task::Cancel(cancellation) => (
            vec![phrases::cancelling(language, location, cancellation, today)],
            phrases::SHALL_I_CANCEL,
        ),
    };
    let mut says: Vec<(String, Question)> = summary
        .into_iter()
        .map(|text| (text, Question::None))
        .collect();
    says.push((question.said_in(language), Question::Confirm));
    says
}

/// What must have come across before a yes to the confirmation counts.
pub(super) fn essence(language: Language, task: &Task) -> String {
    match task {
        Task::Book(booking) => booking.time.start.as_ref(),
        Task::Reschedule(moved) => moved.time.start.as_ref(),
        Task::Cancel(cancellation) => Some(&cancellation.visit.scheduled_at),
    }
    .map(|at| phrases::clock(language, at))
    .unwrap_or_default()
}

/// What the caller's next words are expected to be; `None` where a tool is awaited and the
/// expectation stays.
pub(super) fn expectation(state: &State) -> Option<Expectation> {
    Some(match state {
        _ if state.awaits().is_some() => return None,
        State::Greeting { .. } | State::Escalation | State::Message => return None,
        State::Execution { .. } | State::OptingOut { .. } => return None,
        State::IntentDetection | State::Closing | State::Over => Expectation::Open,
        State::Verification { step, .. } => match step {
            Proving::Number { .. } => Expectation::Phone,
            Proving::Name { .. } => Expectation::Name,
            // Spelled with pauses and full of numbers, as an address is.
            Proving::Proof(Proof::Address | Proof::Vin) => Expectation::Address,
            _ => Expectation::DateOfBirth,
        },
        State::Choosing { .. } => Expectation::When,
        State::SlotCollection { asks, .. } => match asks {
            Asks::When { .. } => Expectation::When,
            Asks::Name => Expectation::Name,
            Asks::WhichVehicle | Asks::Vehicle => Expectation::Vehicle,
            Asks::Phone => Expectation::Phone,
            Asks::Born => Expectation::DateOfBirth,
            Asks::AddWhatIsDue { .. } | Asks::Waitlist(_) => Expectation::YesNo,
            _ => Expectation::Open,
        },
        State::Reminder(Reminding::MoveOrCancel(_)) => Expectation::When,
        State::FollowUp(_) => Expectation::Open,
        State::Confirmation(_) | State::CallBack { .. } | State::Reminder(_) => Expectation::YesNo,
    })
}

/// The first time an answer is missed: what can be said.
pub(super) fn hint(
    language: Language,
    state: &State,
    location: &Location,
    now: &Zoned,
) -> (String, Question) {
    let question = question(language, state, location, now);
    let text = match question {
        Question::Help | Question::AnythingElse => phrases::HINT_REQUEST.said_in(language),
        Question::Service => phrases::hint_services(language, location),
        // The offered times, once more.
        Question::When if offers(state) => of(language, state, location, now)
            .into_iter()
            .map(|(text, _)| text)
            .collect(),
        Question::When => phrases::HINT_WHEN.said_in(language),
        Question::WhichVehicle => phrases::HINT_WHICH_VEHICLE.said_in(language),
        Question::Vehicle => phrases::HINT_VEHICLE.said_in(language),
        Question::Name => phrases::HINT_NAME.said_in(language),
        Question::Phone => phrases::HINT_PHONE.said_in(language),
        Question::DateOfBirth => phrases::HINT_DATE_OF_BIRTH.said_in(language),
        Question::WhichAppointment => phrases::HINT_WHICH_APPOINTMENT.said_in(language),
        Question::Confirm => phrases::HINT_CONFIRM.said_in(language),
        Question::Address => phrases::HINT_ADDRESS.said_in(language),
        Question::Vin => phrases::HINT_VIN.said_in(language),
        Question::MoveOrCancel => phrases::HINT_MOVE_OR_CANCEL.said_in(language),
        Question::AllWell => phrases::HINT_ALL_WELL.said_in(language),
        Question::Reason | Question::StillThere | Question::None => {
            phrases::HINT_REQUEST.said_in(language)
        }
    };
    (text, question)
}

fn offers(state: &State) -> bool {
    matches!(state, State::SlotCollection { asks: Asks::When { offered }, .. } if !offered.is_empty())
}

/// The second time: another way to answer.
pub(super) fn another_way(
    language: Language,
    state: &State,
    location: &Location,
    now: &Zoned,
) -> (String, Question) {
    let question = question(language, state, location, now);
    let text = match question {
        Question::Phone => phrases::KEY_IN_PHONE,
        Question::DateOfBirth => phrases::KEY_IN_DATE_OF_BIRTH,
        Question::Confirm => phrases::KEY_IN_YES_NO,
        _ => phrases::OR_A_HUMAN,
    };
    (text.said_in(language), question)
}

fn question(language: Language, state: &State, location: &Location, now: &Zoned) -> Question {
    of(language, state, location, now)
        .last()
        .map_or(Question::None, |(_, question)| *question)
}
