//! OpenAI-compatible chat completions, streamed.
//!
//! | pure | does I/O |
//! |---|---|
//! | [`body`] the request · [`super::chunk`] the answer · [`super::complaint`] the refusal · [`super::fallback`] who is asked when | [`lanes`] connections · [`attempt`] one request · [`answer`] the race · [`tally`] its count · [`probe`] for `otto doctor` |

mod answer;
mod attempt;
mod body;
mod lanes;
mod probe;
mod tally;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;
use http::header::{AUTHORIZATION, HeaderMap};
use pipeline::time::Mono;
use pipeline::vendor::{SharedBreaker, Vendor, VendorErrorKind};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::mpsc;

pub use probe::ProbeError;

use super::fallback::{Deadlines, Role};
use super::{Answering, Failure, Model, Request, Strain, Usage};
use crate::limits::LLM_ANSWER_QUEUE;
use crate::observe::Metrics;
use body::{Dialect, Refused, ToolSets};
use lanes::Lanes;

/// Where answers come from, and what is asked for.
#[derive(Clone, Debug)]
pub struct OpenAiConfig {
    /// Ends with `/v1` (or what the server has in its place).
    pub base_url: String,
    pub key: SecretString,
    pub model: String,
    /// Asked when `model` is silent or fails; absent: `model` once more.
    pub fallback_model: Option<String>,
    /// Such as `priority`.
    pub service_tier: Option<String>,
    /// Left out for models that reason: they take none.
    pub temperature: Option<f32>,
    /// Such as `minimal`; for models that reason.
    pub reasoning_effort: Option<String>,
    /// Of an answer. What is said in one turn is about a hundred.
    pub max_tokens: u32,
    pub prices: Option<Prices>,
    pub deadlines: Deadlines,
}

/// Dollars for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    pub prompt: f64,
    /// Of the prompt, what was cached.
    pub cached: f64,
    pub completion: f64,
}

impl Prices {
    /// In dollars.
    #[must_use]
    pub fn cost(&self, usage: Usage) -> f64 {
        let dollars = |tokens: u64, price: f64| tokens as f64 * price / 1_000_000.0;
        dollars(usage.prompt.saturating_sub(usage.cached), self.prompt)
            + dollars(usage.cached.min(usage.prompt), self.cached)
            + dollars(usage.completion, self.completion)
    }
}

impl OpenAiConfig {
    /// With everything that is optional left out.
    #[must_use]
    pub fn new(base_url: &str, key: SecretString, model: &str) -> Self {
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            key,
            model: model.to_owned(),
            fallback_model: None,
            service_tier: None,
            temperature: None,
            reasoning_effort: None,
            max_tokens: 400,
            prices: None,
            deadlines: Deadlines::default(),
        }
    }
}

/// The client. Clones share connections and breakers.
#[derive(Clone, Debug)]
pub struct OpenAi(Arc<Account>);

/// What all answers share.
#[derive(Debug)]
struct Account {
    config: OpenAiConfig,
    dialect: Dialect,
    completions: Url,
    models: Url,
    lanes: Lanes,
    /// By role.
    breakers: [SharedBreaker; 2],
    tools: ToolSets,
    /// What the server turned out not to take.
    refused: Refused,
    /// When it failed last, or was late; `Mono` nanoseconds.
    hindered_at: AtomicU64,
    metrics: Arc<Metrics>,
    data_plane: Arc<pipeline::metrics::Metrics>,
}

impl OpenAi {
    /// Opens connections in the background and keeps them warm until the last clone is dropped.
    /// Proxies named in the environment are not used, redirects are not followed.
    ///
    /// # Errors
    /// [`InvalidAccount`] says what of the configuration is wrong.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(
        config: OpenAiConfig,
        metrics: Arc<Metrics>,
        data_plane: Arc<pipeline::metrics::Metrics>,
    ) -> Result<Self, InvalidAccount> {
        let address = |path: &str| {
            let url = Url::parse(&format!("{}/{path}", config.base_url))
                .map_err(|_| InvalidAccount::Address)?;
            let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
            is_web.then_some(url).ok_or(InvalidAccount::Address)
        };
        let (completions, models) = (address("chat/completions")?, address("models")?);
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", config.key.expose_secret()))
            .map_err(|_| InvalidAccount::Key)?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
        let lanes = Lanes::new(&headers, config.deadlines.connect)?;
        let account = Arc::new(Account {
            dialect: Dialect::of(&completions),
            config,
            completions,
            models,
            lanes,
            breakers: Default::default(),
            tools: ToolSets::default(),
            refused: Refused::default(),
            hindered_at: AtomicU64::new(0),
            metrics,
            data_plane,
        });
        lanes::keep_warm(&account);
        Ok(Self(account))
    }
}

impl Model for OpenAi {
    fn ask(&self, request: Request) -> Answering {
        let (sender, answers) = mpsc::channel(LLM_ANSWER_QUEUE);
        let task = tokio::spawn(answer::answer(Arc::clone(&self.0), request, sender));
        Answering::new(answers, task.abort_handle())
    }

    fn strain(&self) -> Strain {
        let at = Mono::from_nanos(self.0.hindered_at.load(Ordering::Relaxed));
        Strain {
            under_way: self.0.lanes.in_use(),
            hindered: (at != Mono::default()).then(|| Mono::now().since(at)),
        }
    }
}

impl Account {
    fn model(&self, role: Role) -> &str {
        match role {
            Role::Primary => &self.config.model,
            Role::Fallback => {
                let fallback = self.config.fallback_model.as_ref();
                fallback.unwrap_or(&self.config.model)
            }
        }
    }

    fn breaker(&self, role: Role) -> &SharedBreaker {
        &self.breakers[role as usize]
    }

    /// A model failed, or was too late.
    fn failed(&self, role: Role, failure: &Failure) {
        let (kind, what) = (failure.kind, &failure.what);
        tracing::warn!(role = role.label(), kind = kind.label(), %what, "a language model failed");
        self.data_plane.vendor_errors.count(Vendor::OpenAi, kind);
        self.metrics.llm().request(role, kind.label());
        match kind {
            // It works; it does not like this request.
            VendorErrorKind::Refused => self.breaker(role).succeeded(),
            _ => {
                self.hindered();
                self.breaker(role).failed(Mono::now());
            }
        }
    }

    /// A model failed, or is late enough to be asked once more. Relaxed: whoever looks wants to know
    /// about when.
    fn hindered(&self) {
        let now = Mono::now().as_nanos();
        self.hindered_at.store(now, Ordering::Relaxed);
    }

    fn count_tokens(&self, usage: Usage) {
        let prices = self.config.prices;
        let cost = prices.map_or(0.0, |prices| prices.cost(usage));
        self.metrics.llm().tokens(usage, cost);
    }
}

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAccount {
    #[error("OPENAI_BASE_URL is no http or https address")]
    Address,
    #[error("OPENAI_API_KEY has characters that no key has")]
    Key,
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// The innermost reason of an error; the outer ones repeat the URL.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_tokens_are_paid_for_at_their_own_price() {
        let prices = Prices {
            prompt: 2.0,
            cached: 1.0,
            completion: 10.0,
        };
        let usage = Usage {
            prompt: 1_500_000,
            cached: 500_000,
            completion: 100_000,
        };
        assert!((prices.cost(usage) - 3.5).abs() < 1e-9);
    }
}
