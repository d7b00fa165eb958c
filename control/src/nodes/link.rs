//! The connection to Redis: opened again for as long as it takes, asked under a deadline, and the way
//! by which nodes tell each other what has changed.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, PushInfo, PushKind, RedisResult};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::RedisAddress;
use crate::limits;
use crate::observe::Metrics;

/// Where nodes tell each other what has changed. One for every book on the server: a message begins
/// with its book.
const NEWS: &str = "otto:news";

/// A script that writes: a server that only answers (a replica, one whose memory is full, one that
/// allows us no scripts) is none that we can use.
const PROBE: &str = "return redis.call('SET', KEYS[1], '1', 'PX', '1000')";

/// One node's connection to the Redis server of its deployment.
pub struct Link {
    line: watch::Receiver<Option<Line>>,
    doubt: Arc<Doubt>,
    listeners: Arc<Listeners>,
    metrics: Arc<Metrics>,
    _keeper: AbortOnDropHandle<()>,
}

/// A connection, counted: what was known by way of an earlier one may have changed unheard.
#[derive(Clone)]
struct Line {
    connection: MultiplexedConnection,
    number: u64,
}

/// See [`Link::changes`].
pub(super) struct Changes(watch::Receiver<Option<Line>>);

/// Raised by whoever asked in vain. Until the keeper has looked, nobody else waits for an answer.
#[derive(Default)]
struct Doubt {
    raised: AtomicBool,
    look: Notify,
}

type Listener = Box<dyn Fn(&str) + Send + Sync>;

/// Who hears what other nodes tell.
#[derive(Default)]
struct Listeners(RwLock<Vec<Listener>>);

/// Redis did not answer, or refused. Counted and logged already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("REDIS_URL: the server does not answer as it should")]
pub struct Unavailable;

impl Link {
    /// Connects, and keeps connected. Returns with the first connection, or after
    /// [`limits::REDIS_START_DEADLINE`] without one.
    pub async fn start(address: RedisAddress, metrics: Arc<Metrics>) -> Self {
        let (tell, mut line) = watch::channel(None);
        let doubt = Arc::<Doubt>::default();
        let listeners = Arc::<Listeners>::default();
        let keeper = Keeper {
            address,
            tell,
            doubt: Arc::clone(&doubt),
            listeners: Arc::clone(&listeners),
        };
        let keeper = tokio::spawn(keeper.keep());
        drop(timeout(limits::REDIS_START_DEADLINE, line.changed()).await);
        Self {
            line,
            doubt,
            listeners,
            metrics,
            _keeper: AbortOnDropHandle::new(keeper),
        }
    }

    /// Whether the server answered when it was asked last.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.number().is_some()
    }

    /// Which connection this is, counted from the start of the process; none while there is none.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        if self.doubt.raised.load(Ordering::Acquire) {
            return None;
        }
        self.line.borrow().as_ref().map(|line| line.number)
    }

    /// Every time that there is another connection, or none, from now on.
    pub(super) fn changes(&self) -> Changes {
        Changes(self.line.clone())
    }

    /// Has this called with everything that any node tells, this one included; in their order, and
    /// never again after the connection by which it would have come is lost. It must not wait.
    pub fn listen(&self, heard: impl Fn(&str) + Send + Sync + 'static) {
        self.listeners.add(Box::new(heard));
    }

    /// Where a script of ours tells all nodes.
    pub(super) fn news() -> &'static str {
        NEWS
    }

    /// Sends one command, once. `op` names it for the metrics. Where Redis is known to be down, or is
    /// just in doubt, fails without a wait.
    ///
    /// # Errors
    /// [`Unavailable`]; the command may have been carried out all the same.
    pub async fn ask<T: FromRedisValue>(
        &self,
        op: &'static str,
        command: &Cmd,
    ) -> Result<T, Unavailable> {
        let line = self.line.borrow().clone();
        let Some(mut line) = line.filter(|_| self.is_up()) else {
            self.metrics.redis().failed(op);
            return Err(Unavailable);
        };
        match in_time(command.query_async(&mut line.connection)).await {
            Ok(answer) => Ok(answer),
            Err(why) => {
                tracing::warn!(
                    op,
                    why,
                    "Redis was asked in vain; this process goes on alone"
                );
                self.metrics.redis().failed(op);
                self.doubt.raise();
                Err(Unavailable)
            }
        }
    }
}

impl Changes {
    pub(super) async fn next(&mut self) {
        // An error means that the keeper is gone, and nothing changes any more.
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("up", &self.is_up())
            .finish_non_exhaustive()
    }
}

impl Doubt {
    fn raise(&self) {
        self.raised.store(true, Ordering::Release);
        self.look.notify_one();
    }
}

