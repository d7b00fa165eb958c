//! Works through what is due. Any number of runners may share a book: each row is leased by one, and
//! whatever one leaves behind is taken over by another.
//!
//! The order is what makes it at most once: the intent is committed, then the network is asked, then
//! its answer is kept. Between any two of them a process may die; the next runner that looks at the
//! row sees an intent without an answer, asks the network what it knows, and never dials again.

mod dial;
mod doubt;
mod pace;
mod report;

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use storage::reminder::{About, Briefing, Claim, Decision, Reminder, State};
use storage::{Locations, StorageError, Store};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use self::pace::Pace;
pub use self::report::{Report, Told, What, kind};
use super::owed::{Owed, Unsettled};
use super::policy::{Case, Guard, Policies, Verdict};
use crate::clock::BusinessClock;
use crate::config::{BaseUrl, Config};
use crate::limits;
use crate::telephony::rest::Rest;
use storage::customer::Phone;

/// Reaches customers who are to be reminded. Cheap to clone.
#[derive(Clone)]
pub struct Runner(Arc<Inner>);

struct Inner {
    store: Store,
    rest: Rest,
    policies: Policies,
    locations: Locations,
    clock: BusinessClock,
    /// Where the network reaches us.
    base_url: BaseUrl,
    /// What customers see.
    from: Phone,
    /// This runner among all of them, for as long as it runs.
    owner: String,
    pace: Pace,
    owed: Owed,
}

/// Why a pass did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    #[error(transparent)]
    Book(#[from] StorageError),
    /// Somebody may want to be left alone, and the book does not know it.
    #[error(transparent)]
    Owed(#[from] Unsettled),
}

/// Why there can be no runner.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    #[error("reminders need {missing}; set what is missing")]
    Missing { missing: String },
    #[error(
        "--now: customers would really be called, by a clock that is not theirs; leave it out, add \
         --dry-run, or let YOUR_TEST_NUMBER be the only number that is called"
    )]
    FalseClock,
}

impl Runner {
    /// `base_url` is where the network reaches this installation.
    ///
    /// # Errors
    /// [`NotReady`] names the settings that are missing, or refuses a chosen time where it would decide
    /// at which hour people are called.
    pub fn new(
        config: &Config,
        base_url: Option<BaseUrl>,
        locations: Locations,
        store: Store,
        clock: BusinessClock,
        metrics: Arc<pipeline::metrics::Metrics>,
    ) -> Result<Self, NotReady> {
        let account = config.twilio.account();
        let from = config.twilio.phone_number.clone();
        let wanted = [
            (
                account.is_some(),
                "TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN",
            ),
            (from.is_some(), "TWILIO_PHONE_NUMBER"),
            (base_url.is_some(), "BASE_URL"),
        ];
        let missing = wanted.iter().filter(|(there, _)| !there);
        let missing: Vec<&str> = missing.map(|(_, name)| *name).collect();
        let (Some(account), Some(from), Some(base_url)) = (account, from, base_url) else {
            let missing = missing.join(", ");
            return Err(NotReady::Missing { missing });
        };
        let policies = Policies::new(config, locations.clone());
        let reaches_customers = *policies.guard() == Guard::Everybody && account.origin.is_public();
        if reaches_customers && !clock.is_real() {
            return Err(NotReady::FalseClock);
        }
        Ok(Self(Arc::new(Inner {
            rest: Rest::new(account, metrics),
            policies,
            owner: format!("{}-{:016x}", std::process::id(), rand::random::<u64>()),
            pace: Pace::new(config.reminders.dials_per_second),
            owed: Owed::in_folder(&config.data_dir),
            store,
            locations,
            clock,
            base_url,
            from,
        })))
    }

    #[must_use]
    pub fn guard(&self) -> &Guard {
        self.0.policies.guard()
    }

