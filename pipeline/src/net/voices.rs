//! A voice for each language of a call.
//!
//! An utterance is of one language, and nobody changes it in the middle of an answer: by the time
//! another voice begins, what the one before had to say is delivered or retired.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::edge::{TtsConfig, TtsEvent, TtsInput};
use crate::limits::EDGE_CHANNEL;
use crate::metrics::Metrics;

/// Voices by their languages (ISO 639-1).
#[derive(Clone, Debug)]
pub struct Voices {
    /// What a call begins in.
    pub first: (&'static str, TtsConfig),
    /// What it may change to.
    pub others: Vec<(&'static str, TtsConfig)>,
}

impl Voices {
    /// The voice of this language; the first one where there is none.
    fn of(&self, language: &str) -> &(&'static str, TtsConfig) {
        let all = std::iter::once(&self.first).chain(&self.others);
        all.into_iter()
            .find(|(spoken, _)| *spoken == language)
            .unwrap_or(&self.first)
    }
}

/// The edge: the first voice is there at once, the others when they are called for.
pub(super) async fn run(
    voices: Arc<Voices>,
    metrics: Arc<Metrics>,
    mut input: mpsc::Receiver<TtsInput>,
    output: mpsc::Sender<TtsEvent>,
) {
    let mut cast = Cast {
        metrics,
        output,
        tasks: JoinSet::new(),
        speakers: Vec::new(),
    };
    let mut speaker = cast.speaker(&voices.first);
    loop {
        let wish = tokio::select! {
            wish = input.recv() => wish,
            // A voice that is gone is the whole synthesiser gone.
            Some(_) = cast.tasks.join_next() => return,
        };
        let Some(wish) = wish else { break };
        match wish {
            TtsInput::Language(language) => speaker = cast.speaker(voices.of(language)),
            TtsInput::Cancel { .. } => {
                // Whoever says the utterance falls silent; for the others it is nothing.
                for (_, speaker) in &cast.speakers {
                    let _ = speaker.send(wish.clone()).await;
                }
            }
            TtsInput::Speak { .. } => {
                if speaker.send(wish).await.is_err() {
                    return;
                }
            }
        }
    }
    let Cast {
        mut tasks,
        speakers,
        ..
    } = cast;
    drop((speaker, speakers));
    while tasks.join_next().await.is_some() {}
}

/// The voices that have been called for.
struct Cast {
    metrics: Arc<Metrics>,
    output: mpsc::Sender<TtsEvent>,
    tasks: JoinSet<()>,
    speakers: Vec<(&'static str, mpsc::Sender<TtsInput>)>,
}

impl Cast {
    fn speaker(&mut self, voice: &(&'static str, TtsConfig)) -> mpsc::Sender<TtsInput> {
        let (language, config) = voice;
        if let Some((_, speaker)) = self.speakers.iter().find(|(known, _)| known == language) {
            return speaker.clone();
        }
        let (speaker, wishes) = mpsc::channel(EDGE_CHANNEL);
        let task = config.start(wishes, self.output.clone(), &self.metrics);
        self.tasks.spawn(task);
        self.speakers.push((language, speaker.clone()));
        speaker
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::UtteranceId;

    /// Says for each clause which voice it is, as that many bytes.
    fn voice(bytes: usize) -> TtsConfig {
        TtsConfig::Custom(Arc::new(move |mut input, output| {
            Box::pin(async move {
                while let Some(wish) = input.recv().await {
                    if let TtsInput::Speak { utterance, .. } = wish {
                        let mulaw = vec![0; bytes].into();
                        let _ = output.send(TtsEvent::Audio { utterance, mulaw }).await;
                    }
                }
            })
        }))
    }

    fn speak(utterance: u32) -> TtsInput {
        TtsInput::Speak {
            utterance: UtteranceId(utterance),
            clause: 0,
            text: "Hola.".to_owned(),
            last: true,
        }
    }

    #[tokio::test]
    async fn the_voice_changes_with_the_language_and_back() {
        let voices = Arc::new(Voices {
            first: ("en", voice(1)),
            others: vec![("es", voice(2))],
        });
        let (wishes, input) = mpsc::channel(8);
        let (output, mut events) = mpsc::channel(8);
        let edge = tokio::spawn(run(voices, Arc::default(), input, output));
        let languages = [None, Some("es"), Some("en"), Some("fr")];
        let mut heard = Vec::new();
        for (utterance, language) in (0..).zip(languages) {
            if let Some(language) = language {
                let change = TtsInput::Language(language);
                wishes.send(change).await.expect("the edge listens");
            }
            wishes.send(speak(utterance)).await.expect("it listens");
            let Some(TtsEvent::Audio { mulaw, .. }) = events.recv().await else {
                panic!("it speaks");
            };
            heard.push(mulaw.len());
        }
        assert_eq!(heard, [1, 2, 1, 1], "no voice speaks French");
        drop(wishes);
        edge.await.expect("the edge ends with its input");
    }
}
