//! The Postgres book passes the contract.

mod contract;
#[path = "../../tests/src/postgres.rs"]
#[allow(dead_code, unreachable_pub)] // one file, two packages
mod server;

use storage::{Address, Store};

/// An empty book in a database of its own.
async fn store() -> Option<Store> {
    let address = server::postgres()?.database();
    let address = Address::parse(&address).expect("an address");
    Some(Store::open(&address).await.expect("an empty database"))
}

contract::suite!(crate::store);