    /// Looks for what is due, again and again, until it is told to stop; then lets go of what it has
    /// not begun.
    pub async fn work(&self, stopping: CancellationToken) {
        let mut left = 0;
        while !stopping.is_cancelled() {
            match self.pass(&stopping, |_| {}).await {
                Ok(report) => {
                    let leaves = report.count(What::Left);
                    if leaves != left {
                        let guard = self.guard().sentence();
                        tracing::warn!(leaves, "reminders are due and left open: {guard}");
                        left = leaves;
                    }
                    if !report.only_leaves() {
                        tracing::info!(%report, "reminders were worked through");
                    }
                }
                Err(error) => tracing::error!(%error, "reminders cannot be read"),
            }
            tokio::select! {
                () = stopping.cancelled() => {}
                () = tokio::time::sleep(limits::REMINDER_POLL) => {}
            }
        }
    }

    /// Works through everything that is due now. `told` hears of each.
    ///
    /// # Errors
    /// Where the book cannot be read or written; what was begun is found again later.
    pub async fn pass(
        &self,
        stopping: &CancellationToken,
        told: impl Fn(&Told) + Sync,
    ) -> Result<Report, PassError> {
        self.settle_owed().await?;
        let _beats = self.heartbeat();
        let mut report = Report::default();
        let guard = self.guard();
        let worked = match guard {
            Guard::Everybody => self.work_through(None, stopping, &mut report, &told).await,
            Guard::Only(number) => {
                self.work_through(Some(number), stopping, &mut report, &told)
                    .await
            }
            Guard::Nobody => Ok(()),
        };
        // Nothing of ours is leased any more where all went well.
        let released = self.0.store.reminders.release(&self.0.owner).await;
        worked?;
        released?;
        if let Some(why) = guard.leaves() {
            let (now, limit) = (self.0.clock.now(), limits::REMINDERS_SHOWN);
            for left in self.0.store.reminders.due(now, limit).await? {
                report.add(&Told::new(&left, What::Left, why));
            }
        }
        Ok(report)
    }

