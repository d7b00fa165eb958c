//! What Otto promises of turn-taking, and which scene keeps it to that: `docs/SCENES.md`.

use std::path::Path;

use super::script::Script;
use super::{ENDPOINTING, INTERRUPTIONS, LED_BY_A_MODEL, LED_BY_RULES, PATIENCE};

const PAGE: &str = include_str!("../../../../docs/SCENES.md");

#[test]
fn what_the_page_names_is_there() {
    let files = [
        INTERRUPTIONS,
        ENDPOINTING,
        PATIENCE,
        LED_BY_RULES,
        LED_BY_A_MODEL,
    ];
    let scenes: Vec<Script> = files.into_iter().flat_map(Script::read_all).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let root = root.expect("in a workspace");
    let mut named = 0;
    let rows = PAGE.lines().filter(|line| line.starts_with("| "));
    for name in rows
        .skip(1)
        .flat_map(|row| row.split('`').skip(1).step_by(2))
    {
        named += 1;
        match name.split_once("::") {
            Some((file, test)) => {
                let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
                let is_there = text.contains(&format!("fn {test}("));
                assert!(is_there, "there is no test {test} in {file}");
            }
            None => {
                let mut scenes = scenes.iter();
                let is_there = scenes.any(|scene| scene.name == name);
                assert!(is_there, "there is no scene {name:?}");
            }
        }
    }
    assert!(named >= 40, "{named}");
}
