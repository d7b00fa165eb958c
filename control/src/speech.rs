//! Which speech engines calls get.

use std::process::ExitCode;

use pipeline::local::{
    LocalSpeech, LocalSpeechConfig, LocalSpeechError, PACKAGES, worker as local_worker,
};
use pipeline::{SpeechConfig, SttConfig, TtsConfig};

use crate::config::SpeechMode;

/// The speech of every call.
#[derive(Debug)]
pub struct Chosen {
    pub config: SpeechConfig,
    /// Words are typed beside the audio; nothing is recognised.
    pub typed: bool,
    /// What was chosen and why, for the start of the log.
    pub sentence: String,
}

/// The speech that was asked for cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum NoSpeech {
    #[error("OTTO_SPEECH (--speech): {0}; or use typed")]
    Engines(#[from] LocalSpeechError),
    #[error("OTTO_SPEECH (--speech): this program does not know its own path: {0}; use typed")]
    OwnPath(#[from] std::io::Error),
}

/// Starts the engines on this machine, where they are wanted. Blocks for as long as that takes.
///
/// # Errors
/// [`NoSpeech`], only where recognised speech was demanded.
pub fn choose(mode: SpeechMode) -> Result<Chosen, NoSpeech> {
    match mode {
        SpeechMode::Typed => Ok(typed("typed beside the audio, as asked".to_owned())),
        SpeechMode::Recognised => engines().map(recognised),
        SpeechMode::Auto => Ok(match engines() {
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
    }
}

fn typed(sentence: String) -> Chosen {
    Chosen {
        config: SpeechConfig {
            stt: SttConfig::Typed,
            tts: TtsConfig::Typed,
        },
        typed: true,
        sentence,
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
