//! Workers for this crate's tests: the test executable itself, started again.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use super::{LocalSpeech, LocalSpeechConfig, LocalSpeechError, Missing, worker};

/// A setup whose workers are this test executable, told to run only the "test" below.
pub(super) fn config() -> LocalSpeechConfig {
    let worker = std::env::current_exe().expect("a test runs from a file");
    let arguments = ["--exact", "local::testing::worker_process", "--ignored"];
    LocalSpeechConfig::new(worker, arguments.map(str::to_owned).to_vec())
}

/// Speech where this machine has the engines. Where it has not, says so, and fails in CI: there a
/// test that did not run must not look like one that passed.
pub(super) fn speech() -> Option<LocalSpeech> {
    started(config())
}

fn started(config: LocalSpeechConfig) -> Option<LocalSpeech> {
    match LocalSpeech::start(config) {
        Ok(speech) => Some(speech),
        Err(LocalSpeechError::Missing(missing)) => {
            not_run(&missing);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Says that a test did not run and why, past the harness, which keeps what passing tests print.
pub(super) fn not_run(missing: &Missing) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "NOT RUN: {test}: {missing}");
    assert!(std::env::var_os("CI").is_none(), "not run: {missing}");
}

/// Speech with as many recognisers as given and this much patience; see [`speech`].
pub(super) fn speech_with(recognisers: usize, work_deadline: Duration) -> Option<LocalSpeech> {
    started(LocalSpeechConfig {
        recognisers,
        work_deadline,
        ..config()
    })
}

#[test]
#[ignore = "not a test: what the worker processes of other tests run"]
fn worker_process() {
    assert_eq!(worker::main(), ExitCode::SUCCESS);
}
