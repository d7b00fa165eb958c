//! Where a book is kept: a file, or a server.

use std::path::PathBuf;
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

/// The place of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An SQLite file.
    Sqlite(PathBuf),
    Postgres(PostgresAddress),
}

/// The address of a Postgres server, with its credentials. `Display` and `Debug` show neither the
/// password nor the options.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresAddress {
    /// What sqlx understands: one scheme, one spelling of the options.
    url: String,
    /// What people may see.
    shown: String,
}

/// Why a text is not the address of a database. The sentence follows the value: "… names no file".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    #[error("is not a database address")]
    Scheme,
    #[error("names no file")]
    NoFile,
    #[error("names no host")]
    NoHost,
    #[error("names no database: it ends after the host")]
    NoDatabase,
    #[error("has a port that is none")]
    Port,
    #[error(
        "has an sslmode that is none of disable, allow, prefer, require, verify-ca, verify-full"
    )]
    SslMode,
    /// What exactly is not repeated: it may be a password.
    #[error("cannot be read as an address; percent-encode what is special in a user or password")]
    Form,
}

impl Address {
    /// Reads `sqlite:PATH` and `sqlite://PATH` (three slashes make the path absolute), and
    /// `postgres://`, `postgresql://` or `postgresql+DRIVER://`, as other programs write it.
    ///
    /// # Errors
    /// [`InvalidAddress`]
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let (scheme, rest) = text.split_once(':').ok_or(InvalidAddress::Scheme)?;
        if scheme == "sqlite" {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            let path = path.split('?').next().unwrap_or(path);
            if path.is_empty() || path == ":memory:" {
                return Err(InvalidAddress::NoFile);
            }
            return Ok(Self::Sqlite(path.into()));
        }
        let (family, driver) = scheme.split_once('+').unwrap_or((scheme, "none"));
        let plain =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric());
        match rest.strip_prefix("//") {
            Some(rest) if matches!(family, "postgres" | "postgresql") && plain(driver) => {
                PostgresAddress::parse(rest).map(Self::Postgres)
            }
            _ => Err(InvalidAddress::Scheme),
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(server) => server.fmt(f),
        }
    }
}

impl PostgresAddress {
    /// Reads what follows `postgres://`.
    fn parse(rest: &str) -> Result<Self, InvalidAddress> {
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (server, database) = place.split_once('/').unwrap_or((place, ""));
        let host = server.rsplit_once('@').map_or(server, |(_, host)| host);
        let named = |key: &str| {
            options
                .split('&')
                .any(|o| o.starts_with(&format!("{key}=")))
        };
        if host.is_empty() && !named("host") {
            return Err(InvalidAddress::NoHost);
        }
        if database.is_empty() && !named("dbname") {
            return Err(InvalidAddress::NoDatabase);
        }
        let port = host.rsplit_once(':').map(|(_, port)| port);
        if port.is_some_and(|port| !port.ends_with(']') && port.parse::<u16>().is_err()) {
            return Err(InvalidAddress::Port);
        }
        let options = options
            .split('&')
            .filter(|option| !option.is_empty())
            .map(one_spelling)
            .collect::<Result<Vec<String>, _>>()?
            .join("&");
        // A host is only wanting where it is among the options; there it wins.
        let (user, _) = server.rsplit_once('@').unwrap_or(("", server));
        let at = if user.is_empty() { "" } else { "@" };
        let host_or_any = if host.is_empty() { "localhost" } else { host };
        let url = format!("postgres://{user}{at}{host_or_any}/{database}?{options}");
        let parsed = PgConnectOptions::from_str(&url).map_err(|_| InvalidAddress::Form)?;
        let shown = match parsed.get_socket() {
            Some(folder) => folder.display().to_string(),
            None => format!("{}:{}", parsed.get_host(), parsed.get_port()),
        };
        let database = parsed.get_database().unwrap_or_default();
        Ok(Self {
            shown: format!("postgres://{}@{shown}/{database}", parsed.get_username()),
            url,
        })
    }

    /// What to connect with, but for what is the same at every address.
    pub(crate) fn options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        PgConnectOptions::from_str(&self.url)
    }
}

