//! Whether the book can be opened, and who is in it.

use std::time::Instant;

use storage::migrations::{self, Pending};
use storage::{Address, OpenError, StorageError, Store};

use super::Finding::{self, Broken, Weak, Well};
use crate::database::remedy;

pub(super) async fn check(address: &Address) -> Finding {
    match found(address).await {
        Ok(finding) => finding,
        Err(error) => Broken {
            what: error.to_string(),
            remedy: remedy(&error),
        },
    }
}

async fn found(address: &Address) -> Result<Finding, OpenError> {
    // A file is ours alone; what others may be using is not changed by a look at it.
    if let Address::Postgres(_) = address {
        let missing = migrations::pending(address).await?;
        if !missing.is_empty() {
            return Ok(out_of_date(address, &missing));
        }
    }
    let store = Store::open(address).await?;
    let people = people(&store).await;
    store.backend.close().await;
    Ok(match people {
        Ok((0, _)) => Weak {
            what: format!("{address} is empty"),
            remedy: "`otto seed` fills it with fictional people, for a trial".into(),
        },
        Ok((people, answer)) => Well(format!("{address}, {people} customers{answer}")),
        Err(error) => Broken {
            what: error.to_string(),
            remedy: "correct DATABASE_URL; the database's log may say more".into(),
        },
    })
}

fn out_of_date(address: &Address, missing: &[Pending]) -> Finding {
    let steps: Vec<&str> = missing.iter().map(|step| step.description).collect();
    Weak {
        what: format!("the schema of {address} lacks {}", steps.join(", ")),
        remedy: "`otto migrate` adds it, as does the start of `otto serve`".into(),
    }
}

/// How many customers there are, and how long a warm question takes.
async fn people(store: &Store) -> Result<(u64, String), StorageError> {
    let people = store.customers.count().await?;
    let asked = Instant::now();
    store.backend.ping().await?;
    let answer = asked.elapsed().as_secs_f64() * 1_000.0;
    Ok((people, format!(", answers in {answer:.1} ms")))
}
