//! What is bought from elsewhere: present where its key is set.

use crate::llm::OpenAiConfig;
use secrecy::SecretString;

use super::keys::{Key, Sources};
use super::parse::{Wrong, value, wrong};
use super::{BaseUrl, ConfigError};

/// Speech by Deepgram, where `DEEPGRAM_API_KEY` is set.
#[derive(Debug)]
pub struct Deepgram {
    pub key: SecretString,
    /// `ws://` or `wss://`, host and port.
    pub origin: String,
    /// Speech to text; a name that begins with `flux` is served by the turn-taking protocol.
    pub model: String,
    /// Asked for where `model` is refused.
    pub fallback_model: Option<String>,
    /// A pause of so many milliseconds ends an utterance, as far as Deepgram is concerned.
    pub endpointing_ms: u32,
    /// A BCP 47 tag, such as `en-US`.
    pub language: String,
    /// Text to speech: the agent's voice.
    pub voice: String,
    /// Its voice in Spanish, at locations that speak it.
    pub spanish_voice: String,
}

/// A language model, where `OPENAI_API_KEY` is set.
#[derive(Debug)]
pub struct OpenAi {
    pub key: SecretString,
    /// Of any compatible server; chat completions are a path below it.
    pub base_url: String,
    pub model: String,
    /// Asked where `model` is slow or down.
    pub fallback_model: Option<String>,
    /// `priority`, `flex` and the like.
    pub service_tier: Option<String>,
    pub temperature: Option<f32>,
    /// The longest answer, in tokens.
    pub max_tokens: u32,
}

impl OpenAi {
    /// As the client takes it.
    #[must_use]
    pub fn account(&self) -> OpenAiConfig {
        OpenAiConfig {
            fallback_model: self.fallback_model.clone(),
            service_tier: self.service_tier.clone(),
            temperature: self.temperature,
            max_tokens: self.max_tokens,
            ..OpenAiConfig::new(&self.base_url, self.key.clone(), &self.model)
        }
    }
}

/// vPIC, which needs no key.
const NHTSA: &str = "https://vpic.nhtsa.dot.gov/api";
const DEEPGRAM_ORIGIN: &str = "wss://api.deepgram.com";
/// Trained on telephone calls.
const STT_MODEL: &str = "nova-2-phonecall";
const STT_FALLBACK_MODEL: &str = "nova-3";
const ENDPOINTING_MS: u32 = 200;
const LANGUAGE: &str = "en-US";
const VOICE: &str = "aura-2-asteria-en";
const SPANISH_VOICE: &str = "aura-2-celeste-es";
const OPENAI_BASE_URL: &str = "https://api.openai.com/v1";
const MODEL: &str = "gpt-4o";
/// A spoken answer is short; this bounds one that is not.
const MAX_TOKENS: u32 = 500;

pub(super) fn deepgram(sources: &Sources) -> Result<Option<Deepgram>, ConfigError> {
    // Whatever is set is checked, whether or not there is a key to go with it.
    let settings = |key| Deepgram {
        key,
        origin: DEEPGRAM_ORIGIN.to_owned(),
        model: STT_MODEL.to_owned(),
        fallback_model: None,
        endpointing_ms: ENDPOINTING_MS,
        language: LANGUAGE.to_owned(),
        voice: VOICE.to_owned(),
        spanish_voice: SPANISH_VOICE.to_owned(),
    };
    let key = value(sources, Key::DeepgramApiKey, api_key)?;
    let mut deepgram = settings(key.clone().unwrap_or_default());
    let model = value(sources, Key::DeepgramModel, name)?;
    deepgram.fallback_model = value(sources, Key::DeepgramFallbackModel, name)?;
    if let Some(model) = model {
        deepgram.model = model;
    } else {
        // Newer lists of models omit the default.
        deepgram
            .fallback_model
            .get_or_insert_with(|| STT_FALLBACK_MODEL.to_owned());
    }
    set(
        &mut deepgram.origin,
        value(sources, Key::DeepgramUrl, websocket_origin)?,
    );
    set(
        &mut deepgram.endpointing_ms,
        value(sources, Key::DeepgramEndpointing, |text| {
            number(text, 10, 2_000)
        })?,
    );
    set(
        &mut deepgram.language,
        value(sources, Key::DeepgramLanguage, name)?,
    );
    set(
        &mut deepgram.voice,
        value(sources, Key::DeepgramTtsModel, name)?,
    );
    set(
        &mut deepgram.spanish_voice,
        value(sources, Key::DeepgramTtsModelEs, name)?,
    );
    Ok(key.map(|_| deepgram))
}

