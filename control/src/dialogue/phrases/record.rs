//! Who calls, and what is on record.

use jiff::civil::Date;
use storage::Language::{self, English, Spanish};
use storage::location::Location;

use super::phrases;
use super::places::at_another;
use super::times::moment;
use super::words::{a, sentence, service_name};
use crate::dialogue::limits::READ_OUT_APPOINTMENTS;
use crate::nlu::say;
use crate::tools::visit::Visit;

phrases! {
    VERIFIED: "Thank you.", "Gracias.";
    WRONG_PROOF: "I am sorry, that does not match our records.",
        "Lo siento, eso no coincide con nuestros datos.";
    MIXED_UP: "I am sorry, I mixed you up.", "Disculpe, me confundí de persona.";
    CANNOT_VERIFY: "I cannot verify you over the telephone just now.",
        "En este momento no puedo verificar su identidad por teléfono.";
    NOTHING_TO_VERIFY_BY: "I do not have enough on file for you, so I cannot verify that it is \
        you, and only a colleague can open your record.",
        "No tengo suficientes datos suyos para verificar su identidad, y solo uno de mis colegas \
        puede abrir su expediente.";
    NO_ACCOUNT: "I do not find an account with that number.",
        "No encuentro ninguna cuenta con ese número.";
    NOBODY_LIKE_THAT: "I do not find an account for you.",
        "No encuentro ninguna cuenta a su nombre.";
    NO_APPOINTMENTS: "I do not see any upcoming appointment for you.",
        "No veo ninguna cita próxima a su nombre.";
    NO_SUCH_NUMBER: "That does not seem to be a valid telephone number.",
        "Ese no parece ser un número de teléfono válido.";
    NUMBER_TAKEN: "I cannot use that number. Please give me another one.",
        "No puedo usar ese número. Deme otro, por favor.";
    NUMBER_NOT_CALLED: "That is a number that we cannot call or write to.",
        "A ese número no podemos llamar ni escribir.";
    NO_SUCH_YEAR: "That year does not seem right.", "Ese año no parece correcto.";
    SEVERAL_VEHICLES: "You have more than one like that.", "Tiene más de uno así.";
    VIN_UNKNOWN: "I could not find a vehicle by that number.",
        "No encontré ningún vehículo con ese número.";
    VEHICLE_UNKNOWN: "I do not have that vehicle on file yet.",
        "Todavía no tengo ese vehículo registrado.";
}

/// "You have an oil change tomorrow, Tuesday, November 24 at 10 a.m., for your Toyota Camry."
pub(in crate::dialogue) fn appointment(
    language: Language,
    location: &Location,
    visit: &Visit,
    today: Date,
) -> String {
    appointments(language, location, std::slice::from_ref(visit), today)
}

pub(in crate::dialogue) fn appointments(
    language: Language,
    location: &Location,
    visits: &[Visit],
    today: Date,
) -> String {
    let list: Vec<String> = visits
        .iter()
        .take(READ_OUT_APPOINTMENTS)
        .map(|visit| visit_in_words(language, location, visit, today))
        .collect();
    let list = say::and(language, &list);
    sentence(&match language {
        English => format!("You have {list}"),
        Spanish => format!("Tiene {list}"),
    })
}

fn visit_in_words(language: Language, location: &Location, visit: &Visit, today: Date) -> String {
    let what = what(language, location, visit);
    let place = at_another(language, visit);
    let at = moment(language, &visit.scheduled_at, today);
    format!("{what}{place}, {at}")
}

/// "an oil change for your Toyota Camry"
pub(super) fn what(language: Language, location: &Location, visit: &Visit) -> String {
    let service = a(
        language,
        service_name(language, location, Some(&visit.service_type)),
    );
    match (&visit.vehicle, language) {
        (Some(vehicle), English) => {
            format!("{service} for your {} {}", vehicle.make, vehicle.model)
        }
        (Some(vehicle), Spanish) => {
            format!("{service} para su {} {}", vehicle.make, vehicle.model)
        }
        (None, _) => service,
    }
}
