//! Sends the text messages whose fate nobody follows: what callers ask for while they are on the line,
//! and times that came free.

use std::sync::Arc;

use async_trait::async_trait;
use storage::customer::Phone;

use super::policy::Guard;
use crate::config::Config;
use crate::telephony::rest::{NewMessage, Rest, RestError, Sender, Sent};

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The network has taken it.
    Sent,
    /// The network may have taken it.
    Unknown,
    /// The network knows that they want none.
    OptedOut,
    Refused,
}

/// A way to write to callers.
#[async_trait]
pub trait Messenger: std::fmt::Debug + Send + Sync {
    /// Whether this number is one that we may write to at all.
    fn may_reach(&self, to: &Phone) -> bool;
    /// Sends a message, never twice.
    async fn send(&self, to: &Phone, body: String) -> Delivery;
}

/// By the account that places our calls.
#[derive(Debug)]
pub struct ByNetwork {
    rest: Rest,
    /// What customers see.
    from: Phone,
    guard: Guard,
}

impl ByNetwork {
    /// `None` where there is no account, or no number of ours.
    #[must_use]
    pub fn new(config: &Config, metrics: Arc<pipeline::metrics::Metrics>) -> Option<Self> {
        Some(Self {
            rest: Rest::new(config.twilio.account()?, metrics),
            from: config.twilio.phone_number.clone()?,
            guard: Guard::of(config),
        })
    }
}

#[async_trait]
impl Messenger for ByNetwork {
    fn may_reach(&self, to: &Phone) -> bool {
        self.guard.refusal(to).is_none()
    }

    async fn send(&self, to: &Phone, body: String) -> Delivery {
        let message = NewMessage {
            to: to.clone(),
            sender: Sender::Number(self.from.clone()),
            body,
            status_callback: None,
        };
        match self.rest.send_message(&message).await {
            Ok(Sent::Done(_)) => Delivery::Sent,
            Ok(Sent::Unknown) => Delivery::Unknown,
            Err(RestError::OptedOut) => Delivery::OptedOut,
            Err(error) => {
                tracing::warn!(%error, "a text message was not sent");
                Delivery::Refused
            }
        }
    }
}
