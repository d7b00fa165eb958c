//! From recognised words to meaning: numbers, dates, names, requests. Pure.
