//! Which speech engines calls get.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use pipeline::local::{
    LocalSpeech, LocalSpeechConfig, LocalSpeechError, PACKAGES, worker as local_worker,
};
use pipeline::net::deepgram::DeepgramAccount;
use pipeline::vendor::SharedBreaker;
use pipeline::{DeepgramStt, DeepgramTts, PhraseCache, SpeechConfig, SttConfig, TtsConfig};
use storage::Locations;

use crate::config::{Config, Deepgram, SpeechMode};
use crate::session;

/// The speech of every call.
#[derive(Debug)]
pub struct Chosen {
    pub config: SpeechConfig,
    /// Words are typed beside the audio; nothing is recognised.
    pub typed: bool,
    /// What was chosen and why, for the start of the log.
    pub sentence: String,
    /// Of locations that have a voice of their own, by their keys.
    pub voices: Voices,
    /// Bought voices whose fixed phrases are to be made ahead of the calls that say them.
    pub to_warm: Vec<DeepgramTts>,
}

/// Voices by the keys of the locations that have one of their own.
pub type Voices = HashMap<String, TtsConfig>;

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
        sentence: "recognised and spoken by the engines on this machine".to_owned(),
        voices: Voices::default(),
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
    let breaker = SharedBreaker::default();
    let speaks = |model: &str, clauses| DeepgramTts {
        account: account.clone(),
        model: model.to_owned(),
        http: plain_requests(),
        phrases: Arc::new(PhraseCache::open(
            Some(config.data_dir.join("phrases")),
            model,
            clauses,
        )),
        fallback: engines.clone().map(Into::into),
        breaker: breaker.clone(),
    };
    let voice = speaks(&deepgram.voice, session::fixed_clauses(locations));
    let own = locations.iter().filter_map(|location| {
        let model = location.voice.as_ref()?;
        let only = Locations::from(Arc::clone(location));
        Some((
            location.key.clone(),
            speaks(model, session::fixed_clauses(&only)),
        ))
    });
    let own: Vec<(String, DeepgramTts)> = own.collect();
    let ear = DeepgramStt {
        model: deepgram.model.clone(),
        fallback_model: deepgram.fallback_model.clone(),
        endpointing_ms: deepgram.endpointing_ms,
        language: deepgram.language.clone(),
        // The rules need no time to think.
        eager: config.turn_eager && config.openai.is_some(),
        fallback: engines.map(Into::into),
        ..DeepgramStt::new(account.clone())
    };
    Chosen {
        config: SpeechConfig {
            stt: SttConfig::Deepgram(Arc::new(ear)),
            tts: TtsConfig::Deepgram(Arc::new(voice.clone())),
        },
        typed: false,
        sentence,
        // Their connections belong to the runtime that opens them: not to that of calls.
        to_warm: std::iter::once(&voice)
            .chain(own.iter().map(|(_, voice)| voice))
            .map(|voice| DeepgramTts {
                http: plain_requests(),
                ..voice.clone()
            })
            .collect(),
        voices: own
            .into_iter()
            .map(|(key, voice)| (key, TtsConfig::Deepgram(Arc::new(voice))))
            .collect(),
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
        sentence,
        voices: Voices::default(),
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
