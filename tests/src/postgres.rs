//! A Postgres server of a test's own: made in a temporary folder, stopped and removed when the test
//! process ends, however it ends. It never touches a server that was there before.
//!
//! Built on the standard library alone, so that `storage`, which is below this crate, can include
//! the file.

#[path = "port.rs"]
pub mod port;

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use port::free_port;

/// A server of this test process. It runs as long as the process does.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    /// Where it lives; holds its socket, too.
    folder: PathBuf,
    /// On the loopback interface.
    port: u16,
    /// Whom to become for its programs, where we are root: Postgres refuses to be run by root.
    user: Option<String>,
    _keeper: Child,
    /// Its end tells the keeper that this process is over.
    _alive: ChildStdin,
}

/// Makes a folder, starts the server in the foreground, and stops it at the end of its input, which
/// is the end of the test process. The shell ignores signals, so that it outlives a Ctrl-C.
const KEEPER: &str = r#"
trap '' INT TERM HUP
bin=$1 folder=$2 port=$3 sync=$4
"$bin/initdb" -D "$folder/data" -U otto -A trust --no-sync --encoding=UTF8 --locale=C \
    >"$folder/initdb.log" 2>&1 || { echo "failed: initdb: $(tail -n 3 "$folder/initdb.log")"; rm -rf "$folder"; exit 1; }
"$bin/postgres" -D "$folder/data" -k "$folder" -h 127.0.0.1 -p "$port" \
    -c fsync=$sync -c synchronous_commit=$sync -c full_page_writes=$sync -c max_connections=300 \
    </dev/null >"$folder/server.log" 2>&1 &
server=$!
for i in $(seq 300); do
    "$bin/pg_isready" -q -h "$folder" -p "$port" && break
    kill -0 $server 2>/dev/null || break
    sleep 0.1
done
if "$bin/pg_isready" -q -h "$folder" -p "$port"; then
    echo ready
    cat >/dev/null
else
    echo "failed: postgres: $(tail -n 3 "$folder/server.log")"
fi
# By its folder: a test may have stopped it and started another there.
"$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1
wait
rm -rf "$folder"
"#;

/// The server. Where this machine has no Postgres, says that the test did not run and why, past the
/// harness's capture; in CI that is a failure.
///
/// # Panics
/// In CI, where there is no Postgres; and where it does not start.
#[must_use]
pub fn postgres() -> Option<&'static Postgres> {
    static SERVER: OnceLock<Result<Postgres, String>> = OnceLock::new();
    or_not_run(SERVER.get_or_init(|| Postgres::start("off")))
}

/// A server that syncs to disk at every commit, for what is to be measured.
///
/// # Panics
/// As [`postgres`].
#[must_use]
pub fn durable() -> Option<&'static Postgres> {
    static SERVER: OnceLock<Result<Postgres, String>> = OnceLock::new();
    or_not_run(SERVER.get_or_init(|| Postgres::start("on")))
}

fn or_not_run(server: &'static Result<Postgres, String>) -> Option<&'static Postgres> {
    match server {
        Ok(server) => Some(server),
        Err(missing) => {
            not_run(missing);
            None
        }
    }
}

/// Says that a test did not run, and why.
///
/// # Panics
/// In CI: there a test that did not run must not look like one that passed.
pub fn not_run(missing: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "NOT RUN: {test}: {missing}");
    assert!(std::env::var_os("CI").is_none(), "not run: {missing}");
}

impl Postgres {
    fn start(sync: &str) -> Result<Self, String> {
        let bin = binaries().ok_or(
            "no Postgres server on this machine (apt-get install postgresql; .ci/packages does so)",
        )?;
        let user = server_user()?;
        let folder = folder(user.as_deref());
        let port = free_port();
        let mut keeper = as_user(user.as_deref(), "sh")
            .args(["-c", KEEPER, "keeper"])
            .args([&bin, &folder])
            .args([&port.to_string(), sync])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It outlives us by a moment, and should keep nobody waiting who reads what we print.
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let alive = keeper.stdin.take().expect("piped");
        let mut said = String::new();
        BufReader::new(keeper.stdout.take().expect("piped"))
            .read_line(&mut said)
            .expect("the keeper speaks");
        assert_eq!(said.trim(), "ready", "the private Postgres does not start");
        Ok(Self {
            bin,
            folder,
            port,
            user,
            _keeper: keeper,
            _alive: alive,
        })
    }

