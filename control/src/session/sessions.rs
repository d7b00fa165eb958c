//! What all sessions work with, and the start of each.

use std::sync::Arc;
use std::time::Duration;

use storage::{Location, Locations, Store};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::journal::Journal;
use super::media::{Carrier, Media};
use super::registry::{Begun, Calls};
use super::task::Session;
use super::unsaved::Unsaved;
use crate::calendar::Outlook;
use crate::clock::BusinessClock;
use crate::dialogue::Brain;
use crate::events::CallEvents;
use crate::llm::Model;
use crate::nhtsa::Nhtsa;
use crate::nodes::LiveCalls;
use crate::observe::Metrics;
use crate::reminders::{Messenger, Owed};
use crate::tools::Toolbox;

/// Makes the brain of one call, for the location that answers it.
pub type MakeBrain = Arc<dyn Fn(&Arc<Location>) -> Box<dyn Brain> + Send + Sync>;

/// What every session works with.
#[derive(Clone)]
pub struct SessionsConfig {
    pub calls: Arc<Calls>,
    /// What other nodes know of calls.
    pub live: Arc<dyn LiveCalls>,
    pub store: Store,
    pub locations: Locations,
    pub clock: BusinessClock,
    pub metrics: Arc<Metrics>,
    pub brain: MakeBrain,
    /// Keeps what came of calls of ours.
    pub journal: Journal,
    /// What brains may ask; absent where no brain asks anything.
    pub model: Option<Arc<dyn Model>>,
    /// Calls that this node takes at once.
    pub calls_at_most: usize,
    /// Whether the caller's words are typed beside the audio.
    pub typed_speech: bool,
    /// Ends calls that the network does not ask us about; absent where there is no account.
    pub carrier: Option<Arc<dyn Carrier>>,
    /// Where logs wait that the database does not take; absent where they are lost.
    pub unsaved: Option<Unsaved>,
    /// Where the course of each call is written down; absent: nowhere.
    pub events: Option<CallEvents>,
}

/// Starts sessions and knows when all have closed their logs.
#[derive(Clone)]
pub struct Sessions {
    pub(super) config: SessionsConfig,
    pub(super) toolbox: Toolbox,
    running: TaskTracker,
}

impl std::fmt::Debug for SessionsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionsConfig").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions")
            .field("running", &self.running.len())
            .finish_non_exhaustive()
    }
}

impl Sessions {
    #[must_use]
    pub fn new(config: SessionsConfig) -> Self {
        let toolbox = Toolbox::new(config.store.clone(), config.locations.clone(), config.clock);
        Self {
            config,
            toolbox,
            running: TaskTracker::new(),
        }
    }

    /// With a calendar that has a say in what is free at its location, and is told of bookings.
    #[must_use]
    pub fn with_outlook(mut self, outlook: Outlook) -> Self {
        self.toolbox = self.toolbox.with_outlook(outlook);
        self
    }

    /// With a place for what callers ask for while the book is away.
    #[must_use]
    pub fn with_owed(mut self, owed: Owed) -> Self {
        self.toolbox = self.toolbox.with_owed(owed);
        self
    }

    /// Where somebody works through the waiting list, so that callers may be put on it.
    #[must_use]
    pub fn with_waitlist(mut self) -> Self {
        self.toolbox = self.toolbox.with_waitlist();
        self
    }

    /// With a way to send what callers want to have in writing.
    #[must_use]
    pub fn with_messenger(mut self, messenger: Arc<dyn Messenger>) -> Self {
        self.toolbox = self.toolbox.with_messenger(messenger);
        self
    }

    /// What every call works with.
    #[must_use]
    pub fn tools(&self) -> &Toolbox {
        &self.toolbox
    }

    /// With a service that knows vehicles by their numbers.
    #[must_use]
    pub fn with_vins(mut self, vins: Nhtsa) -> Self {
        self.toolbox = self.toolbox.with_vins(vins);
        self
    }

    /// Where the course of each call is written down.
    #[must_use]
    pub fn events(&self) -> Option<&CallEvents> {
        self.config.events.as_ref()
    }

    /// Leads a call from its media stream's `start` to its closed log.
    pub fn start(&self, begun: Begun, media: Box<dyn Media>) {
        let session = Session::new(self, begun, media);
        self.running.spawn(session.run());
    }

    /// Waits until every session has closed its log; false where that took longer than `most`.
    pub async fn finished(&self, most: Duration) -> bool {
        self.running.close();
        timeout(most, self.running.wait()).await.is_ok()
    }
}
