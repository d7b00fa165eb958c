//! Every bound of the control plane, by name. What has no bound here has no queue, retry or wait.

use std::time::Duration;

use jiff::SignedDuration;

// ---- HTTP -----------------------------------------------------------------

/// Connections served at once; one more waits in the listener's backlog.
pub const MAX_CONNECTIONS: usize = 4_096;
/// Pause after a failed accept, so that a full descriptor table is not hammered.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// A webhook form or a JSON body. Twilio's forms are about 1 KiB.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// From a connection's first byte (or the last answer) to the end of the request's headers.
pub const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// From a request's headers to the head of its answer. Twilio gives up after about 15 s.
pub const ANSWER_DEADLINE: Duration = Duration::from_secs(10);
/// How long the database may take to answer a health check.
pub const HEALTH_DEADLINE: Duration = Duration::from_secs(2);
/// A comment line on an idle event stream, so that proxies keep it open.
pub const EVENTS_KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Open connections may finish their answers for so long when the process stops.
pub const CONNECTION_DRAIN: Duration = Duration::from_secs(2);
/// Calls listed by `GET /api/v1/calls`, at most.
pub const MAX_LISTED_CALLS: u32 = 200;
/// Words of one typed turn, in bytes.
pub const MAX_TYPED_BYTES: usize = 1_000;

// ---- media handshake ------------------------------------------------------

/// From the upgrade to Twilio's `start` message.
pub const START_DEADLINE: Duration = Duration::from_secs(5);
/// Media sockets that wait for their `start` at once; each has a buffer and a descriptor.
pub const MAX_MEDIA_HANDSHAKES: usize = 512;
/// The longest message before `start`, and what can be handed over undecoded behind it.
pub const START_BUFFER_BYTES: usize = pipeline::limits::READ_BUFFER_BYTES;
/// What a peer may send before `start`; a real `start` is about 500 bytes.
pub const MAX_BYTES_BEFORE_START: usize = 64 * 1024;
/// How long a refused peer may take to read our close frame.
pub const CLOSE_DEADLINE: Duration = Duration::from_secs(1);
/// A media token is good for so long after the webhook.
pub const MEDIA_TOKEN_LIFE: Duration = Duration::from_secs(60);
/// Spent tokens remembered at once; each is forgotten when it expires anyway.
pub const MAX_SPENT_TOKENS: usize = 100_000;

// ---- calls ----------------------------------------------------------------

/// Calls announced by a webhook whose media stream has not come yet.
pub const MAX_PENDING_CALLS: usize = 2_000;
/// An announced call is forgotten after this; longer than its token lives.
pub const PENDING_LIFE: Duration = Duration::from_secs(90);
/// A finished call's feed and ending stay in memory for so long.
pub const ENDED_LIFE: Duration = Duration::from_secs(300);
/// Finished calls kept in memory at once; the oldest leaves first.
pub const MAX_ENDED_CALLS: usize = 1_000;
/// Lines of a call's feed kept in memory; the oldest leaves first.
pub const MAX_FEED_LINES: usize = 5_000;
/// `stream-ended` may overtake the end of the call's task by so long.
pub const ENDING_DEADLINE: Duration = Duration::from_secs(3);

/// How often a caller may come back from a human who does not answer; then they are asked to call
/// again.
pub const MAX_RETURNS: u8 = 2;
/// How long a human's telephone rings.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(25);
/// How long the network may take to ask about a call that we ended; then it is told to hang up.
pub const HANG_UP_WATCH: Duration = Duration::from_secs(10);
/// How long a webhook waits for the appointment it is about.
pub const APPOINTMENT_DEADLINE: Duration = Duration::from_secs(2);
/// What webhooks told us and the database does not hold yet.
pub const MAX_JOURNAL: usize = 4_096;
/// Text of a webhook that is kept, in bytes: an error's words, a text message.
pub const MAX_NOTED_BYTES: usize = 1_600;

