//! What is said of other locations, and of what is booked already.

use storage::Language::{self, English, Spanish};
use storage::Location;

use super::phrases;
use crate::tools::visit::Visit;

phrases! {
    NOT_DONE_THERE: "They do not do that there.", "Allí no hacen eso.";
    LEFT_WHERE_IT_IS: "All right, it stays where it is. This would be another one.",
        "De acuerdo, se queda como está. Esta sería otra cita.";
}

/// The caller has named this location.
pub(in crate::dialogue) fn there(language: Language, location: &Location) -> String {
    let (name, street, city) = (
        &location.name,
        &location.address.street,
        &location.address.city,
    );
    match language {
        English => format!("All right, {name}, at {street} in {city}."),
        Spanish => format!("De acuerdo, {name}, en {street}, en {city}."),
    }
}

/// An appointment is not moved to another location.
pub(in crate::dialogue) fn stays(language: Language, here: &Location, there: &Location) -> String {
    let (here, there) = (&here.name, &there.name);
    match language {
        English => format!(
            "I can move this one only within {here}. For {there}, I can cancel it and book a new \
             one."
        ),
        Spanish => format!(
            "Esta cita solo la puedo cambiar dentro de {here}. Para {there}, la puedo cancelar y \
             reservar otra."
        ),
    }
}

/// " at Otto's North", where that is not where the caller called.
pub(super) fn at_another(language: Language, visit: &Visit) -> String {
    let place = visit.elsewhere.as_ref();
    at_place(language, place.map(|place| place.name.as_str()))
}

pub(super) fn at_place(language: Language, name: Option<&str>) -> String {
    name.map_or(String::new(), |name| match language {
        English => format!(" at {name}"),
        Spanish => format!(" en {name}"),
    })
}
