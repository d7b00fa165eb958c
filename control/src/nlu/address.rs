//! A street address, in words or figures, and whether it is the one on record.

use storage::customer::Address;

use super::name::title_case;
use super::number;
use super::words::Words;

/// An address as it was said, lower case, numbers in figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpokenAddress {
    /// House number: "715".
    pub number: String,
    /// Street without its kind, ordinals in words: "washington", "north fifth".
    pub street: String,
    pub kind: Option<Kind>,
    /// Apartment: "4", "b".
    pub unit: Option<String>,
    pub city: Option<String>,
}

/// What kind of street.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Street,
    Avenue,
    Road,
    Drive,
    Lane,
    Court,
    Boulevard,
    Way,
    Place,
    Circle,
    Terrace,
    Parkway,
    Trail,
    Highway,
    Square,
}

const KINDS: [(&str, &str, Kind); 15] = [
    ("street", "st", Kind::Street),
    ("avenue", "ave", Kind::Avenue),
    ("road", "rd", Kind::Road),
    ("drive", "dr", Kind::Drive),
    ("lane", "ln", Kind::Lane),
    ("court", "ct", Kind::Court),
    ("boulevard", "blvd", Kind::Boulevard),
    ("way", "wy", Kind::Way),
    ("place", "pl", Kind::Place),
    ("circle", "cir", Kind::Circle),
    ("terrace", "ter", Kind::Terrace),
    ("parkway", "pkwy", Kind::Parkway),
    ("trail", "trl", Kind::Trail),
    ("highway", "hwy", Kind::Highway),
    ("square", "sq", Kind::Square),
];
const UNITS: [&str; 5] = ["apartment", "apt", "unit", "suite", "ste"];
const DIRECTIONS: [(&str, &str); 4] =
    [("n", "north"), ("s", "south"), ("e", "east"), ("w", "west")];
/// Words of a street's name at most; more is a sentence, not a street.
const MAX_STREET_WORDS: usize = 4;
/// Shortest name in which one wrong letter is forgiven.
const FORGIVING_LENGTH: usize = 5;

impl SpokenAddress {
    /// Whether this is the address on record. Number and street must agree (one letter of a longer
    /// street name may differ: recognisers misspell); kind, unit and city only where both are known.
    #[must_use]
    pub fn matches(&self, record: &Address) -> bool {
        let Some(known) = parse(&record.street) else {
            return false;
        };
        let city = record.city.to_lowercase();
        let city = Words::new(&city).list().join(" ");
        self.number == known.number
            && alike(&self.street, &known.street)
            && agree(self.kind.as_ref(), known.kind.as_ref())
            && agree(self.unit.as_ref(), known.unit.as_ref())
            && self.city.as_ref().is_none_or(|said| alike(said, &city))
    }

    /// "42 Maple Street", "318 Lincoln Drive, unit 4".
    #[must_use]
    pub fn line(&self) -> String {
        let mut words = vec![self.number.clone()];
        words.extend(self.street.split(' ').map(title_case));
        if let Some(kind) = self.kind {
            words.push(title_case(kind.word()));
        }
        let line = words.join(" ");
        match &self.unit {
            Some(unit) => format!("{line}, unit {}", unit.to_uppercase()),
            None => line,
        }
    }
}

impl Kind {
    fn of(word: &str) -> Option<Self> {
        let found = KINDS.iter().find(|(long, short, _)| {
            *long == word || *short == word || (*long == "avenue" && word == "av")
        });
        found.map(|&(_, _, kind)| kind)
    }

    /// "street".
    #[must_use]
    pub fn word(self) -> &'static str {
        KINDS
            .iter()
            .find(|(_, _, kind)| *kind == self)
            .map_or("", |&(long, _, _)| long)
    }
}

fn agree<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

fn alike(a: &str, b: &str) -> bool {
    a == b || (a.len().min(b.len()) >= FORGIVING_LENGTH && strsim::osa_distance(a, b) <= 1)
}

/// Reads an address; `None` without a house number and a street.
#[must_use]
pub fn parse(text: &str) -> Option<SpokenAddress> {
    parse_words(&Words::new(text))
}

/// [`parse`] of words that are already split.
#[must_use]
pub fn parse_words(words: &Words) -> Option<SpokenAddress> {
    // The first number that a street follows; "i have lived for two years at 42 Maple Street".
    (0..words.len()).find_map(|i| {
        let before = if i == 0 { "" } else { words.at(i - 1) };
        if number::is_number_word(before) && before != "hundred" {
            return None; // the middle of a number
        }
        let (number, used) = number::grouped_digits(words.list().get(i..)?)?;
        let rest = words.slice(i + used, words.len());
        let (street, kind, after) = street(&rest)?;
        let rest = rest.slice(after, rest.len());
        let (unit, after) = unit(&rest);
        let city = city(&rest.slice(after, rest.len()));
        Some(SpokenAddress {
            number,
            street,
            kind,
            unit,
            city,
        })
    })
}

