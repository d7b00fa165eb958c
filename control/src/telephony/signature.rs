//! `X-Twilio-Signature`: proof that a request comes from Twilio.
//!
//! Pure. Twilio signs the URL it was configured with, byte for byte, and behind it each form
//! parameter: HMAC-SHA1 under the account's auth token, in base64. Which spelling of the port it
//! signs varies, so a URL stands for a few spellings of itself ([`spellings`]). Source: Twilio,
//! "Webhooks Security", and the request validators of its SDKs.

mod check;
mod spellings;

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

pub use check::check_any_request;

use self::spellings::spellings;

/// The header, in the lower case that HTTP libraries give it; any letter case is sent.
pub const HEADER: &str = "x-twilio-signature";

/// The member of a query that names the hash of a body that is no form.
const BODY_HASH: &str = "bodySHA256";

/// Checks signatures, and for simulators makes them. Holds the account's auth token: API keys sign
/// nothing.
#[derive(Clone)]
pub struct SignatureKey(Hmac<Sha1>);

/// What a request carries beside its URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// A GET, or the upgrade to a WebSocket: everything is in the URL.
    None,
    /// `application/x-www-form-urlencoded`, as received.
    Form(&'a [u8]),
    /// Anything else, such as JSON, as received: the URL names its hash.
    Raw(&'a [u8]),
}

/// Why a request is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SignatureRefused {
    #[error("X-Twilio-Signature: missing; only Twilio may ask this")]
    Missing,
    #[error("X-Twilio-Signature: not the base64 of 20 bytes")]
    Malformed,
    #[error("bodySHA256: the URL names no hash of this body, or another's")]
    OtherBody,
    #[error(
        "X-Twilio-Signature: not made with this account's auth token for this URL; compare \
         TWILIO_AUTH_TOKEN and BASE_URL with what Twilio calls"
    )]
    Wrong,
}

impl SignatureKey {
    #[must_use]
    pub fn new(auth_token: &str) -> Self {
        let mac = Hmac::new_from_slice(auth_token.as_bytes());
        Self(mac.expect("invariant: HMAC takes a key of any length"))
    }

    /// Whether `signature` is Twilio's for `url` and `body`. `url` is absolute: scheme, host, and
    /// path and query as received, percent-escapes untouched.
    ///
    /// # Errors
    /// [`SignatureRefused`].
    pub fn check(
        &self,
        signature: &str,
        url: &str,
        body: Body<'_>,
    ) -> Result<(), SignatureRefused> {
        // 20 bytes are 28 characters: nothing longer is worth decoding.
        let mut signed = [0; 21];
        let len = STANDARD
            .decode_slice(signature.as_bytes(), &mut signed)
            .map_err(|_| SignatureRefused::Malformed)?;
        let signed: &[u8; 20] = signed[..len]
            .try_into()
            .map_err(|_| SignatureRefused::Malformed)?;
        let parameters = signed_parameters(url, body)?;
        let matches = |spelling: &Cow<'_, str>| {
            let mac = self.mac(spelling, &parameters);
            mac.verify_slice(signed).is_ok()
        };
        if spellings(url).iter().any(matches) {
            Ok(())
        } else {
            Err(SignatureRefused::Wrong)
        }
    }

    /// The signature that Twilio would send, for simulators.
    ///
    /// # Errors
    /// [`SignatureRefused::OtherBody`] for a body that is no form and whose hash `url` does not name.
    pub fn sign(&self, url: &str, body: Body<'_>) -> Result<String, SignatureRefused> {
        let parameters = signed_parameters(url, body)?;
        let mac = self.mac(url, &parameters).finalize();
        Ok(STANDARD.encode(mac.into_bytes()))
    }

    fn mac(&self, url: &str, parameters: &str) -> Hmac<Sha1> {
        let mut mac = self.0.clone();
        mac.update(url.as_bytes());
        mac.update(parameters.as_bytes());
        mac
    }
}

/// Without the key.
impl std::fmt::Debug for SignatureKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignatureKey").finish_non_exhaustive()
    }
}

/// What is signed behind the URL.
fn signed_parameters(url: &str, body: Body<'_>) -> Result<String, SignatureRefused> {
    match (body, body_hash(url)) {
        (Body::None, _) | (Body::Raw([]), None) => Ok(String::new()),
        (Body::Form(form), None) => Ok(in_order(form)),
        (Body::Form(bytes) | Body::Raw(bytes), Some(named)) if hex_sha256(bytes) == named => {
            Ok(String::new())
        }
        (Body::Form(_) | Body::Raw(_), _) => Err(SignatureRefused::OtherBody),
    }
}

/// Each name and value without separators, by name; a repeated name with each of its values once,
/// by value. Sorting the pairs does both: no name is sorted by what follows it.
fn in_order(form: &[u8]) -> String {
    let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = form_urlencoded::parse(form).collect();
    pairs.sort_by(|(a, x), (b, y)| code_units(a, b).then_with(|| code_units(x, y)));
    pairs.dedup();
    let mut text = String::with_capacity(form.len());
    for (name, value) in &pairs {
        text.push_str(name);
        text.push_str(value);
    }
    text
}

/// UTF-16 order, which is Twilio's: it differs from that of bytes only beyond U+FFFF.
fn code_units(a: &str, b: &str) -> std::cmp::Ordering {
    if a.is_ascii() && b.is_ascii() {
        a.cmp(b)
    } else {
        a.encode_utf16().cmp(b.encode_utf16())
    }
}

fn body_hash(url: &str) -> Option<Cow<'_, str>> {
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == BODY_HASH)
        .map(|(_, hash)| hash)
}

/// Lower case, as Twilio writes it.
fn hex_sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        write!(hex, "{byte:02x}").expect("invariant: writing to memory does not fail");
    }
    hex
}

#[cfg(test)]
mod tests;
