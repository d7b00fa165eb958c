//! The walls of the house: which crate may know which, and what `dsp` may touch.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What each crate may depend on within the workspace. Arrows go one way:
/// `dsp <- pipeline <- control -> storage`.
const ARROWS: [(&str, &[&str]); 4] = [
    ("dsp", &[]),
    ("pipeline", &["dsp"]),
    ("storage", &[]),
    ("control", &["dsp", "pipeline", "storage"]),
];

#[test]
fn dependencies_point_one_way() {
    let metadata = cargo_metadata();
    let packages = metadata["packages"]
        .as_array()
        .expect("cargo metadata lists packages");
    let ours: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    for (name, allowed) in ARROWS {
        let package = packages
            .iter()
            .find(|p| p["name"] == name)
            .unwrap_or_else(|| panic!("no package {name} in the workspace"));
        let known: BTreeSet<&str> = package["dependencies"]
            .as_array()
            .expect("a package lists its dependencies")
            .iter()
            .filter_map(|d| d["name"].as_str())
            .filter(|d| ours.contains(d))
            .collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        assert!(
            known.is_subset(&allowed),
            "{name} knows {known:?}, and may know {allowed:?}"
        );
    }
}

#[test]
fn dsp_has_no_io_clock_or_thread_and_no_unsafe_but_the_detectors() {
    const FORBIDDEN: [&str; 8] = [
        "std::io",
        "std::fs",
        "std::net",
        "std::thread",
        "std::time",
        "std::process",
        "println!",
        "tokio",
    ];
    let root = workspace().join("dsp/src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    assert!(
        files.len() > 5,
        "found only {} files under {}",
        files.len(),
        root.display()
    );
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source file is readable");
        let is_vad = file.file_name().is_some_and(|name| name == "vad.rs");
        // A file's tests stand last and may do as they like.
        let code = text
            .lines()
            .take_while(|line| line.trim() != "#[cfg(test)]");
        for (index, line) in code.enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            let place = format!("{}:{}", file.display(), index + 1);
            for word in FORBIDDEN {
                assert!(!line.contains(word), "{place}: {word}");
            }
            let is_unsafe = line.contains("unsafe ") && !line.contains("unsafe_code");
            assert!(!is_unsafe || is_vad, "{place}: unsafe");
        }
    }
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the workspace")
}

fn cargo_metadata() -> serde_json::Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a source directory is readable") {
        let path = entry.expect("a directory entry is readable").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
