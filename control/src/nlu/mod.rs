//! From recognised words to meaning: numbers, dates, names, requests. Pure.

pub mod date_of_birth;
pub mod date_time;
pub mod name;
pub mod number;
pub mod phone;
pub mod say;
pub mod words;
pub mod yes_no;
