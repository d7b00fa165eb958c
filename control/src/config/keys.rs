//! The names of the settings, and the places they come from.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use super::ConfigError;

/// A setting. In the environment under [`Key::name`], in TOML under the same name in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Env,
    BaseUrl,
    Host,
    Port,
    DatabaseUrl,
    RedisUrl,
    TwilioAccountSid,
    TwilioPhoneNumber,
    TwilioAuthToken,
    TwilioApiUrl,
    TwilioApiKeySid,
    TwilioApiKeySecret,
    AdminToken,
    MediaTokenKey,
    DeepgramApiKey,
    DeepgramUrl,
    DeepgramModel,
    DeepgramFallbackModel,
    DeepgramEndpointing,
    DeepgramLanguage,
    DeepgramTtsModel,
    DeepgramTtsModelEs,
    OpenAiApiKey,
    OpenAiBaseUrl,
    OpenAiModel,
    OpenAiFallbackModel,
    OpenAiServiceTier,
    OpenAiTemperature,
    OpenAiMaxTokens,
    TurnEager,
    GoogleClientId,
    GoogleClientSecret,
    GoogleRefreshToken,
    GoogleServiceAccount,
    GoogleCalendarId,
    GoogleApiUrl,
    GoogleTokenUrl,
    NhtsaApiUrl,
    RustLog,
    Config,
    DataDir,
    Location,
    Speech,
    Shards,
    CallsPerShard,
    DrainSeconds,
    CallEvents,
    CallEventsDays,
    ReminderHour,
    ReminderTimezone,
    TestNumber,
    DialsPerSecond,
}

const KEYS: &[(Key, &str)] = &[
    (Key::Env, "ENV"),
    (Key::BaseUrl, "BASE_URL"),
    (Key::Host, "HOST"),
    (Key::Port, "PORT"),
    (Key::DatabaseUrl, "DATABASE_URL"),
    (Key::RedisUrl, "REDIS_URL"),
    (Key::TwilioAccountSid, "TWILIO_ACCOUNT_SID"),
    (Key::TwilioPhoneNumber, "TWILIO_PHONE_NUMBER"),
    (Key::TwilioAuthToken, "TWILIO_AUTH_TOKEN"),
    (Key::TwilioApiUrl, "TWILIO_API_URL"),
    (Key::TwilioApiKeySid, "TWILIO_API_KEY_SID"),
    (Key::TwilioApiKeySecret, "TWILIO_API_KEY_SECRET"),
    (Key::AdminToken, "ADMIN_TOKEN"),
    (Key::MediaTokenKey, "MEDIA_TOKEN_KEY"),
    (Key::DeepgramApiKey, "DEEPGRAM_API_KEY"),
    (Key::DeepgramUrl, "DEEPGRAM_URL"),
    (Key::DeepgramModel, "DEEPGRAM_MODEL"),
    (Key::DeepgramFallbackModel, "DEEPGRAM_FALLBACK_MODEL"),
    (Key::DeepgramEndpointing, "DEEPGRAM_ENDPOINTING"),
    (Key::DeepgramLanguage, "DEEPGRAM_LANGUAGE"),
    (Key::DeepgramTtsModel, "DEEPGRAM_TTS_MODEL"),
    (Key::DeepgramTtsModelEs, "DEEPGRAM_TTS_MODEL_ES"),
    (Key::OpenAiApiKey, "OPENAI_API_KEY"),
    (Key::OpenAiBaseUrl, "OPENAI_BASE_URL"),
    (Key::OpenAiModel, "OPENAI_MODEL"),
    (Key::OpenAiFallbackModel, "OPENAI_FALLBACK_MODEL"),
    (Key::OpenAiServiceTier, "OPENAI_SERVICE_TIER"),
    (Key::OpenAiTemperature, "OPENAI_TEMPERATURE"),
    (Key::OpenAiMaxTokens, "OPENAI_MAX_TOKENS"),
    (Key::TurnEager, "TURN_EAGER"),
    (Key::GoogleClientId, "GOOGLE_CLIENT_ID"),
    (Key::GoogleClientSecret, "GOOGLE_CLIENT_SECRET"),
    (Key::GoogleRefreshToken, "GOOGLE_REFRESH_TOKEN"),
    (Key::GoogleServiceAccount, "GOOGLE_SERVICE_ACCOUNT"),
    (Key::GoogleCalendarId, "GOOGLE_CALENDAR_ID"),
    (Key::GoogleApiUrl, "GOOGLE_API_URL"),
    (Key::GoogleTokenUrl, "GOOGLE_TOKEN_URL"),
    (Key::NhtsaApiUrl, "NHTSA_API_URL"),
    (Key::RustLog, "RUST_LOG"),
    (Key::Config, "OTTO_CONFIG"),
    (Key::DataDir, "OTTO_DATA_DIR"),
    (Key::Location, "OTTO_LOCATION"),
    (Key::Speech, "OTTO_SPEECH"),
    (Key::Shards, "OTTO_SHARDS"),
    (Key::CallsPerShard, "OTTO_CALLS_PER_SHARD"),
    (Key::DrainSeconds, "OTTO_DRAIN_SECONDS"),
    (Key::CallEvents, "OTTO_CALL_EVENTS"),
    (Key::CallEventsDays, "OTTO_CALL_EVENTS_DAYS"),
    (Key::ReminderHour, "WORKER_REMINDER_HOUR"),
    (Key::ReminderTimezone, "WORKER_REMINDER_TIMEZONE"),
    (Key::TestNumber, "YOUR_TEST_NUMBER"),
    (Key::DialsPerSecond, "OTTO_DIALS_PER_SECOND"),
];

