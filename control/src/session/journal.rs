//! What webhooks tell of calls, on its way to the database.
//!
//! A webhook is answered at once: whatever it tells is written behind its answer, in the order in
//! which it came, by one task.

use storage::call_log::{CallEvent, CallSummary, NetworkStatus, NewCallLog};
use storage::{StorageError, Store};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::limits;
use crate::reminders::callbacks::{self, News};

/// Something to be kept.
#[derive(Debug)]
pub enum Noted {
    /// How far the network has got with a call. See [`storage::CallLogs::network`].
    Status {
        call: NewCallLog,
        status: NetworkStatus,
        unspoken: CallSummary,
    },
    Event(CallEvent),
    /// What became of an attempt to reach a customer. See [`callbacks::keep`].
    Attempt(News),
}

/// Takes notes and never makes its caller wait.
#[derive(Clone, Debug)]
pub struct Journal {
    notes: mpsc::Sender<Entry>,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are of the larger kind, and each is moved twice"
)]
enum Entry {
    Noted(Noted),
    /// Everything before this is written.
    Flush(oneshot::Sender<()>),
}

impl Journal {
    /// Starts the task that writes. It ends with the last clone of the journal.
    #[must_use]
    pub fn start(store: &Store) -> Self {
        let store = store.clone();
        let (notes, mut taken) = mpsc::channel(limits::MAX_JOURNAL);
        tokio::spawn(async move {
            while let Some(entry) = taken.recv().await {
                match entry {
                    Entry::Noted(noted) => keep(&store, &noted).await,
                    // Whoever asked may have gone.
                    Entry::Flush(done) => drop(done.send(())),
                }
            }
        });
        Self { notes }
    }

    /// Has this written, in a while. Full means that the database has been stuck for long: then it
    /// is lost, and the log says so.
    pub fn note(&self, noted: Noted) {
        if self.notes.try_send(Entry::Noted(noted)).is_err() {
            tracing::error!("too much waits for the database: what a webhook told is lost");
        }
    }

    /// Waits until everything noted so far is written, for a while at most.
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        let flush = async {
            if self.notes.send(Entry::Flush(done)).await.is_ok() {
                drop(flushed.await);
            }
        };
        if timeout(limits::LOG_DRAIN, flush).await.is_err() {
            tracing::error!("what webhooks told was not written in time");
        }
    }
}

/// Writes one note, with a few attempts.
async fn keep(store: &Store, noted: &Noted) {
    for attempt in 1..=limits::LOG_ATTEMPTS {
        match write(store, noted).await {
            Ok(()) => return,
            Err(error) => tracing::error!(%error, attempt, "what a webhook told was not written"),
        }
        tokio::time::sleep(limits::LOG_RETRY_AFTER).await;
    }
}

async fn write(store: &Store, noted: &Noted) -> Result<(), StorageError> {
    match noted {
        Noted::Status {
            call,
            status,
            unspoken,
        } => store.call_logs.network(call, status, unspoken).await,
        Noted::Event(event) => store.call_logs.note(event).await,
        Noted::Attempt(news) => callbacks::keep(store.reminders.as_ref(), news).await,
    }
}

#[cfg(test)]
mod tests {
    use storage::Store;

    use super::*;

    #[tokio::test]
    async fn what_was_noted_is_written_by_the_time_of_a_flush() {
        let store = Store::open_in_memory().await.expect("a store");
        let journal = Journal::start(&store);
        for n in 0..20 {
            journal.note(Noted::Event(CallEvent {
                call_sid: "CA1".to_owned(),
                kind: "stream".to_owned(),
                at: jiff::Timestamp::UNIX_EPOCH,
                detail: serde_json::json!({ "n": n }),
            }));
        }
        journal.flush().await;
        let events = store.call_logs.events("CA1").await.expect("readable");
        assert_eq!(events.len(), 20);
    }
}
