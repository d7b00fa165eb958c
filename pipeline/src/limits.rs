//! Every bound of the data plane: queues, buffers, deadlines, and how they hang together.

use std::time::Duration;

use dsp::{FRAME_SAMPLES, Samples};

use crate::message::Expectation;

// ---- the voice thread ------------------------------------------------------

/// Each call is paced this often.
pub const TICK: Duration = Duration::from_millis(10);

/// A tick's calls are spread over this many moments, so that they do not all send at once.
pub const TICK_PHASES: usize = 5;

/// Reads of one socket per turn of the loop; the next call's turn comes before the rest is read.
pub const READS_PER_TURN: usize = 4;

/// One call's read buffer, and so what may be handed over undecoded with a caller's socket.
pub const READ_BUFFER_BYTES: usize = crate::wire::limits::RECEIVE_BUFFER_BYTES;

/// One call's write buffer. Media waits in its ring while an earlier message is unsent, so this
/// holds at most one media message, its mark, a `clear`, a pong and a close.
pub const WRITE_BUFFER_BYTES: usize = 4 * 1024;

/// The longest stream id we take over; Twilio's have 34 characters. It is in every message we send.
pub const STREAM_SID_BYTES: usize = 128;

/// A socket that takes no byte for so long is given up.
pub const SOCKET_STALL: Duration = Duration::from_secs(2);

/// A far end that sends nothing at all for so long is gone without a word: a carrier sends media
/// every 20 ms for as long as the stream is up.
pub const CALLER_SILENT: Duration = Duration::from_secs(30);

/// How long the peer may take to answer our WebSocket close.
pub const CLOSE_HANDSHAKE: Duration = Duration::from_millis(500);

/// How long a peer that broke the protocol may take to come to our close: it is behind all that the
/// peer was still sending, and a socket that is closed over unread bytes is reset, close and all.
pub const CLOSE_DRAIN: Duration = Duration::from_secs(3);

/// A voice thread that has not turned for so long is stalled: counted, and given new calls only
/// where no other thread has room.
pub const VOICE_STALL: Duration = Duration::from_millis(200);

/// A voice thread that has not turned for so long is given none: whoever calls is better off
/// elsewhere than unanswered here.
pub const VOICE_STUCK: Duration = Duration::from_secs(2);

/// How often the net thread looks whether its voice thread still turns.
pub const WATCHDOG_PERIOD: Duration = Duration::from_millis(100);

// ---- between the threads ---------------------------------------------------

/// Caller audio on its way to the net thread: 5.12 s. A network that stood still for a few seconds
/// delivers all of it in one burst, which is taken in before the net thread's next turn.
pub const STT_RING_FRAMES: usize = 256;

/// Agent audio on its way to the caller: 2.56 s. Where it is full the synthesiser waits.
pub const TTS_RING_FRAMES: usize = 128;

/// The voice thread asks for more agent audio when the ring has drained to this.
pub const TTS_RING_LOW_FRAMES: usize = TTS_RING_FRAMES / 2;

/// Facts in flight between the threads, for each call a shard can hold. Sized so that full is our
/// bug: a call in speech makes 50 a second, so this lasts for more than a second of stall.
pub const FACTS_PER_CALL: usize = 64;

/// In silence the net thread hears of caller audio only every so many frames.
pub const QUIET_BATCH_FRAMES: u64 = 5;

// ---- the net thread --------------------------------------------------------

/// How much of the caller's audio before the first voiced frame belongs to the turn.
pub const LOOK_BACK: Samples = Samples::from_ms(300);

/// Audio held back in silence, so that the look-back follows the news of speech: the look-back,
/// and the three frames that the detector may take to be sure.
pub const HELD_BACK: Samples = Samples::from_ms(LOOK_BACK.as_ms() + 60);

/// Facts and endings that wait for one call's relay. It never waits for anybody, so full is our bug.
pub const RELAY_QUEUE: usize = 512;

/// Caller audio kept for a recogniser that does not take it; then the oldest is dropped.
pub const STT_BACKLOG: Samples = Samples::from_ms(30_000);

/// Messages in a recogniser's or synthesiser's channel, either way.
pub const EDGE_CHANNEL: usize = 32;

