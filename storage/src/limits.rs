//! Every bound of this crate, in one place.

use std::time::Duration;

/// How long a write waits for another process that holds the database's write lock.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long to wait before a file that another process is just creating is tried again.
pub const OPEN_RETRY: Duration = Duration::from_millis(20);

/// How long a query waits for a connection of this process. Longer than [`BUSY_TIMEOUT`], so that
/// a writer that waits for another process is not mistaken for a dead pool.
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections that only read. WAL lets them go on while the one writer writes.
pub const READ_CONNECTIONS: u32 = 4;

/// How many customers a search by name may return.
pub const NAME_MATCHES: i64 = 5;

/// How many call logs one page may hold.
pub const RECENT_CALL_LOGS: u32 = 500;

/// How many events of one call are read.
pub const EVENTS_PER_CALL: u32 = 100;

/// The most bays a location may have.
pub const BAYS: i64 = 100;

/// The longest a booking may take.
pub const SERVICE_MINUTES: u32 = 24 * 60;

/// The furthest ahead a location may open its book, and so the most days a slot search visits.
pub const HORIZON_DAYS: u32 = 366;

/// How many days on each side of a wished time are searched for alternatives.
pub const NEAREST_DAYS: i64 = 7;

const _: () = assert!(ACQUIRE_TIMEOUT.as_millis() > BUSY_TIMEOUT.as_millis());
