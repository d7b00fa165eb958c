//! What the agent says, in English: short sentences, one question at a time, for the ear.
//!
//! Every fact in them is the location's; nothing is hard-coded but the wording.

mod follow_up;
mod places;
mod reminder;
mod upkeep;
mod waitlist;

use jiff::Zoned;
use jiff::civil::Date;
use storage::location::{DayHours, Hours, Location, Service};
use storage::slots::SlotRefusal;

pub(super) use self::follow_up::{
    GLAD_TO_HEAR, HINT_ALL_WELL, SORRY_TO_HEAR, THEN_OUR_BOOK_IS_WRONG, WAS_ALL_WELL, follow_up,
};
pub(super) use self::places::{
    LEFT_WHERE_IT_IS, NOT_DONE_THERE, PERHAPS_BOOKED_ALREADY, stays, there,
};
use self::places::{at_another, at_place};
pub(super) use self::reminder::{
    CALLED_BY_MISTAKE, CAN_YOU_MAKE_IT, HINT_MOVE_OR_CANCEL, MOVE_OR_CANCEL, NO_MORE_CALLS,
    OPT_OUT_BY_TEXT, message, reminder, see_you,
};
pub(super) use self::upkeep::{NOT_ADDED, due};
pub(super) use self::waitlist::{CANNOT_WAIT, shall_i_wait, waiting};
use super::state::{Booking, Cancellation, Chosen, Move, Task};
use crate::nlu::date_time::WhenError;
use crate::nlu::say;
use crate::nlu::vehicle::{Body, SpokenVehicle};
use crate::tools::visit::Visit;

// ---- opening and closing --------------------------------------------------------------------

pub(super) const HOW_CAN_I_HELP: &str = "How can I help you?";
pub(super) const ANYTHING_ELSE: &str = "Is there anything else I can do for you?";
pub(super) const NOBODY_ANSWERED: &str =
    "I am sorry, none of my colleagues could take your call just now.";
pub(super) const SHALL_THEY_CALL_BACK: &str = "Shall one of them call you back?";
pub(super) const WILL_CALL_BACK: &str = "All right, one of my colleagues will call you back.";
pub(super) const HOW_ELSE: &str = "How else can I help you?";
pub(super) const WELCOME: &str = "You are welcome.";
pub(super) const START_OVER: &str = "All right, let's start over.";
pub(super) const LEFT_AS_IT_IS: &str = "All right, I will leave it as it is.";

pub(super) fn welcome(location: &Location, first_name: Option<&str>) -> String {
    let hello = first_name.map_or("Hello".to_owned(), |name| format!("Hello {name}"));
    format!(
        "{hello}, thank you for calling {}. This is {}, an automated assistant.",
        location.name, location.agent
    )
}

pub(super) fn goodbye(location: &Location) -> String {
    format!("Thank you for calling {}. Goodbye.", location.name)
}

// ---- repair ---------------------------------------------------------------------------------

pub(super) const ONE_MOMENT: &str = "One moment, please.";
pub(super) const SAY_AGAIN: &str = "Could you say that again, please?";
pub(super) const TAKE_YOUR_TIME: &str = "Of course. Take your time.";
pub(super) const STILL_THERE: &str = "Are you still there?";
pub(super) const NOBODY_THERE: &str =
    "I cannot hear you, so I will hang up now. Please call again any time. Goodbye.";
pub(super) const NOT_CAUGHT: &str = "I am sorry, I did not catch that.";
pub(super) const OR_A_HUMAN: &str =
    "Please say it once more in a few words, or press zero for one of my colleagues.";
pub(super) const KEY_IN_PHONE: &str =
    "You can type the ten digits on your keypad, or press zero for one of my colleagues.";
pub(super) const KEY_IN_DATE_OF_BIRTH: &str = "You can type it on your keypad: two digits for the \
     month, two for the day, four for the year. Or say representative for one of my colleagues.";
pub(super) const KEY_IN_YES_NO: &str =
    "You can press one for yes, two for no, or zero for one of my colleagues.";
pub(super) const HINT_REQUEST: &str =
    "You can say, for example, I need an oil change, or, I need to reschedule my appointment.";
