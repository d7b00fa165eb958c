//! Numbers that are typed.

use pipeline::message::Expectation;

use super::limits::{BIRTH_DATE_KEYS, PHONE_KEYS};

/// How many digits a number has that begins with these; none where no number was asked for.
pub(super) fn wanted(expects: Expectation, typed: &str) -> usize {
    match expects {
        // No area code begins with a one.
        Expectation::Phone => PHONE_KEYS + usize::from(typed.starts_with('1')),
        Expectation::DateOfBirth => BIRTH_DATE_KEYS,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_number_is_complete_with_and_without_its_country() {
        assert_eq!(wanted(Expectation::Phone, "2175550101"), 10);
        assert_eq!(wanted(Expectation::Phone, "12175550101"), 11);
        assert_eq!(wanted(Expectation::DateOfBirth, "12311999"), 8);
        assert_eq!(wanted(Expectation::Open, "1"), 0);
    }
}
