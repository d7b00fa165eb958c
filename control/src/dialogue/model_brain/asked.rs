//! What a language model's words ask of the caller, for the endpointing and for scripts.

use pipeline::message::Expectation;

use crate::dialogue::Question;
use crate::nlu::folded;
use crate::nlu::words::Words;

/// What each question is known by; the first that fits counts.
const SIGNS: &[(&[&str], Question, Expectation)] = &[
    (
        &[
            "date of birth",
            "birth date",
            "birthday",
            "born",
            "fecha de nacimiento",
        ],
        Question::DateOfBirth,
        Expectation::DateOfBirth,
    ),
    (
        &[
            "shall i",
            "should i",
            "would you like me to",
            "do you want me to",
            "is that correct",
            "is that right",
            "does that work",
            "does that sound",
            "shall we",
            "may i book",
            "can i book",
            "go ahead",
            "would you like to book",
            "would you like to cancel",
            "would you like to move",
            "want me to",
            "okay to book",
            "ready to book",
            "sound good",
            "se la reservo",
            "se lo reservo",
            "la reservo",
            "reservo la cita",
            "desea que",
            "quiere que",
            "le gustaria que",
            "se la cambio",
            "se lo cambio",
            "la cambio",
            "se la cancelo",
            "la cancelo",
            "es correcto",
            "esta bien asi",
            "le conviene",
            "le parece bien",
            "confirmo",
        ],
        Question::Confirm,
        Expectation::YesNo,
    ),
    (
        &[
            "phone number",
            "telephone number",
            "number to reach",
            "your number",
            "which number",
            "numero de telefono",
            "su telefono",
        ],
        Question::Phone,
        Expectation::Phone,
    ),
    (
        &["anything else", "something else i can", "algo mas"],
        Question::AnythingElse,
        Expectation::Open,
    ),
    (
        &[
            "your name",
            "first and last name",
            "last name",
            "full name",
            "first name",
            "su nombre",
            "nombre y apellido",
            "su apellido",
        ],
        Question::Name,
        Expectation::Name,
    ),
    (
        &["vin", "vehicle identification", "numero de identificacion"],
        Question::Vin,
        Expectation::Address,
    ),
    (
        &[
            "street address",
            "your address",
            "home address",
            "house number",
            "su direccion",
            "su domicilio",
        ],
        Question::Address,
        Expectation::Address,
    ),
    (
        &[
            "make and model",
            "which vehicle",
            "which car",
            "what vehicle",
            "what car",
            "what kind of vehicle",
            "what kind of car",
            "which one of your vehicles",
            "marca y modelo",
            "marca y el modelo",
            "que vehiculo",
            "que carro",
            "cual vehiculo",
        ],
        Question::Vehicle,
        Expectation::Vehicle,
    ),
    (
        &["which appointment", "cual cita", "que cita"],
        Question::WhichAppointment,
        Expectation::When,
    ),
    (
        &[
            "what time",
            "what day",
            "which day",
            "which time",
            "which of those",
            "which one of those",
            "what date",
            "when would",
            "when do you",
            "when should",
            "when can",
            "morning or",
            "work better",
            "works better",
            "works best",
            "would suit",
            "suits you",
            "prefer",
            "que dia",
            "que hora",
            "a que hora",
            "que fecha",
            "cuando le",
            "cual prefiere",
            "prefiere",
        ],
        Question::When,
        Expectation::When,
    ),
    // Whether they come, and not when.
    (
        &[
            "you make it",
            "you be there",
            "podra venir",
            "puede venir",
            "vendra",
        ],
        Question::Confirm,
        Expectation::YesNo,
    ),
    (
        &[
            "what service",
            "which service",
            "what do you need done",
            "what would you like done",
            "que servicio",
            "que necesita su",
        ],
        Question::Service,
        Expectation::Open,
    ),
    (
        &[
            "may i ask why",
            "what is the reason",
            "why are you",
            "por que cancela",
        ],
        Question::Reason,
        Expectation::Open,
    ),
];

/// What the last sentence asks. A question of another kind is an open one.
pub(super) fn asked(text: &str) -> (Question, Expectation) {
    let Some(question) = question(text) else {
        return (Question::None, Expectation::Open);
    };
    // Signs in Spanish are written without accents.
    let words = Words::new(&folded(question));
    let fits = SIGNS.iter().find(|(signs, ..)| words.has_any(signs));
    match fits {
        Some((_, question, expectation)) => (*question, *expectation),
        None => (Question::Help, Expectation::Open),
    }
}

/// The sentence that asks, where the words end with one.
pub(super) fn question(text: &str) -> Option<&str> {
    let text = text.trim_end();
    let asks = text.strip_suffix('?')?;
    let stops = asks.match_indices(['.', '!', '?']);
    let mut ends = stops.filter(|(at, _)| ends_a_sentence(&asks[..*at], &asks[at + 1..]));
    let begins = ends.next_back().map_or(0, |(at, _)| at + 1);
    Some(text[begins..].trim())
}

/// Whether a stop between these does: "at 9 a.m.?" holds two that do not, and "at 9 a.m. Shall I?"
/// one that does.
fn ends_a_sentence(before: &str, after: &str) -> bool {
    let letters = before.chars().rev().take_while(|c| c.is_alphabetic());
    let goes_on_with = after.trim_start().chars().next();
    letters.take(2).count() != 1 || goes_on_with.is_some_and(|c| c.is_uppercase() || c == '¿')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_begins_behind_the_sentence_before_it() {
        for (text, asked) in [
            ("Sure. Shall I book it?", "Shall I book it?"),
            ("Shall I book it for 9 a.m.?", "Shall I book it for 9 a.m.?"),
            ("I have 9 a.m. Shall I look?", "Shall I look?"),
            ("Hay a las 9 a. m. ¿Se la reservo?", "¿Se la reservo?"),
            ("¿La reservo a las 9 a. m.?", "¿La reservo a las 9 a. m.?"),
        ] {
            assert_eq!(question(text), Some(asked), "{text}");
        }
        assert_eq!(question("I have booked it."), None);
    }

    #[test]
    fn the_last_question_is_what_is_waited_for() {
        for (text, question, expectation) in [
            (
                "Sure. What is your date of birth?",
                Question::DateOfBirth,
                Expectation::DateOfBirth,
            ),
            (
                "So Monday at 9. Shall I book it?",
                Question::Confirm,
                Expectation::YesNo,
            ),
            (
                "And your phone number?",
                Question::Phone,
                Expectation::Phone,
            ),
            (
                "What are the year, make and model?",
                Question::Vehicle,
                Expectation::Vehicle,
            ),
            (
                "I have nine or ten. Which of those do you prefer?",
                Question::When,
                Expectation::When,
            ),
            (
                "It is tomorrow at nine. Can you make it?",
                Question::Confirm,
                Expectation::YesNo,
            ),
            (
                "What time can you make it?",
                Question::When,
                Expectation::When,
            ),
            (
                "Is there anything else?",
                Question::AnythingElse,
                Expectation::Open,
            ),
            ("How did you hear of us?", Question::Help, Expectation::Open),
            ("What day? I will wait.", Question::None, Expectation::Open),
            ("You are all set.", Question::None, Expectation::Open),
        ] {
            assert_eq!(asked(text), (question, expectation), "{text}");
        }
    }
}
