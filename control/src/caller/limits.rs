//! Bounds and rhythms of the simulated caller.

use std::time::Duration;

use dsp::level::Dbfs;

/// Twilio gives a webhook about this long.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);

/// Opening the media stream.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// TwiML documents followed in one call before it counts as a loop.
pub const MAX_DOCUMENTS: usize = 10;

/// Largest TwiML document, in bytes (Twilio's own limit for one).
pub const MAX_TWIML_BYTES: usize = 64 * 1024;

/// Largest message taken from the agent, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// How long we wait for the agent's side to finish the WebSocket closing handshake.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A call never lasts longer than this, whatever the agent does.
pub const MAX_CALL: Duration = Duration::from_secs(15 * 60);

/// How long the line must have been quiet before the caller answers, where the feed says that the
/// agent has finished. People take about this long.
pub const ANSWER_AFTER: Duration = Duration::from_millis(300);

/// The same where there is no feed and only silence tells that the agent has finished: longer than
/// the pause between an agent's sentences.
pub const ANSWER_AFTER_WITHOUT_FEED: Duration = Duration::from_millis(1_000);

/// An agent that asks nothing for this long gets the next plain line of the script, if any.
pub const SPEAK_UNASKED_AFTER: Duration = Duration::from_secs(5);

/// With nothing left to say, the caller hangs up after this much silence.
pub const HANG_UP_AFTER: Duration = Duration::from_secs(10);

/// The same question is answered this often at most; then the caller gives up and hangs up.
pub const MAX_ANSWERS: usize = 6;

/// The same line is repeated this often in a row at most where the agent does not understand it.
pub const MAX_REPEATS: usize = 4;

/// Longest script, in bytes.
pub const MAX_SCRIPT_BYTES: usize = 64 * 1024;

/// Longest WAV file to speak, in bytes.
pub const MAX_WAV_BYTES: usize = 64 * 1024 * 1024;

/// A frame at or above this level is audible: well above mu-law's own noise, well below speech.
pub const AUDIBLE: Dbfs = Dbfs(-44.0);

/// A frame at or above this level is a sound, if a faint one. Speech that becomes audible is timed
/// from the first of the faint frames that lead up to it: an agent may react to those already.
pub const FAINT: Dbfs = Dbfs(-60.0);

/// A pause shorter than this does not end the caller's speech.
pub const WORD_GAP: Duration = Duration::from_millis(500);

/// Lines of the live feed that wait for the caller to read them.
pub const FEED_QUEUE: usize = 256;

/// An agent that takes no byte for this long is gone.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the agent may take to sum up a call that is over.
pub const FEED_DRAIN: Duration = Duration::from_secs(2);