    /// An empty database of its own, by its address over the server's socket.
    ///
    /// # Panics
    /// Where it cannot be made.
    #[must_use]
    pub fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let name = format!("book{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.address(&name)
    }

    /// The address of a database over the server's socket.
    #[must_use]
    pub fn address(&self, database: &str) -> String {
        let (folder, port) = (self.folder.display(), self.port);
        format!("postgres://otto@localhost:{port}/{database}?host={folder}")
    }

    /// The server's port on the loopback interface, and of its socket.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its socket is; files may be put there for its programs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs SQL behind the program's back. Returns what it answers, without decoration.
    ///
    /// # Panics
    /// Where the server refuses.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql(database, sql)
            .unwrap_or_else(|refusal| panic!("{sql}: {refusal}"))
    }

    /// Runs SQL behind the program's back.
    ///
    /// # Errors
    /// What the server says against it.
    pub fn try_sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let output = self
            .psql(database)
            .args(["-c", sql])
            .output()
            .expect("psql runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    /// The server's own shell, for what a person may do there.
    #[must_use]
    pub fn psql(&self, database: &str) -> Command {
        let mut command = Command::new(self.bin.join("psql"));
        command
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(["-U", "otto", "-h"])
            .arg(&self.folder)
            .args(["-p", &self.port.to_string(), "-d", database]);
        command
    }

    /// Stops the server as an administrator would who is in a hurry: nobody is waited for.
    ///
    /// # Panics
    /// Where it does not stop.
    pub fn stop(&self) {
        self.control(&["-m", "fast", "stop"]);
    }

    /// Starts the server again after [`Self::stop`].
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_again(&self) {
        let (folder, port) = (self.folder.display(), self.port);
        let options = format!("-k {folder} -h 127.0.0.1 -p {port} -c fsync=off");
        let log = self.folder.join("server.log");
        let log = log.to_str().expect("a folder of ours");
        self.control(&["-l", log, "-o", &options, "start"]);
    }

    fn control(&self, arguments: &[&str]) {
        let program = self.bin.join("pg_ctl");
        let done = self
            .command(program.to_str().expect("a program of Debian's"))
            .arg("-D")
            .arg(self.folder.join("data"))
            .arg("-w")
            .args(arguments)
            .stdout(Stdio::null())
            .status()
            .expect("pg_ctl runs");
        assert!(done.success(), "pg_ctl {arguments:?}: {done}");
    }

    /// A program to be run as the user that the server runs as.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        as_user(self.user.as_deref(), program)
    }
}

/// The newest server that Debian installed, or the one on the path.
fn binaries() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut versions: Vec<(u32, PathBuf)> = installed
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let newest_first = versions.into_iter().rev().map(|(_, bin)| bin);
    newest_first
        .chain(std::env::split_paths(&path))
        .find(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
}

/// Nobody else where we are not root; else the user that Debian made for it.
fn server_user() -> Result<Option<String>, String> {
    if id("-u", None) != Some(0) {
        return Ok(None);
    }
    ["postgres", "nobody"]
        .into_iter()
        .find(|user| id("-u", Some(user)).is_some())
        .map(|user| Some(user.to_owned()))
        .ok_or_else(|| "Postgres refuses to be run by root, and there is no other user".to_owned())
}

fn id(which: &str, user: Option<&str>) -> Option<u32> {
    let output = Command::new("id").arg(which).args(user).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// A program run by that user, or by ours.
fn as_user(user: Option<&str>, program: &str) -> Command {
    let Some(user) = user else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command
        .args([&format!("--reuid={user}"), "--clear-groups"])
        .arg(format!(
            "--regid={}",
            id("-g", Some(user)).unwrap_or(65_534)
        ))
        .arg(program);
    command
}

/// A folder of that user's. Short, because the path of a socket may not be longer than 107 bytes.
fn folder(user: Option<&str>) -> PathBuf {
    let process = std::process::id();
    // A killed keeper leaves its folder behind, and numbers of processes come again.
    let folder = (0..100)
        .map(|n| Path::new("/tmp").join(format!("otto-pg-{process}-{n}")))
        .find(|folder| std::fs::create_dir(folder).is_ok())
        .expect("a folder in /tmp");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).expect("ours");
    if let Some(user) = user {
        chown(&folder, id("-u", Some(user)), id("-g", Some(user))).expect("root may");
    }
    folder
}
