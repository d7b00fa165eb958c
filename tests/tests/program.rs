//! The program as its people meet it: the demo, calls that end in every way, wrong settings.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use storage::call_log::{CallLog, Outcome};
use storage::limits::READ_CONNECTIONS;
use tests::program::{NOW, Program, command, has_engines, printed, signal, wait};

const OTTO: &str = env!("CARGO_BIN_EXE_otto-under-test");

/// How long a caller who says one thing stays: longer than any test needs.
const STAYS: &str = "60";

#[test]
fn the_demos_five_calls_leave_what_they_should_in_the_book_with_typed_words() {
    play_the_demo("typed");
}

#[test]
fn the_demos_five_calls_leave_what_they_should_in_the_book_with_recognised_words() {
    if has_engines(OTTO) {
        play_the_demo("recognised");
    }
}

fn play_the_demo(speech: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = command(OTTO, folder.path(), &["demo", "--speech", speech])
        .output()
        .expect("the program starts");
    let printed = printed(&output);
    assert!(output.status.success(), "{printed}");
    let last = String::from_utf8_lossy(&output.stdout);
    let last = last.lines().last().unwrap_or_default();
    let rest = last
        .strip_prefix(&format!("demo: 5/5 scenarios, speech={speech}, db="))
        .unwrap_or_else(|| panic!("the last line is {last:?}"));
    let (database, timeline) = rest
        .split_once(", timeline=")
        .expect("both files are named");
    for file in [database, timeline] {
        assert!(
            Path::new(file).metadata().is_ok_and(|file| file.len() > 0),
            "{file}"
        );
    }
    let logs = event_logs(Path::new(timeline).parent().expect("its folder"));
    assert_eq!(logs.len(), 5);
    for log in &logs {
        let (code, printed) = replay(folder.path(), log);
        assert!(printed.contains(", 0 differences"), "{printed}");
        assert_eq!(code, Some(0), "{printed}");
    }
    an_altered_log_is_told(folder.path(), &logs[0]);
}

/// Of every call of a server with this data folder.
fn event_logs(data_dir: &Path) -> Vec<PathBuf> {
    let days = std::fs::read_dir(data_dir.join("calls")).expect("logs were written");
    let in_day = |day: std::fs::DirEntry| std::fs::read_dir(day.path()).into_iter().flatten();
    let files = days.flatten().flat_map(in_day).flatten();
    let logs = files.map(|file| file.path());
    logs.filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
        .collect()
}

fn replay(folder: &Path, log: &Path) -> (Option<i32>, String) {
    let log = log.to_str().expect("a path of ours");
    let output = command(OTTO, folder, &["replay", log]).output();
    let output = output.expect("the program starts");
    (output.status.code(), printed(&output))
}

/// One effect that was another is a difference of that line; half a line is told by its number, but
/// for the last one, which was being written when its program was killed.
fn an_altered_log_is_told(folder: &Path, log: &Path) {
    let text = std::fs::read_to_string(log).expect("a log");
    let altered = folder.join("altered.jsonl");
    let greets = text.find("{\"say\":").expect("the agent greets");
    let line = text[..greets].lines().count();
    let (before, after) = text.split_at(greets);
    let after = after.replacen("\"text\":\"", "\"text\":\"Ahem. ", 1);
    std::fs::write(&altered, format!("{before}{after}")).expect("written");
    let (code, printed) = replay(folder, &altered);
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains(&format!("line {line}:")), "{printed}");
    assert!(printed.contains(", 1 differences"), "{printed}");
    let torn = &text[..text.len() - 9];
    std::fs::write(&altered, torn).expect("written");
    let (code, printed) = replay(folder, &altered);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("the log breaks off"), "{printed}");
    std::fs::write(&altered, format!("{torn}\n")).expect("written");
    let (code, printed) = replay(folder, &altered);
    assert_eq!(code, Some(2), "{printed}");
    let last = text.lines().count();
    assert!(printed.contains(&format!("line {last}: ")), "{printed}");
}

#[tokio::test]
async fn a_call_is_logged_when_the_caller_hangs_up() {
    let otto = Program::serve(OTTO, "typed");
    let mut caller = otto.call_by("help: i need an oil change\nwhen: /hangup");
    let _ = wait(&mut caller);
    let call = only(otto.calls(ended).await);
    assert_eq!(outcome(&call), Outcome::Abandoned);
    let said = call.summary.expect("the call has ended").transcript;
    assert!(
        said.iter().any(|line| line.text.contains("oil change")),
        "{said:?}"
    );
}

#[tokio::test]
async fn the_course_of_a_call_is_kept_without_what_is_the_callers_own_and_drawn() {
    let otto = Program::serve(OTTO, "typed");
    let mut caller = otto.call_by(
        "help: i need an oil change, and my number is two one seven five five five zero one nine one\n\
         when: /hangup",
    );
    let _ = wait(&mut caller);
    let call = only(otto.calls(ended).await);
    let log = finished_log(otto.folder());
    let text = std::fs::read_to_string(&log).expect("a log");
    assert!(text.contains("oil change"), "{text}");
    for personal in ["2175550", "five five five"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
    let (code, printed) = replay(otto.folder(), &log);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("the log is masked"), "{printed}");
    let sid = call.call.call_sid;
    let path = format!("{}/api/v1/calls/{sid}/timeline", otto.address());
    let page = reqwest::get(path).await.expect("an answer");
    assert_eq!(page.status(), 200);
    let page = page.text().await.expect("a page");
    assert!(page.contains("oil change") && page.contains("personal data left out"));
}