// ---- Twilio's REST API ------------------------------------------------------

/// One attempt, from its connection to the last byte of its answer.
pub const REST_DEADLINE: Duration = Duration::from_secs(10);
/// Of that, for the connection.
pub const REST_CONNECT_DEADLINE: Duration = Duration::from_secs(4);
/// Attempts at a request that was not processed, or may be repeated.
pub const REST_ATTEMPTS: usize = 4;
/// The first pause between two attempts; the next are longer, all with jitter.
pub const REST_RETRY_AFTER: Duration = Duration::from_millis(250);
/// The longest pause between two attempts, without its jitter.
pub const REST_RETRY_AT_MOST: Duration = Duration::from_secs(4);
/// The longest answer that is read.
pub const MAX_REST_ANSWER_BYTES: usize = 1024 * 1024;
/// Entries of a page of a list.
pub const REST_PAGE: u32 = 100;
/// Pages of a list that are read.
pub const MAX_REST_PAGES: usize = 10;
/// Characters of TwiML that a request may carry; Twilio's limit.
pub const MAX_TWIML_CHARS: usize = 4_000;
/// Characters of a text message; Twilio's limit.
pub const MAX_SMS_CHARS: usize = 1_600;

// ---- Redis -------------------------------------------------------------------

/// One question, from its sending to its answer; then this process goes on alone.
pub const REDIS_DEADLINE: Duration = Duration::from_millis(250);
/// More, for an answer that has come while this process had no processor to read it.
pub const REDIS_GRACE: Duration = Duration::from_millis(20);
/// A connection: address, TCP, TLS and authentication.
pub const REDIS_CONNECT_DEADLINE: Duration = Duration::from_secs(2);
/// How long a starting process waits for its first connection.
pub const REDIS_START_DEADLINE: Duration = Duration::from_secs(2);
/// From a lost connection, or a first attempt at one, to the next attempt; doubled each time.
pub const REDIS_RETRY_AFTER: Duration = Duration::from_millis(250);
/// The longest pause between two attempts.
pub const REDIS_RETRY_AT_MOST: Duration = Duration::from_secs(4);
/// How often a connection is looked at that nobody doubts.
pub const REDIS_PROBE_EVERY: Duration = Duration::from_secs(1);

/// How long what was read of the book lasts in Redis, where it is personal data.
pub const CACHED_FOR: Duration = Duration::from_secs(300);
/// How long it lasts in this process.
pub const REMEMBERED_FOR: Duration = Duration::from_secs(60);
/// Values of one kind that this process remembers at once.
pub const MAX_REMEMBERED: usize = 10_000;
/// How long it is known that a value was written. A reading that began before must be over by then.
pub const CACHE_MARK_LIFE: Duration = Duration::from_secs(30);
/// No call is longer: the network ends it (Twilio's default for an answered call).
pub const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(4);
/// How often it is looked for calls that nobody leads any more.
pub const ORPHAN_POLL: Duration = Duration::from_secs(3_600);
/// A call that goes on is known to other nodes for so long after its last activity.
pub const CALL_KNOWN_FOR: Duration = Duration::from_secs(3_600);
/// Calls that this process knows something of, other nodes' included.
pub const MAX_KNOWN_CALLS: usize = 10_000;
/// A node that was not heard of for so long holds no calls any more.
pub const NODE_LIFE: Duration = Duration::from_secs(15);
/// Between two looks for the end of a call that another node holds.
pub const ENDING_POLL: Duration = Duration::from_millis(100);
/// Changes of one kind that wait for Redis to come back, to be told to other nodes.
pub const MAX_CACHE_DEBTS: usize = 10_000;

// ---- vehicles by their numbers -------------------------------------------------

