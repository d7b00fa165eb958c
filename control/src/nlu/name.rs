//! A person's name, spoken or spelled.

use super::number;
use super::words::{HOLDS_TOGETHER, Words};

/// First and last name in title case; one of them may be missing, not both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    pub first: Option<String>,
    pub last: Option<String>,
}

impl Name {
    /// This name with what it leaves open taken from an earlier answer. After a first name alone, a
    /// single other name is the last name.
    #[must_use]
    pub fn or(self, earlier: Self) -> Self {
        if let (Some(said), None, Some(first), None) =
            (&self.first, &self.last, &earlier.first, &earlier.last)
            && !said.eq_ignore_ascii_case(first)
        {
            return Self {
                first: earlier.first,
                last: self.first,
            };
        }
        Self {
            first: self.first.or(earlier.first),
            last: self.last.or(earlier.last),
        }
    }
}

/// What introduces a name; the rest after its last occurrence is the name.
const INTRODUCTIONS: [&str; 19] = [
    "my wife",
    "my husband",
    "my full name is",
    "my name is",
    "the name is",
    "name is",
    "this is",
    "it is",
    "i am",
    "my name",
    "you can call me",
    "call me",
    "put it under",
    "it is under",
    "under",
    "for",
    "i said",
    "no",
    "yes",
];
const NOT_NAMES: [&str; 72] = [
    "uh",
    "huh",
    "wrong",
    "incorrect",
    "misspelled",
    "spelled",
    "different",
    "still",
    "goodbye",
    "bye",
    "hold",
    "hang",
    "let",
    "moment",
    "second",
    "minute",
    "help",
    "again",
    "who",
    "why",
    "a",
    "an",
    "the",
    "my",
    "your",
    "i",
    "you",
    "me",
    "we",
    "it",
    "is",
    "was",
    "are",
    "to",
    "of",
    "in",
    "on",
    "at",
    "and",
    "or",
    "no",
    "not",
    "yes",
    "yeah",
    "nope",
    "okay",
    "sure",
    "what",
    "would",
    "like",
    "need",
    "want",
    "can",
    "could",
    "have",
    "has",
    "appointment",
    "car",
    "oil",
    "change",
    "please",
    "thanks",
    "thank",
    "hello",
    "hi",
    "wait",
    "sorry",
    "that",
    "this",
    "here",
    "correct",
    "right",
];
const TITLES: [&str; 8] = ["mr", "mrs", "ms", "miss", "mister", "doctor", "dr", "sir"];
/// Said around a name.
const AROUND: [&str; 6] = ["speaking", "calling", "please", "thanks", "thank", "you"];
/// Words of a name at most, without its spelling.
const MAX_WORDS_IN_A_NAME: usize = 6;
/// Those among them that are no [`PARTICLES`].
const MAX_NAMES_IN_A_NAME: usize = 4;
/// What belongs to the name behind it: "Van der Berg", "de la Cruz".
pub(super) const PARTICLES: [&str; 14] = [
    "de", "la", "las", "los", "del", "van", "von", "der", "den", "ter", "di", "da", "du", "st",
];

/// Reads a name; `None` where the words are not a name.
#[must_use]
pub fn parse(text: &str) -> Option<Name> {
    parse_words(&Words::of_a_name(text))
}

/// A name that was said along with something else: "my name is Anna Bell and I need an oil change".
#[must_use]
pub fn introduced(text: &str) -> Option<Name> {
    const INTRODUCED_BY: [&str; 7] = [
        "my full name is",
        "my name is",
        "the name is",
        "the name should be",
        "my last name is",
        "the last name is",
        "my first name is",
    ];
    const GOES_ON: [&str; 12] = [
        "and", "i", "i'm", "my", "calling", "for", "from", "not", "but", "with", "so", "the",
    ];
    let words = Words::of_a_name(text);
    let (phrase, from) = INTRODUCED_BY
        .iter()
        .filter_map(|phrase| Some((phrase, words.after(phrase)?)))
        .max_by_key(|(_, from)| *from)?;
    let name: Vec<&str> = (from..words.len())
        .map(|i| words.at(i))
        .take_while(|word| !GOES_ON.contains(word))
        .collect();
    // "My last name is" says which part it is.
    let part = phrase.contains("last") || phrase.contains("first");
    let phrase = if part { phrase } else { "" };
    parse(&format!("{phrase} {}", name.join(" ")))
}