pub(super) fn openai(sources: &Sources) -> Result<Option<OpenAi>, ConfigError> {
    let key = value(sources, Key::OpenAiApiKey, api_key)?;
    let openai = OpenAi {
        key: key.clone().unwrap_or_default(),
        base_url: value(sources, Key::OpenAiBaseUrl, api_base)?
            .unwrap_or_else(|| OPENAI_BASE_URL.to_owned()),
        model: value(sources, Key::OpenAiModel, name)?.unwrap_or_else(|| MODEL.to_owned()),
        fallback_model: value(sources, Key::OpenAiFallbackModel, name)?,
        service_tier: value(sources, Key::OpenAiServiceTier, name)?,
        temperature: value(sources, Key::OpenAiTemperature, temperature)?,
        max_tokens: value(sources, Key::OpenAiMaxTokens, |text| {
            number(text, 16, 16_384)
        })?
        .unwrap_or(MAX_TOKENS),
    };
    Ok(key.map(|_| openai))
}

fn set<T>(place: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *place = given;
    }
}

/// Somebody else's secret: its form is theirs, but it goes into a header.
fn api_key(text: &str) -> Result<SecretString, Wrong> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(SecretString::from(text.to_owned()))
    } else {
        Err(wrong(
            "holds a space or a character that no key has",
            "copy the key from the vendor's console again",
        ))
    }
}

/// A model, a voice, a language, a tier: it goes into a query.
fn name(text: &str) -> Result<String, Wrong> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
    if text.bytes().all(fits) {
        Ok(text.to_owned())
    } else {
        Err(wrong(
            "is not a name",
            "use letters, digits, dashes and dots, as the vendor writes it",
        ))
    }
}

fn websocket_origin(text: &str) -> Result<String, Wrong> {
    const REMEDY: &str = "use a form like wss://api.eu.deepgram.com";
    // `http` is what the same vendor calls its other half; both are one origin.
    let spelled = match text.split_once("://") {
        Some(("ws" | "http", rest)) => format!("http://{rest}"),
        Some(("wss" | "https", rest)) => format!("https://{rest}"),
        _ => return Err(wrong("does not begin with ws:// or wss://", REMEDY)),
    };
    let origin = BaseUrl::parse(&spelled).map_err(|problem| wrong(problem, REMEDY))?;
    Ok(origin.join_websocket(""))
}

fn api_base(text: &str) -> Result<String, Wrong> {
    base_ending(text, "/v1", "use a form like https://api.openai.com/v1")
}

/// Where vehicles are known by their numbers.
pub(super) fn nhtsa(sources: &Sources) -> Result<String, ConfigError> {
    let base = |text: &str| {
        base_ending(
            text,
            "/api",
            "use a form like https://vpic.nhtsa.dot.gov/api",
        )
    };
    Ok(value(sources, Key::NhtsaApiUrl, base)?.unwrap_or_else(|| NHTSA.to_owned()))
}

/// A URL whose path ends so.
fn base_ending(text: &str, ending: &str, remedy: &'static str) -> Result<String, Wrong> {
    let base = text.trim_end_matches('/');
    let (origin, path) = match base.find("://").map(|at| at + 3) {
        Some(host) => match base[host..].find('/') {
            Some(path) => base.split_at(host + path),
            None => (base, ""),
        },
        None => (base, ""),
    };
    BaseUrl::parse(origin).map_err(|problem| wrong(problem, remedy))?;
    if path.contains(['?', '#', ' ']) || !path.ends_with(ending) {
        return Err(wrong(format!("does not end with {ending}"), remedy));
    }
    Ok(base.to_owned())
}

fn temperature(text: &str) -> Result<f32, Wrong> {
    text.parse()
        .ok()
        .filter(|t| (0.0..=2.0).contains(t))
        .ok_or_else(|| wrong("is not a temperature", "use a number from 0 to 2"))
}

pub(super) fn number(text: &str, least: u32, most: u32) -> Result<u32, Wrong> {
    text.parse()
        .ok()
        .filter(|n| (least..=most).contains(n))
        .ok_or_else(|| {
            wrong(
                format!("is not a number from {least} to {most}"),
                "leave it unset for the default",
            )
        })
}