/// One question to vPIC, from its connection to the last byte of its answer.
pub const NHTSA_DEADLINE: Duration = Duration::from_secs(3);
/// Of that, for the connection.
pub const NHTSA_CONNECT_DEADLINE: Duration = Duration::from_millis(1_500);
/// The longest answer that is read; one vehicle is about 5 KiB.
pub const MAX_NHTSA_ANSWER_BYTES: usize = 256 * 1024;
/// How long it is remembered what a number means.
pub const VIN_KNOWN_FOR: Duration = Duration::from_secs(7 * 24 * 3_600);

// ---- the calendar ------------------------------------------------------------

/// One attempt at a request, from its connection to the last byte of its answer.
pub const CALENDAR_DEADLINE: Duration = Duration::from_secs(4);
/// Of that, for the connection.
pub const CALENDAR_CONNECT_DEADLINE: Duration = Duration::from_secs(2);
/// Attempts at one request.
pub const CALENDAR_ATTEMPTS: usize = 3;
/// The first pause between two attempts, without its jitter; the next is longer.
pub const CALENDAR_RETRY_AFTER: Duration = Duration::from_millis(200);
/// All requests that one booking takes; what has not come by then is tried again later.
pub const CALENDAR_CARRY_DEADLINE: Duration = Duration::from_secs(12);
/// How long a booking is one worker's. Who died with it is followed by another after this.
pub const CALENDAR_LEASE: Duration = Duration::from_secs(15);
/// Bookings that are carried over side by side.
pub const CALENDAR_BATCH: u32 = 8;
/// After the first failure of a booking; doubled each time.
pub const CALENDAR_BACKOFF: Duration = Duration::from_secs(1);
/// The longest pause of a booking that failed.
pub const CALENDAR_BACKOFF_AT_MOST: Duration = Duration::from_secs(60);
/// Attempts at one change of a booking; then it is a dead letter. More than an hour of them.
pub const CALENDAR_TRIES: i64 = 100;
/// Where Google does not accept our account, or cannot be compared with the book, it is asked again
/// after this.
pub const CALENDAR_ACCOUNT_PAUSE: Duration = Duration::from_secs(60);
/// How often the outbox is looked at while it is empty; bookings of this process are told of.
pub const CALENDAR_POLL: Duration = Duration::from_secs(5);
/// How often the outbox is looked at while something waits for its time.
pub const CALENDAR_PENDING_POLL: Duration = Duration::from_millis(500);
/// How often the calendar is compared with the book.
pub const CALENDAR_COMPARE_EVERY: Duration = Duration::from_secs(3_600);
/// Changes that were carried over are remembered for so long.
pub const CALENDAR_KEEP_DONE: Duration = Duration::from_secs(30 * 24 * 3_600);
/// An appointment that is over for so long is no longer carried over.
pub const CALENDAR_TOO_LATE: Duration = Duration::from_secs(24 * 3_600);
/// How long a worker may finish what it has begun when the process stops.
pub const CALENDAR_DRAIN: Duration = Duration::from_secs(5);
/// How often an event's id may be spent by deleting its event for good.
pub const CALENDAR_GENERATIONS: u32 = 4;
/// How long a caller waits for what others have put into the calendar; then the book decides alone.
pub const CALENDAR_OUTLOOK_DEADLINE: Duration = Duration::from_millis(1_500);
/// How long what others have put there is believed.
pub const CALENDAR_OUTLOOK_LIFE: Duration = Duration::from_secs(20);
/// Spans of time that are remembered at once.
pub const MAX_CALENDAR_OUTLOOKS: usize = 16;
/// How far ahead is looked, at least, when a day is asked for.
pub const CALENDAR_LOOK_AHEAD: Duration = Duration::from_secs(15 * 24 * 3_600);
/// Entries of a page of events; Google's limit.
pub const CALENDAR_PAGE: u32 = 2_500;
/// Pages of events that are read.
pub const MAX_CALENDAR_PAGES: usize = 4;
/// The longest answer that is read.
pub const MAX_CALENDAR_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// The longest life of a token, whatever its giver says.
pub const CALENDAR_TOKEN_LIFE: Duration = Duration::from_secs(3_600);
/// A token is not used so close to its end.
pub const CALENDAR_TOKEN_MARGIN: Duration = Duration::from_secs(60);
/// How long a service account's claim is good for; Google's limit is an hour.
pub const CALENDAR_ASSERTION_LIFE: Duration = Duration::from_secs(600);
/// How long `otto doctor` looks at the calendar.
pub const CALENDAR_PROBE: Duration = Duration::from_secs(20);

