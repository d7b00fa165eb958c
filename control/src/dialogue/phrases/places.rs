//! What is said of other locations, and of what is booked already.

use storage::Location;

use crate::tools::visit::Visit;

pub(in crate::dialogue) const NOT_DONE_THERE: &str = "They do not do that there.";
pub(in crate::dialogue) const LEFT_WHERE_IT_IS: &str =
    "All right, it stays where it is. This would be another one.";
/// To whoever may not hear of what is on record.
pub(in crate::dialogue) const PERHAPS_BOOKED_ALREADY: &str = "If you have booked this already, say \
     no, and that you want to move it. Otherwise it would be another one.";

/// The caller has named this location.
pub(in crate::dialogue) fn there(location: &Location) -> String {
    format!(
        "All right, {}, at {} in {}.",
        location.name, location.address.street, location.address.city
    )
}

/// An appointment is not moved to another location.
pub(in crate::dialogue) fn stays(here: &Location, there: &Location) -> String {
    format!(
        "I can move this one only within {}. For {}, I can cancel it and book a new one.",
        here.name, there.name
    )
}

/// " at Otto's North", where that is not where the caller called.
pub(super) fn at_another(visit: &Visit) -> String {
    at_place(visit.elsewhere.as_ref().map(|place| place.name.as_str()))
}

pub(super) fn at_place(name: Option<&str>) -> String {
    name.map_or(String::new(), |name| format!(" at {name}"))
}
