//! Twilio's REST API: calls that we place, change and end, text messages, lists.
//!
//! A request that was not processed is tried again with jittered back-off: refused connections, and
//! 429, which Twilio sends before it does anything. One that may have been processed is tried again
//! only where that does no harm; placing a call or sending a message does, so its outcome is
//! [`Sent::Unknown`], for the caller to find out. Facts: Twilio's API definition, version
//! 2010-04-01.

mod error;
mod model;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use pipeline::metrics::Metrics;
use pipeline::vendor::Vendor;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};

pub use self::error::RestError;
pub use self::model::{
    Answering, CallFilter, CallResource, Detection, Message, NewCall, NewMessage, Sender, Sent,
    TwimlOrUrl,
};
use self::model::{Calls, Created};
use super::CallSid;
use crate::config::BaseUrl;
use crate::limits;

const VERSION: &str = "/2010-04-01";

/// Whose API this is.
#[derive(Clone, Debug)]
pub struct Account {
    /// `https://api.twilio.com`, or a simulator's.
    pub origin: BaseUrl,
    pub account_sid: String,
    /// The account SID, or an API key's.
    pub user: String,
    /// The auth token, or the API key's secret.
    pub secret: SecretString,
}

/// A client of one account. Cheap to clone.
#[derive(Clone)]
pub struct Rest(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    account: Account,
    metrics: Arc<Metrics>,
}

/// Whether a request may be made twice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Twice {
    Harmless,
    /// Only where the first was surely not processed.
    Harmful,
}

type Parameters<'a> = Vec<(&'static str, std::borrow::Cow<'a, str>)>;

impl Rest {
    /// Failures are counted in `metrics`.
    ///
    /// # Panics
    /// Where the machine has no working TLS.
    #[must_use]
    pub fn new(account: Account, metrics: Arc<Metrics>) -> Self {
        Self::with_deadline(account, metrics, limits::REST_DEADLINE)
    }

    /// As [`Rest::new`], with another deadline for one attempt.
    ///
    /// # Panics
    /// Where the machine has no working TLS.
    #[must_use]
    pub fn with_deadline(account: Account, metrics: Arc<Metrics>, deadline: Duration) -> Self {
        let http = reqwest::Client::builder()
            .timeout(deadline)
            .connect_timeout(limits::REST_CONNECT_DEADLINE)
            // Our credentials go where they were sent, or nowhere.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("invariant: the TLS provider was chosen at build time");
        Self(Arc::new(Inner {
            http,
            account,
            metrics,
        }))
    }

    /// Places a call. Once Twilio may have heard of it, never twice.
    ///
    /// # Errors
    /// [`RestError`] where no call was placed.
    pub async fn create_call(&self, call: &NewCall) -> Result<Sent<CallResource>, RestError> {
        let parameters = call.parameters()?;
        self.create("/Calls.json", parameters).await
    }

    /// Sends a text message. Once Twilio may have heard of it, never twice.
    ///
    /// # Errors
    /// [`RestError`] where none was sent; [`RestError::OptedOut`] is for ever.
    pub async fn send_message(&self, message: &NewMessage) -> Result<Sent<Message>, RestError> {
        let parameters = message.parameters()?;
        self.create("/Messages.json", parameters).await
    }

    /// Ends a call. One that is over already is as good.
    ///
    /// # Errors
    /// [`RestError`].
    pub async fn hang_up(&self, call: &CallSid) -> Result<(), RestError> {
        let over = vec![("Status", "completed".into())];
        self.update(call, over, Twice::Harmless).await
    }

    /// Lets a call go on with these verbs, such as a `<Dial>`. Its media stream ends.
    ///
    /// # Errors
    /// [`RestError`]; of a call that is over, none.
    pub async fn redirect(&self, call: &CallSid, to: &TwimlOrUrl) -> Result<(), RestError> {
        // Twice would ring a human twice.
        self.update(call, vec![to.parameter()?], Twice::Harmful)
            .await
    }

