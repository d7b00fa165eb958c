//! When two names are the same: recognisers and keyboards leave out what people write.

use std::cmp::Ordering;

/// Letters with what is left out, and below each of them the letter without it; the last few are
/// accents of their own, and nothing is left of them. Both databases compare by these.
pub(crate) const ACCENTED: &str = "ÀÁÂÃÄÅàáâãäåÇçÈÉÊËèéêëÌÍÎÏìíîïÑñÒÓÔÕÖØòóôõöøÙÚÛÜùúûüÝýÿŁł-’\
    '\u{300}\u{301}\u{302}\u{303}\u{308}\u{327}";
pub(crate) const PLAIN: &str = "AAAAAAaaaaaaCcEEEEeeeeIIIIiiiiNnOOOOOOooooooUUUUuuuuYyyLl ";

/// Compares names without regard to case, accents, apostrophes and hyphens.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    folded(one).cmp(folded(other))
}

fn folded(name: &str) -> impl Iterator<Item = char> + '_ {
    let plain = |letter: char| match ACCENTED.chars().position(|accented| accented == letter) {
        Some(at) => PLAIN.chars().nth(at),
        None => Some(letter),
    };
    name.chars().filter_map(plain).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_however_it_is_written() {
        for (one, other) in [
            ("José Núñez", "jose nunez"),
            ("JOSE\u{301}", "José"),
            ("Jean-Luc", "jean luc"),
            ("O'Brien", "OBRIEN"),
            ("O’Brien", "o'brien"),
            ("Łukasz", "lukasz"),
            ("ÅSA", "Asa"),
        ] {
            assert_eq!(compare(one, other), Ordering::Equal, "{one} {other}");
        }
        for (one, other) in [("Ann", "Joann"), ("Lee", "Ashlee"), ("李", "王")] {
            assert_ne!(compare(one, other), Ordering::Equal, "{one} {other}");
        }
        // The last are nothing.
        assert_eq!(ACCENTED.chars().count(), PLAIN.chars().count() + 8);
    }
}
