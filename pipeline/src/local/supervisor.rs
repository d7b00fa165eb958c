//! The thread that keeps one worker process at work: starts it, gives it requests, holds it to
//! their deadlines, and replaces it when it is lost.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::Reading;
use super::engine::Shared;
use super::error::SpeechError;
use super::library::Missing;
use super::limits::{
    IDLE_LOOK_UP, LOAD_DEADLINE, LOOK_UP, RESTART_FIRST, RESTART_LONGEST, WARM_DEADLINE,
};
use super::process::{Lost, Process};
use super::protocol::{Request, Response, Role};
use super::queue::{Job, Next, Queue};

/// What became of the first start of a worker.
#[derive(Debug)]
pub(super) enum FirstStart {
    Loaded,
    Missing(Missing),
    NotSpawned(std::io::Error),
    Silent(String),
}

/// Why a worker's service came to an end.
enum End {
    /// The queue is closed, or nobody will ever fill it.
    Closed,
    Lost(String),
}

pub(super) struct Supervisor {
    pub role: Role,
    pub shared: Arc<Shared>,
    /// Told once how the first start went.
    pub first_start: Option<SyncSender<FirstStart>>,
    pub next_id: u32,
}

impl Supervisor {
    /// Serves the queue until it is closed.
    pub(super) fn run(mut self) {
        let mut pause = RESTART_FIRST;
        while !self.queue().is_closed() {
            let end = match self.start() {
                Ok(mut process) => {
                    pause = RESTART_FIRST;
                    let id = process.id();
                    tracing::debug!(role = ?self.role, id, "speech worker is ready");
                    self.shared.note_worker(self.role, id);
                    let end = self.serve(&mut process);
                    self.shared.forget_worker(id);
                    end
                }
                Err(end) => end,
            };
            let End::Lost(reason) = end else { return };
            tracing::warn!(role = ?self.role, reason, ?pause, "speech worker lost; restarting it");
            self.wait(pause);
            pause = (pause * 2).min(RESTART_LONGEST);
        }
    }

    fn queue(&self) -> &Queue {
        self.shared.queue(self.role)
    }

    /// Starts a process and waits until it can work.
    fn start(&mut self) -> Result<Process, End> {
        let mut process = Process::spawn(&self.shared.program).map_err(|error| {
            let reason = format!("it could not be started: {error}");
            self.not_started(FirstStart::NotSpawned(error), reason)
        })?;
        let hello = Request::Hello {
            role: self.role,
            libraries: self.shared.libraries.clone(),
            model: self.shared.model.clone(),
        };
        let loaded = process
            .send(&hello)
            .map_err(|lost| End::Lost(lost.to_string()))
            .and_then(|()| self.await_start(&mut process, LOAD_DEADLINE));
        match loaded {
            Ok(Response::Loaded) => self.report(FirstStart::Loaded),
            Ok(Response::Missing(missing)) => {
                let reason = missing.to_string();
                return Err(self.not_started(FirstStart::Missing(missing), reason));
            }
            Ok(other) => {
                let reason = format!("it said {other:?} instead of what it had loaded");
                return Err(self.not_started(FirstStart::Silent(reason.clone()), reason));
            }
            Err(End::Lost(reason)) => {
                return Err(self.not_started(FirstStart::Silent(reason.clone()), reason));
            }
            Err(End::Closed) => return Err(End::Closed),
        }
        match self.await_start(&mut process, WARM_DEADLINE)? {
            Response::Ready => Ok(process),
            other => Err(End::Lost(format!("it said {other:?} instead of ready"))),
        }
    }

    /// A worker that does not start the first time is not tried again: whoever waits for it is told
    /// why, and gives up all on-machine speech.
    fn not_started(&mut self, outcome: FirstStart, reason: String) -> End {
        if self.first_start.is_none() {
            return End::Lost(reason);
        }
        self.report(outcome);
        End::Closed
    }

    fn report(&mut self, outcome: FirstStart) {
        if let Some(first_start) = self.first_start.take() {
            // Where nobody waits for it any more, start has been given up.
            drop(first_start.send(outcome));
        }
    }

    /// The next message of a worker that cannot take requests yet.
    fn await_start(&self, process: &mut Process, patience: Duration) -> Result<Response, End> {
        let deadline = Instant::now() + patience;
        loop {
            match process.poll() {
                Ok(Some(response)) => return Ok(response),
                Ok(None) => {}
                Err(lost) => return Err(End::Lost(lost.to_string())),
            }
            self.queue().expire(Instant::now());
            if self.queue().is_closed() {
                return Err(End::Closed);
            }
            if Instant::now() >= deadline {
                let seconds = patience.as_secs();
                return Err(End::Lost(format!("it did not load within {seconds} s")));
            }
        }
    }

    /// Lets time pass; requests that wait too long fail meanwhile.
    fn wait(&self, pause: Duration) {
        let end = Instant::now() + pause;
        while Instant::now() < end && !self.queue().is_closed() {
            std::thread::sleep(LOOK_UP.min(pause));
            self.queue().expire(Instant::now());
        }
    }

