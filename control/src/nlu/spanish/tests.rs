use super::*;

fn read(text: &str) -> String {
    plain(text, Expectation::Open)
}

#[test]
fn days_and_times_take_the_english_order() {
    for (text, words) in [
        ("mañana a las tres de la tarde", "tomorrow at 3 pm"),
        ("el viernes por la mañana", "friday in the morning"),
        ("el quince de diciembre", "december 15"),
        (
            "el viernes, 27 de noviembre, a las 10:30",
            "friday november 27 10:30",
        ),
        ("a la una y media", "at 1:30"),
        ("las diez menos cuarto de la mañana", "at 9:45 am"),
        ("a las diez y cuarto", "at 10:15"),
        ("a las cuatro y cuarenta y cinco", "at 4:45"),
        ("a las tres quince", "at 3:15"),
        ("a las quince horas", "at 15:00 horas"),
        ("después de las dos", "after 2"),
        ("pasado mañana al mediodía", "day after tomorrow at noon"),
        ("el viernes veintisiete", "friday the 27th"),
        ("el día tres", "the 3rd"),
        ("el próximo martes", "tuesday"),
        ("el martes de la próxima semana", "tuesday next week"),
        ("no, el jueves", "no thursday"),
    ] {
        assert_eq!(read(text), words, "{text}");
    }
}

#[test]
fn numbers_become_figures() {
    for (text, words) in [
        (
            "dos uno siete, cinco cinco cinco, cero uno cero uno",
            "2 1 7 5 5 5 0 1 0 1",
        ),
        (
            "doscientos diecisiete, quinientos cincuenta y cinco, cero uno, noventa y nueve",
            "217 555 0 1 99",
        ),
        (
            "catorce de marzo de mil novecientos ochenta y cinco",
            "march 14 1985",
        ),
        ("primero de mayo de 1990", "may 1 1990"),
        ("cuatro de julio del dos mil uno", "july 4 2001"),
        (
            "un Honda Accord del dos mil veintiuno",
            "a honda accord 2021",
        ),
    ] {
        assert_eq!(read(text), words, "{text}");
    }
}

#[test]
fn names_stay_as_they_are_said() {
    let name = |text| plain(text, Expectation::Name);
    assert_eq!(
        name("Me llamo Julio De la Cruz"),
        "my name is julio de la cruz"
    );
    assert_eq!(name("María Peña"), "maría peña");
    assert_eq!(
        read("me llamo Abril Domingo y necesito un cambio de aceite"),
        "my name is abril domingo and i need a oil change"
    );
}

#[test]
fn no_phrase_stands_in_two_tables_with_two_meanings() {
    let tables = [talk::TABLE, errands::TABLE, times::TABLE, things::TABLE];
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (spanish, english) in tables.into_iter().flatten() {
        assert_eq!(*spanish, folded(spanish), "written without accents");
        let before = seen.insert(spanish, english);
        assert!(before.is_none(), "{spanish} stands there twice");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,80}") {
        let _ = read(&text);
        let _ = plain(&text, Expectation::Name);
    }
}
