//! Whether what is bought from elsewhere takes our keys: each asked for as little as it sells.

use std::sync::Arc;

use pipeline::net::deepgram::DeepgramAccount;
use pipeline::net::deepgram::socket::{ConnectError, connect};
use pipeline::vendor::VendorErrorKind;

use super::Finding::{self, Broken, Weak, Well};
use crate::config::{Deepgram, OpenAi};
use crate::llm::openai;
use crate::observe::Metrics;

/// The names under which a vendor is configured, for remedies.
pub(super) struct Names {
    pub(super) key: &'static str,
    pub(super) url: &'static str,
    pub(super) model: &'static str,
}

/// Opens both of Deepgram's sockets and says nothing on them, which costs nothing.
pub(super) async fn deepgram(config: Option<&Deepgram>) -> Finding {
    let Some(config) = config else {
        return Well("not used: DEEPGRAM_API_KEY is not set".to_owned());
    };
    let account = DeepgramAccount {
        origin: config.origin.clone(),
        key: config.key.clone(),
    };
    let (version, language) = if config.model.starts_with("flux") {
        ("v2", String::new())
    } else {
        ("v1", format!("&language={}", config.language))
    };
    let model = &config.model;
    let listen =
        format!("/{version}/listen?model={model}{language}&encoding=mulaw&sample_rate=8000");
    let voice = &config.voice;
    let speak = format!("/v1/speak?model={voice}&encoding=mulaw&sample_rate=8000&container=none");
    let spanish = &config.spanish_voice;
    let in_spanish =
        format!("/v1/speak?model={spanish}&encoding=mulaw&sample_rate=8000&container=none");
    let sockets = [
        (listen, "DEEPGRAM_MODEL", model),
        (speak, "DEEPGRAM_TTS_MODEL", voice),
        (in_spanish, "DEEPGRAM_TTS_MODEL_ES", spanish),
    ];
    for (path, setting, value) in sockets {
        let names = Names {
            key: "DEEPGRAM_API_KEY",
            url: "DEEPGRAM_URL",
            model: setting,
        };
        match connect(&account, &path).await {
            Ok(mut socket) => drop(socket.close(None).await),
            Err(ConnectError { kind, what }) => {
                return broken(kind, &format!("{what}, asked for {value}"), &names);
            }
        }
    }
    Well(format!(
        "takes the key; hears by {model}, speaks as {voice}"
    ))
}

/// Asks the language model's server which models it has, or for a few tokens where it does not say.
pub(super) async fn openai(config: Option<&OpenAi>) -> Finding {
    let Some(config) = config else {
        return Well("not used: OPENAI_API_KEY is not set".to_owned());
    };
    let data_plane = Arc::<pipeline::metrics::Metrics>::default();
    let metrics = Arc::new(Metrics::new(Arc::clone(&data_plane)));
    let model = match openai::OpenAi::new(config.account(), metrics, data_plane) {
        Ok(model) => model,
        Err(error) => {
            return Broken {
                what: error.to_string(),
                remedy: "correct the setting".into(),
            };
        }
    };
    match model.probe().await {
        Ok(sentence) => Well(sentence),
        Err(error) => Broken {
            what: error.to_string(),
            remedy: "check OPENAI_API_KEY, OPENAI_MODEL and OPENAI_BASE_URL".into(),
        },
    }
}

/// What a vendor's refusal means, and what to do about it.
pub(super) fn broken(kind: VendorErrorKind, what: &str, names: &Names) -> Finding {
    let Names { key, url, model } = names;
    let remedy = match kind {
        VendorErrorKind::Unauthorized => {
            format!("set {key} to a key that the vendor's console shows as active")
        }
        VendorErrorKind::Quota => "top up the vendor's account, or raise its limit".to_owned(),
        VendorErrorKind::RateLimited => {
            let remedy = "raise the account's limit, or try again when fewer calls are on".into();
            return Weak {
                what: what.to_owned(),
                remedy,
            };
        }
        VendorErrorKind::Connect | VendorErrorKind::TimedOut | VendorErrorKind::Dropped => {
            format!("check {url}, the network and its name service")
        }
        VendorErrorKind::Refused => format!("check {model}: the vendor may not offer it"),
        VendorErrorKind::Failed => "the vendor has trouble of its own; try again later".to_owned(),
        VendorErrorKind::Garbage => format!("check {url}: something else answers there"),
    };
    Broken {
        what: what.to_owned(),
        remedy: remedy.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_names_the_setting_to_look_at() {
        let names = Names {
            key: "X_API_KEY",
            url: "X_URL",
            model: "X_MODEL",
        };
        for (kind, setting) in [
            (VendorErrorKind::Unauthorized, "X_API_KEY"),
            (VendorErrorKind::Connect, "X_URL"),
            (VendorErrorKind::Garbage, "X_URL"),
            (VendorErrorKind::Refused, "X_MODEL"),
        ] {
            let Broken { remedy, .. } = broken(kind, "answered", &names) else {
                panic!("{kind:?} stands in the way of calls");
            };
            assert!(remedy.contains(setting), "{remedy}");
        }
    }

    #[tokio::test]
    async fn a_vendor_that_is_not_there_is_told_from_one_that_refuses_the_key() {
        let config = Deepgram {
            key: "key".to_owned().into(),
            origin: "ws://127.0.0.1:1".to_owned(),
            model: "nova-3".to_owned(),
            fallback_model: None,
            endpointing_ms: 200,
            language: "en-US".to_owned(),
            voice: "aura-2-asteria-en".to_owned(),
            spanish_voice: "aura-2-celeste-es".to_owned(),
        };
        let Broken { remedy, .. } = deepgram(Some(&config)).await else {
            panic!("nobody listens there");
        };
        assert!(remedy.contains("DEEPGRAM_URL"), "{remedy}");
    }
}