/// Settings of parts that this version does not have. They may be set; the start of the log says
/// that they change nothing.
pub(super) const NOT_YET: &[&str] = &["RECORDING_KEY", "CORS_ORIGINS"];

impl Key {
    #[must_use]
    pub fn name(self) -> &'static str {
        KEYS.iter()
            .find(|(key, _)| *key == self)
            .map_or("", |(_, name)| name)
    }

    /// Whether errors must not show the value.
    #[must_use]
    pub fn is_secret(self) -> bool {
        matches!(
            self,
            Self::AdminToken
                | Self::MediaTokenKey
                | Self::TwilioAuthToken
                | Self::TwilioApiKeySecret
                | Self::DeepgramApiKey
                | Self::OpenAiApiKey
                | Self::GoogleClientSecret
                | Self::GoogleRefreshToken
                | Self::GoogleServiceAccount
        )
    }

    fn named(name: &str) -> Option<Self> {
        KEYS.iter()
            .find(|(_, known)| *known == name)
            .map(|(key, _)| *key)
    }
}

/// Where a value was set. A later one wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// In this file.
    File(String),
    Environment,
    CommandLine,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.write_str(path),
            Self::Environment => f.write_str("environment"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// One value, still text.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    pub value: String,
    pub origin: Origin,
}

/// Without the value: it may be a secret.
impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setting")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// All values, each from the strongest place that sets it.
#[derive(Debug, Default)]
pub struct Sources {
    settings: BTreeMap<Key, Setting>,
    /// Set, but of no effect in this version.
    ignored: Vec<&'static str>,
}

impl Sources {
    /// An empty value counts as not set: that is how a shell or a compose file clears one.
    pub fn set(&mut self, key: Key, value: impl Into<String>, origin: Origin) {
        let value = value.into();
        if value.trim().is_empty() {
            return;
        }
        let weaker = self
            .settings
            .get(&key)
            .is_none_or(|present| present.origin <= origin);
        if weaker {
            self.settings.insert(key, Setting { value, origin });
        }
    }

    /// Takes what is known; the rest of an environment is not ours.
    ///
    /// # Errors
    /// [`ConfigError::NotText`].
    pub fn environment(
        &mut self,
        vars: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        for (name, value) in vars {
            let Ok(name) = name.into_string() else {
                continue;
            };
            if let Some(key) = Key::named(&name) {
                let value = value.into_string();
                let value = value.map_err(|_| ConfigError::NotText { key: key.name() })?;
                self.set(key, value, Origin::Environment);
            } else if !value.is_empty() {
                self.ignore(&name);
            }
        }
        Ok(())
    }

    /// Takes a TOML file of `key = value` lines.
    ///
    /// # Errors
    /// [`ConfigError::NotToml`], [`ConfigError::UnknownKey`].
    pub fn toml(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let not_toml = |problem: String| ConfigError::NotToml {
            path: path.to_owned(),
            problem,
        };
        let table: toml::Table = text
            .parse()
            .map_err(|e: toml::de::Error| not_toml(in_line(text, &e)))?;
        for (name, value) in table {
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                _ => return Err(not_toml(format!("{name} is neither text nor a number"))),
            };
            let upper = name.to_ascii_uppercase();
            match Key::named(&upper) {
                Some(key) => self.set(key, value, Origin::File(path.display().to_string())),
                None if self.ignore(&upper) => {}
                None => {
                    return Err(ConfigError::UnknownKey {
                        path: path.to_owned(),
                        remedy: remedy_for(&upper),
                        key: name,
                    });
                }
            }
        }
        Ok(())
    }

    #[must_use]
    pub fn get(&self, key: Key) -> Option<&Setting> {
        self.settings.get(&key)
    }

    /// Names that are set and change nothing.
    #[must_use]
    pub fn ignored(&self) -> &[&'static str] {
        &self.ignored
    }

    fn ignore(&mut self, name: &str) -> bool {
        let known = NOT_YET.iter().find(|known| **known == name);
        if let Some(known) = known
            && !self.ignored.contains(known)
        {
            self.ignored.push(known);
        }
        known.is_some()
    }
}

/// What is wrong, and in which line.
fn in_line(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    format!("line {line}: {}", error.message())
}

/// The nearest name, for a slip of the keyboard.
fn remedy_for(unknown: &str) -> String {
    let names = KEYS.iter().map(|(_, name)| *name);
    names
        .map(|name| (strsim::jaro_winkler(name, unknown), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(
            || "remove it".to_owned(),
            |(_, name)| format!("did you mean `{}`?", name.to_ascii_lowercase()),
        )
}
