//! Whether what the caller has said so far answers what the dialogue waits for.
//!
//! A recogniser finds an end after 200 ms of silence, and people pause longer than that in the
//! middle of what they say. So an early end counts only where the words make sense as an answer;
//! all else waits for the pause that is long enough ([`crate::limits::turn_pause`]). Mistakes cost
//! little: a no waits some hundred milliseconds, a wrong yes is spoken over.

use crate::message::Expectation;

/// Whether two texts hold the same words, however they are written: capitals and punctuation apart.
#[must_use]
pub fn same_words(one: &str, other: &str) -> bool {
    Words::new(one).0 == Words::new(other).0
}

/// Whether a turn of these words may end without a longer pause.
#[must_use]
pub fn is_complete(text: &str, expectation: Expectation) -> bool {
    let words = Words::new(text);
    if words.0.is_empty() || words.trails_off() {
        return false;
    }
    match expectation {
        Expectation::When
        | Expectation::Phone
        | Expectation::DateOfBirth
        | Expectation::Address
            if words.are_about_something_else() =>
        {
            true
        }
        Expectation::YesNo => true,
        Expectation::Open => !words.is_hesitation(),
        Expectation::When => words.count(is_time_word) > 0 || words.is_short_answer(),
        Expectation::Phone => match words.digits() {
            0 => words.is_refusal(),
            10 => !words.begins_with_one(),
            digits => digits == 11,
        },
        Expectation::DateOfBirth => words.is_date() || words.is_refusal(),
        Expectation::Address => words.is_address() || words.is_refusal(),
        Expectation::Name => words.0.len() >= 2 || words.is_refusal(),
        Expectation::Vehicle => words.0.len() >= 2 || words.is_refusal(),
    }
}

/// Whether a pause may lie within a group of digits, so that nothing should be cut off by asking
/// for final words.
#[must_use]
pub(crate) fn expects_digits(expectation: Expectation) -> bool {
    matches!(
        expectation,
        Expectation::Phone | Expectation::DateOfBirth | Expectation::Address
    )
}

/// Lower-case words without punctuation but apostrophes; digits and letters stay as they were
/// written together.
struct Words(Vec<String>);

impl Words {
    fn new(text: &str) -> Self {
        let kept = |c: char| c.is_alphanumeric() || c == '\'';
        let words = text.split(|c| !kept(c)).filter(|word| !word.is_empty());
        Self(words.map(str::to_lowercase).collect())
    }

    fn count(&self, is: impl Fn(&str) -> bool) -> usize {
        self.0.iter().filter(|word| is(word)).count()
    }

    /// The last word asks for another one.
    fn trails_off(&self) -> bool {
        self.0.last().is_some_and(|last| is_opening(last))
    }

    /// Nothing but sounds of thinking.
    fn is_hesitation(&self) -> bool {
        self.0.iter().all(|word| {
            matches!(
                word.as_str(),
                "well"
                    | "hi"
                    | "hello"
                    | "hey"
                    | "let"
                    | "me"
                    | "see"
                    | "okay"
                    | "ok"
                    | "hola"
                    | "pues"
                    | "bueno"
                    | "este"
            )
        })
    }

    /// "No", "I don't know", "stop": an answer to whatever was asked.
    fn is_refusal(&self) -> bool {
        self.count(|word| {
            matches!(
                word,
                "no" | "nope"
                    | "yes"
                    | "don't"
                    | "can't"
                    | "won't"
                    | "not"
                    | "stop"
                    | "cancel"
                    | "human"
                    | "person"
                    | "agent"
                    | "representative"
                    | "operator"
                    | "repeat"
                    | "what"
                    | "sorry"
                    | "goodbye"
                    | "bye"
            )
        }) > 0
    }

    /// A sentence of its own without what was asked for: "can I wait there while it is done". One
    /// "one" is no figure yet.
    fn are_about_something_else(&self) -> bool {
        const SENTENCE: usize = 6;
        let begins_number = |last: &String| last != "one" && is_digit(last);
        self.0.len() >= SENTENCE
            && self.digits() <= 1
            && self.count(is_month) == 0
            && !self.0.last().is_some_and(begins_number)
    }

    /// A choice among what was offered.
    fn is_short_answer(&self) -> bool {
        self.is_refusal()
            || self.count(|word| {
                matches!(
                    word,
                    "that"
                        | "works"
                        | "one"
                        | "first"
                        | "second"
                        | "third"
                        | "last"
                        | "earlier"
                        | "later"
                        | "either"
                        | "any"
                        | "anytime"
                        | "whatever"
                        | "fine"
                        | "sure"
                        | "okay"
                        | "ok"
                        | "yeah"
                        | "perfect"
                        | "great"
                )
            }) > 0
    }

