//! A dealership without a telephone: its book, its tools, its calendar at a simulated Google.

use std::sync::Arc;
use std::time::{Duration, Instant};

use control::calendar::{Google, Outlook, Worker};
use control::clock::BusinessClock;
use control::observe::Metrics;
use control::tools::{CallContext, ToolCall, ToolOutcome, Toolbox};
use storage::calendar::CalendarBooking;
use storage::customer::Phone;
use storage::{Location, Store};
use tokio_util::sync::CancellationToken;

use crate::program::NOW;
use crate::vendors::google::{self, Event};

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);
/// Of one attempt at a request.
const DEADLINE: Duration = Duration::from_millis(1_500);

/// Monday morning at Otto's Auto.
#[derive(Debug)]
pub struct Shop {
    pub google: google::Google,
    pub store: Store,
    pub tools: Toolbox,
    pub worker: Worker,
    pub metrics: Arc<Metrics>,
}

impl Shop {
    /// Over an empty book.
    pub async fn over(store: Store) -> Self {
        let google = google::Google::start().await;
        let location = Arc::new(Location::example());
        let clock = BusinessClock::starting_at(NOW.parse().expect("an instant"));
        let now = location.local(clock.now());
        let seeded = storage::seed::seed(&store, &location, &now).await;
        seeded.expect("an empty book");
        let data_plane = Arc::default();
        let metrics = Arc::new(Metrics::new(Arc::clone(&data_plane)));
        let client =
            Google::with_deadline(google.account(), Arc::clone(&metrics), data_plane, DEADLINE);
        let booked = Arc::default();
        let outlook = Outlook::new(client.clone(), Arc::clone(&location), Arc::clone(&booked));
        let tools = Toolbox::new(store.clone(), Arc::clone(&location), clock);
        Self {
            tools: tools.with_outlook(outlook),
            worker: Worker {
                google: client,
                store: store.clone(),
                locations: location.into(),
                clock,
                metrics: Arc::clone(&metrics),
                booked,
            },
            google,
            store,
            metrics,
        }
    }

    /// Over a book in a file that vanishes.
    pub async fn open() -> Self {
        let store = Store::open_in_memory().await.expect("a book");
        Self::over(store).await
    }

    /// A tool by its JSON, as a language model asks for one.
    ///
    /// # Panics
    /// Where there is no such tool.
    pub async fn tool(
        &self,
        context: &mut CallContext,
        name: &str,
        arguments: serde_json::Value,
    ) -> ToolOutcome {
        let call = serde_json::json!({"name": name, "arguments": arguments});
        let call: ToolCall = serde_json::from_value(call).expect("a tool");
        self.tools.run(context, call).await
    }

    /// John Carter, who calls from his own number.
    pub async fn john(&self, sid: &str) -> CallContext {
        let number = Phone::parse("+12175550101").expect("a number");
        let mut context = CallContext::new(sid, Some(number.clone()));
        let asked = serde_json::json!({"phone_number": number.as_str()});
        let found = self.tool(&mut context, "lookup_customer", asked).await;
        found.expect("on file");
        context
    }

    /// Books an oil change for John Carter's Accord.
    pub async fn books(&self, context: &mut CallContext, at: &str) -> ToolOutcome {
        let asked = serde_json::json!({"customer_id": 1, "vehicle_id": 1,
            "service_type": "oil_change", "scheduled_at": at,
            // One after the other, as nobody does.
            "another": true});
        self.tool(context, "book_appointment", asked).await
    }

    /// Carries over what is due, once.
    pub async fn carry(&self) -> u64 {
        let drained = self.worker.drain(&CancellationToken::new()).await;
        drained.expect("the outbox is readable").pending
    }

    /// Carries over until nothing is left.
    ///
    /// # Panics
    /// Where something stays.
    pub async fn catch_up(&self) {
        let patience = Instant::now() + PATIENCE;
        while self.carry().await > 0 {
            assert!(Instant::now() < patience, "{:?}", self.bookings().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What is still to come, as the calendar's keeper sees it.
    pub async fn bookings(&self) -> Vec<CalendarBooking> {
        let now = NOW.parse().expect("an instant");
        self.store.calendar.bookings(now).await.expect("readable")
    }

    /// That there is exactly one event for each booking that stands, at its time, known by its id.
    ///
    /// # Panics
    /// Where there is not.
    pub async fn agrees(&self) -> Vec<Event> {
        let bookings = self.bookings().await;
        agree(&bookings, self.google.events())
    }
}

/// See [`Shop::agrees`]. Gives our events.
///
/// # Panics
/// Where they do not agree.
#[must_use]
pub fn agree(bookings: &[CalendarBooking], events: Vec<Event>) -> Vec<Event> {
    let standing: Vec<_> = bookings
        .iter()
        .filter(|b| b.appointment.status != storage::appointment::Status::Cancelled)
        .collect();
    let ours: Vec<Event> = events
        .into_iter()
        .filter(|e| e.appointment().is_some())
        .collect();
    for booking in &standing {
        let appointment = &booking.appointment;
        let events: Vec<_> = ours
            .iter()
            .filter(|event| event.appointment() == Some(appointment.id.0))
            .collect();
        assert_eq!(events.len(), 1, "{booking:?}");
        assert_eq!(events[0].starts_at(), appointment.starts_at, "{booking:?}");
        assert_eq!(events[0].ends_at(), appointment.ends_at, "{booking:?}");
        let kept = booking.event.as_ref().map(|event| event.id.as_str());
        assert_eq!(kept, Some(events[0].id.as_str()), "{booking:?}");
    }
    assert_eq!(ours.len(), standing.len(), "events of no booking: {ours:?}");
    ours
}