pub(super) const HINT_WHEN: &str = "You can say, for example, Friday at two p.m.";
pub(super) const HINT_WHICH_VEHICLE: &str = "You can say, for example, the truck, or the Toyota.";
pub(super) const HINT_VEHICLE: &str =
    "Please say the year, the make and the model, for example, 2021 Honda Accord.";
pub(super) const HINT_NAME: &str =
    "Please say your first and your last name, for example, my name is John Smith.";
pub(super) const HINT_PHONE: &str = "Please say all ten digits, area code first.";
pub(super) const HINT_DATE_OF_BIRTH: &str =
    "Please say the month, the day and the year, for example, March fourth, nineteen eighty.";
pub(super) const HINT_ADDRESS: &str =
    "Please say the house number and the street, for example, 12 Main Street.";
pub(super) const HINT_VIN: &str =
    "It has seventeen letters and digits, and stands in your registration. Please spell it.";
pub(super) const HINT_WHICH_APPOINTMENT: &str = "You can say, for example, the first one.";
pub(super) const HINT_CONFIRM: &str = "Please say yes or no.";

pub(super) fn hint_services(location: &Location) -> String {
    let some: Vec<String> = location
        .services
        .iter()
        .take(3)
        .map(|service| service.name.clone())
        .collect();
    format!("You can say, for example, {}.", say::or(&some))
}

// ---- what is asked --------------------------------------------------------------------------

pub(super) const WHICH_SERVICE: &str = "What service do you need?";
pub(super) const NAME: &str = "May I have your first and last name?";
pub(super) const LAST_NAME: &str = "And your last name?";
pub(super) const PHONE: &str = "What is the best telephone number for you?";
pub(super) const WHICH_VEHICLE: &str = "Which vehicle is it for?";
pub(super) const NEW_VEHICLE: &str = "What are the year, make and model of your vehicle?";
pub(super) const REASON: &str = "May I ask why you are cancelling?";
pub(super) const WHICH_APPOINTMENT: &str = "Which one do you mean?";
pub(super) const WHICH_NUMBER: &str = "Which telephone number is the appointment under?";
pub(super) const ACCOUNT_NAME: &str = "Which first and last name is it under?";
pub(super) const DATE_OF_BIRTH: &str = "To verify that it is you, what is your date of birth?";
pub(super) const ADDRESS: &str =
    "To verify that it is you, what are the house number and street of your address?";
pub(super) const VIN: &str =
    "To verify that it is you, what is the vehicle identification number of your vehicle?";

pub(super) fn when(task: &Task) -> String {
    let (said, verb) = match task {
        Task::Book(booking) => (booking.time.said, "come in"),
        Task::Reschedule(moved) => (moved.time.said, "come in instead"),
        Task::Cancel(_) => (None, "come in"),
    };
    match said {
        // It was all there, and was declined.
        Some(said) if said.day.is_some() && said.time.is_some() => {
            "What would you like to change?".to_owned()
        }
        Some(said) if said.day.is_some() => format!("What time would you like to {verb}?"),
        Some(said) if said.time.is_some() => format!("What day would you like to {verb}?"),
        _ => format!("What day and time would you like to {verb}?"),
    }
}

pub(super) fn rest_of_vehicle(known: &SpokenVehicle) -> String {
    let name = vehicle(&SpokenVehicle {
        year: None,
        ..known.clone()
    });
    match (known.year, &known.make, &known.model) {
        (None, Some(_), Some(_)) => format!("What year is the {name}?"),
        (Some(_), Some(_), None) => format!("Which model of {name} is it?"),
        (None, Some(_), None) => format!("What year and model is the {name}?"),
        (Some(year), None, _) => format!("What make and model is the {year}?"),
        (None, None, _) => NEW_VEHICLE.to_owned(),
        (Some(_), Some(_), Some(_)) => NEW_VEHICLE.to_owned(),
    }
}

/// "I have Friday, November 27 at 8 a.m., 10 a.m., or noon. Which would you like?"
pub(super) fn offer(times: &[Zoned], today: Date) -> String {
    let one_day = times
        .windows(2)
        .all(|pair| pair[0].date() == pair[1].date());
    let list: Vec<String> = times
        .iter()
        .enumerate()
        .map(|(i, at)| {
            if one_day && i > 0 {
                clock(at)
            } else {
                moment(at, today)
            }
        })
        .collect();
    let question = if times.len() == 1 {
        "Does that work for you?"
    } else {
        "Which would you like?"
    };
    format!("I have {}. {question}", say::or(&list)).replace("..", ".")
}

