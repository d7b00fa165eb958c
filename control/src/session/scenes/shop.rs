//! The dealership behind a dialogue that callers meet: a book in memory, with its fictional
//! customers, and the tools that work on it.

use storage::appointment::AppointmentId;
use storage::customer::Phone;
use storage::{Location, Store};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::RwLock;

use super::stage::morning;
use crate::clock::BusinessClock;
use crate::tools::{CallContext, ToolCall, ToolOutcome, Toolbox};

pub(super) struct Shop {
    runtime: Runtime,
    store: Store,
    toolbox: Toolbox,
    context: RwLock<CallContext>,
}

/// What is in the book before anybody calls.
const SEEDED: AppointmentId = AppointmentId(1);

impl Shop {
    pub(super) fn open(caller: Option<Phone>) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let location = Location::example();
        let store = runtime.block_on(async {
            let store = Store::open_in_memory().await.expect("a store");
            let seeded = storage::seed::seed(&store, &location, &morning()).await;
            seeded.expect("an empty book");
            store
        });
        let clock = BusinessClock::starting_at(morning().timestamp());
        Self {
            runtime,
            toolbox: Toolbox::new(store.clone(), location, clock),
            store,
            context: RwLock::new(CallContext::new("CA0", caller)),
        }
    }

    pub(super) fn run(&self, call: ToolCall) -> ToolOutcome {
        let outcome = self.toolbox.run_beside(&self.context, call);
        self.runtime.block_on(outcome)
    }

    /// How many appointments were made.
    pub(super) fn booked(&self) -> usize {
        let bookings = self.store.calendar.bookings(morning().timestamp());
        let bookings = self.runtime.block_on(bookings).expect("readable");
        let made = |id: AppointmentId| id != SEEDED;
        bookings.iter().filter(|b| made(b.appointment.id)).count()
    }
}
