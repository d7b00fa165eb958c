//! Days and times of day.

use super::Table;
use super::number;

const MONTHS: [(&str, &str); 13] = [
    ("enero", "january"),
    ("febrero", "february"),
    ("marzo", "march"),
    ("abril", "april"),
    ("mayo", "may"),
    ("junio", "june"),
    ("julio", "july"),
    ("agosto", "august"),
    ("septiembre", "september"),
    ("setiembre", "september"),
    ("octubre", "october"),
    ("noviembre", "november"),
    ("diciembre", "december"),
];

/// The English name of a month.
pub(crate) fn month(word: &str) -> Option<&'static str> {
    MONTHS
        .iter()
        .find(|(spanish, _)| *spanish == word)
        .map(|(_, english)| *english)
}

/// A date or a clock time that the words begin with, and how many words it took. `before` is what
/// stands before it, in English already.
pub(super) fn read(words: &[String], before: Option<&str>) -> Option<(String, usize)> {
    date(words)
        .or_else(|| nth_weekday(words))
        .or_else(|| clock(words, before))
        .or_else(|| day_of_month(words, before))
}

/// "El quince de diciembre", "catorce de marzo de mil novecientos ochenta y cinco", "primero de mayo".
fn date(words: &[String]) -> Option<(String, usize)> {
    let (day, used) = after_article(words)?;
    let at = |index: usize| words.get(index).map_or("", String::as_str);
    if at(used) != "de" {
        return None;
    }
    let month = month(at(used + 1))?;
    let used = used + 2;
    let joined = usize::from(matches!(at(used), "de" | "del"));
    let year = words.get(used + joined..).and_then(year);
    match year {
        Some((year, more)) => Some((format!("{month} {day} {year}"), used + joined + more)),
        None => Some((format!("{month} {day}"), used)),
    }
}

/// "El último lunes de diciembre", "el primer viernes del mes".
fn nth_weekday(words: &[String]) -> Option<(String, usize)> {
    const ORDINALS: [(&str, &str); 7] = [
        ("primer", "first"),
        ("primero", "first"),
        ("segundo", "second"),
        ("tercer", "third"),
        ("tercero", "third"),
        ("cuarto", "fourth"),
        ("ultimo", "last"),
    ];
    let at = |index: usize| words.get(index).map_or("", String::as_str);
    let article = usize::from(at(0) == "el");
    let (_, nth) = ORDINALS.iter().find(|(said, _)| *said == at(article))?;
    let (_, weekday) = WEEKDAYS.iter().find(|(said, _)| *said == at(article + 1))?;
    let (of, used) = match (at(article + 2), at(article + 3)) {
        ("del", "mes") => ("the month", 4),
        ("de", said) => (month(said)?, 4),
        _ => return None,
    };
    Some((format!("{nth} {weekday} of {of}"), article + used))
}

const WEEKDAYS: [(&str, &str); 7] = [
    ("lunes", "monday"),
    ("martes", "tuesday"),
    ("miercoles", "wednesday"),
    ("jueves", "thursday"),
    ("viernes", "friday"),
    ("sabado", "saturday"),
    ("domingo", "sunday"),
];

/// "Mil novecientos ochenta y cinco", "1985", "ochenta y cinco", "diecinueve ochenta y cinco".
fn year(words: &[String]) -> Option<(u32, usize)> {
    let written = words.first()?.parse::<u32>();
    let (n, used) = written.map_or_else(|_| number::cardinal(words), |n| Some((n, 1)))?;
    let century = matches!(n, 19 | 20);
    let rest = words.get(used..).filter(|_| century);
    if let Some((rest, more)) = rest.and_then(number::below_hundred) {
        return Some((n * 100 + rest, used + more));
    }
    matches!(n, 30..=99 | 1900..=2099).then_some((n, used))
}

/// "Quince", "el quince", "el dia 15", "el primero".
fn after_article(words: &[String]) -> Option<(u32, usize)> {
    let at = |index: usize| words.get(index).map_or("", String::as_str);
    let article = usize::from(at(0) == "el");
    let article = article + usize::from(at(article) == "dia");
    let rest = words.get(article..)?;
    if at(article) == "primero" {
        return Some((1, article + 1));
    }
    let (day, used) = number::small(rest, 31).filter(|&(day, _)| day > 0)?;
    Some((day, article + used))
}

