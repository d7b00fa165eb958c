//! Several locations: a folder of files, and who answers which number.

use std::path::Path;

use storage::customer::Phone;
use storage::location::Locations;
use tempfile::TempDir;

const OTTO: &str = include_str!("../locations/ottos-auto.toml");
const NORTH: &str = include_str!("../locations/ottos-north.toml");

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("a number")
}

fn refusal(path: &Path) -> String {
    Locations::load(path).expect_err("refused").to_string()
}

#[test]
fn the_dialled_number_decides_who_answers() {
    let folder = folder(&[
        ("a.toml", OTTO),
        ("b.toml", NORTH),
        ("notes.txt", "no location"),
    ]);
    let both = Locations::load(folder.path()).expect("two locations");
    assert!(both.are_several());
    let answers = |number: &str| both.dialled(Some(&phone(number))).name.clone();
    assert_eq!(answers("+12175550100"), "Otto's Auto");
    assert_eq!(answers("+12695550110"), "Otto's North");
    assert_eq!(
        answers("+12125550123"),
        "Otto's Auto",
        "the first, for a number of nobody's"
    );
    assert_eq!(both.dialled(None).name, "Otto's Auto");
    let north = both.by_key("north").expect("there");
    assert_eq!(north.zone.iana_name(), Some("America/Detroit"));
    assert_eq!(both.beside(north).count(), 1);
    assert_eq!(both.of("closed_long_ago").key, "main");
}

#[test]
fn one_file_is_one_location_and_needs_no_key() {
    let keyless = OTTO.replace("key = \"main\" ", "");
    let folder = folder(&[("only.toml", &keyless)]);
    let only = Locations::load(&folder.path().join("only.toml")).expect("one");
    assert!(!only.are_several());
    assert_eq!(only.first().key, "main");
}

#[test]
fn what_two_locations_share_is_refused_by_file_and_key() {
    let shared = [
        ("key = \"north\"", "key = \"main\"", "key: \"main\""),
        ("+1 269 555 0110", "+1 217 555 0100", "phone: "),
        (
            "name = \"Otto's North\"",
            "name = \"Otto's Auto\"",
            "name: ",
        ),
        (
            "\"lakeside\"]",
            "\"Springfield\"]",
            "called: \"springfield\"",
        ),
    ];
    for (from, to, problem) in shared {
        assert!(NORTH.contains(from), "{from}");
        let folder = folder(&[("a.toml", OTTO), ("b.toml", &NORTH.replace(from, to))]);
        let said = refusal(folder.path());
        assert!(said.contains("b.toml") && said.contains(problem), "{said}");
    }
}

#[test]
fn a_wrong_file_is_named_with_its_key() {
    let folder = folder(&[
        ("a.toml", OTTO),
        ("b.toml", &NORTH.replace("bays = 2", "bays = 0")),
    ]);
    let said = refusal(folder.path());
    assert!(
        said.contains("b.toml") && said.contains("bays: 0"),
        "{said}"
    );
    let spaced = NORTH.replace("key = \"north\"", "key = \"North Shop\"");
    let folder = self::folder(&[("b.toml", &spaced)]);
    assert!(refusal(folder.path()).contains("key: \"North Shop\""));
    let short = NORTH.replace("\"lakeside\"]", "\"up\"]");
    let folder = self::folder(&[("b.toml", &short)]);
    assert!(refusal(folder.path()).contains("called[3]"));
    let empty = self::folder(&[("readme.md", "")]);
    assert!(refusal(empty.path()).contains("holds no file that ends in .toml"));
}
