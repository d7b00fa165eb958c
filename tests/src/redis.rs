//! A Redis server of a test's own: made in a temporary folder, reached by a socket there, killed and
//! removed when its test lets go of it or the process ends, however it ends. It never touches a
//! server that was there before.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::postgres::not_run;

/// One server. It may be killed and started again, at the same address.
#[derive(Debug)]
pub struct Redis {
    /// Holds the socket; the keeper removes it.
    folder: PathBuf,
    keeper: Child,
    /// Its end tells the keeper that nobody needs the server any more.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// Starts and kills the server as it is told to, a word a line, and says when it is done. The shell
/// ignores signals, so that it outlives a Ctrl-C and cleans up.
const KEEPER: &str = r#"
trap '' INT TERM HUP
folder=$1
server=
while read -r order; do
    case $order in
    start)
        redis-server --port 0 --unixsocket "$folder/redis.sock" --dir "$folder" \
            --save '' --appendonly no </dev/null >>"$folder/server.log" 2>&1 &
        server=$!
        for i in $(seq 100); do
            [ "$(redis-cli -s "$folder/redis.sock" ping 2>/dev/null)" = PONG ] && break
            kill -0 $server 2>/dev/null || break
            sleep 0.05
        done
        redis-cli -s "$folder/redis.sock" ping 2>&1
        ;;
    kill)
        kill -9 $server
        wait $server 2>/dev/null
        echo gone
        ;;
    esac
done
[ -z "$server" ] || kill -9 $server 2>/dev/null
wait
rm -rf "$folder"
"#;

/// A new server. Where this machine has no Redis, says that the test did not run and why, past the
/// harness's capture; in CI that is a failure.
///
/// # Panics
/// In CI, where there is no Redis; and where it does not start.
#[must_use]
pub fn redis() -> Option<Redis> {
    if !installed() {
        not_run(
            "no Redis server on this machine (apt-get install redis-server; .ci/packages does so)",
        );
        return None;
    }
    Some(Redis::start())
}

fn installed() -> bool {
    ["redis-server", "redis-cli"].iter().all(|program| {
        Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}

impl Redis {
    fn start() -> Self {
        let folder = folder();
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It outlives us by a moment, and should keep nobody waiting who reads what we print.
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let orders = keeper.stdin.take();
        let answers = BufReader::new(keeper.stdout.take().expect("piped"));
        let mut redis = Self {
            folder,
            keeper,
            orders,
            answers,
        };
        redis.start_again();
        redis
    }

    /// The address of its socket.
    #[must_use]
    pub fn address(&self) -> String {
        format!("redis+unix://{}/redis.sock", self.folder.display())
    }

    /// Kills the server: nothing is finished, and all it knew is forgotten.
    ///
    /// # Panics
    /// Where it does not go.
    pub fn kill(&mut self) {
        assert_eq!(self.order("kill"), "gone");
    }

    /// Starts the server again after [`Self::kill`].
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_again(&mut self) {
        assert_eq!(
            self.order("start"),
            "PONG",
            "the private Redis does not start"
        );
    }

    /// Asks the server behind the program's back, word by word.
    ///
    /// # Panics
    /// Where it does not answer.
    #[must_use]
    pub fn says(&self, words: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .arg("-s")
            .arg(self.folder.join("redis.sock"))
            .args(words)
            .output()
            .expect("redis-cli runs");
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn order(&mut self, order: &str) -> String {
        let orders = self.orders.as_mut().expect("open until it is dropped");
        writeln!(orders, "{order}").expect("the keeper listens");
        let mut said = String::new();
        self.answers
            .read_line(&mut said)
            .expect("the keeper speaks");
        said.trim().to_owned()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.keeper.wait();
    }
}

/// A folder of ours. Short, because the path of a socket may not be longer than 107 bytes.
fn folder() -> PathBuf {
    let process = std::process::id();
    // A killed keeper leaves its folder behind, and numbers of processes come again.
    (0..100)
        .map(|n| Path::new("/tmp").join(format!("otto-redis-{process}-{n}")))
        .find(|folder| std::fs::create_dir(folder).is_ok())
        .expect("a folder in /tmp")
}