// ---- one call -------------------------------------------------------------

/// Silence after which the caller is asked whether they are still there.
pub const SILENCE_PROMPT: Duration = Duration::from_secs(15);
/// Further silence after which the call ends.
pub const SILENCE_HANG_UP: Duration = Duration::from_secs(5);
/// How long something may sound on the caller's line without a word of it being recognised: a
/// television, a crowd, or a recogniser that is lost. A caller who tells a long story is recognised
/// as they speak, but for the engine on this machine, which hears a turn when it is over.
pub const WORDLESS_TALK: Duration = Duration::from_secs(30);
/// How long a caller waits for a model or a tool before they are told so.
pub const SLOW_AFTER: Duration = Duration::from_millis(1_200);
/// How often a model is asked within one turn of the caller before the turn has ended. What is asked
/// in vain is paid for.
pub const EARLY_QUESTIONS: usize = 2;
/// Nothing is asked ahead while so much of the calls that this node takes is there, in percent.
pub const AHEAD_CALLS_PERCENT: usize = 80;
/// Nothing is asked ahead while so many requests are under way: half of what a server allows of
/// streams on our connections, which is about a hundred on each.
pub const AHEAD_UNDER_WAY: usize = LLM_LANES * 50;
/// Nothing is asked ahead for so long after a model has failed, or was late.
pub const AHEAD_REST: Duration = Duration::from_secs(10);
/// From the end of the caller's turn to its words; then we ask again.
pub const TRANSCRIPT_DEADLINE: Duration = Duration::from_secs(8);
/// From the hand-over of words to the first frame that leaves; then the words count as lost.
pub const FIRST_FRAME_DEADLINE: Duration = Duration::from_secs(6);
/// How much longer than its length an utterance may take to be heard to its end.
pub const PLAYOUT_GRACE: Duration = Duration::from_secs(15);
/// Speech failures in a row after which the caller is handed to a human.
pub const MAX_SPEECH_FAILURES: u32 = 2;
/// How long a tool may keep a caller waiting; a write goes on behind the scenes.
pub const TOOL_DEADLINE: Duration = Duration::from_secs(8);
/// Between attempts to let go of the times that a finished call held, where the book is away.
pub const RELEASE_AGAIN: Duration = Duration::from_secs(1);
/// How long a finished call waits for its tools before its log is closed.
pub const TOOL_DRAIN: Duration = Duration::from_secs(10);
/// How long the data plane may take to end a call that we want ended.
pub const HANG_UP_DEADLINE: Duration = Duration::from_secs(3);
/// Requests of the API waiting for one call's task, such as typed words.
pub const MAX_CALL_REQUESTS: usize = 16;
/// Attempts to write a call log; the last word about a call is worth a retry.
pub const LOG_ATTEMPTS: u32 = 3;
/// Between two attempts to write a call log.
pub const LOG_RETRY_AFTER: Duration = Duration::from_millis(500);
/// Lines of a stored transcript, and its turns and tools; of a longer call the beginning is kept.
pub const MAX_TRANSCRIPT_LINES: usize = 1_000;
/// A clause handed to the synthesiser, in bytes; longer sentences are cut at a comma or a space.
pub const MAX_CLAUSE_BYTES: usize = 240;

// ---- language models ------------------------------------------------------

