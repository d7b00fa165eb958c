//! Makes the fixed phrases ahead of the calls that say them.

use bytes::BytesMut;
use tokio::time::{sleep, timeout};

use super::DeepgramTts;
use super::rest::RestError;
use crate::limits::{PHRASE_BYTES, PHRASE_PATIENCE, PHRASES_RETRY, PHRASES_RETRY_MAX};
use crate::time::Mono;
use crate::vendor::{Vendor, VendorErrorKind, VendorErrors};

impl DeepgramTts {
    /// Has the missing fixed phrases made, one after the other, and kept. Where the vendor fails it
    /// is asked again, more and more rarely, until all are made; a phrase that it refuses is left.
    /// For a task in the background, on any runtime.
    pub async fn warm(&self, errors: &VendorErrors) {
        let mut refused = Vec::new();
        let mut pause = PHRASES_RETRY;
        loop {
            let missing = self.phrases.missing();
            let next = missing.into_iter().find(|text| !refused.contains(text));
            let Some(text) = next else { return };
            if self.breaker.admits(Mono::now()) {
                match self.make(text).await {
                    Ok(()) => {
                        self.breaker.succeeded();
                        pause = PHRASES_RETRY;
                        continue;
                    }
                    Err(VendorErrorKind::Refused) => {
                        errors.count(Vendor::DeepgramTts, VendorErrorKind::Refused);
                        refused.push(text);
                        continue;
                    }
                    Err(kind) => {
                        errors.count(Vendor::DeepgramTts, kind);
                        self.breaker.failed(Mono::now());
                    }
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(PHRASES_RETRY_MAX);
        }
    }

    async fn make(&self, text: &str) -> Result<(), VendorErrorKind> {
        let whole = async {
            let mut answer = self.ask(text);
            let mut mulaw = BytesMut::new();
            while let Some(audio) = answer.next().await {
                mulaw.extend_from_slice(&audio?);
                if mulaw.len() > PHRASE_BYTES {
                    break;
                }
            }
            Ok::<_, RestError>(mulaw.freeze())
        };
        let mulaw = match timeout(PHRASE_PATIENCE, whole).await {
            Ok(Ok(mulaw)) if mulaw.is_empty() => return Err(VendorErrorKind::Garbage),
            // As good as refused: it will be as long the next time.
            Ok(Ok(mulaw)) if mulaw.len() > PHRASE_BYTES => {
                return Err(VendorErrorKind::Refused);
            }
            Ok(Ok(mulaw)) => mulaw,
            Ok(Err(error)) => return Err(error.kind),
            Err(_) => return Err(VendorErrorKind::TimedOut),
        };
        let (phrases, text) = (self.phrases.clone(), text.to_owned());
        let kept = tokio::task::spawn_blocking(move || phrases.keep(&text, mulaw)).await;
        if let Ok(Err(error)) = kept {
            tracing::warn!(%error, "a fixed phrase is kept in memory only");
        }
        Ok(())
    }
}
