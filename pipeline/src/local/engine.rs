//! The handle of on-machine speech: what edges, the built-in caller and the doctor ask.

use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::error::{CheckError, LocalSpeechError, SpeechError};
use super::limits::{
    CHUNK, CHUNKS_WAITING, CLAUSE_BYTES, LOAD_DEADLINE, QUEUE_DEADLINE, TURN_AUDIO, WORK_DEADLINE,
    WORKERS,
};
use super::phrases::Phrases;
use super::process::Program;
use super::protocol::Role;
use super::queue::{Job, Queue};
use super::supervisor::{FirstStart, Supervisor};
use super::{Voice, say, trim};
use crate::message::Expectation;

/// How on-machine speech is set up.
#[derive(Clone, Debug)]
pub struct LocalSpeechConfig {
    /// The executable that becomes a worker, and the arguments that lead it to
    /// [`super::worker::main`].
    pub worker: PathBuf,
    pub worker_arguments: Vec<String>,
    /// Where the engines' libraries are; by default wherever the dynamic linker finds them.
    pub library_dir: Option<PathBuf>,
    /// Where the recogniser's American English model is; by default Debian's place.
    pub model_dir: Option<PathBuf>,
    /// Worker processes that speak, 1 to [`WORKERS`].
    pub synthesisers: usize,
    /// Worker processes that recognise, 0 to [`WORKERS`]; none for who only speaks. Each takes about
    /// 100 MB.
    pub recognisers: usize,
    /// How long a worker may take for one request before it is replaced.
    pub work_deadline: Duration,
}

impl LocalSpeechConfig {
    /// The environment variable that overrides [`Self::model_dir`].
    pub const MODEL_VARIABLE: &str = "OTTO_SPEECH_MODEL";

    /// The usual setup, with `worker` as the executable.
    #[must_use]
    pub fn new(worker: PathBuf, worker_arguments: Vec<String>) -> Self {
        Self {
            worker,
            worker_arguments,
            library_dir: None,
            model_dir: std::env::var_os(Self::MODEL_VARIABLE).map(PathBuf::from),
            synthesisers: 1,
            recognisers: 2,
            work_deadline: WORK_DEADLINE,
        }
    }

    /// The usual setup, with this very executable and the hidden subcommand `speech-worker`.
    ///
    /// # Errors
    /// Where the system does not tell the path of this executable.
    pub fn this_executable() -> std::io::Result<Self> {
        let worker = std::env::current_exe()?;
        Ok(Self::new(worker, vec!["speech-worker".to_owned()]))
    }
}

/// What the two searches read in one turn. None where a search found no words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// By the grammar: always a sentence of it, even where the caller said something else.
    pub grammar: Option<String>,
    /// By the language model: freer, and more often wrong in detail.
    pub lm: Option<String>,
}

/// On-machine speech. Clones share the same workers; when the last is dropped, they end.
#[derive(Clone, Debug)]
pub struct LocalSpeech {
    owner: Arc<Owner>,
}

