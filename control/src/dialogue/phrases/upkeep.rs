//! What a vehicle is due for.

use storage::Location;

use super::{a, service_name};
use crate::tools::suggest_service::Suggestion;

pub(in crate::dialogue) const NOT_ADDED: &str = "All right.";

/// "By our records your last oil change was 8 months ago. Shall I add one?"
pub(in crate::dialogue) fn due(location: &Location, due: &Suggestion) -> String {
    let service = service_name(location, Some(&due.service_type));
    let ago = match due.miles {
        Some(miles) => format!("{miles} miles ago"),
        None if due.months == 1 => "a month ago".to_owned(),
        None => format!("{} months ago", due.months),
    };
    let one = a(&service);
    format!("By our records your last {service} was {ago}. Shall I note {one} for this visit, too?")
}
