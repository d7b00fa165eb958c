//! What can go wrong with on-machine speech.

use std::path::PathBuf;

use thiserror::Error;

use super::library::Missing;

/// On-machine speech could not be started.
#[derive(Debug, Error)]
pub enum LocalSpeechError {
    /// A library or a model is not on this machine.
    #[error(transparent)]
    Missing(#[from] Missing),
    #[error("`{field}` must be between {least} and {most}, not {given}")]
    Workers {
        field: &'static str,
        given: usize,
        least: usize,
        most: usize,
    },
    #[error("the speech worker {program} did not start: {why}", program = program.display())]
    Spawn {
        program: PathBuf,
        why: std::io::Error,
    },
    /// The worker started, but did not report that it has its libraries.
    #[error("the speech worker {program} gave no sign of life: {reason}", program = program.display())]
    Silent { program: PathBuf, reason: String },
}

/// One request for speech, or for words, was not fulfilled. The next one may be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SpeechError {
    #[error("the text has {bytes} bytes, more than {most} in one clause")]
    TooLong { bytes: usize, most: usize },
    #[error("{waiting} requests already wait for the speech engine")]
    Busy { waiting: usize },
    #[error("the speech engine did not answer within {seconds} s")]
    Deadline { seconds: u64 },
    #[error(
        "the speech worker ended in the middle of the request ({reason}); it is being restarted"
    )]
    WorkerLost { reason: String },
    #[error("the speech engine refused: {reason}")]
    Refused { reason: String },
    #[error("speech is being shut down")]
    Stopped,
}

/// The engines run, but do not understand each other.
#[derive(Debug, Error)]
pub enum CheckError {
    #[error("the sentence for the check could not be spoken: {0}")]
    Synthesis(#[source] SpeechError),
    #[error("the sentence for the check could not be recognised: {0}")]
    Recognition(#[source] SpeechError),
    #[error("\"{said}\" was said, \"{heard}\" was heard")]
    Misheard { said: &'static str, heard: String },
}
