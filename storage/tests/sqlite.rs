//! The SQLite book passes the contract.

mod contract;

/// An empty book.
async fn store() -> Option<storage::Store> {
    let store = storage::Store::open_in_memory().await;
    Some(store.expect("a temporary book opens"))
}

contract::suite!(crate::store);
