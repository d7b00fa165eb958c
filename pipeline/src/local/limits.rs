//! Every bound of on-machine speech: queues, buffers, deadlines.

use std::time::Duration;

use dsp::Samples;

// ---- what is asked of the engines -----------------------------------------------------------

/// Longest text of one clause, in bytes. Longer ones are refused.
pub const CLAUSE_BYTES: usize = 1_000;

/// Longest speech of one clause; what would be longer is cut off. The slowest voice needs about
/// 100 ms for a byte of text.
pub const CLAUSE_AUDIO: Samples = Samples::from_ms(120_000);

/// Synthesised audio travels in chunks of this length: as soon as possible, yet not one by one.
pub const CHUNK: Samples = Samples::from_ms(20);

/// Chunks a request can hold for a reader that does not take them: a whole clause, so that a
/// call that paces its audio never keeps the engine from the other calls.
pub const CHUNKS_WAITING: usize = (CLAUSE_AUDIO.0 / CHUNK.0) as usize;

/// Longest turn that is recognised; of a longer one, the end.
pub const TURN_AUDIO: Samples = Samples::from_ms(30_000);

/// Silence kept, or made, before and after the words of a turn: decoders want some of each side.
pub const TURN_MARGIN: Samples = Samples::from_ms(250);

/// Words typed ahead of the turns they stand for.
pub const TYPED_LINES: usize = 64;

/// Clauses an edge keeps behind the one being spoken.
pub const CLAUSES_WAITING: usize = 64;

// ---- phrases kept as audio ------------------------------------------------------------------

/// Audio of whole phrases kept for the next time they are said, in bytes of mu-law (8,000/s).
pub const PHRASES_BYTES: usize = 4 * 1024 * 1024;

/// A longer phrase is not kept, in bytes of mu-law.
pub const PHRASE_BYTES: usize = 160_000;

// ---- workers --------------------------------------------------------------------------------

/// Requests that wait for one kind of engine; more are refused.
pub const QUEUE: usize = 64;

/// How long a request may wait for a free worker.
pub const QUEUE_DEADLINE: Duration = Duration::from_secs(10);

/// How long a worker may take for one request, to the last of its answer. The longest turn takes
/// a recogniser about a second.
pub const WORK_DEADLINE: Duration = Duration::from_secs(10);

/// How often an idle supervisor looks whether its worker is still there.
pub const IDLE_LOOK_UP: Duration = Duration::from_millis(250);

/// How long a new worker may take to find its libraries.
pub const LOAD_DEADLINE: Duration = Duration::from_secs(10);

/// How long a new worker may take from then until it can work (grammars, models).
pub const WARM_DEADLINE: Duration = Duration::from_secs(60);

/// How often a supervisor looks up from waiting: whether a deadline has passed, or nobody wants
/// the answer any more.
pub const LOOK_UP: Duration = Duration::from_millis(50);

/// How long a worker may leave a request unread in its socket.
pub const WRITE_DEADLINE: Duration = Duration::from_secs(2);

/// The first wait before a crashed worker is started again; doubled at each further crash...
pub const RESTART_FIRST: Duration = Duration::from_millis(100);

/// ...up to this.
pub const RESTART_LONGEST: Duration = Duration::from_secs(5);

/// Most worker processes of one kind.
pub const WORKERS: usize = 8;

/// Largest message between us and a worker, in bytes: a whole turn, or a list of paths.
pub const MESSAGE_BYTES: usize = 256 * 1024;

const _: () = assert!(MESSAGE_BYTES > TURN_AUDIO.0 as usize + 2 * TURN_MARGIN.0 as usize + 64);
const _: () = assert!(MESSAGE_BYTES > CLAUSE_BYTES + 64);
const _: () = assert!(PHRASE_BYTES <= PHRASES_BYTES);
