//! What an argument may hold. Whatever a model or a caller writes into one, a refusal names it and
//! says what to ask for, and nothing was done.

use std::fmt::Display;

use serde::{Deserialize, Deserializer, de::Error as _};
use storage::customer::{Address, Phone};
use storage::states;

use super::error::ToolError;
use super::limits::{EMAIL_LETTERS, NAME_LETTERS, NOTES_LETTERS, QUOTED_LETTERS};
use crate::nlu::{self, vin};

/// Reads an argument and names it in what is wrong with it.
pub(super) fn named<'de, D, T>(field: &str, deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map_err(|why| D::Error::custom(format!("{field}: {why}")))
}

/// What is wrong with a text, without what the text was read as: its argument has a name of its own.
pub(super) fn unnamed(why: &dyn Display) -> String {
    let why = why.to_string();
    why.split_once(": ")
        .map(|(_, why)| why.to_owned())
        .unwrap_or(why)
}

/// A telephone number: in figures, or as it was spoken.
pub(super) fn phone(text: &str) -> Result<Phone, ToolError> {
    let bad = |why: &dyn Display| ToolError::BadArgument {
        field: "phone_number",
        remedy: format!("{}; ask for the ten digits again", unnamed(why)),
    };
    // A number is not looked for in what is no speech.
    let spoken = text
        .chars()
        .all(|c| c.is_alphanumeric() || " ,.'-+()".contains(c));
    match Phone::parse(text) {
        Ok(phone) => Ok(phone),
        Err(why) if !spoken => Err(bad(&why)),
        Err(why) => match nlu::phone::parse(text).map(|digits| digits.phone()) {
            Ok(Ok(phone)) => Ok(phone),
            Ok(Err(why)) => Err(bad(&why)),
            Err(_) => Err(bad(&why)),
        },
    }
}

/// A part of a person's name: letters of any language, as one writes them.
pub(super) fn name(field: &'static str, text: &str) -> Result<String, ToolError> {
    const BETWEEN: [char; 5] = [' ', '\'', '’', '-', '.'];
    let fits = |c: char| c.is_alphabetic() || is_mark(c) || BETWEEN.contains(&c);
    let text = plain(field, text, NAME_LETTERS, fits)?;
    if text.chars().any(char::is_alphabetic) {
        Ok(text.replace('’', "'"))
    } else {
        Err(bad(field, "has no letters; ask for it"))
    }
}

/// What a manufacturer calls a vehicle: "Citroën", "F-150", "Town & Country".
pub(super) fn vehicle_name(field: &'static str, text: &str) -> Result<String, ToolError> {
    const BETWEEN: [char; 8] = [' ', '\'', '’', '-', '.', '/', '&', '+'];
    let fits = |c: char| c.is_alphanumeric() || is_mark(c) || BETWEEN.contains(&c);
    let text = plain(field, text, NAME_LETTERS, fits)?;
    if text.chars().any(char::is_alphanumeric) {
        Ok(text)
    } else {
        Err(bad(field, "has no letters; ask for it"))
    }
}

/// An e-mail address: one `@`, a domain with a dot, and nothing that could be anything else. Letters
/// of any language are taken, and `+`.
pub(super) fn email(text: &str) -> Result<String, ToolError> {
    const FIELD: &str = "email";
    const LOCAL: &str = ".!#$%&'*+/=?^_`{|}~-";
    let fits = |c: char| c.is_alphanumeric() || is_mark(c) || LOCAL.contains(c) || c == '@';
    let text = plain(FIELD, text, EMAIL_LETTERS, fits)?;
    let dotted = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && !part.contains("..")
    };
    let host = |domain: &str| {
        domain.contains('.')
            && dotted(domain)
            && domain
                .chars()
                .all(|c| c.is_alphanumeric() || is_mark(c) || c == '-' || c == '.')
    };
    match text.split_once('@') {
        Some((local, domain)) if dotted(local) && host(domain) => Ok(text),
        _ => Err(bad(
            FIELD,
            "is no e-mail address; ask for it again, or leave it out",
        )),
    }
}

/// A vehicle's identification number: 17 characters, or as they were spoken.
pub(super) fn vin(text: &str) -> Result<String, ToolError> {
    const FIELD: &str = "vin";
    let text: String = text.chars().take(vin::MAX_LETTERS).collect();
    let number = vin::parse(&text).map_err(|why| bad(FIELD, &unnamed(&why)))?;
    if vin::is_north_american(&number) && !vin::has_right_check_digit(&number) {
        let why = "its check digit is wrong, so a character was misheard; ask for it again, or for \
                   year, make and model";
        return Err(bad(FIELD, why));
    }
    Ok(number)
}

