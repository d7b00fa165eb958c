//! The path and query that open a connection.

use std::fmt::Write as _;

/// Which of the two protocols a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// v1: transcripts, and endpoints found by silence.
    #[default]
    Listen,
    /// v2: a model that also finds the ends of turns.
    Flux,
}

impl Protocol {
    /// The protocol that a model is for.
    #[must_use]
    pub fn of_model(model: &str) -> Self {
        if model.starts_with("flux-") {
            Self::Flux
        } else {
            Self::Listen
        }
    }
}

/// What a connection is asked to do.
#[derive(Clone, Copy, Debug)]
pub struct ListenQuery<'a> {
    pub model: &'a str,
    /// Such as `en-US`. Flux takes hints only for its multilingual model.
    pub language: &'a str,
    /// Silence after which v1 finds speech to be over, in milliseconds.
    pub endpointing_ms: u32,
    /// Names and words to listen for.
    pub keyterms: &'a [String],
    /// How sure Flux must be that a turn is over, in hundredths (50 to 100); its default if none.
    pub eot_threshold: Option<u8>,
    /// How sure Flux must be to say that a turn may be over, in hundredths (30 to 90); it says
    /// nothing of the kind if none.
    pub eager_eot_threshold: Option<u8>,
    /// After so much silence Flux ends a turn, however unsure (500 to 60,000 ms); its default if
    /// none.
    pub eot_timeout_ms: Option<u32>,
}

/// More terms than this are refused by the vendor.
const KEYTERMS: usize = 100;

/// How much a term of an older model is raised.
const KEYWORD_BOOST: u32 = 2;

impl ListenQuery<'_> {
    /// Begins with a slash; fit for a request line.
    #[must_use]
    pub fn path(&self) -> String {
        let protocol = Protocol::of_model(self.model);
        let mut path = String::from(match protocol {
            Protocol::Listen => "/v1/listen?model=",
            Protocol::Flux => "/v2/listen?model=",
        });
        escape(&mut path, self.model);
        path.push_str("&encoding=mulaw&sample_rate=8000");
        match protocol {
            Protocol::Listen => self.push_listen(&mut path),
            Protocol::Flux => self.push_flux(&mut path),
        }
        self.push_terms(&mut path, protocol);
        path
    }

    fn push_listen(&self, path: &mut String) {
        path.push_str("&channels=1&language=");
        escape(path, self.language);
        // Writing to a string cannot fail.
        let _ = write!(path, "&endpointing={}", self.endpointing_ms);
        // `smart_format` holds numbers back for seconds; `no_delay` tells it not to.
        path.push_str(
            "&interim_results=true&utterance_end_ms=1000&vad_events=false\
             &punctuate=true&smart_format=true&numerals=true&no_delay=true",
        );
    }

    fn push_flux(&self, path: &mut String) {
        for (name, hundredths) in [
            ("eot_threshold", self.eot_threshold),
            ("eager_eot_threshold", self.eager_eot_threshold),
        ] {
            if let Some(hundredths) = hundredths {
                let hundredths = hundredths.min(100);
                let (whole, rest) = (hundredths / 100, hundredths % 100);
                let _ = write!(path, "&{name}={whole}.{rest:02}");
            }
        }
        if let Some(ms) = self.eot_timeout_ms {
            let _ = write!(path, "&eot_timeout_ms={ms}");
        }
        // Without a hint it listens for all that it knows.
        if self.model.ends_with("-multi") && self.language != "multi" {
            path.push_str("&language_hint=");
            escape(path, self.language);
        }
    }

    /// Newer models take key terms, older ones weighed keywords.
    fn push_terms(&self, path: &mut String, protocol: Protocol) {
        let takes_keyterms = protocol == Protocol::Flux || self.model.starts_with("nova-3");
        for term in self.keyterms.iter().take(KEYTERMS) {
            path.push_str(if takes_keyterms {
                "&keyterm="
            } else {
                "&keywords="
            });
            escape(path, term);
            if !takes_keyterms {
                let _ = write!(path, ":{KEYWORD_BOOST}");
            }
        }
    }
}

/// Percent-encodes all but the unreserved characters.
fn escape(path: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(model: &str, terms: &[String]) -> String {
        ListenQuery {
            model,
            language: "en-US",
            endpointing_ms: 200,
            keyterms: terms,
            eot_threshold: Some(80),
            eager_eot_threshold: Some(50),
            eot_timeout_ms: Some(3_000),
        }
        .path()
    }

    #[test]
    fn an_older_model_gets_weighed_keywords_and_the_silence_of_an_endpoint() {
        assert_eq!(
            query("nova-2-phonecall", &["Otto's Auto".into()]),
            "/v1/listen?model=nova-2-phonecall&encoding=mulaw&sample_rate=8000&channels=1\
             &language=en-US&endpointing=200&interim_results=true&utterance_end_ms=1000\
             &vad_events=false&punctuate=true&smart_format=true&numerals=true&no_delay=true\
             &keywords=Otto%27s%20Auto:2"
        );
    }

    #[test]
    fn a_newer_model_gets_key_terms() {
        let path = query("nova-3", &["F-150".into(), "a&b=c".into()]);
        assert!(path.ends_with("&keyterm=F-150&keyterm=a%26b%3Dc"), "{path}");
    }

    #[test]
    fn flux_is_another_path_and_has_thresholds_instead_of_silence() {
        assert_eq!(
            query("flux-general-en", &["Camry".into()]),
            "/v2/listen?model=flux-general-en&encoding=mulaw&sample_rate=8000\
             &eot_threshold=0.80&eager_eot_threshold=0.50&eot_timeout_ms=3000&keyterm=Camry"
        );
    }
}
