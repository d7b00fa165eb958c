//! A vehicle: year, make and model from words, and which of a customer's vehicles is meant.

mod models;

use std::ops::Range;

use storage::vehicle::Vehicle;

pub use models::Body;
use models::{MAKES, MODELS};

use super::date_time::{self, Asked};
use super::name::title_case;
use super::number;
use super::words::Words;

/// Model years that exist: before, nothing is serviced; after, nothing is built.
const MODEL_YEARS: Range<i16> = 1950..2036;
/// Most words of one make or model: "town and country", "c r v".
const MAX_NAME_WORDS: usize = 4;
/// Shortest name in which one wrong letter is forgiven.
const FORGIVING_LENGTH: usize = 5;

/// A vehicle as far as it was described.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpokenVehicle {
    pub year: Option<i16>,
    /// As it is written: "Ford".
    pub make: Option<String>,
    /// As it is written: "F-150".
    pub model: Option<String>,
    pub body: Option<Body>,
}

impl SpokenVehicle {
    /// This description with what it leaves open taken from an earlier answer.
    #[must_use]
    pub fn or(self, earlier: Self) -> Self {
        Self {
            year: self.year.or(earlier.year),
            make: self.make.or(earlier.make),
            model: self.model.or(earlier.model),
            body: self.body.or(earlier.body),
        }
    }
}

/// Which of a customer's vehicles is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen<'a> {
    One(&'a Vehicle),
    /// These all fit; ask which.
    Ambiguous(Vec<&'a Vehicle>),
    /// None of them was named; [`parse`] tells whether another one was.
    None,
}

/// Reads a description that was asked for, in which unknown words may name the vehicle: "a 2009 Saab
/// nine three". `None` where nothing of a vehicle was said.
#[must_use]
pub fn parse(text: &str) -> Option<SpokenVehicle> {
    parse_words(&Words::new(text))
}

/// [`parse`] of words that are already split.
#[must_use]
pub fn parse_words(words: &Words) -> Option<SpokenVehicle> {
    read(words, Unknown::IsAName)
}

/// Reads a vehicle that nobody asked for: a make that we know must be named, and behind it a model
/// that we know or, with a year, one that we do not. A year alone is one only in "a 2018".
#[must_use]
pub fn mentioned(words: &Words) -> Option<SpokenVehicle> {
    let said = read(words, Unknown::IsNoName)?;
    let dated = said.year.is_some() && (1..words.len()).any(|at| is_one_of_a_year(words, at));
    (said.make.is_some() || said.body.is_some() || dated).then_some(said)
}

/// Whether "a 2018" stands here.
fn is_one_of_a_year(words: &Words, at: usize) -> bool {
    let year = words.list().get(at..).and_then(number::year);
    year.is_some_and(|(year, _)| MODEL_YEARS.contains(&year))
        && matches!(words.at(at - 1), "a" | "an")
}

/// What a word is that names no vehicle that we know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unknown {
    IsAName,
    IsNoName,
}

fn read(words: &Words, unknown: Unknown) -> Option<SpokenVehicle> {
    let (year, words) = split_year(words);
    let words = figures(&words);
    let model = find_model(&words);
    let make = find_make(&words);
    let asked = unknown == Unknown::IsAName;
    let (make, model) = match (make, model) {
        // The model decides, unless another make was named: "Ford Ranger", "Ram 1500".
        (None, Some((make, model, _))) => (Some(make.to_owned()), Some(model.to_owned())),
        (Some((make, _)), Some((maker, model, _))) if make == maker => {
            (Some(make.to_owned()), Some(model.to_owned()))
        }
        (Some((make, after)), _) => {
            let model = unknown_model(&words, after).filter(|_| asked || year.is_some());
            (Some(make.to_owned()), model)
        }
        (None, None) if asked => unknown_make(&words, year),
        (None, None) => (None, None),
    };
    let body = model_body(model.as_deref()).or_else(|| find_body(&words));
    let said = SpokenVehicle {
        year,
        make,
        model,
        body,
    };
    (said != SpokenVehicle::default()).then_some(said)
}

/// "The other car", or "the other one" by a caller with whom a vehicle is being talked of.
#[must_use]
pub fn names_the_other(text: &str) -> bool {
    let words = Words::new(text);
    let kinds = ["car", "one", "vehicle", "truck", "van", "suv"];
    let other = |kind: &str| words.has(&format!("other {kind}"));
    kinds.into_iter().any(other)
}

