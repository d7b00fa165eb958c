//! From recognised words to meaning: numbers, dates, names, requests. Pure.
//!
//! [`words`] makes one form of what recognisers and keyboards write; each other file reads one kind
//! of thing from it. [`language`] puts Spanish into that form, so that there is one grammar.
//! [`concept`] says what a whole turn means, given what was asked, and [`agree`] accepts a turn only
//! where two readings of it mean the same. [`say`] is the way back: dates, times, prices and numbers
//! as one says them.

pub mod address;
mod concept;
pub mod date_of_birth;
pub mod date_time;
pub mod denial;
pub mod detail;
pub mod intent;
pub mod language;
pub mod name;
pub mod number;
pub mod phone;
mod plain_yes;
pub mod satisfaction;
pub mod say;
pub mod service;
mod spanish;
pub mod vehicle;
pub mod vin;
mod wish;
pub mod words;
pub mod yes_no;

pub(crate) use spanish::{digits_said as spanish_digits, folded, month as spanish_month};

pub use concept::{Concept, agree, concept, concept_at, same_meaning};
pub use plain_yes::is_plain_yes;
