//! How a request to Twilio fails.

use pipeline::vendor::VendorErrorKind;

/// Why Twilio did not do what was asked. Without anything personal: Twilio's own words quote
/// numbers, its codes do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    #[error("Twilio cannot be reached")]
    Connect,
    #[error("Twilio did not answer in time")]
    TimedOut,
    #[error("Twilio's connection ended before its answer")]
    Dropped,
    #[error(
        "Twilio does not accept our credentials (HTTP {status}, code {code}); check \
         TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or the API key and its secret"
    )]
    Unauthorized { status: u16, code: u32 },
    /// Also a call that is over and cannot be changed.
    #[error("Twilio knows no such resource")]
    NotFound,
    #[error("Twilio is asked too much at once (code {code})")]
    RateLimited { code: u32 },
    /// Nothing may be sent to this number, until its owner says otherwise.
    #[error("the recipient has opted out of messages (code {OPTED_OUT})")]
    OptedOut,
    #[error("Twilio refused the request (HTTP {status}, code {code})")]
    Refused { status: u16, code: u32 },
    #[error("Twilio failed (HTTP {status}, code {code})")]
    Failed { status: u16, code: u32 },
    #[error("Twilio's answer is not what its API allows: {0}")]
    Garbage(&'static str),
    /// Ours: nothing was sent.
    #[error("{field}: longer than Twilio takes")]
    TooLong { field: &'static str },
}

const OPTED_OUT: u32 = 21_610;
/// "Too many concurrent requests", whatever the HTTP status.
const TOO_MANY: u32 = 20_429;
/// "Resource not found": an unknown one, or a call that is over.
const NOT_FOUND: u32 = 20_404;

impl RestError {
    /// From an HTTP status that is no success and Twilio's own code, 0 where it gave none.
    pub(super) fn of(status: u16, code: u32) -> Self {
        match (status, code) {
            (_, OPTED_OUT) => Self::OptedOut,
            (429, _) | (_, TOO_MANY) => Self::RateLimited { code },
            (404, _) | (_, NOT_FOUND) => Self::NotFound,
            (401 | 403, _) => Self::Unauthorized { status, code },
            (408, _) => Self::TimedOut,
            (500.., _) => Self::Failed { status, code },
            _ => Self::Refused { status, code },
        }
    }

    /// Whether Twilio may have done what was asked all the same.
    #[must_use]
    pub fn may_be_processed(&self) -> bool {
        match self {
            Self::TimedOut | Self::Dropped | Self::Failed { .. } | Self::Garbage(_) => true,
            Self::Connect
            | Self::Unauthorized { .. }
            | Self::NotFound
            | Self::RateLimited { .. }
            | Self::OptedOut
            | Self::Refused { .. }
            | Self::TooLong { .. } => false,
        }
    }

    /// Whether the same request may do better in a moment.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Connect
                | Self::TimedOut
                | Self::Dropped
                | Self::RateLimited { .. }
                | Self::Failed { .. }
        )
    }

    /// How it counts against the vendor; not at all where the vendor did nothing wrong.
    pub(super) fn kind(self) -> Option<VendorErrorKind> {
        Some(match self {
            Self::Connect => VendorErrorKind::Connect,
            Self::TimedOut => VendorErrorKind::TimedOut,
            Self::Dropped => VendorErrorKind::Dropped,
            Self::Unauthorized { .. } => VendorErrorKind::Unauthorized,
            Self::RateLimited { .. } => VendorErrorKind::RateLimited,
            Self::OptedOut | Self::Refused { .. } => VendorErrorKind::Refused,
            Self::Failed { .. } => VendorErrorKind::Failed,
            Self::Garbage(_) => VendorErrorKind::Garbage,
            Self::NotFound | Self::TooLong { .. } => return None,
        })
    }
}