// ---- times ----------------------------------------------------------------------------------

pub(super) const NOTHING_THEN: &str = "I have nothing free then.";
pub(super) const NOTHING_FREE: &str = "I do not see anything free around then.";
pub(super) const ANOTHER_TIME: &str = "No problem.";
pub(super) const JUST_TAKEN: &str = "I am sorry, that time was just taken.";
pub(super) const VEHICLE_BUSY: &str = "I cannot book that vehicle at that time.";

/// "Saturday, November 28 at 9 a.m."
fn moment(at: &Zoned, today: Date) -> String {
    format!("{} at {}", say::day(at.date(), today), clock(at))
}

/// "9 a.m."
pub(super) fn clock(at: &Zoned) -> String {
    say::time(at.time())
}

pub(super) fn taken(at: &Zoned, today: Date) -> String {
    sentence(&format!(
        "I am sorry, {} is already taken",
        moment(at, today)
    ))
}

/// Why a wish cannot be, before anything was looked up.
pub(super) fn impossible(location: &Location, why: &WhenError, today: Date) -> String {
    match why {
        WhenError::Closed { date } => closed(location, *date, today),
        WhenError::Past { date } if *date == today => {
            "I am sorry, there is nothing left at that time today.".to_owned()
        }
        WhenError::Past { .. } => "I am sorry, that is in the past.".to_owned(),
        WhenError::OutsideHours {
            date,
            opens,
            closes,
        } => {
            let hours = Hours {
                open: *opens,
                close: *closes,
            };
            open_on(*date, hours)
        }
        WhenError::NoSuchDate { .. } => "I am sorry, there is no such date.".to_owned(),
        WhenError::WrongWeekday { date, .. } => format!("That day is a {}.", say::date(*date)),
        WhenError::TooFar { .. } => too_far(location),
        WhenError::SkippedByClockChange(_) => {
            "The clocks change that night, so there is no such time.".to_owned()
        }
        WhenError::DayMissing | WhenError::NothingSaid | WhenError::AmbiguousHalf { .. } => {
            String::new()
        }
    }
}

/// Why a start is against the location's rules.
pub(super) fn refusal(
    location: &Location,
    why: &SlotRefusal,
    service: Option<&str>,
    now: &Zoned,
) -> String {
    match why {
        SlotRefusal::ClosedWeekday => "I am sorry, we are closed on that day.".to_owned(),
        SlotRefusal::Holiday(name) => format!("I am sorry, we are closed for {name}."),
        SlotRefusal::OutsideHours(hours) => format!(
            "I am sorry, we are open from {} to {} that day.",
            say::time(hours.open),
            say::time(hours.close),
        ),
        SlotRefusal::EndsAfterClosing(hours) => {
            let takes = service
                .and_then(|key| location.service(key))
                .map(|service| format!("{} takes {}", a(&service.name), duration(service)));
            let closes = say::time(hours.close);
            sentence(&match takes {
                Some(takes) => format!("I am sorry, {takes}, and we close at {closes}"),
                None => format!("I am sorry, that would end after we close at {closes}"),
            })
        }
        SlotRefusal::Break(hours) => sentence(&format!(
            "I am sorry, nobody works on vehicles from {} to {}",
            say::time(hours.open),
            say::time(hours.close),
        )),
        SlotRefusal::Past => "I am sorry, that is in the past.".to_owned(),
        SlotRefusal::TooSoon { earliest } => {
            let at = location.local(*earliest);
            sentence(&format!(
                "I am sorry, that is too soon. The earliest would be after {}",
                moment(&at, now.date())
            ))
        }
        SlotRefusal::TooFar { .. } => too_far(location),
        SlotRefusal::OffGrid => "I do not have a start at exactly that time.".to_owned(),
    }
}

fn too_far(location: &Location) -> String {
    format!("I can only book {} days ahead.", location.horizon_days)
}

// ---- confirmations --------------------------------------------------------------------------

