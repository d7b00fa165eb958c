//! `otto doctor`: checks each part and names the remedy.

use std::process::ExitCode;

use super::Flags;
use crate::config::Config;

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Args {}

/// # Errors
/// Where the configuration is wrong.
pub async fn run(flags: &Flags, _: Args) -> anyhow::Result<ExitCode> {
    let _config = Config::load(flags)?;
    Ok(ExitCode::SUCCESS)
}
