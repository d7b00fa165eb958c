//! What is common to all that we buy from elsewhere: names for metrics, kinds of failure, and the
//! breaker that keeps calls away from a vendor that is down.

pub mod breaker;

use std::sync::atomic::{AtomicU64, Ordering};

pub use breaker::{Breaker, SharedBreaker};

/// Somebody else's service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vendor {
    DeepgramStt,
    DeepgramTts,
    OpenAi,
    Twilio,
    Google,
    Nhtsa,
}

impl Vendor {
    pub const ALL: [Self; 6] = [
        Self::DeepgramStt,
        Self::DeepgramTts,
        Self::OpenAi,
        Self::Twilio,
        Self::Google,
        Self::Nhtsa,
    ];

    /// The name it has in a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::DeepgramStt => "deepgram_stt",
            Self::DeepgramTts => "deepgram_tts",
            Self::OpenAi => "openai",
            Self::Twilio => "twilio",
            Self::Google => "google",
            Self::Nhtsa => "nhtsa",
        }
    }
}

/// How a vendor failed us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorErrorKind {
    /// No connection: refused, unreachable, a failed TLS handshake.
    Connect,
    /// It does not know our key, or does not allow it this.
    Unauthorized,
    /// Too much asked at once; may be asked again later.
    RateLimited,
    /// Paid-for quota is used up: asking again is of no use.
    Quota,
    /// Another refusal of the request (4xx).
    Refused,
    /// It said that it failed (5xx, an error message).
    Failed,
    /// A deadline of ours passed.
    TimedOut,
    /// The connection ended before its answer did.
    Dropped,
    /// An answer that is not what the protocol allows.
    Garbage,
}

impl VendorErrorKind {
    pub const ALL: [Self; 9] = [
        Self::Connect,
        Self::Unauthorized,
        Self::RateLimited,
        Self::Quota,
        Self::Refused,
        Self::Failed,
        Self::TimedOut,
        Self::Dropped,
        Self::Garbage,
    ];

    /// What an HTTP status that is no success says, where its body says nothing more precise.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::Unauthorized,
            402 => Self::Quota,
            408 | 504 => Self::TimedOut,
            429 => Self::RateLimited,
            500.. => Self::Failed,
            _ => Self::Refused,
        }
    }

    /// The name it has in a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Unauthorized => "unauthorized",
            Self::RateLimited => "rate_limited",
            Self::Quota => "quota",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Dropped => "dropped",
            Self::Garbage => "garbage",
        }
    }
}

/// Failures counted by vendor and kind. Relaxed: each count stands for itself.
#[derive(Debug, Default)]
pub struct VendorErrors([[AtomicU64; VendorErrorKind::ALL.len()]; Vendor::ALL.len()]);

impl VendorErrors {
    pub fn count(&self, vendor: Vendor, kind: VendorErrorKind) {
        self.0[vendor as usize][kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    #[must_use]
    pub fn count_of(&self, vendor: Vendor, kind: VendorErrorKind) -> u64 {
        self.0[vendor as usize][kind as usize].load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendor_and_kind_has_a_place_of_its_own() {
        let errors = VendorErrors::default();
        for vendor in Vendor::ALL {
            for kind in VendorErrorKind::ALL {
                assert_eq!(errors.count_of(vendor, kind), 0);
                errors.count(vendor, kind);
                assert_eq!(errors.count_of(vendor, kind), 1);
            }
        }
    }
}
