//! How a request to Google fails.

use std::time::Duration;

use pipeline::vendor::VendorErrorKind;

/// Why Google did not do what was asked. Without anything personal: Google's own words quote
/// calendars, its reasons do not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    #[error("Google cannot be reached")]
    Connect,
    #[error("Google did not answer in time")]
    TimedOut,
    #[error("Google's connection ended before its answer")]
    Dropped,
    /// For good: nothing is gained by asking again.
    #[error(
        "Google no longer gives tokens for our credentials ({reason}); renew GOOGLE_REFRESH_TOKEN, \
         or the key in GOOGLE_SERVICE_ACCOUNT, and check this machine's clock"
    )]
    Revoked { reason: String },
    #[error("Google does not take the token it gave us")]
    Unauthorized,
    #[error(
        "Google does not allow us this ({reason}); share the calendar in GOOGLE_CALENDAR_ID with our \
         account, with the right to change events"
    )]
    Forbidden { reason: String },
    #[error(
        "Google knows no such calendar; correct GOOGLE_CALENDAR_ID, or share it with our account"
    )]
    NoSuchCalendar,
    #[error("Google knows no such event")]
    NotFound,
    #[error("Google has an event under this id, or had one")]
    Exists,
    #[error("the event is no longer what we wrote")]
    Changed,
    #[error("Google is asked too much at once")]
    RateLimited { retry_after: Option<Duration> },
    #[error("Google failed (HTTP {status})")]
    Failed { status: u16 },
    #[error("Google refused the request (HTTP {status}, {reason})")]
    Refused { status: u16, reason: String },
    #[error("Google's answer is not what its API allows: {0}")]
    Garbage(&'static str),
}

impl CalendarError {
    /// Whether the same request may do better in a moment.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect
            | Self::TimedOut
            | Self::Dropped
            | Self::RateLimited { .. }
            | Self::Failed { .. }
            | Self::Garbage(_) => true,
            Self::Revoked { .. }
            | Self::Unauthorized
            | Self::Forbidden { .. }
            | Self::NoSuchCalendar
            | Self::NotFound
            | Self::Exists
            | Self::Changed
            | Self::Refused { .. } => false,
        }
    }

    /// Whether it is about our account or the calendar, and so the same for whatever is asked.
    #[must_use]
    pub fn is_the_accounts(&self) -> bool {
        matches!(
            self,
            Self::Revoked { .. }
                | Self::Unauthorized
                | Self::Forbidden { .. }
                | Self::NoSuchCalendar
        )
    }

    /// How it counts against the vendor; not at all where the vendor did nothing wrong.
    #[must_use]
    pub fn kind(&self) -> Option<VendorErrorKind> {
        Some(match self {
            Self::Connect => VendorErrorKind::Connect,
            Self::TimedOut => VendorErrorKind::TimedOut,
            Self::Dropped => VendorErrorKind::Dropped,
            Self::Revoked { .. } | Self::Unauthorized | Self::Forbidden { .. } => {
                VendorErrorKind::Unauthorized
            }
            Self::RateLimited { .. } => VendorErrorKind::RateLimited,
            Self::NoSuchCalendar | Self::Refused { .. } => VendorErrorKind::Refused,
            Self::Failed { .. } => VendorErrorKind::Failed,
            Self::Garbage(_) => VendorErrorKind::Garbage,
            Self::NotFound | Self::Exists | Self::Changed => return None,
        })
    }
}
