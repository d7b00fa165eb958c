//! Spanish, put word by word into the form that the readers of meaning know.
//!
//! There is one grammar of what callers mean, and it reads English; what differs here is words. So
//! numbers become figures, clock times and dates take the English order, known phrases ([`talk`],
//! [`errands`], [`times`], [`things`]) their English ones, and whatever is unknown (names, makes,
//! English words in between) stays as it was said.

mod errands;
mod number;
mod talk;
#[cfg(test)]
mod tests;
mod things;
mod times;

use std::collections::HashMap;
use std::sync::LazyLock;

use pipeline::message::Expectation;

use super::name::PARTICLES;
use super::words::{HOLDS_TOGETHER, Words};

pub(crate) use number::digits_said;
pub(crate) use times::month;

/// A Spanish phrase without accents, and what it is in English; nothing where it only joins others.
type Table = &'static [(&'static str, &'static str)];

/// Phrases by their first word, the longest first.
type Phrases = HashMap<&'static str, Vec<(Vec<&'static str>, &'static str)>>;

static ALL: LazyLock<Phrases> =
    LazyLock::new(|| phrases(&[talk::TABLE, errands::TABLE, times::TABLE, things::TABLE]));
/// Where a name is asked for, "Julio" is a name and so is "De la Cruz".
static BESIDE_NAMES: LazyLock<Phrases> = LazyLock::new(|| phrases(&[talk::TABLE]));

/// How many words after "me llamo" are a name, whatever else they mean.
const WORDS_OF_A_NAME: usize = 2;
/// How many may be, if they mean nothing else: "María José García López", "de la Cruz".
const MOST_WORDS_OF_A_NAME: usize = 6;

/// The words as they would be in English.
pub(super) fn plain(text: &str, expects: Expectation) -> String {
    let words = if expects == Expectation::Name {
        Words::of_a_name(text)
    } else {
        Words::new(text)
    };
    let said = words.list();
    let folded: Vec<String> = said.iter().map(|word| folded(word)).collect();
    let naming = expects == Expectation::Name;
    let phrases = if naming { &BESIDE_NAMES } else { &ALL };
    let mut out: Vec<String> = Vec::with_capacity(said.len());
    let mut at = 0;
    while let Some(rest) = folded.get(at..).filter(|rest| !rest.is_empty()) {
        let timely = (!naming).then(|| times::read(rest, out.last().map(String::as_str)));
        if let Some((words, used)) = timely.flatten() {
            out.extend(words.split(' ').map(str::to_owned));
            at += used;
            continue;
        }
        let Some((english, used)) = phrase(phrases, rest) else {
            if naming {
                let length = words_of_a_name(phrases, rest, 1);
                out.extend(with_both_surnames(said, at, length));
                at += length;
                continue;
            }
            let figure = number::cardinal(rest);
            let (word, used) = figure.map_or_else(
                || (said.get(at).cloned().unwrap_or_default(), 1),
                |(n, used)| (n.to_string(), used),
            );
            out.push(word);
            at += used;
            continue;
        };
        out.extend(
            english
                .split(' ')
                .filter(|w| !w.is_empty())
                .map(str::to_owned),
        );
        at += used;
        if english.ends_with("name is") {
            let rest = folded.get(at..).unwrap_or_default();
            let length = words_of_a_name(phrases, rest, WORDS_OF_A_NAME);
            out.extend(with_both_surnames(said, at, length));
            at += length;
        }
    }
    out.join(" ")
}

/// How many of the words are a name: `least`, and those behind them that mean nothing else.
fn words_of_a_name(phrases: &Phrases, words: &[String], least: usize) -> usize {
    let means_more = |at: usize| {
        let rest = words.get(at..).unwrap_or_default();
        let is_number = !std::ptr::eq(phrases, &*BESIDE_NAMES) && number::cardinal(rest).is_some();
        let is_spelled = rest.first().is_none_or(|word| word.chars().count() == 1);
        is_spelled || is_number || phrase(phrases, rest).is_some()
    };
    let is_particle = |at: usize| {
        let particle = words
            .get(at)
            .is_some_and(|word| PARTICLES.contains(&word.as_str()));
        particle
            && (at + 1..words.len())
                .take(2)
                .any(|behind| !means_more(behind))
    };
    let longest = words.len().min(MOST_WORDS_OF_A_NAME);
    (0..longest)
        .take_while(|&at| at < least || is_particle(at) || !means_more(at))
        .count()
}

/// A name's words. Of three names or more the last two are surnames, which belong together.
fn with_both_surnames(said: &[String], from: usize, length: usize) -> Vec<String> {
    let words = said.iter().skip(from).take(length);
    // Each with the particles before it.
    let mut names: Vec<Vec<&str>> = Vec::new();
    let mut behind_a_particle = false;
    for word in words {
        match names.last_mut().filter(|_| behind_a_particle) {
            Some(name) => name.push(word),
            None => names.push(vec![word]),
        }
        behind_a_particle = PARTICLES.contains(&folded(word).as_str());
    }
    let given = names.len().saturating_sub(2);
    if given == 0 {
        return names.concat().into_iter().map(str::to_owned).collect();
    }
    let surnames = names.split_off(given).concat();
    let surnames = surnames.join(&HOLDS_TOGETHER.to_string());
    let given = names.concat().into_iter().map(str::to_owned);
    given.chain([surnames]).collect()
}

fn phrases(tables: &[Table]) -> Phrases {
    let mut by_first: Phrases = HashMap::new();
    for (spanish, english) in tables.iter().copied().flatten() {
        let words: Vec<&str> = spanish.split(' ').collect();
        if let Some(first) = words.first() {
            by_first.entry(first).or_default().push((words, english));
        }
    }
    for same in by_first.values_mut() {
        same.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    }
    by_first
}

/// The longest phrase that the words begin with, in English, and how many words it has.
fn phrase(phrases: &Phrases, words: &[String]) -> Option<(&'static str, usize)> {
    let same = phrases.get(words.first()?.as_str())?;
    same.iter()
        .find(|(phrase, _)| {
            phrase.len() <= words.len() && phrase.iter().zip(words).all(|(a, b)| a == b)
        })
        .map(|(phrase, english)| (*english, phrase.len()))
}

/// Without accents, which recognisers and keyboards write or leave out.
pub(crate) fn folded(word: &str) -> String {
    let plain = |c| match c {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        other => other,
    };
    word.chars().map(plain).collect()
}
