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

use super::words::Words;

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

/// The words as they would be in English.
pub(super) fn plain(text: &str, expects: Expectation) -> String {
    let words = Words::new(text);
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
            let figure = number::cardinal(rest).filter(|_| !naming);
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
            let name = said.iter().skip(at).take(WORDS_OF_A_NAME);
            out.extend(name.cloned());
            at += WORDS_OF_A_NAME;
        }
    }
    out.join(" ")
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