/// The longest event of a stream of server-sent events; a chunk of an answer is about 300 bytes.
pub const MAX_SSE_EVENT_BYTES: usize = 256 * 1024;
/// The words of one answer, and the tool calls of one answer; what is spoken is a few sentences.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Tools that one answer may ask for.
pub const MAX_TOOL_CALLS: usize = 16;
/// The highest number a server may give to a tool call.
pub const MAX_TOOL_INDEX: u64 = 127;
/// A connection to the vendor: address, TCP and TLS.
pub const LLM_CONNECT: Duration = Duration::from_millis(1_500);
/// Silence after which a second model (or the same once more) is asked as well.
pub const LLM_HEDGE_AFTER: Duration = Duration::from_millis(900);
/// From the newest attempt to the first word of any.
pub const LLM_FIRST_TOKEN: Duration = Duration::from_millis(2_000);
/// From the question to the first word, however many attempts there were.
pub const LLM_SILENCE: Duration = Duration::from_millis(3_500);
/// Between two pieces of an answer.
pub const LLM_BETWEEN_TOKENS: Duration = Duration::from_millis(1_500);
/// From the question to the end of the answer.
pub const LLM_WHOLE_ANSWER: Duration = Duration::from_secs(20);
/// Attempts at one answer: the first, a hedge, and one more after a failure.
pub const LLM_ATTEMPTS: usize = 3;
/// Before the model that just failed is asked again.
pub const LLM_RETRY_PAUSE: Duration = Duration::from_millis(100);
/// A vendor that wants to be asked later than this is not asked again for this answer.
pub const LLM_RETRY_WITHIN: Duration = Duration::from_millis(1_000);
/// From the end of an answer to what counts its tokens.
pub const LLM_USAGE_GRACE: Duration = Duration::from_millis(100);
/// From there to the end of the stream, which frees the connection.
pub const LLM_END_GRACE: Duration = Duration::from_millis(5);
/// Pieces of an answer that wait for the dialogue; then the vendor is not read.
pub const LLM_ANSWER_QUEUE: usize = 64;
/// Connections that answers are spread over, so that one that stalls is not everybody's.
pub const LLM_LANES: usize = 4;
/// A connection that was idle for so long is used once, so that it stays open.
pub const LLM_KEEP_WARM: Duration = Duration::from_secs(30);
/// Kept-alive connections are given up after this.
pub const LLM_POOL_IDLE: Duration = Duration::from_secs(120);
/// A connection that does not answer a ping for so long is given up.
pub const LLM_PING_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a vendor may take to prove a key (`otto doctor`), or to answer a warming request.
pub const LLM_PROBE: Duration = Duration::from_secs(10);
/// Sets of tools whose JSON is kept ready.
pub const LLM_TOOL_SETS: usize = 8;
/// What is read of the body of a refusal.
pub const MAX_COMPLAINT_BYTES: usize = 16 * 1024;
/// A vendor that wants to be left alone for longer is asked again after this anyway.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

// ---- the process ----------------------------------------------------------

/// Calls in progress may finish for so long when the process stops (`OTTO_DRAIN_SECONDS`).
pub const DEFAULT_DRAIN: Duration = Duration::from_secs(10);
/// How often a stopping process looks whether calls are still going on.
pub const DRAIN_POLL: Duration = Duration::from_millis(50);
/// How long the logs of ended calls may take when the process stops.
pub const LOG_DRAIN: Duration = Duration::from_secs(10);
/// Shards of the data plane, unless configured.
pub const DEFAULT_SHARDS: usize = 1;
/// Calls of one shard, unless configured.
pub const DEFAULT_CALLS_PER_SHARD: usize = 64;
/// Shards that can be asked for.
pub const MAX_SHARDS: usize = 64;
/// Calls per shard that can be asked for.
pub const MAX_CALLS_PER_SHARD: usize = 4_096;

// A reading is over before the mark is that would keep it out of the cache.
const _: () = assert!(
    CACHE_MARK_LIFE.as_secs()
        > storage::limits::POSTGRES_DEADLINE.as_secs() + storage::limits::ACQUIRE_TIMEOUT.as_secs()
);

