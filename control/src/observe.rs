//! Logs and metrics.

mod calendar;
mod llm;
mod metrics;
mod redis;
mod scrape;

pub use calendar::CalendarMetrics;
pub use llm::LlmMetrics;
pub use metrics::Metrics;
pub use redis::RedisMetrics;

/// Where log lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Lets a panic log its place and nothing else: its text may quote what a caller said.
pub fn keep_panics_private() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let place = place.as_deref().unwrap_or("an unknown place");
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or("a thread");
        tracing::error!(place, thread, "a bug of ours: panicked");
    }));
}

/// Starts logging to standard error. Standard output belongs to the commands. A second start in
/// the same process changes nothing.
pub fn start_logging(filter: &str, format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::new(filter);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_writer(std::io::stderr);
    // An error means that a log is there already: tests start several servers.
    drop(match format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    });
}