    /// What Twilio knows of a call; `None` where it knows no such call.
    ///
    /// # Errors
    /// [`RestError`].
    pub async fn call(&self, call: &CallSid) -> Result<Option<CallResource>, RestError> {
        let path = self.path(&format!("/Calls/{call}.json"));
        match self.get(&path, &[]).await {
            Ok(body) => wire::parse(&body).map(Some),
            Err(RestError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Calls that match, the newest first; at most [`limits::MAX_REST_PAGES`] pages of them.
    ///
    /// # Errors
    /// [`RestError`].
    pub async fn calls(&self, filter: &CallFilter) -> Result<Vec<CallResource>, RestError> {
        let mut path = self.path("/Calls.json");
        let mut query = filter.parameters();
        let mut found = Vec::new();
        for _ in 0..limits::MAX_REST_PAGES {
            let body = self.get(&path, &query).await?;
            let page: Calls = wire::parse(&body)?;
            found.extend(page.calls.into_iter().filter(|call| filter.matches(call)));
            // The next page's path has its own query. It never leads elsewhere.
            match page.next_page_uri {
                Some(next) if next.starts_with('/') => path = next,
                Some(_) => return Err(self.counted(RestError::Garbage("next_page_uri"))),
                None => break,
            }
            query.clear();
        }
        Ok(found)
    }

    /// Whether the account answers, in a sentence.
    ///
    /// # Errors
    /// [`RestError`].
    pub async fn probe(&self) -> Result<String, RestError> {
        let sid = &self.0.account.account_sid;
        let account = format!("{VERSION}/Accounts/{sid}.json");
        match self.get(&account, &[]).await {
            Ok(body) => {
                let account: model::AccountResource = wire::parse(&body)?;
                Ok(format!("the account answers, it is {}", account.status))
            }
            // Not every key may read the account itself.
            Err(RestError::NotFound) => {
                let one = [("PageSize", "1".into())];
                self.get(&self.path("/Calls.json"), &one).await?;
                Ok("the account answers, its calls can be listed".to_owned())
            }
            Err(error) => Err(error),
        }
    }

    async fn create<T: Created>(
        &self,
        resource: &str,
        parameters: Parameters<'_>,
    ) -> Result<Sent<T>, RestError> {
        let path = self.path(resource);
        let made = self
            .request(Method::POST, &path, &parameters, Twice::Harmful)
            .await;
        match made.and_then(|body| wire::parse(&body)) {
            Ok(created) => Ok(Sent::Done(created)),
            Err(error) if error.may_be_processed() => {
                tracing::warn!(%error, "what became of a request to Twilio is unknown");
                Ok(Sent::Unknown)
            }
            Err(error) => Err(error),
        }
    }

    async fn update(
        &self,
        call: &CallSid,
        parameters: Parameters<'_>,
        twice: Twice,
    ) -> Result<(), RestError> {
        let path = self.path(&format!("/Calls/{call}.json"));
        match self.request(Method::POST, &path, &parameters, twice).await {
            // Over: nothing is left to change.
            Ok(_) | Err(RestError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn get(
        &self,
        path: &str,
        query: &[(&'static str, std::borrow::Cow<'_, str>)],
    ) -> Result<Vec<u8>, RestError> {
        self.request(Method::GET, path, query, Twice::Harmless)
            .await
    }

    /// One request, repeated where it may be.
    async fn request(
        &self,
        method: Method,
        path: &str,
        parameters: &[(&'static str, std::borrow::Cow<'_, str>)],
        twice: Twice,
    ) -> Result<Vec<u8>, RestError> {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(limits::REST_RETRY_AFTER)
            .with_max_delay(limits::REST_RETRY_AT_MOST)
            .with_max_times(limits::REST_ATTEMPTS - 1)
            .with_jitter();
        let attempt = || async {
            let answer = self.once(method.clone(), path, parameters).await;
            answer.map_err(|error| self.counted(error))
        };
        attempt
            .retry(pauses)
            .when(|error: &RestError| {
                error.is_transient() && (twice == Twice::Harmless || !error.may_be_processed())
            })
            .await
    }

    async fn once(
        &self,
        method: Method,
        path: &str,
        parameters: &[(&'static str, std::borrow::Cow<'_, str>)],
    ) -> Result<Vec<u8>, RestError> {
        let account = &self.0.account;
        let posts = method == Method::POST;
        let request = self
            .0
            .http
            .request(method, account.origin.join(path))
            .basic_auth(&account.user, Some(account.secret.expose_secret()));
        let request = if posts {
            request.form(parameters)
        } else {
            request.query(parameters)
        };
        let mut response = request.send().await.map_err(|e| wire::broken(&e))?;
        let status = response.status().as_u16();
        let body = wire::read(&mut response).await?;
        if response.status().is_success() {
            Ok(body)
        } else {
            Err(wire::refusal(status, &body))
        }
    }

    fn path(&self, resource: &str) -> String {
        let sid = &self.0.account.account_sid;
        format!("{VERSION}/Accounts/{sid}{resource}")
    }

    /// What is not found is an answer and no failure.
    fn counted(&self, error: RestError) -> RestError {
        if let Some(kind) = error.kind() {
            self.0.metrics.vendor_errors.count(Vendor::Twilio, kind);
        }
        error
    }
}

impl std::fmt::Debug for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rest")
            .field("origin", &self.0.account.origin)
            .finish_non_exhaustive()
    }
}