/// Chooses among a customer's vehicles by year, make, model, body ("the truck") or order ("the
/// second one").
#[must_use]
pub fn choose<'a>(vehicles: &'a [Vehicle], text: &str) -> Chosen<'a> {
    let words = Words::new(text);
    if let Some(vehicle) = by_order(vehicles, &words) {
        return Chosen::One(vehicle);
    }
    let (year, rest) = split_year(&words);
    let figures = figures(&rest);
    let named = |vehicle: &&Vehicle| mentions(&figures, &vehicle.model);
    let made = |vehicle: &&Vehicle| makes_agree(&figures, &vehicle.make);
    let mut fitting: Vec<&Vehicle> = vehicles.iter().collect();
    let mut said_something = false;
    if vehicles.iter().any(|v| named(&v)) {
        fitting.retain(named);
        said_something = true;
    } else if find_model(&figures).is_some() {
        return Chosen::None; // another model was named
    }
    if find_make(&figures).is_some() || vehicles.iter().any(|v| made(&v)) {
        fitting.retain(made);
        said_something = true;
    }
    if let Some(year) = year {
        fitting.retain(|vehicle| vehicle.year == year);
        said_something = true;
    }
    if let Some(body) = find_body(&figures) {
        let bodied = |v: &&Vehicle| model_body(Some(&v.model)) == Some(body);
        // "The car" may be any vehicle where none of them is a car in the narrow sense.
        if body != Body::Car || fitting.iter().any(bodied) {
            fitting.retain(bodied);
        }
        said_something = true;
    }
    match fitting.as_slice() {
        [] => Chosen::None,
        [one] if said_something => Chosen::One(one),
        _ if said_something => Chosen::Ambiguous(fitting),
        _ => Chosen::None,
    }
}

/// "The second one", "the newer one".
fn by_order<'a>(vehicles: &'a [Vehicle], words: &Words) -> Option<&'a Vehicle> {
    if words.has_any(&["newer", "newest", "new one"]) {
        return vehicles.iter().max_by_key(|vehicle| vehicle.year);
    }
    if words.has_any(&["older", "oldest", "old one"]) {
        return vehicles.iter().min_by_key(|vehicle| vehicle.year);
    }
    let when = date_time::parse_words(words, Asked::Otherwise)?;
    vehicles.get(when.pick(vehicles.len())?)
}

/// Takes a model year out of the words.
fn split_year(words: &Words) -> (Option<i16>, Words) {
    (0..words.len())
        .find_map(|i| {
            let (year, used) = number::year(words.list().get(i..)?)?;
            MODEL_YEARS
                .contains(&year)
                .then(|| (Some(year), words.cut(i, i + used)))
        })
        .unwrap_or_else(|| (None, words.clone()))
}

/// Numbers in figures: "f one fifty" becomes "f 150".
fn figures(words: &Words) -> Words {
    let list = words.list();
    let mut out: Vec<String> = Vec::with_capacity(list.len());
    let mut i = 0;
    while i < list.len() {
        match number::grouped_digits(&list[i..]).filter(|_| list[i] != "o") {
            Some((digits, used)) => {
                out.push(digits);
                i += used;
            }
            None => {
                out.push(list[i].clone());
                i += 1;
            }
        }
    }
    Words::new(&out.join(" "))
}

