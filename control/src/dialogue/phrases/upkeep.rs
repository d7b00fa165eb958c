//! What a vehicle is due for.

use storage::Location;

use super::{a, service_name};
use crate::tools::suggest_service::{Suggestion, Why};

pub(in crate::dialogue) const NOT_ADDED: &str = "All right.";

/// "By our records your last oil change was 8 months ago. Shall I note one for this visit, too?"
pub(in crate::dialogue) fn due(location: &Location, due: &Suggestion) -> String {
    let service = service_name(location, Some(&due.service_type));
    let ago = match &due.why {
        Why::Recall { concerns } => {
            return format!(
                "Vehicles like yours have been recalled, for {concerns}. We look after that at no \
                 cost. Shall I note it for this visit, too?"
            );
        }
        Why::Interval {
            miles: Some(miles), ..
        } => format!("{miles} miles ago"),
        Why::Interval { months: 1, .. } => "a month ago".to_owned(),
        Why::Interval { months, .. } => format!("{months} months ago"),
    };
    let one = a(&service);
    format!("By our records your last {service} was {ago}. Shall I note {one} for this visit, too?")
}
