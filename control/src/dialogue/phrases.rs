//! What the agent says, in every language: short sentences, one question at a time, for the ear.
//!
//! Each file holds what belongs to one part of a call, with all languages of a sentence side by
//! side. Every fact in them is the location's; nothing is hard-coded but the wording. Spanish is
//! the formal one, and avoids words that agree with the caller's sex.

mod asking;
mod confirming;
mod courtesy;
mod follow_up;
mod handing_over;
mod inquiry;
mod places;
mod record;
mod reminder;
mod repair;
#[cfg(test)]
mod tests;
mod times;
mod upkeep;
mod waitlist;
mod words;

use storage::Language;
use storage::location::Location;

pub(super) use self::asking::*;
pub(super) use self::confirming::*;
pub(super) use self::courtesy::*;
pub(super) use self::follow_up::{
    GLAD_TO_HEAR, HINT_ALL_WELL, SORRY_TO_HEAR, THEN_OUR_BOOK_IS_WRONG, WAS_ALL_WELL, follow_up,
};
pub(super) use self::handing_over::handing_over;
pub(super) use self::inquiry::{address, durations, hours_of_day, hours_of_week, prices};
pub(super) use self::places::{LEFT_WHERE_IT_IS, NOT_DONE_THERE, stays, there};
pub(super) use self::record::*;
pub(super) use self::reminder::{
    CALLED_BY_MISTAKE, CAN_YOU_MAKE_IT, HINT_MOVE_OR_CANCEL, MOVE_OR_CANCEL, NO_MORE_CALLS,
    OPT_OUT_BY_TEXT, message, reminder, see_you,
};
pub(super) use self::repair::*;
pub(super) use self::times::*;
pub(super) use self::upkeep::{NOT_ADDED, due};
pub(super) use self::waitlist::{CANNOT_WAIT, shall_i_wait, waiting};
pub(super) use self::words::vehicle;

/// The same words in every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Phrase {
    english: &'static str,
    spanish: &'static str,
}

impl Phrase {
    pub(super) fn told_in(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Spanish => self.spanish,
        }
    }
}

/// What can be said: a phrase, in the call's language, or a sentence that was made for the call.
pub(super) trait Sayable {
    fn said_in(self, language: Language) -> String;
}

impl Sayable for Phrase {
    fn said_in(self, language: Language) -> String {
        self.told_in(language).to_owned()
    }
}

impl Sayable for String {
    fn said_in(self, _: Language) -> String {
        self
    }
}

/// Phrases by name, in English and in Spanish, and `ALL` of them: one that is added is walked by the
/// tests and made into audio with the others.
macro_rules! phrases {
    ($($(#[$doc:meta])* $name:ident: $english:literal, $spanish:literal;)*) => {
        $(
            $(#[$doc])*
            pub(in crate::dialogue) const $name: $crate::dialogue::phrases::Phrase =
                $crate::dialogue::phrases::Phrase { english: $english, spanish: $spanish };
        )*
        pub(super) const ALL: &[$crate::dialogue::phrases::Phrase] = &[$($name),*];
    };
}
use phrases;

/// All phrases, by the part of a call that they belong to.
const PARTS: [&[Phrase]; 12] = [
    courtesy::ALL,
    repair::ALL,
    asking::ALL,
    times::ALL,
    confirming::ALL,
    record::ALL,
    follow_up::ALL,
    places::ALL,
    reminder::ALL,
    upkeep::ALL,
    waitlist::ALL,
    handing_over::ALL,
];

/// What is said in the same words in every call, so that it can be made into audio once: nothing
/// in it belongs to a caller.
pub(super) fn fixed(language: Language, location: &Location) -> Vec<String> {
    let always = PARTS.into_iter().flatten();
    let of_the_location = [
        welcome(language, location, None),
        goodbye(language, location),
        hint_services(language, location),
    ];
    always
        .map(|phrase| phrase.told_in(language).to_owned())
        .chain(of_the_location)
        .collect()
}
