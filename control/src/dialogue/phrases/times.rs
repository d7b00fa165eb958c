//! Times: named, taken, and such as cannot be.

use jiff::Zoned;
use jiff::civil::Date;
use storage::Language::{self, English, Spanish};
use storage::location::{Hours, Location};
use storage::slots::SlotRefusal;

use super::inquiry::{closed, open_on};
use super::phrases;
use super::words::{a, duration, sentence};
use crate::nlu::date_time::WhenError;
use crate::nlu::say;

phrases! {
    NOTHING_THEN: "I have nothing free then.", "No tengo nada libre a esa hora.";
    NOTHING_FREE: "I do not see anything free around then.",
        "No veo nada libre por esas fechas.";
    ANOTHER_TIME: "No problem.", "No hay problema.";
    JUST_TAKEN: "I am sorry, that time was just taken.",
        "Lo siento, esa hora se acaba de ocupar.";
    VEHICLE_BUSY: "I cannot book that vehicle at that time.",
        "No puedo reservar ese vehículo a esa hora.";
    CLOSED_THEN: "I am sorry, we are closed on that day.",
        "Lo siento, ese día estamos cerrados.";
    NOTHING_LEFT_TODAY: "I am sorry, there is nothing left at that time today.",
        "Lo siento, hoy ya no queda nada a esa hora.";
    IN_THE_PAST: "I am sorry, that is in the past.", "Lo siento, eso ya pasó.";
    NO_SUCH_DATE: "I am sorry, there is no such date.", "Lo siento, esa fecha no existe.";
    WHICH_DAY: "I am sorry, I cannot tell which day that is.",
        "Lo siento, no sé qué día es ese.";
    SKIPPED: "The clocks change that night, so there is no such time.",
        "Esa noche cambia la hora, así que esa hora no existe.";
    OFF_THE_GRID: "I do not have a start at exactly that time.",
        "No tengo citas exactamente a esa hora.";
}

/// "Saturday, November 28 at 9 a.m."; "el sábado, 28 de noviembre, a las nueve de la mañana".
pub(super) fn moment(language: Language, at: &Zoned, today: Date) -> String {
    let (day, clock) = (say::day(language, at.date(), today), clock(language, at));
    match language {
        English => format!("{day} at {clock}"),
        Spanish if at.date() == today => format!("{day} a {clock}"),
        Spanish => format!("{day}, a {clock}"),
    }
}

/// "9 a.m."
pub(in crate::dialogue) fn clock(language: Language, at: &Zoned) -> String {
    say::time(language, at.time())
}

pub(in crate::dialogue) fn taken(language: Language, at: &Zoned, today: Date) -> String {
    let moment = moment(language, at, today);
    sentence(&match language {
        English => format!("I am sorry, {moment} is already taken"),
        Spanish => format!("Lo siento, {moment} ya está ocupado"),
    })
}

/// Why a wish cannot be, before anything was looked up.
pub(in crate::dialogue) fn impossible(
    language: Language,
    location: &Location,
    why: &WhenError,
    today: Date,
) -> String {
    match why {
        WhenError::Closed { date } => closed(language, location, *date, today),
        WhenError::Past { date } if *date == today => {
            NOTHING_LEFT_TODAY.told_in(language).to_owned()
        }
        WhenError::Past { .. } => IN_THE_PAST.told_in(language).to_owned(),
        WhenError::OutsideHours {
            date,
            opens,
            closes,
        } => {
            let hours = Hours {
                open: *opens,
                close: *closes,
            };
            open_on(language, *date, hours)
        }
        WhenError::DayUnclear => WHICH_DAY.told_in(language).to_owned(),
        WhenError::NoSuchDate { .. } => NO_SUCH_DATE.told_in(language).to_owned(),
        WhenError::WrongWeekday { date, .. } => {
            let date = say::date(language, *date);
            match language {
                English => format!("That day is a {date}."),
                Spanish => format!("Ese día es {date}."),
            }
        }
        WhenError::TooFar { .. } => too_far(language, location),
        WhenError::SkippedByClockChange(_) => SKIPPED.told_in(language).to_owned(),
        WhenError::DayMissing | WhenError::NothingSaid | WhenError::AmbiguousHalf { .. } => {
            String::new()
        }
    }
}

/// Why a start is against the location's rules.
pub(in crate::dialogue) fn refusal(
    language: Language,
    location: &Location,
    why: &SlotRefusal,
    service: Option<&str>,
    now: &Zoned,
) -> String {
    match why {
        SlotRefusal::ClosedWeekday => CLOSED_THEN.told_in(language).to_owned(),
        SlotRefusal::Holiday(name) => {
            let name = location.spoken.holiday(name, language);
            match language {
                English => format!("I am sorry, we are closed for {name}."),
                Spanish => format!("Lo siento, estamos cerrados por {name}."),
            }
        }
        SlotRefusal::OutsideHours(hours) => {
            let hours = say::from_to(language, hours.open, hours.close);
            sentence(&match language {
                English => format!("I am sorry, we are open {hours} that day"),
                Spanish => format!("Lo siento, ese día abrimos {hours}"),
            })
        }
        SlotRefusal::EndsAfterClosing(hours) => {
            let closes = say::time(language, hours.close);
            let takes = service
                .and_then(|key| location.service(key))
                .map(|service| {
                    let name = location.spoken.service(service, language);
                    (a(language, name), duration(language, service))
                });
            sentence(&match (language, takes) {
                (English, Some((one, long))) => {
                    format!("I am sorry, {one} takes {long}, and we close at {closes}")
                }
                (English, None) => {
                    format!("I am sorry, that would end after we close at {closes}")
                }
                (Spanish, Some((one, long))) => {
                    format!("Lo siento, {one} dura {long}, y cerramos a {closes}")
                }
                (Spanish, None) => {
                    format!("Lo siento, terminaría después de la hora de cierre, a {closes}")
                }
            })
        }
        SlotRefusal::Break(hours) => {
            let hours = say::from_to(language, hours.open, hours.close);
            sentence(&match language {
                English => format!("I am sorry, nobody works on vehicles {hours}"),
                Spanish => format!("Lo siento, {hours} nadie trabaja en los vehículos"),
            })
        }
        SlotRefusal::Past => IN_THE_PAST.told_in(language).to_owned(),
        SlotRefusal::TooSoon { earliest } => {
            let at = location.local(*earliest);
            let at = moment(language, &at, now.date());
            sentence(&match language {
                English => {
                    format!("I am sorry, that is too soon. The earliest would be after {at}")
                }
                Spanish => {
                    format!(
                        "Lo siento, es demasiado pronto. Lo antes posible sería después de {at}"
                    )
                }
            })
        }
        SlotRefusal::TooFar { .. } => too_far(language, location),
        SlotRefusal::OffGrid => OFF_THE_GRID.told_in(language).to_owned(),
    }
}

fn too_far(language: Language, location: &Location) -> String {
    let days = location.horizon_days;
    match language {
        English => format!("I can only book {days} days ahead."),
        Spanish => format!("Solo puedo reservar con {days} días de anticipación."),
    }
}
