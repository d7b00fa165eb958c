//! What the caller's words sound like.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use pipeline::local::{self, LocalSpeech, LocalSpeechConfig, LocalSpeechError};

/// Turns words into sound.
#[async_trait]
pub trait Voice: Send + Sync {
    /// The words as 8 kHz mu-law.
    ///
    /// # Errors
    /// Why they cannot be spoken, in words.
    async fn speak(&self, words: &str) -> Result<Vec<u8>, String>;
}

/// A voice and what it has already said. Cheap to clone.
#[derive(Clone)]
pub struct Repertoire {
    voice: Arc<dyn Voice>,
    /// Sound by words: recordings, and lines synthesised ahead of the call so that speaking them
    /// costs no time in it.
    known: HashMap<String, Arc<[u8]>>,
}

impl Repertoire {
    #[must_use]
    pub fn new(voice: Arc<dyn Voice>) -> Self {
        Self {
            voice,
            known: HashMap::new(),
        }
    }

    /// Makes `words` sound like this recording (mu-law, 8 kHz).
    pub fn record(&mut self, words: &str, mulaw: Vec<u8>) {
        self.known.insert(words.to_owned(), mulaw.into());
    }

    /// Learns lines before the call.
    ///
    /// # Errors
    /// Why one cannot be spoken, in words.
    pub async fn rehearse<'a>(
        &mut self,
        lines: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), String> {
        for words in lines {
            if !self.known.contains_key(words) {
                let mulaw = self.voice.speak(words).await?;
                self.record(words, mulaw);
            }
        }
        Ok(())
    }

    /// The words as mu-law.
    ///
    /// # Errors
    /// Why they cannot be spoken, in words.
    pub async fn speak(&self, words: &str) -> Result<Arc<[u8]>, String> {
        match self.known.get(words) {
            Some(mulaw) => Ok(Arc::clone(mulaw)),
            None => self.voice.speak(words).await.map(Arc::from),
        }
    }
}

impl std::fmt::Debug for Repertoire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repertoire")
            .field("known", &self.known.keys())
            .finish_non_exhaustive()
    }
}

/// The on-machine synthesiser, in a voice other than the agent's.
#[derive(Debug)]
pub struct Synthesised {
    speech: LocalSpeech,
}

/// A voice-like buzz, where there is no synthesiser. It says nothing that anybody could recognise;
/// the words go to the agent in writing.
#[derive(Clone, Copy, Debug)]
pub struct Buzzed;

impl Synthesised {
    /// Starts the engine.
    ///
    /// # Errors
    /// Where the engine is missing; the message names the packages.
    pub fn start() -> Result<Self, LocalSpeechError> {
        let config =
            LocalSpeechConfig::this_executable().map_err(|why| LocalSpeechError::Spawn {
                program: "/proc/self/exe".into(),
                why,
            })?;
        Self::start_with(config)
    }

    /// As [`Self::start`], in this worker.
    ///
    /// # Errors
    /// Where the engine is missing; the message names the packages.
    pub fn start_with(mut config: LocalSpeechConfig) -> Result<Self, LocalSpeechError> {
        config.recognisers = 0;
        let speech = LocalSpeech::start(config)?;
        Ok(Self { speech })
    }
}

#[async_trait]
impl Voice for Synthesised {
    async fn speak(&self, words: &str) -> Result<Vec<u8>, String> {
        let speech = self
            .speech
            .synthesise(local::Voice::CALLER, words)
            .map_err(|error| error.to_string())?;
        speech.whole().await.map_err(|error| error.to_string())
    }
}

#[async_trait]
impl Voice for Buzzed {
    async fn speak(&self, words: &str) -> Result<Vec<u8>, String> {
        Ok(local::typed::buzz(words, local::Voice::CALLER))
    }
}