impl Listeners {
    fn add(&self, listener: Listener) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.push(listener);
    }

    fn tell(&self, message: &str) {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for listener in all.iter() {
            listener(message);
        }
    }
}

impl RedisAddress {
    /// Whether the server answers now, and lets us write.
    ///
    /// # Errors
    /// What it failed with, in words that hold no credentials.
    pub async fn probe(&self) -> Result<(), String> {
        let mut connection = self.connect(|_| {}).await?;
        probe(&mut connection).await
    }

    /// Whatever the server says unasked goes to `pushed`.
    async fn connect(
        &self,
        pushed: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<MultiplexedConnection, String> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(limits::REDIS_CONNECT_DEADLINE))
            // Each question has its own deadline: see `in_time`.
            .set_response_timeout(None)
            .set_push_sender(move |push| {
                pushed(push);
                Ok::<(), redis::aio::SendError>(())
            });
        let opened = self
            .client()
            .get_multiplexed_async_connection_with_config(&config);
        match timeout(limits::REDIS_CONNECT_DEADLINE, opened).await {
            Ok(opened) => opened.map_err(|error| in_words(&error)),
            Err(_) => Err("no connection in time".to_owned()),
        }
    }
}

/// Connects, watches, connects again. Each change is logged once.
struct Keeper {
    address: RedisAddress,
    tell: watch::Sender<Option<Line>>,
    doubt: Arc<Doubt>,
    listeners: Arc<Listeners>,
}

impl Keeper {
    async fn keep(self) {
        let address = &self.address;
        let mut pause = limits::REDIS_RETRY_AFTER;
        let mut number = 0;
        let mut told = false;
        loop {
            match self.opened().await {
                Ok(mut connection) => {
                    number += 1;
                    tracing::info!(%address, "Redis is connected");
                    self.doubt.raised.store(false, Ordering::Release);
                    self.tell.send_replace(Some(Line {
                        connection: connection.clone(),
                        number,
                    }));
                    let why = self.watched(&mut connection).await;
                    tracing::warn!(%address, why, "Redis is lost; this process goes on alone");
                    self.tell.send_replace(None);
                    pause = limits::REDIS_RETRY_AFTER;
                }
                Err(why) if !told => {
                    tracing::warn!(%address, why, "Redis cannot be used; this process goes on alone");
                    self.tell.send_replace(None);
                }
                Err(_) => {}
            }
            told = true;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(limits::REDIS_RETRY_AT_MOST);
        }
    }

    /// A connection that listens to other nodes and lets us write.
    async fn opened(&self) -> Result<MultiplexedConnection, String> {
        let (doubt, listeners) = (Arc::clone(&self.doubt), Arc::clone(&self.listeners));
        let mut connection = self
            .address
            .connect(move |push| match (push.kind, push.data.as_slice()) {
                (PushKind::Message, [_, message]) => {
                    if let Ok(message) = String::from_redis_value_ref(message) {
                        listeners.tell(&message);
                    }
                }
                (PushKind::Disconnection, _) => doubt.raise(),
                _ => {}
            })
            .await?;
        in_time(connection.subscribe(NEWS)).await?;
        probe(&mut connection).await?;
        Ok(connection)
    }

    /// Looks after a connection until it is none. Returns why.
    async fn watched(&self, connection: &mut MultiplexedConnection) -> String {
        loop {
            // Doubted, or looked at again after a while: either way it is asked.
            drop(timeout(limits::REDIS_PROBE_EVERY, self.doubt.look.notified()).await);
            if let Err(why) = probe(connection).await {
                return why;
            }
            self.doubt.raised.store(false, Ordering::Release);
        }
    }
}

async fn probe(connection: &mut MultiplexedConnection) -> Result<(), String> {
    let mut command = redis::cmd("EVAL");
    command.arg(PROBE).arg(1).arg("otto:probe");
    in_time(command.query_async::<()>(connection)).await
}

/// The answer within [`limits::REDIS_DEADLINE`]. Where it is this process that stood still, the
/// deadline and the answer are there at once, and the connection is yet to be read: so what is late
/// has [`limits::REDIS_GRACE`] more, and our own stall accuses no server.
async fn in_time<T>(answer: impl Future<Output = RedisResult<T>>) -> Result<T, String> {
    let mut answer = pin!(answer);
    let in_time = match timeout(limits::REDIS_DEADLINE, answer.as_mut()).await {
        Ok(answer) => Ok(answer),
        Err(_) => timeout(limits::REDIS_GRACE, answer).await,
    };
    match in_time {
        Ok(answer) => answer.map_err(|error| in_words(&error)),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

/// The kind alone: the rest may quote an address or a value.
fn in_words(error: &redis::RedisError) -> String {
    error.category().to_owned()
}
