//! A vehicle identification number, spelled however one spells it on the telephone.

use super::number;

/// How many characters every one has since 1981.
pub const LENGTH: usize = 17;

/// Letters of words that may spell one; what follows is ignored.
pub const MAX_LETTERS: usize = 400;

/// Letters that no VIN has, because they look like digits.
const NEVER: [char; 3] = ['I', 'O', 'Q'];

/// Words read of one utterance; what follows is ignored.
const MAX_TOKENS: usize = 120;

/// Words for letters: the alphabets of aviation and of the police, and the letters' own names.
const SPELLED: [(char, &[&str]); 26] = [
    ('A', &["alpha", "alfa", "adam", "apple"]),
    ('B', &["bravo", "boy", "bee"]),
    ('C', &["charlie", "charles", "cee", "see", "sea"]),
    ('D', &["delta", "david", "dee"]),
    ('E', &["echo", "edward"]),
    ('F', &["foxtrot", "frank", "eff"]),
    ('G', &["golf", "george", "gee"]),
    ('H', &["hotel", "henry", "aitch"]),
    ('I', &["india", "ida"]),
    ('J', &["juliet", "juliett", "john", "jay"]),
    ('K', &["kilo", "king", "kay"]),
    ('L', &["lima", "lincoln", "el", "ell"]),
    ('M', &["mike", "mary", "em"]),
    ('N', &["november", "nora", "nancy", "en"]),
    ('O', &["oscar", "ocean"]),
    ('P', &["papa", "paul", "peter", "pee"]),
    ('Q', &["quebec", "queen", "cue", "queue"]),
    ('R', &["romeo", "robert", "are", "ar"]),
    ('S', &["sierra", "sam", "ess"]),
    ('T', &["tango", "tom", "tee", "tea"]),
    ('U', &["uniform", "union", "you"]),
    ('V', &["victor", "vee"]),
    ('W', &["whiskey", "whisky", "william"]),
    ('X', &["xray", "ex"]),
    ('Y', &["yankee", "young", "why"]),
    ('Z', &["zulu", "zebra", "zee", "zed"]),
];

/// Said between the characters; they neither count nor end the number.
const BETWEEN: [&str; 10] = [
    "and", "then", "dash", "space", "capital", "letter", "number", "digit", "uh", "um",
];

/// Why no VIN was read; each asks the caller differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VinError {
    #[error("vin: {0} characters, expected 17; ask for all of them")]
    Length(usize),
    #[error("vin: no VIN has the letter {0}; ask whether it is a digit")]
    Letter(char),
}

/// Reads a VIN: "1FTEW1E50KFA00000", "one foxtrot tango echo whiskey …", "V as in Victor". Upper
/// case. A spoken "o" is a zero, for no VIN has the letter.
///
/// # Errors
/// [`VinError`] unless exactly one run of 17 characters was given.
pub fn parse(text: &str) -> Result<String, VinError> {
    let runs = runs(text);
    let whole = runs.iter().find(|run| run.chars().count() == LENGTH);
    let longest = runs.iter().map(|run| run.chars().count()).max();
    let vin = whole.ok_or(VinError::Length(longest.unwrap_or(0)))?;
    match vin.chars().find(|c| NEVER.contains(c)) {
        Some(letter) => Err(VinError::Letter(letter)),
        None => Ok(vin.clone()),
    }
}

/// Whether a VIN is of a vehicle built for North America, where the check digit is law.
#[must_use]
pub fn is_north_american(vin: &str) -> bool {
    vin.starts_with(['1', '2', '3', '4', '5'])
}

/// Whether the ninth of 17 characters is what the others make it (49 CFR 565.15).
#[must_use]
pub fn has_right_check_digit(vin: &str) -> bool {
    const WEIGHTS: [u32; LENGTH] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let mut sum = 0;
    for (character, weight) in vin.chars().zip(WEIGHTS) {
        let Some(value) = value(character) else {
            return false;
        };
        sum += value * weight;
    }
    let digit = char::from_digit(sum % 11, 10).unwrap_or('X');
    vin.chars().count() == LENGTH && vin.chars().nth(8) == Some(digit)
}

