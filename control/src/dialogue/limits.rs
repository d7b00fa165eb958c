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

/// Digits of a telephone number, behind the country's own one where that is typed.
pub const PHONE_KEYS: usize = 10;

/// Digits of a date of birth typed as month, day and year.
pub const BIRTH_DATE_KEYS: usize = 8;

/// Days that a wish such as "any afternoon" is searched for.
pub const SEARCH_DAYS: i64 = 14;

/// Rounds of tools in one answer of a language model; then the rules go on.
pub const TOOL_ROUNDS: u8 = 6;

/// What a language model is told of the conversation, in tokens. When there is more, the older
/// half of it is left out, so that the beginning of the request stays the same for many turns.
pub const HISTORY_TOKENS: usize = 6_000;

/// Letters of English text that make a token, about.
pub const LETTERS_PER_TOKEN: usize = 4;

/// Letters of one tool's answer that a language model is told.
pub const TOOL_ANSWER_LETTERS: usize = 6_000;

/// Days whose dates a language model is told, since it counts them badly.
pub const NAMED_DAYS: i64 = 14;
