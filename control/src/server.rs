//! A running Otto: every part started in order, and stopped in the opposite one.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use pipeline::{DataPlane, DataPlaneConfig};
use secrecy::ExposeSecret as _;
use storage::location::LoadError;
use storage::{Location, StorageError, Store};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::calendar::{Running, Surroundings};
use crate::clock::BusinessClock;
use crate::config::{BaseUrl, Config};
use crate::database::{self, NoDatabase};
use crate::dialogue::model_brain::Prompt;
use crate::dialogue::{ModelBrain, RuleBrain};
use crate::http::{self, App};
use crate::limits;
use crate::llm::openai::InvalidAccount;
use crate::llm::{Model, OpenAi};
use crate::nhtsa::Nhtsa;
use crate::nodes::Together;
use crate::observe::Metrics;
use crate::reminders::Runner;
use crate::session::{self, Calls, Carrier, Gate, Journal, MakeBrain, Sessions, SessionsConfig};
use crate::speech::{self, Chosen, NoSpeech};
use crate::telephony::rest::Rest;
use crate::telephony::signature::SignatureKey;
use crate::telephony::token::TokenKey;

/// A server that answers calls.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    base_url: BaseUrl,
    speech: Chosen,
    /// Makes the phrases of every call; ends with the server.
    _warming: Option<AbortOnDropHandle<()>>,
    store: Store,
    calls: Arc<Calls>,
    sessions: Sessions,
    journal: Journal,
    /// Carries bookings over to the calendar.
    calendar: Option<Running>,
    reminders: Reminders,
    gate: Arc<Gate>,
    drain: Duration,
    /// No new calls.
    stopping: CancellationToken,
    /// No new connections.
    closing: CancellationToken,
    http: JoinHandle<()>,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Location(#[from] NoLocation),
    #[error(transparent)]
    Database(#[from] NoDatabase),
    #[error("DATABASE_URL: the book does not say its name: {0}")]
    Book(#[from] StorageError),
    #[error(transparent)]
    Speech(#[from] NoSpeech),
    #[error(transparent)]
    Model(#[from] InvalidAccount),
    #[error("data plane: {0}")]
    DataPlane(#[from] pipeline::plane::StartError),
    #[error("HOST and PORT: cannot listen on {address}: {why}; choose another port")]
    Listen {
        address: SocketAddr,
        why: std::io::Error,
    },
    #[error("OTTO_DATA_DIR: cannot use {}: {why}; name a folder we may write to", path.display())]
    DataDir { path: PathBuf, why: std::io::Error },
}

/// The configured location file is none.
#[derive(Debug, thiserror::Error)]
#[error("OTTO_LOCATION: {0}")]
pub struct NoLocation(LoadError);

/// The business facts that the configuration names.
///
/// # Errors
/// Where the file is not a location file; the message names the key.
pub fn location(config: &Config) -> Result<Location, NoLocation> {
    match &config.location {
        Some(path) => Location::load(path).map_err(NoLocation),
        None => Ok(Location::example()),
    }
}

impl Server {
    /// Opens the book, starts the data plane, listens.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config, clock: BusinessClock) -> Result<Self, StartError> {
        for note in &config.notes {
            tracing::debug!("{note}");
        }
        let location = Arc::new(location(&config)?);
        let (config, speech) = tokio::task::spawn_blocking({
            let location = Arc::clone(&location);
            move || {
                let chosen = speech::choose(&config, &location);
                (config, chosen)
            }
        })
        .await
        .expect("invariant: choosing speech does not panic, and nobody cancels it");
        let speech = speech?;
        let data_plane = DataPlane::start(DataPlaneConfig {
            shards: config.shards,
            calls_per_shard: config.calls_per_shard,
            realtime: true,
            ..DataPlaneConfig::new(speech.config.clone())
        })?;
        Box::pin(Self::with(config, clock, location, data_plane, speech)).await
    }

    async fn with(
        mut config: Config,
        clock: BusinessClock,
        location: Arc<Location>,
        data_plane: DataPlane,
        mut speech: Chosen,
    ) -> Result<Self, StartError> {
        let warming = speech.to_warm.take().map(|voice| {
            let metrics = data_plane.metrics();
            let warming = async move { voice.warm(&metrics.vendor_errors).await };
            AbortOnDropHandle::new(tokio::spawn(warming))
        });
        std::fs::create_dir_all(&config.data_dir).map_err(|why| StartError::DataDir {
            path: config.data_dir.clone(),
            why,
        })?;
        let metrics = Arc::new(Metrics::new(data_plane.metrics()));
        let store = database::open(&config.database).await?;
        let Together {
            store,
            redis,
            spent,
            live,
            shared,
        } = Together::start(config.redis.take(), store, Arc::clone(&metrics)).await?;
        let (listener, address) = listen(SocketAddr::new(config.host, config.port)).await?;
        session::close_orphans(store.call_logs.as_ref(), clock.now()).await;
        let typed_speech = speech.typed;
        let mind = Mind::new(&config, &location, &metrics, &data_plane)?;
        let account = config.twilio.account();
        let vins = Nhtsa::new(&config.nhtsa_url, shared, data_plane.metrics());
        let carrier = account.map(|account| -> Arc<dyn Carrier> {
            Arc::new(Rest::new(account, data_plane.metrics()))
        });
        let data_plane_metrics = data_plane.metrics();
        let journal = Journal::start(&store);
        let gate = Arc::new(Gate::new(data_plane));
        let calls = Arc::new(Calls::default());
        let sessions = Sessions::new(SessionsConfig {
            calls: Arc::clone(&calls),
            live: Arc::clone(&live),
            store: store.clone(),
            location: Arc::clone(&location),
            clock,
            metrics: Arc::clone(&metrics),
            brain: mind.brain,
            journal: journal.clone(),
            model: mind.model,
            typed_speech,
            carrier,
        });
        let runner = reminders(
            &config,
            Arc::clone(&location),
            store.clone(),
            clock,
            Arc::clone(&data_plane_metrics),
        );
        let stopping = CancellationToken::new();
        let closing = CancellationToken::new();
        let (calendar, outlook) = config
            .google
            .map(|account| {
                let around = Surroundings {
                    store: store.clone(),
                    location: Arc::clone(&location),
                    clock,
                    metrics: Arc::clone(&metrics),
                    vendors: data_plane_metrics,
                    stopping: closing.clone(),
                };
                Running::start(account, around)
            })
            .unzip();
        let sessions = sessions
            .with_outlook(outlook.unwrap_or_default())
            .with_vins(vins);
        let base_url = config
            .base_url
            .unwrap_or_else(|| BaseUrl::of_listener(address));
        let tokens = config.media_token_key.map_or_else(TokenKey::random, |key| {
            TokenKey::new(key.expose_secret().as_bytes())
        });
        tracing::info!(%address, %base_url, speech = speech.sentence, led_by = mind.led_by, "answering for {}", location.name);
        let router = http::router(Arc::new(App {
            base_url: base_url.clone(),
            admin_token: config.admin_token,
            account_sid: config.twilio.account_sid,
            signatures: config
                .twilio
                .auth_token
                .map(|token| SignatureKey::new(token.expose_secret())),
            phone_number: config.twilio.phone_number,
            location,
            clock,
            journal: journal.clone(),
            store: store.clone(),
            calls: Arc::clone(&calls),
            live,
            sessions: sessions.clone(),
            admission: gate.clone(),
            handshakes: Arc::new(Semaphore::new(limits::MAX_MEDIA_HANDSHAKES)),
            tokens,
            spent,
            redis,
            metrics,
            typed_speech,
            stopping: stopping.clone(),
        }));
        let http = tokio::spawn(http::server::serve(listener, router, closing.clone()));
        Ok(Self {
            address,
            base_url,
            speech,
            _warming: warming,
            store,
            calls,
            sessions,
            journal,
            calendar,
            reminders: Reminders::start(runner),
            gate,
            drain: config.drain,
            stopping,
            closing,
            http,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether callers' words are typed rather than recognised.
    #[must_use]
    pub fn typed_speech(&self) -> bool {
        self.speech.typed
    }

    /// How callers' words are known, and why so.
    #[must_use]
    pub fn speech(&self) -> &str {
        &self.speech.sentence
    }

    /// Where the telephone network announces a call.
    #[must_use]
    pub fn webhook(&self) -> String {
        self.base_url.join(http::paths::INBOUND_CALL)
    }

    /// The book, for whoever checks what calls left in it.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Refuses new calls, lets calls in progress finish (for `OTTO_DRAIN_SECONDS`, or until
    /// `impatient` is), hands the rest to a human, waits for the logs, closes.
    pub async fn stop(mut self, impatient: impl Future<Output = ()>) {
        self.stopping.cancel();
        self.reminders.stop().await;
        let deadline = Instant::now() + self.drain;
        tokio::select! {
            () = self.calls_over(deadline) => {}
            () = impatient => {}
        }
        // Ends the rest; each session hears of it, closes its log and tells `stream-ended`.
        if let Some(data_plane) = self.gate.shut() {
            data_plane.shutdown().await;
        }
        if !self.sessions.finished(limits::LOG_DRAIN).await {
            tracing::error!("some call logs were not closed in time");
        }
        self.closing.cancel();
        if let Err(error) = self.http.await {
            tracing::error!(%error, "the listener failed");
        }
        if let Some(calendar) = self.calendar {
            calendar.finish().await;
        }
        self.journal.flush().await;
        self.store.backend.close().await;
    }

    async fn calls_over(&self, deadline: Instant) {
        while self.calls.census().live > 0 && Instant::now() < deadline {
            tokio::time::sleep(limits::DRAIN_POLL).await;
        }
    }
}

/// The runner of reminders beside the calls, where there is one.
#[derive(Debug)]
struct Reminders {
    stopping: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Reminders {
    fn start(runner: Option<Runner>) -> Self {
        let stopping = CancellationToken::new();
        let task = runner.map(|runner| {
            let stopping = stopping.clone();
            tokio::spawn(async move { runner.work(stopping).await })
        });
        Self { stopping, task }
    }

    /// Begins nothing more, and waits for what was begun.
    async fn stop(&mut self) {
        self.stopping.cancel();
        if let Some(task) = self.task.take()
            && timeout(limits::REMINDER_DRAIN, task).await.is_err()
        {
            tracing::error!("a reminder was not finished in time; the next runner looks after it");
        }
    }
}

/// Reminders are sent where there is an account to send them with.
fn reminders(
    config: &Config,
    location: Arc<Location>,
    store: Store,
    clock: BusinessClock,
    metrics: Arc<pipeline::metrics::Metrics>,
) -> Option<Runner> {
    let base_url = config.base_url.clone();
    match Runner::new(config, base_url, location, store, clock, metrics) {
        Ok(runner) => {
            tracing::info!("reminders: {}", runner.guard().sentence());
            Some(runner)
        }
        Err(why) => {
            tracing::info!("reminders are not sent: {why}");
            None
        }
    }
}

/// What leads conversations.
struct Mind {
    /// Each call has a dialogue of its own.
    brain: MakeBrain,
    model: Option<Arc<dyn Model>>,
    led_by: String,
}

impl Mind {
    /// A language model where there is a key for one, else the rules.
    fn new(
        config: &Config,
        location: &Arc<Location>,
        metrics: &Arc<Metrics>,
        data_plane: &DataPlane,
    ) -> Result<Self, InvalidAccount> {
        let location = Arc::clone(location);
        let Some(account) = &config.openai else {
            return Ok(Self {
                brain: Arc::new(move || Box::new(RuleBrain::new(Arc::clone(&location)))),
                model: None,
                led_by: "rules".to_owned(),
            });
        };
        let model = OpenAi::new(account.account(), Arc::clone(metrics), data_plane.metrics())?;
        let prompt = Arc::new(Prompt::new(&location));
        Ok(Self {
            brain: Arc::new(move || {
                Box::new(ModelBrain::new(Arc::clone(&location), Arc::clone(&prompt)))
            }),
            model: Some(Arc::new(model)),
            led_by: account.model.clone(),
        })
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |why| StartError::Listen { address, why };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}
