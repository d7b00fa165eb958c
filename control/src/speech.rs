//! Which speech engines calls get.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use pipeline::local::{
    LocalSpeech, LocalSpeechConfig, LocalSpeechError, PACKAGES, worker as local_worker,
};
use pipeline::net::deepgram::DeepgramAccount;
use pipeline::vendor::SharedBreaker;
use pipeline::{DeepgramStt, DeepgramTts, PhraseCache, SpeechConfig, SttConfig, TtsConfig, Voices};
use storage::location::Spoken;
use storage::{Language, Location, Locations};

use crate::config::{Config, Deepgram, SpeechMode};
use crate::session;

/// The speech of every call.
#[derive(Debug)]
pub struct Chosen {
    pub config: SpeechConfig,
    /// Words are typed beside the audio; nothing is recognised.
    pub typed: bool,
    /// The languages that it understands and speaks.
    pub languages: &'static [Language],
    /// What was chosen and why, for the start of the log.
    pub sentence: String,
    /// Of locations whose calls are heard or spoken otherwise, by their keys.
    pub own: OwnSpeech,
    /// Bought voices whose fixed phrases are to be made ahead of the calls that say them.
    pub to_warm: Vec<DeepgramTts>,
}

/// Speech by the keys of the locations that have one of their own.
pub type OwnSpeech = HashMap<String, SpeechConfig>;

/// The speech that was asked for cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum NoSpeech {
    #[error("OTTO_SPEECH (--speech): {0}; or use typed")]
    Engines(#[from] LocalSpeechError),
    #[error("OTTO_SPEECH (--speech): this program does not know its own path: {0}; use typed")]
    OwnPath(#[from] std::io::Error),
}

/// Chooses by what was asked for and what there is a key for, and starts the engines on this
/// machine where they are wanted. Blocks for as long as that takes.
///
/// # Errors
/// [`NoSpeech`], only where recognised speech was demanded.
pub fn choose(config: &Config, locations: &Locations) -> Result<Chosen, NoSpeech> {
    match (config.speech, &config.deepgram) {
        (SpeechMode::Typed, _) => Ok(typed("typed beside the audio, as asked".to_owned())),
        (SpeechMode::Recognised, _) => engines().map(recognised),
        (SpeechMode::Auto, Some(deepgram)) => Ok(bought(deepgram, config, locations)),
        (SpeechMode::Auto, None) => Ok(match engines() {
            Ok(engines) => recognised(engines),
            Err(error) => typed(format!("typed beside the audio, because: {error}")),
        }),
    }
}

/// The engines on this machine.
///
/// # Errors
/// [`NoSpeech`] names the package that is missing.
pub fn engines() -> Result<LocalSpeech, NoSpeech> {
    Ok(LocalSpeech::start(LocalSpeechConfig::this_executable()?)?)
}

fn recognised(speech: LocalSpeech) -> Chosen {
    Chosen {
        config: SpeechConfig {
            stt: SttConfig::Local(speech.clone()),
            tts: TtsConfig::Local(speech),
        },
        typed: false,
        languages: &[Language::English],
        sentence: "recognised and spoken by the engines on this machine, which know English only"
            .to_owned(),
        own: OwnSpeech::default(),
        to_warm: Vec::new(),
    }
}

/// Deepgram's, with the engines on this machine for when it is not there.
fn bought(deepgram: &Deepgram, config: &Config, locations: &Locations) -> Chosen {
    let account = DeepgramAccount {
        origin: deepgram.origin.clone(),
        key: deepgram.key.clone(),
    };
    let engines = engines();
    let behind = match &engines {
        Ok(_) => "the engines on this machine behind it".to_owned(),
        Err(error) => format!("nothing behind it, because: {error}"),
    };
    let engines = engines.ok();
    let sentence = format!(
        "heard by Deepgram's {} and spoken as {}, with {behind}",
        deepgram.model, deepgram.voice
    );
    let casting = Casting {
        account: account.clone(),
        data_dir: &config.data_dir,
        locations,
        engines: engines.clone(),
        breaker: SharedBreaker::default(),
        made: RefCell::default(),
    };
    let voice = casting.voice(&deepgram.voice, Language::English, locations);
    let ear = DeepgramStt {
        model: deepgram.model.clone(),
        fallback_model: deepgram.fallback_model.clone(),
        endpointing_ms: deepgram.endpointing_ms,
        language: deepgram.language.clone(),
        // The rules need no time to think.
        eager: config.turn_eager && config.openai.is_some(),
        fallback: engines.map(Into::into),
        ..DeepgramStt::new(account)
    };
    let own = locations.iter().filter_map(|location| {
        let spoken = &location.spoken;
        let usual = spoken.languages() == [Language::English] && spoken.voices.is_empty();
        let own = (!usual).then(|| SpeechConfig {
            stt: SttConfig::Deepgram(Arc::new(hears(&ear, spoken))),
            tts: casting.voices(deepgram, location),
        });
        Some((location.key.clone(), own?))
    });
    let own = own.collect();
    Chosen {
        config: SpeechConfig {
            stt: SttConfig::Deepgram(Arc::new(ear.clone())),
            tts: TtsConfig::Deepgram(Arc::new(voice)),
        },
        typed: false,
        languages: &Language::ALL,
        sentence,
        own,
        // Their connections belong to the runtime that opens them: not to that of calls.
        to_warm: casting
            .made
            .into_inner()
            .into_iter()
            .map(|voice| DeepgramTts {
                http: plain_requests(),
                ..voice
            })
            .collect(),
    }
}

/// A model that hears several languages of the older kind, and the one of Flux.
const MULTILINGUAL: &str = "nova-3";
const MULTILINGUAL_FLUX: &str = "flux-general-multi";

/// The recogniser of calls in these languages: `multi` where there are several.
fn hears(usual: &DeepgramStt, spoken: &Spoken) -> DeepgramStt {
    let language = match spoken.languages() {
        [Language::English] => return usual.clone(),
        [only] => only.code(),
        _ => "multi",
    };
    let model = match usual.model.as_str() {
        flux if flux.starts_with("flux") => MULTILINGUAL_FLUX,
        able @ ("nova-2" | "nova-2-general" | "nova-3" | "nova-3-general") => able,
        _ => MULTILINGUAL,
    };
    DeepgramStt {
        model: model.to_owned(),
        fallback_model: Some(MULTILINGUAL.to_owned()).filter(|other| other != model),
        language: language.to_owned(),
        // The engines on this machine know no Spanish: what they made of it would be wrong.
        fallback: usual
            .fallback
            .clone()
            .filter(|_| spoken.has(Language::English)),
        ..usual.clone()
    }
}

/// Makes voices, each once.
struct Casting<'a> {
    account: DeepgramAccount,
    data_dir: &'a Path,
    locations: &'a Locations,
    engines: Option<LocalSpeech>,
    breaker: SharedBreaker,
    made: RefCell<Vec<DeepgramTts>>,
}

