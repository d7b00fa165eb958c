//! A call's audio as its session sees it: commands go in, events come out.
//!
//! The data plane is behind two small traits, and the telephone network's own line behind a third,
//! so that a session can be led through a whole call in virtual time without a socket or a thread.

use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;
use pipeline::message::{Command, Event};
use pipeline::plane::{CommandRefused, Refused};
use pipeline::{Arrival, CallHandle, DataPlane, SpeechConfig};

use crate::telephony::CallSid;
use crate::telephony::rest::{Rest, RestError};

/// One call's audio.
#[async_trait]
pub trait Media: Send {
    /// Never waits.
    ///
    /// # Errors
    /// [`CommandRefused`] when the call is over or takes no more commands.
    fn send(&self, command: Command) -> Result<(), CommandRefused>;

    /// The next event; `None` after the last.
    async fn next(&mut self) -> Option<Event>;
}

/// Where an upgraded, authenticated media socket goes.
pub trait Admission: Send + Sync {
    /// Takes over the socket, or closes it. Never waits.
    ///
    /// # Errors
    /// [`Refused`].
    fn admit(
        &self,
        arrival: Arrival,
        speech: Option<SpeechConfig>,
    ) -> Result<Box<dyn Media>, Refused>;
}

/// The telephone network, for a call that it does not ask us about.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Ends a call. One that is over already is as good.
    ///
    /// # Errors
    /// [`RestError`].
    async fn hang_up(&self, call: &CallSid) -> Result<(), RestError>;
}

#[async_trait]
impl Carrier for Rest {
    async fn hang_up(&self, call: &CallSid) -> Result<(), RestError> {
        Rest::hang_up(self, call).await
    }
}

#[async_trait]
impl Media for CallHandle {
    fn send(&self, command: Command) -> Result<(), CommandRefused> {
        CallHandle::send(self, command)
    }

    async fn next(&mut self) -> Option<Event> {
        CallHandle::next(self).await
    }
}

/// The data plane, for as long as it runs. Calls are admitted by many, it is stopped by one.
#[derive(Debug)]
pub struct Gate {
    open: RwLock<Option<DataPlane>>,
}

impl Gate {
    #[must_use]
    pub fn new(data_plane: DataPlane) -> Self {
        Self {
            open: RwLock::new(Some(data_plane)),
        }
    }

    /// Takes the data plane out, to stop it; from then on nobody is admitted.
    pub fn shut(&self) -> Option<DataPlane> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.take()
    }
}

impl Admission for Gate {
    fn admit(
        &self,
        arrival: Arrival,
        speech: Option<SpeechConfig>,
    ) -> Result<Box<dyn Media>, Refused> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let data_plane = open.as_ref().ok_or(Refused::ShuttingDown)?;
        Ok(Box::new(data_plane.admit_with(arrival, speech)?))
    }
}
