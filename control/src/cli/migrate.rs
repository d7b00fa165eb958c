//! `otto migrate`: brings the database's schema up to date. `otto serve` does the same when it
//! starts; this is for whoever wants it done before, or by another user of the database.

use std::process::ExitCode;

use storage::migrations::{self, Pending};

use super::Flags;
use crate::config::Config;
use crate::database::NoDatabase;

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Args {
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Applies what is missing, or lists it.
///
/// # Errors
/// Where the database cannot be opened, or a newer version of Otto wrote it.
pub async fn run(flags: &Flags, args: Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(flags)?;
    let address = &config.database;
    let (steps, tense) = if args.dry_run {
        let pending = migrations::pending(address).await.map_err(NoDatabase)?;
        (pending, "would be applied to")
    } else {
        let done = migrations::migrate(address).await.map_err(NoDatabase)?;
        (done, "applied to")
    };
    if steps.is_empty() {
        println!("{address} is up to date");
    }
    for Pending {
        version,
        description,
    } in steps
    {
        println!("{version:04} {description}: {tense} {address}");
    }
    Ok(ExitCode::SUCCESS)
}
