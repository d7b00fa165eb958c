//! Deepgram's synthesiser behind a call's edge, and what speaks in its place when it fails.
//!
//! One task serves a call: it carries out what its pure machine ([`speaker`]) orders, and tells it
//! what happened. Audio is handed on as it came, within the poll that read it. Where the call takes
//! no more, nothing is read.
//!
//! ```text
//! clauses ─► phrases made before ─► the call's socket ─► plain requests ─► the voice on this machine
//! ```

mod budget;
mod fetch;
mod groups;
mod phrases;
mod rest;
mod script;
mod speaker;
mod warm;
mod wire;

use std::fmt;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, sleep_until};

use super::DeepgramAccount;
use crate::local::{LocalSpeech, Speech, SpeechError, Voice};
use crate::metrics::Metrics;
use crate::net::edge::{TtsEvent, TtsInput};
use crate::time::Mono;
use crate::vendor::SharedBreaker;

use fetch::{Fetched, Fetching};
use script::{Rung, Words};
use speaker::{Order, Speaker};
use wire::{FromWire, Wire};

pub use phrases::PhraseCache;

/// The voice of Aura 2 that speaks unless another is asked for.
pub const DEFAULT_MODEL: &str = "aura-2-asteria-en";

/// Deepgram's synthesiser, for all calls.
#[derive(Clone, Debug)]
pub struct DeepgramTts {
    pub account: DeepgramAccount,
    /// The voice, such as [`DEFAULT_MODEL`].
    pub model: String,
    /// For plain requests.
    pub http: reqwest::Client,
    /// What is said in every call.
    pub phrases: Arc<PhraseCache>,
    /// Who speaks when Deepgram does not.
    pub fallback: Option<LocalVoice>,
    /// One for all calls.
    pub breaker: SharedBreaker,
}

/// Starts to speak a text, without the network.
type Synthesise = Arc<dyn Fn(&str) -> Result<Speech, SpeechError> + Send + Sync>;

/// A voice on this machine.
#[derive(Clone)]
pub struct LocalVoice(Synthesise);

impl LocalVoice {
    /// Any source of speech that needs no network.
    pub fn new(
        synthesise: impl Fn(&str) -> Result<Speech, SpeechError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(synthesise))
    }
}

/// The agent's voice of the engines on this machine.
impl From<LocalSpeech> for LocalVoice {
    fn from(speech: LocalSpeech) -> Self {
        Self::new(move |text| speech.synthesise(Voice::AGENT, text))
    }
}

impl fmt::Debug for LocalVoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalVoice")
    }
}

/// Serves one call until its input or its output ends.
pub async fn run(
    voice: Arc<DeepgramTts>,
    metrics: Arc<Metrics>,
    mut input: mpsc::Receiver<TtsInput>,
    output: mpsc::Sender<TtsEvent>,
) {
    let mut edge = Edge::new(voice, metrics);
    edge.speaker.handle_start();
    // Set for the first deadline, and left there while deadlines only move away: a call that
    // speaks costs a timer a second, not one for each chunk of audio.
    let mut timer = std::pin::pin!(sleep_until(Instant::now()));
    let mut armed: Option<Mono> = None;
    loop {
        edge.obey();
        let Ok(blocked) = edge.deliver(&output) else {
            break;
        };
        let now = Mono::now();
        if let Some(due) = edge.speaker.timeout(now)
            && armed.is_none_or(|armed| due < armed)
        {
            timer.as_mut().reset(Instant::now() + due.since(now));
            armed = Some(due);
        }
        tokio::select! {
            // What silences the agent goes first.
            biased;
            wish = input.recv() => match wish {
                Some(wish) => edge.handle_wish(wish),
                None => break,
            },
            room = output.reserve(), if blocked => match room {
                Ok(_) => edge.speaker.handle_room(Mono::now()),
                Err(_) => break,
            },
            news = edge.wire.next(), if !blocked => edge.handle_wire(news),
            fetched = fetch::next(&mut edge.fetching), if !blocked => edge.handle_fetched(fetched),
            () = &mut timer, if !blocked && armed.is_some() => {
                armed = None;
                edge.speaker.handle_time(Mono::now());
            }
        }
    }
    edge.wire.say_goodbye().await;
}

struct Edge {
    voice: Arc<DeepgramTts>,
    speaker: Speaker,
    wire: Wire,
    fetching: Option<Fetching>,
}

impl Edge {
    fn new(voice: Arc<DeepgramTts>, metrics: Arc<Metrics>) -> Self {
        let speaks_locally = voice.fallback.is_some();
        let speaker = Speaker::new(speaks_locally, voice.breaker.clone(), metrics);
        Self {
            voice,
            speaker,
            wire: Wire::None,
            fetching: None,
        }
    }

    fn obey(&mut self) {
        while let Some(order) = self.speaker.poll_order() {
            match order {
                Order::Open => self.wire = Wire::open(&self.voice),
                Order::HangUp => self.wire = Wire::None,
                Order::Send(message) => self.wire.send(message),
                Order::Fetch { from, text } => self.fetching = Some(self.fetch(from, &text)),
                Order::StopFetch => self.fetching = None,
            }
        }
    }

    fn fetch(&self, from: Rung, text: &str) -> Fetching {
        match (from, &self.voice.fallback) {
            (Rung::Local, Some(LocalVoice(synthesise))) => Fetching::local(synthesise(text)),
            _ => Fetching::Rest(self.voice.ask(text)),
        }
    }

    /// Hands on what there is; true where the call takes no more for now.
    fn deliver(&mut self, output: &mpsc::Sender<TtsEvent>) -> Result<bool, CallIsOver> {
        while self.speaker.has_event() {
            match output.try_reserve() {
                Ok(room) => {
                    if let Some(event) = self.speaker.poll_event() {
                        room.send(event);
                    }
                }
                Err(TrySendError::Full(())) => return Ok(true),
                Err(TrySendError::Closed(())) => return Err(CallIsOver),
            }
        }
        Ok(false)
    }

    fn handle_wish(&mut self, wish: TtsInput) {
        let now = Mono::now();
        match wish {
            TtsInput::Speak {
                utterance,
                clause,
                text,
                last,
            } => {
                let kept = self.voice.phrases.find(&text);
                let words = Words {
                    utterance,
                    clause,
                    text,
                    last,
                    kept,
                };
                self.speaker.handle_speak(words, now);
            }
            TtsInput::Cancel { utterance } => self.speaker.handle_cancel(utterance, now),
            TtsInput::Language(_) => {}
        }
    }

    fn handle_wire(&mut self, news: FromWire) {
        let now = Mono::now();
        match news {
            FromWire::Opened => self.speaker.handle_opened(now),
            FromWire::NotOpened(error) => {
                tracing::debug!(%error, "no socket to the synthesiser");
                self.speaker.handle_not_opened(error.kind, now);
            }
            FromWire::Audio(mulaw) => self.speaker.handle_audio(mulaw, now),
            FromWire::Text(message) => self.speaker.handle_text(&message, now),
            FromWire::Closed(kind) => self.speaker.handle_closed(kind, now),
        }
    }

    fn handle_fetched(&mut self, fetched: Fetched) {
        let now = Mono::now();
        match fetched {
            Fetched::Audio(mulaw) => self.speaker.handle_fetched(mulaw, now),
            Fetched::Done => {
                self.fetching = None;
                self.speaker.handle_fetch_done(now);
            }
            Fetched::Failed { kind, why } => {
                self.fetching = None;
                self.speaker.handle_fetch_failed(kind, &why, now);
            }
        }
    }
}

/// Nobody listens to the edge any more.
struct CallIsOver;
