//! Numbers below ten thousand, in words or figures.

const SMALL: [&str; 30] = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciseis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidos",
    "veintitres",
    "veinticuatro",
    "veinticinco",
    "veintiseis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
];
const TENS: [&str; 7] = [
    "treinta",
    "cuarenta",
    "cincuenta",
    "sesenta",
    "setenta",
    "ochenta",
    "noventa",
];
const HUNDREDS: [&str; 9] = [
    "ciento",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
];

/// The number that the words begin with, in words, and how many of them it took. "Un" and "una" are
/// articles here.
pub(super) fn cardinal(words: &[String]) -> Option<(u32, usize)> {
    let at = |index: usize| words.get(index).map_or("", String::as_str);
    let (thousands, used) = match (at(0), at(1)) {
        ("mil", _) => (1, 1),
        ("dos", "mil") => (2, 2),
        _ => return below_thousand(words),
    };
    let (rest, more) = below_thousand(words.get(used..)?).unwrap_or((0, 0));
    Some((thousands * 1000 + rest, used + more))
}

fn below_thousand(words: &[String]) -> Option<(u32, usize)> {
    let first = words.first()?;
    if first == "cien" {
        return Some((100, 1));
    }
    let Some(hundreds) = index(&HUNDREDS, first) else {
        return below_hundred(words);
    };
    let rest = below_hundred(words.get(1..)?).filter(|&(n, _)| n > 0);
    let (rest, more) = rest.unwrap_or((0, 0));
    Some(((hundreds + 1) * 100 + rest, 1 + more))
}

/// "Siete", "veintiuno", "cuarenta", "cuarenta y dos".
pub(super) fn below_hundred(words: &[String]) -> Option<(u32, usize)> {
    let first = words.first()?;
    if let Some(n) = index(&SMALL, first) {
        return Some((n, 1));
    }
    let ten = index(&TENS, first)? * 10 + 30;
    let and = words.get(1).is_some_and(|word| word == "y");
    let unit = words.get(2).filter(|_| and);
    let unit = unit.and_then(|word| index(&SMALL, word));
    match unit {
        Some(unit @ 1..=9) => Some((ten + unit, 3)),
        _ => Some((ten, 1)),
    }
}

/// A number in words or figures, up to `most`; "un" and "una" count.
pub(super) fn small(words: &[String], most: u32) -> Option<(u32, usize)> {
    let first = words.first()?;
    let (n, used) = match first.parse() {
        Ok(n) => (n, 1),
        Err(_) if matches!(first.as_str(), "un" | "una") => (1, 1),
        Err(_) => below_hundred(words)?,
    };
    (n <= most).then_some((n, used))
}

/// How many digits a spelled word stands for, as [`crate::nlu::number::digits_said`].
pub(crate) fn digits_said(word: &str) -> usize {
    match index(&SMALL, word) {
        Some(0..10) => 1,
        Some(_) => 2,
        None if index(&TENS, word).is_some() => 2,
        None if word == "cien" || index(&HUNDREDS, word).is_some() => 3,
        None => 0,
    }
}

fn index(list: &[&str], word: &str) -> Option<u32> {
    // "Doscientas millas".
    let masculine = word
        .strip_suffix("ientas")
        .map(|stem| format!("{stem}ientos"));
    let word = masculine.as_deref().unwrap_or(word);
    let index = list.iter().position(|known| *known == word)?;
    u32::try_from(index).ok()
}
