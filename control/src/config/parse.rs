//! From text to types, with the defaults.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use secrecy::SecretString;
use storage::Address;
use storage::customer::Phone;

use super::keys::{Key, NOT_YET, Setting, Sources};
use super::{ApiKey, BaseUrl, Config, ConfigError, Environment, Reminders, SpeechMode, Twilio};
use super::{google, vendors};
use crate::events::Keeping;
use crate::limits;
use crate::nodes::RedisAddress;

const DEFAULT_PORT: u16 = 8000;
const DEFAULT_REMINDER_HOUR: u8 = 9;
const DEFAULT_LOG: &str = "info";
const TWILIO_API: &str = "https://api.twilio.com";
/// Shorter secrets can be guessed by trying.
const MIN_SECRET_BYTES: usize = 16;

pub(super) fn parse(sources: &Sources) -> Result<Config, ConfigError> {
    let environment = value(sources, Key::Env, environment)?.unwrap_or(Environment::Development);
    let data_dir = value(sources, Key::DataDir, path)?.unwrap_or_else(default_data_dir);
    let config = Config {
        environment,
        base_url: value(sources, Key::BaseUrl, base_url)?,
        host: value(sources, Key::Host, host)?.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        port: value(sources, Key::Port, port)?.unwrap_or(DEFAULT_PORT),
        database: value(sources, Key::DatabaseUrl, database)?
            .unwrap_or_else(|| Address::Sqlite(data_dir.join("otto.db"))),
        nhtsa_url: vendors::nhtsa(sources)?,
        redis: value(sources, Key::RedisUrl, redis)?,
        location: value(sources, Key::Location, path)?,
        twilio: twilio(sources)?,
        reminders: reminders(sources)?,
        deepgram: vendors::deepgram(sources)?,
        openai: vendors::openai(sources)?,
        google: google::google(sources)?,
        admin_token: value(sources, Key::AdminToken, secret)?,
        media_token_key: value(sources, Key::MediaTokenKey, secret)?,
        log: value(sources, Key::RustLog, log)?.unwrap_or_else(|| DEFAULT_LOG.to_owned()),
        speech: value(sources, Key::Speech, speech)?.unwrap_or(SpeechMode::Auto),
        turn_eager: value(sources, Key::TurnEager, switch)?.unwrap_or(true),
        shards: value(sources, Key::Shards, |s| count(s, limits::MAX_SHARDS))?
            .unwrap_or(limits::DEFAULT_SHARDS),
        calls_per_shard: value(sources, Key::CallsPerShard, |s| {
            count(s, limits::MAX_CALLS_PER_SHARD)
        })?
        .unwrap_or(limits::DEFAULT_CALLS_PER_SHARD),
        call_events: call_events(sources, environment)?,
        drain: value(sources, Key::DrainSeconds, seconds)?.unwrap_or(limits::DEFAULT_DRAIN),
        notes: notes(sources),
        data_dir,
    };
    if environment == Environment::Production {
        fit_for_production(&config)?;
    }
    Ok(config)
}

fn reminders(sources: &Sources) -> Result<Reminders, ConfigError> {
    Ok(Reminders {
        hour: value(sources, Key::ReminderHour, hour)?.unwrap_or(DEFAULT_REMINDER_HOUR),
        zone: value(sources, Key::ReminderTimezone, zone)?,
        test_number: value(sources, Key::TestNumber, phone)?,
        dials_per_second: value(sources, Key::DialsPerSecond, |text| {
            vendors::number(text, 1, limits::MAX_DIALS_PER_SECOND)
        })?
        .unwrap_or(limits::DEFAULT_DIALS_PER_SECOND),
    })
}

/// Masked unless told otherwise, and never whole in production.
fn call_events(
    sources: &Sources,
    environment: Environment,
) -> Result<Option<Keeping>, ConfigError> {
    let days = value(sources, Key::CallEventsDays, |text| {
        vendors::number(text, 1, limits::MAX_EVENTS_DAYS)
    })?
    .unwrap_or(limits::DEFAULT_EVENTS_DAYS);
    let masked = value(sources, Key::CallEvents, |text| match text {
        "off" => Ok(None),
        "masked" => Ok(Some(true)),
        "whole" if environment == Environment::Production => Err(wrong(
            "would keep what callers say of themselves",
            "use masked or off in production",
        )),
        "whole" => Ok(Some(false)),
        _ => Err(wrong("is no way to keep them", "use off, masked or whole")),
    })?
    .unwrap_or(Some(true));
    Ok(masked.map(|masked| Keeping { masked, days }))
}

fn hour(text: &str) -> Result<u8, Wrong> {
    let hour = text.parse().ok().filter(|hour| *hour < 24);
    hour.ok_or_else(|| wrong("is not an hour", "use a whole number from 0 to 23"))
}

