//! Otto with a Redis server that speaks TLS, as managed ones do.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tests::port::free_port;
use tests::postgres::not_run;
use tests::program::Program;
use tests::redis::{Redis, redis};

const OTTO: &str = env!("CARGO_BIN_EXE_otto-under-test");

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes a key and a certificate for `localhost`, trusted by whoever is told of it.
fn certify(folder: &Path) -> bool {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"])
        .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "server.key", "-out", "server.crt"])
        .current_dir(folder)
        .output();
    made.is_ok_and(|made| made.status.success())
}

/// Switches TLS on; the port.
fn encrypt(redis: &Redis, folder: &Path) -> u16 {
    let port = free_port();
    let file = |name: &str| folder.join(name).display().to_string();
    for (setting, value) in [
        ("tls-auth-clients", "no".to_owned()),
        ("tls-key-file", file("server.key")),
        ("tls-cert-file", file("server.crt")),
        ("tls-port", port.to_string()),
    ] {
        assert_eq!(redis.says(&["CONFIG", "SET", setting, &value]), "OK");
    }
    port
}

async fn is_healthy_with(otto: &Program, redis: &str) {
    let wanted = format!("\"redis\":\"{redis}\"");
    let patience = Instant::now() + PATIENCE;
    loop {
        let page = reqwest::get(format!("{}/health", otto.address())).await;
        let health = page.expect("answered").text().await.expect("text");
        if health.contains(&wanted) {
            return;
        }
        assert!(Instant::now() < patience, "{health}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_server_that_proves_itself_is_used_and_no_other() {
    let Some(redis) = redis() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    if !certify(folder.path()) {
        not_run("no openssl to make a certificate with (apt-get install openssl)");
        return;
    }
    let port = encrypt(&redis, folder.path());
    let trusted = folder.path().join("server.crt").display().to_string();
    let address = format!("rediss://localhost:{port}");
    let settings = [("OTTO_SPEECH", "typed"), ("REDIS_URL", &address)];
    let trusting = [&settings[..], &[("SSL_CERT_FILE", &trusted)]].concat();
    is_healthy_with(&Program::serve_with(OTTO, &trusting), "connected").await;
    // The same server under a name that its certificate does not hold, and one that nobody vouches for.
    let misnamed = format!("rediss://127.0.0.1:{port}");
    for settings in [
        vec![
            ("OTTO_SPEECH", "typed"),
            ("REDIS_URL", &misnamed),
            ("SSL_CERT_FILE", &trusted),
        ],
        settings.to_vec(),
    ] {
        is_healthy_with(&Program::serve_with(OTTO, &settings), "disconnected").await;
    }
}
