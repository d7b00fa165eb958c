//! The dealership's calendar: present where what opens it is set.

use secrecy::SecretString;

use super::keys::{Key, Sources};
use super::parse::{Wrong, value, wrong};
use super::{BaseUrl, ConfigError};
use crate::calendar::google::{Credentials, GoogleAccount, ServiceAccount};

const API: &str = "https://www.googleapis.com";
const TOKENS: &str = "https://oauth2.googleapis.com/token";
/// The calendar of whoever gave consent.
const PRIMARY: &str = "primary";

/// Either a person's consent (three keys) or a service account (and the calendar it may use).
pub(super) fn google(sources: &Sources) -> Result<Option<GoogleAccount>, ConfigError> {
    // Whatever is set is checked, whether or not the rest is there.
    let client_id = value(sources, Key::GoogleClientId, token)?;
    let client_secret = value(sources, Key::GoogleClientSecret, secret)?;
    let refresh_token = value(sources, Key::GoogleRefreshToken, secret)?;
    let service_account = value(sources, Key::GoogleServiceAccount, service_account)?;
    let calendar_id = value(sources, Key::GoogleCalendarId, token)?;
    let api_url = value(sources, Key::GoogleApiUrl, |text| {
        BaseUrl::parse(text)
            .map_err(|problem| wrong(problem, "use a form like https://www.googleapis.com"))
    })?;
    let token_url = value(sources, Key::GoogleTokenUrl, token_url)?;
    let consent = [
        (Key::GoogleClientId, client_id.is_some()),
        (Key::GoogleClientSecret, client_secret.is_some()),
        (Key::GoogleRefreshToken, refresh_token.is_some()),
    ];
    let there = consent.iter().find(|(_, there)| *there);
    let missing = consent.iter().find(|(_, there)| !there);
    if let (Some((other, _)), Some((key, _))) = (there, missing) {
        return Err(half(*key, *other));
    }
    let credentials = match (service_account, client_id, client_secret, refresh_token) {
        (Some(_), Some(_), _, _) => {
            return Err(ConfigError::Value {
                key: Key::GoogleServiceAccount.name(),
                origin: sources
                    .get(Key::GoogleServiceAccount)
                    .map_or(super::Origin::Environment, |setting| setting.origin.clone()),
                value: "…".to_owned(),
                problem: "stands beside GOOGLE_REFRESH_TOKEN".to_owned(),
                remedy: "open the calendar by one of them",
            });
        }
        (Some(account), None, ..) => {
            if calendar_id.is_none() {
                return Err(half(Key::GoogleCalendarId, Key::GoogleServiceAccount));
            }
            Credentials::ServiceAccount(account)
        }
        (None, Some(client_id), Some(client_secret), Some(refresh_token)) => {
            Credentials::RefreshToken {
                client_id,
                client_secret,
                refresh_token,
            }
        }
        (None, ..) if calendar_id.is_some() => {
            return Err(half(Key::GoogleRefreshToken, Key::GoogleCalendarId));
        }
        (None, ..) => return Ok(None),
    };
    Ok(Some(GoogleAccount {
        credentials,
        calendar_id: calendar_id.unwrap_or_else(|| PRIMARY.to_owned()),
        api_url: api_url
            .unwrap_or_else(|| BaseUrl::parse(API).expect("invariant: an origin of ours is one")),
        token_url: token_url.unwrap_or_else(|| TOKENS.to_owned()),
    }))
}

fn half(key: Key, other: Key) -> ConfigError {
    ConfigError::HalfAKey {
        key: key.name(),
        other: other.name(),
    }
}

fn token(text: &str) -> Result<String, Wrong> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err(wrong(
            "holds a space or a character that none has",
            "copy it from Google's console or the calendar's settings again",
        ))
    }
}

fn secret(text: &str) -> Result<SecretString, Wrong> {
    token(text).map(SecretString::from)
}

/// The key's JSON, or the path of the file that holds it.
fn service_account(text: &str) -> Result<ServiceAccount, Wrong> {
    const REMEDY: &str = "name the JSON file that Google's console gave out for the account's key";
    let json = if text.starts_with('{') {
        text.to_owned()
    } else {
        std::fs::read_to_string(text)
            .map_err(|why| wrong(format!("cannot be read ({})", why.kind()), REMEDY))?
    };
    ServiceAccount::parse(&json).map_err(|why| wrong(why.to_string(), REMEDY))
}

fn token_url(text: &str) -> Result<String, Wrong> {
    const REMEDY: &str = "use a form like https://oauth2.googleapis.com/token";
    let start = text.find("://").map_or(0, |at| at + 3);
    let origin_ends = text[start..].find('/').map_or(text.len(), |at| start + at);
    let (origin, path) = text.split_at(origin_ends);
    BaseUrl::parse(origin).map_err(|problem| wrong(problem, REMEDY))?;
    let graphic = path.bytes().all(|byte| byte.is_ascii_graphic());
    if !graphic || path.contains(['?', '#']) {
        return Err(wrong("has a query or a fragment", REMEDY));
    }
    Ok(text.to_owned())
}
