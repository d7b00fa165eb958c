//! Deepgram: its account, and the sockets to it.

pub mod socket;
pub mod stt;
pub mod tts;

use std::fmt;

use secrecy::SecretString;

/// Where Deepgram is, and as whom we come.
#[derive(Clone)]
pub struct DeepgramAccount {
    /// `wss://` or `ws://`, host and port, no trailing slash; speech to text and text to speech
    /// are paths below it.
    pub origin: String,
    pub key: SecretString,
}

impl DeepgramAccount {
    /// The same place for plain requests: `http` for `ws`, `https` for `wss`.
    #[must_use]
    pub fn http_origin(&self) -> String {
        match self.origin.strip_prefix("ws") {
            Some(rest) => format!("http{rest}"),
            None => self.origin.clone(),
        }
    }
}

/// Without the key.
impl fmt::Debug for DeepgramAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeepgramAccount")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}
