//! The program as a person runs it: a real process, told by signals, read by its output.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use control::caller::voice::Synthesised;
use pipeline::local::{LocalSpeech, LocalSpeechConfig, LocalSpeechError};
use storage::call_log::CallLog;
use storage::{Address, Store};

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Business time of the tests: a Monday morning at the example location.
pub const NOW: &str = "2026-11-23T09:00:00-06:00";

/// A running `otto serve` with a book of its own. Dropping it kills the process.
#[derive(Debug)]
pub struct Program {
    executable: &'static str,
    process: Child,
    folder: tempfile::TempDir,
    book: Address,
    address: String,
}

impl Program {
    /// Fills a new book with the fictional customers and serves it on a free port.
    ///
    /// # Panics
    /// Where the program does not get as far as serving.
    #[must_use]
    pub fn serve(executable: &'static str, speech: &str) -> Self {
        Self::serve_with(executable, &[("OTTO_SPEECH", speech)])
    }

    /// As [`Self::serve`], with these settings in the environment.
    ///
    /// # Panics
    /// Where the program does not get as far as serving.
    #[must_use]
    pub fn serve_with(executable: &'static str, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let named = settings.iter().find(|(key, _)| *key == "DATABASE_URL");
        let book = match named {
            Some((_, url)) => Address::parse(url).expect("a database's address"),
            None => Address::Sqlite(folder.path().join("otto.db")),
        };
        let seeded = command(executable, folder.path(), &["seed", "--now", NOW])
            .envs(settings.iter().copied())
            .output()
            .expect("the program starts");
        assert!(seeded.status.success(), "{}", text(&seeded.stderr));
        let (process, address) = serving(executable, folder.path(), settings);
        Self {
            executable,
            process,
            folder,
            book,
            address,
        }
    }

    /// Serves the same book again, after [`Self::wait`].
    ///
    /// # Panics
    /// Where the program does not get as far as serving.
    pub fn serve_again(&mut self, settings: &[(&str, &str)]) {
        (self.process, self.address) = serving(self.executable, self.folder.path(), settings);
    }

    /// Where its book is.
    #[must_use]
    pub fn book(&self) -> &Address {
        &self.book
    }

    /// Its data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a caller's process. `arguments` follow `otto call`.
    ///
    /// # Panics
    /// Where no process can be had.
    #[must_use]
    pub fn call(&self, arguments: &[&str]) -> Child {
        let base = ["call", "--server", &self.address];
        command(self.executable, self.folder.path(), &base)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the caller starts")
    }

    /// Starts the process of a caller who says what a script has them say, and hangs up where it
    /// says so.
    ///
    /// # Panics
    /// As [`Self::call`].
    #[must_use]
    pub fn call_by(&self, script: &str) -> Child {
        let file = self.folder().join("script.txt");
        std::fs::write(&file, script).expect("written");
        let file = file.to_str().expect("a path of ours");
        self.call(&["--speech", "typed", "--limit", "90", "--script", file])
    }

    /// Where it serves, without a slash at the end.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The processes that this one has started.
    #[must_use]
    pub fn children(&self) -> Vec<u32> {
        // Each thread that starts processes has its own list of them.
        let tasks = std::fs::read_dir(self.proc("task"));
        tasks
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
            .flat_map(|list| {
                list.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .filter_map(|id| id.parse().ok())
            .collect()
    }

    /// How many descriptors and how many threads the server has now.
    #[must_use]
    pub fn open_files_and_threads(&self) -> (usize, usize) {
        let count = |list| std::fs::read_dir(self.proc(list)).map_or(0, Iterator::count);
        (count("fd"), count("task"))
    }

    fn proc(&self, list: &str) -> String {
        format!("/proc/{}/{list}", self.process.id())
    }

    /// Sends a signal to the server, by its name.
    pub fn signal(&self, name: &str) {
        signal(self.process.id(), name);
    }

    /// Waits for the server to end.
    ///
    /// # Panics
    /// Where it does not.
    pub fn wait(&mut self) -> ExitStatus {
        wait(&mut self.process)
    }

    /// The latest calls, once `until` holds for them.
    ///
    /// # Panics
    /// Where that does not come to pass.
    pub async fn calls(&self, until: impl Fn(&[CallLog]) -> bool) -> Vec<CallLog> {
        let store = Store::open(&self.book).await.expect("a book");
        let patience = Instant::now() + PATIENCE;
        loop {
            let calls = store
                .call_logs
                .recent(100)
                .await
                .expect("the call log is readable");
            if until(&calls) {
                return calls;
            }
            assert!(Instant::now() < patience, "{calls:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A process that serves on a free port, and where.
fn serving(executable: &str, folder: &Path, settings: &[(&str, &str)]) -> (Child, String) {
    let mut process = command(executable, folder, &["serve", "--now", NOW])
        .env("PORT", "0")
        .env("HOST", "127.0.0.1")
        .envs(settings.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let lines = BufReader::new(process.stdout.take().expect("a piped output")).lines();
    let address = lines
        .map_while(Result::ok)
        .find_map(|line| Some(line.split_once("serving on ")?.1.trim().to_owned()))
        .expect("the program says where it serves");
    (process, address)
}

/// `otto` with these arguments, in this data folder and no other environment of Otto's.
#[must_use]
pub fn command(executable: impl AsRef<OsStr>, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(executable);
    command
        .args(arguments)
        .env_clear()
        .env("OTTO_DATA_DIR", folder);
    // The engines are found by the loader's paths, the rest by nothing.
    for kept in [
        "PATH",
        "HOME",
        "LD_LIBRARY_PATH",
        "OTTO_SPEECH_MODEL",
        "TMPDIR",
    ] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command
}

/// Sends a signal to a process that a test started.
///
/// # Panics
/// Where there is no such process.
pub fn signal(process: u32, name: &str) {
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -{name} {process}")])
        .status()
        .expect("a shell");
    assert!(sent.success(), "kill -{name} {process}");
}

/// Waits for a process to end.
///
/// # Panics
/// Where it does not.
pub fn wait(process: &mut Child) -> ExitStatus {
    let patience = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = process.try_wait().expect("a process of ours") {
            return status;
        }
        assert!(
            Instant::now() < patience,
            "process {} does not end",
            process.id()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A voice of this machine's engines for somebody who talks to Otto, where there are any.
///
/// # Panics
/// In CI, where the engines are missing.
#[must_use]
pub fn engine_voice(executable: &str) -> Option<Synthesised> {
    has_engines(executable).then(|| {
        let worker = LocalSpeechConfig::new(executable.into(), vec!["speech-worker".to_owned()]);
        Synthesised::start_with(worker).expect("there are engines")
    })
}

/// Whether this machine has the speech engines. Where it has not, says that a test did not run and
/// why, past the test harness's capture; in CI that is a failure.
///
/// # Panics
/// In CI, where the engines are missing.
#[must_use]
pub fn has_engines(executable: &str) -> bool {
    let worker = LocalSpeechConfig::new(executable.into(), vec!["speech-worker".to_owned()]);
    match LocalSpeech::start(worker) {
        Ok(_) => true,
        Err(LocalSpeechError::Missing(missing)) => {
            let _ = writeln!(std::io::stderr(), "NOT RUN: {missing}");
            assert!(std::env::var_os("CI").is_none(), "not run: {missing}");
            false
        }
        Err(error) => panic!("{error}"),
    }
}

/// A finished process's output as text.
#[must_use]
pub fn printed(output: &Output) -> String {
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