impl Casting<'_> {
    /// The voices of a location's languages.
    fn voices(&self, deepgram: &Deepgram, location: &Arc<Location>) -> TtsConfig {
        let only = Locations::from(Arc::clone(location));
        let mut voices = location.spoken.languages().iter().map(|language| {
            let voice = match (location.spoken.voices.get(language), language) {
                (Some(own), _) => self.voice(own, *language, &only),
                (None, Language::English) => self.voice(&deepgram.voice, *language, self.locations),
                (None, Language::Spanish) => {
                    self.voice(&deepgram.spanish_voice, *language, self.locations)
                }
            };
            (language.code(), TtsConfig::Deepgram(Arc::new(voice)))
        });
        let first = voices.next();
        TtsConfig::ByLanguage(Arc::new(Voices {
            first: first.expect("invariant: a location has a language"),
            others: voices.collect(),
        }))
    }

    /// One voice; what these locations always say in its language is made ahead of calls.
    fn voice(&self, model: &str, language: Language, locations: &Locations) -> DeepgramTts {
        let mut made = self.made.borrow_mut();
        if let Some(known) = made.iter().find(|voice| voice.model == model) {
            return known.clone();
        }
        let voice = DeepgramTts {
            account: self.account.clone(),
            model: model.to_owned(),
            http: plain_requests(),
            phrases: Arc::new(PhraseCache::open(
                Some(self.data_dir.join("phrases")),
                model,
                session::fixed_clauses(language, locations),
            )),
            // The voice on this machine reads everything as English.
            fallback: self
                .engines
                .clone()
                .filter(|_| language == Language::English)
                .map(Into::into),
            breaker: self.breaker.clone(),
        };
        made.push(voice.clone());
        voice
    }
}

fn plain_requests() -> reqwest::Client {
    reqwest::Client::builder()
        .connect_timeout(pipeline::limits::VENDOR_CONNECT)
        .build()
        .expect("invariant: a client without files or proxies of ours can be made")
}

fn typed(sentence: String) -> Chosen {
    Chosen {
        config: SpeechConfig {
            stt: SttConfig::Typed,
            tts: TtsConfig::Typed,
        },
        typed: true,
        languages: &Language::ALL,
        sentence,
        own: OwnSpeech::default(),
        to_warm: Vec::new(),
    }
}

/// How to get the engines.
#[must_use]
pub fn remedy() -> String {
    format!("sudo apt-get install {}", PACKAGES.join(" "))
}

/// The hidden command `speech-worker`: an engine in a process of its own.
#[must_use]
pub fn worker() -> ExitCode {
    local_worker::main()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recogniser_listens_for_the_languages_of_the_location() {
        let account = DeepgramAccount {
            origin: "ws://127.0.0.1:1".to_owned(),
            key: "key".to_owned().into(),
        };
        let spoken = Location::example().spoken;
        let english = [Language::English];
        let spanish = [Language::Spanish];
        let both = [Language::English, Language::Spanish];
        for (model, languages, chosen, language) in [
            (
                "nova-2-phonecall",
                &english[..],
                "nova-2-phonecall",
                "en-US",
            ),
            ("nova-2-phonecall", &both, "nova-3", "multi"),
            ("nova-2", &both, "nova-2", "multi"),
            ("nova-2-phonecall", &spanish, "nova-3", "es"),
            ("flux-general-en", &english, "flux-general-en", "en-US"),
            ("flux-general-en", &both, "flux-general-multi", "multi"),
            ("flux-general-en", &spanish, "flux-general-multi", "es"),
        ] {
            let usual = DeepgramStt {
                model: model.to_owned(),
                ..DeepgramStt::new(account.clone())
            };
            let ear = hears(&usual, &spoken.clone().only(languages));
            assert_eq!((&*ear.model, &*ear.language), (chosen, language));
        }
    }
}
