//! The house's walls: which crate may know which, and that signal code touches nothing but samples.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The members that Otto is built of, from the ear to the book.
const MEMBERS: [&str; 4] = ["dsp", "pipeline", "control", "storage"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The members that this one depends on, by its manifest.
fn known_to(member: &str) -> BTreeSet<&'static str> {
    let manifest = fs::read_to_string(root().join(member).join("Cargo.toml")).expect("a manifest");
    let dependencies = manifest
        .split("\n[")
        .filter(|section| section.starts_with("dependencies") || section.contains(".dependencies"));
    let lines: Vec<&str> = dependencies.flat_map(str::lines).collect();
    let names = |member: &str| {
        lines.iter().any(|line| {
            let name = line.split(['.', ' ', '=', ']']).next();
            name == Some(member) || *line == format!("dependencies.{member}]")
        })
    };
    MEMBERS.into_iter().filter(|other| names(other)).collect()
}

/// Every source file below this folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn arrows_between_the_crates_go_one_way() {
    assert_eq!(known_to("dsp"), BTreeSet::new());
    assert_eq!(known_to("pipeline"), BTreeSet::from(["dsp"]));
    assert_eq!(known_to("storage"), BTreeSet::new());
    assert_eq!(
        known_to("control"),
        BTreeSet::from(["dsp", "pipeline", "storage"])
    );
}

#[test]
fn signal_code_knows_no_clock_no_thread_and_no_file() {
    const FORBIDDEN: [&str; 7] = [
        "std::time",
        "std::thread",
        "std::fs",
        "std::io",
        "std::net",
        "std::process",
        "std::env",
    ];
    let files = sources(&root().join("dsp/src"));
    assert!(files.len() > 5, "the sources are found");
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for forbidden in FORBIDDEN {
            assert!(
                !code.contains(forbidden),
                "{} uses {forbidden}",
                file.display()
            );
        }
        let unsafe_code = code.contains("allow(unsafe_code)");
        assert!(
            !unsafe_code || file.ends_with("vad.rs"),
            "{} uses unsafe",
            file.display()
        );
    }
}
