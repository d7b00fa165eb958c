//! Bounds of the tools, per call.

use std::time::Duration;

use jiff::SignedDuration;

/// Wrong answers to the verification question before only a human can help.
pub const VERIFICATION_FAILURES: u8 = 3;

/// Accounts that one call may look for, by number or by name: a telephone is not a directory.
pub const LOOKUPS_PER_CALL: u8 = 8;

/// Free times named when the wanted one is not free.
pub const ALTERNATIVES: usize = 3;

/// A vehicle that comes twice for the same service within so long is asked about.
pub const SAME_SERVICE_WITHIN: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Times that are held for one caller at once.
pub const OFFERED_AT_ONCE: usize = 3;

/// How long a time is held for a caller who says nothing more of it.
pub const HOLD_LIFE: Duration = Duration::from_secs(120);

/// Days searched forward for free times where the wanted day has none.
pub const ALTERNATIVE_DAYS: i64 = 14;

/// Accounts of one name that a date of birth may tell apart.
pub const NAMESAKES: usize = 5;

/// Letters of a part of a name, of a make or a model.
pub const NAME_LETTERS: usize = 100;

/// Letters of an e-mail address.
pub const EMAIL_LETTERS: usize = 254;

/// Letters of a note for the workshop.
pub const NOTES_LETTERS: usize = 1_000;

/// Letters of a wrong argument that are repeated to whoever wrote it.
pub const QUOTED_LETTERS: usize = 64;

/// Bookings that one call may make.
pub const BOOKINGS_PER_CALL: usize = 10;

/// Names of arguments that are known to whoever reads refusals back, and the longest.
pub const MAX_FIELD_NAMES: usize = 256;
pub const MAX_FIELD_NAME_BYTES: usize = 64;
