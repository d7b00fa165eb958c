//! The one connection that writes, and how those who write at the same moment share a COMMIT.
//!
//! A COMMIT lasts until the disk has it, which is longer than what it keeps took to write. So whoever
//! asks while others write joins their transaction: one after the other, each in a savepoint of their
//! own. Nobody is answered before the COMMIT is done, not even who was refused: the refusal may rest
//! on what another of them wrote. Where it fails, all of them are told so, and nothing was kept.
//!
//! A task of its own has the connection and lends it. So a writer who gives up half-way costs nobody
//! else anything: the turn ends, its savepoint is undone, and the next one begins.

use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Executor as _};
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, oneshot};
use tokio::time::timeout;

use crate::error::StorageError;
use crate::limits;

/// Where to ask for a turn.
pub(super) struct Writer {
    asks: mpsc::Sender<Ask>,
}

enum Ask {
    Turn(oneshot::Sender<Result<Turn, sqlx::Error>>),
    Close(oneshot::Sender<()>),
}

/// The connection, lent to one writer within a savepoint. It is over when it is dropped.
struct Turn {
    connection: OwnedMutexGuard<SqliteConnection>,
    /// Never used: undo what was done.
    end: oneshot::Sender<Ended>,
}

/// How a turn ended.
struct Ended {
    keep: bool,
    /// Hears how the transaction ended.
    answer: oneshot::Sender<Outcome>,
}

type Outcome = Result<(), Arc<sqlx::Error>>;

type Lent = Arc<Mutex<SqliteConnection>>;

impl Writer {
    pub(super) fn new(connection: SqliteConnection) -> Self {
        let (asks, queue) = mpsc::channel(limits::WRITERS_WAITING);
        tokio::spawn(lend(connection, queue));
        Self { asks }
    }

    /// Does `work` while nobody else writes, and keeps what it did where its result is good, else
    /// undoes it. It is on the disk when this returns.
    ///
    /// # Errors
    /// That of `work`; or why it had no turn, or nothing was kept.
    pub(super) async fn write<T, E>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, E>,
    ) -> Result<T, E>
    where
        E: From<StorageError>,
    {
        let turn = self.turn().await.map_err(StorageError::from)?;
        let Turn {
            mut connection,
            end,
        } = turn;
        let done = work(&mut connection).await;
        drop(connection);
        let (answer, answered) = oneshot::channel();
        let keep = done.is_ok();
        // Where nobody takes this, nobody answers either.
        drop(end.send(Ended { keep, answer }));
        match answered.await {
            Ok(Ok(())) => done,
            Ok(Err(why)) => Err(StorageError::Commit(why).into()),
            Err(_) => Err(StorageError::from(sqlx::Error::PoolClosed).into()),
        }
    }

    async fn turn(&self) -> Result<Turn, sqlx::Error> {
        let (asker, granted) = oneshot::channel();
        let turn = async {
            let asked = self.asks.send(Ask::Turn(asker)).await;
            asked.map_err(|_| sqlx::Error::PoolClosed)?;
            granted.await.map_err(|_| sqlx::Error::PoolClosed)?
        };
        match timeout(limits::ACQUIRE_TIMEOUT, turn).await {
            Ok(turn) => turn,
            Err(_) => Err(sqlx::Error::PoolTimedOut),
        }
    }

    /// Lets those who asked before write, and closes the connection.
    pub(super) async fn close(&self) {
        let (asker, closed) = oneshot::channel();
        if self.asks.send(Ask::Close(asker)).await.is_ok() {
            drop(closed.await);
        }
    }
}

/// Lends the connection until nobody can ask any more.
async fn lend(connection: SqliteConnection, mut queue: mpsc::Receiver<Ask>) {
    let connection = Arc::new(Mutex::new(connection));
    let mut next = queue.recv().await;
    while let Some(ask) = next {
        match ask {
            Ask::Turn(asker) => next = transaction(&connection, asker, &mut queue).await,
            Ask::Close(asker) => {
                // No turn is under way.
                if let Some(connection) = Arc::into_inner(connection) {
                    drop(connection.into_inner().close().await);
                }
                asker.send(()).ok();
                return;
            }
        }
        if next.is_none() {
            next = queue.recv().await;
        }
    }
}

/// One transaction for whoever asks while it lasts. Returns who asked and has no part in it.
async fn transaction(
    connection: &Lent,
    mut asker: oneshot::Sender<Result<Turn, sqlx::Error>>,
    queue: &mut mpsc::Receiver<Ask>,
) -> Option<Ask> {
    // It holds the write lock from its start, so that no write fails half-way for want of it.
    if let Err(error) = run(connection, "BEGIN IMMEDIATE; SAVEPOINT turn").await {
        run(connection, "ROLLBACK").await.ok();
        drop(asker.send(Err(error)));
        return None;
    }
    let mut answers = Vec::new();
    let (outcome, next) = loop {
        let ended = turn(connection, asker).await;
        let keep = ended.as_ref().is_some_and(|ended| ended.keep);
        answers.extend(ended.map(|ended| ended.answer));
        let next = if answers.len() < limits::WRITERS_PER_COMMIT {
            queue.try_recv().ok()
        } else {
            None
        };
        let last = !matches!(next, Some(Ask::Turn(_)));
        let step = match (keep, last) {
            (true, false) => "RELEASE turn; SAVEPOINT turn",
            (false, false) => "ROLLBACK TO turn",
            (true, true) => "COMMIT",
            (false, true) => "ROLLBACK TO turn; COMMIT",
        };
        match (run(connection, step).await, next) {
            (Ok(()), Some(Ask::Turn(following))) => asker = following,
            (outcome, next) => break (outcome.map_err(Arc::new), next),
        }
    };
    if outcome.is_err() {
        // What failed may have ended it.
        run(connection, "ROLLBACK").await.ok();
    }
    for answer in answers {
        // Who gave up meanwhile does not listen.
        answer.send(outcome.clone()).ok();
    }
    next
}

/// Lends the connection once. Nothing comes back from who gave up.
async fn turn(
    connection: &Lent,
    asker: oneshot::Sender<Result<Turn, sqlx::Error>>,
) -> Option<Ended> {
    let connection = Arc::clone(connection).lock_owned().await;
    let (end, ended) = oneshot::channel();
    drop(asker.send(Ok(Turn { connection, end })));
    ended.await.ok()
}

async fn run(connection: &Lent, steps: &'static str) -> Result<(), sqlx::Error> {
    let mut connection = connection.lock().await;
    connection.execute(sqlx::raw_sql(steps)).await.map(drop)
}

#[cfg(test)]
mod tests;
