//! Times that come free, offered by text message to whoever waits for one: one customer after the
//! other, for a while each.
//!
//! An offer is committed before it is sent, and is never sent twice: one whose message did not arrive
//! ends like one that nobody answered, and the next in line is asked. Any number of these may work on
//! one book.

use std::sync::Arc;

use jiff::{Timestamp, Zoned};
use storage::appointment::Busy;
use storage::consent::Channel;
use storage::customer::Customer;
use storage::location::Service;
use storage::slots::{self, Slot};
use storage::waitlist::{Offer, Wait, WaitState};
use storage::{Location, Locations, StorageError, Store};
use tokio_util::sync::CancellationToken;

use super::messenger::{Delivery, Messenger};
use super::owed::Owed;
use super::policy::{MayOffer, Policies};
use super::texts::{self, Told};
use crate::clock::BusinessClock;
use crate::config::Config;
use crate::limits;
use crate::tools::{Toolbox, already_booked};

/// Works through the waiting lists of all locations.
#[derive(Debug)]
pub struct Offers {
    store: Store,
    messenger: Arc<dyn Messenger>,
    locations: Locations,
    policies: Policies,
    owed: Owed,
    /// Knows what is free.
    tools: Toolbox,
    clock: BusinessClock,
}

impl Offers {
    /// `None` where no location has a waiting list.
    #[must_use]
    pub fn new(
        config: &Config,
        locations: Locations,
        tools: Toolbox,
        store: Store,
        clock: BusinessClock,
        messenger: Arc<dyn Messenger>,
    ) -> Option<Self> {
        let wanted = locations
            .iter()
            .any(|location| location.reminders.waitlist().is_some());
        wanted.then(|| Self {
            messenger,
            policies: Policies::new(config, locations.clone()),
            owed: Owed::in_folder(&config.data_dir),
            store,
            locations,
            tools,
            clock,
        })
    }

    /// Looks for what came free, again and again, until it is told to stop.
    pub async fn work(self, stopping: CancellationToken) {
        while !stopping.is_cancelled() {
            match self.pass(&stopping).await {
                Ok(0) => {}
                Ok(made) => tracing::info!(made, "times that came free were offered"),
                Err(error) => tracing::error!(%error, "the waiting list cannot be read"),
            }
            tokio::select! {
                () = stopping.cancelled() => {}
                () = tokio::time::sleep(limits::WAITLIST_POLL) => {}
            }
        }
    }

    /// Ends what was not answered, and offers what is free now. Returns how many offers were made.
    ///
    /// # Errors
    /// Where the book cannot be read or written.
    pub async fn pass(&self, stopping: &CancellationToken) -> Result<u32, StorageError> {
        self.store.waitlist.expire(self.clock.now()).await?;
        let mut made = 0;
        for location in self.locations.iter() {
            if location.reminders.waitlist().is_none() {
                continue;
            }
            let (list, mut last) = (&self.store.waitlist, None);
            loop {
                let batch = limits::WAITLIST_BATCH;
                let waiting = list.waiting(&location.key, last, batch).await?;
                for wait in &waiting {
                    // Whoever just asked to be left alone may be among them.
                    if stopping.is_cancelled() || !self.owed.is_empty() {
                        return Ok(made);
                    }
                    made += u32::from(self.offer_to(location, wait).await?);
                }
                match waiting.last() {
                    Some(wait) => last = Some(wait.id),
                    None => break,
                }
            }
        }
        Ok(made)
    }

