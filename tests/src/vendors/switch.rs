//! The switch by which a test breaks a simulator.

use std::sync::Arc;

use tokio::sync::watch;

/// Which fault is in force; clones share it. Connections in progress see it change.
#[derive(Clone, Debug)]
pub struct Switch<F> {
    fault: Arc<watch::Sender<Option<F>>>,
}

impl<F: Clone + Send + Sync + 'static> Switch<F> {
    /// Breaks the simulator in this way until [`Self::heal`].
    pub fn inject(&self, fault: F) {
        self.fault.send_replace(Some(fault));
    }

    /// Lets it work again.
    pub fn heal(&self) {
        self.fault.send_replace(None);
    }

    /// The fault in force.
    #[must_use]
    pub fn now(&self) -> Option<F> {
        self.fault.borrow().clone()
    }

    /// Changes from now on, for whoever serves a connection.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Option<F>> {
        self.fault.subscribe()
    }
}

impl<F> Default for Switch<F> {
    fn default() -> Self {
        Self {
            fault: Arc::new(watch::Sender::new(None)),
        }
    }
}
