//! `otto seed`: fictional people for demos and tests.

use std::process::ExitCode;

use super::Flags;
use crate::config::Config;
use crate::{database, server};

/// Fills an empty book; one that was seeded before keeps everything as it is.
///
/// # Errors
/// Where the book cannot be opened, or holds people that are not the seed's.
pub async fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let config = Config::load(flags)?;
    let location = server::location(&config)?;
    let store = database::open(&config.database).await?;
    let now = location.local(flags.clock().now());
    let before = store.customers.count().await;
    let seeded = storage::seed::seed(&store, &location, &now).await;
    store.backend.close().await;
    let (before, seeded) = (before?, seeded?);
    let book = &config.database;
    let (customers, vehicles) = (seeded.customers, seeded.vehicles);
    if before == 0 {
        println!("seeded {customers} customers and {vehicles} vehicles into {book}");
    } else {
        println!(
            "{book} was seeded before; its people, vehicles and appointments stay as they are"
        );
    }
    Ok(ExitCode::SUCCESS)
}