/// Clauses kept for a synthesiser that does not take them; more are refused.
pub const TTS_BACKLOG_CLAUSES: usize = 64;

/// How long the edges of an ended call may take to finish by themselves.
pub const EDGE_GRACE: Duration = Duration::from_millis(500);

/// How long a hang-up waits for the synthesiser to deliver what is still to be said.
pub const HANG_UP_PATIENCE: Duration = Duration::from_secs(20);

// ---- vendors ---------------------------------------------------------------

/// Failures in a row after which a vendor is left alone.
pub const BREAKER_FAILURES: u32 = 3;

/// For how long, the first time; doubled with each trial that fails, up to the second bound.
pub const BREAKER_REST: Duration = Duration::from_secs(2);
pub const BREAKER_REST_MAX: Duration = Duration::from_secs(30);

/// A trial of which nothing was heard for so long makes room for another.
pub const BREAKER_TRIAL: Duration = Duration::from_secs(10);

/// A WebSocket to a vendor: from the first byte to the completed upgrade.
pub const VENDOR_CONNECT: Duration = Duration::from_secs(2);

/// Read buffer of a vendor's WebSocket. The library's own default of 128 KiB is allocated for each
/// call and costs a fifth of its processor time.
pub const VENDOR_READ_BUFFER_BYTES: usize = 8 * 1024;

/// The largest message a vendor may send: a second of speech has 8,000 bytes.
pub const VENDOR_MESSAGE_BYTES: usize = 256 * 1024;

/// Bytes that may wait for a vendor that does not read.
pub const VENDOR_WRITE_BACKLOG_BYTES: usize = 256 * 1024;

// ---- a vendor's synthesiser ------------------------------------------------

/// How long words wait for a socket that is being opened.
pub const TTS_OPEN: Duration = Duration::from_secs(1);

/// From words that are to be spoken now to their first audio, of any speaker.
pub const TTS_FIRST_AUDIO: Duration = Duration::from_millis(1_200);

/// Between two chunks of audio, and from the last one to the word that it was the last.
pub const TTS_NEXT_AUDIO: Duration = Duration::from_secs(1);

/// From a clear to the word that all older audio was sent.
pub const TTS_CLEARED: Duration = Duration::from_secs(1);

/// What Deepgram takes of one connection: so many flushes and characters in any minute. A second
/// is for our clock and the line being another's.
pub const TTS_WINDOW: Duration = Duration::from_secs(61);
pub const TTS_FLUSHES: usize = 20;
pub const TTS_CHARACTERS: u32 = 2_400;

/// With no more flushes left than this, only the first clause of an utterance and its end are
/// flushed...
pub const TTS_FLUSHES_COMFORTABLE: usize = 8;

/// ...and with no more than this, only its end.
pub const TTS_FLUSHES_NEARLY_GONE: usize = 3;

/// With less than this to be played, words are flushed that would rather wait for the rest of
/// their sentence: about what the vendor needs for its first audio.
pub const TTS_RUNNING_DRY: Duration = Duration::from_millis(400);

/// Text spoken in one piece, in bytes; a longer clause is cut into pieces. No speaker takes less.
pub const TTS_PIECE_BYTES: usize = 900;

/// Pieces kept for the speakers; an utterance beyond them fails.
pub const TTS_PIECES: usize = 256;

/// Audio for one letter, where a speaker that sends more has lost its mind.
pub const TTS_LETTER_MAX: Samples = Samples::from_ms(1_000);

/// Fixed phrases that are kept as audio, and the longest of them in bytes (30 s).
pub const PHRASES: usize = 512;
pub const PHRASE_BYTES: usize = 240_000;

/// One fixed phrase, from asking for it to the last of its audio.
pub const PHRASE_PATIENCE: Duration = Duration::from_secs(20);

/// After a vendor has failed to make the fixed phrases, it is asked again so much later; doubled
/// each time, up to the second bound.
pub const PHRASES_RETRY: Duration = Duration::from_secs(2);
pub const PHRASES_RETRY_MAX: Duration = Duration::from_secs(120);

// ---- a vendor's recogniser --------------------------------------------------

/// From the end of a turn, or from a connection that is to hear it again, to its words; then words
/// that might have changed are taken as they are.
pub const STT_ANSWER: Duration = Duration::from_millis(800);

