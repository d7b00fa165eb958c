//! Requests that wait for a free worker: bounded, taken by several workers, each with a deadline.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::error::SpeechError;
use super::limits::{QUEUE, QUEUE_DEADLINE};
use super::{Reading, Voice};
use crate::message::Expectation;

/// One thing asked of an engine, and where the answer goes. Where nobody waits for the answer any
/// more, the work is not done.
#[derive(Debug)]
pub(super) enum Job {
    Synthesise {
        voice: Voice,
        text: String,
        audio: mpsc::Sender<Result<Bytes, SpeechError>>,
    },
    Recognise {
        expectation: Expectation,
        mulaw: Bytes,
        reading: oneshot::Sender<Result<Reading, SpeechError>>,
    },
}

impl Job {
    pub(super) fn is_unwanted(&self) -> bool {
        match self {
            Self::Synthesise { audio, .. } => audio.is_closed(),
            Self::Recognise { reading, .. } => reading.is_closed(),
        }
    }

    pub(super) fn fail(self, error: SpeechError) {
        // Where the asker has gone, there is nobody to tell.
        match self {
            Self::Synthesise { audio, .. } => drop(audio.try_send(Err(error))),
            Self::Recognise { reading, .. } => drop(reading.send(Err(error))),
        }
    }
}

#[derive(Debug)]
struct Waiting {
    job: Job,
    deadline: Instant,
}

/// The queue of one kind of engine.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    closed: bool,
}

/// What a worker finds in the queue.
#[derive(Debug)]
pub(super) enum Next {
    Job(Job),
    /// Nothing came in the time given.
    Idle,
    /// There will be no more.
    Closed,
}

impl Queue {
    /// # Errors
    /// [`SpeechError::Busy`] where the queue is full, [`SpeechError::Stopped`] once it is closed.
    pub(super) fn push(&self, job: Job, deadline: Instant) -> Result<(), SpeechError> {
        let mut state = self.lock();
        if state.closed {
            return Err(SpeechError::Stopped);
        }
        if state.waiting.len() >= QUEUE {
            return Err(SpeechError::Busy {
                waiting: state.waiting.len(),
            });
        }
        state.waiting.push_back(Waiting { job, deadline });
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// The oldest request somebody still waits for. Waits up to `patience` for one.
    pub(super) fn pop(&self, patience: Duration) -> Next {
        let mut state = self.lock();
        if state.waiting.is_empty() && !state.closed {
            state = self
                .changed
                .wait_timeout(state, patience)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        if state.closed {
            return Next::Closed;
        }
        while let Some(Waiting { job, deadline }) = state.waiting.pop_front() {
            if job.is_unwanted() {
                continue;
            }
            if deadline > Instant::now() {
                return Next::Job(job);
            }
            job.fail(overdue());
        }
        Next::Idle
    }

    /// Fails what has waited beyond its deadline. For times when no worker takes requests.
    pub(super) fn expire(&self, now: Instant) {
        let mut state = self.lock();
        for _ in 0..state.waiting.len() {
            match state.waiting.pop_front() {
                Some(Waiting { job, deadline }) if deadline <= now => job.fail(overdue()),
                Some(waiting) => state.waiting.push_back(waiting),
                None => {}
            }
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Takes no more requests, and fails those that wait.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for Waiting { job, .. } in state.waiting.drain(..) {
            job.fail(SpeechError::Stopped);
        }
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements, so a panicked holder leaves it usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn overdue() -> SpeechError {
    SpeechError::Deadline {
        seconds: QUEUE_DEADLINE.as_secs(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> (Job, oneshot::Receiver<Result<Reading, SpeechError>>) {
        let (reading, answer) = oneshot::channel();
        let job = Job::Recognise {
            expectation: Expectation::Open,
            mulaw: Bytes::new(),
            reading,
        };
        (job, answer)
    }

    #[test]
    fn a_full_queue_refuses_and_says_how_many_wait() {
        let queue = Queue::default();
        let now = Instant::now();
        let mut answers = Vec::new();
        for _ in 0..QUEUE {
            let (job, answer) = job();
            queue.push(job, now).expect("room");
            answers.push(answer);
        }
        assert_eq!(
            queue.push(job().0, now),
            Err(SpeechError::Busy { waiting: QUEUE })
        );
    }

    #[test]
    fn what_nobody_waits_for_is_passed_over() {
        let queue = Queue::default();
        let now = Instant::now() + Duration::from_secs(60);
        let (unwanted, answer) = job();
        drop(answer);
        queue.push(unwanted, now).expect("room");
        let (wanted, _answer) = job();
        queue.push(wanted, now).expect("room");
        assert!(matches!(queue.pop(Duration::ZERO), Next::Job(_)));
        assert!(matches!(queue.pop(Duration::ZERO), Next::Idle));
    }

    #[test]
    fn only_what_is_beyond_its_deadline_expires_and_the_order_stays() {
        let queue = Queue::default();
        let now = Instant::now();
        let later = now + Duration::from_secs(60);
        let (first, mut first_answer) = job();
        let (second, mut second_answer) = job();
        queue.push(first, now).expect("room");
        queue.push(second, later).expect("room");
        queue.expire(now);
        assert_eq!(first_answer.try_recv(), Ok(Err(overdue())));
        assert!(second_answer.try_recv().is_err(), "still waits");
        assert!(matches!(queue.pop(Duration::ZERO), Next::Job(_)));
    }

    #[test]
    fn a_closed_queue_fails_those_who_wait_and_those_who_come() {
        let queue = Queue::default();
        let (waiting, mut answer) = job();
        queue.push(waiting, Instant::now()).expect("room");
        queue.close();
        assert_eq!(answer.try_recv(), Ok(Err(SpeechError::Stopped)));
        assert_eq!(
            queue.push(job().0, Instant::now()),
            Err(SpeechError::Stopped)
        );
        assert!(matches!(queue.pop(Duration::ZERO), Next::Closed));
    }
}
