//! Deepgram's recogniser behind a call's edge, and what recognises in its place when it fails.
//!
//! One task serves a call: it carries the pure machine ([`listening`]) between the call's channel
//! and one socket, which is opened with the call and opened again when it is lost. Words are handed
//! on within the poll that read them.
//!
//! ```text
//! caller's audio ─► kept until final words cover it ─► the call's socket
//!                                  └─► the engine on this machine, for turns that Deepgram owes
//! ```

mod heard;
mod listening;
mod redial;
mod replay;
mod wire;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use dsp::Samples;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::DeepgramAccount;
use crate::limits::STT_BLOCKED;
use crate::local::{LocalSpeech, Reading};
use crate::message::Expectation;
use crate::metrics::{Metrics, Oddity};
use crate::net::edge::{SttEvent, SttInput};
use crate::time::Mono;
use crate::vendor::{SharedBreaker, Vendor, VendorErrorKind};
use crate::wire::deepgram_stt::{ListenQuery, Protocol};

use listening::{Effect, Fault, Listening};
use wire::{News, Wire};

/// The model that is asked first unless another one is named.
pub const DEFAULT_MODEL: &str = "nova-2-phonecall";

/// Silence after which the vendor finds speech to be over, unless told otherwise.
pub const DEFAULT_ENDPOINTING_MS: u32 = 200;

/// How sure Flux must be, in hundredths, to say that a turn may be over.
const FLUX_EAGER: u8 = 50;

/// Deepgram's recogniser, for all calls. A model named `flux-…` is asked by the protocol of Flux.
#[derive(Clone, Debug)]
pub struct DeepgramStt {
    pub account: DeepgramAccount,
    /// Such as [`DEFAULT_MODEL`].
    pub model: String,
    /// Asked where the first one is refused.
    pub fallback_model: Option<String>,
    /// Such as `en-US`.
    pub language: String,
    /// Such as [`DEFAULT_ENDPOINTING_MS`].
    pub endpointing_ms: u32,
    /// Names to listen for: the business's, models of cars.
    pub keyterms: Arc<[String]>,
    /// Flux only: how sure it must be that a turn is over, in hundredths.
    pub eot_threshold: Option<u8>,
    /// Flux only: after so much silence a turn is over, however unsure.
    pub eot_timeout_ms: Option<u32>,
    /// Whether it tells of words that are likely a whole turn before the turn has ended, so that a
    /// language model may think about them.
    pub eager: bool,
    /// Who reads the turns that Deepgram does not.
    pub fallback: Option<LocalEar>,
    /// One for all calls.
    pub breaker: SharedBreaker,
}

impl DeepgramStt {
    /// The usual setup.
    #[must_use]
    pub fn new(account: DeepgramAccount) -> Self {
        Self {
            account,
            model: DEFAULT_MODEL.to_owned(),
            fallback_model: None,
            language: "en-US".to_owned(),
            endpointing_ms: DEFAULT_ENDPOINTING_MS,
            keyterms: Arc::default(),
            eot_threshold: None,
            eot_timeout_ms: None,
            eager: false,
            fallback: None,
            breaker: SharedBreaker::default(),
        }
    }

    /// What a connection for `model` asks for.
    fn path(&self, model: &str) -> String {
        ListenQuery {
            model,
            language: &self.language,
            endpointing_ms: self.endpointing_ms,
            keyterms: &self.keyterms,
            eot_threshold: self.eot_threshold,
            eager_eot_threshold: self.eager.then_some(FLUX_EAGER),
            eot_timeout_ms: self.eot_timeout_ms,
        }
        .path()
    }
}

/// A reading that is being made.
type ReadingTask = Pin<Box<dyn Future<Output = Result<Reading, String>> + Send>>;

/// A recogniser of whole turns on this machine.
#[derive(Clone)]
pub struct LocalEar(Arc<dyn Fn(Expectation, Bytes) -> ReadingTask + Send + Sync>);

impl LocalEar {
    /// Any recogniser that needs no network. It is given the mu-law audio of one turn.
    pub fn new<F>(read: impl Fn(Expectation, Bytes) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Reading, String>> + Send + 'static,
    {
        Self(Arc::new(move |expectation, mulaw| {
            Box::pin(read(expectation, mulaw))
        }))
    }
}

/// The recogniser of the engines on this machine.
impl From<LocalSpeech> for LocalEar {
    fn from(speech: LocalSpeech) -> Self {
        Self::new(move |expectation, mulaw: Bytes| {
            let speech = speech.clone();
            async move {
                let read = speech.recognise(expectation, &mulaw).await;
                read.map_err(|error| error.to_string())
            }
        })
    }
}

impl fmt::Debug for LocalEar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalEar")
    }
}