impl LocalSpeech {
    /// Starts the workers and waits until each has found its libraries (some 50 ms), not until it
    /// has loaded grammars and models (a second or two, in which requests wait).
    ///
    /// Runtimes do not matter: the work is done by threads and processes of its own, and answers
    /// can be awaited anywhere.
    ///
    /// # Errors
    /// [`LocalSpeechError::Missing`] names the package to install.
    pub fn start(config: LocalSpeechConfig) -> Result<Self, LocalSpeechError> {
        check_workers("synthesisers", 1, config.synthesisers)?;
        check_workers("recognisers", 0, config.recognisers)?;
        let path_text = |path: Option<PathBuf>| {
            path.map_or_else(String::new, |path| path.to_string_lossy().into_owned())
        };
        let shared = Arc::new(Shared {
            program: Program {
                path: config.worker,
                arguments: config.worker_arguments,
            },
            libraries: path_text(config.library_dir),
            model: path_text(config.model_dir),
            work_deadline: config.work_deadline,
            synthesis: Queue::default(),
            recognition: Queue::default(),
            phrases: Mutex::default(),
            workers: Mutex::default(),
        });
        let mut owner = Owner {
            shared: Arc::clone(&shared),
            threads: Vec::new(),
        };
        let roles = std::iter::repeat_n(Role::Synthesis, config.synthesisers)
            .chain(std::iter::repeat_n(Role::Recognition, config.recognisers));
        let mut started = Vec::new();
        for role in roles {
            let (sender, outcome) = sync_channel(1);
            started.push(outcome);
            let supervisor = Supervisor {
                role,
                shared: Arc::clone(&shared),
                first_start: Some(sender),
                next_id: 0,
            };
            let name = match role {
                Role::Synthesis => "speech-out",
                Role::Recognition => "speech-in",
            };
            let thread = std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || supervisor.run())
                .map_err(|why| LocalSpeechError::Spawn {
                    program: shared.program.path.clone(),
                    why,
                })?;
            owner.threads.push(thread);
        }
        for outcome in started {
            let program = || shared.program.path.clone();
            match outcome.recv_timeout(LOAD_DEADLINE * 2) {
                Ok(FirstStart::Loaded) => {}
                Ok(FirstStart::Missing(missing)) => return Err(missing.into()),
                Ok(FirstStart::NotSpawned(why)) => {
                    return Err(LocalSpeechError::Spawn {
                        program: program(),
                        why,
                    });
                }
                Ok(FirstStart::Silent(reason)) => {
                    return Err(LocalSpeechError::Silent {
                        program: program(),
                        reason,
                    });
                }
                Err(_) => {
                    return Err(LocalSpeechError::Silent {
                        program: program(),
                        reason: "its supervisor did not answer".to_owned(),
                    });
                }
            }
        }
        Ok(Self {
            owner: Arc::new(owner),
        })
    }

    /// Speaks `text`. Audio comes as it is made, sooner than it can be played; dropping the
    /// [`Speech`] stops the work. What was said before comes at once, and whole.
    ///
    /// # Errors
    /// Where the text is too long or the queue full; later errors come with the audio.
    pub fn synthesise(&self, voice: Voice, text: &str) -> Result<Speech, SpeechError> {
        if text.len() > CLAUSE_BYTES {
            return Err(SpeechError::TooLong {
                bytes: text.len(),
                most: CLAUSE_BYTES,
            });
        }
        let text = say::spoken(text);
        let shared = &self.owner.shared;
        if text.is_empty() {
            return Ok(Speech::Kept(Bytes::new()));
        }
        if let Some(kept) = shared.find_phrase(voice, &text) {
            return Ok(Speech::Kept(kept));
        }
        let (audio, chunks) = mpsc::channel(CHUNKS_WAITING);
        let job = Job::Synthesise { voice, text, audio };
        shared
            .synthesis
            .push(job, Instant::now() + QUEUE_DEADLINE)?;
        Ok(Speech::Fresh(chunks))
    }

    /// Reads one turn of mu-law audio by the grammar and the language model of `expectation`.
    /// Of more than [`TURN_AUDIO`], the end is read.
    ///
    /// # Errors
    /// See [`SpeechError`].
    pub async fn recognise(
        &self,
        expectation: Expectation,
        mulaw: &[u8],
    ) -> Result<Reading, SpeechError> {
        let longest = usize::try_from(TURN_AUDIO.0).unwrap_or(usize::MAX);
        let turn = &mulaw[mulaw.len().saturating_sub(longest)..];
        let (reading, answer) = oneshot::channel();
        let job = Job::Recognise {
            expectation,
            mulaw: trim::around_speech(turn).into(),
            reading,
        };
        self.owner
            .shared
            .recognition
            .push(job, Instant::now() + QUEUE_DEADLINE)?;
        answer.await.unwrap_or(Err(SpeechError::Stopped))
    }

    /// Speaks a sentence in the caller's voice and recognises it: do the engines work?
    ///
    /// # Errors
    /// See [`CheckError`].
    pub async fn check(&self) -> Result<Check, CheckError> {
        const SENTENCE: &str = "i need an oil change";
        let begun = Instant::now();
        let mut speech = self
            .synthesise(Voice::CALLER, SENTENCE)
            .map_err(CheckError::Synthesis)?;
        let mut audio = Vec::new();
        let mut first_audio = None;
        while let Some(chunk) = speech.next().await {
            first_audio.get_or_insert_with(|| begun.elapsed());
            audio.extend_from_slice(&chunk.map_err(CheckError::Synthesis)?);
        }
        let spoken = begun.elapsed();
        let reading = self
            .recognise(Expectation::Open, &audio)
            .await
            .map_err(CheckError::Recognition)?;
        let recognition = begun.elapsed() - spoken;
        if reading.grammar.as_deref() != Some(SENTENCE) {
            return Err(CheckError::Misheard {
                said: SENTENCE,
                heard: reading.grammar.unwrap_or_default(),
            });
        }
        Ok(Check {
            sentence: SENTENCE,
            first_audio: first_audio.unwrap_or_default(),
            recognition,
        })
    }

    /// Process ids of the recognising workers that are ready, to look after them from outside.
    #[must_use]
    pub fn recogniser_ids(&self) -> Vec<u32> {
        self.ids(Role::Recognition)
    }

    /// Process ids of the speaking workers that are ready.
    #[must_use]
    pub fn synthesiser_ids(&self) -> Vec<u32> {
        self.ids(Role::Synthesis)
    }

    fn ids(&self, role: Role) -> Vec<u32> {
        let workers = self.owner.shared.lock_workers();
        let of_role = workers.iter().filter(|&&(noted, _)| noted == role);
        of_role.map(|&(_, id)| id).collect()
    }
}

