//! Configuration: command line over environment over TOML over defaults, parsed once into types.
//!
//! Every value is text until here, wherever it came from, so that there is one parser and one kind
//! of error: a sentence that names the key, where it was set, what is wrong and what to do. Tests
//! feed a map.

mod google;
mod keys;
mod parse;
mod vendors;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use secrecy::SecretString;
use storage::Address;
use storage::customer::Phone;

pub use keys::{Key, Origin, Setting, Sources};
pub use vendors::{Deepgram, OpenAi};

use crate::calendar::GoogleAccount;
use crate::events::Keeping;
use crate::nodes::RedisAddress;
use crate::telephony::rest::Account;

/// Everything the process is told from outside.
#[derive(Debug)]
pub struct Config {
    pub environment: Environment,
    /// Where Twilio and browsers reach us; absent: `http://HOST:PORT` as bound.
    pub base_url: Option<BaseUrl>,
    pub host: IpAddr,
    /// 0 takes any free port.
    pub port: u16,
    /// Where the book is; unless set, an SQLite file in the data folder.
    pub database: Address,
    /// Where vehicles are known by their numbers; ends with `/api`.
    pub nhtsa_url: String,
    /// What the nodes of one deployment share; absent: this process is the only one.
    pub redis: Option<RedisAddress>,
    /// Where files that nobody named are created.
    pub data_dir: PathBuf,
    /// The location file; absent: the embedded Otto's Auto.
    pub location: Option<PathBuf>,
    pub twilio: Twilio,
    pub reminders: Reminders,
    pub deepgram: Option<Deepgram>,
    pub openai: Option<OpenAi>,
    /// The dealership's calendar.
    pub google: Option<GoogleAccount>,
    /// Opens `/api/v1/calls…`; absent: only loopback peers may read it, outside production.
    pub admin_token: Option<SecretString>,
    /// Signs media tokens; absent: random for each process.
    pub media_token_key: Option<SecretString>,
    /// A `tracing` filter, such as `info,control=debug`.
    pub log: String,
    pub speech: SpeechMode,
    /// Whether a language model is asked about words that are likely a whole turn before the turn
    /// has ended. Costs questions that come to nothing; what they answer is never acted on.
    pub turn_eager: bool,
    pub shards: usize,
    pub calls_per_shard: usize,
    /// How the course of each call is written down; absent: not at all.
    pub call_events: Option<Keeping>,
    /// How long calls in progress may go on when the process is told to stop.
    pub drain: Duration,
    /// Plain sentences about what runs on an embedded default, for the start of the log.
    pub notes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Development,
    Production,
}

/// Whom we call without being asked, and when.
#[derive(Debug)]
pub struct Reminders {
    /// The hour of the day before an appointment, 0 to 23, unless the location has a schedule.
    pub hour: u8,
    /// Whose hour that is; absent: the location's.
    pub zone: Option<TimeZone>,
    /// Where set, nobody else is called. Outside production, unset means nobody at all.
    pub test_number: Option<Phone>,
    /// Calls and messages that one process begins in a second.
    pub dials_per_second: u32,
}

/// What belongs to the Twilio account.
#[derive(Debug)]
pub struct Twilio {
    /// Where set, a media stream of another account is refused.
    pub account_sid: Option<String>,
    /// The number callers dial.
    pub phone_number: Option<Phone>,
    /// Signs Twilio's requests; absent: whoever finds a webhook may ask.
    pub auth_token: Option<SecretString>,
    /// Where its REST API is.
    pub api_url: BaseUrl,
    /// Opens the REST API in place of the auth token.
    pub api_key: Option<ApiKey>,
}

/// A key to Twilio's REST API. It signs nothing.
#[derive(Debug)]
pub struct ApiKey {
    pub sid: String,
    pub secret: SecretString,
}

impl Twilio {
    /// The account that the REST API is opened with; `None` where the credentials are not complete.
    #[must_use]
    pub fn account(&self) -> Option<Account> {
        let account_sid = self.account_sid.clone()?;
        let (user, secret) = match (&self.api_key, &self.auth_token) {
            (Some(key), _) => (key.sid.clone(), key.secret.clone()),
            (None, Some(token)) => (account_sid.clone(), token.clone()),
            (None, None) => return None,
        };
        Some(Account {
            origin: self.api_url.clone(),
            account_sid,
            user,
            secret,
        })
    }
}

/// How the caller's words are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SpeechMode {
    /// Recognised where the engines are installed, else typed.
    Auto,
    /// Recognised; a missing engine is an error.
    Recognised,
    /// Typed beside the audio; nothing is recognised.
    Typed,
}

