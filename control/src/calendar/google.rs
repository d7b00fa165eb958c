//! Google Calendar, version 3, of one calendar: free or busy, and events.
//!
//! Every request may be made twice: events have ids of ours, and a change of one that names its
//! version is refused where that version is gone. So what failed for a moment is tried again with
//! jittered back-off; a refusal for asking too much is not, its sender decides when.

mod account;
mod error;
mod token;
mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable as _};
use http::StatusCode;
use jiff::Timestamp;
use pipeline::metrics::Metrics as DataPlaneMetrics;
use pipeline::time::Mono;
use pipeline::vendor::{SharedBreaker, Vendor};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use storage::Location;
use storage::calendar::EventRef;
use storage::slots::Interval;

pub use self::account::{Credentials, GoogleAccount, InvalidServiceAccount, ServiceAccount};
pub use self::error::CalendarError;
use self::token::Tokens;
pub use self::wire::{Listed, When};
use super::event::Event;
use crate::limits;
use crate::observe::Metrics;

/// A client of one calendar. Cheap to clone.
#[derive(Clone)]
pub struct Google(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    account: GoogleAccount,
    tokens: Arc<Tokens>,
    breaker: SharedBreaker,
    metrics: Arc<Metrics>,
    vendors: Arc<DataPlaneMetrics>,
}

/// A request but for its token.
struct Request {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    if_match: Option<String>,
}

impl Google {
    /// Failures are counted in `vendors`, times in `metrics`.
    ///
    /// # Panics
    /// Where the machine has no working TLS.
    #[must_use]
    pub fn new(
        account: GoogleAccount,
        metrics: Arc<Metrics>,
        vendors: Arc<DataPlaneMetrics>,
    ) -> Self {
        Self::with_deadline(account, metrics, vendors, limits::CALENDAR_DEADLINE)
    }

    /// As [`Google::new`], with another deadline for one attempt.
    ///
    /// # Panics
    /// Where the machine has no working TLS.
    #[must_use]
    pub fn with_deadline(
        account: GoogleAccount,
        metrics: Arc<Metrics>,
        vendors: Arc<DataPlaneMetrics>,
        deadline: Duration,
    ) -> Self {
        let http = reqwest::Client::builder()
            .timeout(deadline)
            .connect_timeout(limits::CALENDAR_CONNECT_DEADLINE)
            // Our token goes where it was sent, or nowhere.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("invariant: the TLS provider was chosen at build time");
        Self(Arc::new(Inner {
            http,
            account,
            tokens: Arc::default(),
            breaker: SharedBreaker::default(),
            metrics,
            vendors,
        }))
    }

    /// The calendar of a location: its own, or else this one. They share their account, its token
    /// and what is known of the vendor.
    #[must_use]
    pub fn of(&self, location: &Location) -> Self {
        let Some(own) = &location.calendar else {
            return self.clone();
        };
        Self(Arc::new(Inner {
            http: self.0.http.clone(),
            account: GoogleAccount {
                calendar_id: own.clone(),
                ..self.0.account.clone()
            },
            tokens: Arc::clone(&self.0.tokens),
            breaker: self.0.breaker.clone(),
            metrics: Arc::clone(&self.0.metrics),
            vendors: Arc::clone(&self.0.vendors),
        }))
    }

    /// Whether it may be asked now. Whoever is told yes asks.
    #[must_use]
    pub fn admits(&self) -> bool {
        self.0.breaker.admits(Mono::now())
    }