pub(super) const SHALL_I_BOOK: &str = "Shall I book it?";
pub(super) const SHALL_I_MOVE: &str = "Shall I move it?";
pub(super) const SHALL_I_CANCEL: &str = "Shall I cancel it?";
pub(super) const NOT_THAT: &str = "All right, not that.";
pub(super) const NOTHING_BOOKED: &str = "All right, then I book nothing.";
pub(super) const ALREADY_THEN: &str = "That is when it is now.";
pub(super) const BACK_AGAIN: &str = "Of course. I can book it again for you.";
pub(super) const CANCELLED: &str = "Your appointment is cancelled.";
pub(super) const ALREADY_SETTLED: &str = "That appointment is already cancelled or over.";

/// Everything that a yes would write down.
pub(super) fn booking(location: &Location, booking: &Booking, today: Date) -> Vec<String> {
    let mut says = Vec::new();
    if let (Some(first), Some(last)) = (&booking.name.first, &booking.name.last) {
        says.push(match &booking.phone {
            Some(phone) => format!("{first} {last}, at {}.", say::phone(phone)),
            None => format!("{first} {last}."),
        });
    }
    let what = service_name(location, booking.service.as_deref());
    let vehicle = match &booking.vehicle {
        Chosen::New(new) => format!(" for your {} {} {}", new.year, new.make, new.model),
        Chosen::Known { other: true, .. } => " for your other vehicle".to_owned(),
        chosen => match vehicle(&chosen.described()) {
            words if words.is_empty() => String::new(),
            words => format!(" for your {words}"),
        },
    };
    if let Some(start) = &booking.time.start {
        says.push(sentence(&format!(
            "That is {}{vehicle}{}, {}",
            a(&what),
            at_place(booking.place.as_deref()),
            moment(start, today)
        )));
    }
    let also: Vec<String> = booking
        .also
        .iter()
        .map(|key| a(&service_name(location, Some(key))))
        .collect();
    if !also.is_empty() {
        says.push(format!(
            "I will note that you also want {}.",
            say::and(&also)
        ));
    }
    says
}

pub(super) fn moving(location: &Location, moved: &Move, today: Date) -> Vec<String> {
    let what = service_name(location, Some(&moved.visit.service_type));
    moved
        .time
        .start
        .iter()
        .map(|to| {
            sentence(&format!(
                "I would move your {what} to {}",
                moment(to, today)
            ))
        })
        .collect()
}

pub(super) fn cancelling(location: &Location, cancellation: &Cancellation, today: Date) -> String {
    let what = service_name(location, Some(&cancellation.visit.service_type));
    let at = moment(&cancellation.visit.scheduled_at, today);
    sentence(&format!("I would cancel your {what}, {at}"))
}

pub(super) fn booked(location: &Location, visit: &Visit, today: Date) -> String {
    let what = service_name(location, Some(&visit.service_type));
    let at = moment(&visit.scheduled_at, today);
    let place = at_another(visit);
    sentence(&format!("You are booked{place}: {what}, {at}"))
}

pub(super) fn rescheduled(location: &Location, visit: &Visit, today: Date) -> String {
    let what = service_name(location, Some(&visit.service_type));
    let at = moment(&visit.scheduled_at, today);
    sentence(&format!("Done. Your {what} is now {at}"))
}

// ---- the record -----------------------------------------------------------------------------

pub(super) const VERIFIED: &str = "Thank you.";
pub(super) const WRONG_PROOF: &str = "I am sorry, that does not match our records.";
pub(super) const MIXED_UP: &str = "I am sorry, I mixed you up.";
pub(super) const CANNOT_VERIFY: &str = "I cannot verify you over the telephone just now.";
pub(super) const NOTHING_TO_VERIFY_BY: &str = "I do not have enough on file for you, so I cannot \
     verify that it is you, and only a colleague can open your record.";
pub(super) const NO_ACCOUNT: &str = "I do not find an account with that number.";
pub(super) const NO_APPOINTMENTS: &str = "I do not see any upcoming appointment for you.";
pub(super) const NO_SUCH_NUMBER: &str = "That does not seem to be a valid telephone number.";
pub(super) const NUMBER_TAKEN: &str = "I cannot use that number. Please give me another one.";
pub(super) const NO_SUCH_YEAR: &str = "That year does not seem right.";
pub(super) const SEVERAL_VEHICLES: &str = "You have more than one like that.";
pub(super) const VIN_UNKNOWN: &str = "I could not find a vehicle by that number.";
pub(super) const VEHICLE_UNKNOWN: &str = "I do not have that vehicle on file yet.";

