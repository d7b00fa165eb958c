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

/// What is said in Spanish means what is said in English.
#[test]
fn callers_mean_the_same_in_either_language() {
    use Expectation::{DateOfBirth, Open, Phone, Vehicle, When, YesNo};
    let mut wrong = Vec::new();
    for (expects, spanish, english) in [
        // Requests.
        (
            Open,
            "quiero hacer una cita",
            "i want to book an appointment",
        ),
        (
            Open,
            "necesito agendar un cambio de aceite",
            "i need an oil change",
        ),
        (
            Open,
            "quisiera una cita para el viernes a las diez de la mañana",
            "i would like an appointment on friday at 10 am",
        ),
        (
            Open,
            "necesito un cambio de aceite para mañana por la tarde",
            "i need an oil change tomorrow in the afternoon",
        ),
        (
            Open,
            "me gustaría una revisión de frenos y rotación de llantas",
            "i would like a brake inspection and a tire rotation",
        ),
        (
            Open,
            "mi carro hace un ruido extraño",
            "my car makes a strange noise",
        ),
        (
            Open,
            "se me prendió la luz del motor",
            "the check engine light is on",
        ),
        (Open, "mi camioneta no arranca", "my truck will not start"),
        (
            Open,
            "quiero cambiar mi cita",
            "i want to reschedule my appointment",
        ),
        (
            Open,
            "necesito mover mi cita al jueves",
            "reschedule my appointment to thursday",
        ),
        (Open, "no puedo ir mañana", "i can not make it tomorrow"),
        (
            Open,
            "quiero cancelar mi cita",
            "i want to cancel my appointment",
        ),
        (Open, "¿cuándo es mi cita?", "when is my appointment"),
        (
            Open,
            "¿a qué hora es mi cita?",
            "what time is my appointment",
        ),
        (Open, "¿a qué hora abren?", "what hours are you open"),
        (
            Open,
            "¿a qué hora cierran el sábado?",
            "what hours do you close on saturday",
        ),
        (
            Open,
            "¿están abiertos el domingo?",
            "are you open on sunday",
        ),
        (
            Open,
            "¿cuánto cuesta un cambio de aceite?",
            "how much is an oil change",
        ),
        (
            Open,
            "¿cuánto cobran por los frenos?",
            "how much for the brakes",
        ),
        (
            Open,
            "¿cuánto tarda una rotación de llantas?",
            "how long is a tire rotation",
        ),
        (Open, "¿dónde están ubicados?", "where are you"),
        (Open, "¿cuál es su dirección?", "what is your address"),
        (
            Open,
            "quiero hablar con una persona",
            "i want to talk to a person",
        ),
        (Open, "páseme con el gerente", "let me talk to the manager"),
        (
            Open,
            "comuníqueme con un representante",
            "connect me with a representative",
        ),
        (Open, "tengo una queja", "i have a complaint"),
        (Open, "voy a demandar", "lawsuit"),
        (Open, "no me llamen más", "stop calling me"),
        (Open, "por favor dejen de llamarme", "please stop calling"),
        (Open, "número equivocado", "wrong number"),
        (Open, "repita, por favor", "repeat please"),
        (Open, "¿mande?", "pardon"),
        (Open, "¿cómo?", "what"),
        (Open, "un momento, por favor", "one moment please"),
        (Open, "espere", "hold on"),
        (Open, "muchas gracias, adiós", "thank you goodbye"),
        (Open, "no, eso es todo, gracias", "no that is all thank you"),
        (Open, "hola", "hello"),
        // Yes and no.
        (YesNo, "sí", "yes"),
        (YesNo, "sí, está bien", "yes"),
        (YesNo, "claro que sí", "of course"),
        (YesNo, "así es", "correct"),
        (YesNo, "de acuerdo", "all right"),
        (YesNo, "perfecto", "perfect"),
        (YesNo, "me parece bien", "sounds good"),
        (YesNo, "por favor", "please"),
        (YesNo, "no", "no"),
        (YesNo, "no, gracias", "no thank you"),
        (YesNo, "no está bien", "not right"),
        (YesNo, "no me sirve", "that does not work"),
        (YesNo, "no sé", "i do not know"),
        (YesNo, "no estoy segura", "i am not sure"),
        (YesNo, "no, el jueves", "no thursday"),
        (YesNo, "no, mejor a las once", "no at 11"),
        (YesNo, "sí, pero a las once", "yes but at 11"),
        (YesNo, "no, la camioneta", "no the truck"),
        (
            YesNo,
            "no, quise decir una rotación de llantas",
            "no i mean a tire rotation",
        ),
        // Times.
        (When, "el viernes a las dos", "friday at 2"),
        (When, "mañana a las ocho y media", "tomorrow at 8:30"),
        (
            When,
            "pasado mañana temprano",
            "the day after tomorrow in the morning",
        ),
        (When, "la próxima semana", "next week"),
        (When, "el martes que viene por la mañana", "tuesday morning"),
        (When, "lo antes posible", "as soon as possible"),
        (When, "a cualquier hora", "any time"),
        (When, "la primera", "the first one"),
        (When, "el último", "the last one"),
        (When, "a las diez", "at 10"),
        (When, "diez y media", "10:30"),
        (When, "después de las tres", "after 3"),
        (When, "antes de las doce", "before 12"),
        (When, "el cinco de enero a la una", "january 5 at 1"),
        (When, "el veintisiete", "the 27th"),
        (When, "dentro de tres días", "in 3 days"),
        (When, "el fin de semana", "the weekend"),
        (When, "¿qué tiene disponible?", "what do you have"),
        (When, "ninguna", "none"),
        (When, "algo más tarde", "something later"),
        // Numbers and things.
        (
            Phone,
            "dos uno siete, cinco cincuenta y cinco, cero uno cero dos",
            "217 555 0102",
        ),
        (
            Phone,
            "mi número es el 217 555 0102",
            "my number is 217 555 0102",
        ),
        (
            DateOfBirth,
            "nací el dos de julio de mil novecientos noventa",
            "july 2 1990",
        ),
        (DateOfBirth, "14 de marzo de 1985", "march 14 1985"),
        (DateOfBirth, "tres de mayo del setenta y ocho", "may 3 1978"),
        (Vehicle, "la camioneta", "the truck"),
        (Vehicle, "el Toyota", "the toyota"),
        (Vehicle, "tengo un Honda Accord 2021", "2021 honda accord"),
        (
            Vehicle,
            "es un Ford F ciento cincuenta del dos mil diecinueve",
            "2019 ford f 150",
        ),
    ] {
        let meant = |text: &str| crate::nlu::concept(expects, text);
        let read = plain(spanish, expects);
        if meant(&read) != meant(english) {
            let (got, wanted) = (meant(&read), meant(english));
            wrong.push(format!("{spanish} ({read}): {got:?}, not {wanted:?}"));
        }
        assert!(meant(english).is_some(), "{english}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