/// Serves one call until its input or its output ends.
pub async fn run(
    ear: Arc<DeepgramStt>,
    metrics: Arc<Metrics>,
    mut input: mpsc::Receiver<SttInput>,
    output: mpsc::Sender<SttEvent>,
) {
    let mut edge = Edge::new(ear, metrics);
    // Set for the first deadline, and left there while deadlines only move away: a call that
    // listens costs a few timers a second, not one for each frame.
    let mut timer = std::pin::pin!(sleep_until(Instant::now()));
    let mut armed: Option<Mono> = None;
    loop {
        let now = Mono::now();
        if edge.obey(now, &output).await.is_err() {
            break;
        }
        edge.transmit(now);
        if let Some(due) = edge.due(now)
            && armed.is_none_or(|armed| due < armed)
        {
            timer.as_mut().reset(Instant::now() + due.since(now));
            armed = Some(due);
        }
        tokio::select! {
            biased;
            news = edge.wire.next() => edge.handle_news(news),
            heard = input.recv() => match heard {
                Some(heard) => edge.listening.handle_input(Mono::now(), heard),
                None => break,
            },
            (turn, read) = reading(&mut edge.reading) => {
                edge.reading = None;
                edge.listening.handle_read(turn, read);
            }
            () = &mut timer, if armed.is_some() => {
                armed = None;
                edge.listening.handle_time(Mono::now());
            }
        }
    }
    edge.wire.say_goodbye().await;
}

struct Edge {
    ear: Arc<DeepgramStt>,
    metrics: Arc<Metrics>,
    listening: Listening,
    wire: Wire,
    reading: Option<(Samples, ReadingTask)>,
}

impl Edge {
    fn new(ear: Arc<DeepgramStt>, metrics: Arc<Metrics>) -> Self {
        Self {
            listening: Listening::new(ear.fallback.is_some(), ear.eager),
            wire: Wire::new(ear.clone()),
            reading: None,
            ear,
            metrics,
        }
    }

    fn handle_news(&mut self, news: News) {
        let now = Mono::now();
        match news {
            News::Up(model) => self.listening.handle_up(now, Protocol::of_model(&model)),
            News::NotUp { kind, away } => {
                if let Some(kind) = kind {
                    self.count(kind);
                }
                if away {
                    self.listening.handle_away(now);
                }
            }
            News::Text(text) => match self.listening.handle_text(now, &text) {
                Ok(()) => self.wire.handle_sense(),
                Err(Fault::Garbage) => self.count(VendorErrorKind::Garbage),
                // Where it cannot go on it closes, and that is heard.
                Err(Fault::Failed) => self.count(VendorErrorKind::Failed),
            },
            News::Binary => self.count(VendorErrorKind::Garbage),
            News::Lost => {
                self.count(VendorErrorKind::Dropped);
                self.listening.handle_down();
            }
            News::Writable => {}
        }
    }

    /// Carries out what the machine wants. Words go first; they wait for nothing.
    async fn obey(
        &mut self,
        now: Mono,
        output: &mpsc::Sender<SttEvent>,
    ) -> Result<(), mpsc::error::SendError<SttEvent>> {
        while let Some(effect) = self.listening.poll_effect() {
            match effect {
                // Those may be missed, the next ones say more.
                Effect::Emit(event @ SttEvent::Partial { .. }) => {
                    let _ = output.try_send(event);
                }
                Effect::Emit(event) => output.send(event).await?,
                Effect::AudioDropped => self.metrics.count(Oddity::BacklogDropped),
                Effect::EchoedWords => self.metrics.count(Oddity::EchoedWords),
                Effect::Hang => {
                    self.count(VendorErrorKind::TimedOut);
                    self.wire.hang(now);
                }
                Effect::Read {
                    turn,
                    expectation,
                    mulaw,
                } => {
                    if let Some(ear) = &self.ear.fallback {
                        self.reading = Some((turn, (ear.0)(expectation, mulaw)));
                    }
                }
            }
        }
        Ok(())
    }

    /// Sends what the machine has, for as long as the socket takes it.
    fn transmit(&mut self, now: Mono) {
        while self.wire.takes_more()
            && let Some(out) = self.listening.poll_outgoing(now)
        {
            self.wire.send(out);
        }
    }

    /// When there is something to do. What a full socket keeps from being sent is not due.
    fn due(&self, now: Mono) -> Option<Mono> {
        let due = self.listening.poll_timeout()?;
        let blocked = self.wire.is_blocked();
        Some(if blocked {
            due.max(now.plus(STT_BLOCKED))
        } else {
            due
        })
    }

    fn count(&self, kind: VendorErrorKind) {
        self.metrics.vendor_errors.count(Vendor::DeepgramStt, kind);
    }
}

/// Until the turn that is being read has been.
async fn reading(
    reading: &mut Option<(Samples, ReadingTask)>,
) -> (Samples, Result<Reading, String>) {
    match reading {
        Some((turn, task)) => (*turn, task.await),
        None => std::future::pending().await,
    }
}
