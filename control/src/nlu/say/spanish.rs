//! Spanish, as it is spoken to in the Americas: formal, the clock in two halves.

use jiff::civil::{Date, Time, Weekday};

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
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
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
const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

pub(super) fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "lunes",
        Weekday::Tuesday => "martes",
        Weekday::Wednesday => "miércoles",
        Weekday::Thursday => "jueves",
        Weekday::Friday => "viernes",
        Weekday::Saturday => "sábado",
        Weekday::Sunday => "domingo",
    }
}

/// "noviembre"; empty for a number that is no month.
pub(super) fn month(month: i8) -> &'static str {
    let before = usize::from(month.unsigned_abs()).checked_sub(1);
    before.and_then(|n| MONTHS.get(n)).copied().unwrap_or("")
}

/// "viernes, 27 de noviembre"
pub(super) fn date(date: Date) -> String {
    let month = month(date.month());
    let weekday = weekday(date.weekday());
    match date.day() {
        1 => format!("{weekday}, primero de {month}"),
        day => format!("{weekday}, {day} de {month}"),
    }
}

/// "hoy", "mañana, martes, 24 de noviembre", "el viernes, 27 de noviembre".
pub(super) fn day(day: Date, today: Date) -> String {
    if day == today {
        "hoy".to_owned()
    } else if today.tomorrow().is_ok_and(|tomorrow| day == tomorrow) {
        format!("mañana, {}", date(day))
    } else {
        format!("el {}", date(day))
    }
}

/// "las diez de la mañana", "la una y media de la tarde", "las doce del mediodía".
pub(super) fn time(time: Time) -> String {
    let hour = match time.hour() {
        0 | 12 => 12,
        h => h % 12,
    };
    let hour = match hour {
        1 => "la una".to_owned(),
        hour => format!("las {}", in_words(u32::from(hour.unsigned_abs()))),
    };
    let minutes = match time.minute() {
        0 => String::new(),
        15 => " y cuarto".to_owned(),
        30 => " y media".to_owned(),
        minute => format!(" y {}", in_words(u32::from(minute.unsigned_abs()))),
    };
    let part = match (time.hour(), time.minute()) {
        (12, 0) => "del mediodía",
        (0, 0) => "de la noche",
        (0..6, _) => "de la madrugada",
        (6..12, _) => "de la mañana",
        (12..20, _) => "de la tarde",
        _ => "de la noche",
    };
    format!("{hour}{minutes} {part}")
}

pub(super) fn price(from: u32, to: u32) -> String {
    match (from, to) {
        (0, 0) => "sin costo".to_owned(),
        (1, 1) => "1 dólar".to_owned(),
        _ if from == to => format!("{from} dólares"),
        _ => format!("de {from} a {to} dólares"),
    }
}

pub(super) fn duration(minutes: u32) -> String {
    let hours = match minutes / 60 {
        0 => String::new(),
        1 => "una hora".to_owned(),
        n => format!("{n} horas"),
    };
    match (minutes / 60, minutes % 60) {
        (0, 1) => "un minuto".to_owned(),
        (0, n) => format!("{n} minutos"),
        (_, 0) => hours,
        (_, 30) => format!("{hours} y media"),
        (_, 1) => format!("{hours} y un minuto"),
        (_, n) => format!("{hours} y {n} minutos"),
    }
}

/// A whole number below 100 in words; digits beyond.
pub(super) fn in_words(n: u32) -> String {
    let n = n as usize;
    match (SMALL.get(n), TENS.get((n / 10).saturating_sub(3))) {
        (Some(small), _) => (*small).to_owned(),
        (None, Some(ten)) if n < 100 && n.is_multiple_of(10) => (*ten).to_owned(),
        (None, Some(ten)) if n < 100 => format!("{ten} y {}", SMALL[n % 10]),
        _ => n.to_string(),
    }
}

/// "a y b"; "e" before the sound of an i.
pub(super) fn and(items: &[String]) -> String {
    list(items, |next| {
        let vowel = next.starts_with('i') || (next.starts_with("hi") && !next.starts_with("hie"));
        if vowel { "e" } else { "y" }
    })
}

/// "a o b"; "u" before the sound of an o.
pub(super) fn or(items: &[String]) -> String {
    list(items, |next| {
        let vowel = next.starts_with('o') || next.starts_with("ho");
        if vowel { "u" } else { "o" }
    })
}

fn list(items: &[String], word: impl Fn(&str) -> &'static str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} {} {last}", all.join(", "), word(last)),
    }
}