/// An `http` or `https` origin, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// # Errors
    /// Says what is wrong, fit to follow the value: "… is not an http or https address".
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let trimmed = text.trim_end_matches('/');
        let uri: http::Uri = trimmed.parse().map_err(|_| "is not an address")?;
        match uri.scheme_str() {
            Some("http" | "https") => {}
            _ => return Err("does not begin with http:// or https://"),
        }
        if uri.host().is_none_or(str::is_empty) {
            return Err("names no host");
        }
        let authority = uri.authority().map_or("", http::uri::Authority::as_str);
        if authority.contains('@') {
            return Err("holds a user name; only the scheme, the host and the port belong here");
        }
        let port = authority
            .rsplit_once(':')
            .filter(|(_, p)| !p.ends_with(']'));
        if port.is_some_and(|(_, port)| port.parse::<u16>().is_err()) {
            return Err("has a port that is none");
        }
        if uri.query().is_some() || !matches!(uri.path(), "" | "/") {
            return Err("has a path; only the scheme, the host and the port belong here");
        }
        Ok(Self(trimmed.to_owned()))
    }

    /// The address of a server that listens here, for a process nobody reaches from outside.
    /// "Every interface" is no address to connect to: this machine stands for it.
    #[must_use]
    pub fn of_listener(mut address: SocketAddr) -> Self {
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        Self(format!("http://{address}"))
    }

    /// `path` begins with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The same place for a WebSocket: `ws` for `http`, `wss` for `https`.
    #[must_use]
    pub fn join_websocket(&self, path: &str) -> String {
        // "http" is a prefix of "https": both turn into their WebSocket scheme.
        format!("ws{}{path}", &self.0["http".len()..])
    }

    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Whether its host is one that others can mean, too: neither this machine nor a private
    /// network.
    #[must_use]
    pub fn is_public(&self) -> bool {
        let uri: Result<http::Uri, _> = self.0.parse();
        let Some(host) = uri.as_ref().ok().and_then(http::Uri::host) else {
            return false;
        };
        let host = host.trim_matches(['[', ']']);
        match host.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
            Ok(IpAddr::V4(ip)) => {
                !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified())
            }
            Ok(IpAddr::V6(ip)) => {
                !(ip.is_loopback() || ip.is_unique_local() || ip.is_unspecified())
            }
            Err(_) => !host.eq_ignore_ascii_case("localhost") && !host.ends_with(".localhost"),
        }
    }
}

impl std::fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why the process cannot start with this configuration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("{key} ({origin}): {value:?} {problem}; {remedy}")]
    Value {
        key: &'static str,
        origin: Origin,
        /// Left out for secrets.
        value: String,
        problem: String,
        remedy: &'static str,
    },
    #[error("{key} (environment): is not UTF-8; set it to plain text")]
    NotText { key: &'static str },
    #[error("{path}: {key:?} is not a setting; {remedy}")]
    UnknownKey {
        path: PathBuf,
        key: String,
        remedy: String,
    },
    #[error("{path}: {problem}; write one `key = value` a line")]
    NotToml { path: PathBuf, problem: String },
    #[error("OTTO_CONFIG: cannot read {path}: {problem}; name a file that exists")]
    Unreadable { path: PathBuf, problem: String },
    #[error("ENV: production lacks {missing}; set what is missing, or ENV=development")]
    NotForProduction { missing: String },
    #[error("{key}: not set, but {other} is; set both or neither")]
    HalfAKey {
        key: &'static str,
        other: &'static str,
    },
}

impl Config {
    /// Reads the process's environment and the file it names.
    ///
    /// # Errors
    /// [`ConfigError`], one clear sentence.
    pub fn load(flags: &crate::cli::Flags) -> Result<Self, ConfigError> {
        let mut sources = Sources::default();
        sources.environment(std::env::vars_os())?;
        flags.settings(&mut sources);
        if let Some(path) = sources.get(Key::Config).map(|s| PathBuf::from(&s.value)) {
            let text = std::fs::read_to_string(&path).map_err(|e| ConfigError::Unreadable {
                path: path.clone(),
                problem: e.to_string(),
            })?;
            sources.toml(&path, &text)?;
        }
        Self::parse(&sources)
    }

    /// # Errors
    /// [`ConfigError`], one clear sentence.
    pub fn parse(sources: &Sources) -> Result<Self, ConfigError> {
        parse::parse(sources)
    }
}

impl std::fmt::Display for SpeechMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Recognised => "recognised",
            Self::Typed => "typed",
        })
    }
}

#[cfg(test)]
mod tests;