// Whoever still works on a booking still has it.
const _: () = assert!(CALENDAR_CARRY_DEADLINE.as_secs() < CALENDAR_LEASE.as_secs());
const _: () = assert!(NHTSA_DEADLINE.as_millis() < TOOL_DEADLINE.as_millis());
const _: () = assert!(CALENDAR_OUTLOOK_DEADLINE.as_millis() < TOOL_DEADLINE.as_millis());

const _: () = assert!(PENDING_LIFE.as_secs() > MEDIA_TOKEN_LIFE.as_secs());
const _: () = assert!(ENDING_DEADLINE.as_secs() < ANSWER_DEADLINE.as_secs());
// A caller is told that there is no answer within three seconds of the first deadline.
const _: () = assert!(LLM_SILENCE.as_millis() <= LLM_FIRST_TOKEN.as_millis() + 3_000);
const _: () = assert!(LLM_HEDGE_AFTER.as_millis() < LLM_FIRST_TOKEN.as_millis());

const _: () = assert!(APPOINTMENT_DEADLINE.as_secs() < ANSWER_DEADLINE.as_secs());
const _: () = assert!(DIAL_TIMEOUT.as_secs() < ENDED_LIFE.as_secs());
const _: () = assert!(HANG_UP_WATCH.as_secs() < ENDED_LIFE.as_secs());

// ---- reminders --------------------------------------------------------------

/// Attempts to reach a customer by voice about one appointment.
pub const REMINDER_ATTEMPTS: u32 = 2;
/// Attempts at one number on one channel within a day, whatever they are about.
pub const REMINDER_ATTEMPTS_PER_DAY: u32 = 3;
/// Between two attempts at one number on one channel.
pub const REMINDER_SPACING: SignedDuration = SignedDuration::from_mins(30);
/// From a busy line to the next attempt.
pub const REMINDER_AGAIN_AFTER_BUSY: SignedDuration = SignedDuration::from_mins(30);
/// From a call that nobody took to the next attempt.
pub const REMINDER_AGAIN_AFTER_SILENCE: SignedDuration = SignedDuration::from_hours(3);
/// From an attempt that the network failed to make to the next.
pub const REMINDER_AGAIN_AFTER_FAILURE: SignedDuration = SignedDuration::from_hours(1);
/// From a request that the network refused to do now to the next.
pub const REMINDER_AGAIN_AFTER_REFUSAL: SignedDuration = SignedDuration::from_mins(10);
/// Nobody is reminded by voice later than this before their appointment.
pub const REMINDER_NOTICE: SignedDuration = SignedDuration::from_hours(2);
/// Nobody is reminded by text later than this before their appointment.
pub const TEXT_NOTICE: SignedDuration = SignedDuration::from_mins(20);
/// Whoever has just booked is not rung for so long.
pub const REMINDER_REST: SignedDuration = SignedDuration::from_hours(2);
/// Whoever has booked within this time still waits for their confirmation, whatever hour it is.
pub const CONFIRMATION_AT_ONCE: SignedDuration = SignedDuration::from_mins(15);
/// A confirmation that could not be sent for so long is not sent any more.
pub const CONFIRMATION_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// A visit is followed up within so long after the day after it.
pub const FOLLOW_UP_LIFE: SignedDuration = SignedDuration::from_hours(72);
/// How many days before an appointment a day for its reminder is looked for.
pub const REMINDER_DAYS_BACK: i64 = 7;
/// Hours at which people may be called, by every clock that may be theirs: from the first to before
/// the second (47 CFR 64.1200(c)(1)).
pub const CALLING_HOURS: (i8, i8) = (8, 21);

