//! What is to be done to the vehicle: from a caller's words to service keys.

use std::sync::LazyLock;

use super::words::Words;

/// Shortest word in which a slip of the recogniser is forgiven.
const FORGIVING_LENGTH: usize = 6;
/// Jaro-Winkler likeness that counts as the same word: "inspecion" is, "better"/"battery" is not.
const LIKENESS: f64 = 0.95;
/// Words that stand between a verb and its service and mean nothing here.
const ARTICLES: [&str; 10] = [
    "my", "the", "a", "an", "your", "our", "his", "her", "their", "some",
];

/// What callers call things, and the keys that this can mean, best first: the first that a location
/// offers is meant.
const COMMON: [(&str, &[&str]); 56] = [
    ("oil change", &["oil_change"]),
    ("oil changed", &["oil_change"]),
    ("change oil", &["oil_change"]),
    ("oil filter", &["oil_change"]),
    ("oil", &["oil_change"]),
    ("tire rotation", &["tire_rotation"]),
    ("tires rotated", &["tire_rotation"]),
    ("rotate tires", &["tire_rotation"]),
    ("rotation", &["tire_rotation"]),
    ("tires", &["tire_rotation", "new_tires", "repair"]),
    ("brake inspection", &["brake_inspection", "brake_service"]),
    ("brakes inspected", &["brake_inspection", "brake_service"]),
    ("brakes checked", &["brake_inspection", "brake_service"]),
    ("check brakes", &["brake_inspection", "brake_service"]),
    ("inspect brakes", &["brake_inspection", "brake_service"]),
    ("brakes", &["brake_inspection", "brake_service"]),
    ("breaks", &["brake_inspection", "brake_service"]),
    ("break inspection", &["brake_inspection", "brake_service"]),
    ("brake service", &["brake_service"]),
    ("brake job", &["brake_service"]),
    ("brake pads", &["brake_service"]),
    ("brake repair", &["brake_service"]),
    ("new brakes", &["brake_service"]),
    ("brakes replaced", &["brake_service"]),
    ("brakes done", &["brake_service"]),
    ("fix brakes", &["brake_service"]),
    ("state inspection", &["inspection"]),
    ("safety inspection", &["inspection"]),
    ("inspection", &["inspection"]),
    ("inspected", &["inspection"]),
    ("check engine light", &["engine_diagnostics", "diagnostic"]),
    ("engine light", &["engine_diagnostics", "diagnostic"]),
    ("warning light", &["engine_diagnostics", "diagnostic"]),
    ("diagnostics", &["engine_diagnostics", "diagnostic"]),
    ("diagnostic", &["engine_diagnostics", "diagnostic"]),
    ("diagnosed", &["engine_diagnostics", "diagnostic"]),
    ("strange noise", &["engine_diagnostics", "diagnostic"]),
    ("making noise", &["engine_diagnostics", "diagnostic"]),
    ("weird noise", &["engine_diagnostics", "diagnostic"]),
    (
        "will not start",
        &["engine_diagnostics", "diagnostic", "repair"],
    ),
    (
        "battery",
        &[
            "battery",
            "repair",
            "engine_diagnostics",
            "general_maintenance",
        ],
    ),
    ("car keeps dying", &["engine_diagnostics", "repair"]),
    ("car is dead", &["engine_diagnostics", "repair"]),
    ("tune up", &["tune_up", "general_maintenance"]),
    ("maintenance", &["general_maintenance"]),
    ("checkup", &["general_maintenance"]),
    ("check up", &["general_maintenance"]),
    ("mile service", &["general_maintenance"]),
    ("regular service", &["general_maintenance"]),
    ("alignment", &["alignment", "repair", "general_maintenance"]),
    ("new tires", &["new_tires", "repair", "general_maintenance"]),
    ("flat tire", &["repair", "general_maintenance"]),
    ("repair", &["repair", "engine_diagnostics"]),
    ("repaired", &["repair", "engine_diagnostics"]),
    ("recall", &["recall"]),
    ("recalled", &["recall"]),
];
const STANDARD_KEYS: [&str; 9] = [
    "oil_change",
    "tire_rotation",
    "brake_inspection",
    "brake_service",
    "inspection",
    "engine_diagnostics",
    "general_maintenance",
    "repair",
    "recall",
];

/// The phrases by which one location's services are known.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    /// Longest first, so that "brake inspection" is not an "inspection".
    phrases: Vec<(Vec<String>, String)>,
}

