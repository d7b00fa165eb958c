//! The location file: what the shipped example says, and what is refused with which words.

use jiff::civil::{Date, date, time};
use jiff::{SignedDuration, Zoned};
use storage::customer::CustomerId;
use storage::location::{DayHours, Hours, LocationError};
use storage::vehicle::{Vehicle, VehicleId};
use storage::{Language, Location};

const EXAMPLE: &str = include_str!("../locations/ottos-auto.toml");

#[test]
fn the_example_is_ottos_auto() {
    let otto = Location::example();
    assert_eq!(otto.name, "Otto's Auto");
    assert_eq!(otto.agent, "Sophie");
    assert_eq!(otto.zone.iana_name(), Some("America/Chicago"));
    assert_eq!(otto.address.street, "123 Main Street");
    assert_eq!(otto.address.zip, "62701");
    assert_eq!(otto.bays, 3);
    let oil = otto.service("oil_change").expect("offered");
    assert_eq!(oil.name, "oil change");
    assert_eq!(oil.duration, SignedDuration::from_mins(30));
    assert_eq!((oil.price.low_usd, oil.price.high_usd), (40, 80));
    assert_eq!(otto.service("car_wash"), None);
}

#[test]
fn the_example_speaks_english_and_spanish() {
    let otto = Location::example();
    let both = [Language::English, Language::Spanish];
    assert_eq!(otto.spoken.languages(), both);
    assert_eq!(otto.spoken.first(), Language::English);
    let oil = otto.service("oil_change").expect("offered");
    assert_eq!(otto.spoken.service(oil, Language::English), "oil change");
    assert_eq!(
        otto.spoken.service(oil, Language::Spanish),
        "cambio de aceite"
    );
    let christmas = otto.spoken.holiday("Christmas Day", Language::Spanish);
    assert_eq!(christmas, "Navidad");
    let plain = "languages = [\"en\", \"es\"]";
    let one = Location::parse(&EXAMPLE.replace(plain, "voice = \"aura-2-thalia-en\""));
    let one = one.expect("a file need not name its languages").spoken;
    assert_eq!(one.languages(), [Language::English]);
    assert_eq!(one.voices[&Language::English], "aura-2-thalia-en");
    let turned = Location::parse(&EXAMPLE.replace(plain, "languages = [\"es\", \"en\"]"));
    let turned = turned.expect("either may come first");
    assert_eq!(turned.spoken.first(), Language::Spanish);
    let texts = turned.reminders.texts.expect("has words");
    assert_eq!(texts.usual(), Language::Spanish, "as calls, so messages");
}

#[test]
fn no_spoken_name_means_two_services() {
    let otto = Location::example();
    let mut said: Vec<&str> = Vec::new();
    for service in &otto.services {
        said.push(&service.name);
        said.extend(service.synonyms.iter().map(String::as_str));
    }
    let all = said.len();
    said.sort_unstable();
    said.dedup();
    assert_eq!(said.len(), all);
}

#[test]
fn the_hours_of_a_day_are_the_published_ones() {
    let otto = Location::example();
    let weekday = Hours {
        open: time(8, 0, 0, 0),
        close: time(18, 0, 0, 0),
    };
    let saturday = Hours {
        open: time(9, 0, 0, 0),
        close: time(15, 0, 0, 0),
    };
    for day in 23..=25 {
        assert_eq!(otto.day(date(2026, 11, day)), DayHours::Open(weekday));
    }
    assert_eq!(
        otto.day(date(2026, 11, 26)),
        DayHours::Holiday("Thanksgiving Day".into())
    );
    assert_eq!(otto.day(date(2026, 11, 27)), DayHours::Open(weekday));
    assert_eq!(otto.day(date(2026, 11, 28)), DayHours::Open(saturday));
    assert_eq!(otto.day(date(2026, 11, 29)), DayHours::ClosedWeekday);
}

#[test]
fn the_next_working_day_skips_sundays_and_holidays() {
    let otto = Location::example();
    for (today, next) in [
        (date(2026, 11, 23), date(2026, 11, 24)),
        (date(2026, 11, 25), date(2026, 11, 27)),
        (date(2026, 11, 27), date(2026, 11, 28)),
        (date(2026, 11, 28), date(2026, 11, 30)),
        (date(2026, 12, 31), date(2027, 1, 2)),
    ] {
        assert_eq!(otto.next_working_day(today), Some(next), "after {today}");
    }
    assert_eq!(otto.next_working_day(Date::MAX), None);
}

#[test]
fn it_is_open_from_opening_until_closing_on_its_own_clock() {
    let otto = Location::example();
    for (at, open) in [
        ("2026-11-23T07:59:59-06:00[America/Chicago]", false),
        ("2026-11-23T08:00:00-06:00[America/Chicago]", true),
        ("2026-11-23T17:59:59-06:00[America/Chicago]", true),
        ("2026-11-23T18:00:00-06:00[America/Chicago]", false),
        // Half past six in New York is half past five here.
        ("2026-11-23T18:30:00-05:00[America/New_York]", true),
        ("2026-11-26T12:00:00-06:00[America/Chicago]", false),
        ("2026-11-29T12:00:00-06:00[America/Chicago]", false),
    ] {
        let at: Zoned = at.parse().expect("an instant");
        assert_eq!(otto.is_open(at.timestamp()), open, "{at}");
    }
}