fn zone(text: &str) -> Result<TimeZone, Wrong> {
    TimeZone::get(text)
        .map_err(|_| wrong("is not a time zone", "use a name such as America/Chicago"))
}

fn twilio(sources: &Sources) -> Result<Twilio, ConfigError> {
    let token = |text: &str| Ok(SecretString::from(text.to_owned()));
    let sid = value(sources, Key::TwilioApiKeySid, |text| Ok(text.to_owned()))?;
    let secret = value(sources, Key::TwilioApiKeySecret, token)?;
    let half = |key: Key, other: Key| ConfigError::HalfAKey {
        key: key.name(),
        other: other.name(),
    };
    let api_key = match (sid, secret) {
        (Some(sid), Some(secret)) => Some(ApiKey { sid, secret }),
        (None, None) => None,
        (Some(_), None) => return Err(half(Key::TwilioApiKeySecret, Key::TwilioApiKeySid)),
        (None, Some(_)) => return Err(half(Key::TwilioApiKeySid, Key::TwilioApiKeySecret)),
    };
    let api_url = value(sources, Key::TwilioApiUrl, |text| {
        BaseUrl::parse(text)
            .map_err(|problem| wrong(problem, "use a form like https://api.twilio.com"))
    })?;
    Ok(Twilio {
        account_sid: value(sources, Key::TwilioAccountSid, account_sid)?,
        phone_number: value(sources, Key::TwilioPhoneNumber, phone)?,
        auth_token: value(sources, Key::TwilioAuthToken, token)?,
        api_url: api_url.unwrap_or_else(|| {
            BaseUrl::parse(TWILIO_API).expect("invariant: an origin of ours is one")
        }),
        api_key,
    })
}

/// Whoever may reach a production server must prove who they are.
fn fit_for_production(config: &Config) -> Result<(), ConfigError> {
    let base_url = config.base_url.as_ref();
    let reachable = base_url.is_some_and(|url| url.is_secure() && url.is_public());
    let wanted = [
        (
            config.twilio.auth_token.is_some(),
            "TWILIO_AUTH_TOKEN (checks that webhooks come from Twilio)",
        ),
        (
            reachable,
            "BASE_URL (a public https origin, such as https://otto.example)",
        ),
        (
            config.admin_token.is_some(),
            "ADMIN_TOKEN (opens the calls API)",
        ),
    ];
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|(there, _)| !there)
        .map(|(_, what)| *what)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(", ");
    Err(ConfigError::NotForProduction { missing })
}

/// What is wrong with a value, and what to do about it.
pub(super) struct Wrong {
    problem: String,
    remedy: &'static str,
}

pub(super) fn wrong(problem: impl Into<String>, remedy: &'static str) -> Wrong {
    Wrong {
        problem: problem.into(),
        remedy,
    }
}

pub(super) fn value<T>(
    sources: &Sources,
    key: Key,
    parse: impl FnOnce(&str) -> Result<T, Wrong>,
) -> Result<Option<T>, ConfigError> {
    let Some(Setting { value, origin }) = sources.get(key) else {
        return Ok(None);
    };
    match parse(value.trim()) {
        Ok(parsed) => Ok(Some(parsed)),
        Err(Wrong { problem, remedy }) => Err(ConfigError::Value {
            key: key.name(),
            origin: origin.clone(),
            value: match key {
                key if key.is_secret() => "…".to_owned(),
                Key::DatabaseUrl | Key::RedisUrl => without_password(value),
                _ => value.clone(),
            },
            problem,
            remedy,
        }),
    }
}

fn environment(text: &str) -> Result<Environment, Wrong> {
    match text {
        "development" => Ok(Environment::Development),
        "production" => Ok(Environment::Production),
        _ => Err(wrong(
            "is not an environment",
            "use development or production",
        )),
    }
}

fn base_url(text: &str) -> Result<BaseUrl, Wrong> {
    BaseUrl::parse(text).map_err(|problem| wrong(problem, "use a form like https://otto.example"))
}

fn host(text: &str) -> Result<IpAddr, Wrong> {
    if text == "localhost" {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    text.parse().map_err(|_| {
        wrong(
            "is not an IP address",
            "use 127.0.0.1 for this machine alone, or 0.0.0.0 for every interface",
        )
    })
}

fn port(text: &str) -> Result<u16, Wrong> {
    text.parse()
        .map_err(|_| wrong("is not a port", "use a number from 1 to 65535"))
}

fn database(text: &str) -> Result<Address, Wrong> {
    Address::parse(text).map_err(|problem| {
        wrong(
            problem.to_string(),
            "use sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE, or leave it unset",
        )
    })
}

fn redis(text: &str) -> Result<RedisAddress, Wrong> {
    RedisAddress::parse(text).map_err(|problem| {
        wrong(
            problem.to_string(),
            "use redis://HOST:PORT, or rediss:// for TLS, or leave it unset",
        )
    })
}

/// A server's address as errors may show it: nothing of what might be a password.
fn without_password(url: &str) -> String {
    match url.split_once(':') {
        Some((scheme, rest)) if rest.contains(['@', '?']) && scheme != "sqlite" => {
            format!("{scheme}:…")
        }
        _ => url.to_owned(),
    }
}

fn account_sid(text: &str) -> Result<String, Wrong> {
    let body = text.strip_prefix("AC").unwrap_or_default();
    if body.len() == 32 && body.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(text.to_owned())
    } else {
        Err(wrong(
            "is not an account SID",
            "copy it from the Twilio console: AC and 32 hexadecimal digits",
        ))
    }
}

