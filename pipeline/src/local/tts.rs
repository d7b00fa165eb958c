//! The synthesiser's edge of one call: speaks clauses in order, and stops at once when told to.

use std::collections::VecDeque;

use dsp::Samples;
use tokio::sync::mpsc;

use super::limits::CLAUSES_WAITING;
use super::{LocalSpeech, Speech, SpeechError, Voice};
use crate::message::UtteranceId;
use crate::net::edge::{TtsEvent, TtsInput};

/// Serves one call until its input or its output ends.
pub async fn run(
    speech: LocalSpeech,
    input: mpsc::Receiver<TtsInput>,
    output: mpsc::Sender<TtsEvent>,
) {
    serve(|text| speech.synthesise(Voice::AGENT, text), input, output).await;
}

/// As [`run`], with any source of speech.
pub(super) async fn serve(
    synthesise: impl Fn(&str) -> Result<Speech, SpeechError>,
    mut input: mpsc::Receiver<TtsInput>,
    output: mpsc::Sender<TtsEvent>,
) {
    let mut agenda = Agenda::default();
    let mut delivery: Option<Delivery> = None;
    loop {
        if delivery.is_none() {
            delivery = agenda.next().map(|clause| Delivery {
                stage: match synthesise(&clause.text) {
                    Ok(speech) => Stage::Audio(speech),
                    Err(error) => Stage::Failed(error.to_string()),
                },
                clause,
                samples: Samples::ZERO,
            });
        }
        tokio::select! {
            // What silences the agent goes first.
            biased;
            wish = input.recv() => match wish {
                Some(wish) => {
                    let retired = agenda.take(wish);
                    delivery = delivery.filter(|one| Some(one.clause.utterance) != retired);
                }
                None => return,
            },
            event = next_event(&mut delivery, &output), if delivery.is_some() => match event {
                Ok(Some(utterance)) => agenda.retire(utterance),
                Ok(None) => {}
                Err(()) => return,
            },
        }
    }
}

/// Waits for room and then for the next event of the delivery, and sends it. Can be dropped at any
/// await without losing anything. Gives the utterance if it failed; an error where nobody listens.
async fn next_event(
    delivery: &mut Option<Delivery>,
    output: &mpsc::Sender<TtsEvent>,
) -> Result<Option<UtteranceId>, ()> {
    let room = output.reserve().await.map_err(drop)?;
    let Some(current) = delivery else {
        return Ok(None);
    };
    match current.next().await {
        Some(event) => {
            let failed = match &event {
                TtsEvent::Failed { utterance, .. } => Some(*utterance),
                _ => None,
            };
            room.send(event);
            Ok(failed)
        }
        None => {
            *delivery = None;
            Ok(None)
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Clause {
    utterance: UtteranceId,
    clause: u32,
    text: String,
    last: bool,
}

/// Clauses that wait for their turn.
#[derive(Debug, Default)]
struct Agenda {
    waiting: VecDeque<Clause>,
    /// Clauses of this utterance may still come, but are not wanted any more.
    retired: Option<UtteranceId>,
}

impl Agenda {
    /// Takes a wish; gives the utterance that is to fall silent now.
    fn take(&mut self, wish: TtsInput) -> Option<UtteranceId> {
        match wish {
            TtsInput::Speak {
                utterance,
                clause,
                text,
                last,
            } => {
                // The net thread keeps clauses beyond this bound, and has one of its own.
                if Some(utterance) != self.retired && self.waiting.len() < CLAUSES_WAITING {
                    self.waiting.push_back(Clause {
                        utterance,
                        clause,
                        text,
                        last,
                    });
                }
                None
            }
            TtsInput::Cancel { utterance } => {
                self.retire(utterance);
                Some(utterance)
            }
            TtsInput::Language(_) => None,
        }
    }

    fn retire(&mut self, utterance: UtteranceId) {
        self.retired = Some(utterance);
        self.waiting.retain(|clause| clause.utterance != utterance);
    }

    fn next(&mut self) -> Option<Clause> {
        self.waiting.pop_front()
    }
}

/// A clause on its way out.
#[derive(Debug)]
struct Delivery {
    clause: Clause,
    /// Audio given out so far.
    samples: Samples,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Audio(Speech),
    /// All audio of the last clause is out, and said to be.
    LastDone,
    Failed(String),
    Over,
}

impl Delivery {
    /// The next event of the clause; none once it is over. Can be dropped without losing anything.
    async fn next(&mut self) -> Option<TtsEvent> {
        let utterance = self.clause.utterance;
        let chunk = match &mut self.stage {
            Stage::Audio(speech) => speech.next().await,
            Stage::LastDone => {
                self.stage = Stage::Over;
                return Some(TtsEvent::Done { utterance });
            }
            Stage::Failed(reason) => {
                let reason = std::mem::take(reason);
                self.stage = Stage::Over;
                return Some(TtsEvent::Failed { utterance, reason });
            }
            Stage::Over => return None,
        };
        match chunk {
            Some(Ok(mulaw)) => {
                self.samples += Samples(mulaw.len() as u64);
                Some(TtsEvent::Audio { utterance, mulaw })
            }
            Some(Err(error)) => {
                self.stage = Stage::Over;
                let reason = error.to_string();
                Some(TtsEvent::Failed { utterance, reason })
            }
            None => {
                self.stage = if self.clause.last {
                    Stage::LastDone
                } else {
                    Stage::Over
                };
                Some(TtsEvent::ClauseDone {
                    utterance,
                    clause: self.clause.clause,
                    samples: self.samples,
                })
            }
        }
    }
}
