//! The recognising worker: two decoders read each turn side by side, one by the grammar of what is
//! expected, one by its language model.
//!
//! Each decoder lives on a thread of its own. The whole turn is decoded at once after its end:
//! the features are then normalised over the turn, and nothing carries over from one caller to the
//! next, which makes up for the wait.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use dsp::mulaw;
use dsp::resample::{Rate, Resampler};

use super::{Link, WorkerError};
use crate::local::domain;
use crate::local::library::Model;
use crate::local::memory_file::MemoryFile;
use crate::local::pocketsphinx::{Decoder, Search, Sphinx};
use crate::local::protocol::{Request, Response};
use crate::message::Expectation;

pub(super) fn serve(
    link: &mut Link,
    libraries: Option<&Path>,
    model: Option<&Path>,
) -> Result<(), WorkerError> {
    let model = Model::find(model)?;
    let sphinx = Arc::new(Sphinx::load(libraries)?);
    link.send(&Response::Loaded)?;
    let whole = std::fs::read_to_string(&model.dictionary)?;
    let dictionary = Arc::new(MemoryFile::new(domain::dictionary(&whole).as_bytes())?);
    drop(whole);
    let begin = |search| Reader::begin(&sphinx, &model, &dictionary, search);
    let (grammar, lm) = (begin(Search::Grammar)?, begin(Search::LanguageModel)?);
    grammar.await_ready()?;
    lm.await_ready()?;
    link.send(&Response::Ready)?;
    loop {
        match link.next()? {
            Request::Recognise {
                id,
                expectation,
                mulaw,
            } => {
                let pcm: Arc<[i16]> = to_model_rate(&mulaw).into();
                grammar.ask(expectation, &pcm)?;
                lm.ask(expectation, &pcm)?;
                let response = match (grammar.answer()?, lm.answer()?) {
                    (Ok(grammar), Ok(lm)) => Response::Read { id, grammar, lm },
                    (Err(reason), _) | (_, Err(reason)) => Response::Refused { id, reason },
                };
                link.send(&response)?;
            }
            Request::Cancel { .. } => {}
            Request::Synthesise { id, .. } => {
                let reason = "this worker recognises".to_owned();
                link.send(&Response::Refused { id, reason })?;
            }
            Request::Hello { .. } => return Err(WorkerError::NoHello),
        }
    }
}

fn to_model_rate(codes: &[u8]) -> Vec<i16> {
    let mut line = vec![0; codes.len()];
    mulaw::decode_slice(codes, &mut line);
    let mut resampler = Resampler::new(Rate::Hz8000, Rate::Hz16000);
    let mut pcm = Vec::with_capacity(2 * codes.len());
    resampler.push(&line, &mut pcm);
    resampler.flush(&mut pcm);
    pcm
}

type Turn = (Expectation, Arc<[i16]>);
type Words = Result<Option<String>, String>;

/// A decoder on its thread.
struct Reader {
    turns: Sender<Turn>,
    words: Receiver<Words>,
}

impl Reader {
    fn begin(
        sphinx: &Arc<Sphinx>,
        model: &Model,
        dictionary: &Arc<MemoryFile>,
        search: Search,
    ) -> Result<Self, WorkerError> {
        let (turns, to_read) = channel::<Turn>();
        let (answers, words) = channel();
        let (sphinx, model) = (Arc::clone(sphinx), model.clone());
        let dictionary = Arc::clone(dictionary);
        std::thread::Builder::new()
            .name(format!("{search:?}").to_lowercase())
            .spawn(move || {
                let mut decoder = match prepare(sphinx, &model, &dictionary, search) {
                    Ok(decoder) => decoder,
                    Err(reason) => return drop(answers.send(Err(reason))),
                };
                let mut answer = Ok(None);
                // Where the other end is gone, the worker is ending.
                while answers.send(answer).is_ok() {
                    let Ok((expectation, pcm)) = to_read.recv() else {
                        return;
                    };
                    answer = decoder.decode(domain::name(expectation), &pcm);
                }
            })?;
        Ok(Self { turns, words })
    }

    /// The first answer says that the decoder is ready.
    fn await_ready(&self) -> Result<(), WorkerError> {
        self.answer()?.map(drop).map_err(WorkerError::Engine)
    }

    fn ask(&self, expectation: Expectation, pcm: &Arc<[i16]>) -> Result<(), WorkerError> {
        self.turns
            .send((expectation, Arc::clone(pcm)))
            .map_err(|_| ended())
    }

    fn answer(&self) -> Result<Words, WorkerError> {
        self.words.recv().map_err(|_| ended())
    }
}

fn ended() -> WorkerError {
    WorkerError::Engine("a decoder's thread ended".to_owned())
}

fn prepare(
    sphinx: Arc<Sphinx>,
    model: &Model,
    dictionary: &MemoryFile,
    search: Search,
) -> Result<Decoder, String> {
    let mut decoder = Decoder::new(sphinx, &model.acoustic, &dictionary.path(), search)?;
    for expectation in Expectation::ALL {
        let name = domain::name(expectation);
        match search {
            Search::Grammar => decoder.add_grammar(name, &domain::grammar(expectation))?,
            Search::LanguageModel => {
                let file = MemoryFile::new(domain::language_model(expectation));
                let file = file.map_err(|error| error.to_string())?;
                decoder.add_language_model(name, &file.path())?;
            }
        }
    }
    Ok(decoder)
}
