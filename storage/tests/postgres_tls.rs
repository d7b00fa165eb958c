//! A server that speaks TLS, with a certificate that only its owner trusts: as managed ones often are.

#[path = "../../tests/src/postgres.rs"]
#[allow(dead_code, unreachable_pub)] // one file, two packages
mod server;

use server::{Postgres, not_run, postgres};
use storage::{Address, OpenError, Store, Trouble};

/// Makes a key and a certificate for `localhost`, as the server's own user.
const CERTIFY: &str = r#"
umask 077
cd "$1" && exec openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE \
    -keyout server.key -out server.crt >/dev/null 2>&1
"#;

/// The server, with TLS switched on; `None` where something for that is missing.
fn encrypted() -> Option<&'static Postgres> {
    let server = postgres()?;
    let folder = server.folder();
    let made = server
        .command("sh")
        .args(["-c", CERTIFY, "certify"])
        .arg(folder)
        .status()
        .expect("a shell");
    if !made.success() {
        not_run("no openssl to make a certificate with (apt-get install openssl)");
        return None;
    }
    let folder = folder.display();
    for setting in [
        format!("ssl_cert_file = '{folder}/server.crt'"),
        format!("ssl_key_file = '{folder}/server.key'"),
        "ssl = on".to_owned(),
    ] {
        server.sql("postgres", &format!("ALTER SYSTEM SET {setting}"));
    }
    server.stop();
    server.start_again();
    Some(server)
}

#[tokio::test]
async fn connections_are_as_encrypted_and_as_checked_as_sslmode_says() {
    let Some(server) = encrypted() else { return };
    let database = server.database();
    let (place, _) = database.split_once('?').expect("a socket");
    let (_, name) = place.rsplit_once('/').expect("a database");
    let (port, folder) = (server.port(), server.folder().display());
    let open = async |host: &str, options: &str| {
        let url = format!("postgres://otto@{host}:{port}/{name}?{options}");
        let store = Store::open(&Address::parse(&url).expect("an address")).await?;
        let is_encrypted = server.sql(
            name,
            &format!(
                "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                 WHERE datname = '{name}' AND application_name = 'otto'"
            ),
        );
        store.backend.close().await;
        Ok::<bool, OpenError>(is_encrypted == "t")
    };
    let root = format!("sslrootcert={folder}/server.crt");
    for (options, is_encrypted) in [
        ("sslmode=disable", false),
        ("sslmode=prefer", true),
        ("", true),
        ("sslmode=require", true),
        ("ssl=require", true),
        (&format!("sslmode=verify-ca&{root}"), true),
        (&format!("sslmode=verify-full&{root}"), true),
    ] {
        let found = open("localhost", options).await.expect(options);
        assert_eq!(found, is_encrypted, "{options}");
    }
    for (host, options) in [
        // Nobody we know signed it.
        ("localhost", "sslmode=verify-full"),
        // It is of another host.
        ("127.0.0.1", &format!("sslmode=verify-full&{root}")),
    ] {
        let refused = open(host, options).await.expect_err(options);
        assert!(
            matches!(
                refused,
                OpenError::Server {
                    trouble: Trouble::Tls,
                    ..
                }
            ),
            "{options}: {refused:?}"
        );
    }
}
