//! Everything that nodes share, chosen once at the start: by way of Redis where there is one, else in
//! this process.

use std::sync::Arc;

use storage::{StorageError, Store};

use super::calls::{CallsHere, CallsInRedis, LiveCalls};
use super::customers::remembering;
use super::{Link, RedisAddress, Shared, SpentEverywhere};
use crate::observe::Metrics;
use crate::telephony::token::{SpentHere, SpentTokens};

/// One node among others, or alone.
#[derive(Debug)]
pub struct Together {
    /// The book, with what is remembered of it.
    pub store: Store,
    pub redis: Option<Arc<Link>>,
    pub spent: Arc<dyn SpentTokens>,
    pub live: Arc<dyn LiveCalls>,
    /// The book's part of Redis, for what else is shared.
    pub shared: Option<Shared>,
}

impl Together {
    /// Connects where there is an address; a server that does not answer keeps nobody waiting.
    ///
    /// # Errors
    /// Where the book does not say which it is.
    pub async fn start(
        redis: Option<RedisAddress>,
        store: Store,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StorageError> {
        let node = format!("{:08x}", rand::random::<u32>());
        let Some(address) = redis else {
            return Ok(Self {
                store: remembering(store, None, metrics),
                redis: None,
                spent: Arc::new(SpentHere::default()),
                live: Arc::new(CallsHere::new(node)),
                shared: None,
            });
        };
        let link = Arc::new(Link::start(address, Arc::clone(&metrics)).await);
        let shared = Shared::new(Arc::clone(&link), &store.backend.name().await?);
        Ok(Self {
            store: remembering(store, Some(&shared), metrics),
            spent: Arc::new(SpentEverywhere::new(Arc::clone(&link))),
            live: Arc::new(CallsInRedis::start(shared.clone(), node)),
            shared: Some(shared),
            redis: Some(link),
        })
    }
}