/// What a character counts in the sum.
fn value(character: char) -> Option<u32> {
    Some(match character {
        '0'..='9' => u32::from(character) - u32::from('0'),
        'A'..='H' => u32::from(character) - u32::from('A') + 1,
        'J'..='N' => u32::from(character) - u32::from('J') + 1,
        'P' => 7,
        'R' => 9,
        'S'..='Z' => u32::from(character) - u32::from('S') + 2,
        _ => return None,
    })
}

/// All runs of characters; words that mean none end a run.
fn runs(text: &str) -> Vec<String> {
    let tokens: Vec<Token> = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | ';' | ':'))
        .filter_map(Token::of)
        .take(MAX_TOKENS)
        .collect();
    let words: Vec<String> = tokens.iter().map(|token| token.word.clone()).collect();
    let mut runs = vec![String::new()];
    let mut i = 0;
    while i < tokens.len() {
        let run = runs.last().map_or("", String::as_str);
        let skipped = example(run, &words[i..]);
        if skipped > 0 {
            i += skipped;
        } else if let Some((characters, used)) = characters(&tokens[i..], &words[i..]) {
            if let Some(run) = runs.last_mut() {
                run.push_str(&characters);
            }
            i += used;
        } else {
            if !BETWEEN.contains(&words[i].as_str()) {
                runs.push(String::new());
            }
            i += 1;
        }
    }
    runs
}

/// One word as it was written.
struct Token {
    /// Lower case, letters and digits only.
    word: String,
    /// It was written as characters and not as a word: "KFA", "1ftew1e50".
    plain: bool,
}

impl Token {
    fn of(text: &str) -> Option<Self> {
        let kept: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        if kept.is_empty() {
            return None;
        }
        let digits = kept.bytes().any(|b| b.is_ascii_digit());
        let shouted = kept.len() > 1 && kept.bytes().all(|b| b.is_ascii_uppercase());
        let word = kept.to_ascii_lowercase();
        let known = word == "vin" || letter(&word).is_some() || BETWEEN.contains(&word.as_str());
        Some(Self {
            plain: digits || (shouted && !known && !number::is_number_word(&word)),
            word,
        })
    }
}

/// "As in Victor", "for Victor", "like Victor" after a V: how many words of it to pass over.
fn example(run: &str, words: &[String]) -> usize {
    let Some(last) = run.chars().last() else {
        return 0;
    };
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let at = match (word(0), word(1)) {
        ("as", "in") => 2,
        ("for" | "like", _) => 1,
        _ => return 0,
    };
    let begins_so = word(at).len() > 1 && word(at).starts_with(last.to_ascii_lowercase());
    if begins_so { at + 1 } else { 0 }
}

/// What the next words stand for, and how many they are.
fn characters(tokens: &[Token], words: &[String]) -> Option<(String, usize)> {
    let first = tokens.first()?;
    if first.plain {
        return Some((first.word.to_ascii_uppercase(), 1));
    }
    let times = match first.word.as_str() {
        "double" if words.get(1).is_some_and(|w| w == "u" || w == "you") => {
            return Some(("W".to_owned(), 2));
        }
        "double" => 2,
        "triple" => 3,
        _ => return one(words),
    };
    let (character, used) = one(words.get(1..)?)?;
    (character.len() == 1).then(|| (character.repeat(times), used + 1))
}

/// A letter, a digit, or a number of two digits.
fn one(words: &[String]) -> Option<(String, usize)> {
    let first = words.first()?;
    if let Some(digit) = number::digit(first) {
        return Some((digit.to_string(), 1));
    }
    if let Some((n, used)) = number::below_hundred(words) {
        return Some((n.to_string(), used));
    }
    letter(first).map(|letter| (letter.to_string(), 1))
}

