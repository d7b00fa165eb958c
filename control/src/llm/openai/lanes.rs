//! Connections to the vendor.
//!
//! With HTTP/2 a client has one connection, on which a lost packet stalls every answer, and a server
//! allows about a hundred streams. So answers are spread over a few clients, and a hedge takes
//! another one than the attempt it is to overtake. What has been idle is used now and then: a
//! handshake costs a caller a tenth of a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use http::HeaderMap;
use pipeline::time::Mono;
use reqwest::{Client, Url, redirect};

use super::Account;
use crate::limits::{LLM_KEEP_WARM, LLM_LANES, LLM_PING_TIMEOUT, LLM_POOL_IDLE, LLM_PROBE};

/// Clients, each with connections of its own.
#[derive(Debug)]
pub(super) struct Lanes([Lane; LLM_LANES]);

#[derive(Debug)]
struct Lane {
    client: Client,
    /// Attempts that use it now.
    in_use: AtomicUsize,
    /// When it was last taken; `Mono` nanoseconds.
    taken_at: AtomicU64,
}

/// A lane in use.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    lane: &'a Lane,
    pub(super) number: usize,
}

impl Lanes {
    pub(super) fn new(headers: &HeaderMap, connect: Duration) -> Result<Self, reqwest::Error> {
        let client = || {
            Client::builder()
                .default_headers(headers.clone())
                .connect_timeout(connect)
                .tcp_nodelay(true)
                .no_proxy()
                .redirect(redirect::Policy::none())
                .pool_idle_timeout(LLM_POOL_IDLE)
                .http2_keep_alive_interval(LLM_KEEP_WARM)
                .http2_keep_alive_timeout(LLM_PING_TIMEOUT)
                .http2_keep_alive_while_idle(true)
                .build()
        };
        let lane = || {
            Ok(Lane {
                client: client()?,
                in_use: AtomicUsize::new(0),
                taken_at: AtomicU64::new(0),
            })
        };
        Ok(Self([lane()?, lane()?, lane()?, lane()?]))
    }

    /// The lane with the least to do, but for `not`. Relaxed: a guess that is off by one does no
    /// harm.
    pub(super) fn take(&self, not: Option<usize>) -> Taken<'_> {
        let lanes = self.0.iter().enumerate();
        let (number, lane) = lanes
            .filter(|(number, _)| Some(*number) != not)
            .min_by_key(|(_, lane)| lane.in_use.load(Ordering::Relaxed))
            .unwrap_or((0, &self.0[0]));
        lane.in_use.fetch_add(1, Ordering::Relaxed);
        let now = Mono::now().as_nanos();
        lane.taken_at.store(now, Ordering::Relaxed);
        Taken { lane, number }
    }

    /// Attempts that are under way. Relaxed, as in [`Self::take`].
    pub(super) fn in_use(&self) -> usize {
        let lanes = self.0.iter();
        lanes.map(|lane| lane.in_use.load(Ordering::Relaxed)).sum()
    }

    /// Uses each lane that nobody used for a while. What the server says does not matter.
    async fn warm(&self, url: &Url) {
        let now = Mono::now();
        let idle = self.0.iter().filter(|lane| {
            let taken_at = Mono::from_nanos(lane.taken_at.load(Ordering::Relaxed));
            taken_at == Mono::default() || now.since(taken_at) >= LLM_KEEP_WARM
        });
        let requests = idle.map(|lane| lane.client.head(url.clone()).timeout(LLM_PROBE).send());
        for outcome in join_all(requests).await {
            if let Err(error) = outcome {
                tracing::debug!(reason = super::root_cause(&error), "no warm connection");
            }
        }
    }
}

impl Taken<'_> {
    pub(super) fn client(&self) -> &Client {
        &self.lane.client
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.lane.in_use.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Opens connections now, and keeps them open as long as the account lives.
pub(super) fn keep_warm(account: &Arc<Account>) {
    let account = Arc::downgrade(account);
    tokio::spawn(async move {
        while let Some(account) = account.upgrade() {
            account.lanes.warm(&account.models).await;
            drop(account);
            tokio::time::sleep(LLM_KEEP_WARM).await;
        }
    });
}

const _: () = assert!(LLM_LANES == 4, "as many as are built");