/// "You have an oil change tomorrow, Tuesday, November 24 at 10 a.m., for your Toyota Camry."
pub(super) fn appointment(location: &Location, visit: &Visit, today: Date) -> String {
    sentence(&format!(
        "You have {}",
        visit_in_words(location, visit, today)
    ))
}

pub(super) fn appointments(location: &Location, visits: &[Visit], today: Date) -> String {
    let list: Vec<String> = visits
        .iter()
        .take(super::limits::READ_OUT_APPOINTMENTS)
        .map(|visit| visit_in_words(location, visit, today))
        .collect();
    sentence(&format!("You have {}", say::and(&list)))
}

fn visit_in_words(location: &Location, visit: &Visit, today: Date) -> String {
    let what = a(&service_name(location, Some(&visit.service_type)));
    let vehicle = visit.vehicle.as_ref().map_or(String::new(), |v| {
        format!(" for your {} {}", v.make, v.model)
    });
    let place = at_another(visit);
    let at = moment(&visit.scheduled_at, today);
    format!("{what}{vehicle}{place}, {at}")
}

// ---- the location ---------------------------------------------------------------------------

pub(super) fn prices(location: &Location, about: Option<&Service>) -> Vec<String> {
    match about.or(location.services.first()) {
        None => vec!["A colleague can tell you our prices.".to_owned()],
        Some(service) if service.price.high_usd == 0 => {
            vec![format!("{} costs you nothing.", capital(&a(&service.name)))]
        }
        Some(service) => vec![format!(
            "{} is {}, depending on the vehicle.",
            capital(&a(&service.name)),
            say::price(service.price.low_usd, service.price.high_usd)
        )],
    }
}

pub(super) fn durations(location: &Location, about: Option<&Service>) -> Vec<String> {
    match about.or(location.services.first()) {
        None => vec!["A colleague can tell you how long it takes.".to_owned()],
        Some(service) => vec![format!(
            "{} takes about {}.",
            capital(&a(&service.name)),
            duration(service)
        )],
    }
}

pub(super) fn address(location: &Location) -> Vec<String> {
    vec![format!(
        "We are at {} in {}.",
        location.address.street, location.address.city
    )]
}

pub(super) fn hours_of_day(location: &Location, day: Date, today: Date) -> Vec<String> {
    vec![match location.day(day) {
        DayHours::Open(hours) if day == today => sentence(&format!(
            "Today we are open from {} to {}",
            say::time(hours.open),
            say::time(hours.close)
        )),
        DayHours::Open(hours) => open_on(day, hours),
        DayHours::ClosedWeekday | DayHours::Holiday(_) => closed(location, day, today),
    }]
}