    /// Digits, written or spoken: "five five five, 0142" has seven.
    fn digits(&self) -> usize {
        let mut digits = 0;
        for (at, word) in self.0.iter().enumerate() {
            let repeat = match at.checked_sub(1).map(|before| self.0[before].as_str()) {
                Some("double") => 2,
                Some("triple") => 3,
                _ => 1,
            };
            digits += match word.as_str() {
                "hundred" => 2,
                "thousand" => 3,
                word if is_digit(word) => repeat,
                word if is_ten(word) && self.0.get(at + 1).is_some_and(|next| is_unit(next)) => 1,
                word if is_ten(word) || is_teen(word) => 2,
                word => word.bytes().filter(u8::is_ascii_digit).count(),
            };
        }
        digits
    }

    /// The first figure is a one, which no area code begins with.
    fn begins_with_one(&self) -> bool {
        let figures = |word: &str| word.chars().find(char::is_ascii_digit);
        let spoken = |word: &str| is_digit(word) || is_ten(word) || is_teen(word);
        let mut words = self.0.iter();
        let first = words.find(|word| spoken(word) || figures(word).is_some());
        first.is_some_and(|word| word == "one" || is_teen(word) || figures(word) == Some('1'))
    }

    /// A month and a day and a year, or figures enough for them.
    fn is_date(&self) -> bool {
        let year = self.ends_with_year();
        let month = self.count(is_month) > 0;
        let figures = self.digits();
        let needed = if month { 3 } else { 6 };
        (year && figures >= needed) || figures == 8
    }

    /// "1985", "nineteen eighty five", "two thousand one", "five eighty five".
    fn ends_with_year(&self) -> bool {
        let Some(last) = self.0.last() else {
            return false;
        };
        if last.bytes().all(|byte| byte.is_ascii_digit()) {
            return last.len() == 4 || last.len() == 8 || (last.len() == 2 && self.0.len() >= 3);
        }
        let tail = &self.0[self.0.len().saturating_sub(4)..];
        let century = |word: &String| matches!(word.as_str(), "nineteen" | "twenty" | "thousand");
        let Some(at) = tail.iter().position(century) else {
            return false;
        };
        // The century alone is no year, but for two thousand.
        tail[at] == "thousand" || tail.len() > at + 1
    }

    /// A house number, a street, and what kind of street it is.
    fn is_address(&self) -> bool {
        let number = self.0.iter().any(|word| {
            is_digit(word)
                || is_ten(word)
                || is_teen(word)
                || word.starts_with(|c: char| c.is_ascii_digit())
        });
        number && self.0.len() >= 3 && self.count(is_street) > 0
    }
}

/// A word after which another one must come.
fn is_opening(word: &str) -> bool {
    const IN_SPANISH: [&str; 26] = [
        "y", "pero", "porque", "el", "la", "los", "las", "un", "una", "de", "del", "al", "mi",
        "su", "con", "para", "por", "que", "en", "es", "soy", "llamo", "necesito", "quiero",
        "antes", "entre",
    ];
    IN_SPANISH.contains(&word)
        || matches!(
            word,
            "and"
                | "or"
                | "but"
                | "so"
                | "because"
                | "if"
                | "when"
                | "while"
                | "that's"
                | "then"
                | "um"
                | "uh"
                | "uhm"
                | "umm"
                | "er"
                | "erm"
                | "hmm"
                | "mm"
                | "ah"
                | "like"
                | "a"
                | "an"
                | "the"
                | "my"
                | "your"
                | "our"
                | "their"
                | "his"
                | "her"
                | "this"
                | "to"
                | "for"
                | "of"
                | "at"
                | "in"
                | "on"
                | "with"
                | "from"
                | "by"
                | "about"
                | "around"
                | "between"
                | "before"
                | "after"
                | "until"
                | "into"
                | "near"
                | "i"
                | "i'm"
                | "i'd"
                | "i'll"
                | "i've"
                | "we"
                | "we're"
                | "it's"
                | "is"
                | "was"
                | "are"
                | "am"
                | "want"
                | "need"
                | "would"
                | "could"
                | "can"
                | "will"
                | "have"
                | "has"
                | "had"
                | "maybe"
                | "actually"
                | "also"
                | "plus"
                | "double"
                | "triple"
                | "area"
        )
}

fn is_digit(word: &str) -> bool {
    matches!(word, "zero" | "oh" | "o") || is_unit(word)
}

fn is_unit(word: &str) -> bool {
    matches!(
        word,
        "one" | "two" | "three" | "four" | "five" | "six" | "seven" | "eight" | "nine"
    )
}

fn is_teen(word: &str) -> bool {
    matches!(
        word,
        "ten"
            | "eleven"
            | "twelve"
            | "thirteen"
            | "fourteen"
            | "fifteen"
            | "sixteen"
            | "seventeen"
            | "eighteen"
            | "nineteen"
    )
}

