//! Media tokens that are spent once, whichever node takes the stream.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::Link;
use crate::limits::CLOCK_SKEW;
use crate::telephony::token::{Checked, SpentHere, SpentTokens};

/// [`SpentTokens`] of all nodes. Without Redis it is as good as [`SpentHere`]: no token is used
/// twice on one node.
#[derive(Debug)]
pub struct SpentEverywhere {
    here: SpentHere,
    link: Arc<Link>,
}

impl SpentEverywhere {
    #[must_use]
    pub fn new(link: Arc<Link>) -> Self {
        Self {
            here: SpentHere::default(),
            link,
        }
    }
}

#[async_trait]
impl SpentTokens for SpentEverywhere {
    async fn spend(&self, token: Checked, now: Timestamp) -> bool {
        // Here first: whatever Redis may forget or not have heard of, this node remembers.
        if !self.here.spend(token, now).await {
            return false;
        }
        // Another node's clock may say later that the token is still good.
        let remembered = token.expires.duration_since(now) + CLOCK_SKEW;
        let mut command = redis::cmd("SET");
        command
            .arg(format!("otto:media-token:{}", token.nonce))
            .arg(1)
            .arg("NX")
            .arg("PX")
            .arg(remembered.as_millis().max(1).to_string());
        match self.link.ask::<Option<String>>("spend", &command).await {
            Ok(first) => first.is_some(),
            // A caller is not refused because Redis is down.
            Err(_) => true,
        }
    }
}
