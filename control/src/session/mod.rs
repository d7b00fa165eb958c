//! One task per call: between the data plane, the dialogue, the tools and the call log.
//!
//! A call is *announced* by its webhook, *live* from its media stream's `start`, and *ended* by
//! whoever ends it ([`Calls`]). While it is live, its task ([`Sessions::start`]) carries events to
//! the pure `conversation` and does what comes out of it. Whatever happens, a panic included, the
//! call's log is closed and the telephone network is told what to do with the caller.

mod clock;
mod conversation;
pub(crate) mod elsewhere;
mod ending;
mod holding;
mod journal;
mod log;
mod media;
mod orphans;
mod record;
mod recorded;
mod registry;
mod replay;
#[cfg(test)]
mod scenes;
mod sessions;
mod shedding;
mod speaking;
mod task;
mod telling;
mod turn;
mod unsaved;

pub use ending::{Ending, nobody_there};
pub use journal::{Journal, Noted};
pub use media::{Admission, Carrier, Gate, Media};
pub use orphans::{Company, close_orphans, keep_closing_orphans};
pub use registry::{
    Begun, Calls, Census, NotAnnounced, NotAsked, NotBegun, NotReturned, Occasion, Parties,
    Purpose, Request,
};
pub use replay::{Difference, Replayed, replay};
pub use sessions::{MakeBrain, Sessions, SessionsConfig};
pub use unsaved::Unsaved;

use crate::dialogue::clauses;

/// The clauses that every call in this language may hold, as they are handed to a synthesiser.
#[must_use]
pub fn fixed_clauses(language: storage::Language, locations: &storage::Locations) -> Vec<String> {
    let speak_it = |location: &&std::sync::Arc<storage::Location>| location.spoken.has(language);
    let phrases = locations
        .iter()
        .filter(speak_it)
        .flat_map(|location| crate::dialogue::fixed_phrases(language, location));
    let mut clauses: Vec<String> = Vec::new();
    for clause in phrases.flat_map(|phrase| clauses::split(&phrase)) {
        if !clauses.contains(&clause) {
            clauses.push(clause);
        }
    }
    clauses
}
