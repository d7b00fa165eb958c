//! Which language a caller speaks or asks for, and their words as the readers of meaning know them.

use pipeline::message::Expectation;
use storage::Language;

use super::spanish;
use super::words::Words;

/// A caller's wish to be spoken to in another language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub language: Language,
    /// What else was said, where anything was.
    pub besides: Option<String>,
}

/// The caller's wish for a language other than `present`, by every reading of their words.
#[must_use]
pub fn wished(text: &str, second_opinion: Option<&str>, present: Language) -> Option<Wish> {
    let wish = asked_for(text).filter(|wish| wish.language != present)?;
    let same = |other: &str| asked_for(other).is_some_and(|other| other.language == wish.language);
    second_opinion.is_none_or(same).then_some(wish)
}

/// The words in the one form that everything below [`crate::nlu`] reads: English is that form, and
/// other languages are put into it word by word. `expects` is what was asked: in a name a "Julio" is
/// no July.
#[must_use]
pub fn plain(language: Language, expects: Expectation, text: &str) -> String {
    match language {
        Language::English => text.to_owned(),
        Language::Spanish => spanish::plain(text, expects),
    }
}

/// How a language is asked for, without accents.
const REQUESTS: [(&str, Language); 29] = [
    ("no hablo ingles", Language::Spanish),
    ("no entiendo ingles", Language::Spanish),
    ("i do not speak english", Language::Spanish),
    ("no hablo espanol", Language::English),
    ("i do not speak spanish", Language::English),
    ("do you speak spanish", Language::Spanish),
    ("habla espanol", Language::Spanish),
    ("hablas espanol", Language::Spanish),
    ("hablan espanol", Language::Spanish),
    ("hable espanol", Language::Spanish),
    ("hablar en espanol", Language::Spanish),
    ("hablar espanol", Language::Spanish),
    ("speak spanish", Language::Spanish),
    ("in spanish", Language::Spanish),
    ("en espanol", Language::Spanish),
    ("espanol", Language::Spanish),
    ("castellano", Language::Spanish),
    ("spanish", Language::Spanish),
    ("do you speak english", Language::English),
    ("habla ingles", Language::English),
    ("hablas ingles", Language::English),
    ("hablan ingles", Language::English),
    ("hablar en ingles", Language::English),
    ("hablar ingles", Language::English),
    ("speak english", Language::English),
    ("in english", Language::English),
    ("en ingles", Language::English),
    ("ingles", Language::English),
    ("english", Language::English),
];

/// What may go with such a request and says nothing else.
const AROUND: [&str; 50] = [
    "a", "aqui", "alguien", "anybody", "anyone", "buenas", "buenos", "can", "claro", "could", "de",
    "dias", "do", "does", "favor", "gracias", "hay", "hello", "here", "hi", "hola", "i", "into",
    "me", "mejor", "no", "oh", "okay", "please", "podemos", "por", "prefiero", "puede", "puedo",
    "que", "quiero", "se", "si", "sorry", "switch", "tardes", "thank", "there", "to", "usted",
    "ustedes", "we", "would", "yes", "you",
];

fn asked_for(text: &str) -> Option<Wish> {
    let words: Vec<String> = Words::new(text)
        .list()
        .iter()
        .map(|word| spanish::folded(word))
        .collect();
    let found = REQUESTS.iter().find_map(|(phrase, language)| {
        let length = phrase.split(' ').count();
        let at = words
            .windows(length)
            .position(|window| window.iter().map(String::as_str).eq(phrase.split(' ')))?;
        Some((at, length, *language))
    });
    let Some((at, length, language)) = found else {
        return speaks(&words, text);
    };
    let rest = words
        .iter()
        .enumerate()
        .filter(|(i, _)| *i < at || *i >= at + length)
        .map(|(_, word)| word.as_str());
    let rest: Vec<&str> = rest.collect();
    let says_more = rest.iter().filter(|word| !AROUND.contains(word)).count() > 1;
    Some(Wish {
        language,
        besides: says_more.then(|| rest.join(" ")),
    })
}

/// So many words that are plainly of one language tell that it is spoken.
const TELLING_WORDS: usize = 3;

/// Everyday words that no other of the languages has.
const ENGLISH: [&str; 26] = [
    "i",
    "you",
    "the",
    "my",
    "is",
    "it",
    "want",
    "need",
    "would",
    "like",
    "have",
    "appointment",
    "change",
    "what",
    "how",
    "when",
    "where",
    "and",
    "for",
    "hello",
    "please",
    "can",
    "do",
    "your",
    "to",
    "make",
];
const SPANISH: [&str; 36] = [
    "hola", "quiero", "quisiera", "necesito", "gustaria", "cita", "una", "para", "mi", "el", "los",
    "las", "por", "favor", "buenos", "buenas", "dias", "tardes", "gracias", "cambio", "cambiar",
    "aceite", "carro", "coche", "llantas", "frenos", "puedo", "puede", "tengo", "manana", "cuanto",
    "cuesta", "donde", "estan", "hacer", "cancelar",
];

/// The caller just speaks it.
fn speaks(words: &[String], text: &str) -> Option<Wish> {
    let tells = |list: &[&str]| {
        let known = words.iter().filter(|word| list.contains(&word.as_str()));
        let known = known.count();
        known >= TELLING_WORDS && known * 2 >= words.len()
    };
    let language = match (tells(&ENGLISH), tells(&SPANISH)) {
        (true, false) => Language::English,
        (false, true) => Language::Spanish,
        _ => return None,
    };
    Some(Wish {
        language,
        besides: Some(text.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use Language::{English, Spanish};

    use super::*;

    #[test]
    fn a_language_is_asked_for_in_either_language() {
        for text in [
            "español",
            "En español, por favor.",
            "¿Habla español?",
            "do you speak Spanish",
            "Hola, ¿hay alguien que hable español?",
            "no hablo inglés",
            "sorry, I don't speak English",
            "Spanish please",
        ] {
            let wish = wished(text, None, English).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((wish.language, wish.besides), (Spanish, None), "{text}");
            assert_eq!(wished(text, None, Spanish), None, "{text}");
        }
        for text in [
            "in English please",
            "English",
            "¿habla inglés?",
            "en inglés por favor",
        ] {
            let wish = wished(text, None, Spanish).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((wish.language, wish.besides), (English, None), "{text}");
        }
    }

    #[test]
    fn what_is_said_besides_is_kept() {
        let text = "en español por favor, necesito un cambio de aceite";
        let wish = wished(text, None, English).expect("a wish");
        let besides = wish.besides.expect("more");
        assert!(
            besides.ends_with("necesito un cambio de aceite"),
            "{besides}"
        );
    }

    #[test]
    fn whoever_just_speaks_a_language_wishes_for_it() {
        let text = "Hola, quiero hacer una cita para mi carro";
        let wish = wished(text, None, English).expect("Spanish");
        assert_eq!(wish.besides.as_deref(), Some(text));
        let text = "I need an appointment for my car please";
        assert!(wished(text, None, Spanish).is_some());
        for text in [
            "i need an oil change",
            "yes",
            "El Camino Real",
            "my name is Los Santos",
        ] {
            assert_eq!(wished(text, None, English), None, "{text}");
        }
        for text in ["necesito un oil change", "the truck", "Honda Accord"] {
            assert_eq!(wished(text, None, Spanish), None, "{text}");
        }
    }

    #[test]
    fn one_of_two_readings_is_not_enough() {
        assert_eq!(wished("spanish", Some("finish"), English), None);
    }
}
