//! Answers of vPIC, from bytes on.

use pipeline::vendor::VendorErrorKind;
use serde::Deserialize;

use super::DecodedVehicle;
use crate::nlu::name::title_case;
use crate::nlu::vehicle;

/// `{"Count":1,"Results":[{"ErrorCode":"0","Make":"FORD","Model":"F-150","ModelYear":"2019",…}]}`.
/// What is missing is empty.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Results")]
    results: Vec<Found>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Found {
    error_code: String,
    make: String,
    model: String,
    model_year: String,
}

/// Codes with which the rest can be believed: none; a check digit that is wrong, for what was not
/// built for North America (the others never got here); no detail; nothing beyond the model.
const HARMLESS: [&str; 4] = ["0", "1", "8", "14"];

/// The vehicle, where the service is sure of it.
///
/// # Errors
/// [`VendorErrorKind::Garbage`] for anything but an answer of its.
pub(super) fn vehicle(body: &[u8]) -> Result<Option<DecodedVehicle>, VendorErrorKind> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| VendorErrorKind::Garbage)?;
    let Some(found) = answer.results.first() else {
        return Err(VendorErrorKind::Garbage);
    };
    let mut codes = found.error_code.split(',').map(str::trim);
    let sure = codes.all(|code| HARMLESS.contains(&code));
    let (make, model) = (found.make.trim(), found.model.trim());
    let year: Option<i16> = found.model_year.trim().parse().ok();
    Ok(match year {
        Some(year) if sure && !make.is_empty() && !model.is_empty() => {
            Some(named(year, make, model))
        }
        _ => None,
    })
}

/// As the rest of the book spells it, where it is known: "Ford F-150", not "FORD F-150".
fn named(year: i16, make: &str, model: &str) -> DecodedVehicle {
    let known = vehicle::parse(&format!("{make} {model}"));
    let same = known.and_then(|known| {
        let (make_known, model_known) = known.make.zip(known.model)?;
        let plain = |text: &str| -> String {
            let letters = text.chars().filter(char::is_ascii_alphanumeric);
            letters.map(|c| c.to_ascii_lowercase()).collect()
        };
        let agrees = plain(&make_known) == plain(make) && plain(&model_known) == plain(model);
        agrees.then_some((make_known, model_known))
    });
    let (make, model) = same.unwrap_or_else(|| (spoken_make(make), model.to_owned()));
    DecodedVehicle { year, make, model }
}

/// "RIVIAN" is a name, "BMW" is letters.
fn spoken_make(make: &str) -> String {
    if make.len() > LETTERS {
        title_case(&make.to_lowercase())
    } else {
        make.to_owned()
    }
}

/// The longest make that is spelled out: GMC, BMW, RAM.
const LETTERS: usize = 3;

/// How an exchange broke. A connection that never came about is that first, whatever the clock says.
pub(super) fn broken(error: &reqwest::Error) -> VendorErrorKind {
    if error.is_connect() {
        VendorErrorKind::Connect
    } else if error.is_timeout() {
        VendorErrorKind::TimedOut
    } else {
        VendorErrorKind::Dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: &str, make: &str, model: &str, year: &str) -> Option<DecodedVehicle> {
        let body = serde_json::json!({"Count": 1, "Message": "Results returned successfully",
            "SearchCriteria": "VIN:1", "Results": [{"ErrorCode": code, "ErrorText": "", "Make": make,
            "Model": model, "ModelYear": year, "Trim": "", "VehicleType": "TRUCK"}]});
        vehicle(body.to_string().as_bytes()).expect("an answer")
    }

    #[test]
    fn a_vehicle_is_named_as_the_book_names_it() {
        let found = |make, model| {
            let found = answered("0", make, model, "2019").expect("known");
            (found.make, found.model)
        };
        let pair = |make: &str, model: &str| (make.to_owned(), model.to_owned());
        assert_eq!(found("FORD", "F-150"), pair("Ford", "F-150"));
        assert_eq!(found("HONDA", "Accord"), pair("Honda", "Accord"));
        // One that we do not know stays as it came.
        assert_eq!(found("RIVIAN", "R1T"), pair("Rivian", "R1T"));
    }

    #[test]
    fn only_what_the_service_is_sure_of_is_believed() {
        for code in ["0", "1", "8", "14", "0,14", "1, 14"] {
            assert!(answered(code, "FORD", "F-150", "2019").is_some(), "{code}");
        }
        for code in [
            "2", "3", "4", "5", "6", "7", "9", "10", "11", "12", "400", "0,7", "1,11,400", "", "x",
        ] {
            assert!(answered(code, "FORD", "F-150", "2019").is_none(), "{code}");
        }
        assert!(answered("0", "", "F-150", "2019").is_none());
        assert!(answered("0", "FORD", "", "2019").is_none());
        assert!(answered("0", "FORD", "F-150", "").is_none());
    }

    #[test]
    fn what_is_no_answer_is_garbage() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"Results":[]}"#,
            r#"{"Results":"no"}"#,
            "<html>",
        ] {
            assert_eq!(
                vehicle(body.as_bytes()),
                Err(VendorErrorKind::Garbage),
                "{body}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = vehicle(&bytes);
        }
    }
}