/// "El dia quince", "el viernes veintisiete": a day of the month without the month.
fn day_of_month(words: &[String], before: Option<&str>) -> Option<(String, usize)> {
    let after_weekday =
        before.is_some_and(|word| WEEKDAYS.iter().any(|(_, weekday)| *weekday == word));
    let (day, used) = after_article(words)?;
    let at = |index: usize| words.get(index).map_or("", String::as_str);
    let first = at(0);
    let introduced = after_weekday || matches!(first, "el" | "dia");
    let is_time = matches!(at(used), "y" | "menos" | "en" | "am" | "pm")
        || (at(used) == "de" && at(used + 1) == "la");
    let is_choice = at(used.saturating_sub(1)) == "primero" && before.is_none();
    // "El 2020 azul", "el 150".
    (introduced && !is_time && !is_choice).then(|| {
        let suffix = match day {
            1 | 21 | 31 => "st",
            2 | 22 => "nd",
            3 | 23 => "rd",
            _ => "th",
        };
        (format!("the {day}{suffix}"), used)
    })
}

/// "A las tres y media", "la una", "tres menos cuarto"; the half of the day is read apart.
fn clock(words: &[String], before: Option<&str>) -> Option<(String, usize)> {
    let at = |index: usize| words.get(index).map_or("", String::as_str);
    let to = usize::from(at(0) == "a");
    let article = usize::from(matches!(at(to), "las" | "la"));
    let (hour, used) = number::small(words.get(to + article..)?, 24)?;
    // "La una", but "una cita".
    if article == 0 && matches!(at(to), "un" | "una") {
        return None;
    }
    let used = to + article + used;
    let minutes = minutes(words.get(used..)?, article > 0);
    let introduced = before.is_some_and(|word| INTRODUCTIONS.contains(&word));
    let at_ = if introduced { "" } else { "at " };
    match minutes {
        Some((Minutes::Past(minute), more)) => {
            Some((format!("{at_}{hour}:{minute:02}"), used + more))
        }
        Some((Minutes::To(minute), more)) => {
            let hour = if hour <= 1 { hour + 11 } else { hour - 1 };
            Some((format!("{at_}{hour}:{:02}", 60 - minute), used + more))
        }
        None if article > 0 && hour > 12 => Some((format!("{at_}{hour}:00"), used)),
        None if article > 0 => Some((format!("{at_}{hour}"), used)),
        None => None,
    }
}

/// What makes a clock time one without an "at".
const INTRODUCTIONS: [&str; 6] = ["at", "after", "before", "until", "around", "by"];

enum Minutes {
    Past(u32),
    To(u32),
}

/// "Y media", "menos cuarto", "en punto"; and after an article "y diez", "quince".
fn minutes(words: &[String], after_article: bool) -> Option<(Minutes, usize)> {
    let at = |index: usize| words.get(index).map_or("", String::as_str);
    let counted = |from: usize| {
        let (n, used) = number::small(words.get(from..)?, 59)?;
        (after_article && n > 0).then_some((n, from + used))
    };
    match (at(0), at(1)) {
        ("en", "punto") => Some((Minutes::Past(0), 2)),
        ("y", "media") => Some((Minutes::Past(30), 2)),
        ("y", "cuarto") => Some((Minutes::Past(15), 2)),
        ("menos", "cuarto") => Some((Minutes::To(15), 2)),
        ("y", _) => counted(1).map(|(n, used)| (Minutes::Past(n), used)),
        ("menos", _) => counted(1)
            .filter(|(n, _)| *n < 30)
            .map(|(n, used)| (Minutes::To(n), used)),
        _ => counted(0)
            .filter(|(n, _)| *n >= 10)
            .map(|(n, used)| (Minutes::Past(n), used)),
    }
}

