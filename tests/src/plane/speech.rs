//! Speech edges that do as they are told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use dsp::Samples;
use pipeline::message::{Transcript, UtteranceId};
use pipeline::net::edge::{SttEvent, SttInput, TtsEvent, TtsInput};
use pipeline::{SttConfig, TtsConfig};
use tokio::sync::mpsc;

/// How a [`talker`] takes an interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// Stops when it is told to.
    Polite,
    /// Goes on delivering what it was asked for, whatever it is told.
    Deaf,
}

/// The byte of which a talker's utterance consists; no two neighbours share one, none is silence.
#[must_use]
pub fn voice_of(utterance: UtteranceId) -> u8 {
    0x80 + (utterance.0 % 0x40) as u8
}

/// A synthesiser that speaks a clause for as many milliseconds as its text says, in chunks of odd
/// length, as fast as they are taken; `pause` lies before each chunk.
#[must_use]
pub fn talker(manners: Manners, pause: Duration) -> TtsConfig {
    TtsConfig::Custom(Arc::new(move |input, output| {
        Box::pin(talk(manners, pause, input, output))
    }))
}

async fn talk(
    manners: Manners,
    pause: Duration,
    mut input: mpsc::Receiver<TtsInput>,
    output: mpsc::Sender<TtsEvent>,
) {
    const CHUNK: usize = 1_000;
    let mut clauses = VecDeque::new();
    loop {
        let asked = match clauses.pop_front() {
            Some(asked) => asked,
            None => match input.recv().await {
                Some(asked) => asked,
                None => return,
            },
        };
        let TtsInput::Speak {
            utterance,
            clause,
            text,
            last,
        } = asked
        else {
            continue;
        };
        let samples = Samples::from_ms(text.parse().expect("a text is a number of milliseconds"));
        let mut left = samples.0 as usize;
        while left > 0 {
            // Even the shortest sleep would wait for a thread that somebody else puts to sleep.
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let chunk = left.min(CHUNK);
            left -= chunk;
            let mulaw = Bytes::from(vec![voice_of(utterance); chunk]);
            if output
                .send(TtsEvent::Audio { utterance, mulaw })
                .await
                .is_err()
            {
                return;
            }
            clauses.extend(std::iter::from_fn(|| input.try_recv().ok()));
            let cancelled = clauses.contains(&TtsInput::Cancel { utterance });
            if cancelled && manners == Manners::Polite {
                break;
            }
        }
        let done = TtsEvent::ClauseDone {
            utterance,
            clause,
            samples,
        };
        let _ = output.send(done).await;
        if last {
            let _ = output.send(TtsEvent::Done { utterance }).await;
        }
    }
}

/// What a [`listener`] was given, in order.
#[derive(Clone, Debug, Default)]
pub struct Notebook {
    inputs: Arc<Mutex<Vec<SttInput>>>,
}

impl Notebook {
    #[must_use]
    pub fn inputs(&self) -> Vec<SttInput> {
        self.inputs.lock().expect("no writer panics").clone()
    }
}

/// A recogniser that notes what it is given and takes every turn for "words".
#[must_use]
pub fn listener(notebook: &Notebook) -> SttConfig {
    let notebook = notebook.clone();
    SttConfig::Custom(Arc::new(move |input, output| {
        Box::pin(listen(notebook.clone(), input, output))
    }))
}

async fn listen(
    notebook: Notebook,
    mut input: mpsc::Receiver<SttInput>,
    output: mpsc::Sender<SttEvent>,
) {
    let mut from = Samples::ZERO;
    while let Some(given) = input.recv().await {
        match &given {
            SttInput::SpeechStarted { position } => from = *position,
            SttInput::SpeechEnded { position } => {
                let words = SttEvent::Final(Transcript {
                    text: "words".into(),
                    second_opinion: None,
                    typed: false,
                    from,
                    to: *position,
                });
                let _ = output.send(words).await;
            }
            _ => {}
        }
        notebook
            .inputs
            .lock()
            .expect("no reader panics")
            .push(given);
    }
}

/// A recogniser that knows the words as soon as the caller pauses, and does not wait for the end.
#[must_use]
pub fn eager_listener() -> SttConfig {
    SttConfig::Custom(Arc::new(|mut input, output| {
        Box::pin(async move {
            let mut turn = None;
            while let Some(given) = input.recv().await {
                let answer = match given {
                    SttInput::SpeechStarted { position } => {
                        turn = Some(position);
                        continue;
                    }
                    SttInput::SpeechPaused { last_voiced, .. } => turn
                        .take()
                        .map(|from| (from, last_voiced + Samples::from_ms(100))),
                    SttInput::SpeechEnded { position } => turn.take().map(|from| (from, position)),
                    _ => None,
                };
                if let Some((from, to)) = answer {
                    let words = Transcript {
                        text: "words".into(),
                        second_opinion: None,
                        typed: false,
                        from,
                        to,
                    };
                    let _ = output.send(SttEvent::Final(words)).await;
                }
            }
        })
    }))
}

/// A recogniser that puts its whole thread to sleep with every input, as nothing ever should. The
/// thread's other tasks have their turn in between, and no more.
#[must_use]
pub fn thread_blocker(for_each: Duration) -> SttConfig {
    SttConfig::Custom(Arc::new(move |mut input, output| {
        Box::pin(async move {
            // Held, or it would count as lost.
            let _output = output;
            while input.recv().await.is_some() {
                std::thread::sleep(for_each);
                tokio::task::yield_now().await;
            }
        })
    }))
}

/// A recogniser that panics at the first audio.
#[must_use]
pub fn broken_listener() -> SttConfig {
    SttConfig::Custom(Arc::new(|mut input, _output| {
        Box::pin(async move {
            input.recv().await;
            panic!("a recogniser's bug");
        })
    }))
}

/// A synthesiser that panics after half a second of its first utterance.
#[must_use]
pub fn broken_talker() -> TtsConfig {
    TtsConfig::Custom(Arc::new(|mut input, output| {
        Box::pin(async move {
            if let Some(TtsInput::Speak { utterance, .. }) = input.recv().await {
                let mulaw = Bytes::from(vec![voice_of(utterance); 4_000]);
                let _ = output.send(TtsEvent::Audio { utterance, mulaw }).await;
            }
            panic!("a synthesiser's bug");
        })
    }))
}