    fn serve(&mut self, process: &mut Process) -> End {
        loop {
            let outcome = match self.queue().pop(IDLE_LOOK_UP) {
                Next::Closed => return End::Closed,
                Next::Idle if process.has_ended() => {
                    return End::Lost("it ended while it had nothing to do".to_owned());
                }
                Next::Idle => continue,
                Next::Job(job) => self.fulfil(process, job),
            };
            if let Err(end) = outcome {
                return end;
            }
        }
    }

    fn fulfil(&mut self, process: &mut Process, job: Job) -> Result<(), End> {
        self.next_id = self.next_id.wrapping_add(1);
        let mut request = Exchange {
            id: self.next_id,
            process,
            queue: self.shared.queue(self.role),
            deadline: Instant::now() + self.shared.work_deadline,
            patience: self.shared.work_deadline,
        };
        match job {
            Job::Synthesise { voice, text, audio } => {
                let whole = request.synthesise(voice, &text, &audio);
                match whole {
                    Ok(Some(mulaw)) => self.shared.keep_phrase(voice, text, mulaw),
                    Ok(None) => {}
                    Err(Failed { error, end }) => {
                        drop(audio.try_send(Err(error)));
                        return end.map_or(Ok(()), Err);
                    }
                }
            }
            Job::Recognise {
                expectation,
                mulaw,
                reading,
            } => {
                let recognise = Request::Recognise {
                    id: request.id,
                    expectation,
                    mulaw,
                };
                match request.recognise(&recognise) {
                    Ok(read) => drop(reading.send(Ok(read))),
                    Err(Failed { error, end }) => {
                        drop(reading.send(Err(error)));
                        return end.map_or(Ok(()), Err);
                    }
                }
            }
        }
        Ok(())
    }
}

/// A request that was not fulfilled: what the asker is told, and whether the worker is lost.
struct Failed {
    error: SpeechError,
    end: Option<End>,
}

impl Failed {
    fn lost(reason: String) -> Self {
        Self {
            error: SpeechError::WorkerLost {
                reason: reason.clone(),
            },
            end: Some(End::Lost(reason)),
        }
    }

    fn refused(reason: String) -> Self {
        Self {
            error: SpeechError::Refused { reason },
            end: None,
        }
    }
}

impl From<Lost> for Failed {
    fn from(lost: Lost) -> Self {
        Self::lost(lost.to_string())
    }
}

/// One request and its answer.
struct Exchange<'a> {
    id: u32,
    process: &'a mut Process,
    queue: &'a Queue,
    deadline: Instant,
    /// The time given, for the error.
    patience: Duration,
}

impl Exchange<'_> {
    /// Gives audio on as it comes. The whole of it, where it was all wanted.
    fn synthesise(
        &mut self,
        voice: super::Voice,
        text: &str,
        audio: &mpsc::Sender<Result<Bytes, SpeechError>>,
    ) -> Result<Option<Vec<u8>>, Failed> {
        let id = self.id;
        self.process.send(&Request::Synthesise {
            id,
            voice,
            text: text.to_owned(),
        })?;
        let mut whole = Some(Vec::new());
        loop {
            match self.answer()? {
                Some(Response::Audio { mulaw, .. }) => {
                    let Some(so_far) = &mut whole else { continue };
                    so_far.extend_from_slice(&mulaw);
                    match audio.try_send(Ok(mulaw)) {
                        Ok(()) => {}
                        // The worker keeps to the longest clause, and so many chunks have room.
                        Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {
                            whole = None;
                            self.process.send(&Request::Cancel { id })?;
                        }
                    }
                }
                Some(Response::Spoken { .. }) => return Ok(whole),
                Some(Response::Refused { reason, .. }) => return Err(Failed::refused(reason)),
                Some(other) => return Err(Failed::lost(format!("it answered {other:?}"))),
                None if whole.is_some() && audio.is_closed() => {
                    whole = None;
                    self.process.send(&Request::Cancel { id })?;
                }
                None => {}
            }
        }
    }

    /// A decode cannot be interrupted; where nobody wants its result any more, it is left unread.
    fn recognise(&mut self, request: &Request) -> Result<Reading, Failed> {
        self.process.send(request)?;
        loop {
            match self.answer()? {
                Some(Response::Read { grammar, lm, .. }) => return Ok(Reading { grammar, lm }),
                Some(Response::Refused { reason, .. }) => return Err(Failed::refused(reason)),
                Some(other) => return Err(Failed::lost(format!("it answered {other:?}"))),
                None => {}
            }
        }
    }

    /// The next message for this request; none where none came within a look-up.
    fn answer(&mut self) -> Result<Option<Response>, Failed> {
        let response = self.process.poll()?;
        match &response {
            None if self.queue.is_closed() => {
                return Err(Failed {
                    error: SpeechError::Stopped,
                    end: Some(End::Closed),
                });
            }
            None if Instant::now() >= self.deadline => {
                let seconds = self.patience.as_secs();
                return Err(Failed {
                    error: SpeechError::Deadline { seconds },
                    end: Some(End::Lost(format!("it did not answer within {seconds} s"))),
                });
            }
            _ => {}
        }
        Ok(response)
    }
}
