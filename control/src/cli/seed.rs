//! `otto seed`: fictional people for demos and tests.

use std::process::ExitCode;

use storage::Store;

use super::Flags;
use crate::config::Config;
use crate::server;

/// Fills an empty book; one that was seeded before keeps everything as it is.
///
/// # Errors
/// Where the book cannot be opened, or holds people that are not the seed's.
pub async fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let config = Config::load(flags)?;
    let location = server::location(&config)?;
    let store = Store::open_sqlite(&config.database).await?;
    let now = location.local(flags.clock().now());
    let seeded = storage::seed::seed(&store, &location, &now).await;
    store.backend.close().await;
    let seeded = seeded?;
    println!(
        "seeded {} customers and {} vehicles into {}",
        seeded.customers,
        seeded.vehicles,
        config.database.display()
    );
    Ok(ExitCode::SUCCESS)
}