/// A recogniser that is behind, but says something, gets so much longer each time...
pub const STT_ANSWER_MORE: Duration = Duration::from_millis(200);

/// ...where it was heard of within this.
pub const STT_ALIVE: Duration = Duration::from_secs(1);

/// From the end of a turn to the admission that its words are lost.
pub const STT_GIVE_UP: Duration = Duration::from_secs(4);

/// How long the engine on this machine may take for a turn that the vendor did not answer.
pub const STT_FALLBACK: Duration = Duration::from_secs(3);

/// A connection that is given speech for so long and says nothing is dropped.
pub const STT_STALL: Duration = Duration::from_secs(3);

/// How long before a recogniser tells of them words may begin whose times it does not give.
pub const STT_UNTIMED_WORDS: Samples = Samples::from_ms(1_000);

/// A shorter voice over the agent's echo was none.
pub const STT_SHORTEST_WORD: Samples = Samples::from_ms(120);

/// A pause of the agent's that its echo goes on after.
pub const STT_ECHO_GAP: Samples = Samples::from_ms(400);

/// Words that nobody's turn claims, and after which no others come, are given after this.
pub const STT_STALE_WORDS: Duration = Duration::from_millis(1_500);

/// The same in the caller's audio: for so long after the last word the recogniser found none,
/// whatever the line's noise looks like.
pub const STT_WORDLESS: Samples = Samples::from_ms(2_000);

/// Where the recogniser's and the detector's ideas of where speech ends differ by no more, they
/// mean the same.
pub const STT_SAME_END: Samples = Samples::from_ms(100);

/// How far back the detector may find the beginning of speech in audio that it had before.
pub const STT_DETECTOR: Samples = Samples::from_ms(60);

/// A shorter turn may have been no word at all.
pub const STT_COUGH: Samples = Samples::from_ms(600);

/// Audio kept for another connection while nobody speaks.
pub const STT_IDLE_REPLAY: Samples = Samples::from_ms(3_000);

/// The largest message of audio, which only a replay fills.
pub const STT_CHUNK: Samples = Samples::from_ms(200);

/// What Flux wants its audio cut into.
pub const STT_FLUX_CHUNK: Samples = Samples::from_ms(80);

/// Without audio for so long, a v1 connection is told that we are still there.
pub const STT_KEEP_ALIVE: Duration = Duration::from_secs(4);

/// Without audio for so long, Flux is given as much silence.
pub const STT_FLUX_QUIET: Duration = Duration::from_millis(400);

/// Breaks in the audio of one connection that are remembered, and as many echoes and stretches of
/// voice: more than its words can still be about.
pub const STT_STRETCHES: usize = 64;

/// Words of one turn; further ones are dropped.
pub const STT_TURN_TEXT_BYTES: usize = 16 * 1024;

/// Failed attempts to connect in a row after which the vendor counts as away for this call.
pub const STT_REDIALS: u32 = 3;

/// Between attempts to connect: at first, at most, and after a refusal that will not change soon.
pub const STT_REDIAL: Duration = Duration::from_millis(100);
pub const STT_REDIAL_MAX: Duration = Duration::from_secs(5);
pub const STT_REDIAL_REFUSED: Duration = Duration::from_secs(30);

/// How often deadlines are looked at while a socket takes nothing.
pub const STT_BLOCKED: Duration = Duration::from_millis(100);

/// How long the goodbye of a call's connection may take.
pub const STT_GOODBYE: Duration = Duration::from_millis(200);

// ---- towards the control plane ---------------------------------------------

/// Commands of one call that wait for the net thread.
pub const COMMANDS: usize = 64;

/// Of these, kept free for commands that silence or end a call.
pub const RESERVED_COMMANDS: usize = 8;

/// Events of one call that wait for its session; further ones are counted and dropped.
pub const EVENTS: usize = 1_024;

// ---- playout ---------------------------------------------------------------

/// How far ahead of the caller's ear audio is sent: what a barge-in has to clear at most.
pub const SEND_HORIZON: Duration = Duration::from_millis(200);

/// The reference of the echo canceller holds so many samples, what is sent ahead included: a second.
pub const REFERENCE_SAMPLES: usize = 8_192;

/// Arrivals of the caller's frames by which their place on the clock is checked: five seconds.
pub const ARRIVAL_WINDOW_FRAMES: u32 = 250;

