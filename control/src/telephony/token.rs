//! The media token: proof that a media stream belongs to a call that a webhook announced.
//!
//! Anyone may open the media socket. The webhook's answer carries a token in a `<Parameter>`; the
//! stream's `start` brings it back. A token is `nonce · expiry · HMAC-SHA256(call SID, nonce,
//! expiry)` in URL-safe base64: it names one call, lives [`crate::limits::MEDIA_TOKEN_LIFE`] and is
//! spent by its first use.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use super::CallSid;
use crate::limits;

const NONCE_BYTES: usize = 16;
const EXPIRY_BYTES: usize = 8;
const MAC_BYTES: usize = 32;
const TOKEN_BYTES: usize = NONCE_BYTES + EXPIRY_BYTES + MAC_BYTES;

/// Signs and checks tokens. Every node of one deployment has the same key.
pub struct TokenKey(Hmac<Sha256>);

/// A token's one use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Nonce([u8; NONCE_BYTES]);

/// As a key may hold it.
impl std::fmt::Display for Nonce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// A token that was signed by us for this call and has not expired. Still to be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    pub nonce: Nonce,
    pub expires: Timestamp,
}

/// Why a media stream is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TokenRefused {
    #[error("token: missing; the stream did not come from our webhook's answer")]
    Missing,
    #[error("token: not a token of ours")]
    Malformed,
    #[error("token: not signed by us for this call")]
    Forged,
    #[error("token: expired")]
    Expired,
    #[error("token: already used")]
    Spent,
}

impl TokenKey {
    /// From configured key material of any length.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("invariant: HMAC takes a key of any length"))
    }

    /// A key that no other process has.
    #[must_use]
    pub fn random() -> Self {
        Self::new(&rand::random::<[u8; 32]>())
    }

    /// A token for `call` that is good until [`limits::MEDIA_TOKEN_LIFE`] after `now`. `nonce` is
    /// random and never used twice.
    #[must_use]
    pub fn issue(&self, call: &CallSid, now: Timestamp, nonce: [u8; NONCE_BYTES]) -> String {
        let expires = (now + limits::MEDIA_TOKEN_LIFE).as_second().to_be_bytes();
        let mut token = Vec::with_capacity(TOKEN_BYTES);
        token.extend_from_slice(&nonce);
        token.extend_from_slice(&expires);
        token.extend_from_slice(&self.mac(call, &nonce, &expires).finalize().into_bytes());
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Checks everything but the single use. The signature is compared in constant time, and
    /// before the expiry is believed.
    ///
    /// # Errors
    /// [`TokenRefused`], except `Missing` and `Spent`.
    pub fn check(
        &self,
        call: &CallSid,
        token: &str,
        now: Timestamp,
    ) -> Result<Checked, TokenRefused> {
        let bytes: [u8; TOKEN_BYTES] = URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(TokenRefused::Malformed)?;
        let (nonce, rest) = bytes
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(TokenRefused::Malformed)?;
        let (expiry, mac) = rest
            .split_first_chunk::<EXPIRY_BYTES>()
            .ok_or(TokenRefused::Malformed)?;
        self.mac(call, nonce, expiry)
            .verify_slice(mac)
            .map_err(|_| TokenRefused::Forged)?;
        let expires = Timestamp::from_second(i64::from_be_bytes(*expiry))
            .map_err(|_| TokenRefused::Malformed)?;
        if now >= expires {
            return Err(TokenRefused::Expired);
        }
        Ok(Checked {
            nonce: Nonce(*nonce),
            expires,
        })
    }

    fn mac(
        &self,
        call: &CallSid,
        nonce: &[u8; NONCE_BYTES],
        expiry: &[u8; EXPIRY_BYTES],
    ) -> Hmac<Sha256> {
        // Fixed lengths first: no two inputs can give the same bytes.
        let mut mac = self.0.clone();
        mac.update(nonce);
        mac.update(expiry);
        mac.update(call.as_str().as_bytes());
        mac
    }
}

/// Without the key.
impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenKey").finish_non_exhaustive()
    }
}

/// Remembers which tokens were used. Shared by all nodes that may take a call's stream.
#[async_trait]
pub trait SpentTokens: Send + Sync + std::fmt::Debug {
    /// Spends a token; true for the first who does.
    async fn spend(&self, token: Checked, now: Timestamp) -> bool;
}

/// [`SpentTokens`] of a single process.
#[derive(Debug, Default)]
pub struct SpentHere {
    by_nonce: Mutex<HashMap<Nonce, Timestamp>>,
}

#[async_trait]
impl SpentTokens for SpentHere {
    async fn spend(&self, token: Checked, now: Timestamp) -> bool {
        let Ok(mut spent) = self.by_nonce.lock() else {
            return false;
        };
        if spent.len() >= limits::MAX_SPENT_TOKENS / 2 {
            spent.retain(|_, expires| *expires > now);
        }
        // Full of unexpired tokens: refuse rather than forget one that was used.
        if spent.len() >= limits::MAX_SPENT_TOKENS {
            return false;
        }
        spent.insert(token.nonce, token.expires).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sid(text: &str) -> CallSid {
        CallSid::parse(text).expect("valid")
    }

    fn noon() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().expect("valid")
    }

    #[test]
    fn a_fresh_token_opens_its_own_call_and_no_other() {
        let key = TokenKey::new(b"key");
        let token = key.issue(&sid("CA1"), noon(), [7; 16]);
        assert!(key.check(&sid("CA1"), &token, noon()).is_ok());
        assert_eq!(
            key.check(&sid("CA2"), &token, noon()),
            Err(TokenRefused::Forged)
        );
        assert_eq!(
            TokenKey::random().check(&sid("CA1"), &token, noon()),
            Err(TokenRefused::Forged)
        );
    }

    #[test]
    fn a_token_expires_to_the_second() {
        let key = TokenKey::new(b"key");
        let token = key.issue(&sid("CA1"), noon(), [7; 16]);
        let last = noon() + limits::MEDIA_TOKEN_LIFE - std::time::Duration::from_secs(1);
        assert!(key.check(&sid("CA1"), &token, last).is_ok());
        assert_eq!(
            key.check(&sid("CA1"), &token, noon() + limits::MEDIA_TOKEN_LIFE),
            Err(TokenRefused::Expired)
        );
    }

    #[test]
    fn one_changed_bit_anywhere_is_noticed() {
        let key = TokenKey::new(b"key");
        let token = key.issue(&sid("CA1"), noon(), [7; 16]);
        let bytes = URL_SAFE_NO_PAD.decode(&token).expect("ours");
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(
                key.check(&sid("CA1"), &changed, noon()),
                Err(TokenRefused::Forged),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn what_is_no_token_is_refused_without_a_panic() {
        let key = TokenKey::new(b"key");
        for text in ["", "x", "%%%", &"A".repeat(74), &"A".repeat(76), "é"] {
            assert_eq!(
                key.check(&sid("CA1"), text, noon()),
                Err(TokenRefused::Malformed),
                "{text:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_token_is_spent_once() {
        let key = TokenKey::new(b"key");
        let store = SpentHere::default();
        let token = key.issue(&sid("CA1"), noon(), [7; 16]);
        let checked = key.check(&sid("CA1"), &token, noon()).expect("fresh");
        assert!(store.spend(checked, noon()).await);
        assert!(!store.spend(checked, noon()).await);
    }
}