/// Runs of days with the same hours are said together.
pub(super) fn hours_of_week(location: &Location) -> Vec<String> {
    let mut runs: Vec<(Vec<&'static str>, Option<Hours>)> = Vec::new();
    for (day, hours) in location.week.iter() {
        match runs.last_mut() {
            Some((days, same)) if *same == hours => days.push(say::weekday(day)),
            _ => runs.push((vec![say::weekday(day)], hours)),
        }
    }
    runs.into_iter()
        .map(|(days, hours)| {
            let days = match days.as_slice() {
                [one] => (*one).to_owned(),
                [first, second] => format!("{first} and {second}"),
                [first, .., last] => format!("{first} to {last}"),
                [] => String::new(),
            };
            sentence(&match hours {
                Some(hours) => format!(
                    "{days} we are open from {} to {}",
                    say::time(hours.open),
                    say::time(hours.close)
                ),
                None => format!("{days} we are closed"),
            })
        })
        .collect()
}

fn open_on(day: Date, hours: Hours) -> String {
    sentence(&format!(
        "On {} we are open from {} to {}",
        say::date(day),
        say::time(hours.open),
        say::time(hours.close)
    ))
}

fn closed(location: &Location, day: Date, today: Date) -> String {
    let when = if day == today {
        "today".to_owned()
    } else {
        format!("on {}", say::date(day))
    };
    match location.day(day) {
        DayHours::Holiday(name) => format!("We are closed {when} for {name}."),
        _ => format!("We are closed {when}."),
    }
}

// ---- words ----------------------------------------------------------------------------------

/// As much of a vehicle as was said: "2019 Ford F-150", "truck"; empty where nothing was.
pub(super) fn vehicle(said: &SpokenVehicle) -> String {
    let mut words: Vec<String> = said.year.iter().map(ToString::to_string).collect();
    words.extend(said.make.clone());
    words.extend(said.model.clone());
    if said.make.is_none() && said.model.is_none() {
        words.extend(said.body.map(|body| {
            match body {
                Body::Car => "car",
                Body::Truck => "truck",
                Body::Suv => "SUV",
                Body::Van => "van",
            }
            .to_owned()
        }));
    }
    words.join(" ")
}

fn service_name(location: &Location, key: Option<&str>) -> String {
    key.and_then(|key| location.service(key))
        .map_or("service".to_owned(), |service| service.name.clone())
}

fn duration(service: &Service) -> String {
    say::duration(u32::try_from(service.duration.as_mins()).unwrap_or(u32::MAX))
}

/// With its indefinite article; "engine diagnostics" and other plurals go without.
fn a(name: &str) -> String {
    if name.ends_with('s') || name.ends_with("maintenance") {
        return name.to_owned();
    }
    let vowel = name.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']);
    format!("{} {name}", if vowel { "an" } else { "a" })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Ends with one full stop, also after "a.m.".
fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

/// What is said in the same words in every call, so that it can be made into audio once: nothing
/// in it belongs to a caller.
pub(super) fn fixed(location: &Location) -> Vec<String> {
    let always = [
        HOW_CAN_I_HELP,
        ANYTHING_ELSE,
        WELCOME,
        START_OVER,
        LEFT_AS_IT_IS,
        ONE_MOMENT,
        SAY_AGAIN,
        TAKE_YOUR_TIME,
        STILL_THERE,
        NOBODY_THERE,
        NOT_CAUGHT,
        OR_A_HUMAN,
        KEY_IN_PHONE,
        KEY_IN_DATE_OF_BIRTH,
        KEY_IN_YES_NO,
        HINT_REQUEST,
        HINT_WHEN,
        HINT_WHICH_VEHICLE,
        HINT_VEHICLE,
        HINT_NAME,
        HINT_PHONE,
        HINT_DATE_OF_BIRTH,
        HINT_ADDRESS,
        HINT_VIN,
        HINT_WHICH_APPOINTMENT,
        HINT_CONFIRM,
        WHICH_SERVICE,
        NAME,
        LAST_NAME,
        PHONE,
        WHICH_VEHICLE,
        NEW_VEHICLE,
        REASON,
        WHICH_APPOINTMENT,
        WHICH_NUMBER,
        ACCOUNT_NAME,
        DATE_OF_BIRTH,
        ADDRESS,
        VIN,
        NOTHING_THEN,
        NOTHING_FREE,
        ANOTHER_TIME,
        JUST_TAKEN,
        VEHICLE_BUSY,
        SHALL_I_BOOK,
        SHALL_I_MOVE,
        SHALL_I_CANCEL,
        NOT_THAT,
        NOTHING_BOOKED,
        ALREADY_THEN,
        BACK_AGAIN,
        CANCELLED,
        ALREADY_SETTLED,
        VERIFIED,
        WRONG_PROOF,
        MIXED_UP,
        CANNOT_VERIFY,
        NOTHING_TO_VERIFY_BY,
        NO_ACCOUNT,
        NO_APPOINTMENTS,
        NO_SUCH_NUMBER,
        NUMBER_TAKEN,
        NO_SUCH_YEAR,
        SEVERAL_VEHICLES,
        VIN_UNKNOWN,
        VEHICLE_UNKNOWN,
        CAN_YOU_MAKE_IT,
        MOVE_OR_CANCEL,
        HINT_MOVE_OR_CANCEL,
        CALLED_BY_MISTAKE,
        NO_MORE_CALLS,
        OPT_OUT_BY_TEXT,
        NOT_DONE_THERE,
        LEFT_WHERE_IT_IS,
        PERHAPS_BOOKED_ALREADY,
        CANNOT_WAIT,
        NOT_ADDED,
    ];
    let of_the_location = [
        welcome(location, None),
        goodbye(location),
        hint_services(location),
    ];
    always
        .map(str::to_owned)
        .into_iter()
        .chain(of_the_location)
        .collect()
}