    async fn work_through(
        &self,
        only: Option<&Phone>,
        stopping: &CancellationToken,
        report: &mut Report,
        told: &(impl Fn(&Told) + Sync),
    ) -> Result<(), PassError> {
        while !stopping.is_cancelled() {
            let claim = Claim {
                now: self.0.clock.now(),
                owner: &self.0.owner,
                lease: limits::REMINDER_LEASE,
                limit: limits::REMINDER_BATCH,
                only,
            };
            let claimed = self.0.store.reminders.claim(&claim).await?;
            if claimed.is_empty() {
                return Ok(());
            }
            let mut work = stream::iter(claimed)
                .map(|reminder| self.handle(reminder, stopping))
                .buffer_unordered(limits::REMINDERS_AT_ONCE);
            let mut failed = None;
            while let Some(done) = work.next().await {
                match done {
                    Ok(Some(done)) => {
                        told(&done);
                        report.add(&done);
                    }
                    Ok(None) => {}
                    // Nobody is cut off in the middle of a request for another's trouble.
                    Err(error) => failed = Some(error),
                }
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(())
    }

    /// What would be done with the first [`limits::REMINDERS_SHOWN`] of what is due now, without doing
    /// it, and how many more are due, of the first `most`.
    ///
    /// # Errors
    /// Where the book cannot be read.
    pub async fn rehearse(
        store: &Store,
        policies: &Policies,
        clock: &BusinessClock,
        most: u32,
    ) -> Result<(Vec<(Briefing, Verdict)>, usize), StorageError> {
        let now = clock.now();
        let mut judged = Vec::new();
        let mut due = store.reminders.due(now, most).await?;
        let more = due.len().saturating_sub(limits::REMINDERS_SHOWN as usize);
        due.truncate(limits::REMINDERS_SHOWN as usize);
        for reminder in due {
            let about = About::Reminder(reminder.id);
            let Some(briefing) = store.reminders.briefing(&about).await? else {
                continue;
            };
            let verdict = if reminder.state == State::Dialling {
                let why = "what became of it is found out first";
                Verdict::Wait { until: now, why }
            } else {
                judged_now(store, policies, clock, &briefing, now).await?
            };
            judged.push((briefing, verdict));
        }
        Ok((judged, more))
    }

    /// Says that this runner lives, for as long as the guard does.
    fn heartbeat(&self) -> AbortOnDropHandle<()> {
        let inner = Arc::clone(&self.0);
        AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                tokio::time::sleep(limits::REMINDER_HEARTBEAT).await;
                let reminders = &inner.store.reminders;
                let beat = reminders.heartbeat(&inner.owner, limits::REMINDER_LEASE);
                if let Err(error) = beat.await {
                    tracing::warn!(%error, "a runner of reminders was not heard of");
                }
            }
        }))
    }

    /// One claimed row. `None` where the process stops first: the row goes back.
    async fn handle(
        &self,
        reminder: Reminder,
        stopping: &CancellationToken,
    ) -> Result<Option<Told>, PassError> {
        if reminder.state == State::Dialling {
            return Ok(Some(self.look_after(reminder).await?));
        }
        let about = About::Reminder(reminder.id);
        let Some(briefing) = self.0.store.reminders.briefing(&about).await? else {
            return Ok(None);
        };
        let verdict = self.judge(&briefing).await?;
        if verdict != Verdict::Act {
            return Ok(Some(self.decide(&briefing, verdict).await?));
        }
        // A turn may take a while; what was permitted before may not be any more.
        tokio::select! {
            () = stopping.cancelled() => return Ok(None),
            () = self.0.pace.turn() => {}
        }
        match self.judge(&briefing).await? {
            Verdict::Act => self.reach(&briefing).await.map(Some),
            verdict => Ok(Some(self.decide(&briefing, verdict).await?)),
        }
    }

    /// Nobody is dialled while a customer's wish is not in the book.
    async fn settle_owed(&self) -> Result<(), Unsettled> {
        let consents = self.0.store.consents.as_ref();
        self.0.owed.settle(consents).await.map(drop)
    }

    async fn judge(&self, briefing: &Briefing) -> Result<Verdict, StorageError> {
        let Inner {
            store,
            policies,
            clock,
            ..
        } = &*self.0;
        judged_now(store, policies, clock, briefing, clock.now()).await
    }

    async fn decide(&self, briefing: &Briefing, verdict: Verdict) -> Result<Told, StorageError> {
        let (decision, what, why) = match verdict {
            Verdict::Wait { until, why } => (Decision::Wait(until), What::Waits, why),
            Verdict::Skip { why } => (Decision::Skip, What::Skipped, why),
            Verdict::Leave { why } => {
                return Ok(Told::new(&briefing.reminder, What::Left, why));
            }
            Verdict::Act => unreachable!("invariant: the caller acts"),
        };
        let (id, owner) = (briefing.reminder.id, &self.0.owner);
        let ours = self.0.store.reminders.decide(id, owner, decision, why);
        Ok(if ours.await? {
            Told::new(&briefing.reminder, what, why)
        } else {
            Told::new(&briefing.reminder, What::Lost, "somebody else has it now")
        })
    }
}

async fn judged_now(
    store: &Store,
    policies: &Policies,
    clock: &BusinessClock,
    briefing: &Briefing,
    now: Timestamp,
) -> Result<Verdict, StorageError> {
    let policy = policies.of(&briefing.appointment);
    let channel = policy.channel(briefing.reminder.kind);
    let since = now - SignedDuration::from_hours(24);
    let phone = &briefing.customer.phone;
    let case = Case {
        reminder: &briefing.reminder,
        appointment: &briefing.appointment,
        customer: &briefing.customer,
        standing: store.consents.standing(phone, channel, since).await?,
        booked_at: clock.is_real().then_some(briefing.reminder.written_at),
    };
    Ok(policy.judge(&case, now))
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner")
            .field("owner", &self.0.owner)
            .finish_non_exhaustive()
    }
}