    /// Whether they were offered something.
    async fn offer_to(&self, location: &Arc<Location>, wait: &Wait) -> Result<bool, StorageError> {
        let now = self.clock.now();
        let customer = self.store.customers.by_id(wait.customer).await?;
        let vehicle = self.store.vehicles.by_id(wait.vehicle).await?;
        let service = location.service(&wait.service);
        let over = wait.last_day < location.local(now).date();
        let (Some(customer), Some(vehicle), Some(service), false) =
            (customer, vehicle, service, over)
        else {
            self.leave(wait, "their days are over").await?;
            return Ok(false);
        };
        let standing = &self.store.consents;
        let standing = standing
            .standing(&customer.phone, Channel::Sms, now)
            .await?;
        match self
            .policies
            .at(location)
            .may_offer(&customer, &standing, now)
        {
            MayOffer::Yes => {}
            MayOffer::NotNow(why) => {
                tracing::debug!(wait = wait.id.0, why, "nothing is offered yet");
                return Ok(false);
            }
            MayOffer::Never(why) => {
                self.leave(wait, why).await?;
                return Ok(false);
            }
        }
        let until = now + limits::WAITLIST_OFFER;
        // It must still be bookable when the offer ends.
        let by_then = location.local(until);
        let Some(slot) = self.first_free(location, service, wait, &by_then).await? else {
            return Ok(false);
        };
        let upcoming = self.store.appointments.upcoming(wait.customer, now).await?;
        let booked = upcoming.iter().any(|known| {
            known.vehicle == wait.vehicle && already_booked::clash(known, service, slot.interval())
        });
        if booked {
            self.leave(wait, "they have booked the same meanwhile")
                .await?;
            return Ok(false);
        }
        let offer = Offer {
            starts_at: slot.starts_at.timestamp(),
            ends_at: slot.ends_at.timestamp(),
            until,
        };
        let bays = self.free_bays(location, &slot).await?;
        let offered = self.store.waitlist.offer(wait.id, &offer, bays, now);
        if !offered.await? {
            return Ok(false);
        }
        let told = Told {
            customer: &customer,
            vehicle: &vehicle,
            service: &wait.service,
            at: offer.starts_at,
            until: Some(until),
        };
        self.send(location, wait, &customer, texts::offer(location, &told))
            .await?;
        Ok(true)
    }

    /// The first time that suits them, and at which their vehicle is nowhere else.
    async fn first_free(
        &self,
        location: &Arc<Location>,
        service: &Service,
        wait: &Wait,
        by_then: &Zoned,
    ) -> Result<Option<Slot>, StorageError> {
        let tools = self.tools.at(location);
        let free = tools.free(service, wait.first_day, wait.last_day, by_then);
        let Ok((free, _)) = free.await else {
            // It has been logged.
            return Ok(None);
        };
        let (customer, now) = (wait.customer, self.clock.now());
        let upcoming = self.store.appointments.upcoming(customer, now).await?;
        let elsewhere = |slot: &Slot| {
            let own = upcoming.iter().filter(|own| own.vehicle == wait.vehicle);
            let mut own = own.map(|own| slots::Interval {
                starts_at: own.starts_at,
                ends_at: own.ends_at,
            });
            own.any(|own| own.overlaps(slot.interval()))
        };
        Ok(free.into_iter().find(|slot| !elsewhere(slot)))
    }

    /// How many offers of a time there may be at once.
    async fn free_bays(&self, location: &Location, slot: &Slot) -> Result<u32, StorageError> {
        let during = slot.interval();
        let busy: Vec<Busy> = self
            .store
            .appointments
            .busy(&location.key, during.starts_at, during.ends_at)
            .await?;
        let free = slots::free_bays(location, during, &busy);
        Ok(u32::try_from(free).unwrap_or(u32::MAX))
    }

    async fn send(
        &self,
        location: &Location,
        wait: &Wait,
        customer: &Customer,
        body: Option<String>,
    ) -> Result<(), StorageError> {
        let Some(body) = body else {
            return Ok(());
        };
        let id = wait.id.0;
        let becomes = match self.messenger.send(&customer.phone, body).await {
            Delivery::Sent => return Ok(()),
            // It may have arrived: the offer stands, and ends by itself.
            Delivery::Unknown => {
                tracing::warn!(wait = id, "whether an offer was sent is not known");
                return Ok(());
            }
            Delivery::OptedOut => WaitState::Left,
            Delivery::Refused => {
                tracing::warn!(wait = id, location = location.key, "an offer was not sent");
                WaitState::Waiting
            }
        };
        let list = &self.store.waitlist;
        list.close(wait.id, WaitState::Offered, becomes).await?;
        Ok(())
    }

    async fn leave(&self, wait: &Wait, why: &'static str) -> Result<(), StorageError> {
        tracing::info!(wait = wait.id.0, why, "somebody waits no longer");
        let list = &self.store.waitlist;
        list.close(wait.id, WaitState::Waiting, WaitState::Left)
            .await?;
        Ok(())
    }
}

/// Whether an offer may still be taken.
#[must_use]
pub fn stands(offer: &Offer, now: Timestamp) -> bool {
    now < offer.until && now < offer.starts_at
}
