//! The Postgres book passes the contract through a transaction pooler as well, where one statement's
//! connection to the server need not be the next one's, and nothing outlives a transaction.

mod contract;
#[path = "../../tests/src/postgres.rs"]
#[allow(dead_code, unreachable_pub)] // one file, two packages
mod server;

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use storage::{Address, Store};

/// How long a pooler may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Far fewer connections than the program has, so that they change hands all the time.
const CONFIG: &str = "[databases]
* = host=FOLDER port=PORT user=otto
[pgbouncer]
pool_mode = transaction
default_pool_size = 3
max_client_conn = 500
listen_addr =
listen_port = 6432
unix_socket_dir = FOLDER
auth_type = any
server_idle_timeout = 2
";

/// Ends with this process, as the server does.
struct Pooler {
    _keeper: Child,
    _alive: ChildStdin,
}

/// An empty book behind the pooler.
async fn store() -> Option<Store> {
    static POOLER: OnceLock<Result<Pooler, String>> = OnceLock::new();
    let server = server::postgres()?;
    if let Err(missing) = POOLER.get_or_init(|| start(server)) {
        server::not_run(missing);
        return None;
    }
    let direct = server.database();
    let pooled = direct.replace(&format!(":{}/", server.port()), ":6432/");
    assert_ne!(direct, pooled);
    let address = Address::parse(&pooled).expect("an address");
    Some(Store::open(&address).await.expect("an empty database"))
}

fn start(server: &server::Postgres) -> Result<Pooler, String> {
    let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
        .into_iter()
        .find(|path| Path::new(path).is_file())
        .ok_or("no PgBouncer on this machine (apt-get install pgbouncer; .ci/packages does so)")?;
    let folder = server.folder();
    let config = folder.join("pgbouncer.ini");
    let text = CONFIG
        .replace("FOLDER", &folder.display().to_string())
        .replace("PORT", &server.port().to_string());
    std::fs::write(&config, text).expect("written");
    const KEEPER: &str =
        "trap '' INT TERM HUP; \"$1\" -q \"$2\" >\"$3\" 2>&1 </dev/null & pooler=$!
        cat >/dev/null; kill $pooler; wait";
    let mut keeper: Child = server
        .command("sh")
        .args(["-c", KEEPER, "keeper", program])
        .args([&config, &folder.join("pgbouncer.log")])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell");
    let alive = keeper.stdin.take().expect("piped");
    let socket = folder.join(".s.PGSQL.6432");
    let patience = Instant::now() + PATIENCE;
    while UnixStream::connect(&socket).is_err() {
        let log = || std::fs::read_to_string(folder.join("pgbouncer.log"));
        assert!(Instant::now() < patience, "no pooler: {:?}", log());
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(Pooler {
        _keeper: keeper,
        _alive: alive,
    })
}

contract::suite!(crate::store);