/// The only event log, once its call is over.
fn finished_log(data_dir: &Path) -> PathBuf {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let log = event_logs(data_dir).pop();
        let text = log
            .as_ref()
            .and_then(|log| std::fs::read_to_string(log).ok());
        let last = text.as_deref().and_then(|text| text.lines().last());
        if let (Some(log), Some(last)) = (log, last)
            && last.contains("\"event\":\"ended\"")
            && last.ends_with('}')
        {
            return log;
        }
        assert!(Instant::now() < deadline, "the log has no end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn a_call_is_logged_when_its_socket_just_drops() {
    let otto = Program::serve(OTTO, "typed");
    let mut caller = otto.call(&["--speech", "typed", "--limit", STAYS, "--say", "hello"]);
    otto.calls(|calls| calls.len() == 1).await;
    signal(caller.id(), "KILL");
    let _ = wait(&mut caller);
    let call = only(otto.calls(ended).await);
    assert_ne!(outcome(&call), Outcome::InProgress);
}

#[tokio::test]
async fn a_call_is_logged_and_the_process_ends_when_it_is_told_to_stop_twice() {
    let mut otto = Program::serve(OTTO, "typed");
    let mut caller = otto.call(&["--speech", "typed", "--limit", STAYS, "--say", "hello"]);
    otto.calls(|calls| calls.len() == 1).await;
    otto.signal("TERM");
    otto.signal("TERM");
    assert!(otto.wait().success());
    let call = only(otto.calls(ended).await);
    assert_ne!(outcome(&call), Outcome::InProgress);
    let _ = wait(&mut caller);
}

#[tokio::test]
async fn a_call_outlives_a_crash_of_the_speech_engines() {
    if !has_engines(OTTO) {
        return;
    }
    let otto = Program::serve(OTTO, "recognised");
    let words = "what are your hours on saturday";
    let caller = otto.call(&["--limit", "25", "--say", words]);
    otto.calls(|calls| calls.len() == 1).await;
    let workers = otto.children();
    assert!(!workers.is_empty(), "speech has processes of its own");
    for worker in workers {
        signal(worker, "KILL");
    }
    let heard = caller.wait_with_output().expect("the caller's output");
    let call = only(otto.calls(ended).await);
    let lines = call.summary.expect("the call has ended").transcript;
    assert!(
        lines.iter().any(|line| line.text.contains("9 a.m.")),
        "{lines:?}\n{}",
        printed(&heard)
    );
}

#[test]
fn a_wrong_setting_is_one_sentence_that_names_the_key() {
    for (key, value) in [
        ("PORT", "eighty"),
        ("HOST", "here"),
        ("DATABASE_URL", "ftp://book"),
        ("BASE_URL", "otto"),
        ("OTTO_LOCATION", "/nowhere.toml"),
        ("ENV", "production"),
    ] {
        let output = serve_with(key, value);
        assert!(!output.status.success(), "{key}={value}");
        let printed = printed(&output);
        assert!(printed.contains(key), "{key}={value}: {printed}");
        assert_eq!(printed.lines().count(), 1, "{key}={value}: {printed}");
    }
}

fn serve_with(key: &str, value: &str) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments = ["serve", "--now", NOW, "--speech", "typed"];
    command(OTTO, folder.path(), &arguments)
        .env("RUST_LOG", "off")
        .env(key, value)
        .output()
        .expect("the program starts")
}

#[tokio::test]
async fn forty_calls_in_a_row_leave_nothing_behind_in_the_process() {
    // Reads of the book that overlap open connections that stay: each has a thread, and two files
    // or three.
    let opened_later = READ_CONNECTIONS as usize - 1;
    let otto = Program::serve(OTTO, "typed");
    let mut after_ten = (0, 0);
    for round in 1..=40_usize {
        let mut caller = otto.call(&["--speech", "typed", "--limit", "1", "--say", "hello"]);
        let _ = wait(&mut caller);
        otto.calls(|calls| calls.len() == round && ended(calls))
            .await;
        if round == 10 {
            after_ten = otto.open_files_and_threads();
        }
    }
    let patience = Instant::now() + Duration::from_secs(5);
    loop {
        let (files, threads) = otto.open_files_and_threads();
        if files <= after_ten.0 + 3 * opened_later && threads <= after_ten.1 + opened_later {
            break;
        }
        assert!(
            Instant::now() < patience,
            "{after_ten:?} after ten calls, {:?} after forty",
            (files, threads)
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn ended(calls: &[CallLog]) -> bool {
    !calls.is_empty() && calls.iter().all(|call| call.summary.is_some())
}

fn only(mut calls: Vec<CallLog>) -> CallLog {
    assert_eq!(calls.len(), 1, "{calls:?}");
    calls.remove(0)
}

fn outcome(call: &CallLog) -> Outcome {
    call.summary
        .as_ref()
        .map_or(Outcome::InProgress, |summary| summary.outcome)
}
