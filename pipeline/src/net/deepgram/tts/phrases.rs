//! What is said in every call, as audio: made once, kept on disk.
//!
//! Only phrases that are registered at start are ever kept: greetings, fillers, apologies. What is
//! said to one caller is not among them, so no personal data comes to rest here.
//!
//! A file holds a digest and the audio; a file that does not match its digest, voice and text is
//! as good as none.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use sha1::{Digest as _, Sha1};

use crate::limits::{PHRASE_BYTES, PHRASES};

/// Bytes of a digest.
const DIGEST_BYTES: usize = 20;

/// The fixed phrases of one voice.
#[derive(Debug)]
pub struct PhraseCache {
    dir: Option<PathBuf>,
    model: String,
    /// By text; each is filled once.
    phrases: HashMap<Box<str>, OnceLock<Bytes>>,
}

impl PhraseCache {
    /// Registers the fixed phrases of a voice and loads those that were made before. A phrase is
    /// one clause, exactly as it is handed to the synthesiser; beyond [`PHRASES`] they are ignored.
    /// Without a directory they are kept in memory only. Blocks on the disk.
    #[must_use]
    pub fn open(
        dir: Option<PathBuf>,
        model: &str,
        phrases: impl IntoIterator<Item = String>,
    ) -> Self {
        let registered = phrases.into_iter().filter_map(|text| {
            let text = text.trim();
            (!text.is_empty()).then(|| (text.into(), OnceLock::new()))
        });
        let cache = Self {
            dir,
            model: model.to_owned(),
            phrases: registered.take(PHRASES).collect(),
        };
        for (text, audio) in &cache.phrases {
            if let Some(kept) = cache.load(text) {
                let _ = audio.set(kept);
            }
        }
        cache
    }

    /// Mu-law audio of a clause, if it is a fixed phrase that was made.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Bytes> {
        self.phrases.get(text.trim())?.get().cloned()
    }

    /// The fixed phrases that are yet to be made.
    #[must_use]
    pub fn missing(&self) -> Vec<&str> {
        let phrases = self.phrases.iter();
        let missing = phrases.filter(|(_, audio)| audio.get().is_none());
        missing.map(|(text, _)| &**text).collect()
    }

    /// Keeps the audio of a fixed phrase; of any other text, nothing is kept. Blocks on the disk.
    ///
    /// # Errors
    /// Where it could not be written; it is kept in memory nevertheless.
    pub fn keep(&self, text: &str, mulaw: Bytes) -> io::Result<()> {
        let text = text.trim();
        let Some(place) = self.phrases.get(text) else {
            return Ok(());
        };
        if mulaw.is_empty() || mulaw.len() > PHRASE_BYTES {
            return Ok(());
        }
        let _ = place.set(mulaw.clone());
        match &self.dir {
            Some(dir) => self.write(dir, text, &mulaw),
            None => Ok(()),
        }
    }

    fn load(&self, text: &str) -> Option<Bytes> {
        let path = self.dir.as_ref()?.join(self.name_of(text));
        let length = fs::metadata(&path).ok()?.len();
        if length <= DIGEST_BYTES as u64 || length > (DIGEST_BYTES + PHRASE_BYTES) as u64 {
            return None;
        }
        let mut file = Bytes::from(fs::read(path).ok()?);
        if file.len() <= DIGEST_BYTES {
            return None;
        }
        let mulaw = file.split_off(DIGEST_BYTES);
        (file == self.digest(text, &mulaw)[..]).then_some(mulaw)
    }

    /// Whole or not at all: whoever reads meanwhile, and whenever the power fails.
    fn write(&self, dir: &Path, text: &str, mulaw: &[u8]) -> io::Result<()> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        fs::create_dir_all(dir)?;
        let name = self.name_of(text);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let draft = dir.join(format!(".{name}.{}-{number}", std::process::id()));
        let written = fs::File::create(&draft).and_then(|mut file| {
            file.write_all(&self.digest(text, mulaw))?;
            file.write_all(mulaw)?;
            file.sync_all()
        });
        let moved = written.and_then(|()| fs::rename(&draft, dir.join(name)));
        if moved.is_err() {
            let _ = fs::remove_file(&draft);
        }
        moved
    }

    fn name_of(&self, text: &str) -> String {
        let mut name = String::with_capacity(2 * DIGEST_BYTES + 6);
        for byte in self.digest(text, &[]) {
            use std::fmt::Write as _;
            let _ = write!(name, "{byte:02x}");
        }
        name + ".mulaw"
    }

    fn digest(&self, text: &str, mulaw: &[u8]) -> [u8; DIGEST_BYTES] {
        let mut digest = Sha1::new();
        for part in [self.model.as_bytes(), text.as_bytes()] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        digest.update(mulaw);
        digest.finalize().into()
    }
}
