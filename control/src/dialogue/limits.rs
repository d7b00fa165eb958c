//! Bounds of the dialogue, per call.

/// Turns in a row that are not understood before the caller is handed to a human: the first is
/// answered with a hint, the second with another way to answer, the third with a human.
pub const MISSES: u8 = 3;

/// Searches for an account, by number and then by name, before a human has to find it.
pub const LOOKUP_MISSES: u8 = 2;

/// Free times offered at once: more are forgotten before they are chosen from.
pub const OFFERED_TIMES: usize = 3;

/// Appointments read out at once.
pub const READ_OUT_APPOINTMENTS: usize = 4;

/// Digits of a telephone number, and of a date of birth typed as month, day and year.
pub const PHONE_KEYS: usize = 10;
pub const BIRTH_DATE_KEYS: usize = 8;

/// Days that a wish such as "any afternoon" is searched for.
pub const SEARCH_DAYS: i64 = 14;
