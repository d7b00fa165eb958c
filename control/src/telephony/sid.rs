//! A call's name.

use std::sync::Arc;

/// Twilio's name for one call, such as `CA` and 32 hexadecimal digits.
///
/// It comes from a peer and goes into logs, paths and database rows, so it is held to letters,
/// digits, `-` and `_`; simulators may use shorter names than Twilio's. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallSid(Arc<str>);

const MAX_BYTES: usize = 64;

impl CallSid {
    /// # Errors
    /// [`InvalidCallSid`] unless it is 1 to 64 letters, digits, `-` or `_`.
    pub fn parse(text: &str) -> Result<Self, InvalidCallSid> {
        let fits = (1..=MAX_BYTES).contains(&text.len());
        let clean = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if fits && text.bytes().all(clean) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidCallSid)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for CallSid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("CallSid: expected 1 to 64 letters, digits, - or _, such as Twilio sends")]
pub struct InvalidCallSid;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_pass() {
        assert!(CallSid::parse("CA0123456789abcdef0123456789abcdef").is_ok());
        assert!(CallSid::parse("CA-demo_1").is_ok());
        for bad in ["", "a b", "CA\n1", "../CA1", "CA\"1", &"x".repeat(65)] {
            assert!(CallSid::parse(bad).is_err(), "{bad:?}");
        }
    }
}