/// How often a runner looks for what is due.
pub const REMINDER_POLL: Duration = Duration::from_secs(20);
/// How often what customers asked for while the book was away is taken to it.
pub const OWED_POLL: Duration = Duration::from_secs(2);
/// Wishes of customers that are taken to the book at once.
pub const MAX_OWED: usize = 10_000;
/// Rows that are shown or counted where nothing is done with them.
pub const REMINDERS_SHOWN: u32 = 500;
/// How long a time that came free is somebody's to take.
pub const WAITLIST_OFFER: SignedDuration = SignedDuration::from_mins(30);
/// How often it is looked for what came free.
pub const WAITLIST_POLL: Duration = Duration::from_secs(20);
/// Customers of a location who are looked at in one pass.
pub const WAITLIST_BATCH: u32 = 50;
/// Rows that a runner claims at once.
pub const REMINDER_BATCH: u32 = 20;
/// Reminders that one runner works at, at the same time.
pub const REMINDERS_AT_ONCE: usize = 10;
/// How long a claimed row is its runner's, unless it is heard of.
pub const REMINDER_LEASE: Duration = Duration::from_secs(120);
/// How often a runner is heard of.
pub const REMINDER_HEARTBEAT: Duration = Duration::from_secs(20);
/// How long after its beginning a call may be silent before the network is asked about it.
pub const CALL_WATCH: Duration = Duration::from_secs(15 * 60);
/// How long a call of which nobody knows whether it was placed may announce itself before it is
/// looked for, and how long between two looks.
pub const DOUBT_WAIT: Duration = Duration::from_secs(20);
/// How long such a call is looked for. The network lists calls with a delay.
pub const DOUBT_LIFE: Duration = Duration::from_secs(5 * 60);
/// How long it is looked for where the network cannot be asked.
pub const DOUBT_LIFE_UNASKED: Duration = Duration::from_secs(60 * 60);
/// By how much our clock and the network's may differ.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(30);
/// How long a reminder call rings.
pub const REMINDER_RINGS: Duration = Duration::from_secs(25);
/// Calls and messages that one process begins in a second, unless configured; Twilio's own pace.
pub const DEFAULT_DIALS_PER_SECOND: u32 = 1;
/// Calls and messages in a second that can be asked for.
pub const MAX_DIALS_PER_SECOND: u32 = 500;
/// After a request that the network refused or failed, the pause before the next; doubled each time.
pub const DIAL_BACK_OFF: Duration = Duration::from_millis(250);
/// The longest such pause.
pub const DIAL_BACK_OFF_AT_MOST: Duration = Duration::from_secs(60);
/// How long a stopping process waits for what its runner has begun.
pub const REMINDER_DRAIN: Duration = Duration::from_secs(15);
/// How long lines of calls' event logs gather before they are written. A process that is killed loses
/// as much of them.
pub const EVENTS_GATHER: Duration = Duration::from_millis(50);
/// Lines of calls' event logs that wait to be written; more break logs off.
pub const MAX_EVENTS_WAITING: usize = 8_192;
/// The longest event log of a call: about an hour of talk.
pub const MAX_EVENTS_FILE_BYTES: u64 = 4 << 20;
/// What all event logs together may take; beyond it the oldest days go.
pub const MAX_EVENTS_BYTES: u64 = 1 << 30;
/// How often old event logs are looked for, where calls come.
pub const EVENTS_TIDY: Duration = Duration::from_secs(60 * 60);
/// How many days event logs are kept, unless configured, and at most.
pub const DEFAULT_EVENTS_DAYS: u32 = 30;
pub const MAX_EVENTS_DAYS: u32 = 365;

// A lease outlives whatever is done under it: every attempt at one request, with the pauses between.
const _: () = assert!(
    REMINDER_LEASE.as_secs()
        > REST_ATTEMPTS as u64 * (REST_DEADLINE.as_secs() + 2 * REST_RETRY_AT_MOST.as_secs())
);
const _: () = assert!(REMINDER_HEARTBEAT.as_secs() * 3 < REMINDER_LEASE.as_secs());
const _: () = assert!(DOUBT_WAIT.as_secs() < DOUBT_LIFE.as_secs());
