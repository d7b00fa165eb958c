use storage::customer::CustomerId;
use storage::vehicle::VehicleId;

use super::*;

fn said(text: &str) -> Option<(Option<i16>, String)> {
    parse(text).map(|v| {
        let name = [v.make, v.model]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ");
        (v.year, name)
    })
}

#[test]
fn what_follows_a_make_is_a_model_only_where_it_names_no_day_and_no_work() {
    for text in [
        "my honda tomorrow at ten",
        "the honda on friday",
        "my honda oil change",
    ] {
        let said = parse(text).expect("a make");
        assert_eq!(
            (said.make.as_deref(), said.model),
            (Some("Honda"), None),
            "{text}"
        );
    }
}

#[test]
fn vehicles_are_read_however_they_are_described() {
    for (text, year, name) in [
        (
            "a twenty nineteen ford f one fifty",
            Some(2019),
            "Ford F-150",
        ),
        ("2019 Ford F-150", Some(2019), "Ford F-150"),
        (
            "it's a two thousand and twenty toyota camry",
            Some(2020),
            "Toyota Camry",
        ),
        ("twenty twenty toyota camry", Some(2020), "Toyota Camry"),
        ("twenty twenty one honda accord", Some(2021), "Honda Accord"),
        (
            "a honda c r v from twenty eighteen",
            Some(2018),
            "Honda CR-V",
        ),
        (
            "nineteen ninety eight jeep grand cherokee",
            Some(1998),
            "Jeep Grand Cherokee",
        ),
        ("toyota rav four", None, "Toyota RAV4"),
        ("2015 chevy silverado", Some(2015), "Chevrolet Silverado"),
        ("my camry", None, "Toyota Camry"),
        ("a 2018 ram fifteen hundred", Some(2018), "Ram 1500"),
        ("2017 mazda three", Some(2017), "Mazda Mazda3"),
        ("a camery", None, "Toyota Camry"),
        ("a twenty sixteen ford", Some(2016), "Ford"),
        ("2012 honda element", Some(2012), "Honda Element"),
        ("a 2009 saab wagon", Some(2009), "Saab Wagon"),
        ("twenty fourteen", Some(2014), ""),
    ] {
        assert_eq!(said(text), Some((year, name.to_owned())), "{text}");
    }
    for text in ["hello", "that will fit", "tuesday at ten", ""] {
        assert_eq!(parse(text), None, "{text}");
    }
}

fn vehicle(id: i64, year: i16, make: &str, model: &str) -> Vehicle {
    Vehicle {
        id: VehicleId(id),
        customer: CustomerId(2),
        year,
        make: make.to_owned(),
        model: model.to_owned(),
        vin: None,
    }
}

#[test]
fn one_of_the_callers_vehicles_is_chosen_by_any_mark() {
    let fleet = [
        vehicle(2, 2019, "Ford", "F-150"),
        vehicle(3, 2020, "Toyota", "Camry"),
    ];
    for (text, id) in [
        ("the truck", Some(2)),
        ("the f one fifty", Some(2)),
        ("my ford", Some(2)),
        ("the 2019", Some(2)),
        ("the first one", Some(2)),
        ("the older one", Some(2)),
        ("the camry please", Some(3)),
        ("the car", Some(3)),
        ("the twenty twenty toyota camry", Some(3)),
        ("the second one", Some(3)),
        ("the newer one", Some(3)),
        ("the honda", None),
        ("a 2015 toyota camry", None),
        ("the accord", None),
        ("yes", None),
        ("the van", None),
    ] {
        let chosen = match choose(&fleet, text) {
            Chosen::One(vehicle) => Some(vehicle.id.0),
            Chosen::Ambiguous(_) => panic!("{text} is not ambiguous"),
            Chosen::None => None,
        };
        assert_eq!(chosen, id, "{text}");
    }
}

#[test]
fn two_of_a_kind_are_asked_about_and_a_truck_may_be_called_a_car() {
    let fords = [
        vehicle(1, 2019, "Ford", "F-150"),
        vehicle(2, 2021, "Ford", "Ranger"),
    ];
    assert!(matches!(choose(&fords, "the ford"), Chosen::Ambiguous(both) if both.len() == 2));
    assert!(matches!(choose(&fords[..1], "my car"), Chosen::One(v) if v.id == VehicleId(1)));
    assert_eq!(choose(&[], "my car"), Chosen::None);
}

#[test]
fn a_model_outside_the_table_is_still_chosen_by_name() {
    let fleet = [
        vehicle(1, 2009, "Saab", "9-3"),
        vehicle(2, 2012, "Honda", "Element"),
    ];
    assert!(matches!(choose(&fleet, "the saab"), Chosen::One(v) if v.id == VehicleId(1)));
    assert!(matches!(choose(&fleet, "the element"), Chosen::One(v) if v.id == VehicleId(2)));
}

#[test]
fn every_model_in_the_table_is_read_by_its_written_name() {
    for (make, model, body) in MODELS {
        let expected = SpokenVehicle {
            year: Some(2017),
            make: Some(make.to_owned()),
            model: Some(model.to_owned()),
            body: Some(body),
        };
        assert_eq!(parse(&format!("a 2017 {make} {model}")), Some(expected));
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,80}") {
        let fleet = [vehicle(2, 2019, "Ford", "F-150"), vehicle(3, 2020, "Toyota", "Camry")];
        let _ = parse(&text);
        let _ = choose(&fleet, &text);
    }
}
