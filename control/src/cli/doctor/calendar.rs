//! Whether the calendar opens, and whether it agrees with the book.

use std::sync::Arc;

use jiff::SignedDuration;
use storage::slots::Interval;
use storage::{Address, Store, migrations};
use tokio::time::timeout;

use super::Finding::{self, Broken, Weak, Well};
use crate::calendar::reconcile;
use crate::calendar::{CalendarError, Google, GoogleAccount};
use crate::clock::BusinessClock;
use crate::config::Config;
use crate::limits::CALENDAR_PROBE;
use crate::observe::Metrics;
use crate::server;

pub(super) async fn check(config: &Config, clock: BusinessClock) -> Finding {
    let Some(account) = &config.google else {
        return Well(
            "not used: neither GOOGLE_REFRESH_TOKEN nor GOOGLE_SERVICE_ACCOUNT is set".to_owned(),
        );
    };
    match timeout(CALENDAR_PROBE, found(config, account.clone(), clock)).await {
        Ok(finding) => finding,
        Err(_) => Broken {
            what: CalendarError::TimedOut.to_string(),
            remedy: "check GOOGLE_API_URL, GOOGLE_TOKEN_URL and the network".into(),
        },
    }
}

async fn found(config: &Config, account: GoogleAccount, clock: BusinessClock) -> Finding {
    let data_plane = Arc::<pipeline::metrics::Metrics>::default();
    let metrics = Arc::new(Metrics::new(Arc::clone(&data_plane)));
    let google = Google::new(account, metrics, data_plane);
    let now = clock.now();
    let today = Interval {
        starts_at: now,
        ends_at: now + SignedDuration::from_hours(24),
    };
    let busy = match google.free_busy(today).await {
        Ok(busy) => busy.len(),
        Err(error) => {
            return Broken {
                remedy: remedy(&error).into(),
                what: error.to_string(),
            };
        }
    };
    let opens = format!(
        "{} opens, {busy} busy times in the next 24 hours",
        google.calendar()
    );
    let Ok(locations) = server::locations(config) else {
        return Well(opens);
    };
    // What others may be using is not changed by a look at it.
    if let Address::Postgres(_) = config.database
        && !migrations::pending(&config.database)
            .await
            .is_ok_and(|missing| missing.is_empty())
    {
        return Well(opens);
    }
    // Said of the database itself, where it cannot be opened.
    let Ok(store) = Store::open(&config.database).await else {
        return Well(opens);
    };
    let agreement = agreement(&google, &store, &locations, now).await;
    store.backend.close().await;
    match agreement {
        Ok((what, true)) => Well(format!("{opens}; {what}")),
        Ok((what, false)) => Weak {
            what: format!("{opens}; {what}"),
            remedy:
                "`otto serve` corrects what is missing, changed or left over when it starts and \
                     every hour; delete by hand what belongs to no booking"
                    .into(),
        },
        Err(error) => Broken {
            what: format!("{opens}, but it cannot be compared with the book: {error}"),
            remedy: "give the account the right to see all details of events".into(),
        },
    }
}

/// What differs, in words, and whether nothing does.
async fn agreement(
    google: &Google,
    store: &Store,
    locations: &storage::Locations,
    now: jiff::Timestamp,
) -> Result<(String, bool), crate::calendar::carry::CarryError> {
    let drift = reconcile::drift(google, store, locations, now).await?;
    let depth = store.calendar.depth().await?;
    let letters = store.calendar.dead_letters().await?;
    let mut said = if drift.is_none() {
        "it agrees with the book".to_owned()
    } else {
        drift.to_string()
    };
    if depth.pending > 0 {
        said += &format!(", {} changes wait to be carried over", depth.pending);
    }
    if depth.dead > 0 {
        said += &format!(", {} were given up", depth.dead);
    }
    if let Some(letter) = letters.first() {
        let why = letter
            .last_error
            .as_deref()
            .unwrap_or("for no known reason");
        said += &format!(" (the latest, appointment {}: {why})", letter.appointment.0);
    }
    Ok((said, drift.is_none() && depth.dead == 0))
}

fn remedy(error: &CalendarError) -> &'static str {
    match error {
        CalendarError::Connect | CalendarError::TimedOut | CalendarError::Dropped => {
            "check GOOGLE_API_URL, GOOGLE_TOKEN_URL, the network and its name service"
        }
        CalendarError::RateLimited { .. } | CalendarError::Failed { .. } => {
            "the vendor has trouble of its own; try again later"
        }
        CalendarError::Garbage(_) => {
            "check GOOGLE_API_URL and GOOGLE_TOKEN_URL: something else answers there"
        }
        CalendarError::Revoked { .. }
        | CalendarError::Unauthorized
        | CalendarError::Forbidden { .. }
        | CalendarError::NoSuchCalendar
        | CalendarError::NotFound
        | CalendarError::Exists
        | CalendarError::Changed
        | CalendarError::Refused { .. } => "correct the GOOGLE_ keys, or unset them all",
    }
}