fn parse_words(words: &Words) -> Option<Name> {
    let (spoken, spelled) = split_spelling(&join_irish(words));
    let given = part_after(
        &spoken,
        &["my first name is", "first name is", "first name"],
    );
    let family = part_after(
        &spoken,
        &["my last name is", "last name is", "last name", "surname is"],
    );
    let mut name = if given.is_some() || family.is_some() {
        Name {
            first: given,
            last: family,
        }
    } else {
        whole(&spoken).unwrap_or_default()
    };
    apply_spelling(&mut name, &spelled, &spoken);
    (name != Name::default()).then_some(name)
}

/// Spelled letters stand for the part they sound like, else for the last name.
fn apply_spelling(name: &mut Name, spelled: &[String], spoken: &Words) {
    match spelled {
        [] => {}
        [first, last] if first.len() > 1 && last.len() > 1 => {
            name.first = Some(title_case(first));
            name.last = Some(title_case(last));
        }
        [one, ..] => {
            let one = title_case(one);
            let close = |part: &Option<String>| {
                part.as_ref().map_or(0.0, |p| {
                    strsim::jaro_winkler(&p.to_lowercase(), &one.to_lowercase())
                })
            };
            let of_first =
                spoken.has("first name") || close(&name.first) > close(&name.last).max(0.7);
            if of_first {
                name.first = Some(one);
            } else {
                name.last = Some(one);
            }
        }
    }
}

fn whole(words: &Words) -> Option<Name> {
    let from = INTRODUCTIONS
        .iter()
        .filter_map(|phrase| words.after(phrase))
        .max()
        .unwrap_or(0);
    let rest = words.slice(from, words.len());
    let parts: Vec<&str> = rest
        .list()
        .iter()
        .map(String::as_str)
        .filter(|w| !TITLES.contains(w) && !AROUND.contains(w))
        .collect();
    let names = parts.iter().filter(|part| !PARTICLES.contains(part));
    let plausible = !parts.is_empty()
        && parts.len() <= MAX_WORDS_IN_A_NAME
        && names.count() <= MAX_NAMES_IN_A_NAME
        && parts.iter().all(|part| is_plausible(part));
    if !plausible {
        return None;
    }
    Some(match parts.as_slice() {
        [one] => Name {
            first: Some(title_case(one)),
            last: None,
        },
        [first, rest @ ..] => Name {
            first: Some(title_case(first)),
            last: Some(family_name(rest)),
        },
        [] => return None,
    })
}

/// A word that may be a name, or several that are one: "Jean-Luc".
fn is_plausible(part: &str) -> bool {
    part.chars().count() > 1
        && part.split(['-', HOLDS_TOGETHER]).all(|word| {
            !NOT_NAMES.contains(&word)
                && !number::is_number_word(word)
                && word.chars().all(|c| c.is_alphabetic() || c == '\'')
        })
}

/// The last word, with particles before it; middle names are dropped.
fn family_name(parts: &[&str]) -> String {
    let last = parts.len().saturating_sub(1);
    let from = parts
        .iter()
        .take(last)
        .position(|p| PARTICLES.contains(p))
        .unwrap_or(last);
    let words: Vec<String> = parts[from..].iter().map(|p| title_case(p)).collect();
    words.join(" ")
}

/// The single word after one of the phrases.
fn part_after(words: &Words, phrases: &[&str]) -> Option<String> {
    let at = phrases.iter().find_map(|phrase| words.after(phrase))?;
    let word = words.at(at);
    let fits = !word.is_empty() && word.len() > 1 && !NOT_NAMES.contains(&word);
    fits.then(|| title_case(word))
}

/// "O brien" is one name, unless letters are being spelled.
fn join_irish(words: &Words) -> Words {
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    for word in words.list() {
        let long = word.chars().count() > 2 && word.chars().all(char::is_alphabetic);
        let spelling = out.len() >= 2 && out[out.len() - 2].chars().count() == 1;
        match out
            .last_mut()
            .filter(|last| *last == "o" && long && !spelling)
        {
            Some(last) => *last = format!("o'{word}"),
            None => out.push(word.clone()),
        }
    }
    Words::of_a_name(&out.join(" "))
}

/// Splits off runs of single letters: "wilson w i l s o n" gives "wilson" and "wilson".
fn split_spelling(words: &Words) -> (Words, Vec<String>) {
    let list = words.list();
    let mut spoken: Vec<&str> = Vec::new();
    let mut runs: Vec<String> = Vec::new();
    let mut i = 0;
    while i < list.len() {
        let (letters, used) = letters(&list[i..]);
        // One letter alone is an article, an initial or "i".
        if letters.chars().count() >= 2 && used >= 2 {
            runs.push(letters);
            i += used;
            while spoken
                .last()
                .is_some_and(|w| matches!(*w, "spelled" | "spelling" | "is" | "it" | "that"))
            {
                spoken.pop();
            }
        } else {
            spoken.push(&list[i]);
            i += 1;
        }
    }
    (Words::of_a_name(&spoken.join(" ")), runs)
}