    /// Whether it works, as far as is known.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.0.breaker.is_closed()
    }

    /// Somebody who waited for an answer waits no longer.
    pub fn gave_up(&self) {
        self.counted(CalendarError::TimedOut);
        self.0.breaker.failed(Mono::now());
    }

    /// The calendar, as messages name it.
    #[must_use]
    pub fn calendar(&self) -> &str {
        &self.0.account.calendar_id
    }

    /// When the calendar is busy, whoever made it so; merged, earliest first.
    ///
    /// # Errors
    /// [`CalendarError`], also where Google answers and knows no such calendar.
    pub async fn free_busy(&self, span: Interval) -> Result<Vec<Interval>, CalendarError> {
        let id = &self.0.account.calendar_id;
        let body = json!({
            "timeMin": span.starts_at.to_string(),
            "timeMax": span.ends_at.to_string(),
            "items": [{"id": id}],
        });
        let request = Request::new(Method::POST, "/calendar/v3/freeBusy".to_owned()).with(body);
        let answer = self.timed("free_busy", &request).await?;
        wire::free_busy(&answer, id).map_err(|error| self.counted(error))
    }

    /// Events that end after the span's start and start before its end, each of a series by itself.
    /// `ours`: only those that we marked as bookings.
    ///
    /// # Errors
    /// [`CalendarError`]; also where there are more than [`limits::MAX_CALENDAR_PAGES`] pages.
    pub async fn list(&self, span: Interval, ours: bool) -> Result<Vec<Listed>, CalendarError> {
        let mut request = Request::new(Method::GET, self.path(None));
        request.query = vec![
            ("timeMin", span.starts_at.to_string()),
            ("timeMax", span.ends_at.to_string()),
            ("singleEvents", "true".to_owned()),
            ("orderBy", "startTime".to_owned()),
            ("maxResults", limits::CALENDAR_PAGE.to_string()),
        ];
        if ours {
            let (key, value) = super::event::MARK;
            request
                .query
                .push(("privateExtendedProperty", format!("{key}={value}")));
        }
        let mut found = Vec::new();
        let plain = request.query.len();
        for _ in 0..limits::MAX_CALENDAR_PAGES {
            let answer = self.timed("list", &request).await.map_err(no_calendar)?;
            let page = wire::page(&answer).map_err(|error| self.counted(error))?;
            found.extend(page.events);
            let Some(next) = page.next else {
                return Ok(found);
            };
            request.query.truncate(plain);
            request.query.push(("pageToken", next));
        }
        Err(self.counted(CalendarError::Garbage("more pages than are read")))
    }

    /// Adds an event under its own id.
    ///
    /// # Errors
    /// [`CalendarError::Exists`] where the id is taken, or was and its event is deleted.
    pub async fn insert(&self, event: &Event) -> Result<EventRef, CalendarError> {
        let mut body = event.body();
        body["id"] = json!(event.id);
        let request = Request::new(Method::POST, self.path(None))
            .quietly()
            .with(body);
        let answer = self.timed("insert", &request).await.map_err(no_calendar)?;
        self.written(&answer)
    }

    /// Changes an event to this, where its version is still `etag`. A deleted one comes back.
    ///
    /// # Errors
    /// [`CalendarError::Changed`] where it is not, [`CalendarError::NotFound`] where there is none.
    pub async fn patch(
        &self,
        event: &Event,
        etag: Option<&str>,
    ) -> Result<EventRef, CalendarError> {
        let mut request = Request::new(Method::PATCH, self.path(Some(&event.id)))
            .quietly()
            .with(event.body());
        request.if_match = etag.map(str::to_owned);
        let answer = self.timed("patch", &request).await?;
        self.written(&answer)
    }

    /// The version of an event, deleted or not; `None` where there never was one.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub async fn version(&self, id: &str) -> Result<Option<EventRef>, CalendarError> {
        let request = Request::new(Method::GET, self.path(Some(id)));
        match self.timed("get", &request).await {
            Ok(answer) => self.written(&answer).map(Some),
            Err(CalendarError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes an event away. Whether there was one; gone already is as good.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub async fn delete(&self, id: &str) -> Result<bool, CalendarError> {
        let request = Request::new(Method::DELETE, self.path(Some(id))).quietly();
        match self.timed("delete", &request).await {
            Ok(_) => Ok(true),
            Err(CalendarError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn written(&self, answer: &[u8]) -> Result<EventRef, CalendarError> {
        wire::written(answer).map_err(|error| self.counted(error))
    }

    /// The calendar's events, or one of them. Ids of calendars are often addresses.
    fn path(&self, event: Option<&str>) -> String {
        let id: String =
            form_urlencoded::byte_serialize(self.0.account.calendar_id.as_bytes()).collect();
        let events = format!("/calendar/v3/calendars/{id}/events");
        match event {
            Some(event) => format!("{events}/{event}"),
            None => events,
        }
    }

    async fn timed(&self, op: &'static str, request: &Request) -> Result<Vec<u8>, CalendarError> {
        let begun = Instant::now();
        let answer = self.repeated(request).await;
        self.0.metrics.calendar().request(op, begun.elapsed());
        match &answer {
            Err(error) if error.is_transient() => self.0.breaker.failed(Mono::now()),
            Ok(_) | Err(_) => self.0.breaker.succeeded(),
        }
        answer
    }

    async fn repeated(&self, request: &Request) -> Result<Vec<u8>, CalendarError> {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(limits::CALENDAR_RETRY_AFTER)
            .with_max_times(limits::CALENDAR_ATTEMPTS - 1)
            .with_jitter();
        let attempt = || async {
            let answer = self.with_fresh_token(request).await;
            answer.map_err(|error| self.counted(error))
        };
        attempt
            .retry(pauses)
            .when(|error: &CalendarError| {
                error.is_transient() && !matches!(error, CalendarError::RateLimited { .. })
            })
            .await
    }

    /// A token may be withdrawn before it expires: then another one is asked for, once.
    async fn with_fresh_token(&self, request: &Request) -> Result<Vec<u8>, CalendarError> {
        let inner = &*self.0;
        let token = inner.tokens.token(&inner.http, &inner.account).await?;
        match self.once(request, token.expose_secret()).await {
            Err(CalendarError::Unauthorized) => {
                inner.tokens.forget(&token).await;
                let token = inner.tokens.token(&inner.http, &inner.account).await?;
                self.once(request, token.expose_secret()).await
            }
            answer => answer,
        }
    }

    async fn once(&self, request: &Request, token: &str) -> Result<Vec<u8>, CalendarError> {
        let url = self.0.account.api_url.join(&request.path);
        let mut sent = self
            .0
            .http
            .request(request.method.clone(), url)
            .query(&request.query)
            .bearer_auth(token);
        if let Some(etag) = &request.if_match {
            sent = sent.header(http::header::IF_MATCH, etag);
        }
        if let Some(body) = &request.body {
            sent = sent.json(body);
        }
        let mut response = sent.send().await.map_err(|e| wire::broken(&e))?;
        let body = wire::read(&mut response).await?;
        if response.status().is_success() {
            return Ok(body);
        }
        let status: StatusCode = response.status();
        let refusal = wire::refusal(status, response.headers(), &body, Timestamp::now());
        Err(refusal)
    }

    /// What is not found or has changed is an answer and no failure.
    fn counted(&self, error: CalendarError) -> CalendarError {
        if let Some(kind) = error.kind() {
            self.0.vendors.vendor_errors.count(Vendor::Google, kind);
        }
        error
    }
}

impl Request {
    fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            body: None,
            if_match: None,
        }
    }

    fn with(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Nobody gets mail about it.
    fn quietly(mut self) -> Self {
        self.query.push(("sendUpdates", "none".to_owned()));
        self
    }
}

/// What is not there is the calendar itself.
fn no_calendar(error: CalendarError) -> CalendarError {
    match error {
        CalendarError::NotFound => CalendarError::NoSuchCalendar,
        error => error,
    }
}

impl std::fmt::Debug for Google {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Google")
            .field("api_url", &self.0.account.api_url)
            .finish_non_exhaustive()
    }
}