/// What [`LocalSpeech::check`] found: all is well.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What was said and understood.
    pub sentence: &'static str,
    /// From asking to the first audio.
    pub first_audio: Duration,
    /// From the end of the sentence to its words.
    pub recognition: Duration,
}

/// Speech on its way: mu-law audio at 8 kHz.
#[derive(Debug)]
pub enum Speech {
    /// Said before, and kept whole.
    Kept(Bytes),
    /// Being made.
    Fresh(mpsc::Receiver<Result<Bytes, SpeechError>>),
}

impl Speech {
    /// More of the audio, some 20 ms of it; none at the end. After an error there is no more.
    pub async fn next(&mut self) -> Option<Result<Bytes, SpeechError>> {
        match self {
            Self::Kept(rest) if rest.is_empty() => None,
            Self::Kept(rest) => {
                let chunk = usize::try_from(CHUNK.0).unwrap_or(usize::MAX);
                Some(Ok(rest.split_to(chunk.min(rest.len()))))
            }
            Self::Fresh(chunks) => chunks.recv().await,
        }
    }

    /// All of the audio.
    ///
    /// # Errors
    /// The first error on the way.
    pub async fn whole(mut self) -> Result<Vec<u8>, SpeechError> {
        let mut audio = Vec::new();
        while let Some(chunk) = self.next().await {
            audio.extend_from_slice(&chunk?);
        }
        Ok(audio)
    }
}

/// What handles and supervisors have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub program: Program,
    /// Paths as text, empty for the default, as a worker is told them.
    pub libraries: String,
    pub model: String,
    pub work_deadline: Duration,
    synthesis: Queue,
    recognition: Queue,
    phrases: Mutex<Phrases>,
    /// Processes at work, each noted by its supervisor.
    workers: Mutex<Vec<(Role, u32)>>,
}

impl Shared {
    pub(super) fn queue(&self, role: Role) -> &Queue {
        match role {
            Role::Synthesis => &self.synthesis,
            Role::Recognition => &self.recognition,
        }
    }

    pub(super) fn note_worker(&self, role: Role, id: u32) {
        self.lock_workers().push((role, id));
    }

    pub(super) fn forget_worker(&self, id: u32) {
        self.lock_workers().retain(|&(_, noted)| noted != id);
    }

    fn lock_workers(&self) -> MutexGuard<'_, Vec<(Role, u32)>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn keep_phrase(&self, voice: Voice, text: String, mulaw: Vec<u8>) {
        let mut phrases = self.phrases.lock().unwrap_or_else(PoisonError::into_inner);
        phrases.keep(voice, text, mulaw.into());
    }

    fn find_phrase(&self, voice: Voice, text: &str) -> Option<Bytes> {
        let mut phrases = self.phrases.lock().unwrap_or_else(PoisonError::into_inner);
        phrases.find(voice, text)
    }
}

/// Ends the workers when the last handle goes.
#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.synthesis.close();
        self.shared.recognition.close();
        for thread in self.threads.drain(..) {
            // A supervisor that panicked has ended, which is all that is asked of it here.
            drop(thread.join());
        }
    }
}

fn check_workers(field: &'static str, least: usize, given: usize) -> Result<(), LocalSpeechError> {
    if (least..=WORKERS).contains(&given) {
        Ok(())
    } else {
        Err(LocalSpeechError::Workers {
            field,
            given,
            least,
            most: WORKERS,
        })
    }
}
