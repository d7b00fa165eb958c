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

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "aura-2-asteria-en";
    const HELLO: &str = "Thank you for calling.";

    /// A directory of this test's own, gone with it.
    struct Place(PathBuf);

    impl Place {
        fn new(test: &str) -> Self {
            let name = format!("otto-phrases-{}-{test}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }

        fn cache(&self) -> PhraseCache {
            self.cache_of(MODEL)
        }

        fn cache_of(&self, model: &str) -> PhraseCache {
            PhraseCache::open(Some(self.0.clone()), model, [HELLO.to_owned()])
        }

        fn files(&self) -> Vec<PathBuf> {
            let Ok(files) = fs::read_dir(&self.0) else {
                return Vec::new();
            };
            files.map(|file| file.expect("readable").path()).collect()
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_phrase_is_there_again_after_a_restart_in_its_own_voice_only() {
        let place = Place::new("restart");
        let cache = place.cache();
        assert_eq!(cache.missing(), [HELLO]);
        cache
            .keep(HELLO, Bytes::from_static(&[7; 320]))
            .expect("a place to write");
        assert_eq!(
            cache.find(" Thank you for calling. "),
            Some(Bytes::from_static(&[7; 320]))
        );
        let again = place.cache();
        assert_eq!(again.find(HELLO), Some(Bytes::from_static(&[7; 320])));
        assert!(again.missing().is_empty());
        assert_eq!(place.cache_of("another").find(HELLO), None);
    }

    #[test]
    fn what_is_not_registered_is_never_kept() {
        let place = Place::new("unregistered");
        let cache = place.cache();
        let words = "Pat Example, your car is ready.";
        cache
            .keep(words, Bytes::from_static(&[7; 320]))
            .expect("nothing to do");
        assert_eq!(cache.find(words), None);
        assert!(place.files().is_empty());
    }

    #[test]
    fn a_file_that_is_not_what_was_written_is_ignored_and_made_again() {
        let place = Place::new("corrupt");
        place
            .cache()
            .keep(HELLO, Bytes::from_static(&[7; 320]))
            .expect("a place to write");
        let [file] = &place.files()[..] else {
            panic!("one file, and no draft is left");
        };
        let whole = fs::read(file).expect("readable");
        let flipped: Vec<u8> = whole
            .iter()
            .enumerate()
            .map(|(n, b)| b ^ u8::from(n == 99))
            .collect();
        let endless = vec![7; DIGEST_BYTES + PHRASE_BYTES + 1];
        for bad in [
            &b""[..],
            &whole[..DIGEST_BYTES],
            &whole[..200],
            &flipped,
            &endless,
        ] {
            fs::write(file, bad).expect("writable");
            let cache = place.cache();
            assert_eq!(cache.find(HELLO), None, "{} bytes", bad.len());
            assert_eq!(cache.missing(), [HELLO]);
        }
        place
            .cache()
            .keep(HELLO, Bytes::from_static(&[8; 160]))
            .expect("a place to write");
        assert_eq!(
            place.cache().find(HELLO),
            Some(Bytes::from_static(&[8; 160]))
        );
    }

    #[test]
    fn without_a_place_on_disk_phrases_are_kept_in_memory() {
        let cache = PhraseCache::open(None, MODEL, [HELLO.to_owned()]);
        cache
            .keep(HELLO, Bytes::from_static(&[7; 160]))
            .expect("nothing to write");
        assert!(cache.find(HELLO).is_some());
        // An overlong one is not kept at all.
        let cache = PhraseCache::open(None, MODEL, [HELLO.to_owned()]);
        cache
            .keep(HELLO, vec![7; PHRASE_BYTES + 1].into())
            .expect("nothing to write");
        assert!(cache.find(HELLO).is_none());
    }
}