/// The caller's media may lie so far from where it was believed to: 5 ms. Moving it costs the
/// canceller what it knows.
pub const ARRIVAL_DRIFT: Samples = Samples::from_ms(5);

/// A steady answer leaves in messages of this many frames (and one mark each).
pub const MESSAGE_FRAMES: usize = 5;

/// Bytes of the largest media message's audio.
pub const MESSAGE_BYTES: usize = MESSAGE_FRAMES * FRAME_SAMPLES;

/// With less than this ahead of the caller's ear a part message is sent rather than waited for.
pub const LOW_WATER: Duration = Duration::from_millis(60);

/// Marks that may be on their way; the oldest is given up for a newer one.
pub const MARKS_OUTSTANDING: usize = 64;

/// A mark that is so late says that the far end does not play as the playout clock thinks; for
/// what was heard, only marks count then. After as long again the mark is taken for lost, and its
/// audio for heard.
pub const MARK_OVERDUE: Duration = Duration::from_millis(500);

// ---- interruptions ---------------------------------------------------------

/// A caller who has been voiced for so long, for certain, has the floor whatever the words are: no
/// cough and no "uh-huh" lasts this long. An answer that was held back is retired then, too.
pub const SUSTAINED_SPEECH: Samples = Samples::from_ms(600);

/// A sound of which it is not certain by then that it is a voice interrupts nobody any longer.
pub const DUCK_UNSURE: Duration = Duration::from_millis(400);

/// From the end of the caller's turn to its words, while the agent is silent for them. Then the
/// agent goes on, and words that come later still interrupt it.
pub const DUCK_WORDS: Duration = Duration::from_millis(500);

/// How long the agent is silent for what may be an interruption; then it is one.
pub const DUCK_AT_MOST: Duration = Duration::from_secs(3);

/// After so many interruptions by noise only what is certain to be a voice interrupts an utterance.
pub const FALSE_ALARMS: u32 = 3;

/// How much of what was heard is repeated at most, so as to begin between two words.
pub const RESUME_BACK: Samples = Samples::from_ms(200);

/// Agent frames kept beyond the ring: what is in the air and what may be repeated of it, the
/// frame that sounds, and the end markers between them.
pub const AIR_FRAMES: usize = 26;

/// How long a pause ends the caller's turn where the agent is silent for it, and short words would
/// keep it so. Digits and dates still get the time they need.
#[must_use]
pub const fn interjection_pause(expectation: Expectation) -> Samples {
    match expectation {
        Expectation::Open => Samples::from_ms(400),
        other => turn_pause(other),
    }
}

// ---- the caller's turn -----------------------------------------------------

/// When media stops in the middle of speech, the clock ends the turn so much after the pause.
pub const MEDIA_GAP_GRACE: Duration = Duration::from_millis(200);

/// How long a pause ends the caller's turn. A yes is answered at once; a number is not cut after
/// "five five five".
#[must_use]
pub const fn turn_pause(expectation: Expectation) -> Samples {
    Samples::from_ms(match expectation {
        Expectation::YesNo => 350,
        Expectation::Open => 600,
        Expectation::Name => 700,
        Expectation::When | Expectation::Vehicle => 800,
        Expectation::DateOfBirth | Expectation::Address => 1_000,
        Expectation::Phone => 1_200,
    })
}

/// The least and the most that [`turn_pause`] becomes for a caller whose pauses are known. Figures
/// are never hurried.
#[must_use]
pub const fn pause_bounds(expectation: Expectation) -> (Samples, Samples) {
    let (least, most) = match expectation {
        Expectation::YesNo => (300, 450),
        Expectation::Open => (450, 1_200),
        Expectation::Name => (500, 1_200),
        Expectation::When | Expectation::Vehicle => (550, 1_300),
        Expectation::DateOfBirth | Expectation::Address => (1_000, 1_600),
        Expectation::Phone => (1_200, 1_800),
    };
    (Samples::from_ms(least), Samples::from_ms(most))
}

/// A caller's latest pauses of either kind, by which they are known.
pub const PACE_PAUSES: usize = 12;

/// So many short pauses make Otto quicker; one long one makes it more patient.
pub const PACE_FEW: usize = 4;

