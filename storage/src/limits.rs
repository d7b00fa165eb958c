//! Every bound of this crate, in one place.

use std::time::Duration;

use jiff::SignedDuration;

/// How long a write waits for another process that holds the database's write lock.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long to wait before a file that another process is just creating is tried again.
pub const OPEN_RETRY: Duration = Duration::from_millis(20);

/// How long a query waits for a connection of this process. Longer than [`BUSY_TIMEOUT`], so that
/// a writer that waits for another process is not mistaken for a dead pool.
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How many may wait to write to one file; more wait to wait, and for as long at most.
pub const WRITERS_WAITING: usize = 256;

/// How many writers share one COMMIT at most: another process that wants to write waits so long.
pub const WRITERS_PER_COMMIT: usize = 64;

/// Connections that only read. WAL lets them go on while the one writer writes.
pub const READ_CONNECTIONS: u32 = 4;

/// Connections of one process to a Postgres server. Servers allow about a hundred, poolers fewer for
/// one user; a statement takes about a millisecond, so that ten serve hundreds of calls.
pub const POSTGRES_CONNECTIONS: u32 = 10;

/// From the wish for a connection to the end of an operation on Postgres; the server gives up a
/// statement after as long.
pub const POSTGRES_DEADLINE: Duration = Duration::from_secs(6);

/// How long one step of a new schema may take on a server.
pub const MIGRATION_DEADLINE: Duration = Duration::from_secs(120);

/// A connection that nothing used for so long is closed; poolers and firewalls close it otherwise.
pub const POSTGRES_IDLE: Duration = Duration::from_secs(120);

/// A connection is replaced after this, so that a fail-over or a new address is found.
pub const POSTGRES_CONNECTION_LIFE: Duration = Duration::from_secs(30 * 60);

/// How long connections may take to say goodbye.
pub const POSTGRES_CLOSE: Duration = Duration::from_secs(2);

/// How often a booking on Postgres looks for another bay after it lost one to another booking.
pub const BOOKING_ATTEMPTS: i64 = BAYS;

/// How many customers a search by name may return.
pub const NAME_MATCHES: i64 = 5;

/// How many call logs one page may hold.
pub const RECENT_CALL_LOGS: u32 = 500;

/// How many events of one call are read.
pub const EVENTS_PER_CALL: u32 = 100;

/// How many lines of the audit log are read at once.
pub const AUDIT_LINES: i64 = 500;
/// How many entries given up by the calendar's outbox are shown.
pub const DEAD_LETTERS: u32 = 100;

/// How many appointments are compared with a calendar at once.
pub const CALENDAR_BOOKINGS: u32 = 5_000;
/// How long before an appointment its reminders are first looked at. The day before may be far back
/// where the days between are closed.
pub const REMINDERS_AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many reminders are leased at once.
pub const REMINDERS_PER_CLAIM: u32 = 500;

/// The most bays a location may have.
pub const BAYS: i64 = 100;

/// The longest a booking may take.
pub const SERVICE_MINUTES: u32 = 24 * 60;

/// The most wrong answers about one customer that a location may allow before it locks.
pub const WRONG_ANSWERS: u8 = 20;

/// The longest that wrong answers may count, and that a lock may hold.
pub const LOCK_MINUTES: u32 = 7 * 24 * 60;

/// The furthest ahead a location may open its book, and so the most days a slot search visits.
pub const HORIZON_DAYS: u32 = 366;

/// How many days on each side of a wished time are searched for alternatives.
pub const NEAREST_DAYS: i64 = 7;

// A pool that is exhausted is told from a server that is silent.
const _: () = assert!(POSTGRES_DEADLINE.as_millis() > ACQUIRE_TIMEOUT.as_millis());
const _: () = assert!(ACQUIRE_TIMEOUT.as_millis() > BUSY_TIMEOUT.as_millis());

/// Longest interval of a service, in months.
pub const UPKEEP_MONTHS: u32 = 120;

/// Longest interval of a service, in miles.
pub const UPKEEP_MILES: u32 = 200_000;