#[test]
fn a_wrong_value_is_named_by_its_key() {
    for (right, wrong, said) in [
        ("bays = 3", "bays = 0", "bays: 0 is outside 1 to 100"),
        (
            "zone = \"America/Chicago\"",
            "zone = \"Springfield\"",
            "zone: no time zone is called \"Springfield\"",
        ),
        (
            "+1 217 555 0199",
            "911",
            "transfer_to: \"911\" is not a telephone number",
        ),
        (
            "state = \"IL\"",
            "state = \"ZZ\"",
            "address.state: \"ZZ\" is no state",
        ),
        (
            "agent = \"Sophie\"",
            "agent = \" \"",
            "agent: must not be empty",
        ),
        (
            "monday = \"08:00-18:00\"",
            "monday = \"18:00-08:00\"",
            "hours.monday: \"18:00-08:00\" must begin before it ends",
        ),
        (
            "grid_min = 30",
            "breaks = [\"13:00-12:00\"]\ngrid_min = 30",
            "booking.breaks[0]: \"13:00-12:00\" must begin before it ends",
        ),
        (
            "monday = \"08:00-18:00\"",
            "monday = \"8 to 6\"",
            "hours.monday: \"8 to 6\" is neither",
        ),
        (
            "monday = \"08:00-18:00\"",
            "monday = \"08:00-25:00\"",
            "hours.monday",
        ),
        (
            "monday = \"08:00-18:00\"",
            "monday = \"08:00-08:00\"",
            "hours.monday",
        ),
        (
            "grid_min = 30",
            "grid_min = 0",
            "booking.grid_min: 0 is outside 1 to 1440",
        ),
        (
            "horizon_days = 90",
            "horizon_days = 9000",
            "booking.horizon_days: 9000 is outside",
        ),
        (
            "2026-11-26 =",
            "2026-11-31 =",
            "holidays.2026-11-31: the key must be a date",
        ),
        (
            "duration_min = 30",
            "duration_min = 0",
            "services.oil_change.duration_min: 0 is outside",
        ),
        (
            "price_usd = [40, 80]",
            "price_usd = [80, 40]",
            "services.oil_change.price_usd: [80, 40] must be [low, high]",
        ),
        (
            "key = \"oil_change\"",
            "key = \"Oil Change\"",
            "services[0].key: \"Oil Change\" must be",
        ),
        (
            "key = \"tire_rotation\"",
            "key = \"oil_change\"",
            "services[1].key: \"oil_change\" stands there twice",
        ),
        (
            "read = 1 ",
            "read = 4 ",
            "verification.read: 4 is outside 1 to 3",
        ),
        (
            "read = 1 ",
            "read = 2 ",
            "verification.move: 1 is outside 2 to 3",
        ),
        (
            "\"address\", \"vin\"]",
            "\"address\", \"address\"]",
            "verification.proofs: each may stand there once",
        ),
        (
            "[\"date_of_birth\", \"address\", \"vin\"]",
            "[]",
            "verification.proofs: at least one must count",
        ),
        (
            "wrong_answers = 5",
            "wrong_answers = 0",
            "verification.wrong_answers: 0 is outside 1 to 20",
        ),
        (
            "locked_min = 60",
            "locked_min = 0",
            "verification.locked_min: 0 is outside",
        ),
        (
            "languages = [\"en\", \"es\"]",
            "languages = []",
            "languages: at least one must be spoken",
        ),
        (
            "languages = [\"en\", \"es\"]",
            "languages = [\"es\", \"es\"]",
            "languages: one of them stands there twice",
        ),
        (
            "languages = [\"en\", \"es\"]",
            "languages = [\"en\"]\nvoice = { es = \"aura-2-celeste-es\" }",
            "voice.es: is of a language that `languages` does not name",
        ),
        (
            "languages = [\"en\", \"es\"]",
            "languages = [\"en\"]\nvoice = \"two words\"",
            "voice.en: \"two words\" holds a space",
        ),
        (
            "oil_change = [\"cambio de aceite\"",
            "oil_change = [\" \"",
            "spoken.es.services.oil_change: must have a name",
        ),
        (
            "[spoken.es.services]\n",
            "[spoken.es.services]\ncar_wash = [\"lavado\"]\n",
            "spoken.es.services.car_wash: is no service of the file",
        ),
        (
            "\"Labor Day\" = \"el Día del Trabajo\"",
            "",
            "spoken.es.holidays.\"Labor Day\": must be named",
        ),
    ] {
        let error = changed(right, wrong);
        assert!(matches!(error, LocationError::Value { .. }), "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

/// The example with the recall that its comment shows, and one thing changed.
fn with_recall(right: &str, wrong: &str) -> Result<Location, LocationError> {
    let (file, recall) = EXAMPLE
        .split_once("For example:\n#\n")
        .expect("it shows one");
    let text = format!("{file}\n{}", recall.replace("# ", ""));
    assert!(text.contains(right), "{right}");
    Location::parse(&text.replacen(right, wrong, 1))
}

#[test]
fn a_recall_is_told_by_make_model_and_year() {
    let location = with_recall("", "").expect("the example is right");
    let vehicle = |year, make: &str, model: &str| Vehicle {
        id: VehicleId(1),
        customer: CustomerId(1),
        year,
        make: make.into(),
        model: model.into(),
        vin: None,
    };
    let [recall] = &location.recalls[..] else {
        panic!("{:?}", location.recalls);
    };
    assert!(recall.concerns_vehicle(&vehicle(2020, "honda", "ACCORD")));
    assert!(recall.concerns_vehicle(&vehicle(2022, "Honda", "Accord")));
    assert!(!recall.concerns_vehicle(&vehicle(2023, "Honda", "Accord")));
    assert!(!recall.concerns_vehicle(&vehicle(2021, "Honda", "Civic")));
    assert!(!recall.concerns_vehicle(&vehicle(2021, "Ford", "Accord")));
}

#[test]
fn a_wrong_recall_is_named_by_its_key() {
    for (right, wrong, said) in [
        (
            "[2020, 2022]",
            "[2022, 2020]",
            "recalls[0].years: [2022, 2020] must be [first, last]",
        ),
        (
            "[\"Accord\"]",
            "[]",
            "recalls[0].models: at least one model is concerned",
        ),
        (
            "[\"Accord\"]",
            "[\"\"]",
            "recalls[0].models: must not be empty",
        ),
        (
            "26V-101",
            "26V 101",
            "recalls[0].campaign: \"26V 101\" holds a space",
        ),
        (
            "the fuel pump",
            " ",
            "recalls[0].concerns: must not be empty",
        ),
        (
            "key = \"recall\"",
            "key = \"other\"",
            "recalls: need a service whose key is \"recall\"",
        ),
    ] {
        let error = with_recall(right, wrong).expect_err(wrong);
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn an_unknown_missing_or_mistyped_key_is_shown_with_its_line() {
    for (right, wrong, said) in [
        ("bays = 3", "bays = 3\nlifts = 2", "unknown field `lifts`"),
        (
            "grid_min = 30",
            "grid_mins = 30",
            "unknown field `grid_mins`",
        ),
        ("monday = \"08:00-18:00\"\n", "", "missing field `monday`"),
        ("agent = \"Sophie\"\n", "", "missing field `agent`"),
        ("bays = 3", "bays = \"three\"", "bays = \"three\""),
        ("bays = 3", "bays 3", "bays 3"),
        (
            "price_usd = [40, 80]",
            "price_usd = [40]",
            "invalid length 1",
        ),
        ("duration_min = 30", "duration_min = -30", "-30"),
        (
            "\"address\", \"vin\"]",
            "\"address\", \"phone\"]",
            "unknown variant `phone`",
        ),
    ] {
        let error = changed(right, wrong);
        assert!(matches!(error, LocationError::Toml(_)), "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn a_file_without_a_policy_has_the_shipped_one() {
    let begins = EXAMPLE.find("[verification]").expect("it is there");
    let ends = EXAMPLE[begins..].find("# `key` is").expect("what follows") + begins;
    let without = [&EXAMPLE[..begins], &EXAMPLE[ends..]].concat();
    let without = Location::parse(&without).expect("it may be left out");
    assert_eq!(without.verification, Location::example().verification);
}

#[test]
fn a_week_that_never_opens_is_refused() {
    let closed = EXAMPLE
        .replace("\"08:00-18:00\"", "\"closed\"")
        .replace("\"09:00-15:00\"", "\"closed\"");
    let error = Location::parse(&closed).expect_err("never open");
    assert!(error.to_string().starts_with("hours: "), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_or_used_is_named() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("springfield.toml");
    let error = Location::load(&path).expect_err("absent");
    assert!(error.to_string().contains("springfield.toml"), "{error}");
    std::fs::write(&path, EXAMPLE.replacen("bays = 3", "bays = 0", 1)).expect("written");
    let error = Location::load(&path).expect_err("wrong").to_string();
    assert!(error.contains("springfield.toml: bays: 0"), "{error}");
    std::fs::write(&path, EXAMPLE).expect("written");
    assert_eq!(Location::load(&path).expect("right").name, "Otto's Auto");
}

/// The example with one thing changed.
fn changed(right: &str, wrong: &str) -> LocationError {
    assert!(EXAMPLE.contains(right), "{right}");
    Location::parse(&EXAMPLE.replacen(right, wrong, 1)).expect_err(wrong)
}
