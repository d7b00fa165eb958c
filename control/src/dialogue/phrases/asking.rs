//! What is asked on the way to a booking, a move or a cancellation.

use jiff::Zoned;
use jiff::civil::Date;
use storage::Language::{self, English, Spanish};

use super::phrases;
use super::times::{clock, moment};
use super::words::vehicle;
use crate::dialogue::state::Task;
use crate::nlu::say;
use crate::nlu::vehicle::SpokenVehicle;

phrases! {
    WHICH_SERVICE: "What service do you need?", "¿Qué servicio necesita?";
    NAME: "May I have your first and last name?", "¿Me da su nombre y apellido?";
    LAST_NAME: "And your last name?", "¿Y su apellido?";
    PHONE: "What is the best telephone number for you?", "¿Cuál es su número de teléfono?";
    BORN: "So that we can verify you next time, may I have your date of birth?",
        "Para poder verificar su identidad la próxima vez, ¿me da su fecha de nacimiento?";
    NEED_NOT_SAY: "That is fine.", "Está bien.";
    WHICH_VEHICLE: "Which vehicle is it for?", "¿Para qué vehículo es?";
    NEW_VEHICLE: "What are the year, make and model of your vehicle?",
        "¿Cuáles son el año, la marca y el modelo de su vehículo?";
    REASON: "May I ask why you are cancelling?", "¿Me permite preguntar por qué cancela?";
    WHICH_APPOINTMENT: "Which one do you mean?", "¿A cuál se refiere?";
    WHICH_NUMBER: "Which telephone number is the appointment under?",
        "¿A qué número de teléfono está la cita?";
    ACCOUNT_NAME: "Which first and last name is it under?",
        "¿A qué nombre y apellido está la cita?";
    DATE_OF_BIRTH: "To verify that it is you, what is your date of birth?",
        "Para verificar su identidad, ¿cuál es su fecha de nacimiento?";
    ADDRESS: "To verify that it is you, what are the house number and street of your address?",
        "Para verificar su identidad, ¿cuáles son el número y la calle de su domicilio?";
    VIN: "To verify that it is you, what is the vehicle identification number of your vehicle?",
        "Para verificar su identidad, ¿cuál es el número de identificación de su vehículo?";
    WHAT_TO_CHANGE: "What would you like to change?", "¿Qué le gustaría cambiar?";
}

pub(in crate::dialogue) fn when(language: Language, task: &Task) -> String {
    let (said, instead) = match task {
        Task::Book(booking) => (booking.time.said, false),
        Task::Reschedule(moved) => (moved.time.said, true),
        Task::Cancel(_) => (None, false),
    };
    let (day, time) = said.map_or((false, false), |said| {
        (said.day.is_some(), said.time.is_some())
    });
    if day && time {
        // It was all there, and was declined.
        return WHAT_TO_CHANGE.told_in(language).to_owned();
    }
    match language {
        English => {
            let verb = if instead {
                "come in instead"
            } else {
                "come in"
            };
            match (day, time) {
                (true, _) => format!("What time would you like to {verb}?"),
                (_, true) => format!("What day would you like to {verb}?"),
                _ => format!("What day and time would you like to {verb}?"),
            }
        }
        Spanish => {
            let verb = if instead {
                "prefiere venir"
            } else {
                "le gustaría venir"
            };
            match (day, time) {
                (true, _) => format!("¿A qué hora {verb}?"),
                (_, true) => format!("¿Qué día {verb}?"),
                _ => format!("¿Qué día y a qué hora {verb}?"),
            }
        }
    }
}

pub(in crate::dialogue) fn rest_of_vehicle(language: Language, known: &SpokenVehicle) -> String {
    let name = vehicle(
        language,
        &SpokenVehicle {
            year: None,
            ..known.clone()
        },
    );
    match (known.year, &known.make, &known.model) {
        (None, Some(_), Some(_)) => match language {
            English => format!("What year is the {name}?"),
            Spanish => format!("¿De qué año es el {name}?"),
        },
        (Some(_), Some(_), None) => match language {
            English => format!("Which model of {name} is it?"),
            Spanish => format!("¿Qué modelo de {name} es?"),
        },
        (None, Some(_), None) => match language {
            English => format!("What year and model is the {name}?"),
            Spanish => format!("¿De qué año y qué modelo es el {name}?"),
        },
        (Some(year), None, _) => match language {
            English => format!("What make and model is the {year}?"),
            Spanish => format!("¿Qué marca y qué modelo es el vehículo del {year}?"),
        },
        (None, None, _) | (Some(_), Some(_), Some(_)) => NEW_VEHICLE.told_in(language).to_owned(),
    }
}

/// "I have Friday, November 27 at 8 a.m., 10 a.m., or noon. Which would you like?"
pub(in crate::dialogue) fn offer(language: Language, times: &[Zoned], today: Date) -> String {
    let one_day = times
        .windows(2)
        .all(|pair| pair[0].date() == pair[1].date());
    let list: Vec<String> = times
        .iter()
        .enumerate()
        .map(|(i, at)| {
            if one_day && i > 0 {
                match language {
                    English => clock(language, at),
                    Spanish => format!("a {}", clock(language, at)),
                }
            } else {
                moment(language, at, today)
            }
        })
        .collect();
    let list = say::or(language, &list);
    let one = times.len() == 1;
    match language {
        English => {
            let question = if one {
                "Does that work for you?"
            } else {
                "Which would you like?"
            };
            format!("I have {list}. {question}").replace("..", ".")
        }
        Spanish => {
            let question = if one {
                "¿Le conviene?"
            } else {
                "¿Cuál prefiere?"
            };
            format!("Tengo {list}. {question}")
        }
    }
}