fn phone(text: &str) -> Result<Phone, Wrong> {
    Phone::parse(text).map_err(|e| {
        wrong(
            format!("is not a telephone number ({e})"),
            "use a form like +12175550100",
        )
    })
}

fn secret(text: &str) -> Result<SecretString, Wrong> {
    if text.len() < MIN_SECRET_BYTES {
        return Err(wrong(
            "is too short to be a secret",
            "use at least 16 random characters",
        ));
    }
    Ok(SecretString::from(text.to_owned()))
}

fn log(text: &str) -> Result<String, Wrong> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|_| {
            wrong(
                "is not a log filter",
                "use a form like info or info,control=debug",
            )
        })
}

fn speech(text: &str) -> Result<SpeechMode, Wrong> {
    clap::ValueEnum::from_str(text, true)
        .map_err(|_| wrong("is not a speech mode", "use auto, recognised or typed"))
}

fn switch(text: &str) -> Result<bool, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "1" => Ok(true),
        "false" | "off" | "0" => Ok(false),
        _ => Err(wrong("is neither on nor off", "use true or false")),
    }
}

fn count(text: &str, most: usize) -> Result<usize, Wrong> {
    match text.parse() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        _ => Err(wrong(
            format!("is not a number from 1 to {most}"),
            "leave it unset for the default",
        )),
    }
}

fn seconds(text: &str) -> Result<Duration, Wrong> {
    text.parse()
        .ok()
        .filter(|seconds| *seconds <= 3_600)
        .map(Duration::from_secs)
        .ok_or_else(|| wrong("is not a number of seconds", "use a number from 0 to 3600"))
}

fn path(text: &str) -> Result<PathBuf, Wrong> {
    Ok(PathBuf::from(text))
}

fn default_data_dir() -> PathBuf {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    match base.or(home) {
        Some(base) => base.join("otto"),
        None => PathBuf::from("otto-data"),
    }
}

/// What runs on an embedded default, said once.
fn notes(sources: &Sources) -> Vec<String> {
    let mut notes = Vec::new();
    if sources.get(Key::DatabaseUrl).is_none() {
        notes.push("DATABASE_URL is not set: the book is one SQLite file".to_owned());
    }
    if sources.get(Key::Location).is_none() {
        notes.push("OTTO_LOCATION is not set: answering for the example, Otto's Auto".to_owned());
    }
    if sources.get(Key::OpenAiApiKey).is_none() {
        notes.push("OPENAI_API_KEY is not set: the rule brain leads the conversation".to_owned());
    }
    if sources.get(Key::DeepgramApiKey).is_none() {
        notes.push("DEEPGRAM_API_KEY is not set: speech is made on this machine".to_owned());
    }
    let opens = [Key::GoogleRefreshToken, Key::GoogleServiceAccount];
    if opens.iter().all(|key| sources.get(*key).is_none()) {
        notes.push(
            "GOOGLE_REFRESH_TOKEN and GOOGLE_SERVICE_ACCOUNT are not set: there is no calendar \
             beside the book"
                .to_owned(),
        );
    }
    match (sources.get(Key::RedisUrl), sources.get(Key::MediaTokenKey)) {
        (None, _) => notes.push(
            "REDIS_URL is not set: which media tokens were used is known to this process alone"
                .to_owned(),
        ),
        (Some(_), None) => notes.push(
            "MEDIA_TOKEN_KEY is not set: no other node can take the media streams of this one"
                .to_owned(),
        ),
        (Some(_), Some(_)) => {}
    }
    if sources.get(Key::TwilioAuthToken).is_none() {
        notes.push(
            "TWILIO_AUTH_TOKEN is not set: webhooks answer whoever finds them, signed or not"
                .to_owned(),
        );
    }
    if sources.get(Key::AdminToken).is_none() {
        notes.push("ADMIN_TOKEN is not set: /api/v1/calls answers this machine alone".to_owned());
    }
    let ignored: Vec<&str> = NOT_YET
        .iter()
        .filter(|name| sources.ignored().contains(name))
        .copied()
        .collect();
    if !ignored.is_empty() {
        notes.push(format!(
            "set, but of no effect in this version: {}",
            ignored.join(", ")
        ));
    }
    notes
}