/// The street's name, its kind, and the index after them.
fn street(words: &Words) -> Option<(String, Option<Kind>, usize)> {
    let list = words.list();
    let end = list
        .iter()
        .position(|w| w == "in" || UNITS.contains(&w.as_str()))
        .unwrap_or(list.len());
    // The first word is always of the name: "Court Street", "St Charles Avenue".
    let kind_at = (1..end).find(|&i| {
        Kind::of(&list[i]).is_some() && (i + 1 >= end || Kind::of(&list[i + 1]).is_none())
    });
    let name_end = kind_at.unwrap_or(end);
    if name_end == 0 || name_end > MAX_STREET_WORDS {
        return None;
    }
    let name = normal_name(list.get(..name_end)?)?;
    let kind = kind_at.and_then(|i| Kind::of(&list[i]));
    Some((name, kind, kind_at.map_or(end, |i| i + 1)))
}

/// Directions and ordinals written out. `None` for words that no street is called.
fn normal_name(list: &[String]) -> Option<String> {
    const NOT_STREETS: [&str; 22] = [
        "is", "my", "the", "a", "and", "or", "not", "yes", "no", "please", "cars", "car", "years",
        "am", "pm", "i", "you", "days", "to", "at", "o'clock", "it",
    ];
    let mut out: Vec<String> = Vec::new();
    let mut i = 0;
    while i < list.len() {
        let word = list[i].as_str();
        if let Some((n, used)) = number::ordinal(&list[i..]) {
            out.push(number::ordinal_in_words(n));
            i += used;
            continue;
        }
        if NOT_STREETS.contains(&word) || word.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let direction = DIRECTIONS.iter().find(|(short, _)| *short == word);
        out.push(direction.map_or(word, |&(_, long)| long).to_owned());
        i += 1;
    }
    (!out.is_empty()).then(|| out.join(" "))
}

fn unit(words: &Words) -> (Option<String>, usize) {
    if !UNITS.contains(&words.at(0)) && words.at(0) != "number" {
        return (None, 0);
    }
    let at = if words.at(1) == "number" { 2 } else { 1 };
    let rest = words.list().get(at..).unwrap_or(&[]);
    let (mut unit, mut used) = number::grouped_digits(rest).unwrap_or_default();
    // "4 b", "b"
    if let Some(letter) = rest.get(used).filter(|w| w.chars().count() == 1) {
        unit.push_str(letter);
        used += 1;
    }
    if unit.is_empty() {
        (None, 1)
    } else {
        (Some(unit), at + used)
    }
}

/// The city: what is left without state and postal code.
fn city(words: &Words) -> Option<String> {
    let kept: Vec<&str> = words
        .list()
        .iter()
        .map(String::as_str)
        .skip_while(|w| *w == "in")
        .take_while(|w| !number::is_number_word(w) && !matches!(*w, "illinois" | "il" | "zip"))
        .take(3)
        .collect();
    let polite = ["please", "thanks", "thank", "yes", "okay"];
    let name = kept.iter().all(|w| !polite.contains(w));
    (!kept.is_empty() && name).then(|| kept.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(street: &str) -> Address {
        Address {
            street: street.to_owned(),
            city: "Springfield".to_owned(),
            state: "IL".to_owned(),
            zip: "62704".to_owned(),
        }
    }

    #[test]
    fn addresses_are_read_however_they_are_said() {
        for (text, line, city) in [
            ("forty two maple street", "42 Maple Street", None),
            ("twelve hundred oak avenue", "1200 Oak Avenue", None),
            (
                "my address is seven fifteen washington road",
                "715 Washington Road",
                None,
            ),
            (
                "three one eight lincoln drive apartment four",
                "318 Lincoln Drive, unit 4",
                None,
            ),
            (
                "i live at ninety six park lane in springfield",
                "96 Park Lane",
                Some("springfield"),
            ),
            ("four oh two oak avenue", "402 Oak Avenue", None),
            (
                "402 Oak Ave., Springfield, IL 62703",
                "402 Oak Avenue",
                Some("springfield"),
            ),
            (
                "it's 18 N. 5th St apt 4B",
                "18 North Fifth Street, unit 4B",
                None,
            ),
            ("eighteen elm", "18 Elm", None),
            ("nine court street", "9 Court Street", None),
            ("twelve park place", "12 Park Place", None),
        ] {
            let address = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (address.line().as_str(), address.city.as_deref()),
                (line, city),
                "{text}"
            );
        }
        for text in [
            "maple street",
            "forty two",
            "two cars",
            "at two p m",
            "yes",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_address_on_record_is_recognised_in_any_spelling() {
        for text in [
            "eighteen elm street",
            "18 Elm St",
            "eighteen elm",
            "18 elm street springfield",
            "eighteen elm street in springfield illinois",
        ] {
            assert!(
                parse(text).is_some_and(|a| a.matches(&record("18 Elm Street"))),
                "{text}"
            );
        }
        let washington = record("715 Washington Rd");
        assert!(parse("seven fifteen washingten road").is_some_and(|a| a.matches(&washington)));
    }

    #[test]
    fn another_address_is_not_the_one_on_record() {
        for text in [
            "eighty elm street",
            "eighteen oak street",
            "eighteen elm avenue",
            "eighteen elm street in chicago",
            "one eighteen elm street",
            "eighteen elms street",
        ] {
            assert!(
                !parse(text).is_some_and(|a| a.matches(&record("18 Elm Street"))),
                "{text}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,80}") {
            let _ = parse(&text);
        }

        #[test]
        fn house_numbers_in_words_are_read_back(n in 1_u32..10_000) {
            let address = parse(&format!("{} maple street", number::in_words(n)));
            proptest::prop_assert_eq!(address.map(|a| a.number), Some(n.to_string()));
        }
    }
}