fn is_ten(word: &str) -> bool {
    matches!(
        word,
        "twenty" | "thirty" | "forty" | "fifty" | "sixty" | "seventy" | "eighty" | "ninety"
    )
}

fn is_month(word: &str) -> bool {
    matches!(
        word,
        "january"
            | "february"
            | "march"
            | "april"
            | "may"
            | "june"
            | "july"
            | "august"
            | "september"
            | "october"
            | "november"
            | "december"
    )
}

fn is_time_word(word: &str) -> bool {
    is_month(word)
        || is_digit(word)
        || is_teen(word)
        || word.starts_with(|c: char| c.is_ascii_digit())
        || matches!(
            word,
            "monday"
                | "tuesday"
                | "wednesday"
                | "thursday"
                | "friday"
                | "saturday"
                | "sunday"
                | "today"
                | "tomorrow"
                | "tonight"
                | "morning"
                | "noon"
                | "afternoon"
                | "evening"
                | "week"
                | "weekend"
                | "soon"
                | "asap"
                | "now"
                | "available"
        )
}

fn is_street(word: &str) -> bool {
    matches!(
        word,
        "street"
            | "st"
            | "avenue"
            | "ave"
            | "road"
            | "rd"
            | "drive"
            | "dr"
            | "lane"
            | "ln"
            | "boulevard"
            | "blvd"
            | "court"
            | "ct"
            | "circle"
            | "way"
            | "place"
            | "pl"
            | "parkway"
            | "pkwy"
            | "highway"
            | "terrace"
            | "trail"
            | "square"
            | "loop"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_and_punctuation_make_no_other_words() {
        assert!(same_words("Yes, that's fine.", "yes that's fine"));
        assert!(!same_words("Yes, that's fine.", "yes that's fine too"));
    }

    #[test]
    fn an_answer_may_end_a_turn_and_half_a_sentence_may_not() {
        use Expectation::{Address, DateOfBirth, Name, Open, Phone, Vehicle, When, YesNo};
        for (expectation, text, complete) in [
            (Open, "", false),
            (Open, "I need an oil change.", true),
            (Open, "I need an oil change and", false),
            (Open, "I need an oil change, um", false),
            (Open, "I want to bring it in for", false),
            (Open, "I'd like to book the", false),
            (Open, "Hi.", false),
            (Open, "Necesito un cambio de aceite.", true),
            (Open, "Necesito un", false),
            (Open, "Hola, buenos", true),
            (Name, "Me llamo", false),
            (Vehicle, "Es un Honda del", false),
            (Open, "Well", false),
            (Open, "Yes.", true),
            (YesNo, "Yeah.", true),
            (YesNo, "Sure, that works.", true),
            (YesNo, "Um", false),
            (Phone, "217-555-0142", true),
            (Phone, "(217) 555-0142.", true),
            (Phone, "two one seven five five five oh one four two", true),
            (
                Phone,
                "two one seven, triple five, zero one forty two",
                true,
            ),
            (
                Phone,
                "eight hundred five five five oh one double nine",
                true,
            ),
            (Phone, "1 217 555 0142", true),
            (Phone, "1 217 555 014", false),
            (Phone, "one two one seven five five five oh one four", false),
            (
                Phone,
                "twenty one seven five five five oh one four two",
                true,
            ),
            (Phone, "twelve one seven five five five oh one four", false),
            (
                Phone,
                "twelve one seven five five five oh one four two",
                true,
            ),
            (Phone, "five five five", false),
            (Phone, "My number is 217 555", false),
            (Phone, "My number", false),
            (Phone, "I don't want to say.", true),
            (Phone, "This is Dana and this number is the best one.", true),
            (Phone, "The best number to reach me at is two", false),
            (When, "Could you also check the brakes, please?", true),
            (DateOfBirth, "I was born in the month of May", false),
            (DateOfBirth, "May 3rd, 1985.", true),
            (DateOfBirth, "may third nineteen eighty five", true),
            (DateOfBirth, "05/03/1985", true),
            (DateOfBirth, "5 3 85", false),
            (DateOfBirth, "may third", false),
            (DateOfBirth, "may third nineteen", false),
            (DateOfBirth, "march first two thousand one", true),
            (Address, "412 Maple Street", true),
            (Address, "four twelve maple", false),
            (Address, "412", false),
            (Name, "Dana Whitfield", true),
            (Name, "Dana", false),
            (When, "Tuesday at ten.", true),
            (When, "Tuesday at", false),
            (When, "the first one", true),
            (When, "let me check", false),
            (Vehicle, "a 2019 Honda Civic", true),
            (Vehicle, "the", false),
        ] {
            assert_eq!(
                is_complete(text, expectation),
                complete,
                "{expectation:?}: {text:?}"
            );
        }
    }
}
