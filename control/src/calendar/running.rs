//! A calendar's worker as part of a server.

use std::sync::Arc;

use storage::{Location, Locations, Store};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Google, GoogleAccount, Outlook, Worker};
use crate::clock::BusinessClock;
use crate::limits;
use crate::observe::Metrics;

/// Carries bookings over while the server runs.
#[derive(Debug)]
pub struct Running(JoinHandle<()>);

/// What a calendar needs of its server.
#[derive(Debug)]
pub struct Surroundings {
    pub store: Store,
    pub locations: Locations,
    pub clock: BusinessClock,
    pub metrics: Arc<Metrics>,
    pub vendors: Arc<pipeline::metrics::Metrics>,
    /// No more is begun then.
    pub stopping: CancellationToken,
}

impl Running {
    /// Starts the worker; the outlooks, one for each location, are for the tools.
    #[must_use]
    pub fn start(account: GoogleAccount, around: Surroundings) -> (Self, Vec<Outlook>) {
        let google = Google::new(account, Arc::clone(&around.metrics), around.vendors);
        let booked = Arc::default();
        let outlook = |location: &Arc<Location>| {
            let calendar = google.of(location);
            Outlook::new(calendar, Arc::clone(location), Arc::clone(&booked))
        };
        let outlooks = around.locations.iter().map(outlook).collect();
        let worker = Worker {
            google,
            store: around.store,
            locations: around.locations,
            clock: around.clock,
            metrics: around.metrics,
            booked,
        };
        let working = tokio::spawn(worker.run(around.stopping));
        (Self(working), outlooks)
    }

    /// Waits for what is under way, for a while.
    pub async fn finish(mut self) {
        if timeout(limits::CALENDAR_DRAIN, &mut self.0).await.is_err() {
            // It is begun again when its lease is over.
            self.0.abort();
        }
    }
}
