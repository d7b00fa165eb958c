//! What a vehicle is due for.

use storage::Language::{self, English, Spanish};
use storage::Location;

use super::phrases;
use super::words::{a, service_name};
use crate::tools::suggest_service::Suggestion;

phrases! {
    NOT_ADDED: "All right.", "De acuerdo.";
}

/// "By our records your last oil change was 8 months ago. Shall I add one?"
pub(in crate::dialogue) fn due(
    language: Language,
    location: &Location,
    due: &Suggestion,
) -> String {
    let service = service_name(language, location, Some(&due.service_type));
    let one = a(language, service);
    let months = due.months;
    match language {
        English => {
            let ago = match due.miles {
                Some(miles) => format!("{miles} miles ago"),
                None if months == 1 => "a month ago".to_owned(),
                None => format!("{months} months ago"),
            };
            format!(
                "By our records your last {service} was {ago}. Shall I note {one} for this visit, \
                 too?"
            )
        }
        Spanish => {
            let ago = match due.miles {
                Some(miles) => format!("{miles} millas"),
                None if months == 1 => "un mes".to_owned(),
                None => format!("{months} meses"),
            };
            format!(
                "Según nuestros datos, la última vez que le hicimos {one} fue hace {ago}. ¿Lo anoto \
                 también para esta visita?"
            )
        }
    }
}