/// "F-150" → "f150".
fn compact(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Where a name is mentioned, and the index after it.
fn exact(words: &Words, name: &str) -> Option<(usize, usize)> {
    let list = words.list();
    (0..list.len()).find_map(|i| {
        (1..=MAX_NAME_WORDS.min(list.len() - i))
            .find(|n| list[i..i + n].concat() == name)
            .map(|n| (i, i + n))
    })
}

/// [`exact`] but for one slip in a longer name. A figure is a different model, not a slip: a Mazda
/// is no Mazda3.
fn near(words: &Words, name: &str) -> Option<(usize, usize)> {
    if name.len() < FORGIVING_LENGTH || name.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let slip = |word: &String| {
        word.len() >= FORGIVING_LENGTH
            && word.chars().next() == name.chars().next()
            && strsim::osa_distance(word, name) <= 1
    };
    words.list().iter().position(slip).map(|i| (i, i + 1))
}

/// How a name is looked for: [`exact`] or [`near`].
type Search = fn(&Words, &str) -> Option<(usize, usize)>;

fn mentions(words: &Words, name: &str) -> bool {
    exact(words, &compact(name))
        .or_else(|| near(words, &compact(name)))
        .is_some()
}

fn makes_agree(words: &Words, make: &str) -> bool {
    find_make(words).is_some_and(|(said, _)| said.eq_ignore_ascii_case(make))
        || mentions(words, make)
}

/// The longest model named, so that a Grand Cherokee is not a Cherokee. Bare figures ("300") and
/// ordinary words need their make beside them.
fn find_model(words: &Words) -> Option<(&'static str, &'static str, Body)> {
    model_by(words, exact).or_else(|| model_by(words, near))
}

fn model_by(words: &Words, search: Search) -> Option<(&'static str, &'static str, Body)> {
    const ORDINARY: [&str; 9] = [
        "fit", "edge", "escape", "focus", "soul", "journey", "pilot", "legacy", "compass",
    ];
    let make = find_make(words).map(|(make, _)| make);
    let introduced = |maker: &str, name: &str| {
        let weak = ORDINARY.contains(&name) || name.bytes().all(|b| b.is_ascii_digit());
        match make {
            Some(make) => make == maker,
            None => !weak || words.has(&format!("the {name}")),
        }
    };
    MODELS
        .iter()
        .filter(|(maker, model, _)| {
            let name = compact(model);
            introduced(maker, &name) && search(words, &name).is_some()
        })
        .max_by_key(|(_, model, _)| model.len())
        .copied()
}

fn find_make(words: &Words) -> Option<(&'static str, usize)> {
    make_by(words, exact).or_else(|| make_by(words, near))
}

fn make_by(words: &Words, search: Search) -> Option<(&'static str, usize)> {
    MAKES.iter().find_map(|(make, names)| {
        names
            .iter()
            .find_map(|name| search(words, name))
            .map(|(_, after)| (*make, after))
    })
}

/// What follows a known make and is no known model.
fn unknown_model(words: &Words, after: usize) -> Option<String> {
    let name: Vec<String> = words
        .list()
        .iter()
        .skip(after)
        .take_while(|w| !STOPS.contains(&w.as_str()))
        .take(2)
        .map(|w| title_case(w))
        .collect();
    (!name.is_empty()).then(|| name.join(" "))
}

/// A make that we do not know, where a year says that a vehicle is meant: "2009 Saab nine three".
fn unknown_make(words: &Words, year: Option<i16>) -> (Option<String>, Option<String>) {
    let mut names = words
        .list()
        .iter()
        .filter(|w| !STOPS.contains(&w.as_str()))
        .map(|w| title_case(w));
    match (year, names.next(), names.next(), names.next()) {
        (Some(_), Some(make), Some(model), None) => (Some(make), Some(model)),
        (Some(_), Some(make), Some(model), Some(more)) => {
            (Some(make), Some(format!("{model} {more}")))
        }
        _ => (None, None),
    }
}

/// Words around a vehicle's name that are not part of it.
const STOPS: &[&str] = &[
    "a",
    "an",
    "the",
    "my",
    "it",
    "is",
    "i",
    "have",
    "drive",
    "and",
    "please",
    "for",
    "that",
    "this",
    "one",
    "from",
    "of",
    "on",
    "needs",
    "with",
    "at",
    "in",
    "to",
    "yes",
    "no",
    "car",
    "truck",
    "suv",
    "van",
    "sedan",
    "vehicle",
    "got",
    "own",
    "model",
    "year",
    "was",
    "am",
    "bring",
    "bringing",
    "will",
    "today",
    "tomorrow",
    "tonight",
    "next",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "oil",
    "tire",
    "tires",
    "brake",
    "brakes",
    "change",
    "inspection",
    "rotation",
    "service",
    "appointment",
    "as",
    "or",
    "around",
    "after",
    "before",
    "not",
    "but",
    "because",
    "so",
    "works",
    "he",
    "she",
    "they",
];

fn find_body(words: &Words) -> Option<Body> {
    let bodies: [(&[&str], Body); 4] = [
        (&["truck", "pickup", "pick up"], Body::Truck),
        (&["suv", "s u v", "crossover"], Body::Suv),
        (&["van", "minivan"], Body::Van),
        (&["car", "sedan", "coupe", "hatchback"], Body::Car),
    ];
    bodies
        .iter()
        .find(|(names, _)| words.has_any(names))
        .map(|&(_, body)| body)
}

fn model_body(model: Option<&str>) -> Option<Body> {
    let model = compact(model?);
    MODELS
        .iter()
        .find(|(_, name, _)| compact(name) == model)
        .map(|&(_, _, body)| body)
}

#[cfg(test)]
mod tests;
