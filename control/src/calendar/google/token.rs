//! Access tokens: asked for when there is none that lasts, and shared by all requests.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::account::{Credentials, GoogleAccount};
use super::error::CalendarError;
use super::wire;
use crate::limits;

/// The token that is good now. Whoever finds none asks for one while the others wait.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<Option<Token>>);

#[derive(Debug)]
struct Token {
    token: SecretString,
    good_until: Instant,
}

impl Tokens {
    pub(super) async fn token(
        &self,
        http: &reqwest::Client,
        account: &GoogleAccount,
    ) -> Result<SecretString, CalendarError> {
        let mut kept = self.0.lock().await;
        if let Some(kept) = kept.as_ref().filter(|t| Instant::now() < t.good_until) {
            return Ok(kept.token.clone());
        }
        let fresh = ask(http, account).await?;
        let token = fresh.token.clone();
        *kept = Some(fresh);
        Ok(token)
    }

    /// A token that was refused, unless it was replaced meanwhile.
    pub(super) async fn forget(&self, refused: &SecretString) {
        let mut kept = self.0.lock().await;
        if kept
            .as_ref()
            .is_some_and(|kept| kept.token.expose_secret() == refused.expose_secret())
        {
            *kept = None;
        }
    }
}

async fn ask(http: &reqwest::Client, account: &GoogleAccount) -> Result<Token, CalendarError> {
    let assertion;
    let form: Vec<(&str, &str)> = match &account.credentials {
        Credentials::RefreshToken {
            client_id,
            client_secret,
            refresh_token,
        } => vec![
            ("grant_type", "refresh_token"),
            ("client_id", client_id),
            ("client_secret", client_secret.expose_secret()),
            ("refresh_token", refresh_token.expose_secret()),
        ],
        Credentials::ServiceAccount(service) => {
            let signed = service.assertion(&account.token_url, Timestamp::now());
            assertion = signed.ok_or_else(|| CalendarError::Revoked {
                reason: "its key does not sign".to_owned(),
            })?;
            vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", &assertion),
            ]
        }
    };
    let asked = Instant::now();
    let sent = http.post(&account.token_url).form(&form).send().await;
    let mut response = sent.map_err(|e| wire::broken(&e))?;
    let body = wire::read(&mut response).await?;
    if !response.status().is_success() {
        return Err(wire::token_refusal(response.status(), &body));
    }
    #[derive(Deserialize)]
    struct Given {
        access_token: SecretString,
        expires_in: Option<u64>,
    }
    let given: Given =
        serde_json::from_slice(&body).map_err(|_| CalendarError::Garbage("no token"))?;
    let life = given
        .expires_in
        .map_or(limits::CALENDAR_TOKEN_LIFE, |seconds| {
            Duration::from_secs(seconds).min(limits::CALENDAR_TOKEN_LIFE)
        });
    Ok(Token {
        token: given.access_token,
        good_until: asked + life.saturating_sub(limits::CALENDAR_TOKEN_MARGIN),
    })
}
