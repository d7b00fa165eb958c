//! The waiting list.

use jiff::civil::Date;

use super::sentence;
use crate::dialogue::state::Days;
use crate::nlu::say;

pub(in crate::dialogue) const CANNOT_WAIT: &str =
    "I am sorry, I cannot put you on the waiting list.";

/// "Shall I put you on the waiting list for Friday, and text you if something comes free?"
pub(in crate::dialogue) fn shall_i_wait(days: &Days, today: Date) -> String {
    let days = spoken(days, today);
    format!("Shall I put you on the waiting list for {days}, and text you if something comes free?")
}

pub(in crate::dialogue) fn waiting(days: &Days, today: Date) -> String {
    let days = spoken(days, today);
    format!(
        "{} Nothing is booked yet: I will text you if something comes free.",
        sentence(&format!("You are on the waiting list for {days}"))
    )
}

fn spoken(days: &Days, today: Date) -> String {
    let first = say::day(days.first, today);
    if days.first == days.last {
        return first;
    }
    format!("{first} to {}", say::day(days.last, today))
}
