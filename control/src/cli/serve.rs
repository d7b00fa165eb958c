//! `otto serve`: answers calls until it is told to stop.

use std::io::Write as _;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use super::Flags;
use crate::config::Config;
use crate::observe::{self, LogFormat};
use crate::server::Server;

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Args {
    /// Log JSON objects instead of lines for people
    #[arg(long)]
    json_log: bool,
}

/// Serves until SIGTERM or SIGINT. Calls in progress may then finish for a while; a second signal
/// cuts that short.
///
/// # Errors
/// Where the server cannot start; the message names what to do.
pub async fn run(flags: &Flags, args: Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(flags)?;
    let format = if args.json_log {
        LogFormat::Json
    } else {
        LogFormat::Text
    };
    observe::start_logging(&config.log, format);
    observe::keep_panics_private();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let notes = config.notes.clone();
    let book = config.database.to_string();
    let server = Server::start(config, flags.clock()).await?;
    let welcome = welcome(&server, &book, &notes).await;
    // In one piece, and without a panic: whoever started us may read one line and go.
    drop(std::io::stdout().write_all(welcome.as_bytes()));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: no new calls; calls in progress may finish");
    let impatient = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    server.stop(impatient).await;
    Ok(ExitCode::SUCCESS)
}

/// What runs, on which embedded parts, and how to call it.
async fn welcome(server: &Server, book: &str, notes: &[String]) -> String {
    let address = server.address();
    let mut lines = vec![
        format!("otto: serving on http://{address}"),
        format!("  speech: {}", server.speech()),
        format!("  book: {book}{}", people(server).await),
    ];
    lines.extend(notes.iter().map(|note| format!("  {note}")));
    let port = address.port();
    lines.extend([
        "Call it:".to_owned(),
        format!(
            "  from here: otto call --server http://127.0.0.1:{port}   (type, hear, interrupt)"
        ),
        format!(
            "  by telephone: POST {} is the voice webhook to give to Twilio",
            server.webhook()
        ),
        "Stop with Ctrl-C: calls in progress may finish; a second Ctrl-C cuts them short."
            .to_owned(),
    ]);
    lines.push(String::new());
    lines.join("\n")
}

async fn people(server: &Server) -> String {
    match server.store().customers.count().await {
        Ok(0) => ", nobody in it yet (`otto seed` adds fictional people for a trial)".to_owned(),
        Ok(count) => format!(", {count} customers"),
        Err(_) => String::new(),
    }
}
