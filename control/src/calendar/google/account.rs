//! Whose calendar it is, and what opens it.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use crate::config::BaseUrl;
use crate::limits;

/// One calendar and what opens it.
#[derive(Clone, Debug)]
pub struct GoogleAccount {
    pub credentials: Credentials,
    /// `primary`, or what the calendar's settings call its id.
    pub calendar_id: String,
    /// `https://www.googleapis.com`, or a simulator's.
    pub api_url: BaseUrl,
    /// Where tokens are given; a whole URL.
    pub token_url: String,
}

#[derive(Clone, Debug)]
pub enum Credentials {
    /// A person's consent.
    RefreshToken {
        client_id: String,
        client_secret: SecretString,
        refresh_token: SecretString,
    },
    ServiceAccount(ServiceAccount),
}

/// An account that is nobody's: it signs for itself.
#[derive(Clone)]
pub struct ServiceAccount {
    email: String,
    key_id: Option<String>,
    key: std::sync::Arc<RsaKeyPair>,
}

const SCOPE: &str = "https://www.googleapis.com/auth/calendar";

/// What is wrong with a service account's JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServiceAccount {
    #[error("is not the JSON of a service account's key")]
    NotJson,
    #[error("is not of type service_account")]
    AnotherType,
    #[error("holds a private_key that is no RSA key")]
    NoKey,
}

impl ServiceAccount {
    /// Reads the JSON file that Google's console gives out once.
    ///
    /// # Errors
    /// Says what is wrong, fit to follow the setting's name.
    pub fn parse(text: &str) -> Result<Self, InvalidServiceAccount> {
        #[derive(Deserialize)]
        struct File {
            #[serde(rename = "type")]
            kind: String,
            client_email: String,
            private_key: SecretString,
            private_key_id: Option<String>,
        }
        let file: File = serde_json::from_str(text).map_err(|_| InvalidServiceAccount::NotJson)?;
        if file.kind != "service_account" {
            return Err(InvalidServiceAccount::AnotherType);
        }
        let der = der(&file.private_key).ok_or(InvalidServiceAccount::NoKey)?;
        let key = RsaKeyPair::from_pkcs8(&der).map_err(|_| InvalidServiceAccount::NoKey)?;
        Ok(Self {
            email: file.client_email,
            key_id: file.private_key_id,
            key: std::sync::Arc::new(key),
        })
    }

    /// A signed claim to be this account, good for a token at `audience`.
    pub(super) fn assertion(&self, audience: &str, now: Timestamp) -> Option<String> {
        let issued = now.as_second();
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id});
        let life = i64::try_from(limits::CALENDAR_ASSERTION_LIFE.as_secs()).ok()?;
        let claims = json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": audience,
            "iat": issued,
            "exp": issued + life,
        });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// What stands between the lines of a PEM file.
fn der(pem: &SecretString) -> Option<Vec<u8>> {
    use secrecy::ExposeSecret as _;
    let pem = pem.expose_secret();
    let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----")?;
    let (body, _) = rest.split_once("-----END PRIVATE KEY-----")?;
    let body: String = body.split_whitespace().collect();
    STANDARD.decode(body).ok()
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccount").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::encoding::Pkcs8V1Der;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    fn file(key: &str) -> String {
        json!({
            "type": "service_account",
            "client_email": "otto@project.iam.gserviceaccount.com",
            "private_key_id": "k1",
            "private_key": key,
        })
        .to_string()
    }

    #[test]
    fn an_assertion_is_signed_by_the_accounts_key_and_names_its_audience() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("PKCS 8");
        let body = STANDARD.encode(der.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
        let account = ServiceAccount::parse(&file(&pem)).expect("an account");
        let now: Timestamp = "2026-11-24T15:00:00Z".parse().expect("an instant");
        let assertion = account
            .assertion("https://token.example", now)
            .expect("signed");
        let (signed, signature) = assertion.rsplit_once('.').expect("three parts");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .expect("signed by this key");
        let (header, claims) = signed.split_once('.').expect("two parts");
        let read = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
        };
        assert_eq!(
            read(header),
            json!({"alg": "RS256", "typ": "JWT", "kid": "k1"})
        );
        let claims = read(claims);
        assert_eq!(claims["aud"], "https://token.example");
        assert_eq!(claims["iss"], "otto@project.iam.gserviceaccount.com");
        let life = claims["exp"].as_i64().zip(claims["iat"].as_i64());
        assert!(life.is_some_and(|(exp, iat)| iat == now.as_second() && exp - iat <= 3_600));
    }

    #[test]
    fn what_is_no_service_account_is_told_why() {
        let refused = |text: &str| ServiceAccount::parse(text).expect_err("none");
        assert_eq!(refused("{"), InvalidServiceAccount::NotJson);
        assert_eq!(refused(&file("no key")), InvalidServiceAccount::NoKey);
        let other = file("no key").replace("service_account", "authorized_user");
        assert_eq!(refused(&other), InvalidServiceAccount::AnotherType);
    }
}