/// A turn ends so much after the longest pause a caller makes in one, at least.
pub const PACE_MARGIN: Samples = Samples::from_ms(100);

/// A longer silence is no pause in a turn.
pub const PAUSE_LEARNED: Samples = Samples::from_ms(1_500);

/// Nobody answers what they have heard for less: a caller who speaks again by then goes on with what
/// they were saying.
pub const REACTION: Samples = Samples::from_ms(300);

/// So long without voice may be the end of speech, or lie within a word: enough to think about the
/// words.
pub const FALTER: Samples = Samples::from_ms(100);

/// A moment of silence that no pause has come of after so long lay within a word.
pub const FALTER_LASTS: Duration = Duration::from_millis(160);

/// Words that reach nearer than this to the end of the voice may be all there are.
pub const WORDS_BEHIND: Samples = Samples::from_ms(400);

/// Words that have been the same for so long are thought about in a moment of silence.
pub const WORDS_STABLE: Duration = Duration::from_millis(100);

// The first frame and one whole message fit the horizon, so an answer is never paced dry.
const _: () = assert!(SEND_HORIZON.as_millis() >= 20 + 100);
// What is in the air and what may be repeated of it are kept, and as many end markers as fit.
const _: () =
    assert!(AIR_FRAMES as u64 * 20 > SEND_HORIZON.as_millis() as u64 + RESUME_BACK.as_ms() + 20);
// A duck ends by the words of its turn, or because there were none, before it has to be an interruption.
const _: () = assert!(
    interjection_pause(Expectation::Phone).as_ms() + (DUCK_WORDS.as_millis() as u64)
        < DUCK_AT_MOST.as_millis() as u64
);
const _: () = assert!(DUCK_UNSURE.as_millis() < DUCK_AT_MOST.as_millis());
const _: () = {
    let mut n = 0;
    while n < Expectation::ALL.len() {
        let (least, most) = pause_bounds(Expectation::ALL[n]);
        let usual = turn_pause(Expectation::ALL[n]).0;
        assert!(least.0 <= usual && usual < most.0);
        n += 1;
    }
};
// A moment of silence is told of before a pause is.
const _: () = assert!(FALTER.0 < dsp::barge_in::BargeIn::HANG_OVER.0);
// A part message is sent long before the caller's buffer is empty.
const _: () = assert!(LOW_WATER.as_millis() > 2 * TICK.as_millis());
// Between asking for more agent audio and running dry lies a second for the net thread.
const _: () = assert!(TTS_RING_LOW_FRAMES * 20 >= 1_000);
// A whole message is sure to be seen by the check that asks for more (see `ring`).
const _: () = assert!(MESSAGE_FRAMES < TTS_RING_LOW_FRAMES);
// A silent batch fits the ring many times over.
const _: () = assert!((QUIET_BATCH_FRAMES as usize) * 4 < STT_RING_FRAMES);
const _: () = assert!(RESERVED_COMMANDS < COMMANDS);
// Two speakers may keep silent, and the caller hears the third within three seconds of the first
// one's deadline.
const _: () = assert!(TTS_FIRST_AUDIO.as_millis() * 2 <= 3_000);
const _: () = assert!(TTS_FLUSHES_NEARLY_GONE < TTS_FLUSHES_COMFORTABLE);
const _: () = assert!(TTS_FLUSHES_COMFORTABLE < TTS_FLUSHES);
// Every speaker takes a piece: Deepgram at most 2,000 characters, the engines on this machine...
const _: () =
    assert!(TTS_PIECE_BYTES <= 2_000 && TTS_PIECE_BYTES <= crate::local::limits::CLAUSE_BYTES);
// ...and one piece alone is no breach of the budget.
const _: () = assert!(TTS_PIECE_BYTES < TTS_CHARACTERS as usize);
// A turn gets a second connection before it is given up, and its end is told before the edge is
// ended with its call.
const _: () = assert!(STT_ANSWER.as_millis() * 2 < STT_GIVE_UP.as_millis());
const _: () = assert!(STT_GOODBYE.as_millis() < EDGE_GRACE.as_millis());
const _: () = assert!(STT_IDLE_REPLAY.0 < STT_BACKLOG.0 && STT_FLUX_CHUNK.0 < STT_CHUNK.0);
