//! A running Otto: every part started in order, and stopped in the opposite one.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use pipeline::{DataPlane, DataPlaneConfig};
use secrecy::ExposeSecret as _;
use storage::location::LoadError;
use storage::{Address, Location, Locations, StorageError, Store};
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
use crate::events::CallEvents;
use crate::http::{self, App};
use crate::limits;
use crate::llm::openai::InvalidAccount;
use crate::llm::{Model, OpenAi};
use crate::nhtsa::Nhtsa;
use crate::nodes::Together;
use crate::observe::Metrics;
use crate::reminders::{ByNetwork, NotReady, Offers, Owed, Runner};
use crate::session::{
    self, Calls, Carrier, Company, Gate, Journal, MakeBrain, Sessions, SessionsConfig,
};
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
    _warming: Vec<AbortOnDropHandle<()>>,
    store: Store,
    calls: Arc<Calls>,
    sessions: Sessions,
    journal: Journal,
    /// Carries bookings over to the calendar.
    calendar: Option<Running>,
    reminders: Reminders,
    /// Takes to the book what customers asked for while it was away.
    _settling: AbortOnDropHandle<()>,
    /// Closes the rows of calls that nobody leads any more.
    _orphans: AbortOnDropHandle<()>,
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

/// The business facts that the configuration names: of one location, or of several.
///
/// # Errors
/// Where a file is not a location file; the message names the file and the key.
pub fn locations(config: &Config) -> Result<Locations, NoLocation> {
    match &config.location {
        Some(path) => Locations::load(path).map_err(NoLocation),
        None => Ok(Location::example().into()),
    }
}

/// The first of [`locations`].
///
/// # Errors
/// As [`locations`].
pub fn location(config: &Config) -> Result<Arc<Location>, NoLocation> {
    Ok(Arc::clone(locations(config)?.first()))
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
        let locations = locations(&config)?;
        let (config, speech) = tokio::task::spawn_blocking({
            let locations = locations.clone();
            move || {
                let chosen = speech::choose(&config, &locations);
                (config, chosen)
            }
        })
        .await
        .expect("invariant: choosing speech does not panic, and nobody cancels it");
        let speech = speech?;
        let locations = locations.speaking(speech.languages);
        let data_plane = DataPlane::start(DataPlaneConfig {
            shards: config.shards,
            calls_per_shard: config.calls_per_shard,
            realtime: true,
            ..DataPlaneConfig::new(speech.config.clone())
        })?;
        Box::pin(Self::with(config, clock, locations, data_plane, speech)).await
    }

    async fn with(
        mut config: Config,
        clock: BusinessClock,
        locations: Locations,
        data_plane: DataPlane,
        mut speech: Chosen,
    ) -> Result<Self, StartError> {
        let warming = std::mem::take(&mut speech.to_warm)
            .into_iter()
            .map(|voice| {
                let metrics = data_plane.metrics();
                let warming = async move { voice.warm(&metrics.vendor_errors).await };
                AbortOnDropHandle::new(tokio::spawn(warming))
            });
        let warming = warming.collect();
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
        for key in unserved(&store, &locations, clock.now()).await {
            tracing::warn!(
                "{key:?} has appointments and no location file: they count as {}'s",
                locations.first().name
            );
        }
        let (listener, address) = listen(SocketAddr::new(config.host, config.port)).await?;
        let unsaved = session::Unsaved::within(&config.data_dir);
        unsaved.restore(store.call_logs.as_ref()).await;
        // Nodes share a server, whether or not they share a Redis.
        let company = match (&config.database, &redis) {
            (Address::Sqlite(_), None) => Company::Alone,
            _ => Company::MayBeOthers,
        };
        session::close_orphans(store.call_logs.as_ref(), company, clock.now()).await;
        let typed_speech = speech.typed;
        let mind = Mind::new(&config, &locations, &metrics, &data_plane)?;
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
            locations: locations.clone(),
            clock,
            metrics: Arc::clone(&metrics),
            brain: mind.brain,
            journal: journal.clone(),
            model: mind.model,
            calls_at_most: config.shards * config.calls_per_shard,
            typed_speech,
            carrier,
            unsaved: Some(unsaved),
            events: call_events(&config, &metrics),
        });
        let runner = reminders(
            &config,
            locations.clone(),
            store.clone(),
            clock,
            Arc::clone(&data_plane_metrics),
        );
        let owed = Owed::in_folder(&config.data_dir);
        let sessions = sessions.with_owed(owed.clone());
        let stopping = CancellationToken::new();
        let closing = CancellationToken::new();
        let (calendar, outlooks) = config
            .google
            .clone()
            .map(|account| {
                let around = Surroundings {
                    store: store.clone(),
                    locations: locations.clone(),
                    clock,
                    metrics: Arc::clone(&metrics),
                    vendors: Arc::clone(&data_plane_metrics),
                    stopping: closing.clone(),
                };
                Running::start(account, around)
            })
            .unzip();
        let outlooks = outlooks.unwrap_or_default().into_iter();
        let mut sessions = outlooks
            .fold(sessions, Sessions::with_outlook)
            .with_vins(vins);
        let messenger = ByNetwork::new(&config, data_plane_metrics).map(Arc::new);
        if let Some(messenger) = messenger.clone() {
            sessions = sessions.with_messenger(messenger);
        }
        let offers = messenger.and_then(|messenger| {
            let tools = sessions.tools().clone();
            let (locations, store) = (locations.clone(), store.clone());
            Offers::new(&config, locations, tools, store, clock, messenger)
        });
        if offers.is_some() {
            sessions = sessions.with_waitlist();
        }
        let base_url = config
            .base_url
            .unwrap_or_else(|| BaseUrl::of_listener(address));
        let tokens = config.media_token_key.map_or_else(TokenKey::random, |key| {
            TokenKey::new(key.expose_secret().as_bytes())
        });
        tracing::info!(%address, %base_url, speech = speech.sentence, led_by = mind.led_by, "answering for {}", named(&locations));
        let router = http::router(Arc::new(App {
            base_url: base_url.clone(),
            admin_token: config.admin_token,
            account_sid: config.twilio.account_sid,
            signatures: config
                .twilio
                .auth_token
                .map(|token| SignatureKey::new(token.expose_secret())),
            phone_number: config.twilio.phone_number,
            locations,
            speech: std::mem::take(&mut speech.own),
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
            owed: owed.clone(),
            stopping: stopping.clone(),
        }));
        let settling = owed.keep_settling(Arc::clone(&store.consents), closing.clone());
        let http = tokio::spawn(http::server::serve(listener, router, closing.clone()));
        let settling = AbortOnDropHandle::new(tokio::spawn(settling));
        let orphans = session::keep_closing_orphans(Arc::clone(&store.call_logs), company, clock);
        let orphans = AbortOnDropHandle::new(tokio::spawn(orphans));
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
            reminders: Reminders::start(runner, offers),
            _settling: settling,
            _orphans: orphans,
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
        if let Some(events) = self.sessions.events() {
            events.flush().await;
        }
        self.store.backend.close().await;
    }

    async fn calls_over(&self, deadline: Instant) {
        while self.calls.census().live > 0 && Instant::now() < deadline {
            tokio::time::sleep(limits::DRAIN_POLL).await;
        }
    }
}