pub(super) const TABLE: Table = &[
    ("enero", "january"),
    ("febrero", "february"),
    ("marzo", "march"),
    ("abril", "april"),
    ("mayo", "may"),
    ("junio", "june"),
    ("julio", "july"),
    ("agosto", "august"),
    ("septiembre", "september"),
    ("setiembre", "september"),
    ("octubre", "october"),
    ("noviembre", "november"),
    ("diciembre", "december"),
    ("lunes", "monday"),
    ("martes", "tuesday"),
    ("miercoles", "wednesday"),
    ("jueves", "thursday"),
    ("viernes", "friday"),
    ("sabado", "saturday"),
    ("sabados", "saturday"),
    ("domingo", "sunday"),
    ("domingos", "sunday"),
    ("este lunes", "this monday"),
    ("este martes", "this tuesday"),
    ("este miercoles", "this wednesday"),
    ("este jueves", "this thursday"),
    ("este viernes", "this friday"),
    ("este sabado", "this saturday"),
    ("este domingo", "this sunday"),
    ("hoy", "today"),
    ("hoy mismo", "today"),
    ("manana", "tomorrow"),
    ("manana mismo", "tomorrow"),
    ("pasado manana", "day after tomorrow"),
    ("esta manana", "this morning"),
    ("esta tarde", "this afternoon"),
    ("esta noche", "tonight"),
    ("por la manana", "in the morning"),
    ("en la manana", "in the morning"),
    ("por la tarde", "in the afternoon"),
    ("en la tarde", "in the afternoon"),
    ("por la noche", "in the evening"),
    ("en la noche", "in the evening"),
    ("de la manana", "am"),
    ("de la madrugada", "am"),
    ("de la tarde", "pm"),
    ("de la noche", "pm"),
    ("del mediodia", "pm"),
    ("al mediodia", "at noon"),
    ("mediodia", "noon"),
    ("medianoche", "midnight"),
    ("temprano", "in the morning"),
    ("mas temprano", "earlier"),
    ("mas tarde", "later"),
    ("despues de", "after"),
    ("despues del trabajo", "after work"),
    ("despues del mediodia", "after noon"),
    ("antes del mediodia", "before noon"),
    ("antes de", "before"),
    ("a partir de", "after"),
    ("desde", "after"),
    ("hasta", "until"),
    ("a eso de", "around"),
    ("como a", "around"),
    ("alrededor de", "around"),
    ("a primera hora", "first thing"),
    ("lo antes posible", "as soon as possible"),
    ("lo mas pronto posible", "as soon as possible"),
    ("cuanto antes", "as soon as possible"),
    ("lo mas temprano", "earliest"),
    ("la primera hora", "earliest"),
    ("lo primero que tenga", "earliest"),
    ("la primera que tenga", "earliest"),
    ("lo mas tarde posible", "as late as possible"),
    ("a cualquier hora", "any time"),
    ("cualquier hora", "any time"),
    ("cualquier dia", "whenever"),
    ("cuando sea", "whenever"),
    ("cuando pueda", "whenever"),
    ("me da igual", "does not matter"),
    ("la misma hora", "same time"),
    ("a la misma hora", "same time"),
    ("esta semana", "this week"),
    ("mas tarde esta semana", "later this week"),
    ("la proxima semana", "next week"),
    ("proxima semana", "next week"),
    ("la semana que viene", "next week"),
    ("la semana proxima", "next week"),
    ("la otra semana", "next week"),
    ("fin de semana", "the weekend"),
    ("este fin de semana", "this weekend"),
    ("el proximo fin de semana", "next weekend"),
    ("fines de semana", "the weekend"),
    ("el proximo mes", "next month"),
    ("el mes que viene", "next month"),
    ("dentro de", "in"),
    ("en una semana", "in a week"),
    ("dentro de una semana", "in a week"),
    ("dias", "days"),
    ("semana", "week"),
    ("semanas", "weeks"),
    // "The coming Friday" is Friday; the date is read back.
    ("proximo", ""),
    ("que viene", ""),
    ("el primero", "the first one"),
    ("la primera", "the first one"),
    ("la primera opcion", "the first one"),
    ("el segundo", "the second one"),
    ("la segunda", "the second one"),
    ("la segunda opcion", "the second one"),
    ("el tercero", "the third one"),
    ("la tercera", "the third one"),
    ("el ultimo", "the last one"),
    ("la ultima", "the last one"),
    ("esa hora", "that time"),
    ("otra hora", "another time"),
    ("otro dia", "another day"),
    ("dia de accion de gracias", "thanksgiving"),
    ("accion de gracias", "thanksgiving"),
    ("navidad", "christmas"),
    ("nochebuena", "christmas eve"),
    ("vispera de navidad", "christmas eve"),
    ("ano nuevo", "new year's"),
    ("dia de ano nuevo", "new year's"),
    ("vispera de ano nuevo", "new year's eve"),
    ("fin de ano", "new year's eve"),
    ("nochevieja", "new year's eve"),
    ("noche vieja", "new year's eve"),
    ("dia del trabajo", "labor day"),
    ("dia despues de", "day after"),
    ("dia despues del", "day after"),
    ("dia antes de", "day before"),
    ("dia antes del", "day before"),
    ("semana despues de", "week after"),
    ("semana antes de", "week before"),
    ("semana de", "week of"),
    ("dias festivos", "the holidays"),
    ("fin de mes", "end of the month"),
    ("fin del mes", "end of the month"),
    ("semana santa", "easter"),
];
