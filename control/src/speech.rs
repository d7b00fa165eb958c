//! Which speech engines calls get.

use std::process::ExitCode;
use std::sync::Arc;

use pipeline::{SpeechConfig, SttConfig, TtsConfig};

use crate::config::SpeechMode;

/// The speech of every call.
#[derive(Debug)]
pub struct Chosen {
    pub config: SpeechConfig,
    /// Words are typed beside the audio.
    pub typed: bool,
    /// For the start of the log.
    pub sentence: String,
}

/// The speech that was asked for cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("OTTO_SPEECH: {0}")]
pub struct NoSpeech(String);

/// # Errors
/// [`NoSpeech`].
pub fn choose(mode: SpeechMode) -> Result<Chosen, NoSpeech> {
    if mode == SpeechMode::Recognised {
        return Err(NoSpeech("no engine; use typed".to_owned()));
    }
    Ok(Chosen {
        config: SpeechConfig {
            stt: SttConfig::Custom(Arc::new(|mut input, _| {
                Box::pin(async move { while input.recv().await.is_some() {} })
            })),
            tts: TtsConfig::Custom(Arc::new(|mut input, _| {
                Box::pin(async move { while input.recv().await.is_some() {} })
            })),
        },
        typed: true,
        sentence: "typed".to_owned(),
    })
}

/// The hidden command `speech-worker`.
#[must_use]
pub fn worker() -> ExitCode {
    ExitCode::FAILURE
}
