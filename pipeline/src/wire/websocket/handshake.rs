//! The opening handshake's only computation (RFC 6455 section 4.2.2).

use base64_simd::STANDARD;
use sha1::{Digest, Sha1};

/// Appended to the key before hashing, so that only a WebSocket server answers as one.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A nonce's length in bytes, before base64 (section 4.1).
const NONCE_BYTES: usize = 16;

/// The client's `Sec-WebSocket-Key` is not the base64 of 16 bytes. Answer 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Sec-WebSocket-Key is not the base64 of 16 bytes; send a fresh random nonce")]
pub struct BadKey;

/// The `Sec-WebSocket-Accept` value that answers a `Sec-WebSocket-Key`.
///
/// # Errors
/// When the key is not the base64 of 16 bytes.
pub fn accept_key(key: &[u8]) -> Result<String, BadKey> {
    let key = key.trim_ascii();
    let is_nonce = STANDARD
        .decoded_length(key)
        .is_ok_and(|len| len == NONCE_BYTES);
    if !is_nonce || STANDARD.check(key).is_err() {
        return Err(BadKey);
    }
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    Ok(STANDARD.encode_to_string(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_rfc_gets_the_answer_of_the_rfc() {
        assert_eq!(
            accept_key(b"dGhlIHNhbXBsZSBub25jZQ==").as_deref(),
            Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        );
    }

    #[test]
    fn a_key_of_another_length_or_alphabet_is_refused() {
        for key in [
            "",
            "dGhlIHNhbXBsZQ==",
            "dGhlIHNhbXBsZSBub25j!Q==",
            "dGhlIHNhbXBsZSBub25jZQ",
        ] {
            assert_eq!(accept_key(key.as_bytes()), Err(BadKey), "{key}");
        }
    }
}