/// The runner of reminders, and of what comes free, beside the calls, where there is one.
#[derive(Debug)]
struct Reminders {
    stopping: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Reminders {
    fn start(runner: Option<Runner>, offers: Option<Offers>) -> Self {
        let stopping = CancellationToken::new();
        let until = stopping.clone();
        let runner = runner.map(|runner| {
            tokio::spawn({
                let until = until.clone();
                async move { runner.work(until).await }
            })
        });
        let offers = offers.map(|offers| tokio::spawn(offers.work(until)));
        Self {
            stopping,
            tasks: runner.into_iter().chain(offers).collect(),
        }
    }

    /// Begins nothing more, and waits for what was begun.
    async fn stop(&mut self) {
        self.stopping.cancel();
        for task in self.tasks.drain(..) {
            if timeout(limits::REMINDER_DRAIN, task).await.is_err() {
                tracing::error!(
                    "a reminder was not finished in time; the next runner looks after it"
                );
            }
        }
    }
}

/// Keys of locations that have appointments to come and no file.
pub async fn unserved(store: &Store, locations: &Locations, now: Timestamp) -> Vec<String> {
    match store.appointments.locations(now).await {
        Ok(keys) => keys
            .into_iter()
            .filter(|key| locations.by_key(key).is_none())
            .collect(),
        Err(error) => {
            tracing::warn!(%error, "the locations of the book cannot be read");
            Vec::new()
        }
    }
}

/// "Otto's Auto" or "Otto's Auto (+12175550100), Otto's North (+12695550110)".
#[must_use]
pub fn named(locations: &Locations) -> String {
    if !locations.are_several() {
        return locations.first().name.clone();
    }
    let each = locations
        .iter()
        .map(|l| format!("{} ({})", l.name, l.phone.as_str()));
    each.collect::<Vec<_>>().join(", ")
}

/// Reminders are sent where there is an account to send them with.
fn reminders(
    config: &Config,
    locations: Locations,
    store: Store,
    clock: BusinessClock,
    metrics: Arc<pipeline::metrics::Metrics>,
) -> Option<Runner> {
    let base_url = config.base_url.clone();
    match Runner::new(config, base_url, locations, store, clock, metrics) {
        Ok(runner) => {
            tracing::info!("reminders: {}", runner.guard().sentence());
            Some(runner)
        }
        Err(why) => {
            match why {
                NotReady::Missing { .. } => tracing::info!("reminders are not sent: {why}"),
                NotReady::FalseClock => tracing::warn!("reminders are not sent: {why}"),
            }
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
        locations: &Locations,
        metrics: &Arc<Metrics>,
        data_plane: &DataPlane,
    ) -> Result<Self, InvalidAccount> {
        let locations = locations.clone();
        let Some(account) = &config.openai else {
            return Ok(Self {
                brain: Arc::new(move |location| {
                    Box::new(RuleBrain::new(Arc::clone(location)).among(locations.clone()))
                }),
                model: None,
                led_by: "rules".to_owned(),
            });
        };
        let model = OpenAi::new(account.account(), Arc::clone(metrics), data_plane.metrics())?;
        let prompt = |location: &Arc<Location>| {
            let prompt = Prompt::among(location, &locations);
            (location.key.clone(), Arc::new(prompt))
        };
        let prompts: HashMap<String, Arc<Prompt>> = locations.iter().map(prompt).collect();
        Ok(Self {
            brain: Arc::new(move |location| {
                let prompt = prompts.get(&location.key);
                let prompt = prompt.expect("invariant: a prompt was made for each location");
                let brain = ModelBrain::new(Arc::clone(location), Arc::clone(prompt));
                Box::new(brain.among(locations.clone()))
            }),
            model: Some(Arc::new(model)),
            led_by: account.model.clone(),
        })
    }
}

/// Where the course of each call is written down, if it is. Calls are answered without it.
fn call_events(config: &Config, metrics: &Arc<Metrics>) -> Option<CallEvents> {
    let events = CallEvents::start(&config.data_dir, config.call_events?, Arc::clone(metrics));
    events
        .inspect_err(|error| tracing::error!(%error, "no event logs of calls are written"))
        .ok()
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |why| StartError::Listen { address, why };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}
