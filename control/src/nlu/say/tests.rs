use jiff::civil;

use super::*;

#[test]
fn dates_and_times_are_said_naturally() {
    let tuesday = civil::date(2026, 11, 24);
    let monday = civil::date(2026, 11, 23);
    let friday = civil::date(2026, 11, 27);
    assert_eq!(date(English, tuesday), "Tuesday, November 24");
    assert_eq!(
        day(English, tuesday, monday),
        "tomorrow, Tuesday, November 24"
    );
    assert_eq!(day(English, monday, monday), "today");
    assert_eq!(date(Spanish, friday), "viernes, 27 de noviembre");
    assert_eq!(day(Spanish, friday, monday), "el viernes, 27 de noviembre");
    assert_eq!(
        day(Spanish, tuesday, monday),
        "mañana, martes, 24 de noviembre"
    );
    assert_eq!(day(Spanish, monday, monday), "hoy");
    let first = civil::date(2026, 12, 1);
    assert_eq!(date(Spanish, first), "martes, primero de diciembre");
    for (hour, minute, english, spanish) in [
        (10, 0, "10 a.m.", "las diez de la mañana"),
        (10, 30, "10:30 a.m.", "las diez y media de la mañana"),
        (12, 0, "noon", "las doce del mediodía"),
        (12, 5, "12:05 p.m.", "las doce y cinco de la tarde"),
        (13, 15, "1:15 p.m.", "la una y cuarto de la tarde"),
        (0, 0, "12 a.m.", "las doce de la noche"),
        (
            16,
            45,
            "4:45 p.m.",
            "las cuatro y cuarenta y cinco de la tarde",
        ),
        (21, 0, "9 p.m.", "las nueve de la noche"),
    ] {
        let at = civil::time(hour, minute, 0, 0);
        assert_eq!(time(English, at), english);
        assert_eq!(time(Spanish, at), spanish);
    }
}

#[test]
fn prices_durations_and_lists_are_said_naturally() {
    for (from, to, english, spanish) in [
        (40, 80, "40 to 80 dollars", "de 40 a 80 dólares"),
        (40, 40, "40 dollars", "40 dólares"),
        (1, 1, "1 dollar", "1 dólar"),
        (0, 0, "free of charge", "sin costo"),
    ] {
        assert_eq!(price(English, from, to), english);
        assert_eq!(price(Spanish, from, to), spanish);
    }
    for (minutes, english, spanish) in [
        (30, "30 minutes", "30 minutos"),
        (60, "1 hour", "una hora"),
        (90, "an hour and a half", "una hora y media"),
        (150, "2 and a half hours", "2 horas y media"),
        (75, "1 hour and 15 minutes", "una hora y 15 minutos"),
    ] {
        assert_eq!(duration(English, minutes), english);
        assert_eq!(duration(Spanish, minutes), spanish);
    }
    let items = ["8 a.m.", "9 a.m.", "noon"].map(str::to_owned);
    assert_eq!(or(English, &items), "8 a.m., 9 a.m., or noon");
    assert_eq!(and(English, &items[..2]), "8 a.m. and 9 a.m.");
    assert_eq!(and(English, &[]), "");
    let items = ["frenos", "llantas", "inspección"].map(str::to_owned);
    assert_eq!(or(Spanish, &items), "frenos, llantas o inspección");
    assert_eq!(and(Spanish, &items), "frenos, llantas e inspección");
    assert_eq!(and(Spanish, &items[..2]), "frenos y llantas");
}

#[test]
fn a_telephone_number_is_said_digit_by_digit() {
    assert_eq!(
        ten_digits(English, "2175550101"),
        "two one seven, five five five, zero one zero one"
    );
    assert_eq!(
        ten_digits(Spanish, "2175550101"),
        "dos uno siete, cinco cinco cinco, cero uno cero uno"
    );
}