/// One option as sqlx spells it. `ssl` is how asyncpg's users write `sslmode`.
fn one_spelling(option: &str) -> Result<String, InvalidAddress> {
    const SSL_MODES: [&str; 6] = [
        "disable",
        "allow",
        "prefer",
        "require",
        "verify-ca",
        "verify-full",
    ];
    let (key, value) = option.split_once('=').unwrap_or((option, ""));
    if !matches!(key, "ssl" | "sslmode" | "ssl-mode") {
        return Ok(option.to_owned());
    }
    let mode = match value {
        "true" | "1" if key == "ssl" => "require",
        "false" | "0" if key == "ssl" => "disable",
        mode => mode,
    };
    if !SSL_MODES.contains(&mode) {
        return Err(InvalidAddress::SslMode);
    }
    Ok(format!("sslmode={mode}"))
}

impl std::fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl std::fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PostgresAddress({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> PostgresAddress {
        match Address::parse(text) {
            Ok(Address::Postgres(server)) => server,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn every_usual_spelling_of_a_file_is_understood() {
        for (url, path) in [
            ("sqlite:otto.db", "otto.db"),
            ("sqlite://otto.db", "otto.db"),
            ("sqlite:///var/otto.db", "/var/otto.db"),
            ("sqlite:/var/otto.db?mode=rwc", "/var/otto.db"),
        ] {
            assert_eq!(
                Address::parse(url),
                Ok(Address::Sqlite(path.into())),
                "{url}"
            );
        }
    }

    #[test]
    fn every_usual_spelling_of_a_server_is_the_same_server() {
        for scheme in [
            "postgres",
            "postgresql",
            "postgresql+asyncpg",
            "postgresql+psycopg2",
        ] {
            let server = server(&format!(
                "{scheme}://otto:pw@db.example:6543/book?sslmode=require"
            ));
            assert_eq!(server.to_string(), "postgres://otto@db.example:6543/book");
            let options = server.options().expect("parsed before");
            assert!(matches!(
                options.get_ssl_mode(),
                sqlx::postgres::PgSslMode::Require
            ));
        }
        let asyncpg = server("postgresql+asyncpg://otto@db.example/book?ssl=verify-full");
        assert!(matches!(
            asyncpg.options().expect("parsed before").get_ssl_mode(),
            sqlx::postgres::PgSslMode::VerifyFull
        ));
    }

    #[test]
    fn a_socket_is_a_host_too() {
        for url in [
            "postgres://otto@localhost/book?host=/run/postgresql",
            "postgres://otto@/book?host=/run/postgresql",
            "postgres://otto@%2Frun%2Fpostgresql/book",
        ] {
            let shown = server(url).to_string();
            assert_eq!(shown, "postgres://otto@/run/postgresql/book", "{url}");
        }
    }

    #[test]
    fn nobody_sees_the_password() {
        let address =
            Address::parse("postgres://otto:p%40ss-w0rd@db.example/book?options=-csecret");
        let shown = format!("{address:?} {}", address.as_ref().expect("an address"));
        assert!(
            !shown.contains("ss-w0rd") && !shown.contains("secret"),
            "{shown}"
        );
    }

    #[test]
    fn what_is_no_address_says_why() {
        use InvalidAddress::{Form, NoDatabase, NoFile, NoHost, Port, Scheme, SslMode};
        for (text, why) in [
            ("", Scheme),
            ("otto.db", Scheme),
            ("mysql://db/book", Scheme),
            ("postgres:book", Scheme),
            ("postgresql+://db/book", Scheme),
            ("sqlite:", NoFile),
            ("sqlite::memory:", NoFile),
            ("postgres:///book", NoHost),
            ("postgres://otto@db.example", NoDatabase),
            ("postgres://otto@db.example/", NoDatabase),
            ("postgres://otto@db.example:high/book", Port),
            ("postgres://otto@db.example:99999/book", Port),
            ("postgres://db.example/book?sslmode=yes", SslMode),
            ("postgres://otto:50%@db exa mple/book", Form),
        ] {
            assert_eq!(Address::parse(text), Err(why), "{text}");
        }
    }
}