/// Where somebody lives: house number and street, town, a state that there is, and five digits.
pub(super) fn address(given: &Address) -> Result<Address, ToolError> {
    let written = |c: char| c.is_alphanumeric() || is_mark(c) || " '’-.,#/".contains(c);
    let street = plain("address.street", &given.street, NAME_LETTERS, written)?;
    if nlu::address::parse(&street).is_none() {
        let why = "is no house number with a street; ask for both";
        return Err(bad("address.street", why));
    }
    let state = given.state.trim().to_ascii_uppercase();
    if !states::is_one(&state) {
        let why = format!(
            "there is no state {:?}; write it as two letters, such as IL, or ask for it",
            quoted(&given.state)
        );
        return Err(bad("address.state", &why));
    }
    let zip = given.zip.trim().to_owned();
    if zip.len() != 5 || !zip.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad("address.zip", "is not five digits; ask for it"));
    }
    Ok(Address {
        street,
        city: name("address.city", &given.city)?,
        state,
        zip,
    })
}

/// Free text for the workshop. It may say anything, in so many words.
pub(super) fn notes(text: &str) -> Result<String, ToolError> {
    let letters = text.chars().count();
    if letters > NOTES_LETTERS {
        let why = format!("{letters} letters, at most {NOTES_LETTERS}; say it shorter");
        return Err(bad("notes", &why));
    }
    // A note is read as text, on one line or several.
    let shown = |c: &char| !c.is_control() || *c == '\n';
    Ok(text.chars().filter(shown).collect())
}

/// What was written, as far as it is worth repeating.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted: String = text.chars().take(QUOTED_LETTERS).collect();
    if quoted.len() < text.len() {
        quoted.push('…');
    }
    quoted
}

fn plain(
    field: &'static str,
    text: &str,
    most: usize,
    fits: impl Fn(char) -> bool,
) -> Result<String, ToolError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(bad(field, "must not be empty; ask for it"));
    }
    let letters = text.chars().count();
    if letters > most {
        let why = format!("{letters} letters, at most {most}; ask for it again");
        return Err(bad(field, &why));
    }
    match text.chars().find(|c| !fits(*c)) {
        Some(c) => Err(bad(
            field,
            &format!("{c:?} cannot be a part of it; ask for it again"),
        )),
        None => Ok(text.to_owned()),
    }
}

/// Accents that are written as letters of their own.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

fn bad(field: &'static str, remedy: &str) -> ToolError {
    ToolError::BadArgument {
        field,
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_people_write_them() {
        for text in [
            "John",
            "O'Brien",
            "O’Brien",
            "Anne-Marie",
            "de la Cruz",
            "St. John",
            "Zoë",
            "Łukasz",
            "李",
            "Jose\u{301}",
        ] {
            assert!(name("first_name", text).is_ok(), "{text}");
        }
        assert_eq!(name("last_name", " O’Brien "), Ok("O'Brien".to_owned()));
        for text in [
            "",
            "  ",
            "'",
            "Robert'); DROP TABLE customers;--",
            "<Say>hello</Say>",
            "John\nSmith",
            "John {first_name}",
            "R2D2",
            &"a".repeat(101),
        ] {
            let refused = name("first_name", text).expect_err(text).to_string();
            assert!(refused.starts_with("first_name: "), "{refused}");
        }
    }

    #[test]
    fn vehicles_are_called_what_their_makers_call_them() {
        for text in [
            "F-150",
            "CR-V",
            "3",
            "Town & Country",
            "C/K 1500",
            "Citroën",
            "ID.4",
        ] {
            assert!(vehicle_name("model", text).is_ok(), "{text}");
        }
        for text in ["", "&", "<Hangup/>", "x'; --;", "a\0b"] {
            assert!(vehicle_name("model", text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_email_may_hold_a_plus_and_any_letters() {
        for text in [
            "ann@example.com",
            "ann+service@example.co.uk",
            "o'brien@example.com",
            "jörg@müller.example",
            "用户@例子.example",
        ] {
            assert_eq!(email(text).as_deref(), Ok(text));
        }
        for text in [
            "",
            "ann",
            "ann@",
            "@example.com",
            "ann@example",
            "ann@@example.com",
            "ann@example..com",
            ".ann@example.com",
            "ann smith@example.com",
            "ann@example.com, ben@example.com",
            "<ann@example.com>",
            "ann@exam'ple.com",
        ] {
            let refused = email(text).expect_err(text).to_string();
            assert!(refused.starts_with("email: "), "{refused}");
        }
    }

    #[test]
    fn a_number_may_be_written_in_words() {
        let spoken = phone("two one seven five five five oh one seven seven");
        assert_eq!(spoken, phone("(217) 555-0177"));
        assert!(spoken.is_ok());
        for text in [
            "",
            "anonymous",
            "911",
            "five five five",
            "<Dial>+12175550199</Dial>",
        ] {
            let refused = phone(text).expect_err(text).to_string();
            assert!(refused.starts_with("phone_number: "), "{refused}");
            assert!(!refused.contains("phone: "), "{refused}");
        }
    }

    #[test]
    fn what_is_quoted_is_short() {
        assert_eq!(quoted("oil"), "oil");
        assert!(quoted(&"ö".repeat(10_000)).chars().count() <= QUOTED_LETTERS + 1);
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_taken_could_be_markup(text in "\\PC{0,60}") {
            for taken in [name("first_name", &text), vehicle_name("make", &text), email(&text)] {
                let taken = taken.unwrap_or_default();
                proptest::prop_assert!(!taken.contains(['<', '>', '"', ';', '\\', '\n']), "{}", taken);
            }
        }
    }
}