/// The run of letters at the start: "w i l s o n", "double l", "m as in mary".
fn letters(list: &[String]) -> (String, usize) {
    let single = |i: usize| {
        let mut chars = list.get(i)?.chars();
        let letter = chars.next().filter(|c| c.is_alphabetic())?;
        chars.next().is_none().then_some(letter)
    };
    let mut out = String::new();
    let mut i = 0;
    loop {
        if list.get(i).is_some_and(|w| w == "double") {
            let Some(letter) = single(i + 1) else { break };
            out.extend([letter, letter]);
            i += 2;
        } else if let Some(letter) = single(i) {
            out.push(letter);
            i += 1;
            let as_in = list.get(i).is_some_and(|w| w == "as")
                && list.get(i + 1).is_some_and(|w| w == "in");
            let like = list.get(i).is_some_and(|w| w == "like" || w == "for");
            let example = |at: usize| {
                list.get(at)
                    .is_some_and(|w| w.starts_with(letter) && w.chars().count() > 1)
            };
            if as_in && example(i + 2) {
                i += 3;
            } else if like && example(i + 1) {
                i += 2;
            }
        } else {
            break;
        }
    }
    (out, i)
}

/// "o'brien" → "O'Brien", "mcdonald" → "McDonald".
#[must_use]
pub fn title_case(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut start = true;
    for c in word.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else if c == HOLDS_TOGETHER {
            out.push(' ');
        } else {
            out.push(c);
        }
        start = matches!(c, '\'' | ' ' | '-' | HOLDS_TOGETHER)
            || (out == "Mc" && word.chars().count() > 4);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(first: &str, last: &str) -> Option<Name> {
        let part = |s: &str| (!s.is_empty()).then(|| s.to_owned());
        Some(Name {
            first: part(first),
            last: part(last),
        })
    }

    #[test]
    fn names_are_read_however_they_are_given() {
        for (text, expected) in [
            ("my name is john smith", name("John", "Smith")),
            ("sarah johnson", name("Sarah", "Johnson")),
            ("this is michael brown", name("Michael", "Brown")),
            ("it's Maria Garcia.", name("Maria", "Garcia")),
            (
                "the name is robert wilson w i l s o n",
                name("Robert", "Wilson"),
            ),
            ("jon smith s m y t h e", name("Jon", "Smythe")),
            ("my name is jon smith that's j o n", name("Jon", "Smith")),
            ("s a m and c o double l i n s", name("Sam", "Collins")),
            ("it is spelled b r o w n", name("", "Brown")),
            ("m as in mary a r k", name("", "Mark")),
            ("my last name is smith", name("", "Smith")),
            ("my first name is john", name("John", "")),
            ("first name john last name smith", name("John", "Smith")),
            ("sue", name("Sue", "")),
            ("yes it's patrick o'brien", name("Patrick", "O'Brien")),
            ("emma o brien", name("Emma", "O'Brien")),
            ("it's for my wife mary smith", name("Mary", "Smith")),
            ("mister ronald mcdonald", name("Ronald", "McDonald")),
            ("juan de la cruz", name("Juan", "De La Cruz")),
            ("mary ann van der berg", name("Mary", "Van Der Berg")),
            ("D'Angelo O'Neil-Smith", name("D'Angelo", "O'Neil-Smith")),
            ("my name is Jean-Luc Moreau", name("Jean-Luc", "Moreau")),
            ("w-i-l-s-o-n", name("", "Wilson")),
            (
                "maria jose garcia\u{a0}lopez",
                name("Maria", "Garcia Lopez"),
            ),
            ("uh-huh", None),
            ("some other words that are none", None),
            ("mary ann miller", name("Mary", "Miller")),
            ("john carter speaking", name("John", "Carter")),
            ("no", None),
            ("yes that is right", None),
            ("i would like an oil change", None),
            ("two one seven", None),
            ("", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,80}") {
            let _ = parse(&text);
        }

        #[test]
        fn spelled_names_are_read_back(name in "[a-z]{2,10}") {
            let letters: Vec<String> = name.chars().map(String::from).collect();
            let read = parse(&format!("it is spelled {}", letters.join(" ")));
            proptest::prop_assert_eq!(read.and_then(|n| n.last), Some(title_case(&name)));
        }
    }
}
