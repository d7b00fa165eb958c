//! `otto serve`: answers calls until it is told to stop.

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
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let server = Server::start(config, flags.clock()).await?;
    println!("otto: serving on http://{}", server.address());
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
