//! What the caller's words sound like.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

/// Turns words into sound.
#[async_trait]
pub trait Voice: Send + Sync {
    /// The words as 8 kHz mu-law.
    ///
    /// # Errors
    /// Why they cannot be spoken, in words.
    async fn speak(&self, words: &str) -> Result<Vec<u8>, String>;

    /// Whether nobody can recognise words in this voice: then they go to the agent in writing, too.
    fn needs_writing(&self) -> bool;
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

    #[must_use]
    pub fn needs_writing(&self) -> bool {
        self.voice.needs_writing()
    }
}

impl std::fmt::Debug for Repertoire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repertoire")
            .field("known", &self.known.keys())
            .finish_non_exhaustive()
    }
}