impl Vocabulary {
    /// The vocabulary of a location: each service's key and its own synonyms (its spoken name among
    /// them), and the common phrases for the services it offers.
    pub fn new<'a, S>(services: impl IntoIterator<Item = (&'a str, S)>) -> Self
    where
        S: IntoIterator<Item = &'a str>,
    {
        let mut keys: Vec<&str> = Vec::new();
        let mut phrases: Vec<(Vec<String>, String)> = Vec::new();
        for (key, synonyms) in services {
            keys.push(key);
            phrases.push((content(&Words::new(&key.replace('_', " "))), key.to_owned()));
            for synonym in synonyms {
                phrases.push((content(&Words::new(synonym)), key.to_owned()));
            }
        }
        for (phrase, meanings) in COMMON {
            if let Some(key) = meanings.iter().find(|key| keys.contains(key)) {
                phrases.push((content(&Words::new(phrase)), (*key).to_owned()));
            }
        }
        phrases.retain(|(words, _)| !words.is_empty());
        // A stable sort: between equally long phrases, the location's own come first.
        phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
        Self { phrases }
    }

    /// What any workshop offers, where no location is at hand.
    #[must_use]
    pub fn standard() -> &'static Self {
        static STANDARD: LazyLock<Vocabulary> =
            LazyLock::new(|| Vocabulary::new(STANDARD_KEYS.map(|key| (key, []))));
        &STANDARD
    }

    /// The keys of the services that were named, in the order they were named, each once.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<String> {
        self.find_in(&Words::new(text))
    }

    /// [`Vocabulary::find`] in words that are already split.
    #[must_use]
    pub fn find_in(&self, words: &Words) -> Vec<String> {
        let list = content(words);
        let mut taken = vec![false; list.len()];
        let mut found: Vec<(usize, &str)> = Vec::new();
        for (phrase, key) in &self.phrases {
            for (at, window) in list.windows(phrase.len()).enumerate() {
                let range = at..at + phrase.len();
                let free = !taken[range.clone()].iter().any(|&t| t);
                if free
                    && window
                        .iter()
                        .zip(phrase)
                        .all(|(said, known)| same(said, known))
                {
                    taken[range].fill(true);
                    found.push((at, key));
                }
            }
        }
        found.sort_by_key(|&(at, _)| at);
        let mut keys: Vec<String> = Vec::new();
        for (_, key) in found {
            if !keys.iter().any(|k| k == key) {
                keys.push(key.to_owned());
            }
        }
        keys
    }
}

fn content(words: &Words) -> Vec<String> {
    words
        .list()
        .iter()
        .filter(|w| !ARTICLES.contains(&w.as_str()))
        .cloned()
        .collect()
}

/// The same word, in singular or plural, or a slip away.
fn same(said: &str, known: &str) -> bool {
    let stem = |word: &str| word.strip_suffix('s').unwrap_or(word).to_owned();
    if said == known {
        return true;
    }
    // "Brake" alone is not "brakes": it is the beginning of "brake job".
    if stem(said) == stem(known) {
        return said.len() > known.len() || known.len() > FORGIVING_LENGTH;
    }
    said.len().min(known.len()) >= FORGIVING_LENGTH
        && said.chars().next() == known.chars().next()
        && strsim::jaro_winkler(said, known) >= LIKENESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_found_by_what_callers_call_them() {
        for (text, keys) in [
            (
                "i would like to schedule an oil change",
                &["oil_change"][..],
            ),
            ("can you change my oil", &["oil_change"]),
            (
                "an oil change and a tire rotation",
                &["oil_change", "tire_rotation"],
            ),
            ("i want my tires rotated", &["tire_rotation"]),
            ("a brake inspection", &["brake_inspection"]),
            ("a break inspection", &["brake_inspection"]),
            ("my brakes are squealing", &["brake_inspection"]),
            ("new brake pads", &["brake_service"]),
            ("a brake job", &["brake_service"]),
            ("i need a state inspection", &["inspection"]),
            ("a state inspecton", &["inspection"]),
            ("my check engine light is on", &["engine_diagnostics"]),
            ("my car won't start", &["engine_diagnostics"]),
            ("a letter about a recall", &["recall"]),
            ("a tune up", &["general_maintenance"]),
            ("my battery keeps dying", &["repair"]),
            ("i better go", &[]),
            ("what is your address", &[]),
        ] {
            assert_eq!(Vocabulary::standard().find(text), keys, "{text}");
        }
    }

    #[test]
    fn a_location_adds_its_own_words_and_offers_only_its_own_services() {
        let shop = Vocabulary::new([
            ("oil_change", vec!["lube job"]),
            ("engine_diagnostics", vec!["the computer thing"]),
        ]);
        assert_eq!(shop.find("a lube job please"), ["oil_change"]);
        assert_eq!(shop.find("that computer thing"), ["engine_diagnostics"]);
        assert_eq!(shop.find("my battery is dead"), ["engine_diagnostics"]);
        assert_eq!(shop.find("a tire rotation"), Vec::<String>::new());
    }
}