fn letter(word: &str) -> Option<char> {
    let mut chars = word.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return c.is_ascii_alphabetic().then(|| c.to_ascii_uppercase());
    }
    let spelled = SPELLED.iter().find(|(_, names)| names.contains(&word));
    spelled.map(|(letter, _)| *letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vin_is_read_however_it_is_spelled() {
        const TRUCK: &str = "1FTEW1E50KFA00001";
        for text in [
            TRUCK,
            "1ftew1e50kfa00001",
            "my VIN is 1FTEW1E50KFA00001, thank you",
            "1FTEW 1E50 KFA 00001",
            "1-F-T-E-W-1-E-5-0-K-F-A-0-0-0-0-1",
            "one f t e w one e five oh k f a zero zero zero zero one",
            "one foxtrot tango echo whiskey one echo fifty kilo foxtrot alpha double zero double \
             zero one",
            "one F as in Frank T as in Tom E for Edward double u one E like Echo 50 K F A triple \
             oh 01",
            "VIN 1FTEW1E50KFA00001",
            "the vin number is 1, F, T, E, W, then 1, E, 5, o, K, F, A, 0, 0, 0, 0, 1",
        ] {
            assert_eq!(parse(text).as_deref(), Ok(TRUCK), "{text}");
        }
    }

    #[test]
    fn what_is_no_vin_says_why() {
        use VinError::{Length, Letter};
        for (text, why) in [
            ("", Length(0)),
            ("1", Length(1)),
            ("1FTEW1E50KFA0000", Length(16)),
            ("1FTEW1E50KFA000001", Length(18)),
            ("1FTEW1E5OKFA00001", Letter('O')),
            ("IFTEW1E50KFA00001", Letter('I')),
            ("1FTEW1E50KQA00001", Letter('Q')),
            (
                "one foxtrot tango echo whiskey one echo five oscar kilo foxtrot alpha double zero \
                 double zero one",
                Letter('O'),
            ),
            ("1FTEW1E50 something KFA00001", Length(9)),
            ("' OR 1=1; --", Length(4)),
        ] {
            assert_eq!(parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn the_check_digit_tells_a_misheard_character() {
        for right in [
            "1M8GDM9AXKP042788",
            "11111111111111111",
            "1HGCM82633A004352",
            "5YJSA1DG9DFP14705",
        ] {
            assert!(has_right_check_digit(right), "{right}");
        }
        for wrong in [
            "1M8GDM9A1KP042788",
            "1HGCM82633A004353",
            "1HGCM82633B004352",
            "1HGCM82633A00435",
            "1HGCM82633A0043522",
            "",
        ] {
            assert!(!has_right_check_digit(wrong), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn one_wrong_digit_never_passes(vin in "[A-HJ-NPR-Z0-9]{8}", rest in "[0-9]{8}", at in 9_usize..17) {
            let right = "0123456789X"
                .chars()
                .map(|digit| format!("{vin}{digit}{rest}"))
                .find(|vin| has_right_check_digit(vin))
                .expect("one of them is");
            let mut other: Vec<char> = right.chars().collect();
            other[at] = if other[at] == '0' { '1' } else { '0' };
            let other: String = other.into_iter().collect();
            proptest::prop_assert!(!has_right_check_digit(&other), "{} {}", right, other);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,120}") {
            if let Ok(vin) = parse(&text) {
                proptest::prop_assert_eq!(vin.len(), LENGTH);
                proptest::prop_assert_eq!(parse(&vin), Ok(vin));
            }
        }

        #[test]
        fn prose_is_no_vin(text in "(my|car|has|a|strange|noise|since|last|week|please| ){0,30}") {
            proptest::prop_assert!(parse(&text).is_err(), "{}", text);
        }

        #[test]
        fn one_character_too_few_or_too_many_is_no_vin(
            vin in "[A-HJ-NPR-Z0-9]{16}|[A-HJ-NPR-Z0-9]{18}",
        ) {
            proptest::prop_assert!(parse(&vin).is_err(), "{}", vin);
        }

        #[test]
        fn every_vin_spelled_in_words_is_read_back(
            vin in "[A-HJ-NPR-Z0-9]{17}",
            way in proptest::collection::vec(0_usize..3, LENGTH),
        ) {
            let words: Vec<String> = vin
                .chars()
                .zip(way)
                .map(|(c, way)| match (c.to_digit(10), way) {
                    (Some(digit), 0) => number::in_words(digit),
                    (Some(_), _) => c.to_string(),
                    (None, 0) => c.to_string(),
                    (None, way) => {
                        let names = SPELLED.iter().find(|(l, _)| *l == c).map(|(_, names)| *names);
                        let name = names.and_then(|names| names.first()).copied().unwrap_or("");
                        if way == 1 { name.to_owned() } else { format!("{c} as in {name}") }
                    }
                })
                .collect();
            proptest::prop_assert_eq!(parse(&words.join(" ")), Ok(vin));
        }
    }
}
