//! What a vehicle is due for.

use storage::Language::{self, English, Spanish};
use storage::Location;

use super::phrases;
use super::words::{a, service_name};
use crate::tools::suggest_service::{Suggestion, Why};

phrases! {
    NOT_ADDED: "All right.", "De acuerdo.";
}

/// "By our records your last oil change was 8 months ago. Shall I note one for this visit, too?"
pub(in crate::dialogue) fn due(
    language: Language,
    location: &Location,
    due: &Suggestion,
) -> String {
    let service = service_name(language, location, Some(&due.service_type));
    let (months, miles) = match &due.why {
        Why::Recall { concerns } => return recalled(language, concerns),
        Why::Interval { months, miles, .. } => (*months, *miles),
    };
    let one = a(language, service);
    match language {
        English => {
            let ago = match miles {
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
            let ago = match miles {
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

/// What a recall is about is written in English alone, so Spanish leaves it out.
fn recalled(language: Language, concerns: &str) -> String {
    match language {
        English => format!(
            "Vehicles like yours have been recalled, for {concerns}. We look after that at no \
             cost. Shall I note it for this visit, too?"
        ),
        Spanish => "El fabricante ha llamado a revisión vehículos como el suyo. Lo atendemos sin \
                    costo. ¿Lo anoto también para esta visita?"
            .to_owned(),
    }
}
